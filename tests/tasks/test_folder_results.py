"""Folders in Python: what is broken is left out and named at the end."""

import numpy as np
import pytest
import tifffile

import scorelet as sl
from classifiers import colour_classifier
from samples import write_png
from scorelet.core.errors import ImageFileError, InputError
from scorelet.data import PictureWarning
from scorelet.tasks.folder_results import FolderFiles


@pytest.fixture
def folder(tmp_path):
    """Two pictures of one colour, and a broken one between them."""
    for k, name in ((0, "a"), (2, "c")):
        pixels = np.zeros((8, 8, 3), np.uint8)
        pixels[..., k] = 255
        write_png(tmp_path / f"in/{name}.png", pixels)
    (tmp_path / "in/b.png").write_bytes(b"no picture")
    return tmp_path / "in"


def test_of_each_file_comes_all_or_nothing(folder):
    def pages(file):
        yield f"{file.stem}1"
        if file.stem == "b":
            raise InputError("The second page is odd.")
        yield f"{file.stem}2"

    files = FolderFiles(folder)
    assert list(files.each(pages)) == ["a1", "a2", "c1", "c2"]
    with pytest.warns(PictureWarning) as caught:
        files.warn()
    assert str(caught[0].message) == (
        f"1 of 3 pictures was left out (in/b.png): {folder / 'b.png'}: The second page is odd."
    )


def test_a_folder_of_which_nothing_can_be_used_is_an_error(folder):
    for name in "ac":
        (folder / f"{name}.png").write_bytes(b"")
    with pytest.raises(ImageFileError, match=r"a\.png is empty"):
        sl.classify(folder, model=colour_classifier())
    with pytest.raises(ImageFileError, match=r"b\.png is not a picture"):
        sl.classify(folder / "b.png", model=colour_classifier())


@pytest.mark.parametrize(
    "verb",
    [
        lambda folder: sl.classify(folder, model=colour_classifier()),
        sl.noise,
        pytest.param(sl.denoise, marks=pytest.mark.slow),
    ],
    ids=["classify", "noise", "denoise"],
)
def test_a_broken_picture_of_a_folder_stops_nobody(folder, verb):
    with pytest.warns(PictureWarning, match=r"^1 of 3 pictures .*b\.png is not a picture") as said:
        found = verb(folder)
    assert [each.file for each in found] == [folder / "a.png", folder / "c.png"]
    assert len(said) == 1


def test_a_broken_picture_that_a_classifier_refuses_stops_nobody(folder):
    """Values that no classifier takes are known after reading only."""
    (folder / "b.png").unlink()
    tifffile.imwrite(folder / "b.tif", np.full((8, 8, 3), 1e9, "f4"), photometric="rgb")
    with pytest.warns(PictureWarning, match=r"b\.tif: The picture has values from 1e\+09"):
        found = sl.classify(folder, model=colour_classifier())
    assert [each.classes[0] for each in found] == ["red", "blue"]


def test_what_is_in_memory_is_of_no_file(folder):
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert sl.classify(pixels, model=colour_classifier()).file is None
    assert sl.classify(folder / "a.png", model=colour_classifier()).file == folder / "a.png"
