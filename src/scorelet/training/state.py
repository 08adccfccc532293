"""The state of a run as one safetensors file: enough to go on exactly where it stopped."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.checkpoint import STATE_KIND, load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, one_line
from scorelet.training.run_folder import WEIGHTS

Optimizers = list[torch.optim.Optimizer]
KIND = f"{STATE_KIND}-2"


def save_state(
    path: Path,
    facts: dict[str, Any],
    *,
    learner: nn.Module,
    average: nn.Module,
    optimizers: Optimizers,
) -> None:
    """Write weights, averaged weights and optimiser moments, with `facts` (JSON), atomically."""
    tensors = _prefixed("learner", learner.state_dict()) | _prefixed(
        "average", average.state_dict()
    )
    scalars: dict[str, Any] = {}
    for k, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                key = f"optimizer{k}.{index}.{name}"
                if isinstance(value, Tensor):
                    tensors[key] = value
                else:
                    scalars[key] = value
    header = {"kind": KIND, "facts": facts, "scalars": scalars, "optimizers": _names(optimizers)}
    save_tensors(path, tensors, header)


def read_facts(path: Path) -> dict[str, Any]:
    """Return the facts that were saved with a state.

    Raises:
        CheckpointError: damaged, or no state of a run.
    """
    return _read(path)[1]["facts"]


def steps_saved(path: Path) -> int:
    """Return how many steps the state in a file has done; 0 if there is none."""
    return int(read_facts(path)["step"]) if path.exists() else 0


def load_state(
    path: Path, *, learner: nn.Module, average: nn.Module, optimizers: Optimizers
) -> None:
    """Put a saved state back in place.

    Raises:
        CheckpointError: damaged, no state of a run, or of another model.
    """
    tensors, header = _read(path)
    try:
        names = header["optimizers"]
        if names != _names(optimizers):
            raise ValueError(f"it was saved with {' and '.join(names)}")
        learner.load_state_dict(_without_prefix("learner", tensors))
        average.load_state_dict(_without_prefix("average", tensors))
        for k, optimizer in enumerate(optimizers):
            _load_optimizer(optimizer, f"optimizer{k}", tensors | header["scalars"])
    except (RuntimeError, KeyError, ValueError) as error:
        reason = one_line(error)
        raise CheckpointError(f"{path} belongs to another model or optimiser: {reason}") from error


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    remedy = f"begin in another output folder, from the weights {path.with_name(WEIGHTS)}"
    tensors, header = load_tensors(path, remedy=remedy)
    if header.get("kind") != KIND or "facts" not in header:
        raise CheckpointError(f"{path} is not the state of a training run of this version.")
    return tensors, header


def _names(optimizers: Optimizers) -> list[str]:
    return [type(optimizer).__name__ for optimizer in optimizers]


def _load_optimizer(optimizer: torch.optim.Optimizer, prefix: str, values: dict[str, Any]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in _without_prefix(prefix, values).items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    _refuse_other_moments(optimizer, state)
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _refuse_other_moments(
    optimizer: torch.optim.Optimizer, state: dict[int, dict[str, Any]]
) -> None:
    """Raise ValueError if moments are not of these parameters, as where rules have changed since.

    torch gives them to parameters by their numbers and looks at nothing else.
    """
    own = [p for group in optimizer.param_groups for p in group["params"]]
    name = type(optimizer).__name__
    for number, moments in state.items():
        if number >= len(own):
            raise ValueError(f"{name} moved more weights than the {len(own)} that it moves now")
        shapes = {tuple(v.shape) for v in moments.values() if isinstance(v, Tensor) and v.ndim}
        if shapes - {tuple(own[number].shape)}:
            raise ValueError(f"{name} moved other weights than it moves now")


def _prefixed(prefix: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _without_prefix(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    start = f"{prefix}."
    return {key[len(start) :]: value for key, value in values.items() if key.startswith(start)}
