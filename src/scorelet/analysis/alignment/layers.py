"""Layers whose weights mix channels: what of them is aligned, and their weights as rows.

Symbols: a layer has n neurons, c channels that it reads, and s weights for each channel and neuron
(the taps of a kernel, the positions that a classifier sees). Weights are (n, c, s); alignments turn
the channel axis only. Activations are (samples, c), samples being pictures times positions.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from scorelet.analysis.alignment.moments import wide
from scorelet.analysis.weight_covariance.spectrum import clipped
from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.networks.channel_matrix import ChannelMatrix, inverse_deviations

_CONVOLUTIONS = nn.Conv1d | nn.Conv2d | nn.Conv3d


@dataclass(frozen=True)
class Layer(ABC):
    """A layer of a network.

    Attributes:
        name: as in ``net.named_modules()``.
        module: itself.
        positions: places that a linear layer sees, each with its own weights; else 1.
    """

    name: str
    module: nn.Module = field(repr=False)
    positions: int = 1

    @property
    @abstractmethod
    def kind(self) -> str:
        """In a word."""

    @abstractmethod
    def activations(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return what the layer was called with as (samples, c)."""

    @abstractmethod
    def weights(self) -> Tensor:
        """Return the weights (n, c, s), float64 or complex128, a copy on the CPU."""

    @abstractmethod
    def set_weights(self, weights: Tensor) -> None:
        """Write weights (n, c, s)."""

    def refuse_computed(self) -> None:
        """Refuse weights that cannot be written.

        Raises:
            InputError: they are computed from other parameters, as under a weight norm.
        """
        if "weight" not in self.module._parameters | self.module._buffers:
            raise InputError(
                f"The weights of layer {self.name} are computed from other parameters, so they "
                "cannot be written: take the weight norm, or the parametrisation, off first."
            )

    @property
    def bias(self) -> Tensor | None:
        """One number for each neuron, or none: the parameter itself."""
        return getattr(self.module, "bias", None)

    @property
    def complex(self) -> bool:
        """Whether weights are complex; else rotations are real."""
        return False

    def rows(self) -> Tensor:
        """Return the weights (n, c s)."""
        return self.weights().flatten(1)

    def clip(self, basis: Tensor) -> None:
        """Project the weights on the columns of an orthonormal basis (c s, r), in place."""
        self.set_weights(clipped(self.rows(), basis).unflatten(1, self.shape[1:]))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, c, s)."""
        return tuple(self.weights().shape)  # ty: ignore[invalid-explicit-return]

    def initial_variance(self) -> float:
        """Return the variance of a weight as the constructor draws it: 1 / (3 inputs) in torch."""
        _, channels, taps = self.shape
        return 1 / (3 * channels * taps)


class _WeightLayer(Layer):
    """A layer whose module has one `weight`; taps of a channel, or its positions, lie together."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, c, s)."""
        rows, columns = self._parameter.shape[:2]
        channels = columns // self.positions
        return rows, channels, self._parameter[0].numel() // channels

    def weights(self) -> Tensor:
        """Return weights (n, c, s) in double precision."""
        return wide(self._parameter.detach().cpu()).reshape(self.shape).clone()

    @torch.no_grad()
    def set_weights(self, weights: Tensor) -> None:
        """Write weights.

        Raises:
            InputError: they are computed from other parameters, as under a weight norm.
        """
        self.refuse_computed()
        self._parameter.copy_(weights.reshape(self._parameter.shape))

    @property
    def complex(self) -> bool:
        """Whether weights are complex."""
        return self._parameter.is_complex()

    def initial_variance(self) -> float:
        """1 / (3 inputs), of the real and of the imaginary part."""
        return super().initial_variance() * (1 + self.complex)

    @property
    def _parameter(self) -> Tensor:
        recompute(self.module)
        return self.module.weight  # ty: ignore[invalid-explicit-return]


