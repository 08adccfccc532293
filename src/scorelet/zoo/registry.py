"""Names of built-in models, and loading by name, path or Hub id."""

import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import has_factors, has_network, unwrapped
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.zoo.checkpoints import build, open_model, read_model
from scorelet.zoo.hub import fetch
from scorelet.zoo.kind import KINDS, Header, Kind, Tensors, find_kind, kind_of

Model = TypeVar("Model")

WEIGHTS = Path(str(files("scorelet.zoo") / "weights"))
_FILES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pkl")  # Hub ids may have dots, too
_LEARNT = ("learnt", "most", "drawn_between")  # see `Denoiser`
_DESCRIBING = ("kind", "architecture", "options", "channels", "classes", "size", *_LEARNT)
_CAPITALS = re.compile(r"(?<!^)(?=[A-Z])")
_HUB_ID = re.compile(r"(?P<owner>[A-Za-z0-9][\w.-]{0,95})/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")

_ADDRESS = re.compile(r"(https?://(www\.)?(huggingface|hf)\.co/|hf://)(?P<name>[\w.-]+/[\w.-]+)")


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


def contents(model: str | Path) -> dict[str, Any]:
    """Return what the file of a model says of it: kind, network, classes, how many numbers it has.

    These are weights and statistics. Of a cascade it says the wavelet and what its record has.

    Args:
        model: as in `load`; nothing is built.

    Raises:
        InputError: unknown name.
        CheckpointError: as `load`.
    """
    path = locate_weights(model)
    _, header, tensors = open_model(path)
    return {"file": str(path), **_said(header), "numbers": sum(map(Tensor.numel, tensors.values()))}


def locate_weights(model: str | Path) -> Path:
    """Return the file of a model: a built-in name, a path, or a Hub id ``owner/name[@revision]``.

    What looks like a path is one, whether it exists or not: something with the suffix of weights,
    something with a slash that is no Hub id, and something in a folder that is here. So a path that
    is mistyped is not looked for on a network.

    Raises:
        InputError: nothing is known by that name, or it is empty.
        CheckpointError: the Hub has it not, or cannot be reached.
    """
    return local_weights(model) or fetch(str(model))


def local_weights(model: str | Path) -> Path | None:
    """Return the file of a model as `locate_weights` does, or None for a Hub id.

    Raises:
        InputError: as `locate_weights`.
    """
    if model in names():
        return WEIGHTS / f"{model}.safetensors"
    _refuse_address(str(model))
    path = as_path(model, name="model") if model else Path()
    if (
        isinstance(model, Path)
        or path.suffix.lower() in _FILES
        or (model and os.path.lexists(path))
    ):
        return path
    hub_id = _HUB_ID.fullmatch(model)
    if hub_id and not Path(hub_id["owner"]).is_dir():
        return None
    if "/" in model or os.sep in model:
        return path
    raise InputError(_unknown(model))


@checked
def load(model: str | Path = "photo") -> Any:  # noqa: ANN401 - what the file is
    """Load a model: built-in name, path of a ``.safetensors`` file, or Hub id.

    The result is what the file is, in evaluation mode, on the CPU: a `Denoiser`, which maps
    (y, sigma) to an estimate of E[x | y], a `Classifier`, or a model of another kind in
    `scorelet.zoo.KINDS`.

    Raises:
        InputError: unknown name.
        CheckpointError: missing, damaged or unsafe weights, of an unknown kind or a newer version.

    Example:
        >>> import torch, scorelet as sl
        >>> sl.load("photo")(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """
    return read_model(locate_weights(model))


def load_as(model_type: type[Model], model: str | Path, *, verb: str) -> Model:
    """Load a model that must be of a class; nothing is built if it is not.

    Args:
        model_type: as `scorelet.models.Denoiser`.
        model: built-in name, path or Hub id.
        verb: who asks, for the sentence that another kind of model is met with.

    Raises:
        InputError: unknown name, or a model of another kind; the sentence names the verbs for it.
        CheckpointError: as `load`.
    """
    path = locate_weights(model)
    kind, header, tensors = open_model(path)
    view = kind.views.get(model_type)
    if view is None and not issubclass(kind.model_type, model_type):
        raise InputError(
            f"{model} is {kind.words}, and {verb} takes {_words(model_type)}: "
            f"{_uses(kind, header, tensors)}."
        )
    loaded = build(path, kind, header, tensors)
    return loaded if view is None else view(loaded)


def _words(model_type: type) -> str:
    """Return what sentences call models of a class, with an article."""
    own = next((kind for kind in KINDS.values() if kind.model_type is model_type), None)
    return own.words if own else f"a {_CAPITALS.sub(' ', model_type.__name__).lower()}"


def viewed(model_type: type, model: Any) -> Any:  # noqa: ANN401 - any argument of a verb
    """Return a model in memory as verbs take it: its view of that class, see `Kind`.

    Args:
        model_type: as in `load_as`.
        model: what was given; what has no such view, as a name or a path, comes back as it is. A
            model that is wrapped, as by torch.compile, is taken out.
    """
    inner = unwrapped(model)
    if isinstance(inner, str | Path | model_type):
        return inner
    kind = find_kind(inner)
    if kind is None:
        return model
    view = kind.views.get(model_type)
    return inner if view is None else view(inner)


def load_network(model: str | Path, *, factor: int | None = None) -> nn.Module:
    """Load the network of a model that is made of one, see `scorelet.core.network.HasNetwork`.

    Args:
        model: name, path or Hub id.
        factor: of a cascade, that of its low band, 0, or of the details of a level, coarse to fine
            from 1 on; other models have one network.

    Raises:
        InputError: unknown name, a model that has no network, or a cascade of fewer factors.
        CheckpointError: as `load`.
    """
    loaded = load(model)
    if factor is not None and has_factors(loaded):
        if factor >= len(loaded.factors):
            raise InputError(f"{model} has {len(loaded.factors)} factors, and no factor {factor}.")
        loaded = loaded.factors[factor]
    if not has_network(loaded):
        raise InputError(f"{model} is {kind_of(loaded).words}, which has no network to start from.")
    return loaded.network


def _said(header: Header) -> dict[str, Any]:
    """Return the entries of a header that describe a model, and so of its parts."""
    said = {key: header[key] for key in _DESCRIBING if header.get(key) is not None}
    if isinstance(record := header.get("record"), dict):
        said |= {key: record[key] for key in record if key not in said}
    if isinstance(transform := header.get("transform"), dict):
        said |= {key: transform[key] for key in ("wavelet", "depth") if key in transform}
    parts = header.get("parts")
    if not isinstance(parts, dict):
        return said
    return said | {"parts": {name: _said(part) for name, part in parts.items()}}


def _uses(kind: Kind[Any], header: Header, tensors: Tensors) -> str:
    verbs = kind.verbs if isinstance(kind.verbs, tuple) else kind.verbs(header, tensors)
    if not verbs:
        return "load it in Python, with scorelet.load"
    return f"use it with {' or '.join(f'scorelet {verb}' for verb in verbs)}"


def _refuse_address(model: str) -> None:
    """Raise InputError for an address of the web; of one on the Hub say the id."""
    if "://" in model:
        known = _ADDRESS.match(model)
        give = known["name"] if known else "the path of a file that you have fetched from there"
        raise InputError(f"{model} is an address, and a model is a name or a file: give {give}.")


def _unknown(name: str) -> str:
    known = ", ".join(names())
    return (
        f"Unknown model {name!r}: use one of {known}, a .safetensors path or a Hub id owner/name."
    )
