"""Classifiers on labelled pictures: figures that can be counted by hand, classes by name."""

import json
import math
import shutil

import numpy as np
import pytest
import torch

from samples import colour_classifier, plain_colours, write_colours, write_png
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier, GaussianMixtureDenoiser
from scorelet.tasks.evaluate import classifiers, evaluate
from scorelet.tasks.evaluate.classifiers import numbered

SIDE = 6
GAIN = 2.0


@pytest.fixture
def classifier():
    """Logits are GAIN times the mean colour."""
    return colour_classifier(size=(SIDE, SIDE), gain=GAIN)


@pytest.fixture
def data(tmp_path):
    """Six pictures, of which one has the wrong label."""
    return write_colours(tmp_path / "data.npz", side=SIDE)


def test_figures_are_those_that_can_be_counted(classifier, data):
    result = evaluate(data, model=classifier)
    assert (result["pictures"], result["classes"]) == (6, ["red", "green", "blue"])
    assert result["confusion"] == [[2, 0, 0], [1, 1, 0], [0, 0, 2]]
    assert result["accuracy"] == pytest.approx(5 / 6)
    assert result["accuracy_error"] == pytest.approx(math.sqrt(5 / 6 / 6 / 6))
    right = math.log(1 + 2 * math.exp(-GAIN))  # -log of e^g / (e^g + 2)
    expected = (5 * right + right + GAIN) / 6
    assert result["negative_log_likelihood"] == pytest.approx(expected, rel=1e-6)  # float32
    rows = [(row["class"], row["pictures"], row["accuracy"]) for row in result["rows"]]
    assert rows == [("red", 2, 1.0), ("green", 2, 0.5), ("blue", 2, 1.0)]
    assert json.loads(json.dumps(result)) == result


def test_batches_are_told(classifier, data, monkeypatch):
    monkeypatch.setattr(classifiers, "BATCH", 4)
    told = []
    evaluate(data, model=classifier, progress=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]


def test_the_last_training_pictures_may_be_held_out(classifier, data):
    result = evaluate(data, model=classifier, hold_out=2)
    assert (result["pictures"], result["accuracy"]) == (2, 0.5)
    assert result["rows"][1] == {
        "class": "green",
        "pictures": 0,
        "accuracy": None,
        "accuracy_error": None,
    }
    assert evaluate(data, model=classifier, limit=5)["accuracy"] == 1
    with pytest.raises(InputError, match="4 of 4 pictures cannot be held out"):
        evaluate(data, model=classifier, hold_out=4)
    with pytest.raises(InputError, match="hold-out is 0"):
        evaluate(data, model=classifier, hold_out=0)


