"""Super-resolution: given coarse fields, the details of all finer bands by their chains.

The coarse field of octave j of a field x, in the units of the data, is 2^-j times the low-pass
square of the model's wavelet after j octaves: a weighted mean of x about each coarse pixel. That of
haar is the mean of 2^j x 2^j blocks. Where pixels are transformed, it is a mean of what they are
then, transformed back: with a logarithm, and the line through quantiles after it, nearly the
geometric mean.

Low-pass filters as PyWavelets places them lie beside the blocks of their coarse pixels: those of
db4 by 2.5 (2^j - 1) pixels. Laws are stationary, so fields are rolled by as much before, and
samples rolled back: a coarse pixel stands for the block where it is.
"""

import math

import torch

from scorelet.core.errors import InputError
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.core.typing import Fields, OtherFields
from scorelet.models.field_energy import Band, ConditionalEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import Run, chained
from scorelet.tasks.field_model.census import BATCH_PIXELS
from scorelet.tasks.field_model.scale import (
    check_size,
    coarse_to_model,
    label_of_potentials,
    restored,
)
from scorelet.wavelets import OrthogonalWavelet

_FAR = 4.0  # times as far as the potential of a scale is known, it is known no more


def refine(
    run: Run, coarse: Fields, numbers: range, seed: int, progress: Progress | None
) -> OtherFields:
    """Return samples (n, h, w) of p(x | its coarse field), in the units of the data.

    Args:
        run: model and chains.
        coarse: (m, h / 2^j, w / 2^j); sample i has the coarse field number i modulo m.
        numbers: of the samples.
        seed: any non-negative integer.
        progress: is told how many samples are done.

    Raises:
        InputError: sides that are not those of the model over a power of two, pixels that are not
            finite, chains that diverge.
    """
    field = run.model.record["field"]
    height, width = field["size"]
    octaves = octaves_of(run.model, (int(coarse.shape[1]), int(coarse.shape[2])))
    if not bool(coarse.isfinite().all()):
        raise InputError("Coarse fields have pixels that are no finite number: fill them first.")
    start = _first_above(run.model, octaves)
    below = coarse_to_model(field, coarse, octaves)
    back = (-displacement(_octave(run.model), octaves),) * 2
    most, pieces = max(1, BATCH_PIXELS // (height * width)), []
    for first in range(numbers.start, numbers.stop, most):
        part = range(first, min(first + most, numbers.stop))
        rows = torch.tensor(part) % len(coarse)
        drawn = run.refine(below[rows], Noise(seed, part), start=start).roll(back, (-2, -1))
        pieces.append(restored(field, drawn, (height, width)))
        if progress:
            progress(part.stop - numbers.start, len(numbers))
    return torch.cat(pieces)


def far_coarse(model: Multiscale[ConditionalEnergy], coarse: Fields) -> list[str]:
    """Return a sentence if coarse fields are far from those of the fields that were fitted.

    Those of another unit or level are. The potential of the band below says where the pixels of
    coarse fields were: from its first point to its last, about three deviations to either side.

    Arguments and errors as in `refine`.
    """
    field = model.record["field"]
    octaves = octaves_of(model, (int(coarse.shape[1]), int(coarse.shape[2])))
    z = coarse_to_model(field, coarse, octaves) / 2**octaves
    below = model.record["bands"][max(0, _first_above(model, octaves) - 1)]
    low, high = below["potential"]["t"][0], below["potential"]["t"][-1]
    middle, half = (low + high) / 2, (high - low) / 2
    far = float((field["mean"] + field["deviation"] * z - middle).abs().max())
    if not far > _FAR * half > 0:
        return []
    named = label_of_potentials(field)
    return [
        f"Coarse fields reach {far / half:.3g} times as far as those of the fitted fields, whose "
        f"{named} is mostly from {low:.3g} to {high:.3g}: expected means of pixels in the units of "
        "the data. So far away the model continues what it has learnt elsewhere."
    ]


def coarsen(model: Multiscale[ConditionalEnergy], x: Fields, octaves: int) -> OtherFields:
    """Return the coarse fields (n, h / 2^j, w / 2^j) of fields (n, h, w), as `refine` takes them.

    Raises:
        InputError: fields of another size, octaves beyond those of the model.
    """
    known = _coarse_sides(model)
    if octaves not in known:
        raise InputError(f"octaves={octaves}: this model has 1 to {len(known)}.")
    field = model.record["field"]
    check_size(field, x)
    z = coarse_to_model(field, x, 0)
    band = _octave(model)
    z = z.roll((displacement(band, octaves),) * 2, (-2, -1))
    low = OrthogonalWavelet(band.wavelet, octaves, align=band.align).analyze(z).low
    return restored(field, low / 2**octaves, known[octaves])


def displacement(band: Band, octaves: int) -> int:
    """Return by how many pixels low-pass filters lie behind the blocks of their coarse pixels.

    It is the phase of the filter of one octave at the lowest frequency of 64 pixels; octave j adds
    2^j times as much.
    """
    side = 64
    impulse = torch.zeros(1, side // 2, dtype=torch.float64)
    impulse[:, 0] = 1
    wavelet = OrthogonalWavelet(band.wavelet, 1, ndim=1, align=band.align)
    weights = wavelet.synthesize((impulse, (impulse.new_zeros(1, side // 2),)))[0]
    wave = torch.polar(torch.ones(side).double(), 2 * math.pi * torch.arange(side).double() / side)
    centre = float((weights * wave).sum().angle()) * side / (2 * math.pi) - 0.5
    return round(centre * (2**octaves - 1))


def octaves_of(model: Multiscale[ConditionalEnergy], sides: tuple[int, int]) -> int:
    """Return j of coarse fields with these sides.

    Raises:
        InputError: the model has no such octave.
    """
    height, width = model.record["field"]["size"]
    known = {coarse: j for j, coarse in _coarse_sides(model).items()}
    if sides not in known:
        choices = ", ".join(f"{h}x{w}" for h, w in known)
        raise InputError(
            f"Coarse fields of {sides[0]}x{sides[1]} pixels: this model is of fields of "
            f"{height}x{width}, whose coarse fields have {choices} pixels."
        )
    return known[sides]


def _coarse_sides(model: Multiscale[ConditionalEnergy]) -> dict[int, tuple[int, int]]:
    """Return the sides of the coarse field of each octave; mirrored fields have one octave more."""
    height, width = model.record["field"]["size"]
    octaves = range(1, model.levels + 1)
    return {j: (height >> j, width >> j) for j in octaves if min(height, width) >> j}


def _octave(model: Multiscale[ConditionalEnergy]) -> Band:
    return next(f.band for f in model.details if isinstance(f.band, Band))


def _first_above(model: Multiscale[ConditionalEnergy], octaves: int) -> int:
    """Return the number of the first band that is finer than coarse fields."""
    left = model.levels - octaves
    for number, factor in enumerate(chained(model)):
        if factor.band.bottom:
            if left == 0:
                return number
            left -= 1
    raise AssertionError("an octave without a band")
