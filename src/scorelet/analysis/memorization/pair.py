"""Two models that are compared, and what they have learned from."""

from dataclasses import dataclass

from torch import Tensor

from scorelet.models import Denoiser


@dataclass(frozen=True)
class Pair:
    """Two models, and what they were trained on where that is known.

    Attributes:
        a, b: on the device where they are measured.
        train_a, train_b: pictures (n, channel, height, width) in [0, 1], on the CPU, or None; the
            first ones are measured.
        twins: trained in one way, so that what is measured of both is judged together.
    """

    a: Denoiser
    b: Denoiser
    train_a: Tensor | None = None
    train_b: Tensor | None = None
    twins: bool = True

    @property
    def models(self) -> tuple[Denoiser, Denoiser]:
        """Both models."""
        return self.a, self.b

    @property
    def train(self) -> tuple[Tensor, Tensor] | None:
        """What both were trained on, None if it is not known of one of them."""
        if self.train_a is None or self.train_b is None:
            return None
        return self.train_a, self.train_b
