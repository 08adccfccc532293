"""Networks on images whose best denoiser is known: slopes, a ray of images, discs."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev

from scorelet.analysis.jacobian import JacobianBasis, jacobian_basis
from scorelet.analysis.memorization import curve, psnr_by_level
from scorelet.analysis.psnr_slope import psnr_slope
from scorelet.analysis.shrinkage import oracle_shrinkage, wavelet_coefficients
from scorelet.analysis.subspaces import principal_cosines
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.fields.ensembles.discs import Disc, Discs, render_disc
from scorelet.models import Denoiser
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.harmonic_generalization.settings import Manifold, Slopes
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.audit import Network, picture_training
from scorelet.tasks.train import train_once
from scorelet.training.run_folder import WEIGHTS
from scorelet.zoo import load_as

DECIBELS = tuple(range(0, 41, 5))
"""Input PSNR of the curves."""
EIGENVECTORS, DISC_NOISE, RAY_NOISE, DIMENSIONS = 10, 0.04, 0.1, 5
CONTRAST = 0.3
"""Least difference of the grey levels of a disc: no denoiser keeps one that is near the noise."""
_SIGMAS = [10 ** (-value / 20) for value in DECIBELS]
_RAY = (5, 25)


def window(alpha: float) -> tuple[int, int]:
    """Return the input PSNR between which slopes are fitted: they depend on it."""
    return (0, 25) if alpha <= 2 else (15, 40)


def oracle_slope(slopes: Slopes, law: str, alpha: float, seed: int) -> dict[str, Any]:
    """Return the slope of an oracle in wavelets, haar up to α = 1, else db4, and its curve."""
    x = _images(slopes, law, alpha, seed)
    coefficients = wavelet_coefficients(x, "haar" if alpha <= 1 else "db4")
    size = coefficients.shape[1]
    found = [
        float(
            np.mean([-10 * math.log10(oracle_shrinkage(c, s).error / size) for c in coefficients])
        )
        for s in _SIGMAS
    ]
    return {"law": law, "alpha": alpha, "oracle": _slope(found, alpha), "oracle_curve": found}


def network_slope(
    slopes: Slopes, law: str, alpha: float, seed: int, steps: Steps
) -> dict[str, Any]:
    """Train on images of one regularity; return the slope of the network, and its curve."""
    name = f"{law}-{alpha:g}"
    draw = partial(drawn, law, slopes.count, slopes.side, seed + 1, alpha=alpha)
    model = trained(steps, name, draw, slopes.network, seed)

    def work() -> dict[str, Any]:
        levels = psnr_by_level(model, _images(slopes, law, alpha, seed), _SIGMAS)
        found = levels.mean(1).tolist()
        return {"slope": _slope(found, alpha), "curve": found}

    return steps(f"slope-{name}", work)


def ray(setup: Manifold, seed: int, steps: Steps) -> dict[str, Any]:
    """Train on the multiples of one image by numbers of (0, 1); return what is known of it.

    The best denoiser projects on the image: error σ², so its PSNR is that of the input and
    10 log10 d, with one eigenvalue of 1.
    """
    image = ensemble("c_alpha_regular").sample(1, setup.side, seed)
    scale = torch.rand(setup.count, 1, 1, 1, generator=generator(seed, 1))
    model = trained(steps, "ray", lambda: _bytes(scale * image), setup.network, seed)
    return steps("ray", partial(_on_ray, model, image, seed))


def discs(setup: Manifold, seed: int, steps: Steps) -> list[dict[str, Any]]:
    """Train on discs, a family of five dimensions; compare eigenvectors with its tangents.

    Returns:
        for each disc of clear contrast, cosine: the smallest of the five principal cosines between
            the first five eigenvectors and the tangent space; within: that of the first ten;
            values: eigenvalues; radius, contrast.
    """
    draw = partial(drawn, "discs", setup.count, setup.side, seed)
    model = trained(steps, "discs", draw, setup.network, seed)
    return steps("discs", partial(_at_discs, model, setup, seed))


def _on_ray(model: Denoiser, image: Image, seed: int) -> dict[str, Any]:
    tests = torch.linspace(0.3, 1, 128)[:, None, None, None] * image
    # of the mean error: the one of a single direction differs from noise to noise
    found_curve = list(curve(psnr_by_level(model, tests, _SIGMAS)).of_mean)
    fitted = psnr_slope(DECIBELS, found_curve, _RAY)
    found = _basis(model, 0.7 * image, RAY_NOISE, seed)
    direction = image.flatten() / image.norm()
    return {
        "curve": found_curve,
        "slope": fitted.slope,
        "below": 10 * math.log10(image.numel()) - fitted.intercept,
        "values": found.values.tolist(),
        "alignment": abs(float(found.vectors[0].flatten().to(direction) @ direction)),
    }


def _at_discs(model: Denoiser, setup: Manifold, seed: int) -> list[dict[str, Any]]:
    rows = []
    for k, disc in enumerate(clear_discs(setup.looked, setup.side, seed + 1)):
        image = render_disc(disc, setup.side).float()[None, None]
        found = _basis(model, image, DISC_NOISE, seed + k)
        tangent = tangents(disc, setup.side)
        rows.append(
            {
                "radius": round(float(disc.radius), 2),
                "contrast": round(abs(float(disc.foreground - disc.background)), 3),
                "cosine": round(principal_cosine(found.vectors[:DIMENSIONS], tangent), 4),
                "within": round(principal_cosine(found.vectors, tangent), 4),
                "values": found.values.tolist(),
            }
        )
    return rows


def clear_discs(count: int, side: int, seed: int) -> list[Disc]:
    """Return the first discs of a seed whose grey levels differ by `CONTRAST` at least."""
    drawn = (Discs().discs(1, side, seed, start=start) for start in itertools.count())
    discs = (Disc(*(number[0] for number in numbers)) for numbers in drawn)
    clear = (disc for disc in discs if abs(disc.foreground - disc.background) >= CONTRAST)
    return list(itertools.islice(clear, count))


def principal_cosine(vectors: Tensor, tangent: Tensor) -> float:
    """Return the smallest principal cosine between the spans of vectors and of columns."""
    return float(principal_cosines(tangent, vectors.flatten(1).mT).min())


def tangents(disc: Disc, side: int) -> Tensor:
    """Return an orthonormal basis of the tangent space at a disc, (side², 5), float64."""
    numbers = torch.stack([each.double() for each in disc])
    jacobian = jacrev(lambda p: render_disc(Disc(*p), side).flatten())(numbers)
    return torch.linalg.qr(jacobian).Q


def trained(
    steps: Steps, name: str, draw: Callable[[], np.ndarray], network: Network, seed: int
) -> Denoiser:
    """Return a denoiser of the pictures that `draw` returns; it is trained in a step of its own."""
    folder = steps.folder / name
    source = steps.folder / f"{name}.npz"

    def work() -> dict[str, Any]:
        if not source.exists():
            write_arrays(source, {"pictures": draw()})
        config = picture_training(f"{source}:pictures", folder, network, seed=seed)
        done = train_once(config, name, quiet=steps.quiet)
        source.unlink()
        return done

    steps(f"train-{name}", work)
    return load_as(Denoiser, folder / WEIGHTS, verb="audit").eval()


def _images(slopes: Slopes, law: str, alpha: float, seed: int) -> Image:
    return ensemble(law, alpha=alpha).sample(slopes.test, slopes.side, seed)


def _bytes(images: Image) -> np.ndarray:
    pixels = images.permute(0, 2, 3, 1).numpy()
    return np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)


def _slope(decibels: Sequence[float], alpha: float) -> float:
    return psnr_slope(DECIBELS, decibels, window(alpha)).slope


def _basis(model: Denoiser, clean: Image, sigma: float, seed: int) -> JacobianBasis:
    noisy = clean + sigma * randn(tuple(clean.shape), rng=generator(seed, 2))
    return jacobian_basis(model, noisy, EIGENVECTORS, sigma, method="iterative")
