"""Heads of joint laws: how the logits ℓ of the classes are made of what a network says.

Symbols: y = x + σ z noisy image; m mean and s² variance of clean pixels; E energy and G_c class
logits of the network at u = (y - m) / sqrt(s² + σ²); R = -log p_σ(y) of Gaussian pixels, up to a
constant; v variances of the cosine coefficients k of correlated ones.

    logits      ℓ_c = G_c
    quadratic   ℓ_c = G_c - E
    reference   ℓ_c = G_c - R - (s / σ) E,   R = |y - m|² / (2 (s² + σ²)), of independent pixels
    correlated  ℓ_c = G_c - R - (s / σ) E,   R = Σ k² / (2 (v + σ²))

Where the network is silent, D_u of the last two is the Wiener filter of the law of pixels, for
independent ones m + s² / (s² + σ²) (y - m), and what the network adds to it,
-σ s / sqrt(s² + σ²) ∇_u E, has the size of what a denoiser can gain at every noise level.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Logits, PerSample
from scorelet.models.correlated_pixels import LEAST, CorrelatedPixels, fit_correlated_pixels

HeadName = Literal["reference", "correlated", "quadratic", "logits"]


def _rebuilt(colours: Tensor, variances: Tensor) -> CorrelatedPixels:
    """Return the law; what half precision stored as 0 was the least variance, or little more."""
    wide = widened(variances)
    return CorrelatedPixels(widened(colours), torch.where(wide == 0, LEAST, wide))


@dataclass(frozen=True)
class Head:
    """One way to make ℓ, and all that models, training and files have to know of it.

    Attributes:
        parts: makes ℓ of G, E, s / σ (batch,), and a function that computes R; as logits and what
            all classes share of each image (batch,), whose sum is ℓ.
        uses_energy: whether E counts.
        has_gaussian: whether R does.
        fit: measures a law of pixels, as `fit_correlated_pixels`; None: it needs none.
        rebuilt: makes that law of its tensors in a file.
    """

    parts: Callable[[Logits, PerSample, Tensor, Callable[[], PerSample]], tuple[Logits, PerSample]]
    uses_energy: bool = True
    has_gaussian: bool = False
    fit: Callable[[Callable[[], Iterable[Image]], Tensor], CorrelatedPixels] | None = None
    rebuilt: Callable[..., CorrelatedPixels] = _rebuilt


def _beside_gaussian(
    classes: Logits, energy: PerSample, ratio: Tensor, gaussian: Callable[[], PerSample]
) -> tuple[Logits, PerSample]:
    return classes, -(gaussian() + ratio * energy)


HEADS: dict[str, Head] = {
    "reference": Head(_beside_gaussian, has_gaussian=True),
    "correlated": Head(_beside_gaussian, has_gaussian=True, fit=fit_correlated_pixels),
    "quadratic": Head(lambda classes, energy, *_: (classes, -energy)),
    "logits": Head(
        lambda classes, energy, *_: (classes, torch.zeros_like(energy)), uses_energy=False
    ),
}


def known_head(name: str) -> Head:
    """Return a head by its name.

    Raises:
        InputError: another name.
    """
    if name not in HEADS:
        raise InputError(f"head is {name!r}: use one of {', '.join(HEADS)}.")
    return HEADS[name]
