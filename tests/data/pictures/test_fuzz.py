"""Damaged files of every kind: a picture or one sentence, and nothing else ever.

Mutants are numbered: mutant k of a file depends on (file, k) only, so a failure names what to read.
"""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, features

from samples import RGB_PROFILE, exif, noisy
from scorelet.core.errors import ImageFileError
from scorelet.data import Picture, iter_pages, write_pages
from scorelet.data.pictures.formats.png_chunks import SIGNATURE, pack_chunk

try:
    import pillow_heif
except ImportError:
    pillow_heif = None

RGB = noisy(24, 17)
GRAY = noisy(24, 17, 1, dtype="uint16")[..., 0]


def by_pillow(kind, image=None, **options):
    stream = io.BytesIO()
    (image or Image.fromarray(RGB)).save(stream, kind, **options)
    return stream.getvalue()


def by_tifffile(samples, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def with_sub_image():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(RGB, photometric="rgb", subifds=1, extratags=[(42113, "s", 0, "9", True)])
        writer.write(RGB[::2, ::2], photometric="rgb", subfiletype=1)
        writer.write(GRAY.astype("f4"), compression="zlib", predictor=True)
    return stream.getvalue()


def of_telephones():
    """What can be made here."""
    files = {}
    if "avif" in features.get_supported():
        files["a.avif"] = by_pillow("AVIF", exif=exif(6), icc_profile=RGB_PROFILE)
    if pillow_heif is not None:
        stream = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(RGB)).save(stream, exif=exif(6).tobytes())
        files["a.heic"] = stream.getvalue()
    return files


PALETTE = Image.fromarray(RGB).quantize(16)
FRAMES = [Image.fromarray(noisy(24, 17, seed=seed)) for seed in range(3)]
WHOLE = {
    "a.png": by_pillow("PNG", exif=exif(6), icc_profile=RGB_PROFILE, dpi=(300, 200)),
    "palette.png": by_pillow("PNG", PALETTE, transparency=3),
    "deep.png": bytes(imagecodecs.png_encode(GRAY)),
    "a.jpg": by_pillow("JPEG", exif=exif(6), icc_profile=RGB_PROFILE, comment=b"a comment"),
    "progressive.jpg": by_pillow("JPEG", progressive=True, subsampling=2),
    "a.mpo": by_pillow("MPO", FRAMES[0], save_all=True, append_images=FRAMES[1:]),
    "a.webp": by_pillow("WEBP", exif=exif(8), lossless=True),
    "lossy.webp": by_pillow("WEBP", quality=60),
    "a.bmp": by_pillow("BMP"),
    "palette.bmp": by_pillow("BMP", PALETTE),
    "a.ppm": b"P6\n# a comment\n17 24\n255\n" + RGB.tobytes(),
    "text.pgm": b"P2 3 2 1023\n0 1 2\n1021 1022 1023\n",
    "a.pbm": b"P4\n17 24\n" + bytes(range(72)),
    "a.tif": by_tifffile(RGB, photometric="rgb", compression="lzw", predictor=True),
    "big.tif": by_tifffile(GRAY, bigtiff=True, byteorder=">", tile=(16, 16), compression="zstd"),
    "signed.tif": by_tifffile(GRAY.view("i2"), compression="zlib", predictor=True),
    "sub.tif": with_sub_image(),
    "bits.tif": by_pillow("TIFF", Image.fromarray(RGB).convert("1"), compression="group4"),
    **of_telephones(),
}
CLAIMS = (0, 1, 2, 3, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 19_000, 0x7FFFFFFF, 0xFFFFFFFF)


def mutant(name, k):
    """Copy k: bytes changed, numbers claimed, parts cut, repeated or taken from elsewhere."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), k])
    data = bytearray(WHOLE[name])
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(data))) if rng.random() < 0.5 else _near_the_start(data, rng)
        DAMAGES[int(rng.integers(len(DAMAGES)))](data, place, rng)
        if not data:
            break
    if rng.random() < 0.1:
        del data[int(rng.integers(len(data) + 1)) :]
    return bytes(_with_check_sums(data) if name.endswith("png") and k % 2 else data)


def _change(data, place, rng):
    data[place] = int(rng.integers(256))


def _flip(data, place, rng):
    data[place] ^= 1 << int(rng.integers(8))


def _claim(data, place, rng):
    claim, layout = int(rng.choice(CLAIMS)), rng.choice(["<H", ">H", "<I", ">I"])
    size = struct.calcsize(layout)
    data[place : place + size] = struct.pack(layout, claim & (256**size - 1))


def _cut(data, place, rng):
    del data[place : place + int(rng.integers(1, 64))]


def _repeat(data, place, rng):
    data[place:place] = data[place : place + int(rng.integers(1, 64))]


def _splice(data, place, rng):
    other = WHOLE[str(rng.choice(sorted(WHOLE)))]
    start, length = int(rng.integers(len(other))), int(rng.integers(1, 64))
    data[place : place + length] = other[start : start + length]


DAMAGES = (_change, _flip, _claim, _cut, _repeat, _splice)


def _near_the_start(data, rng):
    return int(rng.integers(min(len(data), 64)))


def _with_check_sums(data):
    """The chunks of a PNG with right check sums, so that damage comes through to the decoder."""
    parts, place = [bytes(data[: len(SIGNATURE)])], len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        content = bytes(data[place + 8 : place + 8 + length])
        parts.append(pack_chunk(bytes(data[place + 4 : place + 8]), content))
        place += 12 + length
    return b"".join(parts)


def check(path, target):
    """Read every page and write what was read."""
    try:
        pages = list(iter_pages(path, max_pixels=1_000_000, gaps=True))
    except ImageFileError as error:
        text = str(error)
        assert text.startswith(str(path))
        assert text.endswith(".")
        assert "\n" not in text
        return 0
    for page in pages:
        assert isinstance(page, Picture)
        finite = np.isfinite(page.pixels).all(axis=2)
        assert finite.all() if page.mask is None else finite[page.mask].all()
        for note in page.notes:
            assert note.text
            assert not note.text.endswith(".")
    write_pages(target, pages)
    return 1


def fuzz(tmp_path, name, numbers):
    """The number of mutants that could be read."""
    path, target = tmp_path / name, tmp_path / "out.tif"
    read = 0
    for k in numbers:
        path.write_bytes(mutant(name, k))
        try:
            read += check(path, target)
        except Exception as error:
            raise AssertionError(f"mutant({name!r}, {k}): {error!r}") from error
    return read


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_read_and_damaged_ones_end_in_a_sentence(tmp_path, capfd, name):
    (tmp_path / name).write_bytes(WHOLE[name])
    assert check(tmp_path / name, tmp_path / "whole.tif") == 1
    read = fuzz(tmp_path, name, range(20))
    assert read < 20
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_many_more_damaged_files(tmp_path, capfd, name):
    read = fuzz(tmp_path, name, range(20, 820))
    assert 0 < read < 800
    assert capfd.readouterr() == ("", "")
