"""Networks of torchvision as the files of weights that are used with them want them."""

from collections.abc import Collection
from inspect import signature
from types import ModuleType

from torch import nn

AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Parts of GoogLeNet and Inception that only training uses."""


def built(models: ModuleType, name: str, options: dict[str, int]) -> nn.Module:
    """Return a network without weights, and without any download.

    Detectors would fetch the weights of their backbone. GoogLeNet and Inception bring pictures
    from the scale of other networks to their own, as they do wherever torchvision loads its
    weights.

    Args:
        models: `torchvision.models`.
        name: one of its networks.
        options: of its builder.
    """
    known = signature(models.get_model_builder(name)).parameters
    backbone = {"weights_backbone": None} if "weights_backbone" in known else {}
    net = models.get_model(name, weights=None, **backbone, **options)
    if hasattr(net, "transform_input"):
        net.transform_input = True
    return net


def drop_auxiliary(net: nn.Module, names: Collection[str]) -> None:
    """Take out the parts for training of which a file has no tensor, in place.

    torchvision's own GoogLeNet with weights lacks them, and so do those that are trained further.
    """
    for part in AUXILIARY:
        there = isinstance(getattr(net, part, None), nn.Module)
        if there and not any(f"{part}." in name for name in names):
            setattr(net, part, None)
