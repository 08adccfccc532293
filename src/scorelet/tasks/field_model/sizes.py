"""Which sizes samples of a model may have: those of the fields, smaller ones, and larger ones
where the energies say something of them.

Symbols: a band, x its fields; S(q) symbol of its couplings, m mean of v'' over pixels of fields,

    least(G) = min over q in G of λ_min(S(q)) + m,

the least curvature of its mean Hessian at the frequencies of a grid G. A fit has seen the
frequencies of its fields; larger fields have others between them, where couplings are whatever
smoothness leaves them. Power there is about 1 / curvature: where least of the finer grid is far
below that of the fitted one, samples have far too much of it.
"""

from collections.abc import Iterator
from typing import Any

import torch

from scorelet.core.errors import InputError
from scorelet.models.certificates import coupling_symbol
from scorelet.models.field_energy import Band, ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import chained
from scorelet.tasks.field_model.scale import preparation_of

MOST_PIXELS = 1 << 24
_SHARE = 0.4
"""Of the least curvature at the fitted frequencies that others must have. Power laws to k^-4,
lattices and log-normal maps have 0.53 and more where they have seen several frequencies; at 0.28
samples had 23 times the power at one."""
_SHARE_OF_ONE = 0.1  # where the fit has seen one frequency, beside which steep spectra rise anyway


def check_sides(size: tuple[int, int]) -> tuple[int, int]:
    """Return the sides of samples.

    Raises:
        InputError: no pixel, or more than memory holds.
    """
    if not all(side >= 1 for side in size) or size[0] * size[1] > MOST_PIXELS:
        raise InputError(
            f"Samples of {size[0]}x{size[1]} pixels: expected sides of at least 1, and at most "
            f"{MOST_PIXELS} pixels."
        )
    return size


def check_size_of(model: Multiscale[ConditionalEnergy], size: tuple[int, int]) -> tuple[int, int]:
    """Return the sides of samples of a model; refuse those that it says nothing of.

    A part of an octave with a single coefficient in each channel has been seen at one frequency.
    On a larger grid there are others beside it, where couplings are whatever the ridge left them.

    Raises:
        InputError: no pixel or too many; larger fields of a model with such bands, or whose
            energies are far too flat between the frequencies of its fields.
    """
    check_sides(size)
    times = grid_of(model, size)[1]
    if max(times) == 1:
        return size
    what = f"Samples of {size[0]}x{size[1]} pixels are larger than the fields, and "
    for factor, (height, width), m in _bands(model):
        band = factor.band
        seen = min(band.detail_shape(height, width)[1:])
        if isinstance(band, Band) and band.subdivisions > 1 and seen == 1:
            raise InputError(
                f"{what}the octave of {height}x{width} pixels is split into bands of one "
                "frequency, which say nothing of others: fit with bands='octave' (--bands octave) "
                "for larger samples."
            )
        if m is not None and _is_flat(factor, (height, width), times, m):
            raise InputError(
                f"{what}between the frequencies of the fields the energy of {height}x{width} "
                "pixels is far flatter than at any of them, so that samples would have far too "
                "much power there: fit larger fields, or couplings of nearer pixels (--reach 2)."
            )
    return size


def grid_of(
    model: Multiscale[ConditionalEnergy], size: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the sides of the model's fields, and how many of them samples of a size need."""
    field = model.record["field"]
    grid = preparation_of(field).grid((int(field["size"][0]), int(field["size"][1])))
    return grid, (-(-size[0] // grid[0]), -(-size[1] // grid[1]))


def least_curvature(factor: ConditionalEnergy, size: tuple[int, int], m: float) -> float:
    """Return least of the grid of fields of this size."""
    return float(torch.linalg.eigvalsh(coupling_symbol(factor, size)).min()) + m


def _is_flat(
    factor: ConditionalEnergy, size: tuple[int, int], times: tuple[int, int], m: float
) -> bool:
    """Whether a band is far flatter on a larger grid; twice the frequencies show it."""
    own = least_curvature(factor, size, m)
    finer = size[0] * min(times[0], 2), size[1] * min(times[1], 2)
    one = min(factor.band.detail_shape(*size)[1:]) == 1
    share = _SHARE_OF_ONE if one else _SHARE
    return own > 0 and least_curvature(factor, finer, m) < share * own


def _bands(
    model: Multiscale[ConditionalEnergy],
) -> Iterator[tuple[ConditionalEnergy, tuple[int, int], float | None]]:
    """Yield each energy with its size and m; older models know m of elongated bands only."""
    known: list[dict[str, Any]] = model.record["bands"]
    schedules = model.record["chains"]["schedules"]
    for factor, band, schedule in zip(chained(model), known, schedules, strict=True):
        m = band.get("mean_curvature", schedule.get("curvature"))
        yield factor, (band["size"][0], band["size"][1]), m
