"""The exact action of lattice φ⁴ as an energy of the family, and its Hessians in narrow bands."""

import torch
from torch import Tensor

from scorelet.models.certificates import extreme_curvatures
from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    SplinePotential,
    WholeField,
)
from scorelet.models.field_energy.band import AnyBand
from scorelet.recipes.subjects.log_concave.settings import Curvature
from scorelet.sampling import Phi4

BANDS: dict[str, AnyBand] = {
    "none": WholeField(),
    "octave": Band("db4"),
    "half": Band("db4", subdivisions=2, index=1),
    "quarter": Band("db4", subdivisions=4, index=3),
}
"""Without wavelets; and the top of the finest octave: whole, its upper half, its upper quarter."""
_EDGE, _KNOTS = 3.0, 601


def exact_action(law: Phi4) -> FieldEnergy:
    """Return E = -b sum_<ij> φ_i φ_j + sum_i (a φ_i^2 + q φ_i^4); v'' is exact to 1e-4 q."""
    knots = torch.linspace(-_EDGE, _EDGE, _KNOTS, dtype=torch.float64)
    second = 2 * law.a + 12 * law.q * knots.square()
    couplings = Couplings(((0, 1), (1, 0)), torch.full((2,), -law.b, dtype=torch.float64))
    return FieldEnergy(couplings, SplinePotential(knots, second))


def curvature_table(settings: Curvature, seed: int) -> list[dict[str, float | str]]:
    """Return mean extreme eigenvalues at fields of the law, and how often the least is positive."""
    rows: list[dict[str, float | str]] = []
    for preset in settings.presets:
        law = Phi4.preset(preset)
        x = law.sample(settings.fields, settings.side, seed).double()
        energy = exact_action(law)
        for name, band in BANDS.items():
            least, largest = extreme_curvatures(ConditionalEnergy(energy, band), x)
            rows.append({"preset": preset, "band": name, **_row(least, largest)})
    return rows


def _row(least: Tensor, largest: Tensor) -> dict[str, float]:
    return {
        "least": float(least.mean()),
        "error": float(least.std() / len(least) ** 0.5),
        "largest": float(largest.mean()),
        "positive": float((least > 0).double().mean()),
    }
