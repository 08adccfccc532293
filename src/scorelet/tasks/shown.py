"""Results that notebooks show as pictures, and plots take as arrays."""

import io
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from scorelet.core.brief import Brief
from scorelet.data import Picture, on_white, to_unit
from scorelet.plots.contact_sheet import contact_sheet

_SIDE = 1024
_SAMPLES = 64


@runtime_checkable
class _OnePicture(Protocol):
    """A picture as it was asked for, and as it is written."""

    @property
    def image(self) -> Any: ...  # noqa: ANN401

    @property
    def picture(self) -> Picture: ...


class ShownPicture(Brief):
    """A result that holds one picture, `image` and `picture`."""

    def __array__(self: _OnePicture, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: ANN401
        """Return the pixels, channels last."""
        if isinstance(self.image, np.ndarray | Image.Image):
            pixels = np.asarray(self.image)
        else:
            pixels = self.picture.pixels
            pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
        return np.array(pixels, dtype=dtype, copy=copy)

    def _repr_png_(self: _OnePicture) -> bytes:
        return png_of(to_unit(on_white(self.picture).pixels))


def png_of(pixels: np.ndarray) -> bytes:
    """Return a picture as a PNG of at most 1024 pixels a side.

    Args:
        pixels: (height, width, 1 or 3), floats; 0 is black and 1 is white, or if there are others
            the least and the largest of them. What is not finite is black.
    """
    known = np.isfinite(pixels)
    values = pixels[known]
    low, high = 0.0, 1.0
    if len(values) and (values.min() < 0 or values.max() > 1):
        low, high = float(values.min()), float(values.max())
    scaled = (np.where(known, pixels, low) - low) / ((high - low) or 1.0)
    shades = np.rint(255 * scaled).astype(np.uint8)
    return _encoded(shades[..., 0] if shades.shape[-1] == 1 else shades)


def png_of_samples(images: np.ndarray, *, pictures: bool) -> bytes:
    """Return the first 64 of (n, channel, height, width) as a contact sheet of at most 1024 pixels.

    Args:
        images: of three channels in colour; of others the first is drawn.
        pictures: whether black is 0 and white is 1.
    """
    some = images[:_SAMPLES]
    shown = np.moveaxis(some, 1, -1) if some.shape[1] == 3 else some[:, 0]
    return _encoded(contact_sheet(shown, bounds=(0.0, 1.0) if pictures else None))


def _encoded(shades: np.ndarray) -> bytes:
    image, stream = Image.fromarray(shades), io.BytesIO()
    image.thumbnail((_SIDE, _SIDE))
    image.save(stream, "png")
    return stream.getvalue()
