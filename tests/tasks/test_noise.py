"""The verb noise: whatever holds a picture goes in."""

import io
import json

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.tasks.noise_report import report, sentence

RNG = np.random.default_rng(0)
NOISY = 0.4 + 0.05 * RNG.standard_normal((200, 240, 3))
BYTES = np.uint8(np.rint(255 * NOISY.clip(0, 1)))


@pytest.mark.slow
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


@pytest.mark.slow
def test_batches_and_folders_give_lists(tmp_path):
    Image.fromarray(BYTES).save(tmp_path / "a.png")
    Image.fromarray(BYTES[:64]).save(tmp_path / "b.png")
    assert [one.shape for one in sl.noise(tmp_path)] == [(200, 240, 3), (64, 240, 3)]
    assert len(sl.noise(BYTES[None])) == 1


@pytest.mark.slow
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


def test_gaps_of_files_are_left_out_and_said(tmp_path):
    y = np.float32(300 * NOISY[..., 0])
    y[:64] = np.nan
    pages = np.stack([y, np.full_like(y, np.nan)])
    tifffile.imwrite(tmp_path / "gaps.tif", pages, photometric="minisblack")
    found, empty = sl.noise(tmp_path / "gaps.tif")
    assert found.kind.sigma == sl.noise(y).kind.sigma
    assert [note.kind for note in found.notes] == ["no data"]
    assert (empty.kind, empty.reason) == (None, "too little")


@pytest.mark.parametrize("picture", [np.zeros((300, 300), np.uint8), np.full((7, 300, 3), 9.0)])
def test_where_nothing_can_be_measured_it_is_said(picture):
    found = sl.noise(picture)
    assert found.kind is None
    assert found.document["sigma"] is None
    assert sentence(found.document) == "no noise that can be measured"


@pytest.mark.slow
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


RAMP = np.linspace(40, 200, 256)[None].repeat(256, 0)
STRONG = RAMP + 25 * np.random.default_rng(2).standard_normal(RAMP.shape)


@pytest.mark.parametrize("sigma", [75, 100])
def test_noise_that_is_cut_off_is_called_so_and_bounded_from_below(sigma):
    y = RAMP + sigma * np.random.default_rng(3).standard_normal(RAMP.shape)
    document = sl.noise(np.uint8(np.rint(y.clip(0, 255)))).document
    assert document["sigma"] is None
    assert document["reason"] == "cut off"
    assert 0.7 * sigma < 255 * document["at_least"] < sigma
    assert "too many pixels are cut off at black or white, sigma" in sentence(document)


def test_black_and_white_without_noise_has_no_lower_bound():
    squares = np.kron(np.random.default_rng(4).integers(0, 2, (64, 64)), np.ones((5, 5)))
    found = sl.noise(np.uint8(255 * squares))
    assert (found.reason, found.at_least) == ("cut off", None)


@pytest.mark.parametrize("side", [16, 32, 48])
def test_strong_noise_of_few_pixels_is_not_passed_over(side):
    """Uniform noise of all bytes: its details have the deviation 0.29, their median says 0.31."""
    y = np.uint8(np.random.default_rng(6).integers(0, 256, (side, side)))
    found = sl.noise(y)
    assert (found.kind, found.reason) == (None, "too little")
    assert found.at_least == pytest.approx(0.30, rel=7 / side)  # 3 errors of a median of side² / 4
    assert f"tell of it: sigma about {255 * found.at_least:.1f}" in sentence(found.document)
    own = sl.noise(y * 1000.0)
    assert own.at_least == pytest.approx(255_000 * found.at_least, rel=1e-5)
    assert f"sigma about {own.at_least:.3g}" in sentence(own.document)


def test_a_small_painted_picture_has_no_noise_however_many_its_edges():
    y = np.full((48, 48), 90, np.uint8)
    y[:20, 5:40:3] = 200
    found = sl.noise(y)
    assert (found.kind, found.at_least) == (None, None)
    assert sentence(found.document) == "no noise that can be measured"


