"""How far a covariance of weights is from another one, by thin factors.

Symbols: W (n, d) and V (m, d) weights of two layers in the same coordinates, C = Wᴴ W / n and
D = Vᴴ V / m. C - D = Rᴴ diag(1, ..., -1, ...) R with R = (W/√n; V/√m), so that its eigenvalues
which are not 0 are those of a matrix with at most n + m rows.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, figure 4.
"""

import torch
from jaxtyping import Inexact
from torch import Tensor

from scorelet.analysis.weight_covariance.spectrum import weight_spectrum
from scorelet.core.errors import InputError


def covariance_error(
    rows: Inexact[Tensor, "neurons inputs"], reference: Inexact[Tensor, "others other_inputs"]
) -> float:
    """Return ‖C - D‖ / ‖D‖, norms being the largest absolute eigenvalues.

    Args:
        rows: W, in the coordinates of the reference and in its unit: of networks of two widths
            each in that of the weights it started with.
        reference: V.

    Raises:
        InputError: other numbers of inputs, numbers that are not finite, or a reference of zeros.
    """
    if rows.shape[-1] != reference.shape[-1]:
        raise InputError(
            f"The covariances have {rows.shape[-1]} and {reference.shape[-1]} inputs: bring the "
            "weights of one network into the coordinates of the other first."
        )
    if not bool(rows.isfinite().all()):
        raise InputError("Some weights are NaN or infinite: fetch or copy the file again.")
    norm = weight_spectrum(reference).values[0]
    if not norm > 0:
        raise InputError("The weights of the reference are all 0: nothing is relative to them.")
    dtype = torch.complex128 if rows.is_complex() or reference.is_complex() else torch.float64
    parts = [each.to(dtype) / len(each) ** 0.5 for each in (rows, reference)]
    _, factor = torch.linalg.qr(torch.cat(parts).mH)
    signs = torch.cat(
        [torch.full((len(part),), sign) for part, sign in zip(parts, (1, -1), strict=True)]
    )
    apart = torch.linalg.eigvalsh((factor * signs) @ factor.mH)
    return float(apart.abs().max() / norm)
