"""Pictures that are in memory: arrays, tensors and Pillow's, as `Picture` and back."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.data.pictures.formats.ifd import without_second
from scorelet.data.pictures.formats.jpeg import with_coding
from scorelet.data.pictures.formats.orientation import strip_prefix
from scorelet.data.pictures.types import Picture, PictureMetadata, join_samples, split_samples

Pixels = np.ndarray


@dataclass(frozen=True)
class InMemory:
    """Pictures that were given in memory.

    Attributes:
        pictures: one, or those of a batch.
        batch: whether there was a batch axis.
        back: makes of a picture what was given; of one that became floats, what has floats.
        fractions: whether a picture that was of integers may become floats.
    """

    pictures: list[Picture]
    batch: bool
    back: Callable[[Picture], Any]
    fractions: bool = True


def in_memory(source: Any) -> InMemory:  # noqa: ANN401 - whatever holds numbers
    """Take an array, a tensor or a Pillow picture.

    Args:
        source: an array (height, width) or ([batch,] height, width, channels), or a tensor
            (height, width) or ([batch,] channels, height, width); of 1 or 3 channels, and one more
            for opacity; uint8, uint16 or floats. Pixels that are NaN, infinite or masked (in a
            masked array) are gaps. Pillow pictures are turned upright as their EXIF block says, and
            keep it, as well as colour profile, XMP and resolution; and how a JPEG was compressed,
            whose pixels are as it was opened.

    Raises:
        InputError: other shapes or dtypes.
    """
    if isinstance(source, Tensor) and source.device.type == "meta":
        raise InputError("The tensor is on the device meta, which holds no numbers.")
    if isinstance(source, list | tuple) and any(isinstance(x, Tensor) and x.ndim for x in source):
        raise InputError(
            "The picture is a list of tensors: give them one at a time, or as one tensor (batch, "
            "channel, height, width)."
        )
    masked = np.ma.getmaskarray(source) if isinstance(source, np.ma.MaskedArray) else None
    opened, source = source, _upright(source)
    array = plain_array(source if masked is None else np.ma.getdata(source))
    tensor = isinstance(source, Tensor)
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise InputError(_shape(array, tensor=tensor))
    if tensor and array.ndim > 2:
        array = np.ascontiguousarray(np.moveaxis(array, -3, -1))
    if array.ndim > 2 and array.shape[-1] > 4:
        raise InputError(_shape(array if not tensor else plain_array(source), tensor=tensor))
    batch = array.ndim == 4
    numbers = range(len(array)) if batch else (...,)
    pictures = [_picture(array[n], None if masked is None else masked[n]) for n in numbers]
    if _is_pillow(source):
        metadata = with_coding(_metadata(source.info), opened)
        pictures = [replace(one, metadata=metadata) for one in pictures]
    back = _way_back(source, flat=array.ndim == 2)
    return InMemory(pictures, batch, back, fractions=not _is_pillow(source))


def _shape(array: Pixels, *, tensor: bool) -> str:
    expected = (
        "a tensor (channel, height, width), or with a batch axis before them"
        if tensor
        else "an array (height, width), (height, width, channel) or (batch, height, width, channel)"
    )
    first = not tensor and array.ndim in (3, 4) and 0 not in array.shape and array.shape[-3] <= 4
    remedy = ": channels come last, move their axis there" if first else ""
    return (
        f"The picture has the shape {array.shape}: expected {expected}, of 1 or 3 channels and, if "
        f"there is one, an opacity{remedy}."
    )


def _upright(source: Any) -> Any:  # noqa: ANN401
    """Turn a Pillow picture as its EXIF block says, as files are; what it knows goes with it."""
    if not _is_pillow(source):
        return source
    from PIL import ImageOps

    return ImageOps.exif_transpose(source)


def _metadata(info: dict[Any, Any]) -> PictureMetadata:
    """Return what a Pillow picture says of itself, as far as it is said as usual."""
    dpi, xmp, exif = info.get("dpi"), info.get("xmp"), strip_prefix(info.get("exif"))
    return PictureMetadata(
        icc=info.get("icc_profile") or None,
        exif=without_second(exif) if exif else None,
        xmp=xmp if isinstance(xmp, bytes) else None,
        dpi=(float(dpi[0]), float(dpi[1])) if dpi and all(value > 0 for value in dpi) else None,
    )


def _picture(samples: Pixels, gaps: np.ndarray | None) -> Picture:
    """Return (height, width[, channels]) samples as a picture; gaps, NaN and infinity are masked.

    A pixel is a gap if one of its channels is.
    """
    if samples.dtype == np.float16:
        samples = samples.astype(np.float32)
    colours, alpha = split_samples(samples)
    if gaps is None and _all_finite(colours):
        return Picture(colours, alpha)
    data = np.isfinite(colours).all(2)
    if gaps is not None:
        data &= ~(gaps if gaps.ndim == 2 else gaps.any(2))
    return Picture(colours, alpha, mask=None if data.all() else np.asarray(data))


def _all_finite(samples: Pixels) -> bool:
    return samples.dtype.kind in "ub" or bool(np.isfinite(samples).all())


def _way_back(source: Any, *, flat: bool) -> Callable[[Picture], Any]:  # noqa: ANN401
    """Return what makes of a picture the type, dtype and axes of `source`."""

    def array(picture: Picture) -> Pixels:
        samples = join_samples(picture)
        return samples if flat or samples.ndim == 3 else samples[..., None]

    if isinstance(source, Tensor):
        return lambda picture: _like(source, _tensor(array(picture)))
    if _is_pillow(source):
        return lambda picture: _pillow(join_samples(picture), source)
    if isinstance(source, np.ma.MaskedArray):
        return lambda picture: _masked(_typed(array(picture), source.dtype), picture)
    return lambda picture: _typed(array(picture), getattr(source, "dtype", None))


def _typed(samples: Pixels, dtype: np.dtype | None) -> Pixels:
    """Return samples in a dtype; floats of integers stay floats."""
    if dtype is None or (dtype.kind != "f" and samples.dtype.kind == "f"):
        return samples
    return samples.astype(dtype, copy=False)


def _like(source: Tensor, samples: Tensor) -> Tensor:
    """Return samples on the device and in the dtype of a tensor; floats of integers stay floats."""
    fractions = samples.is_floating_point() and not source.is_floating_point()
    return samples.to(source.device) if fractions else samples.to(source)


def _masked(array: Pixels, picture: Picture) -> np.ma.MaskedArray:
    """Return a masked array; masked pixels hold what they held."""
    gaps = np.zeros(array.shape[:2], bool) if picture.mask is None else ~picture.mask
    return np.ma.array(array, mask=np.broadcast_to(gaps.T, array.shape[::-1]).T)


def _pillow(samples: Pixels, source: Any) -> Any:  # noqa: ANN401
    """Return a Pillow picture that says of itself what `source` says: colour profile, EXIF, dpi."""
    image = sys.modules["PIL.Image"].fromarray(samples)
    kept = {key: value for key, value in source.info.items() if key != "transparency"}
    image.info.update(kept)
    return image


def _tensor(array: Pixels) -> Tensor:
    tensor = torch.from_numpy(array)
    return tensor if tensor.ndim == 2 else tensor.permute(2, 0, 1)


def _is_pillow(source: Any) -> bool:  # noqa: ANN401
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(source, pillow.Image)