class ConvolutionLayer(_WeightLayer):
    """A convolution that is not grouped."""

    @property
    def kind(self) -> str:
        """Its name."""
        return "convolution"

    def activations(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Positions are samples."""
        return inputs[0].movedim(1, -1).flatten(0, -2)


class LinearLayer(_WeightLayer):
    """A linear layer; one that follows a flattened map has weights for each of its positions."""

    @property
    def kind(self) -> str:
        """Its name."""
        return "linear"

    def activations(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Positions of a flattened map, and tokens, are samples."""
        x = inputs[0].flatten(0, -2)
        return x.unflatten(1, (-1, self.positions)).movedim(1, -1).flatten(0, -2)


class MatrixLayer(Layer):
    """A `ChannelMatrix`: it reads standardised features, some or all of them complex."""

    @property
    def matrix(self) -> ChannelMatrix:
        """The module."""
        assert isinstance(self.module, ChannelMatrix)
        return self.module

    @property
    def kind(self) -> str:
        """Its name."""
        return "channel matrix"

    @property
    def complex(self) -> bool:
        """Whether weights are complex."""
        return self.matrix.field == "complex"

    @property
    def bias(self) -> None:
        """None: it has no bias."""
        return

    def raw(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return the features (samples, c) before they are standardised."""
        parts = []
        for group, x in zip(self.matrix.groups, inputs, strict=True):
            part = torch.view_as_complex(x.movedim(2, -1).contiguous()) if group.pairs else x
            parts.append(part.movedim(1, -1).flatten(0, -2))
        dtype = torch.complex64 if any(part.is_complex() for part in parts) else parts[0].dtype
        return torch.cat([part.to(torch.promote_types(part.dtype, dtype)) for part in parts], 1)

    def activations(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Standardised by the running moments."""
        means, powers = self.matrix.running_mean, self.matrix.running_power
        scale = inverse_deviations(means, powers, inputs[0].dtype)
        raw = self.raw(inputs)
        mean = torch.view_as_complex(means) if raw.is_complex() else means[:, 0]
        return (raw - mean) * scale

    def weights(self) -> Tensor:
        """One tap."""
        weight = self.matrix.weight.detach().cpu()
        return wide(torch.view_as_complex(weight) if self.complex else weight)[..., None].clone()

    @torch.no_grad()
    def set_weights(self, weights: Tensor) -> None:
        """Write weights."""
        flat = weights[..., 0]
        self.matrix.weight.copy_(torch.view_as_real(flat) if self.complex else flat)

    def initial_variance(self) -> float:
        """1 / max(n, c) where rows, or columns, start orthonormal."""
        neurons, channels, _ = self.shape
        if self.matrix.initial == "uniform":
            return super().initial_variance()
        return 1 / max(neurons, channels)


@torch.no_grad()
def recompute(module: nn.Module) -> None:
    """Compute a weight from what hooks of torch compute it from: else it is that of the last call.

    Such are `torch.nn.utils.weight_norm`, `torch.nn.utils.spectral_norm` and masks of
    `torch.nn.utils.prune`.
    """
    training, module.training = module.training, False  # no step of a power iteration
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm | SpectralNorm | BasePruningMethod):
            hook(module, None)
    module.training = training


def layer_of(name: str, module: nn.Module, positions: int = 1) -> Layer | None:
    """Return a module as a layer, or None if its weights do not mix channels, or are none."""
    if _is_empty(module):
        return None
    if isinstance(module, ChannelMatrix):
        return MatrixLayer(name, module)
    if isinstance(module, nn.Linear):
        return LinearLayer(name, module, positions)
    if isinstance(module, _CONVOLUTIONS) and module.groups == 1:
        return ConvolutionLayer(name, module)
    return None


def _is_empty(module: nn.Module) -> bool:
    """Whether it is a layer from no channels, or to none."""
    own = module.parameters(recurse=False)
    layer = isinstance(module, ChannelMatrix | nn.Linear | _CONVOLUTIONS)
    return layer and any(not is_lazy(p) and not p.numel() for p in own)


def registered_layers(net: nn.Module) -> tuple[Layer, ...]:
    """Return all layers in the order in which the network names them, without running it."""
    found = (layer_of(name, module) for name, module in net.named_modules())
    return tuple(layer for layer in found if layer is not None)


def sharing(*networks: Sequence[Layer]) -> dict[str, list[str]]:
    """Return names of layers by that of the first which has the same weights, if there are any.

    Args:
        networks: layers in an order; of several networks they correspond, and share in all.
    """
    names: dict[tuple[int, ...], list[str]] = {}
    for layers in zip(*networks, strict=True):
        modules = [layer.module for layer in layers]
        weights = tuple(id(module._parameters.get("weight", module)) for module in modules)
        names.setdefault(weights, []).append(layers[0].name)
    return {first: others for first, *others in names.values() if others}


def sharing_words(shared: dict[str, list[str]]) -> list[str]:
    """Say which layers share their weights, as `left_out` does."""
    return [
        f"{', '.join([first, *others])} share their weights, and are listed once, as {first}"
        for first, others in shared.items()
    ]


def grouped(net: nn.Module) -> Sequence[str]:
    """Return the names of grouped convolutions, whose channels no rotation may mix."""
    return [n for n, m in net.named_modules() if isinstance(m, _CONVOLUTIONS) and m.groups > 1]


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
    empty = [name for name, module in net.named_modules() if _is_empty(module)]
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


def _others(net: nn.Module) -> list[str]:
    """Modules of others with matrices that are neither convolutions nor linear layers."""
    kinds: dict[str, list[str]] = {}
    computing = {part for module in net.modules() for part in _computing(module)}
    for name, module in net.named_modules():
        known = layer_of(name, module) is not None or isinstance(module, _CONVOLUTIONS)
        said = known or _is_empty(module) or module in computing
        if not said and _has_matrices(module):
            kind = parametrize.type_before_parametrizations(module)
            kinds.setdefault(kind.__name__, []).append(name)
    reason = "only convolutions, linear layers and channel matrices are looked into"
    return [text for kind, names in kinds.items() for text in _left_out(names, kind, reason)]


def _has_matrices(module: nn.Module) -> bool:
    """Of layers of torch any; of others' own those with two long axes, in modules without parts.

    Class tokens, embeddings of positions and scales of channels are beside the layers of a block.
    """
    parts = _computing(module)
    own = [p for part in (module, *parts) for p in part.parameters(recurse=False)]
    kind = parametrize.type_before_parametrizations(module).__module__
    if kind.startswith("torch.nn"):
        return any(p.ndim > 1 for p in own)
    whole = any(part not in parts for part in module.children()) or kind.startswith("scorelet.")
    return not whole and any(sum(side > 1 for side in p.shape) > 1 for p in own)


def _computing(module: nn.Module) -> list[nn.Module]:
    """Return the parts that parametrisations of torch compute a module's own weights with."""
    if not parametrize.is_parametrized(module):
        return []
    return list(module.get_submodule("parametrizations").modules())


def _left_out(names: Sequence[str], kind: str, reason: str) -> list[str]:
    if not names:
        return []
    are = "is" if len(names) == 1 else "are"
    which = names[0] if len(names) == 1 else f"the first is {names[0]}"
    return [f"{counted(len(names), kind)} {are} left out ({which}): {reason}"]


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
