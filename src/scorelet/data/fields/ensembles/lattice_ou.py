"""The lattice field of Ornstein and Uhlenbeck: a Gaussian whose precision joins neighbours."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.checks import check_number, check_positive
from scorelet.data.fields.ensembles.gaussian import GaussianField
from scorelet.data.fields.ensembles.grids import radians


@dataclass(frozen=True)
class LatticeOrnsteinUhlenbeck(GaussianField):
    """U(x) = mass/2 sum x^2 - coupling sum_<ij> x_i x_j, bonds counted once.

    The precision is mass Id - coupling A with A the adjacency of the periodic square lattice, so
    P(w) = 1 / (mass - 2 coupling (cos w1 + cos w2)). The variance follows from it; it is not 1.

    Args:
        mass: above 4 |coupling|, so that the precision is positive.
        coupling: of neighbours; negative values make them differ.
    """

    name: ClassVar[str] = "lattice_ou"
    formula: ClassVar[str] = (
        "Gaussian field, U = mass/2 sum x^2 - coupling sum_<ij> x_i x_j (bonds once)"
    )

    mass: float = 4.1
    coupling: float = 1.0

    def __post_init__(self) -> None:
        """Raise InputError for a precision that is not positive."""
        check_positive(mass=self.mass)
        check_number("coupling", self.coupling)
        if self.mass <= 4 * abs(self.coupling):
            raise InputError(
                f"mass = {self.mass:g} with coupling = {self.coupling:g} is no positive precision: "
                f"mass must be above {4 * abs(self.coupling):g}."
            )

    def _spectrum(self, size: int) -> Tensor:
        rows, columns = radians(size)
        return 1 / (self.mass - 2 * self.coupling * (rows.cos() + columns.cos()))
