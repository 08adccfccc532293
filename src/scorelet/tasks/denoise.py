"""Denoise pictures: arrays, tensors, files, folders.

The noise that is found is reported with every result; noise that is plainly not white is said to
be so, because a denoiser for white noise leaves most of it in.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.noise_level import Curve, ResidualMeter, curve_name, noise_colour
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError
from scorelet.data import (
    JpegCoding,
    Picture,
    check_target,
    count_pages,
    find_pictures,
    iter_pages,
    to_unit,
    write_pages,
)
from scorelet.models import Denoiser
from scorelet.tasks.inference import TileSide, denoise_array, prepare, tiles_of
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.planning import Task, plan_tasks
from scorelet.tasks.tiling import Tile
from scorelet.zoo import load_calibration, load_denoiser, locate_weights

Pixels = np.ndarray
OnTile = Callable[[int, int], None]

WINDOW = 1024
"""Side of the central window in which the colour of the noise is judged."""
NOT_WHITE = (
    "A denoiser for white noise takes such noise for texture and leaves most of it in; start from "
    "the camera's raw file, or from the picture reduced to half its size"
)


@dataclass(frozen=True)
class Settings:
    """How to denoise.

    Args:
        model: built-in name, path or Hub id.
        sigma: noise standard deviation in the unit of [0, 1] images; None leaves it to the model.
            A blind model has no use for it and compares it with its own estimate.
        strength: share of the found noise that is taken out, 0 to 1.
        tile: side of a tile in pixels, "auto", or None for the whole picture at once.
        device: auto, cpu, cuda or mps.
    """

    model: str = "photo"
    sigma: float | None = None
    strength: float = 1.0
    tile: TileSide = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check ranges."""
        if not 0 <= self.strength <= 1:
            raise InputError(f"strength is {self.strength}: it must lie between 0 and 1.")
        if self.sigma is not None and not 0 <= self.sigma < float("inf"):
            raise InputError(f"sigma is {self.sigma}: it must be a number of at least 0.")
        if isinstance(self.tile, str) and self.tile != "auto":
            raise InputError(f"tile is {self.tile!r}: it must be auto, none or a side in pixels.")
        if isinstance(self.tile, int) and self.tile < 1:
            raise InputError(f"tile is {self.tile}: a side must be at least 1 pixel.")


@dataclass(frozen=True)
class Denoised:
    """One denoised picture.

    Attributes:
        image: (height, width) or (height, width, channels), in the dtype of the input; for a
            tensor, a tensor (channel, height, width). A file's alpha channel comes back as it was.
        sigma: noise standard deviation that was found, in the unit of [0, 1] images.
        warnings: sentences about noise that is not white, or a sigma that had no effect.
        picture: the picture as it will be written, if a file was read.
    """

    image: Any
    sigma: float
    warnings: tuple[str, ...]
    picture: Picture | None = None

    def save(self, path: str | Path) -> None:
        """Write the picture; the suffix chooses the kind, depth and profile are the source's."""
        picture = self.picture
        if picture is None:
            pixels = _as_array(self.image) if isinstance(self.image, Tensor) else self.image
            picture = Picture(pixels if pixels.ndim == 3 else pixels[..., None])
        write_pages(path, [picture])


def denoise(
    source: str | Path | Pixels | Tensor,
    *,
    model: str = "photo",
    sigma: float | None = None,
    strength: float = 1.0,
    tile: TileSide = "auto",
    device: str = "auto",
) -> Denoised | list[Denoised]:
    """Denoise a picture.

    Args:
        source: path of a picture; an array (height, width[, 1 or 3]) of uint8, uint16 or floats;
            a float tensor (channel, height, width). Floats have any unit: for bias-free models
            f(a y) = a f(y). A folder or a file of several pages gives a list; to write
            folders, use `denoise_files`.
        model, sigma, strength, tile, device: see `Settings`.

    Raises:
        InputError: shapes, dtypes or options that cannot be used; NaN or infinite values.
        ImageFileError: a file that cannot be read.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> out = sl.denoise(np.full((32, 32), 128, np.uint8))
        >>> out.image.shape, out.image.dtype, out.sigma < 1 / 255
        ((32, 32), dtype('uint8'), True)
    """
    settings = Settings(model, sigma, strength, tile, device)
    if isinstance(source, Tensor):
        return _denoise_tensor(source, settings)
    if isinstance(source, np.ndarray):
        return _denoise_bare_array(source, settings)
    path = Path(source)
    if path.is_dir():
        return [out for file in find_pictures(path) for out in _pages(file, settings)]
    pages = list(_pages(path, settings))
    return pages[0] if len(pages) == 1 else pages


