"""Camera raw files: what LibRaw finds in files written without it, and what is written back."""

import io
import re
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from picture_samples import sentence
from raw_samples import (
    BLACK,
    WHITE,
    XTRANS,
    another,
    dng,
    exposed,
    interpolated,
    monochrome,
    sampled,
    scene,
)
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import (
    Picture,
    PictureMetadata,
    check_target,
    list_folder,
    read_picture,
    skipped_sentence,
    suffix_for_result,
    write_picture,
)
from scorelet.data.camera import ORDERS
from scorelet.data.pictures.formats import libraw
from scorelet.data.pictures.formats.dng import PEDESTAL, write_dng
from scorelet.data.pictures.formats.libraw import open_raw
from scorelet.data.pictures.kinds import is_raw_file
from scorelet.data.pictures.limits import limits
from scorelet.data.pictures.sensor import MONOCHROME, Mosaic

pytest.importorskip("rawpy")
RAW = np.random.default_rng(0).integers(200, WHITE + 1, (41, 61))


def mosaic_of(path):
    with open_raw(path, limits()) as raw:
        return raw.mosaic()


def developed(path, light=None):
    with open_raw(path, limits()) as raw:
        return raw.develop(light)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [(41, 61), (40, 60), (33, 47)])
def test_light_is_the_samples_above_the_black_of_their_place(tmp_path, order, size):
    raw = RAW[: size[0], : size[1]]
    dng(tmp_path / "a.dng", raw, order)
    found = mosaic_of(tmp_path / "a.dng")
    assert found.order == order
    for place in range(4):
        phase = slice(place // 2, None, 2), slice(place % 2, None, 2)
        expected = (raw[phase] - BLACK[place]) / (WHITE - min(BLACK))
        np.testing.assert_allclose(found.light[phase], expected, atol=1e-6)


@pytest.mark.parametrize("black", [BLACK, (0, 0, 0, 0)])
def test_light_that_is_handed_back_develops_as_the_file_does(tmp_path, black):
    noisy, _ = exposed(scene(60, 80))
    dng(tmp_path / "a.dng", sampled(noisy, black=black), black=black)
    plain = developed(tmp_path / "a.dng").astype(int)
    again = developed(tmp_path / "a.dng", mosaic_of(tmp_path / "a.dng").light)
    assert plain.std() > 3000
    assert np.quantile(np.abs(plain - again), 0.99) < 0.0005 * 65535  # few edges turn in AHD
    assert np.abs((plain - again).mean((0, 1))).max() < 0.0002 * 65535


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_a_picture_is_turned_once(tmp_path, orientation, turn):
    samples = sampled(exposed(scene(40, 60), a=0.0, b=0.0)[0])
    dng(tmp_path / "up.dng", samples)
    dng(tmp_path / "a.dng", samples, orientation=orientation)
    np.testing.assert_array_equal(
        read_picture(tmp_path / "a.dng").pixels,
        np.rot90(read_picture(tmp_path / "up.dng").pixels, turn),
    )
    write_dng(tmp_path / "b.dng", mosaic_of(tmp_path / "a.dng"))
    assert mosaic_of(tmp_path / "b.dng").orientation == orientation
    write_picture(tmp_path / "b.tif", read_picture(tmp_path / "a.dng"))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.pages[0].tags.valueof(274, 1) == 1


@pytest.mark.parametrize("order", [*ORDERS, MONOCHROME])
def test_what_is_written_is_read_back(tmp_path, order):
    light = np.random.default_rng(1).uniform(-0.02, 1, (25, 34)).astype(np.float32)
    law = ((2e-3, 1e-5),)
    matrix = (0.9, 0.1, 0.0, -0.4, 1.2, 0.1, 0.0, 0.2, 0.6)
    colour = {} if order == MONOCHROME else {"neutral": (0.5, 1.0, 0.7), "matrix": matrix}
    write_dng(tmp_path / "a.dng", Mosaic(light, order, 6, noise=law, **colour))
    found = mosaic_of(tmp_path / "a.dng")
    assert (found.order, found.orientation, found.noise) == (order, 6, law)
    np.testing.assert_allclose(found.light, light, atol=0.51 / (65535 - PEDESTAL))
    write_dng(tmp_path / "b.dng", found)
    assert {tag[0]: tag for tag in mosaic_of(tmp_path / "b.dng").tags} == {
        tag[0]: tag for tag in found.tags
    }
    np.testing.assert_array_equal(developed(tmp_path / "a.dng"), developed(tmp_path / "b.dng"))


def test_colours_and_texts_of_the_source_are_kept(tmp_path):
    dng(tmp_path / "a.dng", RAW, tags={315: (2, None, "An artist")})
    write_dng(tmp_path / "b.dng", mosaic_of(tmp_path / "a.dng"))
    with tifffile.TiffFile(tmp_path / "a.dng") as one, tifffile.TiffFile(tmp_path / "b.dng") as two:
        for code in (271, 272, 315, 50708, 50721, 50728, 50778):
            assert one.pages[0].tags.valueof(code) == two.pages[0].tags.valueof(code), code


def test_a_picture_is_srgb_of_16_bits_and_says_who_made_it(tmp_path):
    dng(tmp_path / "a.dng", RAW)
    picture = read_picture(tmp_path / "a.dng")
    assert (picture.pixels.dtype, picture.metadata.kind) == (np.uint16, "dng")
    assert [note.text for note in picture.notes] == ["is a camera raw file, developed by LibRaw"]
    write_picture(tmp_path / "a.tif", picture)
    again = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(again.pixels, picture.pixels)
    assert (272, b"camera") in again.metadata.tiff.texts
    profile = ImageCms.ImageCmsProfile(io.BytesIO(again.metadata.icc))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_pictures_that_are_left_out_are_counted(tmp_path):
    """Of the same sensor; not previews, nor what belongs to the first picture."""
    dng(tmp_path / "a.dng", RAW)
    alone = read_picture(tmp_path / "a.dng")
    for subfile in (1, 16, 0):
        another(tmp_path / "a.dng", RAW[::-1], subfile=subfile)
    found = read_picture(tmp_path / "a.dng")
    np.testing.assert_array_equal(found.pixels, alone.pixels)
    assert [note.text for note in found.notes] == [
        "is a camera raw file, developed by LibRaw",
        "holds 1 more picture, which is left out",
    ]
    another(tmp_path / "a.dng", RAW)
    assert read_picture(tmp_path / "a.dng").notes[1].text.startswith("holds 2 more pictures")


def test_noise_profiles_are_read(tmp_path):
    dng(tmp_path / "a.dng", RAW, noise=(1e-3, 1e-5, 2e-3, 2e-5, 3e-3, 3e-5))
    assert mosaic_of(tmp_path / "a.dng").noise == ((1e-3, 1e-5), (2e-3, 2e-5), (3e-3, 3e-5))
    for bad in ((-1e-3, 0.0), (0.0, 0.0), (float("nan"), 1.0)):
        dng(tmp_path / "b.dng", RAW, noise=bad)
        assert mosaic_of(tmp_path / "b.dng").noise == ()


def test_a_sensor_without_colours(tmp_path):
    monochrome(tmp_path / "a.dng", RAW)
    found = mosaic_of(tmp_path / "a.dng")
    assert found.order == MONOCHROME
    np.testing.assert_allclose(found.light, (RAW - 256) / (WHITE - 256), atol=1e-6)
    assert read_picture(tmp_path / "a.dng").pixels.shape == (41, 61, 1)


# ---------------------------------------------------------------- what is refused


def test_mosaics_of_another_kind_are_refused(tmp_path):
    dng(tmp_path / "a.dng", RAW, XTRANS)
    assert "has a 6x6 mosaic (X-Trans); expected one of 2x2" in sentence(
        tmp_path / "a.dng", mosaic_of
    )
    dng(tmp_path / "b.dng", RAW, "GGRB")
    assert "has a mosaic of the colours GGRB" in sentence(tmp_path / "b.dng", mosaic_of)


def test_white_that_is_not_above_black_is_refused(tmp_path):
    dng(tmp_path / "a.dng", RAW, white=100)
    text = sentence(tmp_path / "a.dng", mosaic_of)
    assert "says that white is 100, which is not above its black of 250" in text


def test_interpolated_colours_are_developed_and_are_no_mosaic(tmp_path):
    interpolated(tmp_path / "a.dng", RAW)
    assert "were interpolated already" in sentence(tmp_path / "a.dng", mosaic_of)
    assert read_picture(tmp_path / "a.dng").pixels.shape == (41, 61, 3)


def test_damaged_files(tmp_path):
    dng(tmp_path / "a.dng", RAW)
    data = (tmp_path / "a.dng").read_bytes()
    (tmp_path / "cut.dng").write_bytes(data[:-1000])
    text = sentence(tmp_path / "cut.dng")
    assert "truncated camera raw file (1000 bytes are missing); expected a whole one" in text
    (tmp_path / "fake.raf").write_bytes(b"FUJIFILMCCD-RAW 0201" + bytes(5000))
    (tmp_path / "fake.cr3").write_bytes(bytes((0, 0, 0, 24)) + b"ftypcrx " + bytes(5000))
    for name in ("fake.raf", "fake.cr3"):
        text = sentence(tmp_path / name)
        assert "camera raw file" in text
        assert "expected" in text


def test_every_cut_of_a_file_gives_one_sentence(tmp_path):
    dng(tmp_path / "a.dng", RAW)
    data = (tmp_path / "a.dng").read_bytes()
    for length in (0, 4, 8, 9, 100, 300, 500, 1000, 3000):
        (tmp_path / "cut.dng").write_bytes(data[:length])
        sentence(tmp_path / "cut.dng")


FOREIGN = r"Tiff(Tag|File|Page)|/output error|NoneType|subscript|bounds|reshape|too large"


@pytest.mark.slow
def test_broken_bytes_give_sentences_of_our_own(tmp_path, caplog):
    """Not what LibRaw, tifffile or numpy say of them."""
    dng(tmp_path / "a.dng", RAW)
    good = (tmp_path / "a.dng").read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        data = bytearray(good)
        for place in rng.integers(4, 460, 5):
            data[place] = rng.integers(256)
        (tmp_path / "b.dng").write_bytes(data)
        with suppress(ImageFileError):
            read_picture(tmp_path / "b.dng")
            continue
        refused += 1
        text = sentence(tmp_path / "b.dng")
        assert not re.search(FOREIGN, text)
        assert "expected" in text
    assert refused > 5
    assert not caplog.records


def test_huge_claims_are_refused_before_decoding(tmp_path):
    dng(tmp_path / "a.dng", RAW)
    text = sentence(tmp_path / "a.dng", lambda path: read_picture(path, max_pixels=99))
    assert "claims 61 x 41 pixels; expected at most 99" in text


def test_only_mosaics_become_dng(tmp_path):
    plain = Picture(np.zeros((4, 5, 3), np.uint16))
    with pytest.raises(InputError, match="holds the mosaic of a sensor, and this picture has none"):
        check_target(tmp_path / "a.dng", plain)
    with pytest.raises(InputError, match=r"suffix '\.cr2'; .* or \.dng for a camera raw"):
        check_target(tmp_path / "a.cr2", plain)
    light = np.zeros((4, 6), np.float32)
    full = Picture(plain.pixels, metadata=PictureMetadata(mosaic=Mosaic(light, "RGGB")))
    write_picture(tmp_path / "a.dng", full)
    assert is_raw_file(tmp_path / "a.dng")


def test_results_of_raw_files_are_tiff_unless_dng_is_asked_for(tmp_path):
    dng(tmp_path / "a.dng", RAW)
    (tmp_path / "a.NEF").write_bytes((tmp_path / "a.dng").read_bytes())
    assert suffix_for_result(tmp_path / "a.dng") == ".tif"
    assert suffix_for_result(tmp_path / "a.NEF") == ".tif"
    assert suffix_for_result(tmp_path / "a.NEF", "dng") == ".dng"


# ---------------------------------------------------------------- without the extra


def test_without_the_extra_files_are_named_with_the_remedy(tmp_path, monkeypatch):
    dng(tmp_path / "a.dng", RAW)
    (tmp_path / "b.CR2").touch()
    (tmp_path / "c.png").touch()
    assert [p.name for p in list_folder(tmp_path).pictures] == ["a.dng", "b.CR2", "c.png"]
    monkeypatch.setattr(libraw, "find_spec", lambda _name: None)
    with pytest.raises(ImageFileError, match=r"pip install 'scorelet\[raw\]', or develop it to"):
        read_picture(tmp_path / "a.dng")
    found = list_folder(tmp_path)
    assert [p.name for p in found.pictures] == ["c.png"]
    assert skipped_sentence(found.skipped) == (
        "2 files are of no kind that is read: 1 .dng, 1 .cr2 (a.dng, b.CR2); camera raw files need "
        "pip install 'scorelet[raw]'"
    )
