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

from scorelet.analysis.noise_level import Curve, ResidualMeter, noise_colour
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError
from scorelet.data import JpegCoding, Picture, find_pictures, iter_pages, to_unit, write_pages
from scorelet.models import Denoiser
from scorelet.tasks.inference import TileSide, denoise_array, prepare
from scorelet.tasks.jobs import Outcome, Task, plan_tasks, run_tasks
from scorelet.zoo import load_calibration, load_denoiser, locate_weights

Pixels = np.ndarray

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
            pixels = (
                self.image.permute(1, 2, 0).cpu().numpy()
                if isinstance(self.image, Tensor)
                else self.image
            )
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
    output: Path | None = None,
    *,
    settings: Settings = Settings(),
    resume: bool = False,
    overwrite: bool = False,
    plan: Callable[[int], None] | None = None,
) -> Iterator[Outcome]:
    """Denoise files and folders into files; yield what became of each, in order.

    Args:
        paths: files and folders of pictures.
        output: see `plan_tasks`; by default beside the source with "_denoised" in the name.
        settings: how.
        resume: keep what an interrupted job with the same settings has finished.
        overwrite: replace files that exist, the inputs included if they are the outputs.
        plan: called with the number of files before the first is worked on.

    Raises:
        InputError: nothing to do, targets that exist, an unknown model.
    """
    tasks = plan_tasks(paths, output, suffix="_denoised")
    load_prepared(settings.model, settings.device)
    if plan:
        plan(len(tasks))
    yield from run_tasks(
        tasks,
        lambda task: _denoise_file(task, settings),
        verb="denoise",
        settings={
            "model": hashlib.sha256(_located(settings.model).read_bytes()).hexdigest(),
            "sigma": settings.sigma,
            "strength": settings.strength,
            "dtype": str(inference_dtype(choose_device(settings.device))),
        },
        resume=resume,
        overwrite=overwrite,
    )


def load_prepared(model: str, device: str) -> tuple[Denoiser, dict[int, Curve]]:
    """Return a model ready for inference and the curves of its noise estimate by channel count.

    The last two are kept, until their files change.
    """
    path = _located(model)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _prepared(path, changed, device, inference_dtype(choose_device(device)))


_located = lru_cache(maxsize=16)(locate_weights)  # so that a Hub is asked once


@lru_cache(maxsize=2)
def _prepared(
    path: Path, _changed: int, device: str, dtype: torch.dtype
) -> tuple[Denoiser, dict[int, Curve]]:
    curves: dict[int, Curve] = {**load_calibration(path)}
    return prepare(load_denoiser(path), device=device, dtype=dtype), curves


def denoise_pixels(pixels: Pixels, settings: Settings) -> tuple[Pixels, float, tuple[str, ...]]:
    """Denoise (height, width, 1 or 3) pixels; return pixels of the same dtype, σ and warnings."""
    denoiser, curves = load_prepared(settings.model, settings.device)
    curve = curves.get(pixels.shape[2])
    meter = ResidualMeter(bounded=pixels.dtype.kind == "u")
    result = denoise_array(
        denoiser,
        pixels,
        settings.sigma,
        tile=settings.tile,
        strength=settings.strength,
        on_tile=lambda _tile, noisy, clean: meter.add(noisy, clean),
    )
    found = meter.sigma(curve)
    notes = [_colour_of_noise(pixels), _given(denoiser, settings, found)]
    return result, found, tuple(note for note in notes if note)


def _denoise_file(task: Task, settings: Settings) -> dict[str, Any]:
    """Denoise all pages of a file; return its report."""
    pages: list[dict[str, Any]] = []

    def results() -> Iterator[Picture]:
        for out in _pages(task.source, settings):
            assert out.picture is not None
            pages.append(
                {
                    "height": out.picture.pixels.shape[0],
                    "width": out.picture.pixels.shape[1],
                    "dtype": str(out.picture.pixels.dtype),
                    "sigma": out.sigma,
                    "sigma_8bit": out.sigma * 255,
                    "warnings": list(out.warnings),
                }
            )
            yield out.picture

    write_pages(task.target, results())
    return {"pages": pages}


def _pages(path: Path, settings: Settings) -> Iterator[Denoised]:
    for page in iter_pages(path):
        pixels, sigma, notes = denoise_pixels(page.pixels, settings)
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


def _denoise_tensor(tensor: Tensor, settings: Settings) -> Denoised:
    if tensor.ndim != 3 or not tensor.is_floating_point():
        raise InputError(
            f"The tensor has shape {tuple(tensor.shape)} and dtype {tensor.dtype}: expected "
            "(channel, height, width) of floats; sl.load('photo') works on batches."
        )
    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    pixels = tensor.detach().permute(1, 2, 0).to("cpu", kind).numpy()
    out = _denoise_bare_array(np.ascontiguousarray(pixels), settings)
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
    colour = noise_colour(to_unit(pixels[top : top + WINDOW, left : left + WINDOW]))
    if colour is None or not colour.correlated:
        return None
    return (
        f"the noise is not white: sigma is {colour.near * 255:.1f} between neighbours but "
        f"{colour.far * 255:.1f} between pixels four apart (8-bit units), as after a camera's "
        f"processing, resizing or compression. {NOT_WHITE}"
    )


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