def denoise_files(
    paths: list[Path],
    output: str | Path | None = None,
    *,
    settings: Settings = Settings(),
    resume: bool = False,
    overwrite: bool = False,
    plan: Callable[[int], None] | None = None,
    on_tile: OnTile | None = None,
) -> Iterator[Outcome]:
    """Denoise files and folders into files; yield what became of each, in order.

    Args:
        paths: files and folders of pictures.
        output: see `plan_tasks`; by default beside the source with "_denoised" in the name.
        settings: how.
        resume: keep what an interrupted job with the same settings has finished.
        overwrite: replace files that exist, the inputs included if they are the outputs.
        plan: called with the number of files before the first is worked on.
        on_tile: called with (tiles done, tiles of the page) as a page goes on.

    Raises:
        InputError: nothing to do, targets that exist, an unknown model.
    """
    tasks = plan_tasks(paths, output, suffix="_denoised")
    load_prepared(settings.model, settings.device)
    if plan:
        plan(len(tasks))
    yield from run_tasks(
        tasks,
        lambda task, publish: _denoise_file(task, settings, publish, on_tile),
        verb="denoise",
        settings={
            "model": hashlib.sha256(_located(settings.model).read_bytes()).hexdigest(),
            "sigma": settings.sigma,
            "strength": settings.strength,
            "dtype": str(inference_dtype(choose_device(settings.device))),
        },
        resume=resume,
        overwrite=overwrite,
        journal=len(paths) > 1 or paths[0].is_dir(),
    )


def load_prepared(model: str, device: str) -> tuple[Denoiser, dict[str, Curve]]:
    """Return a model ready for inference and the curves of its noise estimate by `curve_name`.

    The last two are kept, until their files change.
    """
    path = _located(model)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _prepared(path, changed, device, inference_dtype(choose_device(device)))


_located = lru_cache(maxsize=16)(locate_weights)  # so that a Hub is asked once


@lru_cache(maxsize=2)
def _prepared(
    path: Path, _changed: int, device: str, dtype: torch.dtype
) -> tuple[Denoiser, dict[str, Curve]]:
    return prepare(load_denoiser(path), device=device, dtype=dtype), load_calibration(path)


def denoise_pixels(
    pixels: Pixels, settings: Settings, on_tile: OnTile | None = None
) -> tuple[Pixels, float, tuple[str, ...]]:
    """Denoise (height, width, 1 or 3) pixels; return pixels of the same dtype, σ and warnings."""
    denoiser, curves = load_prepared(settings.model, settings.device)
    bounded = pixels.dtype.kind == "u"
    meter = ResidualMeter(bounded=bounded)
    count, done = len(tiles_of(denoiser, pixels, tile=settings.tile)), 0

    def measure(_tile: Tile, noisy: Pixels, clean: Pixels) -> None:
        nonlocal done
        meter.add(noisy, clean)
        done += 1
        if on_tile:
            on_tile(done, count)

    offset = 0 if bounded else _offset(pixels)
    result = denoise_array(
        denoiser,
        pixels - offset if offset else pixels,
        settings.sigma,
        tile=settings.tile,
        strength=settings.strength,
        on_tile=measure,
    )
    found = meter.sigma(curves.get(curve_name(pixels.shape[2], bounded=bounded)))
    notes = [_colour_of_noise(pixels - offset), _given(denoiser, settings, found)]
    return result + offset if offset else result, found, tuple(note for note in notes if note)


def _offset(pixels: Pixels) -> float:
    """Return what to take off floating-point values that lie far from zero for their range.

    Pictures start near zero, and so do those that networks learn from; a bias-free network gives
    f(a y) = a f(y), but not f(y + b) = f(y) + b. So values of 290 to 300 lose 290; values from
    about zero on, or around zero, lose nothing.
    """
    low, high = float(pixels.min()), float(pixels.max())
    spread = high - low
    return low if spread > 0 and (low > 2 * spread or high < -spread) else 0.0


