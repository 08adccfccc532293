"""How bright samples are beside pictures of the data, which power and cosines do not see.

Symbols: m_i the mean of picture i in a channel; n pictures. Their mean has the standard error
s/√n, and their deviation s, for normal m_i, s/√(2n - 2).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

Figure = tuple[float, float]
"""A number and its standard error."""

_ERRORS = 2.0
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
    """

    name: str
    mean: Figure
    spread: Figure


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
            Tone(name, (m, s / math.sqrt(count)), (s, s / math.sqrt(max(1, 2 * count - 2))))
            for name, m, s in figures
        ],
        flat,
        count,
    )


def tone_words(samples: Tones, data: Tones) -> list[str]:
    """Return sentences where samples are brighter, darker, more or less varied, or of one colour.

    Only what is beyond chance is said.
    """
    found = [_words(*pair) for pair in zip(samples.channels, data.channels, strict=True)]
    usual = samples.count * (data.flat + 1) / (data.count + 1)
    if samples.flat > usual + _ERRORS * math.sqrt(usual):
        found.append(f"{samples.flat} of {samples.count} samples are of one colour.")
    return [text for text in found if text]


def _words(made: Tone, real: Tone) -> str:
    where = "" if made.name == COLOURS[1][0] else f" in {made.name}"
    apart, error = made.mean[0] - real.mean[0], math.hypot(made.mean[1], real.mean[1])
    if abs(apart) > max(_ERRORS * error, _OFF * real.spread[0], _SEEN):
        size = f", {abs(apart) / real.spread[0]:.2g} deviations of theirs" if real.spread[0] else ""
        kind = "brighter" if apart > 0 else "darker"
        return (
            f"The samples are {kind} than the data{where}, by {abs(apart):.2g} in the mean{size}."
        )
    if max(made.spread[0], real.spread[0]) < _SEEN or not real.spread[0]:
        return ""
    ratio = made.spread[0] / real.spread[0]
    off = ratio * math.hypot(
        made.spread[1] / max(made.spread[0], 1e-12), real.spread[1] / real.spread[0]
    )
    if ratio + _ERRORS * off < _LESS or ratio - _ERRORS * off > _MORE:
        return (
            f"From sample to sample the brightness{where} varies {ratio:.2g} times as much as from "
            "picture to picture of the data."
        )
    return ""
