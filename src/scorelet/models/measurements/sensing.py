"""Random projections of an image are known: compressed sensing."""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.core.typing import Image
from scorelet.models.measurements.base import Measurement
from scorelet.models.measurements.cosines import cosine_transform, inverse_cosine_transform


class RandomSensing(Measurement):
    """c = some cosine coefficients of x with random signs: each is a sum over the whole image.

    With D random signs, C the orthonormal cosine transform and a random choice of m of its
    coefficients, Vᵀ = choice · C D: orthonormal, and fast at any size. Signs and choice are
    functions of the seed. The constant picture is no exception: nothing is measured directly.

    Args:
        size: (height, width) of x.
        ratio: m / (height · width), in (0, 1].
        seed: of signs and choice.
        noise: level of the noise of c.

    Raises:
        InputError: a ratio out of range, or one that leaves no measurement.

    References: Do, Gan, Nguyen, Tran 2012, IEEE TSP 60(1) (structurally random matrices).
    """

    def __init__(
        self, size: tuple[int, int], ratio: float, *, seed: int = 0, noise: float = 0.0
    ) -> None:
        super().__init__(size, noise=noise)
        total = size[0] * size[1]
        count = round(ratio * total) if 0 < ratio <= 1 else 0
        if count < 1:
            raise InputError(
                f"The ratio is {ratio}, of {total} pixels: it must be at most 1, and leave some."
            )
        rng = generator(seed)
        self.signs = 2.0 * torch.randint(0, 2, self.size, generator=rng) - 1
        self.chosen = torch.randperm(total, generator=rng)[:count].sort().values
        self.kept = (count,)

    def _coefficients(self, x: Image) -> Tensor:
        """Return the chosen coefficients, (batch, channel, m)."""
        mixed = cosine_transform(x * self.signs.to(x))
        return mixed.flatten(2)[..., self.chosen.to(x.device)]

    def _image(self, coefficients: Tensor) -> Image:
        """Return the image of such coefficients."""
        flat = coefficients.new_zeros(*coefficients.shape[:2], self.signs.numel())
        flat[..., self.chosen.to(coefficients.device)] = coefficients
        mixed = flat.reshape(*coefficients.shape[:2], *self.size)
        return inverse_cosine_transform(mixed) * self.signs.to(coefficients)
