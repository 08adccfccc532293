"""Names of built-in models, and loading by name, path or Hub id."""

import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.models import Denoiser
from scorelet.zoo.checkpoints import load_denoiser
from scorelet.zoo.hub import fetch

WEIGHTS = Path(str(files("scorelet.zoo") / "weights"))
_FILES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pkl")  # Hub ids may have dots, too
_HUB_ID = re.compile(r"(?P<owner>[A-Za-z0-9][\w.-]{0,95})/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def names() -> list[str]:
    """Return the names of the built-in models."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def card(name: str) -> dict[str, Any]:
    """Return the model card of a built-in model.

    Raises:
        InputError: unknown name, or a model without a card.
    """
    if name not in names():
        raise InputError(_unknown(name))
    path = WEIGHTS / f"{name}.json"
    if not path.is_file():
        raise InputError(f"The model {name!r} has no card: {path} is missing.")
    return json.loads(path.read_text(encoding="utf-8"))


def locate_weights(model: str | Path) -> Path:
    """Return the file of a model: a built-in name, a path, or a Hub id ``owner/name[@revision]``.

    What looks like a path is one, whether it exists or not: something with the suffix of weights,
    something with a slash that is no Hub id, and something in a folder that is here. So a path that
    is mistyped is not looked for on a network.

    Raises:
        InputError: nothing is known by that name.
        CheckpointError: the Hub has it not, or cannot be reached.
    """
    if model in names():
        return WEIGHTS / f"{model}.safetensors"
    path = Path(model).expanduser()
    if (
        isinstance(model, Path)
        or path.suffix.lower() in _FILES
        or (model and os.path.lexists(path))
    ):
        return path
    hub_id = _HUB_ID.fullmatch(model)
    if hub_id and not Path(hub_id["owner"]).is_dir():
        return fetch(model)
    if "/" in model or os.sep in model:
        return path
    raise InputError(_unknown(model))


def load(model: str | Path = "photo") -> Denoiser:
    """Load a denoiser: built-in name, path of a ``.safetensors`` file, or Hub id.

    The result maps (y, sigma) to an estimate of E[x | y], images (batch, channel, height, width)
    with values in [0, 1]; it is in evaluation mode, float32, on the CPU.

    Raises:
        InputError: unknown name.
        CheckpointError: missing, damaged or unsafe weights.

    Example:
        >>> import torch, scorelet as sl
        >>> sl.load("photo")(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """
    return load_denoiser(locate_weights(model))


def _unknown(name: str) -> str:
    known = ", ".join(names())
    return (
        f"Unknown model {name!r}: use one of {known}, a .safetensors path or a Hub id owner/name."
    )