def test_classes_are_matched_by_name_not_by_number(classifier, tmp_path):
    """Folders are numbered in the order of names: blue, green, red."""
    for name, colour in zip(("red", "green", "blue"), 255 * np.eye(3), strict=True):
        for side in (4, 9):  # brought to the size that the model takes
            pixels = np.broadcast_to(colour, (side, side, 3)).astype(np.uint8)
            write_png(tmp_path / name / f"{side}.png", pixels)
    (tmp_path / "red" / "broken.png").write_text("broken")
    result = evaluate(tmp_path, model=classifier)
    assert (result["pictures"], result["accuracy"]) == (6, 1.0)
    assert result["confusion"] == [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
    assert result["warnings"][0].startswith("1 of 7 pictures was left out (red/broken.png)")
    (tmp_path / "blue").rename(tmp_path / "violet")
    with pytest.raises(InputError, match="have the classes green, red, violet, and the model"):
        evaluate(tmp_path, model=classifier)


@pytest.mark.parametrize(
    ("fit", "how"),
    [
        ("crop", "the largest central part of that shape was scaled"),
        ("stretch", "such pictures were stretched"),
    ],
)
def test_what_is_changed_of_pictures_in_folders_is_said(tmp_path, fit, how):
    classifier = colour_classifier(size=(SIDE, SIDE), fit=fit)
    for number, name in enumerate(classifier.classes):
        write_png(tmp_path / name / "a.png", plain_colours([number], SIDE + number)[0])
    write_png(tmp_path / "red" / "gray.png", np.full((SIDE, SIDE), 128, np.uint8))
    assert evaluate(tmp_path, model=classifier)["warnings"][-2:] == [
        f"2 of 4 pictures that were read are not of the model's 6x6, to which {how}",
        "1 of 4 pictures that were read is gray: the model saw each of these three times",
    ]


def test_a_folder_without_a_test_part_is_said_to_be_measured_whole(classifier, data, tmp_path):
    for number, name in enumerate(classifier.classes):
        for i in range(2):
            write_png(tmp_path / "train" / name / f"{i}.png", plain_colours([number], SIDE)[0])
    (warning,) = evaluate(tmp_path / "train", model=classifier)["warnings"]
    assert "no part test, so that all pictures are measured" in warning
    assert "give --hold-out N" in warning
    assert evaluate(tmp_path / "train", model=classifier, hold_out=3)["warnings"] == []
    assert evaluate(data, model=classifier)["warnings"] == []
    shutil.copytree(tmp_path / "train", tmp_path / "test")
    assert evaluate(tmp_path, model=classifier)["warnings"] == []


def test_a_limit_and_a_hold_out_of_folders_take_pictures_of_all_classes(classifier, tmp_path):
    for number, name in enumerate(classifier.classes):
        for i in range(4):
            write_png(tmp_path / name / f"{i}.png", plain_colours([number], SIDE)[0])
    for options in ({"limit": 6}, {"hold_out": 6}, {"hold_out": 6, "limit": 3}):
        rows = evaluate(tmp_path, model=classifier, **options)["rows"]
        assert [row["pictures"] for row in rows] == [options.get("limit", 6) // 3] * 3


def test_classes_without_names_are_matched_by_number(classifier, tmp_path):
    path = tmp_path / "bare.npz"
    np.savez(path, x_test=plain_colours([0, 1, 2], SIDE), y_test=np.arange(3))
    assert evaluate(path, model=classifier)["accuracy"] == 1
    np.savez(path, x_test=plain_colours([0, 1, 2], SIDE), y_test=np.arange(1, 4))
    with pytest.raises(InputError, match="have the classes 0, 1, 2, 3, and the model knows red"):
        evaluate(path, model=classifier)


def test_names_that_are_numbers_are_names():
    """Folders called 0 to 11 sort as 0, 1, 10, 11, 2: some of them must not be taken by place."""
    classes = tuple(sorted(str(number) for number in range(12)))
    few = LabelledImages(np.zeros((3, 4, 4, 3), np.uint8), np.arange(3), ("0", "1", "2"))
    assert [classes[label] for label in numbered(few, classes)] == ["0", "1", "2"]
    assert numbered(few, ("red", "green", "blue")).tolist() == [0, 1, 2]


def test_gray_pictures_are_shown_to_a_model_of_colours_as_gray(classifier, tmp_path):
    path = tmp_path / "gray.npz"
    np.savez(path, x_test=np.full((2, SIDE, SIDE), 128, np.uint8), y_test=np.array([0, 1]))
    result = evaluate(path, model=classifier)
    expected = pytest.approx(math.log(3), rel=1e-6)  # all logits are alike
    assert result["negative_log_likelihood"] == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigmas": [25.0]}, "sigma is for denoisers, and the model is a classifier"),
        ({"label": 1}, "label is for denoisers"),
        ({"channels": 1}, "channels is for denoisers"),
        ({"cond": "a.png"}, "cond is for denoisers"),
        ({"self_ensemble": True}, "self-ensemble is for denoisers"),
    ],
)
def test_options_of_denoisers_are_refused(classifier, data, options, words):
    with pytest.raises(InputError, match=words):
        evaluate(data, model=classifier, **options)


def test_a_denoiser_has_no_hold_out(tmp_path):
    write_png(tmp_path / "a.png", plain_colours([0], SIDE)[0])
    one = torch.ones(1)
    model = GaussianMixtureDenoiser(one, torch.zeros(1, 3, SIDE, SIDE), one)
    with pytest.raises(InputError, match="hold-out is for classifiers"):
        evaluate(tmp_path, model=model, hold_out=3)


def test_data_without_labels_are_one_sentence(classifier, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(ArrayFileError, match="has no array x_test: it holds x"):
        evaluate(tmp_path / "a.npz", model=classifier)


def test_logits_that_are_not_finite_are_no_figures(classifier, data):
    with torch.no_grad():
        classifier.network.head.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match="logits are NaN or infinite"):
        evaluate(data, model=classifier)


def test_probabilities_in_the_place_of_logits_are_no_figures(classifier, data):
    """Their softmax once more would be a likelihood that the model does not have."""
    made = torch.nn.Sequential(classifier, torch.nn.Softmax(1))
    with pytest.raises(InputError, match="leave its softmax out, or give the log"):
        evaluate(data, model=Classifier(made, classifier.classes))
    logs = torch.nn.Sequential(classifier, torch.nn.LogSoftmax(1))
    found = evaluate(data, model=Classifier(logs, classifier.classes), dtype="float32")
    plain = evaluate(data, model=classifier, dtype="float32")
    assert found["negative_log_likelihood"] == pytest.approx(plain["negative_log_likelihood"])


def test_a_model_that_draws_something_is_told_and_has_the_same_figures_again(classifier, data):
    class Drawing(torch.nn.Module):
        def forward(self, x):
            return classifier(torch.nn.functional.dropout(x, 0.5, training=True))

    drawing = Classifier(Drawing(), classifier.classes, size=classifier.size)
    state = torch.get_rng_state()
    found = [evaluate(data, model=drawing) for _ in range(2)]
    assert found[0] == found[1]
    assert torch.equal(torch.get_rng_state(), state)
    assert "two passes over one picture differ by up to" in found[0]["warnings"][-1]
    assert evaluate(data, model=classifier)["warnings"] == []
