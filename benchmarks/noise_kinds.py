"""Whether white noise is told from other noise, and how well its line a x + b is found.

Part `whiteness`: 200 pictures with noise of 5 to 45 (8-bit units): white (Gaussian and
Poisson-Gaussian) on pictures and on their most textured squares of 192 pixels; Gaussian noise that
was smoothed by 0.5 to 1.6 pixels; after JPEG of quality 50 to 90; after bilinear demosaicing.

Part `lines`: sensors of gain a = 1e-4, 1e-3, 1e-2 and b = a/10: photographs as they are, which hold
noise of their own; photographs through a lens (a Gaussian of 0.8 pixels), which hold little, 0.15
megapixels, and mosaics of four different ones, 0.6; drawn pages. Beside what the command finds
stands the quiet share: the mean of the fast coefficients in the 5 % of blocks with the least power
in the slower ones, in 12 groups by brightness, and a weighted line. `a_in_errors` and
`b_in_errors`: shares of pictures within three stated errors.

Part `camera`: the level of the first 8 JPEGs of real cameras, beside that of their difference to
the mean of many shots.
"""

import io
import os
import sys
import time
from pathlib import Path

import numpy as np
from measure import Row
from PIL import Image
from program import run_parts
from scipy.ndimage import gaussian_filter

from scorelet.analysis.block_dct import SUM, block_dct, cut
from scorelet.analysis.noise_floor import FAST
from scorelet.analysis.noise_kind import CUT_OFF, NoiseKind, noise_kind
from scorelet.core.random import generator
from scorelet.data.camera import demosaic, mosaic
from scorelet.data.pictures.drawn import draw_page
from scorelet.models import PoissonGaussianNoise

PACKAGES = ("scorelet", "torch", "numpy", "scipy", "pillow")
PAIRS = 8
LEVELS = (5, 8, 12, 20, 30, 45)
KINDS = ("white", "texture", "correlated", "jpeg", "demosaic")


