"""Lattice fields with a nearest-neighbour coupling and an even quartic potential.

Symbols: x field on an L1 x L2 periodic lattice, <ij> nearest neighbours, every bond counted once,

    E(x) = -b sum_<ij> x_i x_j + sum_i (a x_i^2 + q x_i^4),         p(x) ~ exp(-E(x))

Lap is the lattice Laplacian: x^T(-Lap)x = sum_<ij> (x_i - x_j)^2 = 4 sum x^2 - 2 sum_<ij> x_i x_j.
The φ^4 literature writes this energy in four ways; the constructors `from_..._form` read each.

References: Milchev, Heermann, Binder 1986, J. Stat. Phys. 44 (λ form); Marchand, Ozawa, Biroli,
Mallat 2022, arXiv 2207.04941 (gradient form); Guth, Coste, De Bortoli, Mallat 2022, arXiv
2208.05003, appendix (double-well form).
"""

import math
from dataclasses import astuple, dataclass
from numbers import Real

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.per_sample import sum_per_sample
from scorelet.core.typing import Image, PerSample
from scorelet.models.energy import check_fields


@dataclass(frozen=True)
class ScalarPotential:
    """The energy E(x) = -b sum_<ij> x_i x_j + sum (a x^2 + q x^4), bonds once.

    Args:
        b: coupling of neighbours.
        a, q: coefficients of the square and of the fourth power.

    Raises:
        InputError: not finite, or exp(-E) has no finite integral: that takes q > 0, or q = 0
            and a > 2 |b| (then x is Gaussian).
    """

    b: float
    a: float
    q: float

    def __post_init__(self) -> None:
        _check_coefficients(*astuple(self))
        if not (self.q > 0 or (self.q == 0 and self.a > 2 * abs(self.b))):
            raise InputError(
                f"exp(-E) of {self} has no finite integral: give q > 0, or q = 0 and a > 2 |b|."
            )

    @classmethod
    def from_lambda_form(cls, beta: float, lam: float = 1.0) -> "ScalarPotential":
        """-β sum_<ij> x_i x_j + sum (x^2 + λ (x^2 - 1)^2)."""
        return cls(beta, 1 - 2 * lam, lam)

    @classmethod
    def from_gradient_form(cls, beta: float) -> "ScalarPotential":
        """(β/2) x^T(-Lap)x + sum (x^4 - (1 + 2β) x^2): the λ form at λ = 1."""
        return cls(beta, -1.0, 1.0)

    @classmethod
    def from_hopping_form(cls, kappa: float, lam: float) -> "ScalarPotential":
        """-2κ sum_<ij> x_i x_j + sum ((1 - 2λ) x^2 + λ x^4): the λ form at β = 2κ."""
        return cls(2 * kappa, 1 - 2 * lam, lam)

    @classmethod
    def from_double_well_form(cls, beta: float, *, bonds: str = "once") -> "ScalarPotential":
        """(β/2) sum (x_i - x_j)^2 + sum (x^2 - 1)^2, its first sum over bonds once or twice.

        This is not the ensemble of the other forms: at β = 0.68 it is far from critical.
        """
        if bonds not in ("once", "twice"):
            raise InputError(f"Bonds are counted {bonds!r}: use 'once' or 'twice'.")
        b = beta if bonds == "once" else 2 * beta
        return cls(b, 2 * b - 2, 1.0)

    def rescaled(self, scale: float) -> "ScalarPotential":
        """Return the energy of y = x / scale: (b s^2, a s^2, q s^4)."""
        return ScalarPotential(self.b * scale**2, self.a * scale**2, self.q * scale**4)

    def energy(self, x: Tensor) -> PerSample:
        """Return E(x) of each field; channels are independent fields, their energies add up.

        Args:
            x: (batch, channel, height, width).

        Raises:
            InputError: `x` is not a batch of floating-point fields.
        """
        check_fields(x)
        bonds = x * (x.roll(1, -1) + x.roll(1, -2))
        square = x.square()
        return sum_per_sample(-self.b * bonds + (self.a + self.q * square) * square)

    def force(self, x: Tensor) -> Image:
        """Return +grad E(x) = -b sum_nn x + 2a x + 4q x^3; arguments as in `energy`."""
        check_fields(x)
        return -self.b * _neighbours(x) + (2 * self.a + 4 * self.q * x.square()) * x

    def score(self, x: Tensor) -> Image:
        """Return grad log p(x) = -force(x)."""
        return -self.force(x)

    def hessian_vec(self, x: Tensor, v: Tensor) -> Image:
        """Return the Hessian of E at x times v: -b sum_nn v + (2a + 12q x^2) v."""
        check_fields(x)
        check_fields(v)
        return -self.b * _neighbours(v) + (2 * self.a + 12 * self.q * x.square()) * v

    def power(self, size: int) -> Tensor:
        """Return the power spectrum E|X(w)|^2 / L^2 = 1 / (2a - 2b (cos w1 + cos w2)) if q = 0.

        Args:
            size: L.

        Returns:
            (L, L), float64, in the order of `torch.fft.fftfreq`.

        Raises:
            InputError: q > 0: the spectrum has no closed form.
        """
        if self.q > 0:
            raise InputError("The power spectrum has a closed form for q = 0 only: estimate it.")
        cosine = (2 * torch.pi * torch.fft.fftfreq(size, dtype=torch.float64)).cos()
        return 1 / (2 * self.a - 2 * self.b * (cosine[:, None] + cosine[None, :]))


def _check_coefficients(*values: object) -> None:
    for value in values:
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not (number and math.isfinite(value)):
            raise InputError(f"The potential has {value!r}: give finite numbers for coefficients.")


def _neighbours(x: Tensor) -> Tensor:
    return x.roll(1, -1) + x.roll(-1, -1) + x.roll(1, -2) + x.roll(-1, -2)
