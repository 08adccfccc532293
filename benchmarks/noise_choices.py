"""What `denoise` chooses by itself (white, camera or poisson), and what the choice is worth.

Part `white`: Set12, BSD68 and CBSD68 with white Gaussian noise of 15, 25 and 50 (8-bit units): how
many are taken for white noise, and how much the mean PSNR is below that of `--noise white`, which
is the same program where white is chosen; and the PSNR of results, also of noise that is not cut
off at black and white.

Part `clean`: the validation pictures of BSD as they are, and as JPEG of quality 75 and 90: the
choice, the mean and the least PSNR to the clean picture, beside that of what went in; `gain` is
that of the array, `file_gain` that of the JPEG file that is written, which has `size` times the
bytes of the one that went in.

Part `photons`: integer counts of Poisson noise on BSD68 with 5 and 30 photons at the peak, as
32-bit floats (so that the result keeps fractions) and as Pillow pictures of bytes, whose result is
rounded: the choice on all pictures, and the PSNR of the choice and of `--noise white` on every
eighth.

Part `camera`: JPEG files of real cameras beside the mean of many shots: the first 8, which rules
were set on, and the 36 others; `the blind model` is `camera` alone. Gains are of
arrays and of files, as above.

Part `shared`: every sixth picture of CBSD68 with Gaussian noise of 10 and 20 that neighbours share
a little, as after a linear RGGB mosaic, a turn by 1 and by 5 degrees and an enlargement by 1.4 (of
the clean picture, too), after a blur, and of half size in the colour differences alone: how many
are taken for camera noise, and the PSNR of what went in, of `--noise white`, and of the choice.

Part `time`: processor seconds of the choice and of `white`, in turns, on white noise and on a
camera picture; the median ratio.
"""

import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from decibels import decibels
from measure import Row, alternate
from PIL import Image
from program import run_parts
from scipy import ndimage

import scorelet as sl
from scorelet.data import Picture
from scorelet.data.camera import demosaic, mosaic
from scorelet.tasks.denoise import DenoiseSettings
from scorelet.tasks.denoise.noise.choice import choose
from scorelet.tasks.denoise.settings import CAMERA, GRAIN

PACKAGES = ("scorelet", "torch", "numpy", "pillow")
SETS = ("set12", "bsd68", "cbsd68")
TUNED_ON = 8
"""Camera pictures that thresholds were set on; the others are held out."""
EVERY = 8
"""Each eighth of the 68 pictures is denoised as counts."""
ROUNDS = 9
Pixels = np.ndarray
NOISES = ("white", "poisson", "camera")


def files(name: str, *, quick: bool) -> list[Path]:
    """Return the files of a set; of a quick run the first."""
    found = sorted((Path(os.environ["SCORELET_DATA"]) / "photos" / name).glob("*"))
    return found[:1] if quick else found


def picture(path: Path) -> Pixels:
    """Return a picture (height, width, channels) of bytes."""
    return np.atleast_3d(np.asarray(Image.open(path)))


def with_noise(x: Pixels, level: float, index: int) -> Pixels:
    """Return a picture with white noise, rounded and cut off to bytes."""
    return np.uint8(np.rint(np.clip(x + _noise(x, level, index), 0, 255)))


def _noise(x: Pixels, level: float, index: int) -> Pixels:
    rng = np.random.default_rng([int(level), index])
    return level * rng.standard_normal(x.shape)


def capped(estimate: Pixels, x: Pixels) -> float:
    """Return the PSNR of pictures in 8-bit units; at most 99."""
    return min(99.0, decibels(estimate, x, white=255))


def chosen(outs: Sequence[Any]) -> Row:
    """Return how many results, or choices, have which noise."""
    counts = Counter(out.noise for out in outs)
    return {"pictures": len(outs)} | {noise: counts[noise] for noise in NOISES}


def measure_white(*, quick: bool) -> dict[str, list[Row]]:
    """Return choices by set and level, the mean loss to `white`, and what comes out.

    Beside it, `uncut`: of the same noise in floats, where it is not cut off at black and white.
    """
    rows = []
    for name in SETS:
        pictures = [picture(path) for path in files(name, quick=quick)]
        for level in (15, 25, 50):
            noisy = [with_noise(x, level, index) for index, x in enumerate(pictures)]
            choices = [choose(Picture(y), DenoiseSettings()) for y in noisy]
            losses = [
                0.0 if choice.noise == "white" else loss_to_white(y, x)
                for choice, y, x in zip(choices, noisy, pictures, strict=True)
            ]
            row = {"set": name, "sigma": level} | chosen(choices)
            psnr = [capped(sl.denoise(y).image, x) for y, x in zip(noisy, pictures, strict=True)]
            uncut = [_uncut(x, level, index) for index, x in enumerate(pictures)]
            means = {"psnr": float(np.mean(psnr)), "uncut": float(np.mean(uncut))}
            rows.append(row | {"loss": float(np.mean(losses))} | means)
    return {"rows": rows}


