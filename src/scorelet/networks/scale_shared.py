"""One network for the details of all scales, which is told the scale."""

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.numbers import Count, at_least
from scorelet.core.options import checked
from scorelet.networks.architectures import ARCHITECTURES


class ScaleShared(nn.Module):
    """n(x) = network([e_k, x]): the network of all scales, at the scale k.

    e_k, numbers that are learned with the weights, are shown beside the image as channels that are
    constant. Self-similar fields look alike at all scales, so that one network may serve them all.
    A network without biases is homogeneous in e_k and x together, not in x alone.

    Args:
        architecture: name of the network in `ARCHITECTURES`.
        options: of the network; its `channels` are those of e_k and of the image together.
        scales: how many there are.
        embedding: numbers of e_k, at least 1.
        scale: k, from 0 on.

    Shape:
        (batch, channels - embedding, height, width) → what the network returns.

    Attributes:
        options, accepts, receptive_radius, multiple, classes: see `Network`.

    Raises:
        InputError: no such scale or architecture, or a network with fewer channels.

    References: Guth, Coste, De Bortoli, Mallat 2022, arXiv 2208.05003 (a network for each scale).
    """

    @checked
    def __init__(
        self,
        *,
        architecture: str,
        options: Mapping[str, Any],
        scales: Count,
        embedding: Count = 8,
        scale: Annotated[int, at_least(0)] = 0,
    ) -> None:
        super().__init__()
        if scale >= scales:
            raise InputError(f"There is no scale {scale} of {scales}: they are counted from 0.")
        if architecture not in ARCHITECTURES:
            raise InputError(f"architecture: there is no network {architecture}.")
        self.options: dict[str, Any] = {
            "architecture": architecture,
            "options": dict(options),
            "scales": scales,
            "embedding": embedding,
            "scale": scale,
        }
        network = ARCHITECTURES[architecture](**options)
        assert isinstance(network, Network)
        self.accepts = tuple(n - embedding for n in network.accepts if n > embedding)
        if not self.accepts:
            raise InputError(
                f"{architecture} takes {max(network.accepts)} channels, of which the embedding "
                f"alone has {embedding}: add those of the image."
            )
        self.receptive_radius = network.receptive_radius
        self.multiple = network.multiple
        self.classes = network.classes
        self.network: nn.Module = network
        # of one axis: to optimisers it is a vector, no matrix to be orthogonalised or to decay
        self.embedding = nn.Parameter(torch.randn(scales * embedding))
        self.scale = scale

    def at(self, scale: int) -> "ScaleShared":
        """Return the same network at another scale; both have the same weights from now on."""
        options: dict[str, Any] = self.options | {"scale": scale}
        with torch.device("meta"):
            other = ScaleShared(**options)
        other.share(self)
        return other

    def share(self, other: "ScaleShared") -> None:
        """Take the weights of another scale in place of its own."""
        self.network, self.embedding = other.network, other.embedding

    def forward(self, x: Tensor) -> Tensor:
        """Return what the network makes of images x at its scale."""
        told = self.embedding.reshape(self.options["scales"], -1)[self.scale].to(x)
        planes = told[:, None, None].expand(len(x), -1, *x.shape[-2:])
        return self.network(torch.cat([planes, x], 1))
