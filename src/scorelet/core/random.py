"""Explicit randomness: every random number comes from a generator or a noise made here.

A generator is a function of (seed, keys): the noise of picture k does not depend on which
pictures were drawn before it, nor on the batch that it is in. `Noise` is for chains that run side
by side for many steps: its numbers are functions of their place, and there is nothing to advance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import index

import numpy as np
import torch
from torch import Generator, Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import PerSample

_USES = 16


def generator(seed: int, *keys: int, device: torch.device | str = "cpu") -> Generator:
    """Return a generator whose stream is a function of `seed` and `keys` only.

    Args:
        seed: the user's seed, any non-negative integer.
        keys: non-negative integers below 2^32 that name the stream, for example (epoch, step).
        device: where the numbers will be drawn.

    With keys, streams are decorrelated by numpy's `SeedSequence`; without, it is `manual_seed`.
    """
    if keys:
        # as spawn_key, keys are kept apart from the seed, and (k,) from (k, 0)
        sequence = np.random.SeedSequence(seed, spawn_key=keys)
        seed = int(sequence.generate_state(1, np.uint64)[0])
    return Generator(device=device).manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)


def numpy_generator(seed: int, *keys: int) -> np.random.Generator:
    """Return numpy's generator whose stream is a function of `seed` and `keys` only.

    Arguments as in `generator`.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=keys))


def randn(shape: tuple[int, ...], *, rng: Generator, like: Tensor | None = None) -> Tensor:
    """Draw standard normal numbers from `rng`, with the dtype and device of `like`.

    With `like` they do not depend on the default dtype of torch.
    """
    drawn = None if like is None else torch.float32
    noise = torch.randn(shape, generator=rng, device=rng.device, dtype=drawn)
    return noise if like is None else noise.to(like)


@dataclass(frozen=True)
class Noise:
    """Random numbers of samples side by side: functions of (seed, sample, scale, step, use).

    Whatever else is in the batch, on whatever device and in whatever order: the numbers of a
    sample stay the same, bitwise. They are drawn on the CPU, in double precision, by Philox.

    Args:
        seed: any non-negative integer.
        samples: numbers of the samples in the batch, non-negative integers below 2^32.
        scale: of a cascade, a non-negative integer below 2^28.
        step: of a chain, a non-negative integer below 2^32.

    Raises:
        InputError: a number out of its range, or no integer.

    References: Salmon, Moraes, Dror, Shaw 2011; `scorelet.core.philox`.
    """

    seed: int
    samples: Sequence[int]
    scale: int = 0
    step: int = 0

    def __post_init__(self) -> None:
        try:
            words = [index(word) for word in (*self.samples, self.step, self.scale * _USES)]
            good = index(self.seed) >= 0 and min(words) >= 0 and max(words) < 2**32
        except TypeError:
            good = False
        if not good:
            raise InputError(
                f"Noise of seed {self.seed!r}, scale {self.scale!r}, step {self.step!r}: the seed, "
                "and the numbers of samples, scales and steps must be non-negative integers; "
                "samples and steps below 2^32, scales below 2^28."
            )

    def at(self, step: int) -> "Noise":
        """Return the noise of another step."""
        return replace(self, step=step)

    def normal(self, like: Tensor, *, use: int = 0) -> Tensor:
        """Return standard normal numbers of the shape, dtype and device of `like`.

        Args:
            like: one sample along the first axis for each of `samples`.
            use: which of a step's numbers, 0 to 15; another one is independent.

        Raises:
            InputError: another number of samples, or numbers that are not floating point.
        """
        from scorelet.core.philox import draw_normals

        dtype = np.float32 if like.dtype == torch.float32 else np.float64
        numbers = np.empty((len(like), math.prod(like.shape[1:])), dtype)
        draw_normals(numbers, *self._place(like, use))
        return torch.from_numpy(numbers.reshape(like.shape)).to(like)

    def uniform(self, like: Tensor, *, use: int = 0) -> PerSample:
        """Return one number of (0, 1) for each sample; arguments as in `normal`."""
        return self._units(like, use)[:, 0].to(like)

    def exponential(self, like: Tensor, *, use: int = 0) -> PerSample:
        """Return -log of `uniform`: Metropolis accepts a rise of the energy below it."""
        return self._units(like, use)[:, 1].to(like)

    def _units(self, like: Tensor, use: int) -> Tensor:
        from scorelet.core.philox import draw_units

        numbers = np.empty((len(like), 2))
        draw_units(numbers, *self._place(like, use))
        return torch.from_numpy(numbers)

    def _place(self, like: Tensor, use: int) -> tuple:
        """What the functions of `philox` take: samples, step, place, key."""
        from scorelet.core.philox import Word, make_key

        if not like.is_floating_point():
            raise InputError(
                f"Noise of dtype {like.dtype} would be rounded: convert what it is for to floating "
                "point first, images to values in [0, 1]."
            )
        if len(like) != len(self.samples):
            raise InputError(
                f"A batch of {len(like)} with the noise of {len(self.samples)} samples: give the "
                "number of each sample in the batch."
            )
        if not 0 <= use < _USES:
            raise InputError(f"A step has the uses 0 to {_USES - 1} of noise, got {use}.")
        samples = np.asarray(self.samples, np.uint64)
        return samples, Word(self.step), Word(self.scale * _USES + use), make_key(int(self.seed))


def check_noise(noise: object) -> None:
    """Refuse what is no noise of samples, as a seed.

    Raises:
        InputError: it is of another class.
    """
    if not isinstance(noise, Noise):
        raise InputError(
            f"The noise is {noise!r}: expected a Noise, which knows the seed and the numbers of "
            "the samples, as Noise(0, range(8))."
        )
