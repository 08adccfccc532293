"""A density of one number: the coarsest factor of a cascade, a field of a single pixel.

Symbols: t the number; p(t) = exp(-v(t) - a t) / Z; v a potential.

In one dimension Z is an integral over a grid, so that densities are normalised, and samples are
exact: t = P^-1(u), P the cumulative distribution, u uniform.
"""

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, PerSample
from scorelet.models.field_energy.potential import Potential
from scorelet.models.renewal import follow_loading

GRID = 4096
_REACH = 50.0  # of the energy above its minimum: exp(-50) = 2e-22


class ScalarDensity(nn.Module):
    """p(t), normalised.

    Args:
        potential: v.
        slope: a.

    Raises:
        InputError: the energy is unbounded below, so that exp(-E) has no integral.
    """

    slope: Tensor
    _grid: Tensor
    _cumulative: Tensor

    def __init__(self, potential: Potential, *, slope: float = 0.0) -> None:
        super().__init__()
        self.potential = potential
        self.register_buffer("slope", potential.knots.new_tensor(slope))
        self.renew()
        follow_loading(self)

    def renew(self) -> None:
        """Compute the integral again, of another potential or slope.

        Raises:
            InputError: the energy is unbounded below.
        """
        potential, slope = self.potential, float(self.slope)
        grid = _find_grid(potential, slope)
        energy = potential.derivatives(grid)[0] + slope * grid
        density = torch.exp(energy.min() - energy)
        area = torch.cat([density.new_zeros(1), (density[1:] + density[:-1]) / 2 * grid.diff()])
        cumulative = area.cumsum(0)
        self.register_buffer("_grid", grid, persistent=False)
        self.register_buffer("_cumulative", cumulative / cumulative[-1], persistent=False)
        self.log_z = float(cumulative[-1].log() - energy.min())

    def energy(self, x: Image) -> PerSample:
        """Return -log p of fields (batch, 1, 1, 1), normalised, (batch,)."""
        t = x.flatten()
        return self.potential.derivatives(t)[0] + self.slope.to(x) * t + self.log_z

    def force(self, x: Image) -> Image:
        """Return v'(t) + a."""
        return self.potential.derivatives(x)[1] + self.slope.to(x)

    def score(self, x: Image) -> Image:
        """Return -F."""
        return -self.force(x)

    def quantile(self, u: Tensor) -> Tensor:
        """Return P^-1(u): samples of p, if u is uniform on (0, 1)."""
        cumulative, grid = self._cumulative.to(u), self._grid.to(u)
        right = torch.searchsorted(cumulative, u.contiguous()).clamp(1, len(grid) - 1)
        low, high = cumulative[right - 1], cumulative[right]
        share = ((u - low) / (high - low).clamp_min(torch.finfo(u.dtype).tiny)).clamp(0, 1)
        return grid[right - 1] + share * (grid[right] - grid[right - 1])


def _find_grid(potential: Potential, slope: float) -> Tensor:
    """Return GRID places that hold all of the density but exp(-50) of its height."""
    low, high = float(potential.knots[0]), float(potential.knots[-1])
    if not potential.quadratic:  # the window ends there
        return torch.linspace(low, high, GRID, dtype=torch.float64)
    inner = torch.linspace(low, high, GRID, dtype=torch.float64)
    least = float((potential.derivatives(inner)[0] + slope * inner).min())
    ends = []
    for end, sign in ((low, -1.0), (high, 1.0)):
        t = torch.tensor([end], dtype=torch.float64)
        value, first = (float(z) for z in potential.derivatives(t))
        value, first = value + slope * end - least, sign * (first + slope)
        second = float(potential.second(t))
        if second < 0 or (second == 0 and first <= 0):
            raise InputError(
                "The energy of the coarsest field is unbounded below: exp(-E) has no integral. "
                "Fit more fields, or fewer knots."
            )
        ends.append(end + sign * _distance(value, first, second))
    return torch.linspace(*ends, GRID, dtype=torch.float64)


def _distance(value: float, first: float, second: float) -> float:
    """Return r > 0 with value + first r + second r^2 / 2 = the reach; 0 if it is above already."""
    rest = _REACH - value
    if rest <= 0:
        return 0.0
    if second == 0:
        return rest / first
    return (-first + (first**2 + 2 * second * rest) ** 0.5) / second
