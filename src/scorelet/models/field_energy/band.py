"""A band of frequencies of a field: details that vary, around a coarse field that is given.

Symbols: x field (h, w) without frequencies above the band; d details, the coefficients of the band;
B its analysis, B B^T = Id, Π = B^T B; c coarse field, below the band; x = c + B^T d. One octave is
split into 1, 2 or 4 shells of wavelet packets; one shell of one octave is the ordinary band.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.wavelets.orthogonal.cascade import Cascade
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.pyramid import Pyramid
from scorelet.wavelets.orthogonal.transform import find_axis


class Band:
    """Shell `index` of an octave that is split into `subdivisions` shells.

    Args:
        wavelet: name, see `OrthogonalWavelet`.
        subdivisions: 1, 2 or 4; shells of equal width.
        index: 0 for the lowest shell.
        align: see `OrthogonalWavelet`.

    Raises:
        InputError: another number of shells, or none of that index.
    """

    def __init__(
        self, wavelet: str, *, subdivisions: int = 1, index: int = 0, align: str = "pywavelets"
    ) -> None:
        self.wavelet, self.subdivisions, self.index = wavelet, subdivisions, index
        self.align = align
        plan = PacketPlan.octaves(1, subdivisions=subdivisions)
        if not 0 <= index < len(plan.shells):
            raise InputError(
                f"index={index}: an octave of {subdivisions} shells has those of 0 to "
                f"{len(plan.shells) - 1}."
            )
        self._packet = WaveletPacket(wavelet, plan, align=align)
        self._level = Cascade(find_axis(wavelet, align), 1, 2)
        self.shell = plan.shells[index]
        self.channels = 2 * self.shell.index + 1
        self.period = 2**self.shell.depth
        """Pixels of x beside one coefficient, along each axis."""

    @property
    def top(self) -> bool:
        """Whether nothing of the octave lies above the band."""
        return self.index == self.subdivisions - 1

    @property
    def bottom(self) -> bool:
        """Whether the next coarser octave lies below the band."""
        return self.index == 0

    def __repr__(self) -> str:
        return (
            f"Band({self.wavelet!r}, subdivisions={self.subdivisions}, index={self.index}, "
            f"align={self.align!r})"
        )

    def analyze(self, x: Tensor) -> Tensor:
        """Return d = B x, (batch, channel, h / period, w / period), of fields (batch, 1, h, w)."""
        if self.subdivisions == 1:
            return self._level.analyze(x)[1].squeeze(1)
        return self._packet.analyze(x).details[self.index].squeeze(1)

    def synthesize(self, d: Tensor) -> Tensor:
        """Return B^T d, (batch, 1, h, w)."""
        d = d.unsqueeze(1)
        if self.subdivisions == 1:
            return self._level.synthesize(d.new_zeros(len(d), 1, *d.shape[-2:]), d)
        return self._packet.synthesize(self._alone(d))

    def project(self, x: Tensor) -> Tensor:
        """Return Π x."""
        return self.synthesize(self.analyze(x))

    def truncate(self, x: Tensor) -> Tensor:
        """Return x without what lies above the band."""
        low, details = self._packet.analyze(x)
        return self._packet.synthesize(Pyramid(low, details).truncated(self.index + 1))

    def coarse(self, x: Tensor) -> Tensor:
        """Return c: x without the band and what lies above it."""
        low, details = self._packet.analyze(x)
        return self._packet.synthesize(Pyramid(low, details).truncated(self.index))

    def lift(self, below: Tensor) -> Tensor:
        """Return c, of the field below the band: x_j for the lowest shell of an octave, else c."""
        if self.index > 0:
            return below
        shape = (*below.shape[:2], 3, *below.shape[2:])
        return self._level.synthesize(below, below.new_zeros(shape))

    def lower(self, x: Tensor) -> Tensor:
        """Return the field below the band: the adjoint of `lift`."""
        return self._level.analyze(x)[0] if self.index == 0 else self.coarse(x)

    def detail_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Return (channel, h, w) of the details of fields of this size."""
        return self.channels, height // self.period, width // self.period

    def _alone(self, d: Tensor) -> Pyramid:
        sides = [n * self.period for n in d.shape[-2:]]
        low = d.new_zeros(*d.shape[:2], sides[0] // 2, sides[1] // 2)
        details = [
            d.new_zeros(*d.shape[:2], 2 * s.index + 1, *(n >> s.depth for n in sides))
            for s in self._packet.plan.shells
        ]
        details[self.index] = d
        return Pyramid(low, tuple(details))


class WholeField:
    """The band of everything: d = x, and no coarse field. For the coarsest field of a cascade."""

    channels, period = 1, 1
    top, bottom = True, False

    def __repr__(self) -> str:
        return "WholeField()"

    def analyze(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def synthesize(self, d: Tensor) -> Tensor:
        """Return d."""
        return d

    def project(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def truncate(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def coarse(self, x: Tensor) -> Tensor:
        """Return 0."""
        return torch.zeros_like(x)

    def lift(self, below: Tensor) -> Tensor:
        """Return what is given: a field of zeros of the size that is wanted."""
        return below

    def lower(self, x: Tensor) -> Tensor:
        """Return 0."""
        return torch.zeros_like(x)

    def detail_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """Return (1, h, w)."""
        return 1, height, width


AnyBand = Band | WholeField


def descend(bands: Sequence[AnyBand], x: Tensor) -> Iterator[Tensor]:
    """Yield the fields of each band of a cascade, without frequencies above it; fine to coarse.

    Args:
        bands: coarse to fine.
        x: fields of the finest band, (n, 1, h, w).
    """
    for band in reversed(bands):
        yield x if band.top else band.truncate(x)
        if isinstance(band, Band) and band.bottom:
            x = band.lower(x)
