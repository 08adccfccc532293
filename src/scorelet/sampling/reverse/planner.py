"""How many steps a spectrum needs, before anything is trained.

Symbols: d variances of the data along the eigenvectors of their covariance (of a stationary field:
its spectrum), of mean 1; h those of the samples of a plan, from `discrete_law`. Measures of h:

- sup:       max |h - d| / max d
- relative:  max |h - d| / d
- rms:       √ mean ((h - d)/d)²
- kl:        mean (d/h - 1 - log(d/h)) / 2, the divergence KL(data ‖ samples) per number, in nats

A wavelet cascade samples details given the coarse field: its variances are the eigenvalues of their
conditional covariance, which stay bounded as fields become larger.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, sections 2 and 4.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.numbers import holds, is_whole
from scorelet.sampling.reverse.diffusion import ReversePlan, check_plan
from scorelet.sampling.reverse.exact import Variances, checked_variances, discrete_law
from scorelet.wavelets.orthogonal.spectral import LEAST, gaussian_levels

MOST = 1 << 17
"""Steps beyond which nobody would go."""

_ROUNDING = 1e-14
"""Of variances of mean 1: what may be rounding."""

_DIGITS = 1e9
"""Eigenvalues that agree in so many parts are one."""

Measure = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps (h, d, shares of the eigenvalues) to a number."""

MEASURES: dict[str, Measure] = {
    "sup": lambda h, d, _share: (h - d).abs().max() / d.max(),
    "relative": lambda h, d, _share: ((h - d).abs() / d).max(),
    "rms": lambda h, d, share: (share * ((h - d) / d).square()).sum().sqrt(),
    "kl": lambda h, d, share: (share * (d / h - 1 - (d / h).log())).sum() / 2,
}


def pixel_variances(spectrum: Variances) -> Tensor:
    """Return what a sampler of whole fields meets: the spectrum, divided by its mean.

    Args:
        spectrum: P(k), (height, width), float64.

    Raises:
        InputError: a spectrum that is negative, not finite or nowhere positive.
    """
    spectrum = checked_variances(spectrum)
    if not bool((spectrum > 0).any()):
        raise InputError("The spectrum is 0 everywhere: there is nothing to sample.")
    spectrum = spectrum / spectrum.max()  # whose sum is finite
    return spectrum / spectrum.mean()


def detail_variances(
    spectrum: Variances, wavelet: str, levels: int, *, convention: str = "scalar"
) -> list[Tensor]:
    """Return what the samplers of a cascade meet: of the coarse field, then of details, coarse to
    fine.

    The variances are the eigenvalues of the covariance of details given the coarse field, (h, w,
    3), by the convention "scalar" divided by E|d|² per coefficient; by "channel" every band, H, V
    and D, is divided by its own deviation first. What is nothing but rounding of E|d|² is 0: of
    fields without fine scales the coarser band tells all of the details.

    Args:
        spectrum: P(k), (height, width), float64.
        wavelet: name of an orthogonal wavelet.
        levels: J.
        convention: "scalar" or "channel", see `Normalization`.

    Raises:
        InputError: as `gaussian_levels`, or another convention.
    """
    if convention not in ("scalar", "channel"):
        raise InputError(f"Unknown convention {convention!r} of details: use scalar or channel.")
    found = []
    coarse = spectrum = checked_variances(spectrum)
    for level in gaussian_levels(spectrum, wavelet, levels):
        powers = level.band_powers if convention == "channel" else level.detail_power.expand(3)
        unit = torch.where(powers > level.rounding, powers.rsqrt(), 0)
        values = torch.linalg.eigvalsh(unit[:, None] * level.conditional * unit)
        found.append(torch.where(values > _ROUNDING, values, 0))
        coarse = level.low_spectrum
    return [pixel_variances(coarse), *found[::-1]]


