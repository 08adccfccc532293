"""How bright samples are beside pictures of the data, which power and cosines do not see.

Symbols: m_i the mean of picture i in a channel; n pictures. Their mean has the standard error
s/√n, and their deviation s, for normal m_i, s/√(2n - 2). What is beyond chance is so by Welch's t
test of means and the F test of variances, at 5 % for all channels together.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

Figure = tuple[float, float]
"""A number and its standard error."""

_CHANCE = 0.05
_OFF = 0.25
"""Deviations of the data from picture to picture by which samples may be brighter or darker."""
_SEEN = 1 / 255
"""Differences that are smaller are not seen: one step of 8 bits."""
_LESS, _MORE = 0.7, 1.4
"""Deviation over that of the data between which brightness varies as theirs."""
COLOURS = {1: ("brightness",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Tone:
    """The means of pictures in one channel.

    Attributes:
        name: of the channel.
        mean: of the m_i.
        spread: their deviation s.
        count: n.
    """

    name: str
    mean: Figure
    spread: Figure
    count: int


@dataclass(frozen=True)
class Tones:
    """All channels of a set, and how many of its pictures are of one colour.

    Attributes:
        channels: as in the pictures.
        flat: number of pictures without any structure.
        count: of all pictures.
    """

    channels: list[Tone]
    flat: int
    count: int


def tones_of(pieces: Iterable[Tensor]) -> Tones:
    """Measure images that come piece after piece, (n, channel, height, width)."""
    means, flat = [], 0
    for x in pieces:
        rows = x.flatten(2)
        means.append(rows.double().mean(-1))
        flat += int((rows.amax(-1) == rows.amin(-1)).all(-1).sum())
    found = torch.cat(means)
    count = len(found)
    spread = found.std(0) if count > 1 else torch.full_like(found[0], math.nan)
    figures = zip(COLOURS[found.shape[1]], found.mean(0).tolist(), spread.tolist(), strict=True)
    return Tones(
        [
            Tone(name, (m, s / math.sqrt(count)), (s, s / math.sqrt(max(1, 2 * count - 2))), count)
            for name, m, s in figures
        ],
        flat,
        count,
    )


def tone_words(samples: Tones, data: Tones) -> list[str]:
    """Return sentences where samples are brighter, darker, more or less varied, or of one colour.

    Only what is beyond chance is said.
    """
    level = _CHANCE / (2 * len(samples.channels))
    found = [
        words(made, real, level)
        for made, real in zip(samples.channels, data.channels, strict=True)
        for words in (_mean_words, _spread_words)
    ]
    usual = samples.count * (data.flat + 1) / (data.count + 1)
    if samples.flat > stats.poisson.isf(_CHANCE, usual):
        found.append(f"{samples.flat} of {samples.count} samples are of one colour.")
    return [text for text in found if text]


def _where(tone: Tone) -> str:
    return "" if tone.name == COLOURS[1][0] else f" in {tone.name}"


def _mean_words(made: Tone, real: Tone, level: float) -> str:
    apart = made.mean[0] - real.mean[0]
    if abs(apart) <= max(_OFF * real.spread[0], _SEEN) or _chance_of_means(made, real) > level:
        return ""
    size = f", {abs(apart) / real.spread[0]:.2g} deviations of theirs" if real.spread[0] else ""
    kind, where = "brighter" if apart > 0 else "darker", _where(made)
    return f"The samples are {kind} than the data{where}, by {abs(apart):.2g} in the mean{size}."


def _spread_words(made: Tone, real: Tone, level: float) -> str:
    if max(made.spread[0], real.spread[0]) < _SEEN:
        return ""
    where = _where(made)
    if not real.spread[0]:
        return f"The brightness{where} of samples varies, and that of the data does not."
    ratio = made.spread[0] / real.spread[0]
    if _LESS <= ratio <= _MORE or _chance_of_spreads(made, real) > level:
        return ""
    return (
        f"From sample to sample the brightness{where} varies {ratio:.2g} times as much as from "
        "picture to picture of the data."
    )


def _chance_of_means(made: Tone, real: Tone) -> float:
    """Return how probable means so far apart are of one law: Welch's t test."""
    if not (made.spread[0] or real.spread[0]):
        return 0.0
    one, other = ((tone.mean[0], tone.spread[0], tone.count) for tone in (made, real))
    return float(stats.ttest_ind_from_stats(*one, *other, equal_var=False).pvalue)


def _chance_of_spreads(made: Tone, real: Tone) -> float:
    """Return how probable variances so far apart are of normal numbers of one law: the F test."""
    law = stats.f(made.count - 1, real.count - 1)
    ratio = (made.spread[0] / real.spread[0]) ** 2
    return 2 * float(min(law.cdf(ratio), law.sf(ratio)))
