"""Denoisers of white noise on noise that neighbours share: more white noise drowns it.

Symbols: y = x + g, g noise of any spectrum S; e white noise of level t; f a denoiser of white
noise.

    D_t(y) = E_e f(y + t e) ≈ Σ_k (f(y + t e_k) + f(y - t e_k)) / 2K

A denoiser of white noise takes grain of several pixels for texture and leaves it. Beside white
noise whose density is above S at every frequency, t² ≥ max S, grain is a small part of what looks
like white noise, and f takes out both. Opposite e cancel to first order, so that two answers lose
little of what is stronger than t.

References: randomised smoothing, Cohen, Rosenfeld, Kolter 2019, arXiv 1902.02918 (of classifiers);
Hammersley, Morton 1956 (antithetic variates).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.denoiser import Denoiser


def dithered(f: Callable[[Image], Image], y: Image, e: Image) -> Image:
    """Return (f(y + e) + f(y - e)) / 2."""
    return (f(y + e) + f(y - e)) / 2


class DitheredDenoiser(Denoiser):
    """D_t of a blind denoiser of white noise; called as `denoiser(y, t)`.

    Args:
        denoiser: f, blind.
        pairs: K.
        seed: of the e_k, which are functions of it and of the size of an image; all images of a
            batch get the same.

    Raises:
        InputError: a denoiser that must be told the level, or no pair.
    """

    def __init__(self, denoiser: Denoiser, *, pairs: int = 1, seed: int = 0) -> None:
        super().__init__()
        if not denoiser.blind:
            raise InputError("Dither needs a blind denoiser: what it sees is not of one level.")
        if pairs < 1:
            raise InputError(f"pairs is {pairs}: at least one pair of answers is needed.")
        self.denoiser, self.pairs, self.seed = denoiser, pairs, seed
        self.channels = denoiser.channels
        self.know_classes_of(denoiser)
        self.conditional, self.needs_cond = denoiser.conditional, denoiser.needs_cond

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        def answer(image: Image) -> Image:
            return self.denoiser(image, cond=cond, label=label)

        level, shape = sigma[:, None, None, None], tuple(y.shape[1:])
        draws = (randn(shape, rng=generator(self.seed, k), like=y) for k in range(self.pairs))
        return torch.stack([dithered(answer, y, level * e) for e in draws]).mean(0)
