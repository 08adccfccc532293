"""Samples and the pictures beside which they are measured, of one size and in one unit."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.tasks.evaluate.measure import EvaluateSettings
from scorelet.tasks.picture_arrays import Channels, Pictures, Source, read_pictures

FEW = 32
"""Samples below which errors are large; of the data half of its pictures."""
_SMALLEST = 8  # pixels a side: two octaves
_MUCH = 0.1  # a share of numbers outside [0, 1] that speaks of another unit


@dataclass(frozen=True)
class Input:
    """Two sets of one size, with 8 bits or float32 in [0, 1].

    Attributes:
        samples, data: (n, height, width, channels).
        outside: share of the numbers of samples outside [0, 1], where these were cut; None of
            whole numbers, which were cut before.
        warnings: sentences without a full stop.
    """

    samples: Pictures
    data: Pictures
    outside: float | None = None
    warnings: list[str] = field(default_factory=list)


def read_input(samples: Source, data: Source, settings: EvaluateSettings) -> Input:
    """Read both sets.

    Args:
        samples: whose floats may lie outside [0, 1].
        data: brought to the channels of the samples.
        settings: channels to which both are brought, and how many of each are taken.

    Raises:
        InputError: sets of different sizes, too small ones, or values in another unit.
        ImageFileError, ArrayFileError: files that cannot be read.
    """
    said: list[str] = []
    wanted = None if settings.channels is None else _kind(settings.channels)
    made = read_pictures(samples, channels=wanted, beyond=True, say=said.append)[: settings.limit]
    own = _kind(made.shape[3])
    known = read_pictures(data, channels=own, say=said.append)[: settings.limit]
    _check_sizes(made, known)
    outside = None
    if made.dtype != np.uint8:
        outside = _share_outside(made, samples)
        made = made.clip(0, 1)
    if outside is not None and outside > _MUCH:
        said.append(
            f"{100 * outside:.3g} % of the numbers of the samples lie outside [0, 1] and are taken "
            "for 0 or 1: if they are in another unit, as -1 to 1, bring them to [0, 1]"
        )
    return Input(made, known, outside, [*said, *_too_few(made, known)])


def _kind(channels: int) -> Channels:
    return 1 if channels == 1 else 3


def _check_sizes(samples: Pictures, data: Pictures) -> None:
    made, known = (f"{s.shape[1]}x{s.shape[2]}" for s in (samples, data))
    if made != known:
        raise InputError(
            f"The samples have {made} pixels, the pictures of the data {known} (height x width): "
            "give pictures of one size."
        )
    if min(samples.shape[1:3]) < _SMALLEST:
        raise InputError(
            f"The samples have {made} pixels: expected at least {_SMALLEST} a side, which have two "
            "octaves."
        )
    if len(samples) < 2 or len(data) < 4:
        raise InputError(
            f"There are {counted(len(samples), 'sample')} and {counted(len(data), 'picture')} of "
            "the data: expected at least 2 samples, and 4 pictures for two halves; give more."
        )


def _share_outside(samples: Pictures, source: Source) -> float:
    """Return the share of numbers outside [0, 1]; refuse those of another unit."""
    mean = float(samples.mean(dtype=np.float64))
    if not 0 <= mean <= 1:
        name = source if isinstance(source, str | Path) else "The array"
        raise InputError(
            f"{name} has values from {float(samples.min()):g} to {float(samples.max()):g}, "
            f"{mean:.3g} in the mean: expected samples in [0, 1], or 8 bits; scale them."
        )
    return float(((samples < 0) | (samples > 1)).mean())


def _too_few(samples: Pictures, data: Pictures) -> list[str]:
    said = []
    if len(samples) < FEW:
        said.append(
            f"{len(samples)} samples are few, and errors are large: give at least {FEW}, best 1,000"
        )
    if len(data) < 2 * FEW:
        said.append(
            f"{len(data)} pictures of the data are few, and what halves of them give is not well "
            f"known: give at least {2 * FEW}, best 2,000"
        )
    return said