def photographs(name: str, count: int) -> list[np.ndarray]:
    """Return evenly spread colour pictures of a set, floats in [0, 1]."""
    files = sorted((Path(os.environ["SCORELET_DATA"]) / "photos" / name).glob("*"))
    chosen = files[:: max(1, len(files) // count)][:count]
    return [np.asarray(Image.open(file).convert("RGB")) / 255 for file in chosen]


def measure_whiteness(*, quick: bool) -> dict[str, list[Row]]:
    """Return, by kind, how many of 40 cases were decided rightly."""
    import torch

    torch.set_num_threads(1)
    pictures = photographs("cbsd68", 4 if quick else 40)
    rows = []
    for kind in KINDS:
        right, seconds = 0, []
        for index, x in enumerate(pictures):
            rng = np.random.default_rng([KINDS.index(kind), index])
            y, _ = case(kind, x, rng)
            start = time.process_time()
            found = noise_kind(np.rint(np.clip(y, 0, 1) * 255) / 255)
            seconds.append(time.process_time() - start)
            right += found is not None and found.white == (kind in ("white", "texture"))
        rows.append(
            {
                "kind": kind,
                "cases": len(pictures),
                "right": right,
                "seconds": float(np.median(seconds)),
            }
        )
    return {"rows": rows}


def case(kind: str, x: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return a noisy picture of a kind, and the level of its noise before JPEG and the like."""
    level = rng.choice(LEVELS) / 255
    if kind == "texture":
        x = most_textured(x, 192)
    noise = level * rng.standard_normal(x.shape)
    if kind in ("white", "texture") and rng.random() < 0.5:
        a = level**2 / (x.mean() + 0.1)
        return noisy(x, a, 0.1 * a, int(rng.integers(1 << 31))), level
    if kind == "correlated":
        width = rng.uniform(0.5, 1.6)
        noise = gaussian_filter(noise, (width, width, 0))
        noise *= level / noise.std()
    if kind == "jpeg":
        stream = io.BytesIO()
        pixels = np.rint(255 * np.clip(x + noise, 0, 1)).astype(np.uint8)
        quality, subsampling = int(rng.integers(50, 91)), int(rng.choice([0, 2]))
        Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=subsampling)
        return np.asarray(Image.open(stream)) / 255, level
    if kind == "demosaic":
        raw = mosaic(_tensor(x + noise))
        return demosaic(raw, method="bilinear")[0].permute(1, 2, 0).numpy(), level
    return x + noise, level


def most_textured(x: np.ndarray, side: int) -> np.ndarray:
    """Return the square whose fast details are strongest."""
    gray = x.mean(2)
    energy = gaussian_filter((gray - gaussian_filter(gray, 2)) ** 2, side / 4)
    half = side // 2
    inner = energy[half : gray.shape[0] - half, half : gray.shape[1] - half]
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    return x[row : row + side, column : column + side]


def noisy(x: np.ndarray, a: float, b: float, seed: int) -> np.ndarray:
    """Return a picture as a sensor sees it, cut off at 0 and 1."""
    y = PoissonGaussianNoise(a, b).add(_tensor(x), rng=generator(seed))
    return y[0].permute(1, 2, 0).numpy().clip(0, 1)


def _tensor(x: np.ndarray):  # noqa: ANN202 - torch is imported late
    import torch

    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]


def measure_lines(*, quick: bool) -> dict[str, list[Row]]:
    """Return errors of a and b by scene, gain and method."""
    count = 2 if quick else 8
    photos = photographs("bsd_val32", count)
    rows = []
    scenes = {
        "photographs": [x[3:, 5:] for x in photos],  # off the grid of the JPEGs that they were
        "through a lens": [through_lens(x)[3:, 5:] for x in photos],
        "through a lens, 0.6 megapixels": mosaics(photographs("bsd_val32", 4 * count)),
        "drawn pages": [
            draw_page(np.random.default_rng(k), 400) / 255 for k in range(2 if quick else 8)
        ],
    }
    for scene, pictures in scenes.items():
        for a in (1e-4, 1e-3, 1e-2):
            shots = [noisy(x, a, 0.1 * a, k) for k, x in enumerate(pictures)]
            kinds = [noise_kind(y) for y in shots]
            lines = {
                "noise": [(k.a, k.b) for k in kinds if k],
                "quiet share": [quiet_line(y) for y in shots],
            }
            for method, found in lines.items():
                rows.append(
                    {"scene": scene, "a": a, "method": method} | errors(found, a, len(shots))
                )
            rows[-2]["white"] = sum(k is not None and k.white for k in kinds)
            rows[-2] |= in_errors([k for k in kinds if k], a, len(shots))
    return {"rows": rows}


def through_lens(x: np.ndarray) -> np.ndarray:
    """Return a picture that holds little noise of its own."""
    return gaussian_filter(x, (0.8, 0.8, 0))


def mosaics(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Return pictures of four others each, which lie on their side and are smoothed."""
    wide = [x if x.shape[0] <= x.shape[1] else x.transpose(1, 0, 2) for x in pictures]
    height, width = (min(x.shape[axis] for x in wide) for axis in (0, 1))
    soft = [through_lens(x)[3:height, 5:width] for x in wide]
    rows = [np.concatenate(soft[k : k + 2], 1) for k in range(0, len(soft), 2)]
    return [np.concatenate(rows[k : k + 2]) for k in range(0, len(rows), 2)]


def errors(found: list[tuple[float, float]], a: float, cases: int) -> Row:
    """Return medians and shares; the variance is that at the brightness 0.3."""
    slope = np.array([line[0] for line in found]) / a - 1
    offset = np.array([line[1] for line in found]) / (0.1 * a) - 1
    dark = np.array([line[1] for line in found]) / a - 0.1
    level = (np.array([line[0] * 0.3 + line[1] for line in found])) / (0.4 * a) - 1
    return {
        "cases": cases,
        "measured": len(found),
        "a_median_error": float(np.median(np.abs(slope))),
        "a_within_10": float((np.abs(slope) < 0.1).sum() / cases),
        "b_within_10": float((np.abs(offset) < 0.1).sum() / cases),
        "b_median_error_over_a": float(np.median(np.abs(dark))),
        "variance_median_error": float(np.median(np.abs(level))),
        "variance_bias": float(np.median(level)),
        "variance_within_10": float((np.abs(level) < 0.1).sum() / cases),
    }


def in_errors(kinds: list[NoiseKind], a: float, cases: int) -> Row:
    """Return the shares of pictures whose a and b lie within three stated errors of the truth."""
    return {
        "a_in_errors": sum(abs(k.a - a) < 3 * k.a_error for k in kinds) / cases,
        "b_in_errors": sum(abs(k.b - 0.1 * a) < 3 * k.b_error for k in kinds) / cases,
    }


def quiet_line(y: np.ndarray, share: float = 0.05, groups: int = 12) -> tuple[float, float]:
    """Return a and b of the line through the quietest blocks by brightness."""
    blocks = cut(y)
    used = ((blocks <= 0) | (blocks >= 1)).mean((1, 2)) < CUT_OFF
    blocks = blocks[used & (np.ptp(blocks, axis=(1, 2)) > 0)]
    x, power = blocks.mean((1, 2)), block_dct(blocks) ** 2
    fast, slow = power[:, FAST].mean(1), power[:, ~FAST & (SUM >= 2)].mean(1)
    order = np.argsort(x)
    points = []
    for part in np.array_split(order, groups):
        quiet = part[np.argsort(slow[part])[: max(8, int(share * len(part)))]]
        if len(quiet):
            points.append((x[quiet].mean(), fast[quiet].mean()))
    place, variance = np.array(points).T
    a, b = np.polyfit(place, variance, 1, w=1 / variance)
    return float(a), float(b)


def measure_camera(*, quick: bool) -> dict[str, list[Row]]:
    """Return by picture what was found of camera JPEGs, and the level against the mean of shots."""
    rows = []
    folder = Path(os.environ["SCORELET_DATA"]) / "photos"
    for file in sorted((folder / "camera_noisy").glob("*"))[: 1 if quick else PAIRS]:
        y, mean = (
            np.asarray(Image.open(p)) / 255 for p in (file, folder / "camera_mean" / file.name)
        )
        found = noise_kind(y)
        assert found is not None
        level = (y - mean).std()
        row = {"picture": file.stem, "white": found.white, "level": float(255 * level)}
        rows.append(row | {"sigma_ratio": float(found.sigma / level)})
    return {"rows": rows}


if __name__ == "__main__":
    parts = {"whiteness": measure_whiteness, "lines": measure_lines, "camera": measure_camera}
    sys.exit(run_parts("noise_kinds", parts, PACKAGES, __doc__ or ""))
