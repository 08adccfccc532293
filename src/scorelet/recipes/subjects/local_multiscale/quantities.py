"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.local_multiscale.claims import learned
from scorelet.recipes.subjects.local_multiscale.settings import Settings


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    enlarged = ("means", "spectrum", "bicubic")
    field, largest = settings.sampling.field, settings.fields[-1]
    controls = {"against linear"} if settings.linear_of_all else set()
    controls |= {"against level", "against guided"} if settings.has_controls else set()
    return frozenset(f"{kind} {n}" for kind in enlarged for n in settings.sampling.factors) | {
        *("linear lead", "linear loss", "linear pixels", "linear scales"),
        *("what fields are worth", "lead at strong noise", "against the largest"),
        *("loss at weak noise", "loss of the mean", "spread of fields"),
        *("over the low band", "details", "told", "memory"),
        *(learned(field, -6), learned(largest, -6), learned(largest, 30)),
        *controls,
    }
