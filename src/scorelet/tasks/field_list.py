"""What can be drawn: reference ensembles with their formulas and parameters."""

from dataclasses import MISSING, fields
from typing import Any

from scorelet.sampling import PRESETS, ensemble_kinds


def list_ensembles() -> dict[str, dict[str, Any]]:
    """Return formula, source, parameters (with defaults) and presets of each ensemble, by name."""
    return {
        name: {
            "formula": kind.formula,
            "reference": kind.reference,
            "params": {
                field.name: None if field.default is MISSING else field.default
                for field in fields(kind)
            },
            "presets": sorted(PRESETS) if name == "phi4" else [],
        }
        for name, kind in sorted(ensemble_kinds().items())
    }
