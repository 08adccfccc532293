"""The normal equations of score matching, from correlations.

Symbols: x fields (n, h, w); Π projector on the details of a band; Φ_i the terms of the energy
E = sum_i θ_i Φ_i(x): couplings x^T K_s x / 2 with K_0 = Id, K_s = T_s + T_-s, and potentials
sum_u ρ_k(x(u)). Derivatives are those along details only:

    loss(θ) = E[ |Π grad E|^2 / 2 - tr(Π Hess E) ],     minimised by    H θ = g,
    H_ij = E <Π grad Φ_i, Π grad Φ_j>,                  g_i = E tr(Π Hess Φ_i)

With X the Fourier transform of x, c_s(w) the symbol of K_s, and p the shifts of frequency by
2 pi / period that a band mixes (its aliases), Π X(w) = sum_p Q_p(w) X(w + p), and

    H_st = sum_w c_s(w) sum_p Q_p(w) E[X*(w) X(w + p)] c_t(w + p) / (h w)
    H_sk = correlation of Π ρ_k'(x) with x at the lags s and -s
    H_kl = E <Π ρ_k'(x), Π ρ_l'(x)>,                    g_k = sum_u E ρ_k''(x(u)) Π_uu

Where potentials act on pixels of a finer grid, A x, read A^T ρ'(A x) for ρ'(x), and A Π A^T for Π
in the last sum. What is kept of the fields is E[X*(w) X(w + p)], and one cross-spectrum for each
ρ_k: it does not grow with the number of fields, nor with that of shifts. Laplacians are exact.

References: Hyvärinen 2005; Guth, Lempereur, Bruna, Mallat 2023, arXiv 2306.00181.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.typing import Image
from scorelet.models.field_energy import Band, Couplings, FieldEnergy, Potential
from scorelet.models.field_energy.band import AnyBand
from scorelet.models.field_energy.couplings import Shift, cosines
from scorelet.models.field_energy.energy import pixels_of, pull_back
from scorelet.training.score_matching.projector import Projector, finer_diagonal

_PIECE = 1 << 21  # numbers in a stack of maps: 16 MB


@dataclass(frozen=True)
class Equations:
    """H θ = g, means over `count` fields; couplings first, then potentials, then the slope.

    Args:
        matrix: H.
        right: g.
        count: n.
    """

    matrix: Tensor
    right: Tensor
    count: int

    def __add__(self, other: "Equations") -> "Equations":
        """Return the equations of both sets of fields together."""
        return self._combined(other, 1)

    def __sub__(self, other: "Equations") -> "Equations":
        """Return the equations without those of a part of the fields."""
        return self._combined(other, -1)

    def loss(self, theta: Tensor) -> float:
        """Return θ^T H θ / 2 - θ^T g."""
        return float(theta @ self.matrix @ theta / 2 - theta @ self.right)

    def _combined(self, other: "Equations", sign: int) -> "Equations":
        count = self.count + sign * other.count
        shares = self.count / count, sign * other.count / count
        return Equations(
            shares[0] * self.matrix + shares[1] * other.matrix,
            shares[0] * self.right + shares[1] * other.right,
            count,
        )


class BandMoments:
    """What the fields of a set contribute to H and g of one band, in blocks.

    Args:
        band: whose details vary.
        shifts: s of the couplings.
        potential: the family ρ_k.
        size: (h, w).
        slope: with a term a sum_u x(u), for whole fields.
        even: v(t) = v(-t); knots must be symmetric. One term stands for two weights then.
        finer: see `FieldEnergy`.
    """

    def __init__(
        self,
        band: AnyBand,
        shifts: tuple[Shift, ...],
        potential: Potential,
        size: tuple[int, int],
        *,
        slope: bool = False,
        even: bool = False,
        finer: Band | None = None,
    ) -> None:
        self.band, self.shifts, self.potential, self.size = band, shifts, potential, size
        self.slope, self.even, self.finer = slope, even, finer
        self.projector = Projector.of(band, size)
        self._share = (
            self.projector.diagonal if finer is None else finer_diagonal(band, finer, size)
        )
        knots = len(potential.knots)
        self.knots = (knots + 1) // 2 if even else knots
        self.terms = self.knots + int(slope)
        self._reset()

    def add(self, x: Image) -> None:
        """Take fields (batch, 1, h, w), float64, without frequencies above the band."""
        finer = 1 if self.finer is None else self.finer.period**2
        most = max(1, _PIECE // (max(1, self.terms) * x[0].numel() * finer))
        for piece in x.split(most):
            self._add(piece)

    def take(self) -> Equations:
        """Return the equations of the fields since the last call, and forget them."""
        height, width = self.size
        n, pixels = self._count, height * width
        m = len(self.shifts)
        matrix = torch.zeros(m + self.terms, m + self.terms, dtype=torch.float64)
        waves = cosines(self.shifts, height, width)
        turned = self.projector.aliases(waves)  # (q, alias, shift)
        products = self.projector.symbol * self._spectra / n
        mixed = torch.bmm(products, turned.to(products)).real / pixels
        matrix[:m, :m] = torch.einsum("qas,qat->st", turned, mixed)
        lags = torch.fft.irfft2(self._crossed / n, s=self.size)
        matrix[m:, :m] = at_lags(lags, self.shifts)
        matrix[:m, m:] = matrix[m:, :m].T
        matrix[m:, m:] = self._gram / n
        diagonal = self.projector.symbol.diagonal(dim1=1, dim2=2).real
        coupled = torch.einsum("qa,qas->s", diagonal, turned)
        right = torch.cat([coupled, self._laplacian / n])
        self._reset()
        return Equations((matrix + matrix.T) / 2, right, n)

    def _reset(self) -> None:
        height, width = self.size
        kind = torch.complex128
        self._count = 0
        self._spectra = torch.zeros(self.projector.symbol.shape, dtype=kind)
        self._crossed = torch.zeros(self.terms, height, width // 2 + 1, dtype=kind)
        self._gram = torch.zeros(self.terms, self.terms, dtype=torch.float64)
        self._laplacian = torch.zeros(self.terms, dtype=torch.float64)

    def _add(self, x: Tensor) -> None:
        self._count += len(x)
        full = self.projector.aliases(torch.fft.fft2(x[:, 0]))  # (q, alias, field)
        self._spectra += torch.bmm(full.conj(), full.mT)
        half = torch.fft.rfft2(x[:, 0])
        n, k = len(x), self.terms
        slopes = x.new_empty(k, *x.shape)
        pixels = pixels_of(x, self.finer)
        for i in range(self.knots):
            slope, curvature = self.derivatives(pixels, i)
            slopes[i] = pull_back(slope, self.finer)
            self._laplacian[i] += (curvature.sum((0, 1)) * self._share).sum()
        if self.slope:
            slopes[-1] = 1.0
        details = self.band.analyze(slopes.flatten(0, 1))
        flat = details.reshape(k, -1)
        self._gram += flat @ flat.T
        maps = self.band.synthesize(details).reshape(k, n, *self.size)
        self._crossed += (torch.fft.rfft2(maps).conj() * half).sum(1)

    def derivatives(self, y: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return the first and second derivatives of term k at pixels y, made even if wanted."""
        slope, curvature = self.potential.slope(y, k), self.potential.curvature(y, k)
        if self.even:
            slope = slope - self.potential.slope(-y, k)
            curvature = curvature + self.potential.curvature(-y, k)
        return slope, curvature

    def values(self, x: Image) -> Tensor:
        """Return the terms Φ of each field, (batch, terms), in the order of the equations."""
        power = torch.fft.rfft2(x[:, 0]).abs().square()
        lags = at_lags(torch.fft.irfft2(power, s=self.size), self.shifts) / 2
        pixels = pixels_of(x, self.finer)
        columns = [
            self.potential.with_weights(self.weights_of(unit)).derivatives(pixels)[0].sum((1, 2, 3))
            for unit in torch.eye(self.knots, dtype=torch.float64)
        ]
        if self.slope:
            columns.append(x.sum((1, 2, 3)))
        return torch.cat([lags, torch.stack(columns, 1)], 1)

    def gradients(self, x: Image) -> Iterator[Tensor]:
        """Yield B grad Φ of each term, (batch, channel, h, w), in the same order."""
        for shift in self.shifts:
            yield self.band.analyze(x if shift == (0, 0) else _both_ways(x, shift))
        pixels = pixels_of(x, self.finer)
        for k in range(self.knots):
            slope = self.derivatives(pixels, k)[0]
            yield self.band.analyze(pull_back(slope, self.finer))
        if self.slope:
            yield self.band.analyze(torch.ones_like(x))

    def energy(self, theta: Tensor) -> FieldEnergy:
        """Return the energy of parameters in the order of the equations."""
        m, k = len(self.shifts), self.knots
        potential = self.potential.with_weights(self.weights_of(theta[m : m + k]))
        slope = float(theta[m + k]) if self.slope else 0.0
        couplings = Couplings(self.shifts, theta[:m])
        return FieldEnergy(couplings, potential, slope=slope, finer=self.finer)

    def weights_of(self, parameters: Tensor) -> Tensor:
        """Return the weights of all knots; where v is even, one parameter stands for two."""
        if not self.even:
            return parameters
        rest = parameters.new_zeros(len(self.potential.knots) - self.knots)
        other = torch.cat([parameters, rest])
        return other + other.flip(0)  # the middle one of an odd number is its own mirror image


def _both_ways(x: Tensor, shift: Shift) -> Tensor:
    """Return T_s x + T_-s x."""
    a, b = shift
    return x.roll((a, b), (-2, -1)) + x.roll((-a, -b), (-2, -1))


def at_lags(lags: Tensor, shifts: tuple[Shift, ...]) -> Tensor:
    """Return sum over the field of f (K_s x), (potential, shift), from correlations at all lags."""
    height, width = lags.shape[-2:]
    columns = [lags.new_zeros(len(lags), 0)]
    for a, b in shifts:
        forth = lags[:, a % height, b % width]
        back = lags[:, -a % height, -b % width]
        columns.append((forth if (a, b) == (0, 0) else forth + back)[:, None])
    return torch.cat(columns, 1)
