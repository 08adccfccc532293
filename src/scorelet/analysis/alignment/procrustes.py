"""The orthogonal map that aligns the activations of one network with those of another.

Symbols: M = E[a bᴴ] (d_a, d_b), a of the reference and b of the other network. Among A with
Aᴴ A = 1, ‖a - A b‖² is least in the mean for A = U Vᴴ, M = U S Vᴴ, where it is

    E ‖a - A b‖² = E ‖a‖² + E ‖b‖² - 2 ‖M‖₁,       ‖M‖₁ = tr S,

and the similarity is r² = ‖M‖₁ / √(E ‖a‖² E ‖b‖²), between 0 and 1. Signals that vary independently
have M = E[a] E[b]ᴴ, so that their means alone give r² = ‖E a‖ ‖E b‖ / √(E ‖a‖² E ‖b‖²), which is
large after a rectifier. "Rotations" include reflections. If d_b > d_a, A can only be a partial
isometry: a part of b is lost.

The factor U Vᴴ is also the limit of X ← X (3 - Xᴴ X)/2 (Newton-Schulz), products only, if all
singular values are positive.

References: Schönemann, Psychometrika 1966; Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv
2305.18512, eqs. 5 to 7; Higham, Functions of Matrices, 2008, section 8.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.alignment.moments import CrossMoments
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.words import counted, listed

_STEPS = 100
_PATIENCE = 1e-12  # of Xᴴ X = 1
_NOTHING = 1e-6  # of the largest singular value of M: below it a direction is rounding


@dataclass(frozen=True, repr=False)
class Rotation(Brief):
    """What brings activations of a network into the coordinates of a reference.

    Attributes:
        matrix: A, (d_a, d_b): a ≈ A b.
        similarity: r², of the samples that A was fitted to; NaN where a network is silent.
        error: E ‖a - A b‖² / E ‖a‖², of the same samples; 2 - 2 r² for equal powers.
        samples: pictures times positions.
        directions: that the samples determine, singular values of M above 1e-6 of the largest; in
            all others A is arbitrary.
        determined: (d_a, directions), orthonormal columns that span them in the reference; None if
            these are all, min(d_a, d_b), or none.
    """

    matrix: Tensor
    similarity: float
    error: float
    samples: int
    directions: int
    determined: Tensor | None = None

    @property
    def is_isometry(self) -> bool:
        """Whether nothing of b is lost."""
        return self.matrix.shape[0] >= self.matrix.shape[1]

    @property
    def is_determined(self) -> bool:
        """Whether the samples determine at least half of the directions that are rotated."""
        return 2 * self.directions >= min(self.matrix.shape)

    def measure(self, moments: CrossMoments) -> tuple[float, float]:
        """Return (similarity, error) on other samples than those that A was fitted to."""
        if moments.diagonal:
            overlap = float((self.matrix.diagonal().conj() * moments.products).real.sum())
        else:
            overlap = float((self.matrix.conj() * moments.products).real.sum())
        return similarity_and_error(overlap, moments.powers)


def procrustes(
    moments: CrossMoments, *, real: bool = False, copies: int = 1, polar: str = "svd"
) -> Rotation:
    """Return the rotation that fits best.

    Args:
        moments: of reference and other network, in this order.
        real: A shall be real though activations are complex, as where weights are real.
        copies: each channel enters so many times, one copy beside the other (as after fixed
            filters): all copies are turned by one small rotation, A = A_c ⊗ 1.
        polar: "svd", or "newton-schulz": products only; where some singular values are nearly 0 it
            falls back to "svd".

    Raises:
        InputError: no samples, activations that are all 0, or numbers that do not fit.
    """
    refuse_silent(moments)
    products = moments.products.real if real else moments.products
    small = summed_blocks(products.contiguous(), copies)
    factor = polar_factor(small, by=polar)
    values, left = torch.linalg.eigh(small @ factor.mH)  # U S Uᴴ
    kept = values > _NOTHING * values.max()
    overlap = float((factor.conj() * small).real.sum())
    similarity, error = similarity_and_error(overlap, moments.powers)
    count = int(kept.sum())
    determined = None if count == min(small.shape) else _repeated(left[:, kept], copies)
    matrix = _repeated(factor, copies)
    return Rotation(matrix, similarity, error, moments.count, copies * count, determined)


def _repeated(matrix: Tensor, copies: int) -> Tensor:
    """Return X ⊗ 1."""
    once = torch.eye(copies, dtype=matrix.dtype)
    return torch.kron(matrix.contiguous(), once) if copies > 1 else matrix


def refuse_silent(moments: CrossMoments) -> None:
    """Refuse activations that are all 0 in one network, or that nobody has seen.

    Raises:
        InputError: such activations.
    """
    if not moments.count or not min(moments.powers) > 0:
        raise InputError("all activations of a network are 0: nothing can be aligned")


def similarity_of_means(moments: CrossMoments, *, real: bool = False, copies: int = 1) -> float:
    """Return the r² that signals of these means and powers have if they vary independently.

    Args:
        moments, real, copies: as `procrustes`.
    """
    first, second = (total.reshape(-1, copies) for total in moments.sums)
    if real:
        first, second = (torch.cat([x.real, x.imag], 1) for x in (first + 0j, second.conj() + 0j))
    small = torch.linalg.qr(first)[1] @ torch.linalg.qr(second)[1].mT
    overlap = float(torch.linalg.svdvals(small).sum()) / max(moments.count, 1)
    return similarity_and_error(overlap, moments.powers)[0]


def undetermined(rotations: Mapping[str, Rotation]) -> list[str]:
    """Say, in one sentence without a full stop or none, at which layers A is mostly arbitrary.

    Args:
        rotations: by the name of the layer.
    """
    poor = {name: found for name, found in rotations.items() if not found.is_determined}
    if not poor:
        return []
    shares = {name: found.directions / min(found.matrix.shape) for name, found in poor.items()}
    worst = min(shares, key=shares.__getitem__)
    whole = counted(min(poor[worst].matrix.shape), "direction")
    return [
        f"the signals of these pictures do not span {listed(list(poor))}: those of {worst} have "
        f"{poor[worst].directions} of {whole}, so the rotation "
        "is arbitrary in the others; give pictures that differ more (channels that are 0 on all "
        "pictures stay so)"
    ]


def identity(moments: CrossMoments, *, real: bool = False) -> Rotation:
    """Return A = 1, for activations that have the same coordinates already, with its errors."""
    products = moments.products if moments.diagonal else moments.products.diagonal()
    first, second = moments.products.shape[0], moments.products.shape[-1]
    if first != second:
        raise InputError(f"the networks have {first} and {second} inputs, which must be the same")
    dtype = torch.float64 if real else moments.products.dtype
    overlap = float(products.real.sum())
    similarity, error = similarity_and_error(overlap, moments.powers)
    return Rotation(torch.eye(first, dtype=dtype), similarity, error, moments.count, first)


def nothing(moments: CrossMoments, *, real: bool = False) -> Rotation:
    """Return a rotation that nothing is known of: a network is silent there, similarity NaN."""
    first, second = moments.products.shape[0], moments.products.shape[-1]
    dtype = torch.float64 if real else moments.products.dtype
    matrix = torch.eye(first, second, dtype=dtype)
    return Rotation(matrix, math.nan, math.nan, moments.count, 0)


def similarity_and_error(overlap: float, powers: tuple[float, float]) -> tuple[float, float]:
    """Return (similarity, error) for Re tr Aᴴ M and the powers of both networks.

    Both are NaN where a network is silent.
    """
    first, second = powers
    if not min(powers) > 0:
        return math.nan, math.nan
    return overlap / (first * second) ** 0.5, (first + second - 2 * overlap) / first


def summed_blocks(products: Tensor, copies: int) -> Tensor:
    """Sum the diagonal blocks of M between equal copies: (c_a K, c_b K) → (c_a, c_b)."""
    if copies < 1 or any(size % copies for size in products.shape):
        raise InputError(f"{tuple(products.shape)} activations are no {copies} copies of channels")
    rows, columns = (size // copies for size in products.shape)
    return torch.einsum("akbk->ab", products.reshape(rows, copies, columns, copies))


def polar_factor(matrix: Tensor, *, by: str = "svd") -> Tensor:
    """Return U Vᴴ of a matrix U S Vᴴ.

    Args:
        matrix: real or complex, in double precision.
        by: "svd" or "newton-schulz".

    Raises:
        InputError: another name.
    """
    if by == "newton-schulz":
        found = newton_schulz(matrix)
        if found is not None:
            return found
    elif by != "svd":
        raise InputError(f"polar is {by!r}: it must be svd or newton-schulz.")
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    return left @ right


def newton_schulz(matrix: Tensor) -> Tensor | None:
    """Return U Vᴴ by products only, or None where that does not converge.

    A singular value below the largest times 1e-6 needs more than 35 steps to come up to 1.
    """
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.mH
    x = tall / torch.linalg.matrix_norm(tall).clamp(min=1e-300)
    for _ in range(_STEPS):
        gram = x.mH @ x
        gap = float((gram - torch.eye(len(gram), dtype=gram.dtype)).abs().max())
        if gap < _PATIENCE:
            return x if tall is matrix else x.mH
        x = 1.5 * x - 0.5 * (x @ gram)
    return None
