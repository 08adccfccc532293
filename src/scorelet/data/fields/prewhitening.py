"""Prewhitening: fields whose power falls steeply are amplified where it is too weak.

Symbols: P(q) mean power of n fields at the frequency q, P(f) its median over the ring |q| = f, in
cycles per pixel, s the slope that is left, c slack:

    Q(f) = max over e <= f of P(e) (e / f)^s,      x'^(q) = max(1, Q(|q|) / (c P(q)))^(1/2) x^(q),

so Q is the least spectrum above that of the rings that nowhere falls faster than f^-s, and no power
of x' is far below it. Where those of x are not, x' is x. The map is linear, has an inverse, and
commutes with shifts: -log p of x is that of x' up to a constant.

Why: beams, smoothing kernels, viscosity and cuts of simulations leave powers that fall like
exp(-f^2), or to rounding, within an octave. Couplings of a few pixels cannot say so, and score
matching, which follows the weakest directions, gets all others wrong.

References: Blackman, Tukey 1958, Bell System Technical Journal 37 (prewhitening).
"""

import base64
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.data.fields.spectral_filter import SpectralFilter

SLOPE = 3.0
"""s: that of maps of dust, whose octaves of 1 : 8 are learnt well."""
SLACK, FEW = 2.0, 30
"""c = `SLACK` (1 + `FEW` / n): the power of one frequency has the relative error n^(-1/2)."""
WORTH = 10.0
"""Amplification of some power, from where on fields are prewhitened."""
_ROUNDING = 1e-26  # of the largest power: what is less decides nothing, as the zeros of mirrors,
_NOTHING = 1e-30  # and what is less yet is amplified as if it were as much
_STEP = 0.01  # of log amplitudes, as they are stored


@dataclass(frozen=True)
class Prewhitening(SpectralFilter):
    """An amplification of each frequency; without numbers, none.

    Args:
        height: of the fields whose frequencies these are.
        stored: logarithms of amplitudes at the frequencies of `rfft2`, in steps of 0.01, as text.
    """

    height: int = 0
    stored: str = ""

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.stored)

    @classmethod
    def of(cls, gains: Tensor) -> "Prewhitening":
        """Return that of logarithms of amplitudes (h, w / 2 + 1)."""
        steps = (gains / _STEP).round().numpy().astype("<i2")
        return cls(len(gains), base64.b64encode(zlib.compress(steps.tobytes())).decode())

    @cached_property
    def gains(self) -> Tensor:
        """Logarithms of amplitudes, (h, w / 2 + 1), float64."""
        steps = np.frombuffer(zlib.decompress(base64.b64decode(self.stored)), "<i2")
        return torch.from_numpy(steps.astype(np.float64)).reshape(self.height, -1) * _STEP

    def gains_of(self, height: int, width: int) -> Tensor:
        """Return the gains of fields of another size, linear between frequencies."""
        if (height, width // 2 + 1) == tuple(self.gains.shape):
            return self.gains
        own = torch.cat([self.gains, self.gains[:1]])  # from 0 to 1 cycles per pixel
        rows = torch.arange(height, dtype=torch.float64) / height
        columns = torch.fft.rfftfreq(width, dtype=torch.float64) * 2
        places = torch.stack(torch.meshgrid(2 * rows - 1, 2 * columns - 1, indexing="ij"), -1)
        grid = places.flip(-1)[None]
        return F.grid_sample(own[None, None], grid, align_corners=True, padding_mode="border")[0, 0]


def prewhitening_of(x: Tensor, *, always: bool = False) -> Prewhitening:
    """Return what amplifies fields as these.

    Args:
        x: periodic fields (n, h, w).
        always: amplify them in any case, and not only where some power is raised by `WORTH`.
    """
    height, width = int(x.shape[-2]), int(x.shape[-1])
    if min(height, width) < 4:
        return Prewhitening()
    power = sum(torch.fft.rfft2(field.double()).abs().square() for field in x) / len(x)
    slack = SLACK * (1 + FEW / len(x))
    least = _NOTHING * power.flatten()[1:].max()  # a large mean hides no power of what varies,
    raised = (_envelope(power, width) / (slack * power.clamp_min(least))).clamp_min(1)
    raised[0, 0] = 1.0
    seen = power > _ROUNDING * power.max()  # but its rounding does
    worth = always or bool(raised[seen].max() >= WORTH)
    return Prewhitening.of(raised.log() / 2) if worth else Prewhitening()


def _envelope(power: Tensor, width: int) -> Tensor:
    """Return Q of each frequency; that of the mean of fields counts for nothing."""
    rows = torch.fft.fftfreq(len(power), dtype=torch.float64)
    columns = torch.fft.rfftfreq(width, dtype=torch.float64)
    f = (rows[:, None].square() + columns.square()).sqrt()
    ring = (f * max(len(power), width)).round().long()
    flat = ring.flatten()
    parts = power.flatten()[flat.argsort()].split(torch.bincount(flat).tolist())
    found = [float(part.median()) if part.numel() else 0.0 for part in parts]  # a line is no ring
    medians = torch.tensor([0.0, *found[1:]], dtype=power.dtype)
    steep = torch.arange(len(medians), dtype=torch.float64).clamp_min(1).pow(SLOPE)
    return ((medians * steep).cummax(0).values / steep)[ring]
