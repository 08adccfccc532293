"""`scorelet denoise` writes the kind, depth, opacity, profile and pages that it has read."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

import scorelet as sl
from denoise_samples import write_tiff
from samples import RGB_PROFILE, exif, noisy, pillow, plain, read_png, write_png

CODECS = {".png": (write_png, read_png), ".tif": (write_tiff, tifffile.imread)}


@pytest.mark.parametrize("size", [(1, 1), (1, 37), (37, 1), (23, 34)])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", CODECS)
def test_gray_and_colour_with_and_without_alpha(
    shell, denoised, suffix, dtype, channels, alpha, size
):
    colour = noisy(*size, channels, dtype=dtype)
    opacity = noisy(*size, 1, sigma=99, seed=1, dtype=dtype)
    samples = np.concatenate([colour, opacity], axis=2) if alpha else colour
    write, read = CODECS[suffix]
    write(Path(f"a{suffix}"), samples)
    status, _, stderr = shell(f"a{suffix}", "-o", f"b{suffix}")
    assert (status, stderr) == (0, "")
    got = read(Path(f"b{suffix}"))
    assert got.dtype == dtype
    got = got.reshape(samples.shape)
    np.testing.assert_array_equal(got[..., :channels], denoised(colour))
    np.testing.assert_array_equal(got[..., channels:], samples[..., channels:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("unit", [1.0, 4000.0])
def test_float_tiff_keeps_its_unit(shell, denoised, model, dtype, unit):
    samples = (noisy(20, 30, 1, dtype=dtype) * unit).astype(dtype)
    write_tiff(Path("a.tif"), samples)
    status, stdout, _ = shell("a.tif", "-o", "b.tif")
    assert status == 0
    printed = re.search(r"sigma (\S+) \(in the unit of the file\)", stdout)
    assert float(printed[1]) == pytest.approx(sl.denoise(samples, model=model).sigma, rel=5e-3)
    got = tifffile.imread("b.tif")
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, denoised(samples)[..., 0])
    assert (got > 1).any() == (unit > 1)


def test_palettes_become_their_colours(shell, denoised):
    picture = Image.fromarray(noisy(30, 40)).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    picture.save("a.png")
    assert shell("a.png", "-o", "b.png")[0] == 0
    np.testing.assert_array_equal(
        read_png(Path("b.png")), denoised(np.array(picture.convert("RGB")))
    )


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_stays_jpeg(shell, denoised, mode):
    Image.fromarray(noisy(64, 64)).convert(mode).save("a.jpg", quality=95, subsampling=0)
    assert shell("a.jpg", "-o", "b.jpg")[0] == 0
    before, after = pillow(Path("a.jpg")), pillow(Path("b.jpg"))
    assert (after.format, after.mode, after.size) == ("JPEG", mode, (64, 64))
    finer = {n: [-(-step // 4) for step in table] for n, table in before.quantization.items()}
    assert after.quantization == finer
    again = Image.fromarray(denoised(np.array(before)))
    again.save("c.jpg", qtables=finer, subsampling=0)
    np.testing.assert_array_equal(np.array(after), np.array(pillow(Path("c.jpg"))))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_what_was_compressed_with_loss_and_does_not_change_is_copied(shell, suffix):
    Image.fromarray(noisy(64, 64, sigma=50)).save(f"a{suffix}", quality=75)
    assert shell(f"a{suffix}", "-o", f"b{suffix}", "--strength", "0")[0] == 0
    assert Path(f"b{suffix}").read_bytes() == Path(f"a{suffix}").read_bytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_stays_webp(shell, denoised, mode):
    samples = np.concatenate([noisy(30, 40), noisy(30, 40, 1, sigma=99)], axis=2)
    samples = samples[..., : len(mode)]
    Image.fromarray(samples).save("a.webp", lossless=True, exact=True)
    assert shell("a.webp", "-o", "b.webp")[0] == 0
    after = pillow(Path("b.webp"))
    assert (after.format, after.mode) == ("WEBP", mode)
    got = np.array(after)
    np.testing.assert_array_equal(got[..., :3], denoised(samples[..., :3]))
    np.testing.assert_array_equal(got[..., 3:], samples[..., 3:])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_profile_is_kept(shell, suffix):
    Image.fromarray(noisy(20, 30)).save(f"a{suffix}", icc_profile=RGB_PROFILE)
    assert shell(f"a{suffix}", "-o", f"b{suffix}")[0] == 0
    assert pillow(Path(f"b{suffix}")).info["icc_profile"] == RGB_PROFILE


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_exif_is_kept_and_the_picture_is_upright(shell, denoised, suffix, orientation):
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    Image.fromarray(noisy(20, 32)).save(f"a{suffix}", exif=exif(orientation), **options)
    assert shell(f"a{suffix}", "-o", f"b{suffix}")[0] == 0
    upright = np.array(ImageOps.exif_transpose(pillow(Path(f"a{suffix}"))))
    after = pillow(Path(f"b{suffix}"))
    assert after.getexif()[0x010F] == "A maker"
    assert after.getexif().get(0x0112, 1) == 1
    if suffix == ".jpg":
        assert after.size == upright.shape[1::-1]
    else:
        np.testing.assert_array_equal(np.array(after), denoised(upright))


def test_pages_are_done_one_by_one(shell, denoised):
    pages = [noisy(9, 12, 1), noisy(20, 15, 3, dtype="uint16"), noisy(5, 5, 1, dtype="float32")]
    with tifffile.TiffWriter("a.tif") as writer:
        for page in pages:
            kind = "rgb" if page.shape[2] == 3 else "minisblack"
            writer.write(plain(page), photometric=kind, metadata=None)
    status, stdout, stderr = shell("a.tif", "-o", "b.tif", "--json")
    assert status == 0
    with tifffile.TiffFile("b.tif") as file:
        for got, page in zip(file.pages, pages, strict=True):
            assert got.asarray().dtype == page.dtype
            np.testing.assert_array_equal(got.asarray(), plain(denoised(page)))
    (report,) = json.loads(stdout)["files"]
    assert [(page["height"], page["width"]) for page in report["pages"]] == [
        (9, 12),
        (20, 15),
        (5, 5),
    ]
    assert "a.tif page 3: sigma" in stderr
