"""Draw Gaussian fields sampled in pixels and from coarse to fine, and how many steps both need.

Everything is exact but the number of steps: denoisers are Wiener filters, no network is trained.

Run:  python examples/draw_steps.py docs/images/steps.png
"""

import sys
from pathlib import Path

import torch
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models import StationaryGaussianDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.plots import png
from scorelet.sampling.reverse import (
    Cascade,
    ReversePlan,
    detail_variances,
    draw,
    pixel_variances,
    steps_needed,
)

EXPONENT, STEPS, WAVELET = 2.5, 16, "db4"
SIDES = (8, 16, 32, 64, 128)


def spectrum(side: int) -> Tensor:
    """1/(1 + |k|^η), of variance 1: correlations as long as the field."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + (k[:, None] ** 2 + k[None] ** 2) ** (EXPONENT / 2))
    return power / power.mean()


def samples(side: int, steps: int) -> dict[str, Tensor]:
    """Return a true field, one by steps in pixels, and one by as many steps at each scale."""
    power, plan = spectrum(side), ReversePlan(steps, OrnsteinUhlenbeck(5.0))
    levels = side.bit_length() - 3
    like = torch.zeros(1, 1, side, side, dtype=torch.float64)
    white = torch.fft.fft2(Noise(1, [0]).normal(like))
    true = torch.fft.ifft2(white * power.sqrt()).real
    cascade = Cascade(gaussian_cascade(power, WAVELET, levels), [plan] * (levels + 1))
    coarse = like[..., : side >> levels, : side >> levels]
    fields = {
        "a field": true,
        f"{steps} steps in pixels": draw(
            StationaryGaussianDenoiser(power), like, plan, Noise(2, [0])
        ),
        f"{steps} steps at each scale": cascade.sample(coarse, Noise(2, [0])),
    }
    return {name: field[0, 0] for name, field in fields.items()}


def needed(sides: tuple[int, ...]) -> dict[str, list[int]]:
    """Return how many steps bring samples within 0.01 nats per number of the data."""
    plan = ReversePlan(1, OrnsteinUhlenbeck(5.0))
    found: dict[str, list[int]] = {"in pixels": [], "finest details": []}
    for side in sides:
        power = spectrum(side)
        cases = pixel_variances(power), detail_variances(power, WAVELET, 1)[-1]
        for name, variances in zip(found, cases, strict=True):
            steps = steps_needed(variances, plan, measure="kl", tolerance=0.01)
            found[name].append(steps)
    return found


def main(path: Path, *, side: int = 128, sides: tuple[int, ...] = SIDES) -> dict[str, list[int]]:
    """Write the drawing to `path`; return the numbers of steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.2), layout="constrained")
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.15))
    for axis, (name, field) in zip(axes, samples(side, STEPS).items(), strict=False):
        axis.imshow(field.numpy(), cmap="gray", vmin=-2.5, vmax=2.5)
        axis.set_title(name)
        axis.set_axis_off()
    found = needed(sides)
    for name, steps in found.items():
        axes[3].loglog(sides, steps, "o-", label=name)
    axes[3].set_title("steps for 0.01 nats per number")
    axes[3].set_xlabel("side of the field")
    axes[3].set_xticks(sides, [str(n) for n in sides])
    axes[3].set_yticks((30, 100, 300), ("30", "100", "300"))
    axes[3].minorticks_off()
    axes[3].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(figure))
    return found


if __name__ == "__main__":
    for place, numbers in main(Path(sys.argv[1])).items():
        print(f"{place}: {numbers}")
