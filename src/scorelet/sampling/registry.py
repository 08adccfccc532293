"""Ensembles by name: those with formulas for their samples, and φ^4, which needs Markov chains."""

from typing import Any

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ENSEMBLES, Ensemble
from scorelet.data.fields.ensembles import ensemble as closed_ensemble
from scorelet.sampling.phi4 import Phi4


def ensemble_kinds() -> dict[str, type[Ensemble]]:
    """Return the class of each ensemble, by name."""
    return {**ENSEMBLES, Phi4.name: Phi4}


def ensemble(name: str, /, **params: Any) -> Ensemble:  # noqa: ANN401 - each class checks its own
    """Return the ensemble called `name` with the given parameters; the others have defaults.

    It knows what `scorelet.data.fields.ensembles.ensemble` knows, and ``phi4`` with its presets:
    ``ensemble("phi4", preset="soft")``.

    Raises:
        InputError: unknown name, unknown parameter, or a value that cannot be used.
    """
    kinds = ensemble_kinds()
    if name not in kinds:
        raise InputError(f"Unknown ensemble {name!r}: use one of {', '.join(sorted(kinds))}.")
    return _phi4(params) if name == Phi4.name else closed_ensemble(name, **params)


def _phi4(params: dict[str, Any]) -> Phi4:
    preset = params.pop("preset", None)
    unknown = sorted(params.keys() - {"b", "a", "q"})
    if unknown or (preset and params):
        wrong = unknown[0] if unknown else "preset together with others"
        raise InputError(f"The ensemble 'phi4' has no parameter {wrong}: use b, a, q, or preset.")
    for key, value in params.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"The parameter {key} is {value!r}: expected a number.")
    return Phi4.preset(str(preset)) if preset else Phi4(**{k: float(v) for k, v in params.items()})
