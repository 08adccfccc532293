"""`restore` in Python: a picture of which something is known in, samples of the whole out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.core.random import Noise
from scorelet.data import (
    SUFFIXES,
    Picture,
    check_target,
    from_unit,
    read_picture,
    write_picture,
)
from scorelet.data.pictures.in_memory import in_memory
from scorelet.data.pictures.types import white
from scorelet.models import Denoiser
from scorelet.models.measurements import Observation
from scorelet.sampling import ascend
from scorelet.tasks.array_files import check_output
from scorelet.tasks.inference import prepare
from scorelet.tasks.restore.observed import known, observe
from scorelet.tasks.restore.settings import BlurKernel, Mask, Restored, RestoreSettings
from scorelet.tasks.restore.tiled import TiledDenoiser
from scorelet.tasks.tiling import TileSide
from scorelet.zoo import load_as

Pixels = np.ndarray

_PROJECTIONS = 50


@checked
def restore(  # noqa: PLR0913 - as many as the command has options
    source: Any,  # noqa: ANN401 - paths, arrays, tensors, pictures
    *,
    task: str,
    factor: int | None = None,
    mask: Mask | None = None,
    blur: float | None = None,
    kernel: BlurKernel | None = None,
    sigma: float = 0.0,
    quality: str = "full",
    samples: int | None = None,
    model: str | Path | Denoiser = "photo",
    label: int | None = None,
    seed: int = 0,
    tile: TileSide = "auto",
    device: str = "auto",
    dtype: str = "auto",
) -> Restored:
    """Restore a picture from what is known of it.

    Args:
        source: path of a picture; an array (height, width[, channels]); a tensor ([channels,]
            height, width); a Pillow picture. Floats in [0, 1].
        task, factor, mask, blur, kernel, sigma, quality: see `RestoreSettings`.
        samples, model, label, seed, tile, device, dtype: see `RestoreSettings`.

    Raises:
        InputError: shapes or options that cannot be used.
        ImageFileError: a file that cannot be read.
        DivergenceError: the sampler left the levels that the denoiser knows.

    Example:
        >>> import numpy as np, scorelet as sl
        >>> out = sl.restore(np.full((8, 8), 128, np.uint8), task="superres", quality="fast")
        >>> out.image.shape, out.image.dtype
        ((16, 16), dtype('uint8'))
    """
    settings = RestoreSettings(
        task, factor, mask, blur, kernel, sigma, quality, samples, model, label, seed, tile,
        device, dtype,
    )  # fmt: skip
    if isinstance(source, str | Path):
        return restore_picture(read_picture(source, gaps=True), settings)
    given = in_memory(source)
    if given.batch:
        raise InputError("The picture has a batch axis: restore takes one picture at a time.")
    found = restore_picture(given.pictures[0], settings)
    return replace(found, image=given.back(found.picture))


def restore_file(
    source: Path,
    target: Path,
    settings: RestoreSettings,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Restore a picture into a file; with `samples` each one too, and their deviation.

    Args:
        source: a picture.
        target: for the mean; samples are called NAME_000 and so on, the deviation NAME_deviation.
        settings: how.
        overwrite: replace files that exist, `source` included.
        progress: called with (network calls, network calls in all).

    Returns:
        A report: input, output, height, width, samples, steps, deviation (8-bit units).

    Raises:
        InputError, ImageFileError: as `restore`, and targets that cannot be written.
    """
    several = settings.samples is not None and settings.samples > 1
    endings = ["", *(f"_{k:03d}" for k in range(settings.count)), "_deviation"] if several else [""]
    outputs = [target.with_stem(target.stem + ending) for ending in endings]
    for output in outputs:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES)
    picture = read_picture(source, gaps=True)
    check_target(target, picture, pages=1)
    found = restore_picture(picture, settings, progress=progress)
    write_picture(target, found.picture)
    for output, values in zip(outputs[1:], [*found.samples, found.deviation], strict=False):
        pixels = from_unit(values, found.picture.pixels.dtype)
        write_picture(output, replace(found.picture, pixels=pixels, alpha=None))
    height, width = found.picture.pixels.shape[:2]
    return {
        "input": str(source),
        "output": str(target),
        "outputs": [str(path) for path in outputs],
        "height": height,
        "width": width,
        "samples": settings.count,
        "steps": found.steps,
        "deviation": float(found.deviation.mean()) * 255,
    }


@torch.no_grad()
def restore_picture(
    picture: Picture, settings: RestoreSettings, *, progress: Progress | None = None
) -> Restored:
    """Restore one picture; see `restore`."""
    observation, guess = observe(picture, settings)
    place = choose_device(settings.device)
    prior = settings.model
    if not isinstance(prior, Denoiser):
        prior = load_as(Denoiser, prior, verb="restore")
    dtype = inference_dtype(place, settings.dtype)
    denoiser = TiledDenoiser(prepare(prior, device=settings.device, dtype=dtype), settings.tile)
    observation, guess = observation.to(place), guess.to(place)
    steps = len(settings.schedule.sigmas())
    drawn, bounded = [], picture.pixels.dtype.kind == "u"
    for k in range(settings.count):
        said = _shifted(progress, k * steps, settings.count * steps)
        drawn.append(_sample(denoiser, observation, guess, settings, k, said, bounded=bounded))
    samples = np.stack(drawn)
    mean = samples.mean(0)
    deviation = samples.std(0, ddof=1) if len(samples) > 1 else np.zeros_like(mean)
    pixels = from_unit(mean, picture.pixels.dtype)
    whole = replace(picture, pixels=pixels, alpha=_opacity(picture, settings), mask=None)
    image = pixels if pixels.shape[2] == 3 else pixels[..., 0]
    return Restored(image, samples, deviation, whole, steps)


def _sample(
    denoiser: Denoiser,
    observation: Observation,
    guess: Tensor,
    settings: RestoreSettings,
    number: int,
    said: Callable[[int], None],
    *,
    bounded: bool,
) -> Pixels:
    """Draw one sample, (height, width, channels)."""
    states = ascend(
        denoiser,
        guess,
        settings.schedule,
        Noise(settings.seed, [number]),
        observation=observation,
        label=settings.label,
    )
    found = guess
    for call, state in enumerate(states, start=1):
        found = state.denoised
        said(call)
    if bounded:
        found = _within(observation, found)
    return found[0].permute(1, 2, 0).cpu().numpy()


def _within(observation: Observation, x: Tensor) -> Tensor:
    """Return an image in [0, 1] that keeps the observation, by projections onto both in turn."""
    for _ in range(_PROJECTIONS if observation.measurement.noise == 0 else 0):
        x = observation.consistent(x.clamp(0, 1), 0.0)
    return x.clamp(0, 1)


def _shifted(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    return lambda done: progress(before + done, total) if progress else None


def _opacity(picture: Picture, settings: RestoreSettings) -> Pixels | None:
    """Return the opacity at the size of the result; what was filled is opaque."""
    if picture.alpha is None:
        return None
    if settings.task == "inpaint":
        opaque = picture.alpha.dtype.type(white(picture.alpha.dtype))
        return np.where(known(picture, settings), picture.alpha, opaque)
    factor = (settings.factor or 2) if settings.task == "superres" else 1
    return picture.alpha.repeat(factor, 0).repeat(factor, 1)
