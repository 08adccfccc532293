"""How attacks are made, and the randomness that they get."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from scorelet.analysis.robustness.ball import Norm, known_norm
from scorelet.core.errors import InputError
from scorelet.core.random import generator


@dataclass(frozen=True)
class AttackSetup:
    """How attacks are made.

    Args:
        norm: of the balls, linf or l2.
        steps: of PGD, of APGD, of FMN and of the attack on another network.
        restarts: from how many random places PGD and APGD start.
        step: of PGD, as a share of ε; None: 2 at first, then less and less.
        temperature: of the log-odds that PGD and APGD ascend, see
            `scorelet.analysis.robustness.odds`; 1 is the direction of the cross-entropy, None is
            sharper where logits are nearly alike.
        queries: of the attack without gradients, for each picture.
        seed: of random starts and directions.

    Raises:
        InputError: a number that is out of range.
    """

    norm: Norm = "linf"
    steps: int = 40
    restarts: int = 1
    step: int | float | None = None
    temperature: int | float | None = None
    queries: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Check ranges."""
        known_norm(self.norm)
        for name in ("steps", "restarts", "queries"):
            if (value := getattr(self, name)) < 1:
                raise InputError(f"{name} is {value}: at least one is needed.")
        if self.step is not None and not self.step > 0:
            raise InputError(f"step is {self.step}: it must be a positive share of eps.")
        if self.temperature is not None and not self.temperature > 0:
            raise InputError(f"temperature is {self.temperature}: it must be positive.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}: it must not be negative.")


@contextmanager
def seeded(seed: int, *keys: int, device: torch.device) -> Generator[int]:
    """Seed the global generators of torch, NumPy and Python; what they were comes back afterwards.

    Libraries that attack draw from them, and networks that draw something themselves.

    Args:
        seed, keys: as in `scorelet.core.random.generator`.
        device: where the attack computes.

    Yields:
        A seed that is a function of these, for libraries that set one themselves.
    """
    made = generator(seed, *keys).initial_seed() & 0x7FFF_FFFF
    devices = [device] if device.type == "cuda" else []
    drawn, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global one
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(made)
        random.seed(made)
        np.random.seed(made)  # noqa: NPY002 - the global one
        try:
            yield made
        finally:
            random.setstate(drawn)
            np.random.set_state(of_numpy)  # noqa: NPY002 - the global one
