"""How near samples of a model are to fields of the law, in the numbers that physicists compare.

Symbols: x fields, y samples, both (n, h, w); x_j coarse square of level j in a wavelet basis; m
mean of a field. Errors are standard errors over fields, of both sets together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.analysis.field_statistics.critical import critical
from scorelet.analysis.field_statistics.marginal import total_variation
from scorelet.analysis.field_statistics.spectra import power_spectrum
from scorelet.analysis.field_statistics.statistic import Statistic
from scorelet.core.typing import Fields, OtherFields
from scorelet.wavelets import OrthogonalWavelet

BINS = 60
_TAIL = 1e-3  # of the pixels lie beyond the last bin


@dataclass(frozen=True)
class Ratios:
    """Numbers of samples over those of fields, one for each place.

    Args:
        places: frequencies in cycles per side, or sides in pixels.
        values, errors: of the ratio.
    """

    places: list[float]
    values: list[float]
    errors: list[float]

    def since(self, least: float) -> "Ratios":
        """Return those at places of at least `least`."""
        rows = zip(self.places, self.values, self.errors, strict=True)
        kept = [row for row in rows if row[0] >= least]
        return Ratios(*(list(column) for column in zip(*kept, strict=True)))

    def worst(self, *, errors: float = 2.0) -> tuple[float, float, float]:
        """Return place, ratio and error of the largest |ratio - 1| less so many errors."""
        rows = zip(self.places, self.values, self.errors, strict=True)
        return max(rows, key=lambda row: abs(row[1] - 1) - errors * row[2])

    def excess(self, *, least: float = 0.0, errors: float = 2.0) -> float:
        """Return the largest |ratio - 1| less so many errors, over places of at least `least`."""
        _, value, error = self.since(least).worst(errors=errors)
        return abs(value - 1) - errors * error


def spectrum_ratios(x: Fields, y: OtherFields, *, window: str = "none") -> Ratios:
    """Return the radial power of y over that of x, at each |k|.

    Args:
        x, y: fields and samples, (n, h, w).
        window: none for periodic fields, hann for fields that were cut out.
    """
    one = power_spectrum(x, window=window)
    two = power_spectrum(y, window=window, like=one)
    return _ratios(one, two)


def scale_ratios(x: Fields, y: OtherFields, wavelet: str = "db4") -> Ratios:
    """Return the root mean square of y_j over that of x_j, from the finest field to 2 pixels.

    Args:
        x, y: periodic fields and samples, (n, h, w), with sides that are powers of 2.
        wavelet: orthogonal.
    """
    sides, values, errors = [], [], []
    level = OrthogonalWavelet(wavelet, levels=1)
    one, two = x[:, None], y[:, None]
    while min(one.shape[-2:]) >= 2:
        powers = [z.double().square().mean((1, 2, 3)) for z in (one, two)]
        relative = [float(p.std() / p.mean()) / 2 / len(p) ** 0.5 for p in powers]
        ratio = float((powers[1].mean() / powers[0].mean()).sqrt())
        sides.append(float(min(one.shape[-2:])))
        values.append(ratio)
        errors.append(ratio * (relative[0] ** 2 + relative[1] ** 2) ** 0.5)
        one, two = level.analyze(one).low, level.analyze(two).low
    return Ratios(sides, values, errors)


def even_total_variation(x: Fields, y: OtherFields) -> float:
    """Return the total variation of the marginals of x with -x and of y with -y, in 60 bins.

    The bins end at the quantile of 0.1 % of |x|; what lies beyond is a bin of its own.
    """
    edge = float(torch.quantile(_some(x).abs(), 1 - _TAIL))
    one, two = (_even_shares(z, edge) for z in (x, y))
    return float(total_variation(one, two))


def binder_difference(x: Fields, y: OtherFields) -> tuple[float, float]:
    """Return <m^4> / <m^2>^2 of y less that of x, and its standard error."""
    one, two = critical(x), critical(y)
    number = one.axis.names.index("Binder ratio")
    error = (one.errors[0, number].square() + two.errors[0, number].square()).sqrt()
    return float(two.values[0, number] - one.values[0, number]), float(error)


def _ratios(one: Statistic, two: Statistic) -> Ratios:
    x, y = one.values[0], two.values[0]
    kept = x > 0
    relative = ((one.errors[0] / x).square() + (two.errors[0] / y).square()).sqrt()
    ratio = y / x
    return Ratios(
        one.axis.x[kept].tolist(), ratio[kept].tolist(), (ratio * relative)[kept].tolist()
    )


def _even_shares(x: Fields, edge: float) -> Tensor:
    size = x.double().abs().flatten()
    inner = torch.histc(size[size <= edge], BINS // 2, 0, edge)  # |x|: both signs in one bin
    shares = torch.cat([inner, (size > edge).sum()[None].to(inner)])
    return shares / len(size)


def _some(x: Fields, most: int = 1 << 23) -> Tensor:
    flat = x.double().flatten()
    return flat[:: max(1, len(flat) // most)]
