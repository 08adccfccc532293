"""How log-concave the conditional laws of a cascade are: bounds on the curvature of energies.

Symbols: d details of a band, x field; H = B (K + A^T diag v''(A x) A) B^T the Hessian of the energy
in d; α <= H <= β. A law with α > 0 everywhere is strongly log-concave: score matching bounds its
error, KL <= I / (2 α), and Langevin dynamics forgets its start at a rate that α and β alone decide.

Two certificates, of different strength:

- at fields: the least and the largest eigenvalue of H at each field of a set, by Lanczos iterations
  with exact products. It says what happens at such fields, no more. A Ritz pair (θ, u) leaves a
  residual r = H u - θ u, |u| = 1, and H has an eigenvalue λ with |λ - θ| <= |r|; a field counts as
  log-concave where θ - |r| > 0 for the least θ. That this λ is the least one rests on the random
  start, which has a part along every eigenvector. An iteration goes on while |r| is a sizeable
  share of |θ|, up to `MOST_STEPS`; what is below the uniform α, or above β, gives way to it.
- uniform: α >= min_q λ_min(S(q)) + inf v'', β <= max_q λ_max(S(q)) + sup v'', with S the symbol of
  B K B^T, a Hermitian matrix for each frequency q of the coefficients. It holds at all fields, and
  is pessimistic: no field has its least v'' in all pixels.

References: Guth, Lempereur, Bruna, Mallat 2023, arXiv 2306.00181; Bakry, Emery 1985; Parlett, The
Symmetric Eigenvalue Problem, theorem 4.5.1 (residuals).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.models.field_energy import ConditionalEnergy

LANCZOS_STEPS = 40
MOST_STEPS = 160
_UNSURE = 0.05  # residual over Ritz value, above which an iteration goes on
_SEED = 977
_BROKEN = 1e-10  # of the largest coefficient: the space that the start spans is exhausted
_BINS = 48
_PIECE = 1 << 22  # numbers in the vectors that an iteration keeps: 32 MB


class Ritz(NamedTuple):
    """What Lanczos iterations know of the spectra of a batch of symmetric operators.

    Attributes:
        values: Ritz values in rising order, (batch, k).
        weights: their shares of the start, (batch, k), of sum 1. For starts without a direction of
            their own values and weights are a quadrature of the density of eigenvalues.
        residuals: within so much of a value there is an eigenvalue, (batch, k).
    """

    values: Tensor
    weights: Tensor
    residuals: Tensor

    @property
    def extremes(self) -> tuple[Tensor, Tensor]:
        """The least value less its residual, the largest plus its residual, (batch) each."""
        values, residuals = self.values, self.residuals
        return values[:, 0] - residuals[:, 0], values[:, -1] + residuals[:, -1]

    @property
    def is_unsure(self) -> Tensor:
        """Whether an extreme value has a residual that is a sizeable share of it, (batch)."""
        ends = [0, -1]
        return (self.residuals[:, ends] > _UNSURE * self.values[:, ends].abs()).any(1)

    def density(self) -> dict[str, list[float]]:
        """Return the mean density of eigenvalues: `edges` of bins, and the `share` in each."""
        low, high = float(self.values.min()), float(self.values.max())
        margin = 0.02 * (high - low) or 0.5
        edges = torch.linspace(low - margin, high + margin, _BINS + 1, dtype=torch.float64)
        weights = self.weights.flatten() / len(self.weights)
        share, _ = torch.histogram(self.values.flatten(), edges, weight=weights)
        return {"edges": edges.tolist(), "share": share.tolist()}


@dataclass(frozen=True)
class BandCertificate:
    """Curvatures of one band.

    Args:
        size: of its fields, (h, w).
        least, largest: bounds of the extreme eigenvalues of H at each field, (n): θ - |r| of the
            least Ritz value, θ + |r| of the largest, within the uniform bounds.
        residual: |r| of the least Ritz value at each field, (n).
        alpha, beta: the uniform bounds.
        spectrum: the density of eigenvalues, see `Ritz.density`.
    """

    size: tuple[int, int]
    least: Tensor
    largest: Tensor
    residual: Tensor
    alpha: float
    beta: float
    spectrum: dict[str, list[float]]

    @property
    def holds_at_fields(self) -> bool:
        """Whether H is positive at every field of the set."""
        return bool((self.least > 0).all())

    @property
    def holds_uniformly(self) -> bool:
        """Whether the energy is strongly convex in d everywhere."""
        return self.alpha > 0

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON can say them; a condition number is None where α <= 0."""
        least, largest = self.least, self.largest
        positive = bool((least > 0).all())
        return {
            "size": list(self.size),
            "fields": len(least),
            "least_mean": float(least.mean()),
            "least_min": float(least.min()),
            "residual_max": float(self.residual.max()),
            "least_1_percent": float(torch.quantile(least, 0.01)),
            "largest_mean": float(largest.mean()),
            "largest_max": float(largest.max()),
            "share_positive": float((least > 0).double().mean()),
            "kappa": float((largest / least).mean()) if positive else None,
            "alpha_uniform": self.alpha,
            "beta_uniform": self.beta if math.isfinite(self.beta) else None,
            "holds_at_fields": self.holds_at_fields,
            "holds_uniformly": self.holds_uniformly,
            "spectrum": self.spectrum,
        }


