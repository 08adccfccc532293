"""The denoiser of an energy: the way back from a density to its posterior mean.

Symbols: y = x + sigma z, U(y, sigma) = -log p_sigma(y) + constant, f(y) = E[x | y]:

    f(y) = y - sigma^2 grad_y U(y, sigma)

References: Miyasawa 1961; Kadkhodaie, Guth, Simoncelli, Mallat 2024, arXiv 2310.02557, eq. 3.
"""

from collections.abc import Callable

from torch import Tensor
from torch.func import grad

from scorelet.core.derivatives import differentiating
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser, noise_level
from scorelet.models.energy import FunctionEnergy, energies_of

NoisyEnergy = Callable[[Tensor, Tensor], Tensor]
"""U(y, sigma) from images (batch, channel, height, width) and levels (batch,) to (batch,)."""


class EnergyDenoiser(Denoiser):
    """The posterior mean of a density of noisy images, f(y) = y - sigma^2 grad_y U(y, sigma).

    The gradient is of `torch.func`: it exists under `torch.no_grad` and inside `torch.compile`, and
    a loss on f(y) can be differentiated again, but not under `torch.inference_mode`.

    Args:
        energy: U, a function or a module; no image of the batch may depend on another one.
        channels: the channel counts that it takes, or None if it takes any.

    Raises InputError when it is called, if U is not one number for each image.
    """

    needs_noise = True

    def __init__(self, energy: NoisyEnergy, *, channels: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self._energy = energy  # a module is registered, with its parameters
        self.channels = channels

    def noisy(self, sigma: float) -> FunctionEnergy:
        """Return the density of noisy images of one level, as `Energy`: U(·, sigma)."""
        return FunctionEnergy(lambda y: self._energy(y, noise_level(sigma, y, positive=True)))

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        with differentiating():
            gradient = grad(lambda x: energies_of(x, self._energy(x, sigma)).sum())(y)
        return y - sigma.square()[:, None, None, None] * gradient
