r"""How much noise exact repetition leaves room for.

Symbols: y = x + n samples, n white noise of standard deviation σ, q the distance of neighbouring
values (1 for bytes), C the share of pairs of samples that are equal.

Noise does not repeat itself. The difference of two samples of Gaussian noise is Gaussian with
deviation √2 σ, whose largest density is 1/(2 √π σ); so whatever the x are,

    E[C] ≤ q / (2 √π σ),  and  σ ≤ q / (2 √π E[C]).

Dither, halftones, screens, checkerboards, and drawings by pixels look like the strongest noise to
any filter, and C finds that they have none. Samples at the ends of the range of a picture
count as equal to none, because noise that is cut off there repeats itself. A picture most of whose
values occur once is not looked at: its noise is on no grid. Nor do values count for q that are rare
beside the others, as those of a part that was resampled.

A picture of at most `FEW` values is drawn, and q is 0; unless most of its values are neighbours on
one grid, as counts of few photons are.
"""

import numpy as np

from scorelet.data import to_unit

Pixels = np.ndarray

FEW = 16
"""Number of values up to which a picture may be drawn."""
FEWEST = 16
"""Samples, and equal pairs, from which a share is taken."""
SAMPLE = 2**20
"""About how many samples the distance of neighbouring values is read off."""
RARE = 0.02
"""Share of the usual number of samples of a value below which a value is left out of q."""
MAIN = 0.1
"""Share of samples from which a value is that of a colour: one in ten of noise has a few values."""
DENSITY = 1 / (2 * np.pi**0.5)
"""Largest density of the difference of two standard normal numbers."""


def repeated(samples: Pixels, data: Pixels) -> Pixels:
    """Return C along the last axis: 0 if nothing is known, 1 if all that is known is cut off.

    Args:
        samples: NaN where samples are equal to none.
        data: how many samples are data along the last axis, those included.
    """
    ordered = np.sort(samples, axis=-1)  # NaN come last, and are equal to nothing
    first = np.ones(ordered.shape, bool)
    first[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    start = np.flatnonzero(first)
    length = np.diff(start, append=first.size)
    row = start // ordered.shape[-1]
    equal = np.bincount(row, length * (length - 1) / 2, data.size).reshape(data.shape)
    equal = np.where(equal < FEWEST, 0, equal)  # few are chance
    pairs = data.astype(np.float64) * (data - 1) / 2
    count = np.isfinite(samples).sum(-1)
    return np.where(count >= FEWEST, equal / np.maximum(pairs, 1), data >= FEWEST)


def most_noise(share: Pixels, middle: Pixels, pixels: Pixels, mask: np.ndarray | None) -> Pixels:
    """Return the largest σ that repetition leaves room for, infinite where nothing is repeated.

    Args:
        share: C (rows, columns, channels) of squares; 1 where all is cut off.
        middle: a value of each square.
        pixels: (height, width, channels) of the picture.
        mask: (height, width), true where samples are data; None if they are everywhere.
    """
    most = np.full(share.shape, np.inf)
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / SAMPLE) ** 0.5))
    for channel in range(pixels.shape[2]):
        some = share[..., channel] > 0
        if not some.any():
            continue
        plane = pixels[::step, ::step, channel]
        used = _shared(plane if mask is None else plane[mask[::step, ::step]])
        if used is None:
            continue
        distance = _distance(used, middle[..., channel][some])
        cut_off = share[..., channel][some] == 1
        bound = np.where(cut_off, 0, DENSITY * distance / share[..., channel][some])
        most[..., channel][some] = bound
    return most


def _shared(samples: Pixels) -> Pixels | None:
    """Return the values that occur often; None if most samples have their own."""
    values, counts = _counted(samples)
    again = counts > max(1.0, RARE * _usual(counts))
    if counts[again].sum() < samples.size / 2:
        return None
    return to_unit(values[again])


def _usual(counts: Pixels) -> float:
    """Return the median over samples of how often their value occurs.

    One that fills more than half of the picture, as paper does, says nothing of the rest, unless
    that is of few colours, too, as letters are.
    """
    ordered = np.sort(counts)
    rest = ordered[:-1].sum()
    if 0 < rest < ordered[-1] and ordered[-2] < MAIN * rest:
        ordered = ordered[:-1]
    below = ordered.cumsum()
    return float(ordered[np.searchsorted(below, below[-1] / 2)]) if len(counts) else 0.0


def _counted(samples: Pixels) -> tuple[Pixels, Pixels]:
    """Return the values that occur, in order, and how often."""
    if samples.dtype.kind != "u":
        return np.unique(samples, return_counts=True)
    counts = np.bincount(samples.ravel())
    values = np.flatnonzero(counts)
    return values.astype(samples.dtype), counts[values]


def _distance(used: Pixels, values: Pixels) -> Pixels:
    """Return the distance of neighbouring used values around each value; 0 if they are drawn."""
    gaps = np.diff(used.astype(np.float64))
    if len(used) <= FEW and not _on_a_grid(gaps):
        return np.zeros(values.shape)
    place = np.searchsorted(used, values).clip(0, len(used) - 1)
    return (gaps[(place - 1).clip(0)] + gaps[place.clip(0, len(gaps) - 1)]) / 2


def _on_a_grid(gaps: Pixels) -> bool:
    """Whether there are four steps or more, and three in four of them are nearly the smallest.

    Where contrast was raised after rounding, steps are of two sizes.
    """
    return len(gaps) >= 4 and float(np.mean(gaps <= 2.01 * gaps.min())) >= 0.75
