"""Over which axes the outputs of layers are averaged, so that each channel has one number.

Convolutions, poolings, batch, instance and group norms have channels first, (batch, channel, ...);
linear layers, layer norms, attention and recurrent layers have features last, (batch, ...,
feature). Other layers and the pictures have the order of those that read or put out maps of the
same shape. Where there are none, maps are (batch, channel, ..., height, width); whether three axes
are (batch, channel, position) or (batch, token, feature) nobody knows then.
"""

from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from scorelet.analysis.alignment.watching import show
from scorelet.core.network import WATCHING, evaluated, not_compiled

_KINDS = ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")
_SPATIAL = [getattr(nn, f"{kind}{d}d") for kind in _KINDS for d in (1, 2, 3)]
_FIRST = {kind.forward for kind in (*_SPATIAL, _BatchNorm, _InstanceNorm, nn.GroupNorm)}
_SEQUENTIAL = (nn.Embedding, nn.MultiheadAttention, nn.RNN, nn.LSTM, nn.GRU)
_LAST = {kind.forward for kind in (nn.Linear, nn.LayerNorm, nn.RMSNorm, *_SEQUENTIAL)}
"""What layers compute: others that inherit from them may put their axes in another order."""


class ChannelAxes:
    """Where maps of a network have their channels, by the layers that read them or put them out.

    Args:
        net: is called once, in evaluation mode.
        x: some pictures.
    """

    def __init__(self, net: nn.Module, x: Tensor) -> None:
        self._known: dict[tuple[int, ...], set[str]] = {}
        with WATCHING, not_compiled():
            known = [module for module in net.modules() if _order(module)]
            hooks = [module.register_forward_hook(self._take) for module in known]
            with evaluated(net, hooks):
                show(net, x)

    def space(self, module: nn.Module, output: Tensor) -> tuple[int, ...]:
        """Return the axes of an output over which it is averaged."""
        orders = self._orders(module, output)
        if orders == {"last"}:
            return tuple(range(1, output.ndim - 1))
        if orders == {"first"} or output.ndim < 4:
            return tuple(range(2, output.ndim))
        return output.ndim - 2, output.ndim - 1

    def is_unsure(self, module: nn.Module, output: Tensor) -> bool:
        """Whether nothing says on which axis the channels are."""
        orders = self._orders(module, output)
        return len(orders) > 1 or (not orders and output.ndim == 3)

    def _orders(self, module: nn.Module, output: Tensor) -> set[str]:
        own = _order(module)
        return {own} if own else self._known.get(tuple(output.shape[1:]), set())

    def _take(self, module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        for found in (*inputs[:1], output[0] if isinstance(output, tuple) else output):
            if isinstance(found, Tensor) and found.ndim > 2:
                self._known.setdefault(tuple(found.shape[1:]), set()).add(_order(module))


def _order(module: nn.Module) -> str:
    """Return where a layer has the channels of what it reads and puts out; or nothing."""
    forward = type(module).forward
    if isinstance(module, nn.LayerNorm | nn.RMSNorm) and len(module.normalized_shape) > 1:
        return ""
    return "first" if forward in _FIRST else "last" if forward in _LAST else ""
