"""The energy of a band in coordinates in which it is nearly round: a circulant preconditioner.

Symbols: d details of a band, E(d) their energy given the coarse field, B K B^T its couplings with
symbol S(q), Hermitian matrices over the channels; m mean of v'' over pixels of fields. The mean
Hessian is B K B^T + m Id, since A^T A = Id and B B^T = Id. With P its inverse and d = P^(1/2) u,

    E~(u) = E(P^(1/2) u),      F~(u) = P^(1/2) F(P^(1/2) u)

and Langevin steps of u are those of d with the preconditioner P: d - ε P F(d) + (2 ε P)^(1/2) z.
"""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from scorelet.core.per_sample import map_fields
from scorelet.core.typing import Image, PerSample
from scorelet.models.certificates import coupling_symbol
from scorelet.models.field_energy import BandEnergy, ConditionalEnergy
from scorelet.models.multiscale import Multiscale

ELONGATED = 10.0
"""Condition of the mean Hessian of a band from which its chains need a preconditioner."""
_FLAT = 1e-2  # of the largest eigenvalue, below which directions are not stretched further


class WhitenedBand:
    """E~ of u (batch, channel, h, w) around coarse fields: a `CurvedEnergy`.

    Args:
        energy: E.
        root: the symbol of P^(1/2), (channel, channel, h, w / 2 + 1), see `whitening_root`.
    """

    def __init__(self, energy: BandEnergy, root: Tensor) -> None:
        self.inner, self.root = energy, root
        self.coarse = energy.coarse

    def details(self, u: Image) -> Image:
        """Return d = P^(1/2) u."""
        return filtered(self.root, u)

    def whitened(self, d: Image) -> Image:
        """Return u = P^(-1/2) d."""
        inverse = torch.linalg.inv(self.root.permute(2, 3, 0, 1))
        return filtered(inverse.permute(2, 3, 0, 1), d)

    def picture(self, u: Tensor) -> Tensor:
        """Return the field of u."""
        return self.inner.picture(self.details(u))

    def energy(self, x: Image) -> PerSample:
        """Return E~ of each sample."""
        return self.inner.energy(self.details(x))

    def force(self, x: Image) -> Image:
        """Return F~."""
        return self.energy_and_force(x)[1]

    def score(self, x: Image) -> Image:
        """Return -F~."""
        return -self.force(x)

    def energy_and_force(self, x: Image) -> tuple[PerSample, Image]:
        """Return both at the cost of one."""
        energy, force = self.inner.energy_and_force(self.details(x))
        return energy, self.details(force)

    def hessian_vec(self, x: Image, v: Image) -> Image:
        """Return P^(1/2) Hess E P^(1/2) v."""
        return self.details(self.inner.hessian_vec(self.details(x), self.details(v)))

    def first(self) -> "WhitenedBand":
        """Return the energy of the first sample alone."""
        return WhitenedBand(self.inner.first(), self.root)


def filtered(symbol: Tensor, u: Image) -> Image:
    """Return fields whose channels are mixed by a symbol, frequency by frequency."""
    heard = map_fields(torch.fft.rfft2, u).unsqueeze(1)
    spectrum = torch.zeros_like(heard[:, 0])
    for channel in range(u.shape[1]):
        spectrum += symbol[:, channel] * heard[:, :, channel]
    return map_fields(partial(torch.fft.irfft2, s=u.shape[-2:]), spectrum)


def whitening_root(factor: ConditionalEnergy, size: tuple[int, int], curvature: float) -> Tensor:
    """Return the symbol of P^(1/2), (channel, channel, h, w / 2 + 1), Hermitian.

    Args:
        factor: the conditional law.
        size: of its fields.
        curvature: m. Eigenvalues of S + m below a hundredth of the largest size are raised to that.
    """
    symbol = coupling_symbol(factor, size)
    values, vectors = torch.linalg.eigh(symbol[:, : symbol.shape[1] // 2 + 1])
    values = values + curvature
    least = _FLAT * float(values.abs().max()) or 1.0  # an energy that is 0 is left as it is
    stretch = values.clamp_min(least).rsqrt().to(vectors.dtype)
    root = (vectors * stretch[..., None, :]) @ vectors.mH
    return root.permute(2, 3, 0, 1).contiguous()


def is_elongated(factor: ConditionalEnergy, size: tuple[int, int], curvature: float) -> bool:
    """Whether the mean Hessian, S + m, has a condition number above `ELONGATED`.

    It has where some eigenvalues are positive and others are not, and none where all are negative.
    """
    values = torch.linalg.eigvalsh(coupling_symbol(factor, size)) + curvature
    return float(values.max()) > ELONGATED * max(0.0, float(values.min()))


def is_positive(factor: ConditionalEnergy, size: tuple[int, int], curvature: float) -> bool:
    """Whether the mean Hessian, S + m, is positive: where it is not chains leave the fields."""
    values = torch.linalg.eigvalsh(coupling_symbol(factor, size)) + curvature
    return float(values.min()) > 0


def mean_curvatures(model: Multiscale[ConditionalEnergy], x: Tensor) -> list[float]:
    """Return m of each band that chains sample, coarse to fine, at fields (n, 1, h, w)."""
    return [mean_curvature(factor, y) for factor, y in _fine_to_coarse(model, x)][::-1]


def _fine_to_coarse(
    model: Multiscale[ConditionalEnergy], x: Tensor
) -> Iterator[tuple[ConditionalEnergy, Tensor]]:
    """Yield what chains sample, each with its fields."""
    for factor in reversed(model.details):
        yield factor, x
        x = factor.band.lower(x)
    if isinstance(model.coarse, ConditionalEnergy):
        yield model.coarse, x


def mean_curvature(factor: ConditionalEnergy, x: Tensor) -> float:
    """Return m of one band at fields (n, 1, h, w)."""
    return float(factor.field.potential.second(factor.field.pixels(x)).mean())
