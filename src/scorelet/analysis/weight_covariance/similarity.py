"""How similar two learned covariances are, between what chance gives and what can be reached.

    S(C₁, C₂) = (cos(C₁, C₂) - floor) / (ceiling - floor)

floor: cos(C₁, O C₁ Oᴴ), O random orthogonal: unrelated eigenvectors. ceiling: cos(C₁, Ĉ₁), Ĉ₁ what
is found when as many neurons are drawn from identity + C₁. S is not symmetric; S(C, C) exceeds 1,
because the ceiling is that of an estimate. Unrelated convolutions are above 0: their channels are
turned at random, but what a filter does in space has no rotation, and networks share it. Two
independent networks of one law reach about 0.9 if what they have learned is far above noise, and
0.5 to 0.8 near it, where each finds others.

Reference: Guth, Ménard 2024, arXiv 2409.19460, eq. 6.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from scorelet.analysis.weight_covariance.bures import bures_cosine
from scorelet.analysis.weight_covariance.learned import learned_part
from scorelet.analysis.weight_covariance.spectrum import Spectrum, weight_spectrum
from scorelet.core.errors import InputError

_UNRELATED = 20
"""Rotations that tell by how much S of unrelated networks varies."""


@dataclass(frozen=True)
class Similarity:
    """S(C₁, C₂) and what it is made of; NaN where a covariance holds nothing learned.

    Attributes:
        value: S.
        cosine, floor, ceiling: Bures-Wasserstein cosines, floor and ceiling means over draws.
    """

    value: float
    cosine: float
    floor: float
    ceiling: float


@dataclass(frozen=True)
class Agreement:
    """S both ways, with its deviation over neurons.

    Attributes:
        forward: S(C₁, C₂).
        backward: S(C₂, C₁).
        deviation: of their mean, when neurons are drawn anew; NaN where S is undefined.
        unrelated: S, the mean of both ways, of unrelated networks, cos(C₁, O C₂ Oᴴ) with a random
            rotation O of channels, O ⊗ 1 on the weights of each: on average.
        chance: and its deviation; few directions of many may be near each other by chance. Both
            are NaN where S is undefined.
    """

    forward: Similarity
    backward: Similarity
    deviation: float
    unrelated: float = math.nan
    chance: float = math.nan

    @property
    def mean(self) -> float:
        """The mean of S(C₁, C₂) and S(C₂, C₁)."""
        return (self.forward.value + self.backward.value) / 2

    @classmethod
    def undefined(cls) -> "Agreement":
        """NaN throughout."""
        nothing = Similarity(math.nan, math.nan, math.nan, math.nan)
        return cls(nothing, nothing, math.nan)


def similarity(first: Spectrum, second: Spectrum, *, rng: Generator, draws: int = 5) -> Similarity:
    """Return S(C₁, C₂) of two learned parts, see `learned_part`.

    Args:
        first, second: with the same number of inputs, in the same coordinates.
        rng: draws rotations and neurons.
        draws: of each.

    Raises:
        InputError: other numbers of inputs, or no draw.
    """
    _check(first, second, draws)
    if not (len(first.values) and len(second.values)):
        return Similarity(*[float("nan")] * 4)
    floor = sum(bures_cosine(first, rotated(first, rng)) for _ in range(draws)) / draws
    ceiling = sum(bures_cosine(first, redrawn(first, rng)) for _ in range(draws)) / draws
    cosine = bures_cosine(first, second)
    return Similarity((cosine - floor) / (ceiling - floor), cosine, floor, ceiling)


def agreement(
    first: Spectrum,
    second: Spectrum,
    *,
    rng: Generator,
    draws: int = 5,
    resamples: int = 10,
    taps: int = 1,
) -> Agreement:
    """Return S both ways, with deviations: of S between networks drawn from the two laws, and of
    unrelated ones.

    Neurons are drawn anew from identity + C (a parametric bootstrap). Drawing the given neurons
    with replacement would repeat some of them, and where there are fewer neurons than inputs each
    repetition looks like something learned.

    Args:
        first, second: learned parts, with the same number of inputs, in the same coordinates.
        rng: draws; unrelated ones come from a copy, so that those of callers stay the same.
        draws: for floor and ceiling.
        resamples: pairs of networks for the deviation; below 2: none is computed.
        taps: weights of each channel, side by side, which rotations of networks turn alike.
    """
    forward = similarity(first, second, rng=rng, draws=draws)
    backward = similarity(second, first, rng=rng, draws=draws)
    if math.isnan(forward.value) or resamples < 2:
        return Agreement(forward, backward, float("nan"))
    drawn = [bures_cosine(redrawn(first, rng), redrawn(second, rng)) for _ in range(resamples)]
    apart = Generator(rng.device).set_state(rng.get_state())
    unrelated = [bures_cosine(first, rotated(second, apart, taps)) for _ in range(_UNRELATED)]
    slope = sum(1 / (s.ceiling - s.floor) for s in (forward, backward)) / 2  # of S by cos
    deviation, chance = (
        abs(slope) * float(torch.tensor(cosines).double().std()) for cosines in (drawn, unrelated)
    )
    found = Agreement(forward, backward, deviation)
    mean = found.mean + slope * (sum(unrelated) / _UNRELATED - forward.cosine)
    return replace(found, unrelated=mean, chance=chance)


def rotated(spectrum: Spectrum, rng: Generator, taps: int = 1) -> Spectrum:
    """Return O C Oᴴ with a random orthogonal (unitary) O: the same values, unrelated vectors.

    Args:
        spectrum: of C.
        rng: draws O.
        taps: O turns channels, and so many weights of each alike; inputs are channels times taps.
    """
    if taps == 1:
        vectors = _orthonormal(spectrum.vectors.shape, spectrum.vectors, rng)
    else:
        channels = spectrum.inputs // taps
        turn = _orthonormal((channels, channels), spectrum.vectors, rng)
        vectors = (turn @ spectrum.vectors.unflatten(0, (channels, taps)).flatten(1)).view_as(
            spectrum.vectors
        )
    return Spectrum(spectrum.values, vectors, spectrum.neurons)


def redrawn(spectrum: Spectrum, rng: Generator) -> Spectrum:
    """Return the learned part of as many neurons, drawn from identity + C.

    Where noise hides all of it, that is the strongest direction, as strong as what can just be
    seen: cosines depend on the direction alone, and S is asked for where something was found.
    """
    rows = _normal((spectrum.neurons, spectrum.inputs), spectrum.vectors, rng)
    by = "neurons" if spectrum.gamma > 1 else "gram"
    drawn = weight_spectrum(with_covariance(rows, spectrum), by=by)
    learned = learned_part(drawn)
    if len(learned.values) or not len(spectrum.values):
        return learned
    faintest = drawn.values.new_full((1,), spectrum.gamma**0.5)
    return Spectrum(faintest, drawn.vectors[:, :1], drawn.neurons)


def with_covariance(white: Tensor, spectrum: Spectrum) -> Tensor:
    """Turn white rows (n, d) into rows of covariance identity + C, without a (d, d) matrix."""
    vectors = spectrum.vectors
    stretch = (1 + spectrum.values).sqrt() - 1
    return white + ((white @ vectors) * stretch) @ vectors.mH


def without_covariance(rows: Tensor, spectrum: Spectrum) -> Tensor:
    """Turn rows (n, d) of covariance identity + C into white ones; undoes `with_covariance`."""
    vectors = spectrum.vectors
    shrinkage = (1 + spectrum.values).rsqrt() - 1
    return rows + ((rows @ vectors) * shrinkage) @ vectors.mH


def _orthonormal(shape: tuple[int, ...] | torch.Size, like: Tensor, rng: Generator) -> Tensor:
    """Random orthonormal columns."""
    vectors, triangle = torch.linalg.qr(_normal(shape, like, rng))
    return vectors * triangle.diagonal().sgn()


def _normal(shape: tuple[int, ...] | torch.Size, like: Tensor, rng: Generator) -> Tensor:
    """Standard normal numbers, complex where `like` is: E |z|² = 1."""
    return torch.randn(tuple(shape), generator=rng, dtype=like.dtype)


def _check(first: Spectrum, second: Spectrum, draws: int) -> None:
    if first.inputs != second.inputs:
        raise InputError(
            f"The covariances have {first.inputs} and {second.inputs} inputs: bring the weights of "
            "one network into the coordinates of the other first."
        )
    if draws < 1:
        raise InputError(f"draws is {draws}: at least one is needed.")
