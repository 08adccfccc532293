"""What is said of the bands that were fitted, a sentence for each thing that was done or missed."""

from collections.abc import Sequence
from typing import Any

from scorelet.tasks.field_model.matching import is_matched

_REACHED = 2.0
"""Mean square of the differences of moments in errors, above which they were not reached."""
_SINGULAR = 1e10
"""Condition of scaled equations from which on single parameters mean little."""


def said_of_potentials(bands: Sequence[dict[str, Any]]) -> list[str]:
    """Return sentences about the bands of a record, see `fit_model`; none if nothing was done."""
    found = []
    for is_told, text in _SAID:
        sizes = ["x".join(map(str, band["size"])) for band in bands if is_told(band)]
        if sizes:
            found.append(text.format(", ".join(dict.fromkeys(sizes))))
    return found


def said_of_moments(bands: Sequence[dict[str, Any]]) -> list[str]:
    """Return a sentence for each band whose samples have other moments than the fields.

    One for all bands whose moments were not to be matched.
    """
    found = []
    for band in bands:
        after = band.get("moments", {}).get("after", 0.0)
        sides = "x".join(map(str, band["size"]))
        if not is_matched(after):
            found.append(_UNMATCHED.format(sides))
        elif after > _REACHED:
            found.append(_MISSED.format(sides, after))
    apart = [band for band in bands if "moments_missed" in band]
    if left := [band for band in apart if not is_matched(band["moments_missed"])]:
        sides = ", ".join("x".join(map(str, band["size"])) for band in left)
        sizes = ", ".join(f"{band['moments_missed']:.1f}" for band in left)
        found.append(_LEFT.format(sides, sizes))
    return found


def said_of_missed(bands: Sequence[dict[str, Any]]) -> list[str]:
    """Return in one sentence, for those who draw samples, what `said_of_moments` says of bands."""
    sizes = ["x".join(map(str, band["size"])) for band in bands if said_of_moments([band])]
    if not sizes:
        return []
    return [
        "When this model was fitted its samples had other moments than the fields at "
        f"{', '.join(dict.fromkeys(sizes))} pixels: compare both before you use them."
    ]


def _is_singular(band: dict[str, Any]) -> bool:
    condition = band.get("condition", 0.0)
    return condition is None or condition > _SINGULAR  # None: not finite


_UNMATCHED = (
    "The energy of the band of {} pixels could not be brought to the moments of the fields: it may "
    "not be in this family. Its samples have other powers, the further off the longer its chains "
    "are: compare before you use them. --enforce finds an energy whose chains settle."
)
_MISSED = (
    "Samples of the band of {} pixels still have other moments than the fields: the mean square of "
    "their differences is {:.1f} in standard errors, where 1 is chance. Compare both before you "
    "use them."
)
_LEFT = (
    "Moments were not matched: samples have others than the fields at {} pixels, where the mean "
    "squares of their differences are {} in standard errors, 1 by chance. Compare both before you "
    "use them."
)
_SAID = (
    (
        _is_singular,
        "The equations at {} pixels are nearly singular (condition above 1e10): single parameters "
        "mean little there, while forces, and potentials as they are shown, may be right.",
    ),
    (
        lambda band: band.get("tails_held"),
        "Tails of the potential are held convex at {} pixels: few pixels say what they are, and "
        "would let the energy fall for ever, or too far.",
    ),
    (
        lambda band: band.get("stiffened"),
        "The potential at {} pixels is smoother than fields that are left out call for: samples "
        "of rougher ones left the fields.",
    ),
)
