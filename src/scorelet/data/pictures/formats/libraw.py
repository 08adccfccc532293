"""Camera raw files by LibRaw: the mosaic of the sensor, and its development into a picture.

Symbols: v sample, k black of its colour, w white; light l = (v - k) / (w - min k).
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scorelet.data.pictures.errors import RefusedError, reading
from scorelet.data.pictures.formats.dng import (
    PEDESTAL,
    WHITE,
    kept_tags,
    main_images,
    missing_end,
    noise_profile,
    samples,
)
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.sensor import MONOCHROME, ORDERS, PHASES, Mosaic

if TYPE_CHECKING:
    from rawpy import RawPy

INSTALL = "pip install 'scorelet[raw]'"
DEVELOP = "develop it to a 16-bit TIFF first, without noise reduction and sharpening"
"""What to do with a raw file that cannot be read."""
_TURNS = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF's orientation by LibRaw's."""
_SRGB = (2.4, 12.92)
"""Power and slope of LibRaw's tone curve that is sRGB's."""


def is_installed() -> bool:
    """Whether rawpy is there, which brings LibRaw."""
    return find_spec("rawpy") is not None


@dataclass(frozen=True)
class _FromTags:
    """What the directories of a raw file that is a TIFF say, which most are."""

    tags: tuple[tuple[int, int, int, bytes], ...] = ()
    noise: tuple[tuple[float, float], ...] = ()
    others: int = 0


class CameraRaw:
    """An open raw file; make it by `open_raw`."""

    def __init__(self, handle: "RawPy", said: _FromTags) -> None:
        self._handle, self._said = handle, said

    @property
    def tags(self) -> tuple[tuple[int, int, int, bytes], ...]:
        """Texts and colours of the file, packed."""
        return self._said.tags

    @property
    def others(self) -> int:
        """How many pictures the file holds beyond the one that is read."""
        return self._said.others

    def mosaic(self) -> Mosaic:
        """Return what the sensor has measured.

        Raises:
            RefusedError: a mosaic of other than 2x2 pixels, of other colours than red, green and
                blue, samples that are no mosaic, or a damaged file.
        """
        with _sentences():
            return self._mosaic()

    def _mosaic(self) -> Mosaic:
        handle = self._handle
        order = _order(handle)
        raw = handle.raw_image_visible
        black = np.array(handle.black_level_per_channel, np.float32)
        if handle.white_level <= black.min():
            raise RefusedError(
                f"says that white is {handle.white_level}, which is not above its black of "
                f"{black.min():g}; expected a higher number: copy it again."
            )
        scale = np.float32(1 / (float(handle.white_level) - float(black.min())))
        light = np.empty(raw.shape, np.float32)
        colours = handle.raw_colors_visible
        full = []
        for phase in PHASES:
            level = black[0] if order == MONOCHROME else black[colours[phase][0, 0]]
            light[phase] = (raw[phase] - level) * scale
            full.append(float((np.float32(handle.white_level) - level) * scale))
        said = {tag[0] for tag in self._said.tags}
        return Mosaic(
            light,
            order,
            orientation=_TURNS.get(handle.sizes.flip, 1),
            tags=self._said.tags,
            neutral=() if 50728 in said or order == MONOCHROME else _neutral(handle),
            matrix=() if 50721 in said or order == MONOCHROME else _matrix(handle),
            noise=self._said.noise,
            full=tuple(full),
        )

    def develop(self, light: np.ndarray | None = None, *, bits: int = 16) -> np.ndarray:
        """Return the picture (height, width, 3), or 1 for gray, sRGB, upright.

        LibRaw's own settings with the camera's white balance. It cannot be called twice.

        Args:
            light: to be developed in the place of what is in the file, as in `mosaic`; it is
                handed over in 16 bits, so that sensors of 12 bits do not round it.
            bits: 8 or 16 of a sample.

        Raises:
            RefusedError: a damaged file.
        """
        levels: dict[str, Any] = {}
        if light is not None:
            self._handle.raw_image_visible[:] = samples(light)
            levels = {"user_black": PEDESTAL, "user_cblack": [0, 0, 0, 0], "user_sat": WHITE}
        with _sentences():
            picture = self._handle.postprocess(
                use_camera_wb=True, output_bps=bits, gamma=_SRGB, **levels
            )
        return np.ascontiguousarray(picture if picture.ndim == 3 else picture[..., None])


