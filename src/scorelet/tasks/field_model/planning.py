"""Which bands of details a cascade has: how wide they may be for log-concave conditional laws."""

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.certificates import extreme_curvatures
from scorelet.models.field_energy import Band
from scorelet.training.score_matching import CascadePlan, Family, fit_band
from scorelet.training.score_matching.fit import moments_of

SUBDIVISIONS = {"octave": 1, "half": 2, "quarter": 4}
BANDS = (*SUBDIVISIONS, "auto")
TRIAL_PIXELS = 1 << 19


def plan_bands(wavelet: str, size: tuple[int, int], subdivisions: int) -> CascadePlan:
    """Return the bands of fields of this size: octaves as long as both sides are even.

    An octave has fewer bands where its fields are too small for them.

    Raises:
        InputError: a side is odd.
    """
    counts = [_at_most(subdivisions, sides) for sides in _octaves(size)]
    return CascadePlan(wavelet, tuple(counts))


def choose_bands(
    wavelet: str, family: Family, x: Tensor, held: Tensor, *, even: bool
) -> CascadePlan:
    """Return, for each octave, the widest bands whose Hessians are positive at held-out fields.

    Where none are, the octave has the narrowest bands; the certificate of the fit says so.

    Args:
        wavelet: name.
        family: which energies are fitted.
        x: standardised fields, (n, 1, h, w); as many are tried as 2^19 pixels hold.
        held: fields that are not fitted, to try the fits on.
        even: p(x) = p(-x).

    Raises:
        InputError: a side is odd.
    """
    counts = []
    x = x[: max(16, TRIAL_PIXELS // x[0].numel())]
    for sides in _octaves((int(x.shape[-2]), int(x.shape[-1]))):
        tried = sorted({_at_most(count, sides) for count in SUBDIVISIONS.values()})
        held_up = (c for c in tried if _is_log_concave(wavelet, c, family, x, held, even))
        counts.append(next(held_up, tried[-1]))
        band = Band(wavelet)
        x, held = band.lower(x), band.lower(held)
    return CascadePlan(wavelet, tuple(counts))


def _is_log_concave(
    wavelet: str, count: int, family: Family, x: Tensor, held: Tensor, even: bool
) -> bool:
    """Whether all bands of an octave have positive Hessians at the held-out fields."""
    for index in range(count):
        band = Band(wavelet, subdivisions=count, index=index)
        field, other = band.truncate(x), band.truncate(held)
        moments = moments_of(band, family, field, even=even)
        moments.add(field)
        factor = fit_band(moments, [moments.take()], ridge=family.ridge).factor
        least, _ = extreme_curvatures(factor, other)
        if not bool((least > 0).all()):
            return False
    return True


def _octaves(size: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes of the fields of all octaves, fine to coarse."""
    found, sides = [], size
    while all(n % 2 == 0 for n in sides):
        found.append(sides)
        sides = sides[0] // 2, sides[1] // 2
    if not found:
        raise InputError(
            f"Fields of {size[0]}x{size[1]} pixels have an odd side: expected even sides, best "
            "powers of two; crop them first."
        )
    return found


def _at_most(count: int, sides: tuple[int, int]) -> int:
    while count > 1 and any(n % (2 * count) for n in sides):
        count //= 2
    return count