def whitened_variances(
    spectrum: Variances, wavelet: str, levels: int, *, by: Variances | None = None
) -> list[Tensor]:
    """Return `detail_variances` of a cascade whose bands are whitened, see `BandWhitening`.

    They are the eigenvalues of the covariance of Γ^(-1/2) x_J, then of Γ^(-1/2) (d - A a).

    Args:
        spectrum, wavelet, levels: of the data, as in `detail_variances`.
        by: the spectrum that A and Γ are taken from, of other data of that law and size; None: that
            of the data, where all variances are 1.

    Raises:
        InputError: as `gaussian_levels`; spectra of two sizes, or details of which the coarser band
            tells all, by A and Γ.
    """
    spectrum = checked_variances(spectrum)
    known = spectrum if by is None else checked_variances(by)
    if known.shape != spectrum.shape:
        raise InputError(
            f"The spectrum has shape {tuple(spectrum.shape)}, and the one to whiten by "
            f"{tuple(known.shape)}: give both of one size."
        )
    laws = gaussian_levels(spectrum, wavelet, levels)
    others = laws if by is None else gaussian_levels(known, wavelet, levels)
    white = (law.whitened(other) for law, other in zip(laws, others, strict=True))
    found = [torch.linalg.eigvalsh(law.cross[..., 1:, 1:]).clamp_min(0) for law in white]
    low, known = laws[-1].low_spectrum, others[-1].low_spectrum
    return [low / known.clamp_min(LEAST * float(known.mean())), *found[::-1]]


def sampling_error(variances: Variances, plan: ReversePlan, *, measure: str = "sup") -> float:
    """Return how far samples of a plan are from data of these variances.

    Args:
        variances: d >= 0, any shape, from `pixel_variances` or `detail_variances`; positive for
            all measures but sup.
        plan: of the sampler.
        measure: one of `MEASURES`.

    Raises:
        InputError: an unknown measure, or variances that it has no meaning for.
    """
    judge = _measure(measure)
    return _error(*_distinct(variances, measure), plan, judge)


def steps_needed(
    variances: Variances,
    plan: ReversePlan,
    *,
    measure: str = "sup",
    tolerance: float = 0.1,
    most: int = MOST,
) -> int:
    """Return a number of steps N that is enough, where N - 1 is not.

    It is found by doubling and bisection. Errors fall with N, as a rule; where they do not, fewer
    or more steps may be on the other side of the tolerance.

    Args:
        variances: as in `sampling_error`.
        plan: of the sampler; its own number of steps does not matter.
        measure: one of `MEASURES`.
        tolerance: of it, positive.
        most: N beyond which the search ends, 1 or more.

    Raises:
        InputError: as in `sampling_error`; a tolerance that is not positive, or that `most` steps
            do not reach; no whole number of these.
    """
    judge = _measure(measure)
    values, shares = _distinct(variances, measure)
    check_plan(plan)
    if not holds(lambda: tolerance > 0):
        raise InputError(f"The tolerance is {tolerance!r}: it must be positive.")
    if not is_whole(most, least=1):
        raise InputError(f"There are {most!r} steps at most: give a whole number from 1 on.")

    def enough(steps: int) -> bool:
        return _error(values, shares, replace(plan, steps=steps), judge) <= tolerance

    low, high = 0, 1
    while not enough(high):
        if high >= most:
            raise InputError(
                f"{most} steps do not reach {tolerance} by the measure {measure}: take a larger "
                "tolerance, another sampler, or a schedule that ends later."
            )
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _measure(name: str) -> Measure:
    if name not in MEASURES:
        raise InputError(f"Unknown measure {name!r}: use {', '.join(MEASURES)}.")
    return MEASURES[name]


def _error(values: Tensor, shares: Tensor, plan: ReversePlan, measure: Measure) -> float:
    error = float(measure(discrete_law(values, plan).variance, values, shares))
    return error if error == error else float("inf")  # a sampler that diverges gives NaN


def _distinct(variances: Variances, measure: str) -> tuple[Tensor, Tensor]:
    """Return the values that differ, and the share of each; 0 for the measure sup only."""
    flat = checked_variances(variances).flatten()
    if not bool((flat > 0).any()):
        raise InputError("All variances are 0: there is nothing to sample.")
    if measure != "sup" and not bool((flat > 0).all()):
        raise InputError(
            f"A variance is 0: the measure {measure} has no meaning there; leave it out, or take "
            "sup."
        )
    keys, counts = (flat.log() * _DIGITS).round().unique(return_counts=True)
    return (keys / _DIGITS).exp(), counts / counts.sum()
