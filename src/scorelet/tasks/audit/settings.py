"""What an audit measures, and how its twins are trained."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from scorelet.analysis.memorization import SIGMAS, at_middle
from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.networks.unet import least_reach

SIZES = (10, 100, 1000)
_MUON = {"name": "muon", "matrix_rate": 0.02, "least_channels": 9}
BLOCKS = 2, 3, 4
"""Of U-Nets, from small to large pictures."""


@dataclass(frozen=True)
class Network:
    """The network of the twins, and how each of them is trained.

    Attributes:
        architecture, options: of the network; channels are those of the pictures. By default a
            U-Net; one without a number of `blocks` gets it by the size of pictures, see `seeing`.
        steps, batch: of the optimiser; the same for every size, so that all networks see as much.
        rate: learning rate at its peak; of Muon that of what is no matrix.
        sigma_weight: see the task `pictures`.
        optimizer: muon or adamw; few pictures want errors far below the noise, to which Muon comes
            in fewer steps. It moves matrices of nine inputs and outputs or more, AdamW the others:
            nearly all weights from a width of 8 on.
    """

    architecture: str = "UNet"
    options: dict[str, Any] = field(default_factory=lambda: {"width": 16})
    steps: int = 2000
    batch: int = 32
    rate: float = 2e-3
    sigma_weight: float = 1.0
    optimizer: str = "muon"

    def __post_init__(self) -> None:
        """Check the name of the optimiser; the others are checked by those who use them."""
        if self.optimizer not in ("muon", "adamw"):
            raise InputError(f"optimizer is {self.optimizer!r}: it must be muon or adamw.")

    def training(self) -> dict[str, Any]:
        """Return the optimiser and the schedule, as in the configuration of a training."""
        moved = _MUON if self.optimizer == "muon" else {"name": self.optimizer}
        return {
            "optimizer": {"rate": self.rate, "ema": 0.99} | moved,
            "schedule": {"shape": "cosine", "warmup": max(1, self.steps // 20)},
        }

    def seeing(self, side: int) -> "Network":
        """Return the network that sees all of a square of `side` pixels from each of them.

        One that sees less knows patches by heart, and its samples are mosaics of these. A U-Net of
        more than four blocks would be too large: of squares of more than 93 pixels it sees a part.
        """
        if self.architecture != "UNet" or "blocks" in self.options:
            return self
        enough = [blocks for blocks in BLOCKS if least_reach(blocks) >= side - 1]
        blocks = min(enough, default=max(BLOCKS))
        return replace(self, options=self.options | {"blocks": blocks})


def network_of_twins(steps: int | None = None, width: int | None = None) -> Network:
    """Return the U-Net of the twins with other steps or another width; None: the default."""
    if width is not None and width < 1:
        raise InputError(f"width is {width}: a network has at least one channel.")
    usual = Network()
    options = usual.options if width is None else usual.options | {"width": width}
    return replace(usual, options=options, steps=usual.steps if steps is None else steps)


def _check_levels(sigmas: Sequence[float]) -> None:
    if sigmas and min(sigmas, default=0) > MOST_LEVEL:
        raise InputError(
            f"The noise levels are {list(sigmas)}, of pictures in [0, 1]: in Python a level of 25 "
            "in 8-bit units is 25/255."
        )
    if not sigmas or not all(0 < sigma < math.inf for sigma in sigmas):
        raise InputError(f"The noise levels are {list(sigmas)}: expected at least one, above 0.")
    if list(sigmas) != sorted(set(sigmas), reverse=True):
        raise InputError(f"The noise levels are {list(sigmas)}: expected falling numbers.")


def noise_levels(sigmas: Sequence[float] | None) -> tuple[float, ...]:
    """Return noise levels in the order of an audit; None: the usual ones."""
    return SIGMAS if sigmas is None else tuple(sorted(set(sigmas), reverse=True))


MOST_LEVEL = 4.0
"""Pictures in [0, 1] are lost in noise of such a level."""


@dataclass(frozen=True)
class AuditSettings:
    """What is measured, and on which pictures.

    Args:
        sizes: of each half of the training pictures, rising.
        held_out: pictures that no model is trained on.
        channels: 1 takes luma of colour, 3 repeats gray.
        side: to which squares pictures are brought; None: they stay as they are.
        samples: pairs of samples; 0: none.
        sigmas: noise levels, in [0, 1] units, falling; gaps are means over them, V and the lead
            over a linear filter count at the middle one.
        network: of the twins.
        device: auto, cpu, cuda or mps; where the models are measured.
        seed: of halves, weights, noise and samples.
    """

    sizes: tuple[int, ...] = SIZES
    held_out: int = 64
    channels: Literal[1, 3] = 1
    side: int | None = None
    samples: int = 16
    sigmas: tuple[float, ...] = SIGMAS
    network: Network = field(default_factory=Network)
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check_fields(self)
        _check_levels(self.sigmas)
        if not self.sizes or min(self.sizes) < 1:
            raise InputError(f"The sizes are {list(self.sizes)}: expected at least one, above 0.")
        if list(self.sizes) != sorted(set(self.sizes)):
            raise InputError(f"The sizes are {list(self.sizes)}: expected rising numbers.")
        if self.held_out < 2:
            raise InputError(f"held_out is {self.held_out}: at least two pictures are needed.")
        if self.samples < 0 or self.samples == 1:
            raise InputError(f"There are {self.samples} samples: expected none, or at least two.")
        if self.network.steps < 1 or self.network.batch < 1:
            raise InputError(
                f"Twins are trained for {self.network.steps} steps of {self.network.batch} "
                "pictures: expected at least one each."
            )
        if self.channels not in (1, 3):
            raise InputError(f"There are {self.channels} channels: expected 1 or 3.")
        if self.seed < 0:
            raise InputError(f"The seed is {self.seed}: expected at least 0.")

    @property
    def middle(self) -> float:
        """The noise level of the verdict."""
        return at_middle(self.sigmas)
