"""Bayer mosaics, and two ways to interpolate the two colours that each pixel lacks.

Symbols: an order names the colours of the first 2x2 pixels, row by row: RGGB, BGGR, GRBG, GBRG.
"""

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.data.pictures.sensor import ORDERS, PHASES, places

Method = Literal["bilinear", "malvar"]

_CROSS = ((0, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 1, 4, 1, 0), (0, 0, 1, 0, 0), (0, 0, 0, 0, 0))
_SQUARE = ((0, 0, 0, 0, 0), (0, 1, 2, 1, 0), (0, 2, 4, 2, 0), (0, 1, 2, 1, 0), (0, 0, 0, 0, 0))
# Malvar, He, Cutler 2004, figure 2, in eighths
_GREEN = ((0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0))
_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_OPPOSITE = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)


def mosaic(x: Image, order: str = "RGGB") -> Tensor:
    """Return (batch, 1, height, width): of each pixel the colour that the sensor has there.

    Args:
        x: (batch, 3, height, width), any size.
        order: one of `ORDERS`.

    Raises:
        InputError: an unknown order, or images without three channels.
    """
    _check(x, 3, order)
    raw = x.new_empty(x.shape[0], 1, *x.shape[2:])
    for (rows, columns), colour in places(order):
        raw[:, 0, rows, columns] = x[:, "RGB".index(colour), rows, columns]
    return raw


def demosaic(raw: Image, order: str = "RGGB", *, method: Method = "malvar") -> Tensor:
    """Return (batch, 3, height, width) from a mosaic; pixels keep the colour that they have.

    Args:
        raw: (batch, 1, height, width), at least 3 pixels high and wide.
        order: one of `ORDERS`.
        method: bilinear takes the mean of the nearest pixels of the colour; malvar adds gradients
            of the colour that is there. Both are linear, and exact on planes of one gray; at the
            border the mosaic is mirrored, which keeps its order.

    Raises:
        InputError: an unknown order or method, or a mosaic that is too small.

    References: Malvar, He, Cutler 2004, High-quality linear interpolation for demosaicing of
    Bayer-patterned color images, ICASSP, eq. 1 to 8 and figure 2.
    """
    _check(raw, 1, order)
    if min(raw.shape[2:]) < 3:
        raise InputError(f"A mosaic of {tuple(raw.shape[2:])} is too small: at least 3 x 3 pixels.")
    if method not in ("bilinear", "malvar"):
        raise InputError(f"method is {method!r}: it must be bilinear or malvar.")
    interpolate = _bilinear if method == "bilinear" else _malvar
    return interpolate(F.pad(raw, (2, 2, 2, 2), mode="reflect"), raw, order)


def _bilinear(padded: Tensor, raw: Tensor, order: str) -> Tensor:
    colours = []
    for name in "RGB":
        plane = torch.zeros_like(padded)
        for (rows, columns), colour in places(order):
            if colour == name:
                plane[..., rows, columns] = padded[..., rows, columns]
        colours.append(F.conv2d(plane, _kernel("cross" if name == "G" else "square").to(raw)))
    return torch.cat(colours, 1)


def _malvar(padded: Tensor, raw: Tensor, order: str) -> Tensor:
    names = ("green", "row", "column", "opposite")
    found = F.conv2d(padded, torch.cat([_kernel(name) for name in names]).to(raw))
    green, row_wise, column_wise, opposite = found.split(1, 1)
    x = raw.repeat(1, 3, 1, 1)
    for place, colour in enumerate(order):
        at = (slice(None), slice(None), *PHASES[place])
        if colour == "G":
            beside = order[place ^ 1]  # the colour of the same row
            other = "B" if beside == "R" else "R"
            _put(x, beside, row_wise[at], at)
            _put(x, other, column_wise[at], at)
        else:
            _put(x, "G", green[at], at)
            _put(x, "B" if colour == "R" else "R", opposite[at], at)
    return x


def _put(x: Tensor, colour: str, values: Tensor, at: tuple[slice, ...]) -> None:
    x[:, "RGB".index(colour), at[2], at[3]] = values[:, 0]


@cache
def _kernel(name: str) -> Tensor:
    tables = {
        "cross": (_CROSS, 4),
        "square": (_SQUARE, 4),
        "green": (_GREEN, 8),
        "row": (_ROW, 8),
        "column": (tuple(zip(*_ROW, strict=True)), 8),
        "opposite": (_OPPOSITE, 8),
    }
    table, divisor = tables[name]
    return torch.tensor(table, dtype=torch.float64)[None, None] / divisor


def _check(x: Tensor, channels: int, order: str) -> None:
    if order not in ORDERS:
        raise InputError(f"The order of colours is {order!r}: it must be {', '.join(ORDERS)}.")
    if x.ndim != 4 or x.shape[1] != channels:
        raise InputError(
            f"The images have shape {tuple(x.shape)}: expected (batch, {channels}, height, width)."
        )
