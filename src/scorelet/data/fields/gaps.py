"""Gaps of fields, filled by what a Gaussian field of the same correlations would have there.

Symbols: x field with gaps; m mask, 1 where x is known; C covariance of pixels at a lag, from pairs
of which both are known; S the circulant matrix of C, g a Gaussian field with the covariance S,

    x = g + S m (m S m)^-1 m (x - g)       in the gaps (Hoffman, Ribak 1991)

So gaps hold the conditional mean of their surroundings and the deviations that belong to it: the
power of a field does not fall, as it does where gaps are smoothed over. What is not Gaussian in a
field is missing in its gaps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Fields

_FLOOR = 1e-4  # of the mean of the spectrum: what is measured with gaps may be negative
_STEPS = 300
_RESIDUAL = 1e-4
_SEED = 1991
_PIECE = 1 << 20


Blocks = Callable[[], Iterable[Fields]]
"""Gives blocks of periodic fields (n, h, w), NaN where they are not known."""


def fill_gaps(x: Fields) -> Fields:
    """Return periodic fields (n, h, w) without the NaN that they hold, float64.

    Field i depends on the number i and on the mean and correlations of all fields.

    Raises:
        InputError: no pixel is known.
    """
    return GapFiller.measured(lambda: [x]).fill(x, range(len(x)))


@dataclass(frozen=True)
class GapFiller:
    """What the fields of a set have in common.

    Args:
        mean: of their known pixels.
        spectrum: of C, (h, w // 2 + 1), positive.
    """

    mean: float
    spectrum: Tensor

    @classmethod
    def measured(cls, blocks: Blocks) -> "GapFiller":
        """Measure fields that come in blocks, in two passes.

        Raises:
            InputError: no pixel is known.
        """
        total, count = 0.0, 0
        for x in blocks():
            known = x.isfinite()
            total, count = total + float(x[known].double().sum()), count + int(known.sum())
        if not count:
            raise InputError("All pixels are masked or NaN: expected fields with some known ones.")
        mean = total / count
        sums = torch.zeros(2, 1, 1, dtype=torch.float64)
        for x in blocks():
            m = x.isfinite().double()
            y = torch.where(m > 0, x.double() - mean, 0.0)
            power = [torch.fft.rfft2(z).abs().square().sum(0) for z in (m, y)]
            sums = sums + torch.stack(power)
            size = tuple(x.shape[-2:])
        pairs, products = torch.fft.irfft2(sums, s=size)
        covariance = torch.where(pairs > 0.5, products / pairs.clamp_min(0.5), 0.0)
        spectrum = torch.fft.rfft2(covariance).real
        return cls(mean, spectrum.clamp_min(_FLOOR * float(covariance[0, 0])))

    def fill(self, x: Fields, numbers: Sequence[int]) -> Fields:
        """Return fields (n, h, w) without NaN, float64.

        Args:
            x: fields.
            numbers: of the fields in their set: what is filled in depends on them.
        """
        known = x.isfinite()
        m = known.double()
        y = torch.where(known, x.double() - self.mean, 0.0)
        count, filled = max(1, _PIECE // x[0].numel()), []
        for first in range(0, len(y), count):
            part = slice(first, first + count)
            noise = Noise(_SEED, numbers[part])
            filled.append(self.mean + _fill(y[part], m[part], self.spectrum, noise))
        return torch.where(known, x.double(), torch.cat(filled))


def _fill(y: Tensor, m: Tensor, spectrum: Tensor, noise: Noise) -> Tensor:
    def smooth(u: Tensor, gain: Tensor) -> Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(u) * gain, s=tuple(u.shape[-2:]))

    g = smooth(noise.normal(y), spectrum.sqrt())
    a, r = torch.zeros_like(y), m * (y - g)
    p, size = r, _squares(r)
    target = size * _RESIDUAL**2
    for _ in range(_STEPS):  # conjugate gradients for m S m a = m (y - g)
        if bool((size <= target).all()):
            break
        q = m * smooth(p, spectrum)
        step = size / (p * q).sum((1, 2), keepdim=True).clamp_min(1e-300)
        a, r = a + step * p, r - step * q
        new = _squares(r)
        p, size = r + new / size.clamp_min(1e-300) * p, new
    return g + smooth(a, spectrum)


def _squares(u: Tensor) -> Tensor:
    return u.square().sum((1, 2), keepdim=True)
