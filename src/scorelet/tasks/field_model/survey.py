"""What is decided about fields before they are fitted, by measurement."""

from dataclasses import dataclass

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.tasks.field_model.census import spread
from scorelet.tasks.field_model.prepared import PreparedFields

FIELDS = 2048
_PIXELS = 1 << 23
_DOUBT = 3.0  # standard errors of odd moments that are not taken for an asymmetry


@dataclass(frozen=True)
class Survey:
    """Measured on some of the fields.

    Args:
        fields: standardised, (n, 1, h, w), float64.
        mean, deviation: of all their pixels.
        even: whether x and -x are equally likely, as far as the fields tell.
    """

    fields: Tensor
    mean: float
    deviation: float
    even: bool

    def standardised(self, x: Fields) -> Tensor:
        """Return (n, 1, h, w), float64, of fields as they are stored."""
        return ((x.double() - self.mean) / self.deviation)[:, None]


def survey_fields(fields: PreparedFields, among: int, *, even: bool | None = None) -> Survey:
    """Measure fields: their scale, and whether their law is even.

    Args:
        fields: all of them.
        among: only the first so many count.
        even: what is known of it; None measures it.

    Raises:
        InputError: a single field, fields that do not vary, or even ones of one sign.
    """
    if among < 2:
        raise InputError(
            "There is one field: expected several, so that their law can be learnt; cut a large "
            "field into parts first."
        )
    some = fields.read(survey_rows(fields, among)).double()
    mean, deviation = float(some.mean()), float(some.std(correction=0))
    if not deviation > 1e-12 * abs(mean):
        raise InputError(f"All pixels are {mean:g}: expected fields that vary.")
    if even and _has_one_sign(some):
        raise InputError(
            f"All pixels are from {float(some.min()):g} to {float(some.max()):g}: expected even "
            "fields, that are as likely with the opposite sign; take their mean away first, or "
            "leave out that they are even."
        )
    symmetric = _is_even(some) if even is None else even
    mean = 0.0 if symmetric else mean
    return Survey(((some - mean) / deviation)[:, None], mean, deviation, symmetric)


def survey_rows(fields: PreparedFields, among: int) -> list[int]:
    """Return the numbers of those of the first `among` fields that are measured."""
    return spread(among, min(FIELDS, max(16, _PIXELS // fields.pixels)))


def _is_even(x: Fields) -> bool:
    """Whether the means of x and of x^3 are 0 within three standard errors over fields.

    Few fields of unequal strength say little of their means; pixels of one sign say enough.
    """
    if _has_one_sign(x):
        return False
    for power in (1, 3):
        moment = x.pow(power).mean((1, 2))
        if abs(float(moment.mean())) > _DOUBT * float(moment.std()) / len(x) ** 0.5:
            return False
    return True


def _has_one_sign(x: Fields) -> bool:
    return float(x.min()) >= 0 or float(x.max()) <= 0