def _uncut(x: Pixels, level: float, index: int) -> float:
    """Return the PSNR of white noise in floats."""
    y = np.float32(x + _noise(x, level, index))
    return capped(np.clip(sl.denoise(y, noise="white").image, 0, 255), x)


def loss_to_white(y: Pixels, x: Pixels) -> float:
    """Return by how much the PSNR of the choice is below that of `white`."""
    white, auto = (capped(sl.denoise(y, noise=noise).image, x) for noise in ("white", "auto"))
    return white - auto


def measure_clean(*, quick: bool) -> dict[str, list[Row]]:
    """Return choices, and how far results are from the clean picture."""
    pictures = [picture(path) for path in files("bsd_val32", quick=quick)]
    rows = []
    for quality, as_file in ((None, False), (75, True), (75, False), (90, True), (90, False)):
        stored = [None if quality is None else jpeg(x, quality) for x in pictures]
        given = [x if y is None else decoded(y) for x, y in zip(pictures, stored, strict=True)]
        outs = [denoised(x, y if as_file else None) for x, y in zip(given, stored, strict=True)]
        before = [capped(y, x) for y, x in zip(given, pictures, strict=True)]
        after = [capped(out.image, x) for out, x in zip(outs, pictures, strict=True)]
        name = "as they are" if quality is None else f"JPEG {quality}"
        name += ", file" * as_file + ", its pixels" * (quality is not None and not as_file)
        row = {"given": name} | chosen(outs) | {"psnr": float(np.mean(after)), "least": min(after)}
        if quality is not None:
            row |= gains("gain", after, before)
        if as_file:
            row |= of_files(outs, list(map(len, stored)), pictures, before)
        rows.append(row)
    return {"rows": rows}


def gains(name: str, after: Sequence[float], before: Sequence[float]) -> Row:
    """Return the mean and the least gain."""
    found = np.subtract(after, before)
    return {name: float(found.mean()), f"least_{name}": float(found.min())}


def of_files(
    outs: Sequence[sl.Denoised], sizes: Sequence[int], clean: list[Pixels], before: list[float]
) -> Row:
    """Return the gains of results that are written as JPEG, and how much larger these are."""
    written = [saved(out) for out in outs]
    after = [capped(decoded(file), x) for file, x in zip(written, clean, strict=True)]
    ratios = np.divide(list(map(len, written)), sizes)
    return gains("file_gain", after, before) | {"size": float(np.median(ratios))}


def saved(out: sl.Denoised) -> bytes:
    """Return a result as the JPEG file that is written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        out.save(path)
        return path.read_bytes()


def jpeg(x: Pixels, quality: int) -> bytes:
    """Return a picture as a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(x).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def decoded(file: bytes) -> Pixels:
    """Return the pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(file)))


def denoised(pixels: Pixels, file: bytes | None) -> sl.Denoised:
    """Denoise a file, or pixels of which nobody says that they were one."""
    if file is None:
        return sl.denoise(pixels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes(file)
        return sl.denoise(path)


def measure_photons(*, quick: bool) -> dict[str, list[Row]]:
    """Return choices and mean PSNR by peak, dtype and noise."""
    pictures = [picture(path) for path in files("bsd68", quick=quick)]
    rows = []
    for peak in (5, 30):
        counts = [
            np.random.default_rng([peak, index]).poisson(peak * (x / 255))
            for index, x in enumerate(pictures)
        ]
        for dtype in ("float32", "uint8"):
            given = [u.astype(dtype) for u in counts]
            row = {"peak": peak, "dtype": dtype}
            row |= chosen([choose(Picture(u), DenoiseSettings()) for u in given])
            some, clean = given[::EVERY], pictures[::EVERY]
            row["noisy"] = mean_psnr([u / peak for u in some], clean)
            for name, noise in (("psnr", "auto"), ("psnr_white", "white")):
                kept = some if dtype == "float32" else [Image.fromarray(u[..., 0]) for u in some]
                images = [np.asarray(sl.denoise(u, noise=noise).image) for u in kept]
                images = [image.reshape(x.shape) for image, x in zip(images, clean, strict=True)]
                row[name] = mean_psnr([image / peak for image in images], clean)
            rows.append(row)
    return {"rows": rows}


def mean_psnr(images: list[Pixels], pictures: list[Pixels]) -> float:
    """Return the mean PSNR of images in [0, 1], cut off there."""
    pairs = zip(images, pictures, strict=True)
    return float(np.mean([capped(255 * np.clip(image, 0, 1), x) for image, x in pairs]))


def measure_camera(*, quick: bool) -> dict[str, Any]:
    """Return choices and gains on pairs of camera pictures, by noise."""
    paths = files("camera_noisy", quick=quick)
    rows = []
    for part, some in (("first 8", paths[:TUNED_ON]), ("others", paths[TUNED_ON:])):
        if not some:
            continue
        clean = [picture(path.parents[1] / "camera_mean" / path.name) for path in some]
        before = [capped(picture(path), x) for path, x in zip(some, clean, strict=True)]
        ways = {noise: {"noise": noise} for noise in ("auto", "white", "camera")}
        for noise, options in (ways | {"the blind model": {"model": CAMERA}}).items():
            outs = [sl.denoise(path, **options) for path in some]
            after = [capped(out.image, x) for out, x in zip(outs, clean, strict=True)]
            row = {"pairs": part, "noise": noise} | chosen(outs) | {"noisy": float(np.mean(before))}
            sizes = [path.stat().st_size for path in some]
            rows.append(row | gains("gain", after, before) | of_files(outs, sizes, clean, before))
    return {"denoiser": GRAIN, "rows": rows}


def mosaic_of(noise: Pixels) -> Pixels:
    """Return noise of a sensor's colours, demosaiced: each is linear between its own pixels."""
    raw = mosaic(torch.from_numpy(noise).permute(2, 0, 1)[None])
    return demosaic(raw, method="bilinear")[0].permute(1, 2, 0).numpy()


