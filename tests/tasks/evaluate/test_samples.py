"""Samples beside data: laws in closed form, copies, floors, units, and what is refused."""

import json

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import read_png, write_png
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.tasks.evaluate import sample_findings
from scorelet.tasks.sample.settings import Samples

SIDE = 32


def spectrum(power=None, side=SIDE):
    """1 / (1 + |k|²) without a mean, times `power(|k|)`."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    radius = torch.hypot(k[:, None], k)
    found = 1 / (1 + radius.square())
    found[0, 0] = 0
    return found if power is None else found * power(radius)


def fields(count, seed, power=None, *, side=SIDE, channels=1):
    """Gaussian fields of that spectrum around 1/2, within [0, 1]."""
    z = randn((count, channels, side, side), rng=generator(seed)).double()
    x = torch.fft.ifft2(torch.fft.fft2(z) * spectrum(power, side).sqrt()).real
    return (0.5 + 0.5 * x).float()


def through_window(law):
    """E |F(w x)|² for fields x of that spectrum, w a Hann window: a convolution with |F w|²."""
    line = torch.hann_window(SIDE, periodic=False, dtype=torch.float64)
    window = torch.fft.fft2(torch.outer(line, line)).abs().square()
    return torch.fft.ifft2(torch.fft.fft2(law) * torch.fft.fft2(window)).real


def measured(samples, data, **options):
    return sl.evaluate(samples=samples, data=data, **options)


def test_pictures_of_several_sizes_are_refused_without_advice_that_nobody_can_follow(tmp_path):
    for k, shape in enumerate(((8, 8), (8, 9))):
        write_png(tmp_path / f"{k}.png", np.zeros((*shape, 1), np.uint8))
    with pytest.raises(InputError, match="are needed; bring all to one before"):
        measured(tmp_path, tmp_path)


def row_of(document, measure):
    (row,) = (row for row in document["rows"] if row["measure"].startswith(measure))
    return row


def numbers(document):
    return [row["samples"] for row in document["rows"]]


@pytest.fixture(scope="module")
def data():
    return fields(400, 0)


@pytest.mark.slow
def test_halves_of_the_data_are_at_the_floor(data):
    found = measured(data[:200], data[200:])
    for row in found["rows"]:
        if "data_error" in row:
            chance = 4 * np.hypot(row["samples_error"], row["data_error"])
            assert abs(row["samples"] - row["data"]) < chance, row
    assert found["copies"] == 0
    assert found["verdict"].startswith("As far as 100 of each show, the samples are as near to")
    assert found["verdict"].endswith("None of the 200 samples is a copy of a picture of the data.")
    assert found["warnings"] == []
    json.dumps(found)


@pytest.mark.slow
def test_ratios_are_those_of_the_spectra(data):
    def power(k):
        return torch.where(k >= 8, 2.5, 1.0).double()

    found = measured(fields(400, 1, power), data)
    rows = [row for row in found["rows"] if row["measure"].startswith("power")]
    k = torch.fft.fftfreq(SIDE, 1 / SIDE, dtype=torch.float64)
    radius = torch.hypot(k[:, None], k)
    laws = through_window(spectrum(power)), through_window(spectrum())
    for octave, row in enumerate(rows):
        low, high = 2**octave, 2 ** (octave + 1)
        assert row["measure"] == f"power, {low} to {high} cycles a side"
        inside = (radius >= low) & (radius < high)
        exact = float(laws[0][inside].mean() / laws[1][inside].mean())
        assert row["samples"] == pytest.approx(exact, abs=4 * row["samples_error"])
        assert row["samples_error"] < 0.07 * exact
        assert row["data"] == pytest.approx(1, abs=4 * row["data_error"])
    assert len(rows) == 5
    assert 2.4 < exact < 2.5
    assert "times the power of the data (1 more octave is off)." in found["verdict"]


@pytest.mark.slow
def test_copies_are_told_and_the_nearest_picture_named(data):
    made = fields(40, 2)
    made[[3, 8, 20]] = 0.9 * data[[17, 0, 399]] + 0.05 + 0.002 * fields(3, 3)
    found = measured(made, data)
    assert found["copies"] == 3
    assert row_of(found, "copies")["samples"] == pytest.approx(100 * 3 / 40)
    assert row_of(found, "copies")["data"] == 0
    assert found["verdict"].endswith("3 of 40 samples are copies of pictures of the data.")
    assert [found["nearest_pictures"][k] for k in (3, 8, 20)] == [17, 0, 399]
    assert min(found["nearest_cosines"][k] for k in (3, 8, 20)) > 0.999


@pytest.mark.slow
def test_every_piece_that_is_read_is_told(monkeypatch):
    """2 pieces of 40 samples, 5 of 100 pictures; 3 and 7 of which the nearest is looked for."""
    monkeypatch.setattr(sample_findings, "_NUMBERS", 20 * 16**2)
    monkeypatch.setattr(sample_findings, "_ASKED", 16 * 16**2)
    told = []
    sets = (fields(count, count, side=16).clamp(0, 1) for count in (40, 100))
    measured(*sets, progress=lambda *step: told.append(step))
    count = 5 * (2 + 5) + 3 * (2 + 5) + 7 * 5
    assert told == [(done, count) for done in range(1, count + 1)]


@pytest.mark.slow
def test_data_that_repeat_themselves_are_no_reason_to_find_copies(data):
    twice = torch.cat([data[:100], data[:100]])
    found = measured(data[100:140], twice)
    assert row_of(found, "copies")["data"] == 100
    assert found["copies"] == 0
    assert 0.95 <= found["copies_from"] <= 0.9875
    same = measured(data[:40], twice)
    assert same["copies"] == 40
    assert "40 of 40 samples are as near to a picture of the data as copies are" in same["verdict"]


@pytest.mark.slow
def test_samples_that_are_alike_are_said_to_be(data):
    found = measured(0.5 * fields(60, 4) + 0.5 * data[0], data)
    row = row_of(found, "pairs")
    assert row["samples"] - row["data"] > 0.3
    assert (
        "The samples vary less than the data: two of them have the mean cosine"
        in (found["verdict"])
    )


@pytest.mark.slow
def test_samples_that_repeat_one_another_are_counted(data):
    """Four pictures are there twice, one of them mirrored: no other row tells."""
    made = fields(60, 4)
    made[[10, 20, 30]] = 0.002 * fields(3, 6) + made[[0, 1, 2]]
    made[40] = made[3].flip(-1)
    found = measured(made, data)
    assert found["repeats"] == 8
    row = row_of(found, "repeats of other samples")
    assert row["samples"] == pytest.approx(100 * 8 / 60)
    assert row["data"] == 0
    assert found["verdict"].endswith("8 of 60 samples repeat another sample.")
    assert found["copies"] == 0
    assert "repeat another" not in measured(fields(60, 4), data)["verdict"]


@pytest.mark.slow
def test_other_textures_are_far(data):
    found = measured(0.5 + 0.03 * randn((60, 1, SIDE, SIDE), rng=generator(5)), data)
    assert found["times_halves"] > 10
    assert found["verdict"].startswith("The samples are far from the data, ")


@pytest.mark.slow
def test_8_bits_and_floats_are_one_unit_and_layouts_one_set(data, tmp_path):
    bytes_ = (255 * data).round().clamp(0, 255).to(torch.uint8).numpy()
    half, rest = bytes_[:40], bytes_[40:120]
    np.save(tmp_path / "channel_first.npy", half)  # as `sample` writes it, (n, 1, h, w)
    np.save(tmp_path / "data.npy", rest[:, 0])
    np.savez(tmp_path / "several.npz", x_train=rest[:, 0], other=half[:, 0])
    for k, picture in enumerate(half[:, 0]):
        write_png(tmp_path / f"folder/sample_{k:03d}.png", picture[..., None])
    floats = np.float32(half / np.float32(255))
    found = measured(tmp_path / "channel_first.npy", tmp_path / "data.npy")
    others = [
        measured(tmp_path / "folder", tmp_path / "several.npz"),
        measured(f"{tmp_path}/several.npz:other", np.float64(rest / 255)),
        measured(floats, rest),
    ]
    for other in others:
        assert numbers(other)[: len(found["rows"])] == pytest.approx(numbers(found), rel=1e-3)
    assert [len(other["rows"]) - len(found["rows"]) for other in others] == [0, 0, 1]
    assert row_of(others[2], "outside")["samples"] == 0


@pytest.mark.slow
def test_what_was_drawn_is_measured_as_its_array(data):
    made = fields(32, 5).numpy()
    drawn = Samples(images=made, pictures=True, document={})
    assert measured(drawn, data[:64]) == measured(made, data[:64])


def test_numbers_outside_are_counted_and_then_cut(data):
    made = data[:40].clone()
    made[:, :, 0, :16] = 1.5
    made[:, :, 1, :16] = -0.5
    found = measured(made, data[40:])
    cut = measured(made.clamp(0, 1), data[40:])
    assert row_of(found, "outside") == {
        "measure": "outside [0, 1], %",
        "samples": pytest.approx(100 / SIDE),
        "data": None,
    }
    assert found["rows"][:-1] == cut["rows"][:-1]
    assert found["warnings"] == []
    (warning,) = measured(2 * data[:40] - 0.99, data)["warnings"]
    assert "of the numbers of the samples lie outside [0, 1]" in warning


@pytest.mark.slow
def test_colour_is_measured_in_all_channels_and_gray_by_luma():
    colour, known = fields(40, 6, channels=3), fields(80, 7, channels=3)
    found = measured(colour, known)
    assert found["channels"] == 3
    assert [abs(row["samples"] - 1) < 0.2 for row in found["rows"][1:5]] == [True] * 4
    swapped = measured(colour, known * torch.tensor([1, 1, 0.1]).view(3, 1, 1))
    assert row_of(swapped, "power, 16")["samples"] == pytest.approx(3 / 2.01, rel=0.1)
    gray = measured(colour, known, channels=1)
    assert gray["channels"] == 1
    luma = (colour * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    assert numbers(measured(luma, known))[:12] == pytest.approx(numbers(gray)[:12], rel=1e-3)


@pytest.mark.slow
def test_power_that_the_data_lack_is_named(data):
    def low(k):
        return (k < 4).double()

    found = measured(fields(40, 8), torch.full((80, 1, SIDE, SIDE), 0.5))
    assert found["times_halves"] is None
    assert "has power of its own" in found["verdict"]
    smooth = measured(fields(40, 8, low), data[:80])
    assert smooth["verdict"].startswith("The samples are far from the data, ")
    assert ", and the finest octave has " in smooth["verdict"]
    assert "times the power of the data (2 more octaves are off)" in smooth["verdict"]


@pytest.mark.parametrize(
    ("samples", "known", "words"),
    [
        ((9, 9), (10, 9), r"The samples have 9x9 pixels, the pictures of the data 10x9 \(height"),
        ((7, 9), (7, 9), "7x9 pixels: expected at least 8 a side"),
    ],
)
def test_sizes_that_cannot_be_compared_are_said(samples, known, words):
    with pytest.raises(InputError, match=words):
        measured(torch.rand(4, 1, *samples), torch.rand(8, 1, *known))


def test_what_cannot_be_compared_is_refused(data, tmp_path):
    for samples, known, words in (
        (data[:1], data, "1 sample and 400 pictures of the data: expected at least 2 samples"),
        (data[:9], data[:3], "9 samples and 3 pictures"),
        (255 * data[:9], data, "The array has values from .* in the mean: expected samples in"),
        (data[:9].numpy() * np.nan, data, "NaN or infinite"),
        (data[:9], 255 * data, "expected floats in"),
        (data[:9], "nowhere", "nowhere"),
    ):
        with pytest.raises(InputError, match=words):
            measured(samples, known)
    write_png(tmp_path / "grid.png", np.zeros((16, 16, 1), np.uint8))
    with pytest.raises(InputError, match=r"grid.png holds no set of pictures: give a folder"):
        measured(tmp_path / "grid.png", data)


@pytest.mark.slow
def test_few_samples_are_said_to_be(data):
    first, second = measured(data[:8], data[8:50])["warnings"]
    assert first.startswith("8 samples are few, and errors are large: give at least 32")
    assert second.startswith("42 pictures of the data are few")
    found = measured(data[:100], data[100:], limit=40)
    assert (found["count"], found["pictures"]) == (40, 40)


def test_models_and_samples_are_measured_one_at_a_time(data, tmp_path):
    with pytest.raises(InputError, match="without a model: leave out model and sigma, or samples"):
        measured(data, data, model="photo", sigmas=[25.0])
    with pytest.raises(InputError, match="leave out hold-out and self-ensemble and size, or"):
        measured(data, data, hold_out=3, self_ensemble=True, size=(8, 8))
    with pytest.raises(InputError, match="leave out device, or"):
        measured(data, data, device="cuda")
    with pytest.raises(InputError, match="A picture is drawn of samples"):
        sl.evaluate(tmp_path, output=tmp_path / "x.png")
    with pytest.raises(InputError, match="Data in memory are for samples"):
        sl.evaluate(data)


@pytest.mark.slow
def test_the_picture_has_samples_beside_what_they_are_near_to(data, tmp_path):
    made = fields(5, 9)
    made[2] = data[7]
    path = tmp_path / "near.png"
    found = measured(made, data, output=path)
    assert found["output"] == str(path)
    sheet = read_png(path)
    first = (255 * data[7, 0]).round().numpy()
    assert np.abs(sheet[:SIDE, :SIDE].squeeze() - first).max() <= 1
    assert np.array_equal(sheet[:SIDE, :SIDE], sheet[:SIDE, SIDE : 2 * SIDE])
    with pytest.raises(InputError, match="exists"):
        measured(made, data, output=path)
    measured(made, data, output=path, overwrite=True)
    with pytest.raises(InputError, match="unknown suffix"):
        measured(made, data, output=tmp_path / "near.html")


def test_mirror_images_are_copies_and_shown_as_such(data, tmp_path):
    found = measured(data[:40].flip(-1), data, output=tmp_path / "near.png")
    assert found["copies"] == 40
    assert found["nearest_pictures"] == list(range(40))
    sheet = read_png(tmp_path / "near.png")
    sample, picture = sheet[:SIDE, :SIDE], sheet[:SIDE, SIDE : 2 * SIDE]
    assert np.array_equal(sample, picture)


def test_samples_without_contrast_have_no_power(data):
    found = measured(torch.full((40, 1, SIDE, SIDE), 0.5), data)
    assert "has 0 times the power of the data" in found["verdict"]
    assert found["rows"][0]["samples_error"] == 0
