"""What is said of the potentials that were fitted, a sentence for each thing that was done."""

from collections.abc import Sequence
from typing import Any

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


def _is_singular(band: dict[str, Any]) -> bool:
    condition = band.get("condition", 0.0)
    return condition is None or condition > _SINGULAR  # None: not finite


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
