"""The verb noise: whatever holds a picture goes in."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.tasks.noise_report import sentence

RNG = np.random.default_rng(0)
NOISY = 0.4 + 0.05 * RNG.standard_normal((200, 240, 3))
BYTES = np.uint8(np.rint(255 * NOISY.clip(0, 1)))


def test_arrays_tensors_pictures_and_files_are_the_same(tmp_path):
    Image.fromarray(BYTES).save(tmp_path / "a.png")
    array = sl.noise(BYTES)
    assert array.kind.white
    assert array.kind.sigma == pytest.approx(0.05, rel=0.03)
    for source in (
        Image.fromarray(BYTES),
        torch.from_numpy(BYTES).permute(2, 0, 1),
        tmp_path / "a.png",
    ):
        assert sl.noise(source).document == array.document


def test_batches_and_folders_give_lists(tmp_path):
    Image.fromarray(BYTES).save(tmp_path / "a.png")
    Image.fromarray(BYTES[:64]).save(tmp_path / "b.png")
    assert [one.shape for one in sl.noise(tmp_path)] == [(200, 240, 3), (64, 240, 3)]
    assert len(sl.noise(BYTES[None])) == 1


def test_pages_of_photon_counts_are_in_their_own_unit(tmp_path):
    import tifffile

    x = np.linspace(20, 200, 256)[None].repeat(256, 0)
    pages = np.random.default_rng(1).poisson([x, 2 * x]).astype(np.float32)
    tifffile.imwrite(tmp_path / "stack.tif", pages, photometric="minisblack")
    for page in sl.noise(tmp_path / "stack.tif"):
        assert not page.bounded
        assert page.kind.a == pytest.approx(1, abs=0.1)  # variance is mean: one photon is one
        assert page.kind.white


def test_gaps_are_left_out():
    y = 300 * NOISY
    y[:64] = np.nan
    found = sl.noise(y)
    assert found.kind.sigma == pytest.approx(15, rel=0.03)
    y[64:] = np.nan
    assert sl.noise(y).kind is None


@pytest.mark.parametrize("picture", [np.zeros((300, 300), np.uint8), np.full((7, 300, 3), 9.0)])
def test_where_nothing_can_be_measured_it_is_said(picture):
    found = sl.noise(picture)
    assert found.kind is None
    assert found.document["sigma"] is None
    assert sentence(found.document) == "no noise that can be measured"


def test_the_quality_of_a_file_and_the_trace_of_a_copy(tmp_path):
    Image.fromarray(BYTES).save(tmp_path / "a.jpg", quality=70)
    copy = np.asarray(Image.open(tmp_path / "a.jpg"))
    found = sl.noise(tmp_path / "a.jpg")
    assert abs(found.jpeg_quality - 70) <= 1
    assert not found.kind.white
    there = sl.noise(copy[2:, 3:])
    assert there.jpeg_quality is None
    assert there.kind.grid == (6, 5)
    assert "its grid starts at 6, 5" in sentence(there.document)


def test_shapes_that_are_no_pictures_are_refused():
    with pytest.raises(InputError):
        sl.noise(np.zeros(5))
    with pytest.raises(InputError):
        sl.noise(io.BytesIO())
