"""Classes of pictures: right probabilities whatever the picture is, and everything said."""

import csv
import json
import os
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from pyarrow import parquet

import scorelet as sl
from classifiers import COLOURS, colour_classifier, gray_classifier, write_classifier
from samples import write_model, write_png
from scorelet.core.errors import InputError, ResultWarning
from scorelet.data import read_picture
from scorelet.models import Classifier
from scorelet.tasks.classify import classify_files
from scorelet.tasks.classify_input import pictures
from scorelet.tasks.ready_classifier import ReadyClassifier


def flat(colour, side=8, dtype=np.uint8):
    """A picture of one colour with parts in [0, 1]."""
    scale = {np.uint8: 255, np.uint16: 65535}.get(dtype, 1)
    return np.full((side, side, len(colour)), np.array(colour) * scale, dtype)


def posterior(colour, scale=4.0):
    z = np.exp(scale * np.array(colour))
    return z / z.sum()


@pytest.fixture
def model():
    return colour_classifier()


@pytest.fixture
def folder(tmp_path):
    for name, colour in (("a", (1, 0, 0)), ("b", (0, 0.6, 0)), ("sub/c", (0, 0, 1))):
        write_png(tmp_path / f"pictures/{name}.png", flat(colour))
    return tmp_path / "pictures"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_probabilities_are_the_softmax(model, dtype):
    colour = (0.2, 0.8, 0.4)  # whole numbers in 8 and 16 bits
    found = sl.classify(flat(colour, dtype=dtype), model=model)
    assert found.classes == ("green", "blue", "red")
    expected = posterior(colour)[[1, 2, 0]]
    # order 0 averages 8 pixels with weights that sum to 1 within 1e-6; standardised by √(1 + 1e-5);
    # half precision keeps 11 bits, and logits are 4 times as far apart
    tolerance = 1e-3 if dtype == np.float16 else 1e-4
    assert found.probabilities == pytest.approx(expected, abs=tolerance)
    assert (found.notes, found.shape) == ((), (8, 8))


@pytest.mark.slow
def test_pictures_of_several_sizes_at_once(model, tmp_path):
    """More of them than one batch takes, in the order of their names."""
    colours = np.random.default_rng(0).integers(0, 256, (70, 3)) / 255
    for number, colour in enumerate(colours):
        side = 8 if number < 60 else 9
        write_png(tmp_path / f"in/{number:02}.png", flat(colour, side))
    found = sl.classify(tmp_path / "in", model=model)
    assert len(found) == 70
    for each, colour in zip(found, colours, strict=True):
        assert each.probabilities[0] == pytest.approx(posterior(colour).max(), abs=1e-4)
        assert each.dtype == "float32"
    anything = Classifier(model.network, model.classes, channels=(3,))  # no size of its own
    several = sl.classify(np.stack([flat(c) for c in colours[:3]]), model=anything, dtype="float32")
    assert [f.classes for f in several] == [f.classes for f in found[:3]]


def test_the_first_k(model):
    assert sl.classify(flat((0, 1, 0.5)), model=model, k=1).classes == ("green",)
    assert len(sl.classify(flat((0, 1, 0.5)), model=model, k=10).classes) == 3
    for k in (0, True):
        with pytest.raises(InputError, match="k is"):
            sl.classify(flat((0, 1, 0)), model=model, k=k)


@pytest.mark.slow
def test_every_way_to_hold_a_picture(model, tmp_path):
    pixels = flat((0, 0.6, 0.2))
    path = write_png(tmp_path / "a.png", pixels)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    expected = sl.classify(pixels, model=model)
    for source in (path, str(path), tensor, Image.fromarray(pixels), np.asfortranarray(pixels)):
        found = sl.classify(source, model=model)
        assert found.classes == expected.classes
        assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
    for batch in (tensor[None], pixels[None], path.parent):
        (found,) = sl.classify(batch, model=model)
        assert found.classes == expected.classes


def test_gray_pictures_and_gray_models(model):
    found = sl.classify(np.full((8, 8), 51, np.uint8), model=model)
    assert found.probabilities == pytest.approx([1 / 3] * 3, abs=1e-6)
    assert [note.kind for note in found.notes] == ["gray"]
    light = sl.classify(flat((1, 1, 1)), model=gray_classifier())
    assert light.probabilities[0] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-4)
    assert [note.kind for note in light.notes] == ["colour"]


def test_what_is_transparent_is_white(model):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[..., 3] = 51  # a fifth of red on white: (1, 0.8, 0.8)
    found = sl.classify(pixels, model=model)
    assert found.probabilities == pytest.approx(np.sort(posterior((1, 0.8, 0.8)))[::-1], abs=1e-4)
    assert [note.kind for note in found.notes] == ["alpha"]
    pixels[..., 3] = 255
    assert sl.classify(pixels, model=model).notes == ()


