"""A raw file is read, the noise of its sensor measured and taken out, and the mosaic developed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.data.pictures.formats.libraw import open_raw
from scorelet.data.pictures.formats.raw import metadata_of, notes_of
from scorelet.data.pictures.limits import limits
from scorelet.data.pictures.sensor import MONOCHROME, Mosaic
from scorelet.models import Denoiser, MosaicDenoiser, VarianceBoundDenoiser
from scorelet.models.mosaic import channel_ends
from scorelet.tasks.denoise.raw.law import SensorLaw, kind_of_sensor, law_of, law_words
from scorelet.tasks.denoise.raw.stable import light_of, stabilised
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings
from scorelet.tasks.inference import run_tile, tiles_of
from scorelet.tasks.listener import NOBODY, Listener

SMALLEST = 16
"""Pixels of a side without which there is nothing to be measured."""


def denoised_raw(
    path: Path,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    *,
    bits: int = 16,
    check: Callable[[Picture], None] | None = None,
    listener: Listener = NOBODY,
) -> Denoised:
    """Denoise the mosaic of a camera raw file and develop it.

    Args:
        path: of the file.
        denoiser: prepared; it takes gray images.
        settings: how; `sigma` has no effect.
        bits: 8 or 16 of a sample of the picture.
        check: may refuse the picture before work is put into it.
        listener: is told how it goes on.

    Returns:
        The developed picture, sRGB, with the mosaic beside it. `sigma` is the root of the mean
        variance of the noise that was found, in the unit of the light, white 1.

    Raises:
        ImageFileError: rawpy is missing, or the file or its kind of mosaic cannot be read.
        InputError: noise that cannot be measured, or a model that takes no gray images or is for
            noise that neighbours share.
    """
    if settings.drowns:
        raise InputError(
            "The model is for noise that neighbours share, as that of finished pictures, and on "
            "the sensor of a camera raw file they share none: leave the model out."
        )
    with open_raw(path, limits()) as raw:
        mosaic = raw.mosaic()
        metadata = replace(metadata_of(raw, bits=bits), mosaic=replace(mosaic, noise=()))
        if check:
            dtype = np.uint8 if bits == 8 else np.uint16
            check(Picture(np.zeros((1, 1, 3), dtype), metadata=metadata))
        _refuse_small(mosaic)
        law = law_of(mosaic)
        clean = mosaic.light
        if law is not None:
            clean = denoised_mosaic(mosaic, law, denoiser, settings, listener)
        metadata = replace(metadata, mosaic=replace(mosaic, light=clean, noise=()))
        pixels = raw.develop(clean, bits=bits)
        picture = Picture(pixels, metadata=metadata, notes=notes_of(raw))
    sigma = 0.0 if law is None else law.level(mosaic)
    return Denoised(
        picture.plain,
        sigma,
        _remarks(settings),
        picture,
        noise="sensor",
        reason="on its planes, where the law holds",
        found=_found(mosaic, law),
    )


def denoised_mosaic(
    mosaic: Mosaic,
    law: SensorLaw,
    denoiser: Denoiser,
    settings: DenoiseSettings,
    listener: Listener = NOBODY,
) -> np.ndarray:
    """Return the light (height, width) without its noise.

    Saturated pixels stay as they are. `settings.strength` mixes light, not stabilised values.
    """
    y = stabilised(mosaic.light, mosaic.order, law.noise)
    bounded = VarianceBoundDenoiser(_for_mosaic(denoiser, mosaic.order, y))
    clean = np.empty_like(y)
    tiles = tiles_of(bounded, y.shape, tile=settings.tile)
    for done, tile in enumerate(tiles, start=1):
        answer = run_tile(bounded, y[tile.rows, tile.columns, None], 1.0, settings.label)
        kept = answer[tile.keep_rows, tile.keep_columns, 0]
        clean[tile.target_rows, tile.target_columns] = kept
        listener.part(done, len(tiles))
    light = light_of(clean, mosaic.order, law.noise)
    if settings.strength != 1:
        light = mosaic.light + np.float32(settings.strength) * (light - mosaic.light)
    return np.where(mosaic.saturated, mosaic.light, light)


def _for_mosaic(denoiser: Denoiser, order: str, y: np.ndarray) -> Denoiser:
    if order == MONOCHROME:
        return denoiser
    green_first = order[0] == "G"
    ends = channel_ends(torch.from_numpy(y)[None, None], green_first=green_first)
    return MosaicDenoiser(denoiser, green_first=green_first, ends=ends)


def _refuse_small(mosaic: Mosaic) -> None:
    if min(mosaic.light.shape) < SMALLEST:
        height, width = mosaic.light.shape
        raise InputError(
            f"The sensor has {width} x {height} pixels; expected {SMALLEST} or more each way: "
            "leave it out."
        )


def _found(mosaic: Mosaic, law: SensorLaw | None) -> str:
    """Say what was found and done."""
    kind = kind_of_sensor(mosaic.order)
    if law is None:
        return f"{kind}; next to nothing changes in it, so that there is no noise to be taken out"
    laws = {colour: (one.a, one.b) for colour, one in law.noise.items()}
    words = law_words(laws, measured=law.measured)
    return f"{kind}; variance of its noise by light x, {words}; denoised before it was developed"


def _remarks(settings: DenoiseSettings) -> tuple[str, ...]:
    law = "the noise of a camera raw file is that of its sensor, as the file says or as measured"
    ignored = {
        "level": settings.sigma is not None,
        "kind of noise": settings.noise not in ("auto", "poisson"),
        "law": settings.noise_law is not None,
        "value of no data": isinstance(settings.nodata, float),
    }
    return tuple(
        f"the given {name} had no effect: {law}" for name, given in ignored.items() if given
    )
