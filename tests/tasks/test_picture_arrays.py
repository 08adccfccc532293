"""Sets of pictures as arrays: folders, files and archives, their axes, what is left out."""

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import write_png
from scorelet.core.errors import ArrayFileError, ImageFileError, InputError
from scorelet.tasks.picture_arrays import load_picture_array, picture_array
from smooth_pictures import pictures


def test_pictures_from_folders_and_arrays(tmp_path):
    x = pictures(3)
    for k, picture in enumerate(x):
        write_png(tmp_path / f"set/{k}.png", picture[..., None])
    assert np.array_equal(load_picture_array(tmp_path / "set")[..., 0], x)
    np.savez(tmp_path / "x.npz", x_train=np.repeat(x[..., None], 3, 3), x_test=x, y_train=[0] * 3)
    assert np.array_equal(load_picture_array(tmp_path / "x.npz")[..., 0], x)
    assert load_picture_array(tmp_path / "x.npz", channels=3).shape == (3, 12, 12, 3)
    assert load_picture_array(f"{tmp_path}/x.npz:x_test", side=6).shape == (3, 6, 6, 1)
    write_png(tmp_path / "set/3.png", pictures(1, side=9)[0][..., None])
    with pytest.raises(
        InputError, match=r"3\.png has 9x9 pixels, .*0\.png has 12x12.*bring all to"
    ):
        load_picture_array(tmp_path / "set")
    with pytest.raises(InputError, match="give --side to bring all to one"):
        sl.audit(tmp_path / "set", folder=tmp_path / "run")
    assert load_picture_array(tmp_path / "set", side=8).shape == (4, 8, 8, 1)
    for array, words in (
        (np.zeros((3, 4)), "expected pictures"),
        (np.full((3, 4, 4), 7.0), "expected floats in"),
        (np.full((3, 4, 4), np.nan), "NaN or infinite"),
        (np.zeros((3, 4, 4), int), "8 bits or floats"),
    ):
        np.save(tmp_path / "y.npy", array)
        with pytest.raises(InputError, match=words):
            load_picture_array(tmp_path / "y.npy")


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_are_last_or_first(tmp_path, channels):
    """As `sample` writes them, and torch has them."""
    last = np.random.default_rng(0).integers(0, 256, (5, 4, 6, channels), dtype=np.uint8)
    first = np.moveaxis(last, 3, 1)
    np.save(tmp_path / "last.npy", last)
    np.save(tmp_path / "first.npy", first)
    for found in (
        load_picture_array(tmp_path / "last.npy", channels=channels),
        load_picture_array(tmp_path / "first.npy", channels=channels),
        picture_array(first, channels=channels),
        picture_array(torch.from_numpy(first.copy()), channels=channels),
    ):
        assert np.array_equal(found, last)


@pytest.mark.parametrize("shape", [(5, 3, 8, 3), (5, 1, 8, 3), (5, 3, 3, 3)])
def test_channels_that_may_be_first_or_last_are_refused(tmp_path, shape):
    np.save(tmp_path / "x.npy", np.zeros(shape))
    for read, source in (
        (load_picture_array, tmp_path / "x.npy"),
        (picture_array, np.zeros(shape)),
    ):
        with pytest.raises(InputError, match="channels may be first or last: give"):
            read(source)


def test_what_a_folder_holds_beside_pictures_is_said(tmp_path):
    x = pictures(3)
    for k, picture in enumerate(x):
        write_png(tmp_path / f"set/{k}.png", picture[..., None])
    (tmp_path / "set/1.png").write_bytes(b"")
    (tmp_path / "set/notes.txt").write_text("three pictures")
    said = []
    found = load_picture_array(tmp_path / "set", say=said.append)
    assert np.array_equal(found[..., 0], x[[0, 2]])
    other, broken = said
    assert other.endswith("1 file is of no kind that is read: 1 .txt (notes.txt)")
    assert broken.startswith("1 of 3 pictures was left out (set/1.png): ")
    assert "1.png is empty" in broken
    assert not broken.endswith(".")
    with pytest.raises(ImageFileError, match="is empty"):
        load_picture_array(tmp_path / "set")
    for k in (0, 2):
        (tmp_path / f"set/{k}.png").write_bytes(b"")
    with pytest.raises(ImageFileError, match="is empty"):
        load_picture_array(tmp_path / "set", say=said.append)


def test_what_is_transparent_is_white(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255  # black above, nothing below
    write_png(tmp_path / "set/0.png", pixels)
    found = load_picture_array(tmp_path / "set")
    assert np.array_equal(found[0, :, 0, 0], [0, 0, 1, 1])


@pytest.mark.parametrize("kept", [3000, 60, 0])
def test_a_part_of_an_archive_is_called_damaged(tmp_path, kept):
    path = tmp_path / "x.npz"
    np.savez(path, x_train=pictures(40))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArrayFileError, match=r"x\.npz is damaged or truncated"):
        load_picture_array(path)


def test_an_archive_of_a_later_version_is_called_damaged(tmp_path):
    """Bytes of its directory say that version 10.9 is needed to read it."""
    path = tmp_path / "x.npz"
    np.savez(path, x_train=pictures(4))
    stored = bytearray(path.read_bytes())
    stored[stored.index(b"PK\x01\x02") + 6] = 109
    path.write_bytes(stored)
    with pytest.raises(ArrayFileError, match=r"x\.npz is damaged or truncated"):
        load_picture_array(path)
