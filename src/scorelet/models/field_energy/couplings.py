"""Quadratic couplings between pixels at fixed distances: x^T K x / 2 with a circulant K.

Symbols: x field (h, w), periodic; s shift (rows, columns); T_s x(u) = x(u - s); θ_s coupling,

    K = θ_0 Id + sum_{s != 0} θ_s (T_s + T_-s),      K(w) = θ_0 + 2 sum_{s != 0} θ_s cos(w . s)

One shift of each pair (s, -s) is listed. A field x_{j-1} of a wavelet cascade is stationary on its
own grid, so its couplings are those of pixels; the couplings of its wavelet coefficients follow.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.typing import Image
from scorelet.data.fields.ensembles.grids import filter_field
from scorelet.models.renewal import follow_loading

Shift = tuple[int, int]


class Couplings(nn.Module):
    """The quadratic form x^T K x / 2; a buffer `strengths` holds θ.

    Args:
        shifts: s, one of each pair (s, -s).
        strengths: θ, one number for each shift.

    Raises:
        InputError: another number of strengths, or numbers that are not finite.
    """

    strengths: Tensor

    def __init__(self, shifts: tuple[Shift, ...], strengths: Tensor) -> None:
        super().__init__()
        if strengths.shape != (len(shifts),) or not bool(strengths.isfinite().all()):
            raise InputError(
                f"{len(shifts)} shifts have couplings of shape {tuple(strengths.shape)}: expected "
                "one finite number for each."
            )
        self.shifts = tuple((int(a), int(b)) for a, b in shifts)
        self.register_buffer("strengths", strengths.detach().clone())
        self.renew()
        follow_loading(self)

    def renew(self) -> None:
        """Forget what is kept of the strengths, which other ones have replaced."""
        self._symbols: dict[tuple[object, ...], Tensor] = {}

    def symbol(self, height: int, width: int) -> Tensor:
        """Return K(w), (height, width), in the order of `torch.fft.fftfreq`."""
        key = height, width, self.strengths.dtype, self.strengths.device
        if key not in self._symbols:
            with torch.inference_mode(mode=False):  # it is kept, and autograd may need it later
                waves = cosines(self.shifts, height, width).to(self.strengths)
                self._symbols[key] = torch.tensordot(self.strengths, waves, 1)
        return self._symbols[key]

    def product(self, x: Image) -> Image:
        """Return K x, each field alone."""
        return filter_field(x, self.symbol(*x.shape[-2:]))


def half_plane(reach: int, height: int, width: int, *, centre: bool = True) -> tuple[Shift, ...]:
    """Return the shifts of |rows|, |columns| <= reach, one of each pair, all distinct on the grid.

    Args:
        reach: n; a (2n + 1) x (2n + 1) square has 2 n (n + 1) pairs if the grid is larger.
        height, width: of the grid; shifts that are equal there, or opposite, count once.
        centre: with the shift (0, 0), first.

    Raises:
        InputError: the reach is no whole number.
    """
    if not is_whole(reach):
        raise InputError(f"The reach of couplings is {reach!r}: expected a whole number of pixels.")
    found: dict[Shift, Shift] = {}
    for shift in sorted(_square(reach), key=lambda s: (s[0] ** 2 + s[1] ** 2, s)):
        a, b = shift[0] % height, shift[1] % width
        opposite = -a % height, -b % width
        found.setdefault(min((a, b), opposite), shift)
    shifts = tuple(found.values())
    return shifts if centre else tuple(s for s in shifts if s != (0, 0))


def _square(reach: int) -> list[Shift]:
    rows = range(-reach, reach + 1)
    return [(a, b) for a in rows for b in rows if (a, b) >= (0, 0)]


@lru_cache(maxsize=32)
def cosines(shifts: tuple[Shift, ...], height: int, width: int) -> Tensor:
    """Return the symbols of Id and of T_s + T_-s, (shift, height, width), float64."""
    rows = 2 * math.pi * torch.fft.fftfreq(height, dtype=torch.float64)
    columns = 2 * math.pi * torch.fft.fftfreq(width, dtype=torch.float64)
    s = torch.tensor(shifts, dtype=torch.float64).reshape(-1, 2)
    phase = s[:, 0, None, None] * rows[:, None] + s[:, 1, None, None] * columns
    weight = torch.where((s == 0).all(1), 1.0, 2.0)[:, None, None]
    return weight * phase.cos()
