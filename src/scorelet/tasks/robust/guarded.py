"""Networks of others under attack: what fails in them is said to, and they may have a dtype."""

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from scorelet.core.copying import copied
from scorelet.core.device import in_precision
from scorelet.core.errors import InputError, ScoreletError, one_line
from scorelet.models import Classifier


class Guarded(nn.Module):
    """A network whose failures are sentences."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> object:
        """Return what the network makes of pictures.

        Raises:
            InputError: it fails.
        """
        try:
            return self.network(x)
        except (ScoreletError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # networks of others fail in all kinds of ways
            raise InputError(
                f"The model fails on pictures of shape {tuple(x.shape)}: {one_line(error)}; give "
                "one that takes float32 pictures, any number at a time."
            ) from error


def check_built(model: nn.Module) -> None:
    """Refuse layers that take their size from the first pictures, and have not seen any.

    Raises:
        InputError: there are some.
    """
    if any(is_lazy(t) for t in (*model.parameters(), *model.buffers())):
        raise InputError(
            f"{type(model).__name__} has layers without weights yet, as LazyLinear: show it some "
            "pictures before, as model(x)."
        )


def guarded(model: nn.Module) -> nn.Module:
    """Return a network that is guarded; of a classifier its own is, in place."""
    if not isinstance(model, Classifier):
        return Guarded(model)
    model.network = Guarded(model.network)
    return model


def in_single(network: nn.Module, x: Tensor) -> nn.Module:
    """Return a network in float32, or as it is where only so it takes pictures.

    Such are networks that bring pictures to the dtype of their weights themselves.

    Args:
        network: guarded.
        x: pictures, float32, on its device.
    """
    tensors = (*network.parameters(), *network.buffers())
    if {t.real.dtype for t in tensors if t.is_floating_point() or t.is_complex()} <= {x.dtype}:
        return network
    single = in_precision(copied(network), x.device, x.dtype)
    return network if _takes(network, x) and not _takes(single, x) else single


@torch.no_grad()
def _takes(network: nn.Module, x: Tensor) -> bool:
    try:
        network(x.clone())  # which it may write to
    except InputError:
        return False
    return True