def colours_alone(noise: Pixels) -> Pixels:
    """Return noise in Cb and Cr, which are stored at half the size."""
    blue, red = (noise[::2, ::2, k].repeat(2, 0).repeat(2, 1) for k in (0, 1))
    cut = np.s_[: noise.shape[0], : noise.shape[1]]
    blue, red = blue[cut], red[cut]
    return np.stack([1.402 * red, -0.344 * blue - 0.714 * red, 1.772 * blue], axis=2)


def turned(x: Pixels, degrees: float) -> Pixels:
    """Return a picture turned about its middle, linear between pixels."""
    return ndimage.rotate(x, degrees, order=1, reshape=False, mode="mirror")


KINDS = {
    "a mosaic": (mosaic_of, np.asarray),
    "a turn by 1 degree": (partial(turned, degrees=1),) * 2,
    "a turn by 5 degrees": (partial(turned, degrees=5),) * 2,
    "an enlargement by 1.4": (partial(ndimage.zoom, zoom=(1.4, 1.4, 1), order=3),) * 2,
    "a blur of 0.5": (partial(ndimage.gaussian_filter, sigma=(0.5, 0.5, 0)), np.asarray),
    "a blur of 0.7": (partial(ndimage.gaussian_filter, sigma=(0.7, 0.7, 0)), np.asarray),
    "halved colours": (colours_alone, np.asarray),
}
"""What is done to noise, and to the picture below it."""


def measure_shared(*, quick: bool) -> dict[str, list[Row]]:
    """Return choices and PSNR by what was done to the noise and by its level before."""
    pictures = [picture(path) for path in files("cbsd68", quick=quick)][:: 1 if quick else 6]
    rows = []
    for kind, (of_noise, of_picture) in KINDS.items():
        for level in (10, 20):
            clean = [np.clip(of_picture(x.astype(float)), 0, 255) for x in pictures]
            noises = [of_noise(_noise(x, level, k)) for k, x in enumerate(pictures)]
            given = [
                np.uint8(np.rint(np.clip(x + n, 0, 255)))
                for x, n in zip(clean, noises, strict=True)
            ]
            outs = [sl.denoise(y) for y in given]
            row = {"kind": kind, "sigma": level} | chosen(outs)
            images = {
                "noisy": given,
                "psnr_white": [sl.denoise(y, noise="white").image for y in given],
                "psnr": [out.image for out in outs],
            }
            for name, some in images.items():
                row[name] = mean_psnr([image / 255 for image in some], clean)
            rows.append(row)
    return {"rows": rows}


def measure_time(*, quick: bool) -> dict[str, list[Row]]:
    """Return processor seconds of `white` and of the choice."""
    cases = {
        f"{name}, sigma 25": with_noise(picture(files(name, quick=True)[0]), 25, 0) for name in SETS
    }
    cases["camera picture"] = files("camera_noisy", quick=True)[0]
    rows = []
    for name, given in cases.items():
        calls = {
            noise: lambda n=noise, g=given: sl.denoise(g, noise=n) for noise in ("auto", "white")
        }
        seconds = alternate(calls, rounds=2 if quick else ROUNDS, clock=time.process_time)
        ratio = np.divide(seconds["auto"], seconds["white"])
        medians = {noise: float(np.median(values)) for noise, values in seconds.items()}
        rows.append({"picture": name} | medians | {"ratio": float(np.median(ratio))})
    return {"rows": rows}


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    parts = {
        "white": measure_white,
        "clean": measure_clean,
        "photons": measure_photons,
        "camera": measure_camera,
        "shared": measure_shared,
        "time": measure_time,
    }
    sys.exit(run_parts("noise_choices", parts, PACKAGES, __doc__ or ""))
