"""Denoisers of white noise on noise that is not white, by wrappers.

Part `photons`: photon counts of mean 30 to 1 at the peak, on every eighth gray picture of BSD68:
the counts over the peak given to `photo` as they are, and `photo` between the Anscombe transform
and its exact unbiased inverse, without and with opposite dithers of half a photon. At 30 and 5 BM3D
and the released BF-CNN stand between the same transforms, without and with dither, too. Seconds of
the processor are medians of a picture.

Part `phases`: the first 8 pairs of the camera set, JPEGs of one shot beside the mean of many:
`photo` on the pixels, and on the r x r phases of the picture.

Part `drowned`: the same pairs: `photo` after white noise of a level is added that drowns the grain,
as the mean of two answers with opposite noise and of eight, and the model `grain`, which learnt the
mean of all. Floats, told the level; `denoise` has to find it, and rounds to bytes.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from measure import Row
from PIL import Image
from program import run_parts
from white_peers import BM3D, released_bf_cnn

import scorelet as sl
from scorelet.analysis.image_quality import psnr
from scorelet.core.random import generator
from scorelet.models import (
    Denoiser,
    DitheredDenoiser,
    PoissonGaussianDenoiser,
    PoissonGaussianNoise,
    SubsampledDenoiser,
)

PACKAGES = ("scorelet", "torch", "numpy", "pillow", "bm3d")
PEAKS = (30, 10, 5, 2, 1)
PEER_PEAKS = (30, 5)
EVERY = 8
"""Each eighth of the 68 pictures."""
PAIRS = 8
LEVELS = (10, 18, 26)
"""Of white noise that drowns the grain, in 8-bit units."""


def folder(name: str) -> list[Path]:
    """Return the files of a set."""
    return sorted((Path(os.environ["SCORELET_DATA"]) / "photos" / name).glob("*"))


def tensor(path: Path) -> torch.Tensor:
    """Return a picture (1, channel, height, width), values in [0, 1]."""
    pixels = np.asarray(Image.open(path), np.float32) / 255
    return torch.from_numpy(np.atleast_3d(pixels)).permute(2, 0, 1)[None]


@torch.no_grad()
def measure_photons(*, quick: bool) -> dict[str, list[Row]]:
    """Return mean PSNR by peak and method."""
    photo, noise = sl.load("photo").eval(), PoissonGaussianNoise(1.0)
    ours: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "noisy": lambda counts: counts,
        "as they are": photo,
        "Anscombe": PoissonGaussianDenoiser(photo, noise, dither=0.0),
        "Anscombe, dither": PoissonGaussianDenoiser(photo, noise),
    }
    peers: dict[str, Denoiser] = {}
    others = {"BM3D": BM3D(), "BF-CNN": released_bf_cnn()}
    for name, peer in others.items():
        if peer is not None:
            peers[f"{name}, Anscombe"] = PoissonGaussianDenoiser(peer, noise, dither=0.0)
            peers[f"{name}, Anscombe, dither"] = PoissonGaussianDenoiser(peer, noise)
    pictures = [tensor(path) for path in folder("bsd68")[:: 68 if quick else EVERY]]
    rows = []
    for peak in PEAKS:
        denoisers = ours | peers if peak in PEER_PEAKS else ours
        found: dict[str, list[tuple[float, float]]] = {}
        for index, x in enumerate(pictures):
            counts = noise.add(peak * x, rng=generator(0, peak, index))
            for name, denoiser in denoisers.items():
                start = time.process_time()
                estimate = denoiser(counts) / peak
                seconds = time.process_time() - start
                found.setdefault(name, []).append((float(psnr(estimate.clamp(0, 1), x)), seconds))
        for name, values in found.items():
            decibels, seconds = np.array(values).T
            row = {"peak": peak, "method": name, "pictures": len(pictures)}
            rows.append(
                row | {"psnr": float(decibels.mean()), "seconds": float(np.median(seconds))}
            )
    return {"rows": rows}


@torch.no_grad()
def measure_phases(*, quick: bool) -> dict[str, list[Row]]:
    """Return mean PSNR and gain by step."""
    photo = sl.load("photo").eval()
    phases = {step: SubsampledDenoiser(photo, step) for step in (1, 2, 3)}
    return {"rows": [{"step": k} | _on_pairs(f, None, quick=quick) for k, f in phases.items()]}


@torch.no_grad()
def measure_drowned(*, quick: bool) -> dict[str, list[Row]]:
    """Return mean PSNR and gain by method and level."""
    photo = sl.load("photo").eval()
    methods = {
        "photo, drowned, two calls": DitheredDenoiser(photo),
        "photo, drowned, eight calls": DitheredDenoiser(photo, pairs=4),
        "grain": sl.load("grain").eval(),
    }
    return {
        "rows": [
            {"method": name, "level": level} | _on_pairs(denoiser, level / 255, quick=quick)
            for level in LEVELS
            for name, denoiser in methods.items()
        ]
    }


def _on_pairs(denoiser: Denoiser, sigma: float | None, *, quick: bool) -> Row:
    """Return what a denoiser gains on the first pairs of the camera set."""
    values = []
    for path in folder("camera_noisy")[: 1 if quick else PAIRS]:
        y, x = tensor(path), tensor(path.parents[1] / "camera_mean" / path.name)
        values.append((float(psnr(y, x)), float(psnr(denoiser(y, sigma).clamp(0, 1), x))))
    return {
        "pairs": len(values),
        "noisy": float(np.mean([a for a, _ in values])),
        "psnr": float(np.mean([b for _, b in values])),
        "gain": float(np.mean([b - a for a, b in values])),
        "least_gain": float(min(b - a for a, b in values)),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    parts = {"photons": measure_photons, "phases": measure_phases, "drowned": measure_drowned}
    sys.exit(run_parts("noise_denoisers", parts, PACKAGES, __doc__ or ""))
