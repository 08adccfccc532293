"""Names of built-in models, and loading by name, path or Hub id."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from scorelet.core.errors import CheckpointError, InputError
from scorelet.models import Denoiser
from scorelet.zoo.checkpoints import load_denoiser

WEIGHTS = Path(str(files("scorelet.zoo") / "weights"))
HUB_FILE = "model.safetensors"
_FILES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pkl")  # Hub ids may have dots, too


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

    Raises:
        InputError: nothing is known by that name.
        CheckpointError: the Hub has it not, or cannot be reached.
    """
    built_in = WEIGHTS / f"{model}.safetensors"
    if built_in.is_file():
        return built_in
    path = Path(model).expanduser()
    if path.is_file() or path.suffix.lower() in _FILES:
        return path
    if str(model).count("/") == 1:
        return _from_hub(str(model))
    raise InputError(_unknown(str(model)))


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


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    repository, _, revision = name.partition("@")
    try:
        return Path(hf_hub_download(repository, HUB_FILE, revision=revision or None))
    except Exception as error:
        raise CheckpointError(
            f"Cannot get {HUB_FILE} of {repository!r} from the Hugging Face Hub "
            f"({type(error).__name__}): check the name and the connection."
        ) from error


def _unknown(name: str) -> str:
    known = ", ".join(names())
    return (
        f"Unknown model {name!r}: use one of {known}, a .safetensors path or a Hub id owner/name."
    )
