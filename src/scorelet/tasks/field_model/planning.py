"""Which bands of details a cascade has: how wide they may be for log-concave conditional laws."""

from dataclasses import dataclass, replace

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.models.certificates import extreme_curvatures
from scorelet.models.field_energy import Band
from scorelet.tasks.field_model.certificate import MOST_FIELDS
from scorelet.training.score_matching import GROUPS, CascadePlan, Family, fit_band
from scorelet.training.score_matching.fit import moments_of

SUBDIVISIONS = {"octave": 1, "half": 2, "quarter": 4}
BANDS = (*SUBDIVISIONS, "auto")
TRIAL_PIXELS = 1 << 19


def plan_bands(wavelet: str, size: tuple[int, int], subdivisions: int) -> CascadePlan:
    """Return the bands of fields of this size: octaves as long as both sides are even.

    An octave has fewer bands where its fields are too small for them.

    Raises:
        InputError: a side is odd, or 1.
    """
    counts = [_at_most(subdivisions, sides) for sides in _octaves(size)]
    return CascadePlan(wavelet, tuple(counts))


def choose_bands(wavelet: str, family: Family, x: Tensor, *, even: bool) -> CascadePlan:
    """Return, for each octave, the widest bands whose Hessians are positive at fields not tried.

    Where none are, the octave has the narrowest bands; the certificate of the fit says so. One of
    eight fields is for the choice alone. Fields that the certificate looks at are not among them:
    at those that bands were chosen by it would be too good.

    Args:
        wavelet: name.
        family: which energies are fitted.
        x: standardised fields, (n, 1, h, w); as many are tried as 2^19 pixels hold, from all of it.
        even: p(x) = p(-x).

    Raises:
        InputError: a side is odd, or 1.
    """
    counts: list[int] = []
    finer: Band | None = None
    most = max(16, TRIAL_PIXELS // x[0].numel())
    x = x[:: max(1, len(x) // most)][:most]
    judges = max(1, min(MOST_FIELDS, len(x) // 8))
    x, held = x[:-judges], x[-judges:]
    for sides in _octaves((int(x.shape[-2]), int(x.shape[-1]))):
        tried = sorted({_at_most(count, sides) for count in SUBDIVISIONS.values()})
        trial = _Trial(wavelet, family, x, held, finer, even)
        held_up = (c for c in tried if trial.is_log_concave(c))
        counts.append(next(held_up, tried[-1]))
        band = Band(wavelet)
        x, held = band.lower(x), band.lower(held)
        finer = band
    return CascadePlan(wavelet, tuple(counts))


@dataclass(frozen=True)
class _Trial:
    """Fits of one octave: fields x, those that judge, and the octave above."""

    wavelet: str
    family: Family
    x: Tensor
    held: Tensor
    finer: Band | None
    even: bool

    def is_log_concave(self, count: int) -> bool:
        """Whether all bands of the octave have positive Hessians at the fields that judge."""
        for index in range(count):
            band = Band(self.wavelet, subdivisions=count, index=index)
            field, other = band.truncate(self.x), band.truncate(self.held)
            moments = moments_of(band, self.family, field, even=self.even, finer=self.finer)
            groups = []  # potentials are as smooth as those of the fit
            for part in field.tensor_split(min(GROUPS, len(field))):
                moments.add(part)
                groups.append(moments.take())
            try:
                factor = fit_band(moments, groups, replace(self.family, concave=False)).factor
            except InputError:  # too few fields for these bands; more are fitted in the end
                return False
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
    if min(size) == 1:
        raise InputError(
            f"Fields of {size[0]}x{size[1]} pixels are series: expected fields in two dimensions, "
            "whose sides are even, best powers of two."
        )
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
