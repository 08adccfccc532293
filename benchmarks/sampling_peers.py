"""Other loops that sample: diffusers' DDPM and DDIM schedulers, and the published ascent.

Symbols: ᾱ_k the products that a diffusers scheduler keeps, α² = ᾱ_k and σ² = 1 - ᾱ_k at its step k.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from scorelet.models import Denoiser
from scorelet.models.schedules import NoiseSchedule
from scorelet.sampling import AscentSchedule

TRAINED_STEPS = 1000
SCHEDULERS = {"ddim": "ddim", "ancestral-small": "ddpm"}
"""Our samplers → those of diffusers that are the same formula."""


class Tabulated(NoiseSchedule):
    """α and σ of a diffusers scheduler at the times 0, 1/N, ..., 1 of its N steps.

    Both programs then take the same steps, to the last digit that float32 has.
    """

    end, noise_std = 1.0, 1.0

    def __init__(self, scheduler: Any) -> None:  # noqa: ANN401 - diffusers may not be there
        kept = scheduler.alphas_cumprod[scheduler.timesteps.flip(0)].double()
        self.products = torch.cat([torch.ones(1, dtype=torch.float64), kept])

    def _product(self, t: Tensor) -> Tensor:
        return self.products[(t * (len(self.products) - 1)).round().long()]

    def alpha(self, t: Tensor) -> Tensor:
        return self._product(t).sqrt()

    def sigma(self, t: Tensor) -> Tensor:
        return (1 - self._product(t)).sqrt()

    def drift(self, t: Tensor) -> Tensor:
        raise NotImplementedError("No sampler that is compared asks for it.")

    diffusion = drift


def scheduler_of(name: str, steps: int) -> Any:  # noqa: ANN401
    """Return a scheduler of diffusers, "ddim" or "ddpm", for so many steps, the last one to 0."""
    import diffusers

    kind = diffusers.DDIMScheduler if name == "ddim" else diffusers.DDPMScheduler
    words = {"prediction_type": "sample", "clip_sample": False, "timestep_spacing": "trailing"}
    scheduler = kind(num_train_timesteps=TRAINED_STEPS, **words)
    scheduler.set_timesteps(steps)
    return scheduler


def diffusers_loop(denoiser: Denoiser, x: Tensor, scheduler: Any, seed: int) -> Tensor:  # noqa: ANN401
    """Sample from x by diffusers, as its pages show it; a denoiser of x/α estimates the image."""
    rng = torch.Generator().manual_seed(seed)
    products = [float(scheduler.alphas_cumprod[k]) for k in scheduler.timesteps]
    words = {} if "DDIM" in type(scheduler).__name__ else {"generator": rng}
    for k, product in zip(scheduler.timesteps, products, strict=True):
        alpha, sigma = product**0.5, (1 - product) ** 0.5
        estimate = denoiser(x / alpha, sigma / alpha)
        x = scheduler.step(estimate, k, x, **words).prev_sample
    return x


def published_ascent(
    noise_of: Callable[[Tensor], Tensor], shape: tuple[int, ...], schedule: AscentSchedule
) -> Tensor:
    """Sample one image as the published program does, in `schedule.most` steps.

    Kadkhodaie and Simoncelli 2021, github.com/LabForComputationalVision/universal_inverse_problem,
    code/algorithm_inv_prob.py, without a measurement: a call for the first level, one for each
    step, one at the end.
    """
    y = torch.normal(torch.full(shape, 0.5), schedule.start)[None]
    size = y.numel() ** 0.5
    sigma = torch.norm(noise_of(y)) / size
    for step in range(1, schedule.most + 1):
        if sigma <= schedule.end:
            break
        h = schedule.step_size(step)
        d = noise_of(y)
        sigma = torch.norm(d) / size
        gamma = sigma * schedule.noise(step)
        y = y - h * d + gamma * torch.randn(shape)
    return y - noise_of(y)
