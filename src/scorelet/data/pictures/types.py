"""One picture in memory: colour samples, optional alpha and what its file said about them.

Sample ranges: uint8 is 0 to 255, uint16 is 0 to 65535; floating point samples have no fixed
range and are kept as they are (1.0 is white by convention).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from scorelet.core.arrays import plain_array
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.data.pictures.notes import Note
from scorelet.data.pictures.sensor import Mosaic

SAMPLE_TYPES = ("uint8", "uint16", "float32", "float64")


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was compressed, so that it can be written with no further loss, or with little.

    Args:
        tables: quantisation tables, 64 steps each, in Pillow's order.
        subsampling: Pillow's code (0: 4:4:4, 1: 4:2:2, 2: 4:2:0, -1: unknown).
        progressive: whether the scans refine the whole picture step by step.
        rgb: whether red, green and blue are stored, not brightness and colour differences.
        stored: the picture as it was coded, up to the end, without what the file said of it.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int = -1
    progressive: bool = False
    rgb: bool = False
    stored: bytes = field(default=b"", repr=False, compare=False)

    @property
    def median_step(self) -> float | None:
        """Median step of the brightness, in the unit of [0, 1] images; None without tables."""
        return float(np.median(self.tables[0])) / 255 if self.tables else None


@dataclass(frozen=True)
class TiffCoding:
    """How one TIFF page was stored.

    Args:
        compression: the code of TIFF tag 259 (1 none, 5 LZW, 8 deflate, 50000 zstd ...).
        predictor: whether differences of neighbours are stored (tag 317 above 1).
        resolution: pixels per unit, horizontal then vertical.
        resolution_unit: 1 no unit, 2 inch, 3 centimetre.
        texts: the descriptive ASCII tags by code (270 description, 305 software ...).
        extra_sample: meaning of the alpha plane: 0 unspecified, 1 colours are multiplied by it,
            2 colours are independent of it.
        big: 64-bit file offsets (BigTIFF).
        half: samples were 16-bit floating point; float32 pixels are written so again.
        subfile: tag 254: 0 a picture, 1 a smaller version of another page, 2 one page of many.
        tags: further tags that are written back unchanged (GeoTIFF, GDAL, ImageJ), each as (code,
            type, count, packed values in the byte order of this machine).
    """

    compression: int = 8
    predictor: bool = True
    resolution: tuple[float, float] = (1.0, 1.0)
    resolution_unit: int = 1
    texts: tuple[tuple[int, bytes], ...] = ()
    extra_sample: int = 2
    big: bool = False
    half: bool = False
    subfile: int = 0
    tags: tuple[tuple[int, int, int, bytes], ...] = ()


@dataclass(frozen=True)
class PictureMetadata:
    """What is needed to write a picture back as the same kind of file.

    Args:
        kind: "png", "tiff", "jpeg", "webp", "bmp", "pnm", "avif", "heic" or "dng".
        bit_depth: bits per sample in the source file; the type of the pixels decides what is
            written.
        icc: colour profile.
        exif: EXIF block, starting at its byte-order mark; its orientation is always 1.
        xmp: XMP packet (XML); if the picture was turned upright, its orientation is 1.
        comment: the comment of a JPEG, written in JPEG only.
        iptc: captions and the like as IPTC records, written in JPEG and TIFF.
        dpi: pixels per inch, horizontal then vertical.
        jpeg: compression of a JPEG source.
        tiff: storage of a TIFF source; its resolution is written in preference to `dpi`.
        webp_lossless: whether a WebP is written without loss.
        webp_stored: chunks of a WebP with loss that hold the picture as it was coded.
        png_chunks: PNG chunks that say what the numbers mean (sRGB, gAMA, cHRM ...), and texts,
            unchanged.
        mosaic: of which the pixels are the development, to be written as DNG.
    """

    kind: str = "png"
    bit_depth: int = 8
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    comment: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    jpeg: JpegCoding | None = None
    tiff: TiffCoding | None = None
    webp_lossless: bool = True
    webp_stored: bytes = field(default=b"", repr=False, compare=False)
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()
    mosaic: Mosaic | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Picture(Brief):
    """An upright picture.

    Args:
        pixels: colour samples, shape (height, width, 1) for gray or (height, width, 3) for RGB;
            uint8, uint16, float32 or float64.
        alpha: opacity, shape (height, width), same type as `pixels`; None if there is none.
        metadata: what the source file said.
        mask: where the pixels are data, booleans of shape (height, width); None if they are
            everywhere. Elsewhere they are what the file has there: NaN, or its value for "no data".
        notes: what is worth saying about the file, see `scorelet.data.pictures.notes`.

    Arrays come through `plain_array`: a matrix, swapped bytes and strides are as good as any.

    Raises:
        InputError: a shape or type other than these.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    metadata: PictureMetadata = field(default_factory=PictureMetadata)
    mask: np.ndarray | None = None
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and types."""
        for name in ("pixels", "alpha", "mask"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, plain_array(value, what=f"array of {name}"))
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] not in (1, 3) or 0 in shape:
            raise InputError(
                f"Pixels have the shape {shape}; expected (height, width, 1) for gray or "
                "(height, width, 3) for RGB, none of them zero: reshape the array."
            )
        if dtype.name not in SAMPLE_TYPES:
            raise InputError(
                f"Pixels are {dtype.name}; expected {', '.join(SAMPLE_TYPES)}: convert them"
                f"{_remedy(dtype)}."
            )
        if self.alpha is not None and (self.alpha.shape, self.alpha.dtype) != (shape[:2], dtype):
            raise InputError(
                f"Alpha is {self.alpha.dtype.name} of shape {self.alpha.shape}; expected "
                f"{dtype.name} of shape {shape[:2]} as the pixels have: convert it."
            )
        if self.mask is not None and (self.mask.shape, self.mask.dtype) != (shape[:2], bool):
            raise InputError(
                f"The mask is {self.mask.dtype.name} of shape {self.mask.shape}; expected bool of "
                f"shape {shape[:2]}, true where the pixels are data: convert it."
            )

    @property
    def scale(self) -> float:
        """The value of white: 255 for uint8, 65535 for uint16, 1 for floating point."""
        return white(self.pixels.dtype)

    @property
    def plain(self) -> np.ndarray:
        """The pixels, (height, width) for gray and (height, width, 3) for RGB."""
        return self.pixels[..., 0] if self.pixels.shape[2] == 1 else self.pixels

    @property
    def unmasked(self) -> np.ndarray:
        """The samples that are data: `pixels` without a mask, else (number, channels)."""
        return self.pixels if self.mask is None else self.pixels[self.mask]

    def without(self, gone: np.ndarray) -> "Picture":
        """Return the picture whose mask leaves out these pixels, (height, width), too."""
        return replace(self, mask=~gone if self.mask is None else self.mask & ~gone)


def _remedy(dtype: np.dtype) -> str:
    """Say what integers of other sizes become: float32 holds counts and negative numbers."""
    if dtype.kind not in "iu":
        return ""
    return (
        " by .astype('uint8') if they go from 0 to 255, else by .astype('float32'), which keeps "
        "their unit"
    )


def white(dtype: np.dtype) -> float:
    """Value of white: the largest number of an integer type, 1.0 for a floating point type."""
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def to_unit(pixels: np.ndarray) -> np.ndarray:
    """Bring uint8 or uint16 samples to float32 in [0, 1]; floating point passes unchanged.

    >>> to_unit(np.array([0, 51, 255], np.uint8)).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    if pixels.dtype.kind == "f":
        return pixels
    if pixels.dtype.name not in SAMPLE_TYPES:
        raise InputError(
            f"Samples are {pixels.dtype.name}; expected uint8, uint16 or floating point: "
            "convert them first."
        )
    return pixels.astype(np.float32) / np.float32(white(pixels.dtype))