def _denoise_file(
    task: Task, settings: Settings, publish: Publish, on_tile: OnTile | None
) -> dict[str, Any]:
    """Denoise all pages of a file; return its report."""
    pages: list[dict[str, Any]] = []
    report = {"pages": pages}

    def results() -> Iterator[Picture]:
        count = count_pages(task.source)
        for out in _pages(
            task.source,
            settings,
            on_tile,
            check=lambda page: check_target(task.target, page, pages=count),
        ):
            assert out.picture is not None
            pages.append(
                {
                    "height": out.picture.pixels.shape[0],
                    "width": out.picture.pixels.shape[1],
                    "dtype": str(out.picture.pixels.dtype),
                    "sigma": out.sigma,
                    "sigma_8bit": None if _is_float(out.picture.pixels) else out.sigma * 255,
                    "warnings": list(out.warnings),
                }
            )
            yield out.picture

    write_pages(task.target, results(), publish=lambda temporary: publish(temporary, report))
    return report


def _pages(
    path: Path,
    settings: Settings,
    on_tile: OnTile | None = None,
    check: Callable[[Picture], None] | None = None,
) -> Iterator[Denoised]:
    """Denoise page by page; `check` may refuse a page before work is put into it."""
    for page in iter_pages(path):
        if check:
            check(page)
        pixels, sigma, notes = denoise_pixels(page.pixels, settings, on_tile)
        compression = _compression(page.metadata.jpeg, sigma)
        if compression:
            notes = (compression, *notes)
        picture = replace(page, pixels=pixels)
        image = pixels if pixels.shape[2] == 3 else pixels[..., 0]
        yield Denoised(image, sigma, notes, picture)


def _denoise_bare_array(array: Pixels, settings: Settings) -> Denoised:
    flat = array.ndim == 2
    if array.dtype == np.float16:
        raise InputError("The array is float16: convert it to float32.")
    picture = Picture(array[..., None] if flat else array)
    _refuse_non_finite(picture.pixels)
    pixels, sigma, notes = denoise_pixels(picture.pixels, settings)
    return Denoised(pixels[..., 0] if flat else pixels, sigma, notes)


def _as_array(tensor: Tensor) -> Pixels:
    """Return (height, width, channel) floats of a dtype that files hold: float32 or float64."""
    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    pixels = tensor.detach().permute(1, 2, 0).to("cpu", kind).numpy()
    return np.ascontiguousarray(pixels)


def _denoise_tensor(tensor: Tensor, settings: Settings) -> Denoised:
    if tensor.ndim != 3 or not tensor.is_floating_point():
        raise InputError(
            f"The tensor has shape {tuple(tensor.shape)} and dtype {tensor.dtype}: expected "
            "(channel, height, width) of floats; sl.load('photo') works on batches."
        )
    out = _denoise_bare_array(_as_array(tensor), settings)
    return replace(out, image=torch.from_numpy(out.image).permute(2, 0, 1).to(tensor))


def _refuse_non_finite(pixels: Pixels) -> None:
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        count = int((~np.isfinite(pixels)).sum())
        raise InputError(
            f"{count} of {pixels.size} values are NaN or infinite: replace them before denoising."
        )


def _colour_of_noise(pixels: Pixels) -> str | None:
    """Say whether the noise is correlated between neighbours, judged in a central window."""
    height, width = pixels.shape[:2]
    top, left = max(0, (height - WINDOW) // 2), max(0, (width - WINDOW) // 2)
    window = pixels[top : top + WINDOW, left : left + WINDOW]
    colour = noise_colour(to_unit(window), bounded=not _is_float(pixels))
    if colour is None or not colour.correlated:
        return None
    return (
        f"the noise is not white: sigma is {_level(colour.near, pixels)} between neighbours but "
        f"{_level(colour.far, pixels)} between pixels four apart, as after a camera's "
        f"processing, resizing or compression. {NOT_WHITE}"
    )


def _is_float(pixels: Pixels) -> bool:
    return pixels.dtype.kind == "f"


def _level(sigma: float, pixels: Pixels) -> str:
    return f"{sigma:.3g}" if _is_float(pixels) else f"{sigma * 255:.1f}"


def _compression(coding: JpegCoding | None, sigma: float) -> str | None:
    """Say whether a JPEG was quantised more coarsely than its noise."""
    if coding is None or not coding.tables:
        return None
    step = float(np.median(coding.tables[0]))
    if step <= sigma * 255:
        return None
    return (
        f"the noise is not white: this JPEG was quantised in steps of {step:.0f} (8-bit units), "
        f"more than the noise of {sigma * 255:.1f} that was found, which cuts noise away or makes "
        f"blocks of it. {NOT_WHITE}"
    )


def _given(denoiser: Denoiser, settings: Settings, found: float) -> str | None:
    if settings.sigma is None or not denoiser.blind:
        return None
    return (
        f"sigma {settings.sigma * 255:.1f} was given, {found * 255:.1f} was found (8-bit units); "
        "the model is blind, so the given value had no effect"
    )
