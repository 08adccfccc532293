"""The projector on the details of a band, in Fourier space and along its diagonal.

Symbols: B analysis of a band, Π = B^T B; A x the pixels of x on a finer grid; frequencies that
differ by 2 pi / period mix (aliases).
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from scorelet.models.field_energy import Band, WholeField
from scorelet.models.field_energy.band import AnyBand


@dataclass(frozen=True)
class Projector:
    """Π of a band on a grid, in Fourier space: frequencies that differ by 2 pi / period mix.

    Args:
        symbol: Q, (q, alias, alias): Π X(q + a) = sum_b Q_ab X(q + b).
        diagonal: Π_uu, (h, w).
        period: of the band.
    """

    symbol: Tensor
    diagonal: Tensor
    period: int

    @classmethod
    def of(cls, band: AnyBand, size: tuple[int, int]) -> "Projector":
        """Return the projector of a band on fields of this size."""
        if isinstance(band, WholeField):
            ones = torch.ones(*size, dtype=torch.float64)
            return cls(ones.flatten()[:, None, None].to(torch.complex128), ones, 1)
        return _projector(band.wavelet, band.subdivisions, band.index, band.align, size)

    def aliases(self, spectra: Tensor) -> Tensor:
        """Sort the frequencies of (batch, h, w) into (q, alias, batch)."""
        rows, columns = (n // self.period for n in spectra.shape[1:])
        parts = spectra.reshape(-1, self.period, rows, self.period, columns)
        return parts.permute(2, 4, 1, 3, 0).reshape(rows * columns, self.period**2, -1)


@lru_cache(maxsize=16)
def _projector(
    wavelet: str, subdivisions: int, index: int, align: str, size: tuple[int, int]
) -> Projector:
    """Find Π from its response to an impulse at each place of one period."""
    band = Band(wavelet, subdivisions=subdivisions, index=index, align=align)
    period, (height, width) = band.period, size
    places = [(a, b) for a in range(period) for b in range(period)]
    impulses = torch.zeros(len(places), 1, height, width, dtype=torch.float64)
    for k, (a, b) in enumerate(places):
        impulses[k, 0, a, b] = 1
    answers = band.project(impulses)[:, 0]
    own = torch.stack([answers[k, a, b] for k, (a, b) in enumerate(places)])
    diagonal = own.reshape(period, period).repeat(height // period, width // period)
    blank = Projector(torch.empty(0), diagonal, period)
    # Π e^(iw'.) at w is a sum over places v of e^(iw'v) times the transform of Π δ_v
    heard = blank.aliases(torch.fft.fft2(answers))  # (q, a, place)
    sent = blank.aliases(torch.fft.fft2(impulses[:, 0])).conj()  # (q, b, place)
    return Projector(torch.bmm(heard, sent.mT) / period**2, diagonal, period)


def finer_diagonal(band: AnyBand, finer: Band, size: tuple[int, int]) -> Tensor:
    """Return the diagonal of A Π A^T on the finer grid, which has a period, too."""
    height, width = (n * finer.period for n in size)
    rows, columns = (min(band.period * finer.period, n) for n in (height, width))
    impulses = torch.zeros(rows * columns, 1, height, width, dtype=torch.float64)
    for k in range(rows * columns):
        impulses[k, 0, k // columns, k % columns] = 1
    own = band.analyze(finer.lower(impulses)).square().sum((1, 2, 3)).reshape(rows, columns)
    return own.repeat(height // rows, width // columns)
