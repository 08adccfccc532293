"""Camera raw files of a simulated sensor: denoised on the mosaic, or only developed.

Every twelfth picture of CBSD68 becomes the light on a sensor of its own size, with the noise of
variance a x + a/25, in 14 bits; the mosaic is written as DNG. What LibRaw develops of it (camera's
white balance, no automatic brightness) is compared with what it develops of the clean mosaic.

Part `gain`: `sl.denoise` of the DNG, the law of the noise measured, or read from the file.
Part `packings`: ways to show a mosaic to `photo`, the law known; CPU seconds on one thread.
Part `speed`: the command on a DNG of 12 Mpixels, in a process of its own.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rawpy
import torch
from decibels import decibels
from measure import Row
from PIL import Image
from program import run_parts
from torch import Tensor

import scorelet as sl
from scorelet.core.random import generator
from scorelet.data.camera import CameraSettings, mosaic
from scorelet.data.camera.shot import expose, light
from scorelet.data.pictures.formats.dng import write_dng
from scorelet.data.pictures.sensor import PHASES, Mosaic
from scorelet.models import (
    Denoiser,
    MosaicDenoiser,
    PoissonGaussianNoise,
    VarianceBoundDenoiser,
    anscombe,
    inverse_anscombe,
)
from scorelet.models.mosaic import channel_ends

PACKAGES = ("scorelet", "torch", "numpy", "rawpy")
EVERY = 12
STEPS = 2**14 - 1
LEVELS = (4e-3, 1e-3, 2e-4)
PACKED = (4e-3, 2e-4)
XYZ_TO_SRGB = [[3.2405, -1.5371, -0.4985], [-0.9693, 1.8760, 0.0416], [0.0556, -0.2040, 1.0572]]


def camera(a: float) -> CameraSettings:
    """Return the camera of gain a."""
    return CameraSettings(a=a, b=a / 25, contrast=0.0)


def pictures(*, quick: bool) -> list[Tensor]:
    """Return the pictures, (1, 3, height, width) in [0, 1]."""
    files = sorted((Path(os.environ["SCORELET_DATA"]) / "photos" / "cbsd68").glob("*"))
    arrays = [np.asarray(Image.open(file).convert("RGB"), np.float32) / 255 for file in files]
    return [torch.from_numpy(x).permute(2, 0, 1)[None] for x in arrays[:: 34 if quick else EVERY]]


def sensor(values: Tensor | np.ndarray, a: float, *, noise: bool = False) -> Mosaic:
    """Return the mosaic of light (1, 1, height, width) or (height, width)."""
    settings = camera(a)
    s = settings.saturation
    to_srgb = (1 + s) * np.eye(3) - s / 3
    matrix = np.linalg.inv(to_srgb) @ np.array(XYZ_TO_SRGB)
    return Mosaic(
        np.asarray(values, np.float32).reshape(np.shape(values)[-2:]),
        settings.order,
        neutral=(1 / settings.red, 1.0, 1 / settings.blue),
        matrix=tuple(float(value) for value in matrix.ravel()),
        noise=((settings.a, settings.b),) if noise else (),
    )


def shot(x: Tensor, a: float, index: int) -> tuple[Tensor, Tensor]:
    """Return light on the mosaic with noise, in 14 bits, and without."""
    clean = mosaic(light(x, camera(a)), "RGGB")
    noisy = expose(clean, camera(a), rng=generator(0, index))
    return (noisy * STEPS).round() / STEPS, clean


def developed(values: Tensor | np.ndarray, a: float, folder: Path) -> np.ndarray:
    """Return what LibRaw develops of light, in [0, 1]."""
    write_dng(folder / "developed.dng", sensor(values, a))
    with rawpy.imread(str(folder / "developed.dng")) as raw:
        picture = raw.postprocess(
            use_camera_wb=True, output_bps=16, no_auto_bright=True, adjust_maximum_thr=0.0
        )
    return picture / 65535.0


def summary(before: list[float], after: list[float]) -> Row:
    """Return means, and the least gain."""
    gains = np.subtract(after, before)
    return {
        "pictures": len(before),
        "noisy": float(np.mean(before)),
        "psnr": float(np.mean(after)),
        "gain": float(gains.mean()),
        "least_gain": float(gains.min()),
    }


def measure_gain(*, quick: bool) -> dict[str, list[Row]]:
    """Return gains of the developed picture by level and by where the law comes from."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for a in LEVELS[:1] if quick else LEVELS:
            before: list[float] = []
            after: dict[str, list[float]] = {"measured": [], "from the file": []}
            for index, x in enumerate(pictures(quick=quick)):
                noisy, clean = shot(x, a, index)
                goal = developed(clean, a, folder)
                before.append(decibels(developed(noisy, a, folder), goal))
                for law, values in after.items():
                    write_dng(folder / "a.dng", sensor(noisy, a, noise=law != "measured"))
                    found = sl.denoise(folder / "a.dng").picture.metadata.mosaic
                    values.append(decibels(developed(found.light, a, folder), goal))
            rows += [{"a": a, "law": law, **summary(before, v)} for law, v in after.items()]
    return {"rows": rows}


Packing = Callable[[Denoiser, Tensor], Tensor]


