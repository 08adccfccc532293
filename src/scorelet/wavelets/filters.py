"""Orthogonal filters: the taps of PyWavelets, polished until they are orthonormal.

Symbols: h, g low-pass and high-pass taps, n of each; s, place of the first tap. One level is

    a[k] = sum_i h[i] x[2k + i + s],    d[k] = sum_i g[i] x[2k + i + s],    g[i] = (-1)^i h[n-1-i],

and it is orthogonal if c_k = sum_i h[i] h[i + 2k] - delta_k = 0 for all k. PyWavelets' tables miss
that by up to 5e-12 (sym3); the nearest zero of c, by Newton's method, is within 1e-11 of them.

References: Mallat, A Wavelet Tour of Signal Processing, section 7.1.3; PyWavelets' `periodization`.
"""

import difflib
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scorelet.core.errors import InputError
from scorelet.core.options import checked

Taps = NDArray[np.float64]

_LOOSE = 1e-6
"""Taps further than that from orthonormal (a truncated table) are refused."""


@dataclass(frozen=True, eq=False)
class Filters:
    """Low-pass and high-pass taps with a common start; their number is even.

    Args:
        name: of the wavelet.
        low: h, (n,), zeros at the ends allowed.
        high: g, (n,).
        start: s, position of the first tap relative to 2k.
    """

    name: str
    low: Taps
    high: Taps
    start: int

    def __post_init__(self) -> None:
        """Let nobody write to the taps, which all transforms of a wavelet share."""
        self.low.setflags(write=False)
        self.high.setflags(write=False)

    @property
    def half(self) -> int:
        """M = n / 2, the taps of one phase."""
        return len(self.low) // 2

    @property
    def split_taps(self) -> Taps:
        """(4, M): h and g at even, then odd places, in the order h0, h1, g0, g1."""
        return np.stack([taps[place::2] for taps in (self.low, self.high) for place in (0, 1)])

    @property
    def merge_taps(self) -> Taps:
        """(4, M): what takes a and d to even results, then to odd ones.

        x[2q + r] = sum_m t_r[m] a[q + b_r + m] + u_r[m] d[q + b_r + m], with b_r of `merge_starts`.
        """
        phases = [(place - self.start) % 2 for place in (0, 1)]
        return np.stack([taps[p::2][::-1] for p in phases for taps in (self.low, self.high)])

    @property
    def merge_starts(self) -> tuple[int, int]:
        """b_0, b_1: the first coarse place, relative to q, that x[2q] and x[2q + 1] need."""
        first, second = (
            (place - self.start - (place - self.start) % 2) // 2 - self.half + 1 for place in (0, 1)
        )
        return first, second


def wavelet_names() -> list[str]:
    """Return the names of PyWavelets' orthogonal wavelets, and `shannon`."""
    pywt = _pywavelets()
    names = [name for name in pywt.wavelist(kind="discrete") if pywt.Wavelet(name).orthogonal]
    return [*(name for name in names if name != "dmey"), "shannon"]  # dmey misses by 2e-3


def check_wavelet_name(name: str) -> None:
    """Raise InputError unless `name` is an orthogonal wavelet."""
    names = wavelet_names()
    if not isinstance(name, str):
        raise InputError(f"The wavelet is {type(name).__name__}: expected its name, as 'db4'.")
    if name in names:
        return
    if name in _pywavelets().wavelist():
        raise InputError(
            f"The wavelet {name!r} is not orthogonal: use haar, db1 to db38, sym2 to sym20, coif1 "
            "to coif17 or shannon."
        )
    near = difflib.get_close_matches(name.lower(), names, n=3) or ["haar", "db4", "sym4"]
    raise InputError(f"There is no wavelet {name!r}: did you mean {' or '.join(near)}?")


@checked
@cache
def orthogonal_filters(name: str, align: str = "pywavelets") -> Filters:
    """Return the filters of an orthogonal wavelet.

    Args:
        name: PyWavelets' name; not shannon, whose taps depend on the length (see `shannon`).
        align: "pywavelets" gives the coefficients of its `periodization`, at the same places;
            "centred" moves the low band so that its filter is centred on the pair (2k, 2k + 1),
            and the high band, by whole coefficients, so that its filter is nearest to there.

    Raises:
        InputError: unknown or not orthogonal wavelet, unknown alignment.
    """
    check_wavelet_name(name)
    if align not in ("pywavelets", "centred"):
        raise InputError(f'Unknown alignment {align!r}: use "pywavelets" or "centred".')
    low = polish(np.asarray(_pywavelets().Wavelet(name).rec_lo))
    high = low[::-1] * (-1.0) ** np.arange(len(low))
    if align == "pywavelets":
        return Filters(name, low, high, 1 - len(low) // 2)
    return _centred(name, low, high)


def _pywavelets() -> Any:  # noqa: ANN401 - it says nothing about its types
    """Import PyWavelets when it is first needed."""
    return import_module("pywt")


def polish(taps: Taps, *, steps: int = 10) -> Taps:
    """Return the orthonormal low-pass filter nearest to `taps`.

    Newton's method of least norm on c(h) = 0; the residual is computed in extended precision.

    Raises:
        InputError: the taps are too far from orthonormal to be a rounded orthonormal filter.
    """
    taps = taps.astype(np.longdouble)
    residual = _residual(taps)
    if np.abs(residual).max() > _LOOSE:
        raise InputError(
            f"These taps miss orthonormality by {float(np.abs(residual).max()):.1e}: they are "
            "truncated, or no orthogonal wavelet."
        )
    for _ in range(steps):
        step, *_ = np.linalg.lstsq(_jacobian(taps), residual.astype(np.float64), rcond=None)
        taps = taps - step
        residual = _residual(taps)
    return taps.astype(np.float64)


def _residual(taps: NDArray[np.longdouble]) -> NDArray[np.longdouble]:
    """c_k, k = 0 to n/2 - 1."""
    n = len(taps)
    products = [taps[: n - 2 * k] @ taps[2 * k :] for k in range(n // 2)]
    return np.array(products) - (np.arange(n // 2) == 0)


def _jacobian(taps: NDArray[np.longdouble]) -> Taps:
    """(n/2, n): dc_k / dh_i = h[i + 2k] + h[i - 2k]."""
    n = len(taps)
    padded = np.concatenate([np.zeros(n), taps.astype(np.float64), np.zeros(n)])
    rows = [
        padded[n + 2 * k : 2 * n + 2 * k] + padded[n - 2 * k : 2 * n - 2 * k] for k in range(n // 2)
    ]
    return np.stack(rows)


def _centred(name: str, low: Taps, high: Taps) -> Filters:
    """Move the filters so that their centres of energy are nearest to 1/2."""
    places = np.arange(len(low))
    start = round(0.5 - float(places @ low**2))
    shift = 2 * round((0.5 - float(places @ high**2) - start) / 2)
    first = min(start, start + shift)
    room = len(low) + abs(shift)
    moved = np.zeros((2, room))
    moved[0, start - first : start - first + len(low)] = low
    moved[1, start + shift - first : start + shift - first + len(low)] = high
    return Filters(name, moved[0], moved[1], first)
