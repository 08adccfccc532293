"""Pictures, and files of them, that the tests of picture files use."""

import numpy as np
import pytest
from PIL import Image

from scorelet.core.errors import ImageFileError
from scorelet.data import (
    Picture,
    PictureMetadata,
    read_picture,
    write_picture,
)

SIZES = [(1, 1), (1, 9), (9, 1), (13, 10)]
KINDS = ["u1", "u2"]


def noise(shape, dtype="u1", seed=0):
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind == "f":
        return rng.normal(0.4, 2.0, shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([y * 3, x * 2, y + x], axis=-1).clip(0, 255).astype(np.uint8)


def exif_block(orientation=1):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif[0x0112] = orientation
    return exif.tobytes().removeprefix(b"Exif\x00\x00")


def picture(shape, channels=3, dtype="u1", alpha=False, **metadata):
    plane = noise(shape, dtype, seed=1) if alpha else None
    return Picture(noise((*shape, channels), dtype), plane, PictureMetadata(**metadata))


def assert_same(got, expected):
    np.testing.assert_array_equal(got.pixels, expected.pixels)
    assert got.pixels.dtype == expected.pixels.dtype
    assert (got.alpha is None) == (expected.alpha is None)
    if expected.alpha is not None:
        np.testing.assert_array_equal(got.alpha, expected.alpha)
        assert got.alpha.dtype == expected.alpha.dtype


def rewrite(path):
    """Read, write under another name with the same suffix, read again."""
    first = read_picture(path)
    target = path.with_name(f"again{path.suffix}")
    write_picture(target, first)
    second = read_picture(target)
    return first, second, target


def sentence(path, call=read_picture):
    """The message of the error; the path starts it and one full stop ends it."""
    with pytest.raises(ImageFileError) as caught:
        call(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert text.endswith(".")
    assert "\n" not in text
    return text.removeprefix(str(path))
