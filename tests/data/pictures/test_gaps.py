"""Pixels without data: NaN and GDAL's value for it are masked, and come back as they were."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from samples import noisy
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import Picture, iter_pages, load_pictures, read_picture, write_picture
from scorelet.data.pictures.notes import NO_DATA

LOWEST = float(np.finfo(np.float32).min)
HOLES = np.zeros((6, 9), bool)
HOLES[1:4, 2:5] = HOLES[5, 8] = True


def write(path, samples, no_data=None, *, orientation=1, **options):
    tags = [(274, "H", 1, orientation, True)]
    if no_data is not None:
        tags.append((42113, "s", 0, no_data, True))
    kind = "rgb" if samples.ndim == 3 else "minisblack"
    tifffile.imwrite(
        path, samples, extratags=tags, metadata=None, **{"photometric": kind, **options}
    )
    return path


def filled(dtype, value, channels=1):
    samples = noisy(6, 9, channels, dtype="uint8").clip(1, 250).astype(dtype)
    samples[HOLES] = value
    return samples[..., 0] if channels == 1 else samples


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "value", "said"),
    [
        ("f4", -9999, "-9999"),
        ("f8", -9999, "-9999.0 "),
        ("f4", LOWEST, "-3.4028234663852886e+38"),
        ("f4", LOWEST, "-3.40282346638529e+38"),
        ("f8", 1e300, "1e300"),
        ("f2", -9999, "-9999"),
        ("u1", 0, "0"),
        ("u1", 255, "255"),
        ("u2", 65535, "65535"),
        (">u2", 65535, "65535"),
    ],
)
def test_the_value_for_no_data_is_masked_and_stays(tmp_path, dtype, value, said, channels):
    path = write(tmp_path / "a.tif", filled(dtype, value, channels), said)
    got = read_picture(path)
    np.testing.assert_array_equal(got.mask, ~HOLES)
    assert [note.kind for note in got.notes] == [NO_DATA]
    assert got.notes[0].text == "has 10 of 54 pixels without data"
    write_picture(tmp_path / "b.tif", got)
    again = read_picture(tmp_path / "b.tif")
    np.testing.assert_array_equal(again.mask, got.mask)
    np.testing.assert_array_equal(again.pixels, got.pixels)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), tifffile.imread(path))


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("u1", "-9999"),
        ("u1", "0.5"),
        ("u1", "256"),
        ("u1", "nan"),
        ("u1", "inf"),
        ("f4", "none"),
        ("f4", ""),
        ("f4", "7.77"),
        ("u1", None),
    ],
)
def test_a_value_that_no_pixel_has_masks_nothing(tmp_path, dtype, said):
    got = read_picture(write(tmp_path / "a.tif", filled(dtype, 3), said))
    assert got.mask is None
    assert got.notes == ()


def test_a_pixel_is_lost_only_if_all_its_channels_are(tmp_path):
    samples = filled("u1", 0, 3)
    samples[0, 0] = [0, 0, 7]
    got = read_picture(write(tmp_path / "a.tif", samples, "0"))
    np.testing.assert_array_equal(got.mask, ~HOLES)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_the_stored_value_counts_where_white_is_zero(tmp_path, dtype):
    path = write(tmp_path / "a.tif", filled(dtype, 3), "3", photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(path).mask, ~HOLES)


def test_the_mask_is_turned_with_the_picture(tmp_path):
    got = read_picture(write(tmp_path / "a.tif", filled("f4", -1), "-1", orientation=6))
    np.testing.assert_array_equal(got.mask, np.rot90(~HOLES, -1))
    np.testing.assert_array_equal(got.mask, got.pixels[..., 0] != -1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_is_not_finite_is_refused_or_masked(tmp_path, dtype, value, channels):
    path = write(tmp_path / "a.tif", filled(dtype, value, channels))
    with pytest.raises(ImageFileError, match=f"holds {10 * channels} of {54 * channels} values"):
        read_picture(path)
    got = read_picture(path, gaps=True)
    np.testing.assert_array_equal(got.mask, ~HOLES)
    write_picture(tmp_path / "b.tif", got)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), tifffile.imread(path))
    (page,) = iter_pages(tmp_path / "b.tif", gaps=True)
    np.testing.assert_array_equal(page.mask, ~HOLES)


def test_one_channel_that_is_not_finite_is_enough(tmp_path):
    samples = filled("f4", 1, 3)
    samples[0, 0, 2] = np.nan
    path = write(tmp_path / "a.tif", samples)
    assert np.argwhere(~read_picture(path, gaps=True).mask).tolist() == [[0, 0]]


def test_nan_may_be_the_value_for_no_data(tmp_path):
    path = write(tmp_path / "a.tif", filled("f4", np.nan), "nan")
    np.testing.assert_array_equal(read_picture(path, gaps=True).mask, ~HOLES)


def test_training_takes_whole_pictures_only(tmp_path):
    write(tmp_path / "a.tif", filled("f4", -9999), "-9999")
    with pytest.raises(ImageFileError, match=r"a\.tif has 10 pixels without data; .*crop it"):
        load_pictures(tmp_path, channels=1)


def test_pictures_with_gaps_are_left_out_of_a_folder_where_it_can_be_said(tmp_path):
    write(tmp_path / "a.tif", filled("f4", -9999), "-9999")
    write(tmp_path / "b.tif", filled("f4", 1), "-9999")
    said = []
    assert len(load_pictures(tmp_path, channels=1, say=said.append)) == 1
    assert "a.tif has 10 pixels without data" in said[0]


def test_a_mask_has_the_shape_of_the_picture():
    whole = Picture(np.zeros((6, 9, 3), np.uint8))
    assert replace(whole, mask=HOLES).mask is HOLES
    for mask in (HOLES[:, :8], HOLES.astype(np.uint8), HOLES[..., None]):
        with pytest.raises(InputError, match=r"The mask is .*; expected bool of shape \(6, 9\)"):
            replace(whole, mask=mask)


@pytest.mark.parametrize(
    "made",
    [
        lambda a: np.asfortranarray(a),
        lambda a: a[:, ::-1][:, ::-1],
        lambda a: a.astype(">u2").astype(">u2"),
        lambda a: np.ma.MaskedArray(a),
    ],
)
def test_arrays_of_any_layout_are_pictures(made):
    samples = noisy(6, 9, dtype="uint16")
    got = Picture(made(samples)).pixels
    assert type(got) is np.ndarray
    assert got.flags.c_contiguous
    assert got.dtype == np.dtype("=u2")
    np.testing.assert_array_equal(got, samples)
