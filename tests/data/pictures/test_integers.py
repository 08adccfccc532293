"""TIFF of integers with signs and of 32 bits: exact floats in the unit of the file."""

import numpy as np
import pytest
import tifffile

from picture_samples import rewrite, sentence
from scorelet.analysis.photon_counts import photon_counts
from scorelet.data import iter_pages, read_picture
from scorelet.data.pictures.formats import tiff
from scorelet.data.pictures.formats.orientation import turn_upright
from scorelet.data.pictures.limits import Limits
from scorelet.data.pictures.notes import DEPTH, WHITE, Note

NO_DATA = 42113


def every(dtype, shape=(6, 8)):
    """The ends of a type, what float32 just holds and just does not, and others."""
    ends = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    numbers = rng.integers(ends.min, ends.max, shape, dtype, endpoint=True)
    known = [n for n in (ends.min, ends.max, 0, -1, 2**24, 2**24 + 1) if ends.min <= n <= ends.max]
    numbers.ravel()[: len(known)] = known
    return numbers


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
@pytest.mark.parametrize(
    ("dtype", "floats"), [("i1", "f4"), ("i2", "f4"), ("i4", "f8"), ("u4", "f8")]
)
def test_every_integer_is_read_and_written_exactly(tmp_path, dtype, floats, shape, byteorder):
    numbers = every(dtype, shape)
    colours = "rgb" if len(shape) == 3 else "minisblack"
    options = {"compression": "lzw", "predictor": True, "byteorder": byteorder}
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric=colours, **options)
    first, second, target = rewrite(tmp_path / "a.tif")
    assert first.pixels.dtype == second.pixels.dtype == tifffile.imread(target).dtype == floats
    np.testing.assert_array_equal(first.plain, numbers)
    np.testing.assert_array_equal(second.plain, numbers)
    assert first.scale == 1
    said = f"has {np.dtype(dtype).name} samples; results have {np.dtype(floats).name} ones"
    assert [(note.kind, note.text) for note in first.notes] == [(DEPTH, said)]
    assert second.notes == ()


@pytest.mark.parametrize("dtype", ["i4", "u4"])
@pytest.mark.parametrize(("most", "floats"), [(2**24, "f4"), (2**24 + 1, "f8"), (2**30, "f4")])
def test_float32_is_taken_where_it_holds_all(tmp_path, dtype, most, floats):
    numbers = np.array([[0, 1, 2], [3, 1000, most]], dtype)
    tifffile.imwrite(tmp_path / "a.tif", numbers)
    found = read_picture(tmp_path / "a.tif").pixels
    assert found.dtype == floats
    np.testing.assert_array_equal(found[..., 0], numbers)


@pytest.mark.parametrize("value", [-32768, -1024, 5])
def test_values_for_no_data_may_be_negative(tmp_path, value):
    numbers = every("i2")
    numbers[numbers == value] = 7
    numbers[2:4, 3] = value
    tags = [(NO_DATA, "s", 0, str(value), True)]
    tifffile.imwrite(tmp_path / "a.tif", numbers, extratags=tags)
    for found in rewrite(tmp_path / "a.tif")[:2]:
        np.testing.assert_array_equal(found.mask, numbers != value)
        np.testing.assert_array_equal(found.plain, numbers)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "u4"])
def test_where_the_least_is_white_numbers_stay_in_their_unit(tmp_path, dtype):
    """And it is said that results are drawn the other way round."""
    numbers = every(dtype)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="miniswhite")
    found, again, _ = rewrite(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.plain, numbers)
    np.testing.assert_array_equal(again.plain, numbers)
    said = "says that its least number is white, which is left out: its numbers stay as they are"
    assert found.notes[1:] == (Note(WHITE, said),)
    assert again.notes == ()


def test_pages_are_turned_upright(tmp_path):
    numbers = every("i2")
    tags = [(274, "H", 1, 6, True)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for k in range(2):
            writer.write(numbers + np.int16(k), extratags=tags)
    for k, page in enumerate(iter_pages(tmp_path / "a.tif")):
        np.testing.assert_array_equal(page.plain, turn_upright(numbers + np.int16(k), 6))


def test_what_ome_says_of_the_type_is_that_of_the_floats(tmp_path):
    text = '<OME><Pixels ID="1" Type="int16" SizeX="8"/></OME>'
    tifffile.imwrite(tmp_path / "a.tif", every("i2"), description=text, metadata=None)
    _, _, target = rewrite(tmp_path / "a.tif")
    with tifffile.TiffFile(target) as file:
        assert file.pages[0].description == text.replace("int16", "float")


@pytest.mark.parametrize("colours", ["minisblack", "rgb"])
def test_opacity_is_refused(tmp_path, colours):
    shape = (6, 8, 2 if colours == "minisblack" else 4)
    options = {"photometric": colours, "extrasamples": ["unassalpha"], "planarconfig": "contig"}
    tifffile.imwrite(tmp_path / "a.tif", every("i2", shape), **options, metadata=None)
    assert "has opacity in samples of type int16" in sentence(tmp_path / "a.tif")


def test_huge_claims_count_the_floats(tmp_path, monkeypatch):
    """400 samples of 2 bytes become 1600 bytes."""
    monkeypatch.setattr("scorelet.data.pictures.limits.FREE_BYTES", 1599)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 20), "i2"), compression="zlib")
    assert next(tiff.iter_pages(tmp_path / "a.tif", Limits())).pixels.shape == (20, 20, 1)
    read = lambda path: next(tiff.iter_pages(path, Limits(ratio=1)))  # noqa: E731
    assert "claims 20 x 20 pixels" in sentence(tmp_path / "a.tif", read)


def test_counts_of_32_bits_are_counts(tmp_path):
    rng = np.random.default_rng(0)
    rate = np.outer(np.linspace(5, 60, 96), np.linspace(0.5, 1.5, 96))
    counts = rng.poisson(rate)
    laws = []
    for dtype in ("u2", "u4"):
        tifffile.imwrite(tmp_path / "a.tif", counts.astype(dtype))
        laws.append(photon_counts(read_picture(tmp_path / "a.tif").pixels))
    assert laws[0] == laws[1]
    assert laws[0] is not None
    assert (laws[0].a, laws[0].counts) == (1, True)