def test_other_sizes_are_brought_in_the_way_that_the_model_names():
    """Red between a blue frame above and below: a crop keeps the red only."""
    pixels = np.zeros((32, 16, 3), np.uint8)
    pixels[..., 2] = 255
    pixels[8:24] = 255, 0, 0
    crop = sl.classify(pixels, model=colour_classifier(fit="crop"))
    assert crop.probabilities[0] == pytest.approx(posterior((1, 0, 0))[0], abs=1e-4)
    (note,) = crop.notes
    assert note.text == "is 32x16: its largest central part of the model's shape was scaled to 8x8"
    stretch = sl.classify(pixels, model=colour_classifier(fit="stretch"))
    small = np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.BILINEAR))
    expected = sl.classify(small, model=colour_classifier())
    assert stretch.classes == expected.classes
    # Pillow's result is rounded to 8 bits, and multiplied by 4 in the logits
    assert stretch.probabilities == pytest.approx(expected.probabilities, abs=4 / 255)
    assert stretch.probabilities[0] < crop.probabilities[0] - 0.1
    assert "stretched to the model's 8x8" in stretch.notes[0].text


def test_floats_that_are_no_picture_are_said(model):
    (note,) = sl.classify(flat((255.0, 0, 0), dtype=np.float64), model=model).notes
    assert note.text == (
        "has values from 0 to 255, but models were made for 0 to 1: "
        "divide pictures of 8 bits by 255"
    )


@pytest.mark.parametrize("bits", [8, 12, 14])
def test_samples_of_few_bits_in_sixteen_are_said(model, bits):
    x = flat((1, 0, 0.5), dtype=np.float64)
    stored = np.uint16(x * (2**bits - 1))
    factor = 2 ** (16 - bits)
    with pytest.warns(ResultWarning, match="the picture uses little of its range: none of its"):
        (note,) = sl.classify(stored, model=model).notes
    assert note.text.endswith(f"these are {bits}-bit samples, multiply them by {factor} first")
    found = sl.classify(stored * np.uint16(factor), model=model)
    assert found.notes == ()
    assert found.probabilities == pytest.approx(posterior((1, 0.5, 0)), abs=0.02)
    with pytest.warns(ResultWarning, match="no value is above 0.01, but models know 0 to 1"):
        sl.classify(x / 100, model=model)
    assert sl.classify(0 * stored, model=model).notes == ()  # black


def test_pictures_of_a_batch_are_told_by_number(model):
    batch = np.stack([flat(c, dtype=np.float64) for c in ((1, 0, 0), (0, 3, 0), (0, 0, -2))])
    with pytest.warns(ResultWarning) as said:
        sl.classify(batch, model=model)
    assert [str(one.message).partition(" has ")[0] for one in said] == [
        "picture 2 of 3",
        "picture 3 of 3",
    ]
    batch[2, 4, 4] = np.nan
    with pytest.raises(InputError, match="Picture 3 of 3 holds NaN"):
        sl.classify(batch, model=model)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (np.zeros((8, 8, 5), np.uint8), r"shape \(8, 8, 5\)"),
        (np.zeros((0, 8, 3), np.uint8), r"shape \(0, 8, 3\)"),
        (np.zeros(8, np.uint8), r"shape \(8,\)"),
        (np.full((8, 8), np.nan), "NaN or infinite"),
        (np.zeros((8, 8), np.int64), "int64"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "expected floats"),
        (torch.zeros(8, 8, 8), r"shape \(8, 8, 8\)"),
        (3, r"shape \(\): expected \(height, width"),
        ([1, 2], r"shape \(2,\): expected \(height, width"),
        ([["a"]], "entries; expected numbers"),
        ([[1, 2], [3]], "no table of numbers"),
        (None, "expected an array"),
    ],
)
def test_arrays_that_cannot_be_used(model, source, sentence):
    with pytest.raises(InputError, match=sentence):
        sl.classify(source, model=model)


def test_logits_that_are_not_finite_are_one_sentence(folder, model):
    with torch.no_grad():
        next(model.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="NaN or infinite for 1 of 1 pictures: look for such"):
        sl.classify(flat((1, 0, 0)), model=model)
    outcomes = list(classify_files([folder], model=model))
    assert all("logits are NaN or infinite" in outcome.error for outcome in outcomes)


def test_probabilities_in_the_place_of_logits_are_one_sentence(folder, model):
    probable = Classifier(torch.nn.Sequential(model, torch.nn.Softmax(1)), model.classes)
    sentence = "The model returns probabilities, and logits are expected.*leave its softmax out"
    with pytest.raises(InputError, match=sentence):
        sl.classify(flat((1, 0, 0)), model=probable)
    outcomes = list(classify_files([folder], model=probable))
    assert all("leave its softmax out" in outcome.error for outcome in outcomes)


@pytest.mark.parametrize(("count", "text"), [(1, "makes one logit z"), (3, "makes 3 logits")])
def test_another_number_of_logits_than_names_is_one_sentence(count, text):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, count))
    with pytest.raises(InputError, match=text):
        sl.classify(torch.rand(3, 2, 2), model=Classifier(network, ("a", "b")))


