"""Networks of others: weights without their architecture, and architectures by name.

`torchvision:NAME`, `timm:NAME` and `FILE.py:FACTORY` name a function that builds the network; a
file of weights is read as safetensors, or by torch without running code that may be in it.
"""

import argparse
import difflib
import pickle
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from scorelet.core.checkpoint import is_safetensors, refuse_program
from scorelet.core.errors import CheckpointError, InputError, one_line
from scorelet.core.files import check_regular
from scorelet.core.own_code import import_code
from scorelet.core.progress import Say
from scorelet.core.words import counted, listed
from scorelet.tasks import torchvision_networks

LIBRARIES = ("torchvision", "timm")
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of colours, by which these libraries' networks want pictures standardised."""
_AVERAGED = {"ema", "averaged", "avg", "swa"}
"""Words in the names under which training programs keep the mean of weights over steps, which is
what they use later; exp_avg is a mean of gradients."""
_WRAPPERS = ("state_dict", "model", "model_state_dict", "net", "module", "params")
_DEPTH = 4
"""So many dictionaries in one another are opened."""
_PREFIXES = ("module.", "model.", "_orig_mod.")
_WEIGHT_NORM = re.compile(r"(weight\w*)_([gv])")
"""Of torch.nn.utils.weight_norm: length and direction."""
_DENSE_LAYER = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
"""In files of torchvision's DenseNets: norm.1 is what the network calls norm1."""


def read_state(path: Path, *, say: Say = lambda _text: None) -> dict[str, Tensor]:
    """Return the tensors of a file of weights by name; no code in it is run.

    Dictionaries in which training programs wrap them are opened, by the names that these have, or
    the only one that there is; averaged weights are taken before others. What is left out `say` is
    told in a sentence without a full stop.

    Raises:
        CheckpointError: missing, damaged, not safe to open, or without plain tensors.
    """
    if not path.exists():
        raise CheckpointError(f"There is no file {path}: check the path.")
    check_regular(path, what="a file of weights", error=CheckpointError)
    refuse_program(path)
    tensors = _unwrapped(_opened(path), path, say)
    if not _is_state(tensors):
        raise CheckpointError(
            f"{path} holds {_held(tensors)}: expected one dictionary of tensors by name; save the "
            "state dictionary of the network alone."
        )
    for name, value in tensors.items():
        if value.is_meta or value.is_quantized or value.layout != torch.strided:
            raise CheckpointError(
                f"{path} holds {name} as a tensor that is sparse, quantized or without values: "
                "save dense ones, of floats."
            )
    return tensors


