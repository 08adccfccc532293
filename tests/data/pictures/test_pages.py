"""Files of several pages, one page in memory at a time."""

import errno
import weakref

import numpy as np
import pytest
import tifffile

from picture_samples import assert_same, noise, picture, sentence
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import (
    iter_pages,
    write_pages,
)


def mixed_pages():
    yield picture((3, 4), 1, "u1")
    yield picture((5, 2), 3, "u2", alpha=True)
    yield picture((1, 1), 1, "f4")
    yield picture((6, 7), 3, "f8")


def test_pages_of_different_sizes_and_types(tmp_path):
    path = tmp_path / "a.tif"
    write_pages(path, mixed_pages())
    again = tmp_path / "b.tif"
    write_pages(again, iter_pages(path))
    for got, expected in zip(iter_pages(again), mixed_pages(), strict=True):
        assert_same(got, expected)
    with tifffile.TiffFile(again) as file:
        assert len(file.pages) == 4
    assert "4 pages" in sentence(path)
    assert "save the wanted page" in sentence(path)


def test_pages_are_read_and_written_one_at_a_time(tmp_path):
    path, again = tmp_path / "a.tif", tmp_path / "b.tif"
    pages = [weakref.ref(picture((4, 4)))]
    most = 0

    def watched(source):
        nonlocal most
        for page in source:
            pages.append(weakref.ref(page))
            most = max(most, sum(ref() is not None for ref in pages))
            yield page

    write_pages(path, watched(picture((4, 4)) for _ in range(9)))
    write_pages(again, watched(iter_pages(path)))
    # The first page, the one being written and the one being made.
    assert most <= 3
    reader = iter_pages(path)
    next(reader)
    reader.close()


def test_imagej_stack_keeps_its_description(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", noise((3, 6, 7), "u2"), imagej=True)
    write_pages(tmp_path / "b.tif", iter_pages(tmp_path / "a.tif"))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), noise((3, 6, 7), "u2"))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.imagej_metadata["images"] == 3


def test_only_tiff_has_several_pages(tmp_path):
    with pytest.raises(InputError, match="one page only"):
        write_pages(tmp_path / "a.png", [picture((2, 2)), picture((2, 2))])
    with pytest.raises(InputError, match="no pages"):
        write_pages(tmp_path / "a.tif", [])
    assert list(tmp_path.iterdir()) == []


def test_the_callers_own_error_passes_unchanged(tmp_path):
    def pages():
        yield picture((2, 2))
        raise OSError(errno.ENOSPC, "mine")

    with pytest.raises(OSError, match="mine") as caught:
        write_pages(tmp_path / "a.tif", pages())
    assert not isinstance(caught.value, ImageFileError)
    assert list(tmp_path.iterdir()) == []
