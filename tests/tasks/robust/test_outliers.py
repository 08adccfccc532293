"""Outliers of ordinary classifiers: closed forms end to end, resume, pictures of files."""

import numpy as np
import pytest
import torch

import scorelet as sl
from linear_classifiers import Linear, pictures
from samples import ChannelMeans, plain_colours, write_png
from scorelet.analysis.robustness import logit_scores, separation
from scorelet.core.errors import InputError
from scorelet.models import Classifier
from scorelet.tasks.robust import RobustSettings, Target, chunks, robustness, work
from scorelet.tasks.robust.document import tables

OPTIONS = {"eps": (0.0,), "steps": 1}


@pytest.fixture
def data():
    x = pictures(24)
    return x, Linear(3)(x).detach().argmax(1)


@pytest.fixture
def others():
    x = pictures(15, seed=2, spread=0.03)
    return x, torch.zeros(15, dtype=torch.long)


def test_logits_tell_outliers_of_any_network(data, others):
    """Paler pictures have smaller logits: each row is what the scores of these logits say."""
    found = sl.robust(data, model=Linear(3), outliers=others, **OPTIONS).document["outliers"]
    assert (found["data"], found["pictures"]) == ("in memory", 15)
    usual, apart = (logit_scores(Linear(3)(x).detach()) for x, _ in (data, others))
    assert [row["score"] for row in found["rows"]] == list(usual)
    for row in found["rows"]:
        exact = separation(usual[row["score"]], apart[row["score"]])
        assert exact.auroc > 0.6
        assert row["auroc"] == pytest.approx(exact.auroc)
        assert row["auroc_error"] == pytest.approx(exact.auroc_error)
        assert row["fpr95"] == pytest.approx(exact.fpr95)
        assert row["fpr95_error"] == pytest.approx(exact.fpr95_error)
    assert "sigma" not in found


def test_the_report_has_the_table(data, others, tmp_path):
    found = sl.robust(data, model=Linear(3), outliers=others, **OPTIONS)
    found.save(tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    for row in found.document["outliers"]["rows"]:
        assert f"{row['auroc']:.3f} ± {row['auroc_error']:.3f}" in text
    assert "told from 15 outliers" in text


@pytest.mark.slow
def test_a_run_goes_on_among_its_outliers(data, others, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 8)
    settings = RobustSettings(**OPTIONS)
    whole = robustness(data, Linear(3), settings, outliers=others).document
    real, calls = chunks.scores, []

    def counted(*args, **kwargs):
        calls.append(kwargs["start"])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(chunks, "scores", counted)
    with pytest.raises(KeyboardInterrupt):
        robustness(data, Linear(3), settings, outliers=others, target=Target(tmp_path / "r.html"))
    target = Target(tmp_path / "r.html", resume=True)
    for wrong in (None, (others[0] ** 2, others[1])):
        with pytest.raises(InputError, match="another model, other pictures"):
            robustness(data, Linear(3), settings, outliers=wrong, target=target)
    found = robustness(data, Linear(3), settings, outliers=others, target=target)
    assert found.document == whole
    assert calls == [0, 8, 16, 0, 0, 8]  # three pieces of pictures, two of outliers, one twice
    assert tables(found.work, found.found)["outliers"]["pictures"] == 15


def test_outliers_of_files_get_the_size_of_a_classifier(tmp_path):
    for number, name in enumerate(("red", "green", "blue")):
        for k, pixels in enumerate(plain_colours([number] * 2, 8)):
            write_png(tmp_path / "set" / "test" / name / f"{k}.png", pixels)
    x = np.random.default_rng(0).integers(0, 256, (5, 12, 16, 3), np.uint8)
    np.savez(tmp_path / "others.npz", x_test=x, y_test=np.arange(5))
    write_png(tmp_path / "folder" / "a.png", x[0])
    model = Classifier(ChannelMeans(), ("red", "green", "blue"), size=(8, 8))
    for name, note in (
        ("others.npz", "of the outliers all are 12x16, and brought to 8x8"),
        ("folder", "of the outliers 1 of 1 picture that were read is not of the model's 8x8"),
    ):
        found = sl.robust(
            tmp_path / "set", model=model, outliers=tmp_path / name, **OPTIONS
        ).document
        assert [text.startswith(note) for text in found["warnings"]] == [True]
        assert found["outliers"]["data"] == str(tmp_path / name)
        assert found["outliers"]["pictures"] == (5 if name == "others.npz" else 1)


class Odd(Linear):
    def forward(self, x):
        logits = super().forward(x)
        return logits / (x.amax((1, 2, 3)) > 0.55)[:, None]


def test_outliers_without_finite_logits_are_refused(data):
    gray = torch.full_like(data[0], 0.5), data[1]
    with pytest.raises(InputError, match=r"outliers are told: .* NaN or infinite for 24 of 24"):
        sl.robust(data, model=Odd(3), outliers=gray, **OPTIONS)