def _opened(path: Path) -> object:
    try:
        if path.suffix == ".safetensors" or is_safetensors(path):
            return load_file(path)
        with torch.serialization.safe_globals([argparse.Namespace]):  # of timm's training program
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors, or is no file of weights; what else is in it could "
            "run code when opened: save the state dictionary only, best as safetensors."
        ) from error
    except Exception as error:  # damaged files end in all kinds of errors
        raise CheckpointError(f"{path} cannot be read: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """Return what an error says in words; numbers and stacks of the format help nobody."""
    said = one_line(error, limit=120)
    if isinstance(error, LookupError) or " " not in said:
        return "it is damaged, or no file of weights"
    return said


def _averaged(found: object, path: Path, say: Say) -> object:
    """Return the averaged weights, if there are any, else what was found."""
    if not isinstance(found, Mapping):
        return found
    holding = [name for name, value in found.items() if _holds_state(value)]
    name = next((name for name in holding if _is_averaged(name)), None)
    if name is None:
        return found
    if others := [str(other) for other in holding if other != name]:
        say(f"{path} holds {name} and {listed(others)}: the averaged weights, {name}, are taken")
    return found[name]


def _is_averaged(name: object) -> bool:
    """Whether a name says so, as model_ema and EMAModel do."""
    words = {word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", str(name))}
    return not words.isdisjoint(_AVERAGED) and "exp" not in words


def _is_state(found: object) -> bool:
    """Whether it is a dictionary of tensors by name."""
    if not isinstance(found, Mapping) or not found:
        return False
    return all(isinstance(n, str) and isinstance(v, Tensor) for n, v in found.items())


def _holds_state(found: object, depth: int = _DEPTH) -> bool:
    """Whether it is a dictionary of tensors by name, or one of it.

    What optimizers keep is none, and neither are single numbers, as losses.
    """
    if not isinstance(found, Mapping) or "param_groups" in found or not depth:
        return False
    if _is_state(found):
        return any(value.ndim for value in found.values())
    return any(_holds_state(value, depth - 1) for value in found.values())


def _unwrapped(found: object, path: Path, say: Say) -> Any:  # noqa: ANN401 - what a file holds
    """Open the dictionaries in which training programs wrap tensors."""
    for _ in range(_DEPTH):
        found = _averaged(found, path, say)
        if not _holds_state(found) or _is_state(found):
            return found
        inner = _wrapped(found, path, say)
        if inner is None:
            return found
        found = inner
    return found


def _wrapped(found: Any, path: Path, say: Say) -> object:  # noqa: ANN401 - what a file holds
    """Return the dictionary of weights in a dictionary: by its name, or the only one."""
    holding = {name: value for name, value in found.items() if _holds_state(value)}
    names = [name for name in _WRAPPERS if name in holding]
    if not names:
        if any(isinstance(value, Tensor) and value.ndim for value in found.values()):
            return None  # these are the weights
        names = [name for name, value in holding.items() if _is_state(value)] or [*holding]
        if len(names) > 1:
            return None
    if others := [str(name) for name in holding if name != names[0]]:
        say(f"{path} holds {names[0]} and {listed(others)}: only {names[0]} is taken")
    return holding[names[0]]


def _held(found: object) -> str:
    """Say what a file holds instead of tensors by name."""
    if not isinstance(found, Mapping):
        return f"a {type(found).__name__}"
    return listed([str(name) for name in found]) or "an empty dictionary"


def build_network(
    arch: str, tensors: Mapping[str, Tensor], *, path: Path, say: Say = lambda _text: None
) -> nn.Module:
    """Return the network that an architecture names, with these weights, in evaluation mode.

    What parallel and compiled modules of torch add to names, anywhere, is taken off, and a network
    that was saved as a part of a module is taken out of it; `say` is told what is left out, in a
    sentence without a full stop. If it does not fit, it is built again with as many classes as the
    weights are for: rows of the last tensor that has another shape, or that a network without
    classes lacks.

    Raises:
        InputError: an architecture that is not known.
        CheckpointError: weights that do not fit it.
    """
    library = arch.partition(":")[0] in LIBRARIES

    def built(**options: int) -> nn.Module:
        net = _built(factory_of(arch), arch, **options)
        if library:
            torchvision_networks.drop_auxiliary(net, tensors)
        return net

    net = built()
    own = net.state_dict()
    tensors = _own_part(_without_prefixes(tensors, own), own, path, say)
    error = _load(net, tensors)
    if error and library:
        tensors = {_DENSE_LAYER.sub(r"\1\2", name): value for name, value in tensors.items()}
        if others := _of_classes(net, tensors):
            net = built(num_classes=len(tensors[others[-1]]))
        error = _load(net, tensors)
    if error:
        raise CheckpointError(
            f"{path} does not fit {arch}: {error}; name the architecture that it was saved "
            "from, or give FILE.py:FUNCTION, which builds it with the options that it had."
        )
    if getattr(net, "transform_input", False) and library:
        say(
            f"{arch} brings pictures to the scale of torchvision's own weights and of what was "
            "trained from them; if yours were trained from random ones in another, give "
            "FILE.py:FUNCTION"
        )
    return net.eval()


def factory_of(arch: str) -> Callable[..., object]:
    """Return the function that builds a network.

    Raises:
        InputError: no such file or function.
    """
    source, colon, name = arch.rpartition(":")
    if not (colon and source and name):
        raise InputError(
            f"--arch {arch}: use torchvision:NAME, timm:NAME or FILE.py:FUNCTION, for example "
            "torchvision:resnet18."
        )
    if source in LIBRARIES:
        return lambda **options: _of_library(source, name, options)
    if not source.endswith(".py"):
        raise InputError(
            f"--arch {arch}: {source} is no library that is known and no file of Python: use "
            "torchvision:NAME, timm:NAME or FILE.py:FUNCTION."
        )
    import_code(source)
    factory = getattr(sys.modules[Path(source).expanduser().resolve().stem], name, None)
    if not callable(factory):
        raise InputError(f"--arch {arch}: {source} has no function {name}.")
    return factory


def standardised(net: nn.Module, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    """Let a network standardise the pictures in [0, 1] that it is called with."""
    means, deviations = (torch.tensor(v)[:, None, None] for v in (mean, deviation))

    def standardise(_net: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        x = inputs[0]
        return ((x - means.to(x)) / deviations.to(x),)

    net.register_forward_pre_hook(standardise)


def _of_library(library: str, name: str, options: dict[str, int]) -> object:
    try:
        if library == "torchvision":
            models = import_module("torchvision.models")
            _refuse_unknown(library, name, models.list_models())
            return torchvision_networks.built(models, name, options)
        timm = import_module("timm")
        if not timm.is_model(name):  # which knows names that are no longer listed
            _refuse_unknown(library, name.partition(".")[0], timm.list_models())
        return timm.create_model(name, pretrained=False, **options)
    except ImportError as error:
        raise InputError(
            f"--arch {library}:{name} needs the package {library}: pip install {library}."
        ) from error


def _refuse_unknown(library: str, name: str, known: Sequence[str]) -> None:
    if not known or name.lower() in known or ":" in name or "/" in name:  # of a hub
        return
    near = difflib.get_close_matches(name.lower(), known, n=3)
    meant = f"did you mean {' or '.join(near)}?" if near else "see its list of models."
    raise InputError(f"There is no network {name!r} in {library}: {meant}")


def _built(factory: Callable[..., object], arch: str, **options: int) -> nn.Module:
    try:
        net = factory(**options)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(
            f"--arch {arch} cannot be built: {type(error).__name__}: {one_line(error)}."
        ) from error
    if not isinstance(net, nn.Module):
        raise InputError(f"--arch {arch} gave a {type(net).__name__}: expected a torch module.")
    return net


def _without_prefixes(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Take prefixes off that all names have, but not those of the architecture."""

    def added(prefix: str) -> bool:
        mine, given = (all(n.startswith(prefix) for n in names) for names in (own, tensors))
        return given and not mine

    while prefix := next(filter(added, _PREFIXES), None):
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _own_part(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path, say: Say
) -> Mapping[str, Tensor]:
    """Take a network out of a module, as `_part`, by names that differ in how torch writes them."""
    found = _part(tensors, own, path, say)
    names = {_plain_name(name): name for name in own}
    plain = {_plain_name(name): value for name, value in tensors.items()}
    if not _missing(own, found) or (len(names), len(plain)) != (len(own), len(tensors)):
        return found
    plain = _part(plain, {plain: own[name] for plain, name in names.items()}, path, say)
    return {names.get(name, name): value for name, value in plain.items()}


def _plain_name(name: str) -> str:
    """Return a name without parallel and compiled parts in it, weight norms as torch has them now.

    Such are features.module.0.weight, layer1._orig_mod.0.weight and 0.weight_g.
    """
    *parts, last = (part for part in name.split(".") if part not in ("module", "_orig_mod"))
    if match := _WEIGHT_NORM.fullmatch(last):
        last = f"parametrizations.{match[1]}.original{'gv'.index(match[2])}"
    return ".".join([*parts, last])


def _part(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path, say: Say
) -> Mapping[str, Tensor]:
    """Take a network out of a module that it was saved with, where its names follow its own.

    Such are net.conv.weight of a module that has a loss, too, and module.conv.weight of a mean over
    steps, which counts them in n_averaged. Of several the first is taken, averaged weights before
    others.
    """
    missing = _missing(own, tensors)
    if not missing:
        return tensors
    places = [n.removesuffix(missing[0]) for n in tensors if n.endswith(f".{missing[0]}")]
    places.sort(key=lambda place: not _is_averaged(place))
    for place in places:
        found = {n.removeprefix(place): v for n, v in tensors.items() if n.startswith(place)}
        if not _missing(own, found):
            others = [n for n in tensors if not n.startswith(place) and n != "n_averaged"]
            if others:
                more = counted(len(others), "other tensor")
                say(f"only {place}* of {path} is taken, without {more}, as {others[0]}")
            return found
    return tensors


def _missing(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> list[str]:
    return [name for name in own if name not in tensors and "num_batches" not in name]


def _load(net: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """Load weights; return what does not fit, or nothing."""
    own = net.state_dict()
    missing = _missing(own, tensors)
    unknown = [name for name in tensors if name not in own]
    shapes = _of_another_shape(own, tensors)
    if missing or unknown or shapes:
        name = (missing or unknown or shapes)[0]
        reason = "lacks" if missing else "does not know" if unknown else "has another shape for"
        who = "it" if missing else "the architecture"
        return f"{who} {reason} {name}"
    for name, value in tensors.items():
        if own[name].is_floating_point() and not value.is_floating_point():
            kinds = [str(v.dtype).removeprefix("torch.") for v in (value, own[name])]
            return f"it has {kinds[0]} numbers for {name}, and the architecture {kinds[1]}"
    own.update(tensors)  # with torch's own record of versions, which files may lack
    net.load_state_dict(own, strict=False)
    return ""


def _of_classes(net: nn.Module, tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the names of what may belong to a network with another number of classes."""
    own = net.state_dict()
    if getattr(net, "num_classes", None) == 0:  # of timm, which has features alone
        return [name for name, value in tensors.items() if name not in own and value.ndim]
    return _of_another_shape(own, tensors)


def _of_another_shape(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> list[str]:
    """Return the names, in the order of the network, of what both have in two shapes."""
    return [n for n, value in own.items() if n in tensors and value.shape != tensors[n].shape]
