"""What classifiers have in common whose last layer has one weight for each position."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.errors import InputError


class SizedClassifier(nn.Module):
    """A network from square images of one size to logits, with what it says of itself.

    A subclass builds what makes its features; if it calls `add_head`, its `forward` ends by `head`.

    Args:
        options: the constructor's arguments, with channels, classes and size.

    Attributes: those of `scorelet.core.network.Network`, and `size`, the side in pixels.
    """

    receptive_radius = None
    multiple = 1

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        self.options = options
        self.accepts: tuple[int, ...] = (options["channels"],)
        self.classes: int = options["classes"]
        self.size: int = options["size"]

    def add_head(self, features: int, side: int, *, pool: int = 1, bias_free: bool = False) -> None:
        """Add the last layers: a norm, means over pool x pool positions, and a linear layer.

        Args:
            features: channels that `head` gets.
            side: of the grid of positions that `head` gets.
            pool: side of the squares whose means are seen, stride 1; 1: every position.
            bias_free: a norm without gain and offset, and a linear layer without bias.
        """
        self.norm: nn.Module = nn.BatchNorm2d(features, affine=not bias_free)
        self.pool = pool
        seen = features * (side - pool + 1) ** 2
        self.classify = nn.Linear(seen, self.classes, bias=not bias_free)

    def head(self, features: Tensor) -> Tensor:
        """Return logits (batch, classes) of features (batch, channel, rows, columns)."""
        u = self.norm(features)
        if self.pool > 1:
            u = F.avg_pool2d(u, self.pool, stride=1)
        return self.classify(u.flatten(1))

    def check_size(self, x: Tensor) -> None:
        """Refuse images of another size.

        Raises:
            InputError: they are not `size` pixels high and wide.
        """
        if x.shape[-2:] != (self.size, self.size):
            raise InputError(
                f"The images have {x.shape[-2]} x {x.shape[-1]} pixels: this network takes "
                f"{self.size} x {self.size}."
            )
