"""Quality: PSNR, time and memory beside other packages; and the noise level that is reported.

Noise is that of `scorelet evaluate`: added to [0, 1] pixels without clipping, from the seed =
index of the picture; estimates are clipped to [0, 1] before they are compared.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import denoise_peers
import numpy as np
import torch
from measure import Pixels, Row

from scorelet.analysis import psnr
from scorelet.analysis.denoising import noisy_pairs, standard_error
from scorelet.core.errors import InputError
from scorelet.data import find_pictures, iter_pages, locate
from scorelet.tasks.denoise import denoise

DEFAULT = "photos/set12"
GRAY, COLOUR = ("camera", "coins"), ("astronaut", "coffee", "chelsea")
SIGMAS = (15.0, 25.0, 50.0)
LEVELS = (10.0, 15.0, 25.0, 50.0, 75.0)
QUICK_SIDE = 96
TOO_SHORT = 1e-3
"""Seconds in which nothing was done, so that a speed has no meaning."""
Groups = dict[int, list[Pixels]]
"""Channel count → pictures."""


def load_data(data: str | None, *, limit: int | None, quick: bool) -> tuple[str, Groups]:
    """Return the name of the data and its pictures by channel count.

    Args:
        data: a folder, or the name of one under ``$SCORELET_DATA``; None takes photos/set12 if it
            is there, else pictures that come with scikit-image.
        limit: at most so many pictures of each channel count.
        quick: cut pictures down and take two.

    Raises:
        InputError: no such folder.
    """
    name, groups = _read(data)
    most = 2 if quick else limit
    side = QUICK_SIDE if quick else None
    return name, {c: [p[:side, :side] for p in group[:most]] for c, group in groups.items()}


def measure_quality(groups: Groups, *, quick: bool) -> dict[str, Any]:
    """Return a row per channel count, noise level and method, and how each method is called.

    Memory is that of a process which does nothing else: its peak (`peak_mb`), and how far that is
    above what it held after imports, with all noisy pictures (`above_start_mb`).
    """
    sigmas = SIGMAS[1:2] if quick else SIGMAS
    return {
        "settings": {
            name: " ".join((method.__doc__ or "").split())
            for name, method in denoise_peers.METHODS.items()
        },
        "rows": [
            _method_row(name, channels, pictures, sigma)
            for channels, pictures in groups.items()
            for sigma in sigmas
            for name in denoise_peers.METHODS
        ],
    }


def measure_levels(groups: Groups, *, quick: bool) -> dict[str, list[Row]]:
    """Return a row per channel count, noise level and estimator of the noise level."""
    levels = LEVELS[2:3] if quick else LEVELS
    estimators = {"scorelet photo": _found_by_scorelet, "scikit-image": _found_by_skimage}
    return {
        "rows": [
            _level_row(name, estimate, channels, pictures, sigma)
            for channels, pictures in groups.items()
            for sigma in levels
            for name, estimate in estimators.items()
        ]
    }


def _read(data: str | None) -> tuple[str, Groups]:
    if data is None:
        try:
            return _read_folder(locate(DEFAULT))
        except InputError:
            return _read_skimage()
    try:
        return _read_folder(locate(data))
    except InputError:
        return _read_folder(locate(f"photos/{data}"))


def _read_folder(folder: Path) -> tuple[str, Groups]:
    groups: Groups = {}
    for path in find_pictures(folder):
        for page in iter_pages(path):
            groups.setdefault(page.pixels.shape[2], []).append(page.pixels)
    return folder.name, groups


def _read_skimage() -> tuple[str, Groups]:
    try:
        from skimage import data as known
    except ImportError as error:
        raise InputError(
            "Without scikit-image there are no pictures here: name a folder by --data."
        ) from error
    gray = [getattr(known, name)()[..., None] for name in GRAY]
    return "scikit-image", {1: gray, 3: [getattr(known, name)() for name in COLOUR]}


def _method_row(name: str, channels: int, pictures: Sequence[Pixels], sigma: float) -> Row:
    pairs = list(noisy_pairs(pictures, sigma))
    report, estimates = _run_child(name, [_array(noisy) for _, noisy in pairs], sigma / 255)
    row: Row = {
        "channels": channels,
        "sigma": sigma,
        "method": name,
        "parameters": _words(denoise_peers.parameters(name, channels, sigma)),
        "pictures": len(pictures),
    }
    if "missing" in report:
        return row | {"note": report["missing"]}
    decibels = [
        float(psnr(torch.from_numpy(x).float().permute(2, 0, 1)[None].clamp(0, 1), clean))
        for x, (clean, _) in zip(estimates, pairs, strict=True)
    ]
    seconds = sum(report["seconds"])
    pixels = sum(p.shape[0] * p.shape[1] for p in pictures)
    return row | {
        "psnr": float(np.mean(decibels)),
        "psnr_error": standard_error(decibels),
        "seconds_per_picture": seconds / len(pictures),
        "mpixel_per_s": pixels / 1e6 / seconds if seconds > TOO_SHORT else None,
        "cores_used": sum(report["cpu_seconds"]) / seconds if seconds > TOO_SHORT else None,
        "peak_mb": report["peak_mb"],
        "above_start_mb": report["peak_mb"] - report["held_mb"],
    }


def _words(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in parameters.items()) or "none"


def _run_child(name: str, noisy: list[Pixels], sigma: float) -> tuple[Row, list[Pixels]]:
    """Denoise in a process of its own; return its report and the estimates."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "noisy.npz", Path(folder) / "clean.npz"
        np.savez(source, *noisy, sigma=sigma)
        words = [sys.executable, denoise_peers.__file__, name, str(source), str(target)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            return {"missing": f"failed: {done.stderr.strip().splitlines()[-1]}"}, []
        report = json.loads(done.stdout.splitlines()[-1])
        if "missing" in report:
            return report, []
        with np.load(target) as stored:
            return report, [stored[key] for key in stored.files]


def _level_row(
    name: str,
    estimate: Callable[[Pixels], float],
    channels: int,
    pictures: Sequence[Pixels],
    sigma: float,
) -> Row:
    row: Row = {"channels": channels, "sigma": sigma, "method": name, "pictures": len(pictures)}
    try:
        found = [255 * estimate(_array(noisy)) for _, noisy in noisy_pairs(pictures, sigma)]
    except ImportError:
        return row | {"note": "not installed"}
    errors = np.array(found) / sigma - 1
    return row | {
        "mean_found": float(np.mean(found)),
        "mean_error": float(np.abs(errors).mean()),
        "worst_error": float(np.abs(errors).max()),
        "bias": float(errors.mean()),
    }


def _found_by_scorelet(noisy: Pixels) -> float:
    return denoise(noisy, model="photo", device="cpu").sigma


def _found_by_skimage(noisy: Pixels) -> float:
    from skimage.restoration import estimate_sigma

    return float(estimate_sigma(noisy, average_sigmas=True, channel_axis=-1))


def _array(batch: torch.Tensor) -> Pixels:
    """Return the only picture of a batch as (height, width, channels)."""
    return np.ascontiguousarray(batch[0].permute(1, 2, 0).numpy())