def certify(
    factor: ConditionalEnergy, x: Image, *, on_fields: Callable[[int], None] | None = None
) -> BandCertificate:
    """Return the certificates of one band.

    Args:
        factor: the conditional law.
        x: fields that were not fitted, (n, 1, h, w), without frequencies above the band.
        on_fields: is told how many more fields were looked at.
    """
    found = curvatures(factor, x, on_fields=on_fields)
    size = int(x.shape[-2]), int(x.shape[-1])
    alpha, beta = uniform_bounds(factor, size)
    least, largest, residual = _sharpened(factor, x, found)
    least, largest = least.clamp(min=alpha), largest.clamp(max=beta)
    return BandCertificate(size, least, largest, residual, alpha, beta, found.density())


def extreme_curvatures(factor: ConditionalEnergy, x: Image) -> tuple[Tensor, Tensor]:
    """Return the least and the largest eigenvalue of H at each field, (n) each, float64."""
    least, largest, _ = _sharpened(factor, x, curvatures(factor, x))
    alpha, beta = uniform_bounds(factor, (int(x.shape[-2]), int(x.shape[-1])))
    return least.clamp(min=alpha), largest.clamp(max=beta)


def curvatures(
    factor: ConditionalEnergy, x: Image, *, on_fields: Callable[[int], None] | None = None
) -> Ritz:
    """Return what is known of the eigenvalues of H at each field (n, 1, h, w), some at a time."""
    most = max(1, _PIECE // (LANCZOS_STEPS * x[0].numel()))
    pieces = [range(start, min(start + most, len(x))) for start in range(0, len(x), most)]

    def look(rows: range) -> Ritz:
        found = _curvatures(factor, x[rows.start : rows.stop].double(), rows, LANCZOS_STEPS)
        if on_fields:
            on_fields(len(rows))
        return found

    found = [look(rows) for rows in pieces]
    return Ritz(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def _sharpened(factor: ConditionalEnergy, x: Image, found: Ritz) -> tuple[Tensor, Tensor, Tensor]:
    """Return the extremes of `found` and |r| of the least value, of longer iterations if need be.

    They are those of a field, whatever others there are.
    """
    (least, largest), residual = found.extremes, found.residuals[:, 0].clone()
    unsure, steps = found.is_unsure.nonzero()[:, 0], LANCZOS_STEPS
    while len(unsure) and steps < MOST_STEPS:
        steps = min(2 * steps, MOST_STEPS)
        left = []
        for rows in unsure.split(max(1, _PIECE // (steps * x[0].numel()))):
            again = _curvatures(factor, x[rows].double(), rows.tolist(), steps)
            least[rows], largest[rows] = again.extremes
            residual[rows] = again.residuals[:, 0]
            left.append(rows[again.is_unsure])
        unsure = torch.cat(left)
    return least, largest, residual


def _curvatures(factor: ConditionalEnergy, x: Tensor, numbers: Sequence[int], steps: int) -> Ritz:
    band, hessian = factor.band, factor.field.hessian_at(x)

    def product(v: Tensor) -> Tensor:
        return band.analyze(hessian(band.synthesize(v)))

    shape = (len(x), *band.detail_shape(*x.shape[-2:]))
    start = Noise(_SEED, numbers).normal(torch.empty(shape, dtype=torch.float64))
    return lanczos(product, start, steps=steps)


def uniform_bounds(factor: ConditionalEnergy, size: tuple[int, int]) -> tuple[float, float]:
    """Return α and β that hold at all fields of this size."""
    values = torch.linalg.eigvalsh(coupling_symbol(factor, size))
    potential = factor.field.potential
    low, high = potential.least_curvature(), potential.largest_curvature()
    return float(values.min()) + low, float(values.max()) + high


def coupling_symbol(factor: ConditionalEnergy, size: tuple[int, int]) -> Tensor:
    """Return S, the symbol of B K B^T, (h', w', channel, channel), complex, Hermitian.

    B K B^T commutes with shifts of coefficients, so its answers to one impulse in each channel say
    all of it.
    """
    channels, height, width = factor.band.detail_shape(*size)
    impulses = torch.zeros(channels, channels, height, width, dtype=torch.float64)
    impulses[range(channels), range(channels), 0, 0] = 1
    pulled = factor.field.couplings.product(factor.band.synthesize(impulses))
    answers = torch.fft.fft2(factor.band.analyze(pulled))  # (sent, heard, h', w')
    symbol = answers.permute(2, 3, 1, 0)
    return (symbol + symbol.mH) / 2


def lanczos(
    product: Callable[[Tensor], Tensor], start: Tensor, *, steps: int = LANCZOS_STEPS
) -> Ritz:
    """Return what Lanczos iterations find of symmetric operators, one for each sample of a batch.

    Args:
        product: the operators, applied to a batch.
        start: vectors, (batch, ...).
        steps: of the iteration; vectors are kept, and made orthogonal to all before.

    Returns:
        Ritz values; the extreme ones are nearly always next to the extreme eigenvalues.
    """
    count, shape = len(start), start.shape
    steps = min(steps, start[0].numel())
    basis = [_normalised(start.flatten(1))]
    diagonal, beside = [], []
    for _ in range(steps):
        w = product(basis[-1].reshape(shape)).flatten(1)
        diagonal.append((w * basis[-1]).sum(1))
        w = _orthogonal(w, basis)
        length = w.norm(dim=1)
        broken = length <= _BROKEN * torch.stack(diagonal).abs().amax(0).clamp_min(1e-30)
        beside.append(length.masked_fill(broken, 0.0))
        if bool(broken.any()):  # a space of its own: go on in another one
            fresh = Noise(_SEED + 1, range(count), step=len(basis)).normal(w)
            w = torch.where(broken[:, None], _orthogonal(fresh, basis), w)
        basis.append(_normalised(w))
    matrix = torch.diag_embed(torch.stack(diagonal, 1))
    if steps > 1:
        off = torch.stack(beside[:-1], 1)
        matrix = matrix + torch.diag_embed(off, 1) + torch.diag_embed(off, -1)
    values, vectors = torch.linalg.eigh(matrix)
    return Ritz(values, vectors[:, 0].square(), beside[-1][:, None] * vectors[:, -1].abs())


def _normalised(w: Tensor) -> Tensor:
    return w / w.norm(dim=1, keepdim=True).clamp_min(1e-300)


def _orthogonal(w: Tensor, basis: list[Tensor]) -> Tensor:
    """Subtract the parts along the basis, twice, since rounding leaves some of the first time."""
    stacked = torch.stack(basis, 1)
    for _ in range(2):
        w = w - torch.einsum("nk,nkd->nd", torch.einsum("nkd,nd->nk", stacked, w), stacked)
    return w
