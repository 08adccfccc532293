"""What is said of the potentials that were fitted, a sentence for each thing that was done."""

from collections.abc import Sequence
from typing import Any

_SAID = {
    "tails_held": (
        "Tails of the potential are held convex at {} pixels: few pixels say what they are, and "
        "would let the energy fall for ever, or too far."
    ),
    "stiffened": (
        "The potential at {} pixels is smoother than fields that are left out call for: samples "
        "of rougher ones left the fields."
    ),
}


def said_of_potentials(bands: Sequence[dict[str, Any]]) -> list[str]:
    """Return sentences about the bands of a record, see `fit_model`; none if nothing was done."""
    found = []
    for key, text in _SAID.items():
        sizes = ["x".join(map(str, band["size"])) for band in bands if band.get(key)]
        if sizes:
            found.append(text.format(", ".join(dict.fromkeys(sizes))))
    return found
