"""What is measured of samples beside pictures.

What samples are to the data is held against what two disjoint random halves of the data are to each
other; their cosines with the nearest picture, against those of pictures of the data with the
nearest other one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from scorelet.analysis.memorization import Nearest, copy_threshold, mean_pair_cosine, nearest_in
from scorelet.analysis.memorization.by_heart import ALIKE
from scorelet.analysis.sample_quality import (
    SplitDistances,
    band_powers,
    octave_edges,
    power_ratios,
    scattering_features,
    split_distances,
    usual_scales,
)
from scorelet.core.progress import Progress, teller
from scorelet.core.random import numpy_generator
from scorelet.tasks.evaluate.sample_input import Input
from scorelet.tasks.evaluate.sample_tones import Figure, Tones, tones_of
from scorelet.tasks.picture_arrays import Pictures, images_of

_NUMBERS = 1 << 22  # of a piece of a set that is in memory as floats
_ASKED = 1 << 24  # of a piece for which all of another set is gone through
_REAL = 1000  # pictures of the data whose nearest other one is looked for


@dataclass(frozen=True)
class Octave:
    """Mean power between two frequencies, in cycles per shorter side.

    Attributes:
        samples: that of samples over that of the data.
        halves: that of one half of the data over that of the other.
    """

    least: float
    end: float
    samples: Figure
    halves: Figure


@dataclass(frozen=True)
class Likeness:
    """How near samples are to pictures of the data, and these to one another.

    Mirror images count, as generators learn from them, too, as a rule.

    Attributes:
        samples: of each sample the nearest picture.
        one_another: of each sample the nearest other sample.
        real: of pictures of the data, all or drawn at random, the nearest other one.
        threshold: cosine above which a sample is a copy: that of `copy_threshold` for pictures
            that are no copies themselves.
    """

    samples: Nearest
    one_another: Nearest
    real: Nearest
    threshold: float

    def copies(self, found: Nearest) -> int:
        """Return how many of `samples`, `one_another` or `real` are copies."""
        return int((found.cosine > self.threshold).sum())


@dataclass(frozen=True)
class Findings:
    """Everything that was measured.

    Attributes:
        octaves: coarse to fine.
        distance: kernel distances, which are never negative.
        unbiased: the same, as `kernel_distance` estimates them without bias.
        likeness: to the nearest picture.
        pairs, real_pairs: mean cosine of two samples, and of two pictures of the data.
        tones, real_tones: brightness of samples, and of pictures of the data.
        outside: share of the numbers of samples outside [0, 1], if it is known.
    """

    octaves: list[Octave]
    distance: SplitDistances
    unbiased: SplitDistances
    likeness: Likeness
    pairs: Figure
    real_pairs: Figure
    tones: Tones
    real_tones: Tones
    outside: float | None


@dataclass(frozen=True)
class Pieces:
    """A set as images, piece after piece of so many numbers; it can be gone through again."""

    pictures: Pictures
    numbers: int
    tell: Callable[[], None] = lambda: None

    @property
    def _step(self) -> int:
        return max(1, self.numbers // self.pictures[0].size)

    def __len__(self) -> int:
        """How many pieces there are."""
        return -(-len(self.pictures) // self._step)

    def __iter__(self) -> Iterator[Tensor]:
        """Yield images (n, channel, height, width) in [0, 1]; `tell` is called after each piece."""
        for start in range(0, len(self.pictures), self._step):
            yield images_of(self.pictures[start : start + self._step])
            self.tell()


def measure_samples(given: Input, progress: Progress | None = None) -> Findings:
    """Measure all; `progress` is told of pieces of both sets, each time that they are read."""
    tell = teller(progress, _readings(given))
    sets = given.samples, given.data
    samples, data = (Pieces(pictures, _NUMBERS, tell) for pictures in sets)
    unbiased, distance = split_distances(_features(data), _features(samples))
    return Findings(
        _octaves(samples, data),
        distance,
        unbiased,
        _likeness(samples, data),
        mean_pair_cosine(samples),
        mean_pair_cosine(data),
        tones_of(samples),
        tones_of(data),
        given.outside,
    )


def _readings(given: Input) -> int:
    """Return how many pieces are read: octaves, features, pairs (twice), tones, nearest ones."""
    samples, data = (len(Pieces(each, _NUMBERS)) for each in (given.samples, given.data))
    asked, real = (len(Pieces(each, _ASKED)) for each in (given.samples, given.data[:_REAL]))
    return (5 + asked) * (samples + data) + real * data


def _octaves(samples: Pieces, data: Pieces) -> list[Octave]:
    edges = octave_edges(*data.pictures.shape[1:3])
    made, known = (torch.cat([band_powers(x, edges) for x in each]) for each in (samples, data))
    places = torch.from_numpy(numpy_generator(0).permutation(len(known)))
    first, second = known[places[: len(known) // 2]], known[places[len(known) // 2 :]]
    figures = [_figures(known, made), _figures(first, second)]
    return [Octave(*ends, *both) for ends, *both in zip(pairwise(edges), *figures, strict=True)]


def _figures(x: Tensor, y: Tensor) -> list[Figure]:
    ratios, errors = power_ratios(x, y)
    return list(zip(ratios.tolist(), errors.tolist(), strict=True))


def _features(pieces: Pieces) -> Tensor:
    scales = usual_scales(*pieces.pictures.shape[1:3])
    return torch.cat([scattering_features(x, scales=scales) for x in pieces])


def _likeness(samples: Pieces, data: Pieces) -> Likeness:
    places = numpy_generator(0).permutation(len(data.pictures))[:_REAL]
    real = _nearest(data.pictures[places], data, own=torch.from_numpy(places))
    others = real.cosine[real.cosine <= ALIKE]
    threshold = copy_threshold(others) if len(others) else ALIKE
    one_another = _nearest(samples.pictures, samples, own=torch.arange(len(samples.pictures)))
    return Likeness(_nearest(samples.pictures, data), one_another, real, threshold)


def _nearest(pictures: Pictures, among: Pieces, own: Tensor | None = None) -> Nearest:
    found, start = [], 0
    for piece in Pieces(pictures, _ASKED):
        mine = None if own is None else own[start : start + len(piece)]
        found.append(nearest_in(piece, among, own=mine, mirrored=True))
        start += len(piece)
    return Nearest(torch.cat([f.cosine for f in found]), torch.cat([f.index for f in found]))