@pytest.mark.parametrize(("count", "value"), [(28, 1e6), (1, 1e9), (1, 1e300), (600, -9999.0)])
def test_pixels_far_outside_change_nothing_in_the_rest(count, value):
    y = STRONG.copy()
    where = np.random.default_rng(5).choice(y.size, count, replace=False)
    y.flat[where] = value
    found = sl.noise(y)
    y.flat[where] = np.nan  # declared gaps
    assert found.left_out == count
    assert found.kind.sigma == sl.noise(y).kind.sigma == pytest.approx(25, rel=0.04)
    assert f"without {count} pixel" in sentence(found.document)


def test_one_far_pixel_leaves_the_rest_in_eight_bit_units():
    y = (STRONG / 255).clip(0.01, 0.99)
    y[3, 4] = -9999
    document = sl.noise(y).document
    assert document["unit"] == "8-bit"
    assert document["level"] == pytest.approx(25, rel=0.04)


def test_floats_say_that_their_unit_is_their_own():
    document = sl.noise(STRONG).document
    assert document["unit"] == "own"
    assert document["level"] == document["sigma"]
    assert sentence(document).startswith(f"sigma {document['level']:.3g} (own unit), white")
    assert "own unit" not in sentence(sl.noise(BYTES).document)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("factor", [2.0**-600, 2.0**40, 2.0**664])
def test_any_unit_gives_the_same_noise_in_that_unit(factor):
    found, once = sl.noise(factor * STRONG), sl.noise(STRONG)
    assert found.kind.sigma == pytest.approx(factor * once.kind.sigma, rel=1e-12)
    assert found.kind.white
    assert found.kind.ratios == pytest.approx(once.kind.ratios)
    json.dumps(found.document, allow_nan=False)
    beyond = "beyond the range of floats" in sentence(found.document)
    assert beyond == (factor != 2.0**40)


def test_a_line_is_printed_with_the_brightness_it_was_fitted_on():
    x = np.linspace(0.25, 0.6, 256)[None].repeat(256, 0)
    y = x + np.sqrt(2.7e-3 - 4e-3 * x) * np.random.default_rng(6).standard_normal(x.shape)
    document = sl.noise(y.clip(0, 1)).document
    assert document["a"] + document["b"] < 0  # at x = 1, where nothing was fitted
    assert 0.25 < document["low"] < 0.3
    assert 0.55 < document["high"] < 0.6
    assert f" for x in {document['low']:.3g}..{document['high']:.3g}" in sentence(document)


def test_the_error_of_b_is_said_where_b_is_hardly_told():
    x = np.linspace(0.5, 0.9, 256)[None].repeat(256, 0)
    y = x + np.sqrt(1e-3 * x) * np.random.default_rng(7).standard_normal(x.shape)
    document = sl.noise(y.clip(0, 1)).document
    assert abs(document["b"]) < 3 * document["b_error"]  # there is none
    assert f" +- {document['b_error']:.1e} for x in " in sentence(document)
    assert "+-" not in sentence(document | {"b_error": abs(document["b"]) / 4})


def test_blocks_of_one_brightness_have_one_number_and_no_line():
    rows, columns = np.mgrid[:64, :64]
    document = sl.noise(((rows + columns) % 2 * 100 + 50).astype(np.uint8)).document
    assert document["a"] == document["a_error"] == 0
    assert sentence(document).endswith(f"variance {document['sigma'] ** 2:.2e}")


def test_a_batch_of_one_tensor_gives_a_list_of_one():
    [found] = sl.noise(torch.from_numpy(BYTES).permute(2, 0, 1)[None])
    assert found.document == sl.noise(BYTES).document


def test_reports_say_what_lines_say_and_draw_what_floats_can_hold():
    y = STRONG.copy()
    y[5, 6] = 1e9
    black = np.zeros((64, 64), np.uint8)
    pages = [sl.noise(one).document for one in (2.0**664 * STRONG, y, black)]
    text = report([{"input": "a.tif", "pages": pages}])
    for said in ("(own unit)", "without 1 pixel far outside", "no noise that can be measured"):
        assert said in text
    assert text.count("<img") == 1
