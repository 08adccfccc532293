"""Conditional energies: the law of the details of a band, given the coarse field.

Symbols: d details, c coarse field, x = c + B^T d; E energy of fields;

    p(d | c) = exp(-E(c + B^T d)) / Z(c),      force B F(x),      Hessian B Hess E(x) B^T

Z(c) is never needed, neither to fit E nor to draw d.
"""

from torch import Tensor, nn

from scorelet.core.typing import Image, PerSample
from scorelet.models.field_energy.band import AnyBand
from scorelet.models.field_energy.energy import FieldEnergy, pull_back

_TURNS, _RELAXED = 300, 1.5  # projections, and by how much they overshoot
_MARGIN = 0.01  # of the window


class ConditionalEnergy(nn.Module):
    """p(d | c) of one band.

    Args:
        field: E, of fields without frequencies above the band.
        band: which details vary.
    """

    def __init__(self, field: FieldEnergy, band: AnyBand) -> None:
        super().__init__()
        self.field, self.band = field, band

    def given(self, coarse: Image) -> "BandEnergy":
        """Return the energy of d given coarse fields, (batch, 1, h, w), one for each sample."""
        return BandEnergy(self, coarse)


class BandEnergy:
    """The energy of details (batch, channel, h, w) around coarse fields: a `CurvedEnergy`.

    Args:
        factor: the conditional law.
        coarse: c, (batch, 1, h, w).
    """

    def __init__(self, factor: ConditionalEnergy, coarse: Tensor) -> None:
        self.factor, self.coarse = factor, coarse
        self.band, self.field = factor.band, factor.field

    def first(self) -> "BandEnergy":
        """Return the energy of the first sample alone."""
        return BandEnergy(self.factor, self.coarse[:1])

    def picture(self, d: Tensor) -> Tensor:
        """Return x = c + B^T d."""
        return self.coarse + self.band.synthesize(d)

    def entered(self, d: Tensor) -> Tensor:
        """Return details whose fields are inside the window of the potential, if d are not.

        Fields are brought to a window that is a little smaller, and then to the coarse fields that
        are given, in turn. Where no field is inside both, what comes back is not.
        """
        potential = self.field.potential
        if potential.quadratic:  # there is no window
            return d
        low, high = potential.knots[0], potential.knots[-1]
        margin = _MARGIN * (high - low)
        for _ in range(_TURNS):
            y = self.field.pixels(self.picture(d))
            outside = ((y < low) | (y > high)).flatten(1).any(1)
            if not bool(outside.any()):
                break
            over = (y - y.clamp(low + margin, high - margin)) * outside[:, None, None, None]
            d = d - _RELAXED * self.band.analyze(pull_back(over, self.field.finer))
        return d

    def energy(self, x: Image) -> PerSample:
        """Return E of each sample, at details x."""
        return self.field.energy(self.picture(x))

    def force(self, x: Image) -> Image:
        """Return B F(x)."""
        return self.energy_and_force(x)[1]

    def score(self, x: Image) -> Image:
        """Return -B F(x)."""
        return -self.force(x)

    def energy_and_force(self, x: Image) -> tuple[PerSample, Image]:
        """Return both at the cost of one."""
        energy, force = self.field.energy_and_force(self.picture(x))
        return energy, self.band.analyze(force)

    def hessian_vec(self, x: Image, v: Image) -> Image:
        """Return B Hess E B^T v."""
        return self.band.analyze(self.field.hessian_vec(self.picture(x), self.band.synthesize(v)))
