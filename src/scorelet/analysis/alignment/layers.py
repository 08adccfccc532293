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
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from scorelet.analysis.alignment.moments import wide
from scorelet.analysis.weight_covariance.spectrum import clipped
from scorelet.core.errors import InputError
from scorelet.core.network import evaluated
from scorelet.networks.channel_matrix import ChannelMatrix, inverse_deviations

CONVOLUTIONS = nn.Conv1d | nn.Conv2d | nn.Conv3d


@dataclass(frozen=True)
class Layer(ABC):
    """A layer of a network.

    Attributes:
        name: as in ``net.named_modules()``; its class where a network is one layer.
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
        with evaluated(self.module):  # no step of a power iteration
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
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm | SpectralNorm | BasePruningMethod):
            hook(module, None)


def layer_of(name: str, module: nn.Module, positions: int = 1) -> Layer | None:
    """Return a module as a layer, or None if its weights do not mix channels, or are none."""
    if is_empty(module):
        return None
    name = name or type(module).__name__
    if isinstance(module, ChannelMatrix):
        return MatrixLayer(name, module)
    if isinstance(module, nn.Linear):
        return LinearLayer(name, module, positions)
    if isinstance(module, CONVOLUTIONS) and module.groups == 1:
        return ConvolutionLayer(name, module)
    return None


def is_empty(module: nn.Module) -> bool:
    """Whether it is a layer from no channels, or to none."""
    own = module.parameters(recurse=False)
    layer = isinstance(module, ChannelMatrix | nn.Linear | CONVOLUTIONS)
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