def test_a_denoiser_is_no_classifier(tmp_path):
    path = write_model(tmp_path / "denoiser.safetensors")
    with pytest.raises(InputError, match=r"classify takes a classifier: use it with scorelet"):
        sl.classify(flat((1, 0, 0)), model=path)


@pytest.mark.slow
def test_tables_hold_what_the_reports_say(folder, tmp_path, model):
    path = write_classifier(tmp_path / "model.safetensors", model)
    reports = {}
    for suffix in ("csv", "json", "parquet"):
        output = tmp_path / f"out.{suffix}"
        outcomes = list(classify_files([folder], output, model=path, k=2))
        reports[suffix] = [outcome.report for outcome in outcomes]
    assert json.loads((tmp_path / "out.json").read_text()) == reports["json"]
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["class_1"] for row in rows] == list(COLOURS)
    columns = parquet.read_table(tmp_path / "out.parquet").to_pydict()
    assert list(columns) == ["file", "class_1", "probability_1", "class_2", "probability_2"]
    for k, report in enumerate(reports["csv"]):
        first = report["pages"][0]["classes"][0]
        assert rows[k]["file"] == columns["file"][k] == report["input"]
        assert float(rows[k]["probability_1"]) == columns["probability_1"][k]
        assert columns["probability_1"][k] == first["probability"]


def test_outputs_are_refused_before_the_work(folder, tmp_path, model):
    (tmp_path / "out.csv").write_text("kept")
    for output, sentence in (("out.csv", "exists already"), ("out.xls", "unknown suffix")):
        with pytest.raises(InputError, match=sentence):
            list(classify_files([folder], tmp_path / output, model=model))
    list(classify_files([folder], tmp_path / "out.csv", model=model, overwrite=True))
    assert (tmp_path / "out.csv").read_text().startswith("file,class_1")


def test_every_picture_is_looked_at_whatever_it_is_called(model, tmp_path):
    """Nothing is written beside them: no name says a result, and no two results collide."""
    pixels = flat((1, 0, 0))
    names = ["a.png", "a_classified.png", "b.bmp", "b.png"]
    for name in names:
        write_png(tmp_path / "in" / name, pixels)
    said = []
    paths = [tmp_path / "in", tmp_path / "in/a.png"]  # one of them is named twice
    outcomes = list(classify_files(paths, model=model, say=said.append))
    assert [outcome.task.source.name for outcome in outcomes] == names
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert said == []


def test_a_suffix_in_capitals_means_the_same(model, folder, tmp_path):
    list(classify_files([folder], tmp_path / "out.JSON", model=model))
    assert len(json.loads((tmp_path / "out.JSON").read_text())) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_names_that_are_no_text_are_written_out_in_parquet(model, tmp_path):
    write_png(tmp_path / "in" / os.fsdecode(b"a\xff.png"), flat((1, 0, 0)))
    list(classify_files([tmp_path / "in"], tmp_path / "out.parquet", model=model))
    (name,) = parquet.read_table(tmp_path / "out.parquet").to_pydict()["file"]
    assert name.endswith("in/a\\udcff.png")


def test_of_a_batch_only_what_the_model_sees_is_kept(model, tmp_path, monkeypatch):
    """Sixty-four photographs as they are would take the memory of sixty-four photographs."""
    for number in range(3):
        write_png(tmp_path / f"in/{number}.png", flat((1, 0, 0), side=40))
    shapes, real = [], ReadyClassifier.logits_of_each

    def seen(self, images):
        shapes.extend(tuple(x.shape) for x in images)
        return real(self, images)

    monkeypatch.setattr(ReadyClassifier, "logits_of_each", seen)
    found = sl.classify(tmp_path / "in", model=model)
    assert shapes == [(1, 3, 8, 8)] * 3
    assert [f.shape for f in found] == [(40, 40)] * 3


def test_a_pillow_picture_is_upright_as_its_file_is(tmp_path):
    """The camera lay on its side: the upper half is red."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4] = 255, 0, 0
    exif = Image.Exif()
    exif[0x112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as picture:
        (page,), _ = pictures(picture)
    assert np.array_equal(page.pixels, read_picture(tmp_path / "a.png").pixels)
    assert page.pixels[:4, :, 0].min() == 255
    with Image.open(tmp_path / "a.png") as picture:
        picture.info["exif"] = b"Exif\0\0no such thing"
        assert sl.classify(picture, model=colour_classifier()).shape == (8, 8)


def test_values_far_from_0_to_1_are_the_fault_of_the_picture(model):
    """They made logits that are not finite, for which the model's file was blamed."""
    with pytest.raises(InputError, match="The picture has values from 1e\\+38 to 1e\\+38"):
        sl.classify(np.full((8, 8, 3), 1e38, np.float32), model=model)
