"""Run a denoiser over arrays of any size, in the dtype that is fastest here."""

import copy
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.memory import keep_large_buffers
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.networks import folded
from scorelet.tasks.tiling import Tile, auto_side, plan

Pixels = np.ndarray
TileSide = int | Literal["auto"] | None


def prepare(
    denoiser: Denoiser, *, device: str = "auto", dtype: torch.dtype | None = None
) -> Denoiser:
    """Return a copy of `denoiser` made for inference: folded, laid out and cast.

    Args:
        denoiser: any; only residual networks change.
        device: auto, cpu, cuda, mps.
        dtype: of the convolutions; None takes `inference_dtype`. Images stay float32.

    Raises:
        CheckpointError: weights that are NaN or infinite.
    """
    if not all(bool(t.isfinite().all()) for t in denoiser.state_dict().values()):
        raise CheckpointError("The weights hold NaN or infinite numbers: fetch or copy them again.")
    keep_large_buffers()
    place = choose_device(device)
    kind = dtype or inference_dtype(place)
    if isinstance(denoiser, ResidualDenoiser):
        network = folded(denoiser.network).to(device=place, dtype=kind)
        network = network.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
        return ResidualDenoiser(
            network,
            channels=denoiser.channels,
            calibration=denoiser.calibration,
            compute_dtype=kind,
        ).eval()
    return copy.deepcopy(denoiser).to(place).eval()


def denoise_tiles(
    denoiser: Denoiser,
    pixels: Pixels,
    sigma: float | None,
    *,
    label: int | None = None,
    tile: TileSide = "auto",
) -> Iterator[tuple[Tile, Pixels, Pixels]]:
    """Yield (tile, noisy, denoised) for all tiles of a picture.

    Args:
        denoiser: prepared or not; it must take the picture's channel count.
        pixels: (height, width, channels), integers or floats.
        sigma: noise level in the unit of [0, 1] images; may be None for blind denoisers.
        label: class of the picture, for denoisers that know classes.
        tile: side in pixels, "auto" or None for the whole picture at once.

    The two arrays are float32 in [0, 1] units, (rows, columns, channels) of the tile's target;
    the denoised one is neither clipped nor rounded.
    """
    device = next((p.device for p in denoiser.parameters()), torch.device("cpu"))
    for piece in tiles_of(denoiser, pixels, tile=tile):
        noisy = to_unit(pixels[piece.rows, piece.columns])
        clean = _run(denoiser, noisy, sigma, label, device)
        keep = piece.keep_rows, piece.keep_columns
        yield piece, noisy[keep], clean[keep]


def tiles_of(denoiser: Denoiser, pixels: Pixels, *, tile: TileSide = "auto") -> list[Tile]:
    """Return the tiles of `denoise_tiles`."""
    height, width = pixels.shape[:2]
    side = auto_side(height, width) if isinstance(tile, str) else tile
    radius, multiple = denoiser.locality
    if radius is None:  # every tile would have to read the whole picture
        side, radius = None, 0
    return plan(height, width, side=side, radius=radius, multiple=multiple)


def denoise_array(
    denoiser: Denoiser,
    pixels: Pixels,
    sigma: float | None = None,
    *,
    label: int | None = None,
    tile: TileSide = "auto",
    strength: float = 1.0,
    on_tile: Callable[[Tile, Pixels, Pixels], None] | None = None,
) -> Pixels:
    """Return noisy + strength (denoised - noisy) with the dtype of `pixels`.

    For integer pixels the denoised ones are clipped to [0, 1] first, so that half the strength is
    the mean of the input and the full result.

    Args:
        denoiser, pixels, sigma, label, tile: as in `denoise_tiles`.
        strength: share of the noise that is taken out, 0 to 1.
        on_tile: called with (tile, noisy, denoised) after each tile.

    Raises:
        InputError: the network's numbers overflow its dtype.
    """
    result = np.empty_like(pixels)
    for piece, noisy, clean in denoise_tiles(denoiser, pixels, sigma, label=label, tile=tile):
        _refuse_overflow(clean)
        mixed = clean if strength == 1 else _mixed(noisy, clean, strength, pixels.dtype)
        result[piece.target_rows, piece.target_columns] = from_unit(mixed, pixels.dtype)
        if on_tile:
            on_tile(piece, noisy, clean)
    return result


def _mixed(noisy: Pixels, clean: Pixels, strength: float, dtype: np.dtype) -> Pixels:
    full = np.clip(clean, 0, 1) if dtype.kind == "u" else clean
    return noisy + strength * (full - noisy)


def _refuse_overflow(clean: Pixels) -> None:
    if not np.isfinite(clean).all():
        raise InputError(
            "The result is NaN or infinite, because the values are too large for the dtype of the "
            "convolutions: bring them to [0, 1], or set SCORELET_DTYPE=float32."
        )


@torch.no_grad()  # not inference_mode: a denoiser may be a gradient itself, by torch.func
def _run(
    denoiser: Denoiser,
    noisy: Pixels,
    sigma: float | None,
    label: int | None,
    device: torch.device,
) -> Pixels:
    batch: Tensor = (
        torch.from_numpy(np.ascontiguousarray(noisy, dtype=np.float32))
        .to(device)[None]
        .permute(0, 3, 1, 2)
    )
    return denoiser(batch, sigma, label=label)[0].permute(1, 2, 0).cpu().numpy()
