"""What a network holds beside its layers, in sentences."""

import re
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils import parametrize

from scorelet.analysis.alignment.layers import (
    CONVOLUTIONS,
    Layer,
    is_empty,
    layer_of,
    registered_layers,
)
from scorelet.core.words import counted, listed

_STORED = {f"{n}{end}" for n in ("weight", "bias") for end in ("", "_g", "_v", "_orig")}
"""Weights and biases of torch's layers, and what its hooks compute them from."""

_TABLES = re.compile(
    r"(?:.*_)?(?:(?:pos|emb|embed|embedding|table)s?(?:_.*)?|(?:position|token|bias|biase)s?)"
)
"""Names of parameters that are added to signals: a word anywhere, or the last one."""


def grouped(net: nn.Module) -> Sequence[str]:
    """Return the names of grouped convolutions, whose channels no rotation may mix."""
    return [n for n, m in net.named_modules() if isinstance(m, CONVOLUTIONS) and m.groups > 1]


def quantised(net: nn.Module) -> list[str]:
    """Return the names of layers that torch has quantised: their weights are no parameters."""
    return [name for name, module in net.named_modules() if _is_quantised(module)]


def _is_quantised(module: nn.Module) -> bool:
    weights = (getattr(module, name, None) for name in ("weight", "get_weight"))
    kind = type(module).__module__
    return kind.startswith("torch.ao.nn.") and any(map(callable, weights))


def left_out(net: nn.Module, reason: str) -> list[str]:
    """Say what with weights is no layer here, in sentences without a full stop.

    Args:
        net: any module.
        reason: why grouped convolutions are left out.
    """
    empty = [name for name, module in net.named_modules() if is_empty(module)]
    return [
        *_left_out(grouped(net), "grouped convolution", reason),
        *_left_out(empty, "empty layer", "there are no weights between no channels"),
        *_left_out(quantised(net), "quantised layer", "give the network before it was quantised"),
        *_others(net),
    ]


def uncalled(net: nn.Module, layers: Sequence[Layer]) -> list[str]:
    """Say which layers a network holds and does not call, as `left_out` does."""
    called = {layer.module for layer in layers}
    names = [layer.name for layer in registered_layers(net) if layer.module not in called]
    return _left_out(names, "uncalled layer", "what is not called as a layer shows no inputs")


def own_forwards(net: nn.Module) -> list[str]:
    """Say which layers may compute with other weights than are looked into, as `left_out` does."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for layer in registered_layers(net):
        others = other_parameters(layer.module)
        if others or _has_own_forward(layer.module):
            kinds.setdefault((_kind(layer.module).__name__, *others), []).append(layer.name)
    return [
        f"weights of {counted(len(names), kind)} are taken as they are stored"
        f"{f', without {listed(others)}' if others else ''} ({_which(names)}): what its own "
        "forward computes from them is not looked into"
        for (kind, *others), names in kinds.items()
    ]


def other_parameters(module: nn.Module) -> list[str]:
    """Return the names of a module's own parameters beside its weight and bias."""
    return [name for name, _ in module.named_parameters(recurse=False) if name not in _STORED]


def _has_own_forward(module: nn.Module) -> bool:
    """Whether somebody else wrote how a layer computes."""
    source = getattr(module.forward, "__module__", None) or ""
    return not source.startswith(("torch.nn.", "scorelet."))


def _others(net: nn.Module) -> list[str]:
    """Modules of others with matrices that are neither convolutions nor linear layers."""
    kinds: dict[str, list[str]] = {}
    computing = {part for module in net.modules() for part in _computing(module)}
    for name, module in net.named_modules():
        known = layer_of(name, module) is not None or isinstance(module, CONVOLUTIONS)
        said = known or is_empty(module) or module in computing
        if not said and _has_matrices(module):
            kinds.setdefault(_kind(module).__name__, []).append(name)
        elif not said and (own := _matrices_beside_parts(module)):
            names = [f"{name}.{each}".removeprefix(".") for each in own]
            kinds.setdefault(f"{_kind(module).__name__} parameter", []).extend(names)
    reason = "only convolutions, linear layers and channel matrices are looked into"
    return [text for kind, names in kinds.items() for text in _left_out(names, kind, reason)]


def _has_matrices(module: nn.Module) -> bool:
    """Of layers of torch any; of others' own those with two long axes, in modules without parts."""
    parts = _computing(module)
    own = [p for part in (module, *parts) for p in part.parameters(recurse=False)]
    kind = _kind(module).__module__
    if kind.startswith("torch.nn"):
        return any(p.ndim > 1 for p in own)
    whole = any(part not in parts for part in module.children()) or kind.startswith("scorelet.")
    return not whole and any(sum(side > 1 for side in p.shape) > 1 for p in own)


def _matrices_beside_parts(module: nn.Module) -> list[str]:
    """Name what mixes channels of its own in a module of others with parts.

    Class tokens, tables of positions or biases, and scales of channels do not.
    """
    if _kind(module).__module__.startswith(("torch.nn", "scorelet.")):
        return []
    own = dict(module.named_parameters(recurse=False))
    return [name for name, p in own.items() if _is_matrix(p) and not _is_table(name)]


def _is_matrix(p: Tensor) -> bool:
    return sum(side > 1 for side in p.shape) > 1


def _is_table(name: str) -> bool:
    return _TABLES.fullmatch(name) is not None


def _computing(module: nn.Module) -> list[nn.Module]:
    """Return the parts that parametrisations of torch compute a module's own weights with."""
    if not parametrize.is_parametrized(module):
        return []
    return list(module.get_submodule("parametrizations").modules())


def _left_out(names: Sequence[str], kind: str, reason: str) -> list[str]:
    if not names:
        return []
    are = "is" if len(names) == 1 else "are"
    return [f"{counted(len(names), kind)} {are} left out ({_which(names)}): {reason}"]


def _which(names: Sequence[str]) -> str:
    first = names[0] or "the network itself"
    return first if len(names) == 1 else f"the first is {first}"


def _kind(module: nn.Module) -> type:
    return parametrize.type_before_parametrizations(module)


def unsettled(module: nn.Module) -> bool:
    """Return whether it is a batch norm that keeps no running moments."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None


def unsettled_words(net: nn.Module) -> list[str]:
    """Say which batch norms keep no running moments, as `left_out` does."""
    names = [name for name, module in net.named_modules() if unsettled(module)]
    if not names:
        return []
    return [
        f"{', '.join(names[:3])} standardise by the moments of each batch, in evaluation too: "
        "what is found depends on the pictures that are shown together"
    ]
