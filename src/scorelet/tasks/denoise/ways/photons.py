"""Photon noise: a page is made stable, denoised like any other, and brought back.

Symbols: y samples as they are stored, p their pedestal, see `scorelet.tasks.denoise.noise.photons`;
f the generalised Anscombe transform of `scorelet.models.anscombe`, whose noise has the level 1.

The network is shown (f(y - p) - f_0) / w, with f_0 the least and w the width of what there is. Few
counts make few different values, which it takes for a drawing: half a photon of Gaussian noise is
added to counts first, which the law then holds, and taken from them for a second answer, if they
are so few that it costs (`scorelet.models.photon_denoiser`). The mean of the answers goes through
the exact unbiased inverse. Integers of few photons become 32-bit floats, where whole numbers would
lose the result.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from scorelet.data import Picture
from scorelet.models import Denoiser, PoissonGaussianNoise
from scorelet.models.photon_denoiser import (
    back_from_unit,
    stable_answers,
    unit_span,
    with_dither,
)
from scorelet.tasks.denoise.noise.photons import Photons
from scorelet.tasks.denoise.plan import PagePlan, plan_page, run_plan
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.listener import Listener, Repeated

Pixels = np.ndarray


@dataclass(frozen=True)
class StablePage:
    """A page whose noise is white.

    Attributes:
        pages: floats, the least 0 and the largest 1; two with opposite dither, or one.
        sigma: the level of its noise.
        source: the page that it was made of.
        photons: those of the source.
        noise: the law of what was transformed, the dither included.
        low, span: f_0 and w.
        fractions: whether integers become 32-bit floats.
    """

    pages: tuple[Picture, ...]
    sigma: float
    source: Picture
    photons: Photons
    noise: PoissonGaussianNoise
    low: float
    span: float
    fractions: bool = False

    def back(self, images: Sequence[Pixels], strength: float) -> Pixels:
        """Return the page denoised, in the unit of the source, of its dtype or with fractions.

        Args:
            images: `pages`, denoised, (height, width, channels).
            strength: how much of the noise is taken out; masked pixels come back as they were.
        """
        y = self.source.pixels
        answers = torch.from_numpy(np.stack(images).astype(np.float64))
        x = back_from_unit(answers, self.low, self.span, self.noise).numpy()
        x = x + self.photons.pedestal
        mixed = y + strength * (x - y)
        if y.dtype.kind == "u" and not self.fractions:
            mixed = np.rint(np.clip(mixed, 0, self.source.scale))
        if self.source.mask is not None:
            mixed = np.where(self.source.mask[..., None], mixed, y)
        return mixed.astype(np.float32 if self.fractions else y.dtype)

    def level(self) -> float:
        """Return the root mean variance of the noise; integers count as fractions of white.

        Where they become floats, it is in their own unit.
        """
        law, white = self.photons.law, 1.0 if self.fractions else self.source.scale
        mean = float(self.source.unmasked.mean(dtype=np.float64))
        return math.sqrt(max(law.a * mean + law.b, 0.0)) / white

    def said(self) -> tuple[str, ...]:
        """Return what is to be said: whole numbers are coarse beside few photons."""
        if self.source.pixels.dtype.kind != "u" or not self.photons.few:
            return ()
        about = f"{self.photons.mean:.2g} photons on average"
        if self.fractions:
            return (
                f"few photons: the result is 32-bit floating point in the unit of the picture, "
                f"because whole numbers would lose it at {about}",
            )
        return (
            f"few photons: the result is rounded to whole numbers as the picture is, beside "
            f"{about}; write a TIFF file (-o NAME.tif), or give floating point, to keep fractions",
        )


def stable_page(page: Picture, photons: Photons, *, fractions: bool = False) -> StablePage:
    """Transform a page, once for each dither; the same page gets the same dither.

    Args:
        page: samples as they are stored; masked ones have no effect.
        photons: its own, or those of its stack.
        fractions: integers of few photons are to become floats, if nothing else has their dtype:
            a page with opacity keeps it.
    """
    law, pedestal = photons.law, photons.pedestal
    fractions &= page.pixels.dtype.kind == "u" and photons.few and page.alpha is None
    dithers = photons.dithers
    above = PoissonGaussianNoise(law.a, max(law.b + law.a * pedestal, 0.0))
    noise = with_dither(above, dithers[0])
    y = torch.from_numpy(page.pixels.astype(np.float64) - pedestal)
    e = np.random.default_rng(0).standard_normal(y.shape) if any(dithers) else np.zeros(())
    stable = stable_answers(y, torch.from_numpy(e), dithers, noise)
    data = stable if page.mask is None else stable[:, torch.from_numpy(page.mask)]
    low, span = float(data.min()), float(unit_span(data.min(), data.max()))
    units = ((stable - low) / span).float().numpy()
    pages = tuple(replace(page, pixels=unit, alpha=None) for unit in units)
    return StablePage(pages, 1 / span, page, photons, noise, low, span, fractions)


def denoised_photons(
    plan: PagePlan,
    stable: StablePage,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener,
) -> Denoised:
    """Denoise a page whose noise was made white, and go back.

    Args:
        plan: of the page as it is.
        stable: from `stable_page`.
        denoiser: of white noise, prepared.
        settings: how.
        listener: is told how it goes on.
    """
    inner = replace(settings, noise="white", noise_law=None, strength=1.0, nodata=None)
    inner = replace(inner, sigma=None if denoiser.blind else stable.sigma)
    outs = [
        run_plan(
            plan_page(page, denoiser, inner, plan.cond, ends=False),  # a count of 0 is whole
            denoiser,
            inner,
            Repeated(listener, index, len(stable.pages)),
        )
        for index, page in enumerate(stable.pages)
    ]
    result = stable.back([out.picture.pixels for out in outs], settings.strength)
    said = plan.said + outs[0].warnings + stable.said()
    picture = replace(plan.page, pixels=result)
    return Denoised(picture.plain, stable.level(), said, picture)
