"""The exact law of what a sampler gives for Gaussian data, at a finite number of steps.

Symbols: data N(m, d) along an eigenvector of their covariance; E[x_0 | x_t] is affine in x_t, and
so is every step: x_u = M x_t + c m + v z. From N(r m, noise_std²) at T, with r = α where the start
is around the mean and r = 0 where it is around 0, the variance and the mean go

    h ← M² h + v²,      r m ← M r m + c m,

so that samples are N(r m, h). With a sampler that remembers the estimate x̂_p of the step before M
is a matrix, of the pair (x_t, x̂_p), and h the covariance of both. No Monte Carlo is needed to know
what steps, schedule and sampler do.

References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003, section 2.2 and appendix.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scorelet.core.errors import InputError, one_line
from scorelet.sampling.reverse.diffusion import ReversePlan, check_plan
from scorelet.sampling.reverse.steps import Posterior, Step

_NUMBERS = 1 << 19
"""In memory at once."""

Variances = Tensor | np.ndarray | Sequence[float]


class DiscreteLaw(NamedTuple):
    """N(gain · m, variance), the law of samples along each eigenvector.

    Attributes:
        variance: h, the shape of the variances of the data.
        gain: r, what is left of the mean of the data.
    """

    variance: Tensor
    gain: Tensor


def discrete_law(variances: Variances, plan: ReversePlan, *, centred: bool = False) -> DiscreteLaw:
    """Return the law of the samples of Gaussian data.

    Args:
        variances: d >= 0, eigenvalues of the covariance, any shape, float64; in the unit of the
            schedule, see `reverse`.
        plan: steps, schedule, sampler and times.
        centred: whether the start is around the mean: of a denoiser that knows its `centre`.

    Raises:
        InputError: no plan, no variances, or some that are negative, complex or not finite.
    """
    check_plan(plan)
    variances = checked_variances(variances)
    d = variances.flatten()
    variance = torch.full_like(d, plan.schedule.noise_std**2)
    gain = torch.full_like(d, plan.start if centred else 0.0)
    law = _law_of_two_steps if plan.sampler.two_step else _law
    variance, gain = law(d, plan, variance, gain)
    return DiscreteLaw(variance.reshape(variances.shape), gain.reshape(variances.shape))


def _law(d: Tensor, plan: ReversePlan, variance: Tensor, gain: Tensor) -> tuple[Tensor, Tensor]:
    """Return both after all steps, many of which are taken at once."""
    for piece in plan.intervals(max(1, _NUMBERS // len(d))):
        step = plan.sampler.step(piece.columns)
        factor, offset, noise = _coefficients(d, step, plan.restraint)
        after = torch.cat([torch.ones_like(factor[:1]), factor.flip(0)[:-1]]).cumprod(0).flip(0)
        whole = after[0] * factor[0]
        variance = whole.square() * variance + (after.square() * noise.square()).sum(0)
        gain = whole * gain + (after * offset).sum(0)
    return variance, gain


def _coefficients(d: Tensor, step: Step[Tensor], restraint: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return M and c, (times, eigenvalues), and v, (times, 1)."""
    centred, around_one = _posteriors(d, restraint)
    one = torch.ones_like(step.deviation * d)
    offset, _ = step.mean(torch.zeros_like(one), around_one)
    factor, _ = step.mean(one, centred)
    return factor, offset, step.deviation


def _law_of_two_steps(
    d: Tensor, plan: ReversePlan, variance: Tensor, gain: Tensor
) -> tuple[Tensor, Tensor]:
    """Return both after all steps, which are taken one by one, of the pair (x, x̂_p)."""
    nothing = torch.zeros_like(d)
    mean = torch.stack([gain, nothing], -1)[..., None]
    covariance = torch.diag_embed(torch.stack([variance, nothing], -1))
    for piece in plan.intervals(max(1, _NUMBERS // (4 * len(d)))):
        step = plan.sampler.step(piece.columns)
        for matrix, offset, noise in zip(*_of_pairs(d, step, plan.restraint), strict=True):
            mean = matrix @ mean + offset
            covariance = matrix @ covariance @ matrix.mT
            covariance[:, 0, 0] += noise**2
    return covariance[:, 0, 0], mean[:, 0, 0]


def _of_pairs(d: Tensor, step: Step[Tensor], restraint: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return M, (times, eigenvalues, 2, 2), c, (times, eigenvalues, 2, 1), and v, (times, 1)."""
    centred, around_one = _posteriors(d, restraint)
    one = torch.ones_like(step.deviation * d)
    nothing = torch.zeros_like(one)
    x, earlier = torch.stack([one, nothing]), torch.stack([nothing, one])
    matrix = torch.stack(step.mean(x, centred, earlier))
    offset = torch.stack(step.mean(nothing, around_one, nothing))
    return matrix.permute(2, 3, 0, 1), offset.permute(1, 2, 0)[..., None], step.deviation


def _posteriors(d: Tensor, restraint: float) -> tuple[Posterior, Posterior]:
    """Return E[x_0 | x_t] where the data's mean is 0, and where it is 1."""

    def centred(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        found = alpha * d / (alpha**2 * d + sigma**2) * x
        return torch.lerp(found, x / alpha, restraint) if restraint else found

    def around_one(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return 1 + centred(x - alpha, alpha, sigma)

    return centred, around_one


def checked_variances(variances: object) -> Tensor:
    """Return them as float64; raise InputError unless they are finite and not negative."""
    if isinstance(variances, list | tuple) and any(map(_is_several, variances)):
        raise InputError(
            "Variances of several scales, as detail_variances returns them: give those of one."
        )
    try:
        given = (
            np.array(variances, np.complex128) if isinstance(variances, np.ndarray) else variances
        )
        found = torch.as_tensor(given, dtype=torch.complex128)
    except (TypeError, ValueError) as error:
        raise InputError(f"Variances must be numbers: {one_line(error)}.") from error
    if bool(found.imag.any()):
        raise InputError(
            "Variances are complex: give real ones, as the mean square of the moduli of a Fourier "
            "transform."
        )
    found = found.real.clone()
    if not found.numel():
        raise InputError("There are no variances: give one at least.")
    if not bool((found >= 0).all()) or not bool(found.isfinite().all()):
        raise InputError("Variances must be finite and not negative.")
    return found


def _is_several(value: object) -> bool:
    return isinstance(value, Tensor | np.ndarray) and value.ndim > 0
