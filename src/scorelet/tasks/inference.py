"""Run a denoiser over arrays of any size, in the dtype that is fastest here."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.copying import copied
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import CheckpointError, NotFiniteError
from scorelet.core.memory import keep_large_buffers
from scorelet.data import from_unit, to_unit
from scorelet.models import Denoiser, LevelMapDenoiser, ResidualDenoiser
from scorelet.networks import folded
from scorelet.tasks.tiling import Tile, TileSide, auto_side, plan

Pixels = np.ndarray

_CAST = ResidualDenoiser | LevelMapDenoiser
"""Denoisers whose networks may have another dtype than their images."""


def prepare(
    denoiser: Denoiser, *, device: str = "auto", dtype: torch.dtype | None = None
) -> Denoiser:
    """Return a copy of `denoiser` made for inference: folded, laid out and cast.

    Args:
        denoiser: any; only networks that estimate the noise change.
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
    ready = copied(denoiser)
    if isinstance(ready, _CAST):
        ready.network = _for_inference(ready.network, place, kind)
        ready.compute_dtype = kind
    return ready.to(place).eval()


def _for_inference(network: nn.Module, place: torch.device, dtype: torch.dtype) -> nn.Module:
    """Return a network folded, laid out and cast."""
    network = folded(network).to(device=place, dtype=dtype)
    return network.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]


def computes_in(denoiser: Denoiser) -> str:
    """Return the dtype that a prepared denoiser computes in, as reports have it.

    Those that `prepare` does not cast compute in that of their images.
    """
    cast = denoiser.compute_dtype if isinstance(denoiser, _CAST) else None
    return str(cast or _images_in(denoiser)).removeprefix("torch.")


def _images_in(denoiser: Denoiser) -> torch.dtype:
    """Images are single, unless a number of the denoiser is double."""
    double = any(t.dtype == torch.float64 for t in _numbers(denoiser))
    return torch.float64 if double else torch.float32


def _numbers(denoiser: Denoiser) -> Iterator[Tensor]:
    return chain(denoiser.parameters(), denoiser.buffers())


def denoise_tiles(
    denoiser: Denoiser,
    pixels: Pixels,
    sigma: float | None,
    *,
    label: int | str | None = None,
    cond: Pixels | None = None,
    tile: TileSide = "auto",
) -> Iterator[tuple[Tile, Pixels, Pixels]]:
    """Yield (tile, noisy, denoised) for all tiles of a picture.

    Args:
        denoiser: prepared or not; it must take the picture's channel count.
        pixels: (height, width, channels), integers or floats.
        sigma: noise level in the unit of [0, 1] images; may be None for blind denoisers.
        label: class of the picture, its number or name, for denoisers that know classes.
        cond: a picture of the same height and width, for conditional denoisers.
        tile: side in pixels, "auto" or None for the whole picture at once.

    The two arrays are floats in [0, 1] units, (rows, columns, channels) of the tile's target; the
    denoised one is neither clipped nor rounded.
    """
    for piece in tiles_of(denoiser, pixels.shape[:2], tile=tile):
        noisy = to_unit(pixels[piece.rows, piece.columns])
        told = None if cond is None else to_unit(cond[piece.rows, piece.columns])
        clean = run_tile(denoiser, noisy, sigma, label, told)
        keep = piece.keep_rows, piece.keep_columns
        yield piece, noisy[keep], clean[keep]


def tiles_of(denoiser: Denoiser, size: Sequence[int], *, tile: TileSide = "auto") -> list[Tile]:
    """Plan the tiles of a picture of (height, width); see `scorelet.tasks.tiling`."""
    height, width = size
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
    label: int | str | None = None,
    cond: Pixels | None = None,
    tile: TileSide = "auto",
) -> Pixels:
    """Return the denoiser's answer, as it is, with the dtype of `pixels`.

    This is what is measured; pictures of users go through `scorelet.tasks.denoise`, which looks
    after units, outliers and gaps. Arguments are those of `denoise_tiles`.

    Raises:
        InputError: the network's numbers overflow its dtype.
    """
    result = np.empty_like(pixels)
    tiles = denoise_tiles(denoiser, pixels, sigma, label=label, cond=cond, tile=tile)
    for piece, _, clean in tiles:
        result[piece.target_rows, piece.target_columns] = from_unit(clean, pixels.dtype)
    return result


@torch.no_grad()  # not inference_mode: a denoiser may itself be a gradient, by torch.func
def run_tile(
    denoiser: Denoiser,
    noisy: Pixels,
    sigma: float | None,
    label: int | str | None = None,
    cond: Pixels | None = None,
) -> Pixels:
    """Return the denoiser's answer to (rows, columns, channels) floats, float32 or its own dtype.

    What it is conditioned on, `cond`, has the same layout and comes in the same dtype.

    Raises:
        NotFiniteError: the answer is not finite.
    """
    number = next((t for t in _numbers(denoiser) if t.is_floating_point()), None)
    device = torch.device("cpu") if number is None else number.device
    kind = _images_in(denoiser)

    def batch(samples: Pixels) -> Tensor:
        plain = np.ascontiguousarray(samples, np.float64 if kind == torch.float64 else np.float32)
        return torch.from_numpy(plain).to(device)[None].permute(0, 3, 1, 2)

    condition = None if cond is None else batch(cond)
    answer = denoiser(batch(noisy), sigma, cond=condition, label=label)
    clean = answer[0].permute(1, 2, 0).cpu().numpy()
    if not np.isfinite(clean).all():
        raise NotFiniteError(_why_not_finite(denoiser, noisy))
    return clean


def _why_not_finite(denoiser: Denoiser, noisy: Pixels) -> str:
    """Say what may have made an answer NaN or infinite: weights are finite, see `prepare`."""
    if any(t.is_floating_point() and t.element_size() < 4 for t in _numbers(denoiser)):
        return (
            "The result is NaN or infinite, because the values are too large for the dtype of the "
            "convolutions: bring them to [0, 1], or set SCORELET_DTYPE=float32."
        )
    low, high = float(noisy.min()), float(noisy.max())
    return (
        f"The model's answer to values from {low:.4g} to {high:.4g} is NaN or infinite: bring "
        "values far from [0, 1] there; if they lie there, look in the model for divisions by 0, "
        "and for products beyond its dtype."
    )