def from_unit(x: np.ndarray, dtype: np.dtype | type | str) -> np.ndarray:
    """Bring samples in [0, 1] to `dtype`: integers are clipped and rounded, floats only converted.

    The inverse of `to_unit` for every uint8 and uint16 value.

    Raises:
        InputError: `dtype` is no sample type, or NaN is to become an integer.
    """
    target = np.dtype(dtype)
    if target.name not in SAMPLE_TYPES:
        raise InputError(
            f"Samples cannot become {target.name}; expected one of {', '.join(SAMPLE_TYPES)}."
        )
    if target.kind == "f":
        return x.astype(target)
    if np.isnan(x).any():
        raise InputError(
            f"The array holds {int(np.isnan(x).sum())} NaN, which no {target.name} can express; "
            "expected numbers in [0, 1]: find where they arise."
        )
    precise = x.astype(np.float32) if x.dtype == np.float16 else x
    scaled = np.clip(precise, 0.0, 1.0)
    scaled *= white(target)
    return np.rint(scaled, out=scaled).astype(target)


def split_samples(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Split (height, width[, 1 to 4]) samples into colour and alpha (the 2nd or 4th channel)."""
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.shape[2] in (1, 3):
        return np.ascontiguousarray(samples), None
    colours = np.ascontiguousarray(samples[..., :-1])
    return colours, np.ascontiguousarray(samples[..., -1])


def join_samples(picture: Picture) -> np.ndarray:
    """The inverse of `split_samples`: gray without alpha becomes (height, width)."""
    if picture.alpha is not None:
        return np.concatenate([picture.pixels, picture.alpha[..., None]], axis=2)
    return picture.plain
