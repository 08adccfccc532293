"""The families of potentials. Another one is a file of its own, and an entry here."""

from scorelet.models.field_energy.potential import Potential
from scorelet.models.field_energy.sigmoid_potential import SigmoidPotential
from scorelet.models.field_energy.spline_potential import SplinePotential


def potential_kinds() -> dict[str, type[Potential]]:
    """Return the families of potentials by name."""
    return {kind.kind: kind for kind in (SplinePotential, SigmoidPotential)}