def _order(handle: "RawPy") -> str:
    """Return the colours of the first 2x2 visible pixels."""
    import rawpy

    if handle.raw_type != rawpy.RawType.Flat:
        raise RefusedError(
            "holds colours that were interpolated already, not the mosaic of a sensor; expected a "
            f"mosaic: {DEVELOP}."
        )
    pattern = handle.raw_pattern
    if handle.num_colors == 1:
        return MONOCHROME
    names = handle.color_desc.decode("ascii", "replace")
    if pattern is None or pattern.shape != (2, 2):
        size = "an unknown" if pattern is None else f"a {pattern.shape[0]}x{pattern.shape[1]}"
        sensor = " (X-Trans)" if pattern is not None and pattern.shape == (6, 6) else ""
        raise RefusedError(
            f"has {size} mosaic{sensor}; expected one of 2x2 colours (Bayer), or none: {DEVELOP}."
        )
    order = "".join(names[colour] for colour in handle.raw_colors_visible[:2, :2].ravel())
    if order not in ORDERS:
        raise RefusedError(
            f"has a mosaic of the colours {order}; expected red, green and blue with green on a "
            f"diagonal: {DEVELOP}."
        )
    return order


def _neutral(handle: "RawPy") -> tuple[float, ...]:
    red, green, blue = (float(gain) for gain in handle.camera_whitebalance[:3])
    if min(red, green, blue) <= 0:
        return ()
    return green / red, 1.0, green / blue


def _matrix(handle: "RawPy") -> tuple[float, ...]:
    matrix = np.asarray(handle.rgb_xyz_matrix, float)[:3]
    return tuple(float(value) for value in matrix.ravel()) if matrix.any() else ()


@contextmanager
def open_raw(path: Path, limits: Limits) -> Generator[CameraRaw]:
    """Open a raw file and unpack its samples.

    Raises:
        ImageFileError: rawpy is missing, or LibRaw cannot read the file; also what goes wrong with
            it inside the context.
    """
    with reading(path):
        if not is_installed():
            raise RefusedError(
                f"is a camera raw file, and the extra that reads them is missing: {INSTALL}, or "
                f"{DEVELOP}."
            )
        said = _from_tags(path)
        import rawpy

        with rawpy.RawPy() as handle:
            with _sentences():
                handle.open_file(str(path))
                size = handle.sizes
                limits.check(
                    size.raw_width,
                    size.raw_height,
                    pixel_bytes=2,
                    file_bytes=path.stat().st_size,
                )
                handle.unpack()
            yield CameraRaw(handle, said)


def _from_tags(path: Path) -> _FromTags:
    """Read the directories, if there are any, and refuse a file that ends before its samples."""
    import tifffile

    try:
        with _quiet_tifffile(), tifffile.TiffFile(path) as file:
            missing = missing_end(file, path.stat().st_size)
            others = max(0, main_images(file) - 1)
            said = _FromTags(kept_tags(file), noise_profile(file), others)
    except Exception:  # no TIFF, or a maker's own: LibRaw knows better
        return _FromTags()
    if missing:
        raise RefusedError(
            f"is a truncated camera raw file ({missing} bytes are missing); expected a whole one: "
            "copy it again."
        )
    return said


@contextmanager
def _quiet_tifffile() -> Generator[None]:
    """Keep from the log what tifffile thinks of broken tags: LibRaw decides."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


@contextmanager
def _sentences() -> Generator[None]:
    """Turn LibRaw's errors into sentences, and what else fails on samples that are not there."""
    import rawpy

    try:
        yield
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawNotImplementedError):
        version = ".".join(str(part) for part in rawpy.libraw_version)
        raise RefusedError(
            f"is a camera raw file that LibRaw {version} does not read; expected one of a camera "
            f"that it knows: {DEVELOP}."
        ) from None
    except (rawpy.LibRawError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise RefusedError(
            "is a damaged or truncated camera raw file, whose samples cannot be read; expected a "
            "whole one: copy it again."
        ) from error
