"""What a joint law says of noisy images at one level, and what the label is worth.

Symbols: y = x + σ z; D_u denoiser over all classes, D_c that of class c, c* the true one. By the
law of total variance

    E |x - D_u|² - E |x - D_c*|² = E Σ_c p(c | y) |D_c - D_u|²,

and with H the entropy of c and I(σ) what y tells of it,

    I(σ) = H - E [-log p(c* | y)],
    I(σ₀) - I(σ₁) = ∫ E [|x - D_u|² - |x - D_c*|²] σ⁻³ dσ from σ₀ to σ₁.

References: Thiry, Guth 2024, arXiv 2410.03505; Guo, Shamai, Verdú, IEEE Trans. Inf. Theory 2005
(information and the error of estimation).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, PerSample
from scorelet.models import JointEnergy


@dataclass(frozen=True)
class JointErrors:
    """Of each noisy image; errors are means of squares over the numbers of an image.

    Attributes:
        right: whether the most probable class is the true one, 0 or 1.
        nll: -log p(c* | y), in nats.
        marginal, conditional: |x - D_u|² and |x - D_c*|².
        apart: Σ_c p(c | y) |D_c - D_u|².
    """

    right: PerSample
    nll: PerSample
    marginal: PerSample
    conditional: PerSample
    apart: PerSample


def joint_errors(
    joint: JointEnergy, x: Image, y: Image, sigma: int | float, label: Labels
) -> JointErrors:
    """Measure a joint law on images whose class is known.

    Args:
        joint: the law.
        x, y: clean and noisy images, (batch, channel, height, width).
        sigma: standard deviation of the noise.
        label: c*, (batch,).

    Raises:
        InputError: as `JointEnergy.denoise`.
    """
    log_p = joint.class_logits(y, sigma).log_softmax(1)
    each = joint.denoise_all(y, sigma)
    p = log_p.exp()
    mean = torch.einsum("bc,bc...->b...", p, each)
    own = each[torch.arange(len(x), device=x.device), label]
    apart = (each - mean[:, None]).square().mean((2, 3, 4))
    return JointErrors(
        right=(log_p.argmax(1) == label).to(x.dtype),
        nll=-log_p.gather(1, label[:, None])[:, 0],
        marginal=(mean - x).square().mean((1, 2, 3)),
        conditional=(own - x).square().mean((1, 2, 3)),
        apart=(p * apart).sum(1),
    )


def label_information(sigmas: Sequence[float], gaps: Tensor) -> Tensor:
    """Return ∫ gap σ⁻³ dσ in nats: what the smallest level tells of the class beyond the largest.

    The trapezoidal rule in log σ.

    Args:
        sigmas: increasing levels.
        gaps: E [|x - D_u|² - |x - D_c*|²], or Σ_c p |D_c - D_u|², sums over the numbers of an
            image; the last axis has one for each level.

    Raises:
        InputError: fewer than two levels, or none that increase.
    """
    places = torch.as_tensor(list(sigmas), dtype=gaps.dtype, device=gaps.device)
    if len(places) < 2 or bool((places.diff() <= 0).any()) or not places[0] > 0:
        raise InputError(f"The levels are {list(sigmas)}: expected at least two, increasing.")
    return torch.trapezoid(gaps / places.square(), places.log(), dim=-1)