def unit(denoiser: Denoiser, y: Tensor) -> Tensor:
    """Denoise values that are brought to [0, 1]."""
    low, span = y.min(), (y.max() - y.min()).clamp(min=1)
    return denoiser((y - low) / span) * span + low


def phases(y: Tensor) -> list[Tensor]:
    """Return the four planes, row by row."""
    return [y[..., rows, columns] for rows, columns in PHASES]


def joined(planes: list[Tensor], like: Tensor) -> Tensor:
    """Return the mosaic of four planes."""
    y = torch.empty_like(like)
    for (rows, columns), plane in zip(PHASES, planes, strict=True):
        y[..., rows, columns] = plane
    return y


def four_planes(denoiser: Denoiser, y: Tensor) -> Tensor:
    """Each plane as a gray picture."""
    return joined([unit(denoiser, plane) for plane in phases(y)], y)


def greens_averaged(denoiser: Denoiser, y: Tensor) -> Tensor:
    """A colour picture with both greens in one channel, and their difference as a gray one."""
    r, g, h, b = phases(y)
    root = 2**0.5
    colour = unit(denoiser, torch.cat([r, (g + h) / root, b], 1))
    difference = unit(denoiser, (g - h) / root)
    g, h = (colour[:, 1:2] + difference) / root, (colour[:, 1:2] - difference) / root
    return joined([colour[:, :1], g, h, colour[:, 2:]], y)


def two_colours(denoiser: Denoiser, y: Tensor) -> Tensor:
    """A colour picture for each green; red and blue are averaged."""
    r, g, h, b = phases(y)
    one, two = (unit(denoiser, torch.cat([r, green, b], 1)) for green in (g, h))
    mean = (one + two) / 2
    return joined([mean[:, :1], one[:, 1:2], two[:, 1:2], mean[:, 2:]], y)


def by_channels(shifts: int, *, bounded: bool) -> Packing:
    """The change to brightness and differences of `MosaicDenoiser`."""

    def pack(denoiser: Denoiser, y: Tensor) -> Tensor:
        ends = channel_ends(y, green_first=False)
        whole = MosaicDenoiser(denoiser, green_first=False, ends=ends, shifts=shifts)
        return (VarianceBoundDenoiser(whole) if bounded else whole)(y, 1.0)

    return pack


PACKINGS: dict[str, Packing] = {
    "four gray planes": four_planes,
    "colour, greens averaged": greens_averaged,
    "two colour pictures": two_colours,
    "brightness and differences": by_channels(1, bounded=False),
    "the same, 2 shifts": by_channels(2, bounded=False),
    "2 shifts, bounded": by_channels(2, bounded=True),
    "4 shifts, bounded": by_channels(4, bounded=True),
}


@torch.no_grad()
def measure_packings(*, quick: bool) -> dict[str, list[Row]]:
    """Return gains of the developed picture by packing."""
    photo = sl.load("photo").eval()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for a in PACKED[:1] if quick else PACKED:
            law = PoissonGaussianNoise(a, a / 25)
            before: list[float] = []
            after: dict[str, list[float]] = {packing: [] for packing in PACKINGS}
            seconds, pixels = dict.fromkeys(PACKINGS, 0.0), 0
            for index, picture in enumerate(pictures(quick=quick)):
                height, width = (side // 2 * 2 for side in picture.shape[2:])
                noisy, clean = shot(picture[..., :height, :width], a, index)
                goal, pixels = developed(clean, a, Path(name)), pixels + clean.numel()
                before.append(decibels(developed(noisy, a, Path(name)), goal))
                for packing, pack in PACKINGS.items():
                    start = time.process_time()
                    found = inverse_anscombe(pack(photo, anscombe(noisy, law)), law)
                    seconds[packing] += time.process_time() - start
                    found = noisy.where(noisy >= 1, found)
                    after[packing].append(decibels(developed(found, a, Path(name)), goal))
            rows += [
                {"a": a, "packing": packing, **summary(before, values)}
                | {"cpu_s_per_mpixel": seconds[packing] / pixels * 1e6}
                for packing, values in after.items()
            ]
    return {"rows": rows}


def measure_speed(*, quick: bool) -> dict[str, list[Row]]:
    """Return CPU and wall seconds, and the largest memory, of the command."""
    height, width, a = (300, 400, 4e-3) if quick else (3000, 4000, 4e-3)
    size = (height, width)
    x = torch.nn.functional.interpolate(pictures(quick=True)[0], size=size, mode="bicubic")
    noisy, _ = shot(x.clamp(0, 1), a, 0)
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "a.dng"
        write_dng(source, sensor(noisy, a))
        start = time.perf_counter()
        command = [sys.executable, "-m", "scorelet", "denoise", str(source), "--quiet"]
        subprocess.run(command, check=True)
        wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "rows": [
            {
                "mpixels": height * width / 1e6,
                "cpu_s": used.ru_utime + used.ru_stime,
                "wall_s": wall,
                "memory_gb": used.ru_maxrss * 1024 / 1e9,
                "load": os.getloadavg()[0],
            }
        ]
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    parts = {"gain": measure_gain, "packings": measure_packings, "speed": measure_speed}
    sys.exit(run_parts("raw", parts, PACKAGES, __doc__ or ""))
