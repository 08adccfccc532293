"""Results of `scorelet denoise` in another kind of file than the source."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from denoise_samples import PLAIN_TIFF, errors, write_tiff
from samples import RGB_PROFILE, exif, names, noisy, pillow, read_png, write_png
from scorelet.data import Picture, write_picture
from scorelet.tasks.denoise import page


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("a.png", "b.jpg", "cannot hold uint16"),
        ("a.png", "b.gif", "suffix"),
        ("f.tif", "b.png", "cannot hold float32"),
    ],
)
def test_a_kind_that_cannot_hold_the_result(shell, source, target, words):
    write_png(Path("a.png"), noisy(9, 9, dtype="uint16"))
    write_tiff(Path("f.tif"), noisy(9, 9, dtype="float32"))
    status, _, stderr = shell(source, "-o", target)
    assert status == 2
    assert words in errors(stderr)[0]
    assert names(".") == ["a.png", "f.tif"]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("deep.png", "b.jpg", "A JPEG file cannot hold uint16 samples"),
        ("clear.png", "b.jpg", "A JPEG file cannot hold transparency"),
        ("float.tif", "b.png", "A PNG file cannot hold float32 samples"),
        ("pages.tif", "b.png", "b.png can hold one page only"),
        ("plain.png", "b.pgm", "A .pgm file cannot hold colours"),
        ("plain.png", "b.xyz", "b.xyz has the suffix '.xyz'"),
        ("wide.png", "b.webp", "A WebP file cannot hold 16384 x 1 pixels"),
    ],
)
def test_a_kind_that_cannot_hold_the_result_is_refused_before_the_work(
    shell, monkeypatch, source, target, words
):
    write_png(Path("deep.png"), noisy(9, 9, dtype="uint16"))
    write_png(Path("plain.png"), noisy(9, 9))
    write_png(Path("clear.png"), np.dstack([noisy(9, 9), noisy(9, 9, 1)]))
    write_png(Path("wide.png"), noisy(1, 16384))
    write_tiff(Path("float.tif"), noisy(9, 9, dtype="float32"))
    tifffile.imwrite("pages.tif", np.stack([noisy(9, 9, 1)[..., 0]] * 2), **PLAIN_TIFF)
    before = names(".")

    def never(*_):
        raise AssertionError("the work was begun")

    monkeypatch.setattr(page, "plan_page", never)
    status, stdout, stderr = shell(source, "-o", target)
    assert (status, stdout) == (2, "")
    (sentence,) = errors(stderr)
    assert words in sentence
    assert names(".") == before


@pytest.mark.slow
def test_what_has_no_suffix_to_be_written_back_under_gets_one(shell, denoised):
    """A bitmap, a transparent BMP, a 16-bit PNG called .jpg, and names that say nothing."""
    Path("in").mkdir()
    Path("a.pbm").write_bytes(b"P4\n24 9\n" + bytes(range(27)))
    write_png(Path("deep.png"), noisy(9, 12, dtype="uint16")).rename("in/deep.jpg")
    write_tiff(Path("scan"), noisy(9, 12, 1, dtype="float32"))
    clear = np.dstack([noisy(9, 12), noisy(9, 12, 1, sigma=99)])
    write_picture("in/clear.bmp", Picture(clear[..., :3].copy(), clear[..., 3].copy()))
    status, stdout, stderr = shell("a.pbm", "scan", "in", "-o", "out")
    assert status == 0
    assert stderr == "warning: a.pbm has values from 0 to 1; results have 0 to 255, scaled.\n"
    assert names("out") == ["a.pnm", "clear.bmp", "deep.png", "scan.tif"]
    assert "a.pbm: sigma" in stdout
    assert "-> out/a.pnm\n" in stdout
    assert read_png(Path("out/deep.png")).dtype == "uint16"
    after = np.array(pillow(Path("out/clear.bmp")))
    np.testing.assert_array_equal(after[..., :3], denoised(clear[..., :3].copy()))
    np.testing.assert_array_equal(after[..., 3], clear[..., 3])
    assert shell("scan")[0] == 0
    assert tifffile.imread("scan_denoised.tif").dtype == "float32"


@pytest.mark.slow
def test_pictures_of_telephones_become_png(shell, denoised):
    """10 bits of an AVIF as 16; a HEIC upright, with its profile."""
    pillow_heif = pytest.importorskip("pillow_heif")
    Path("in").mkdir()
    deep = noisy(32, 48, dtype="uint16") >> 6
    coded = imagecodecs.avif_encode(
        deep, level=100, bitspersample=10, pixelformat=imagecodecs.AVIF.PIXEL_FORMAT.YUV444
    )
    Path("in/deep.avif").write_bytes(coded)
    file = pillow_heif.from_pillow(Image.fromarray(noisy(32, 48)))
    file[0].info |= {"icc_profile": RGB_PROFILE, "icc_profile_type": "prof"}
    file.save("in/a.HEIC", quality=-1, chroma=444, matrix_coefficients=0, exif=exif(6).tobytes())
    status, _, stderr = shell("in", "-o", "out")
    assert status == 0
    assert names("out") == ["a.png", "deep.png"]
    assert stderr.count("warning: in/deep.avif has 10-bit samples; results have 16-bit ones") == 1
    scaled = np.rint(deep * (65535 / 1023)).astype(np.uint16)
    np.testing.assert_array_equal(read_png(Path("out/deep.png")), denoised(scaled))
    turned = np.rot90(noisy(32, 48), -1).copy()
    np.testing.assert_array_equal(read_png(Path("out/a.png")), denoised(turned))
    assert pillow(Path("out/a.png")).info["icc_profile"] == RGB_PROFILE
    assert shell("in/a.HEIC")[0] == 0
    assert Path("in/a_denoised.png").read_bytes() == Path("out/a.png").read_bytes()
    assert shell("in/a.HEIC", "-o", "b.heic")[0] == 2


@pytest.mark.slow
def test_a_ct_of_signed_integers_becomes_floats(shell, denoised):
    """In Hounsfield units: as the same numbers in floats do."""
    numbers = noisy(24, 32, 1, dtype="uint16")[..., 0].astype(np.int32)
    numbers = (numbers * 3000 // 65535 - 1000).astype(np.int16)
    tifffile.imwrite("a.tif", numbers)
    status, stdout, stderr = shell("a.tif")
    assert status == 0
    assert "(in the unit of the file)" in stdout
    assert stderr == "warning: a.tif has int16 samples; results have float32 ones.\n"
    after = tifffile.imread("a_denoised.tif")
    assert after.dtype == np.float32
    np.testing.assert_array_equal(after, denoised(numbers.astype(np.float32)))
