"""Distances of the nearest pictures with another label: closed forms end to end, resume."""

import pytest
import torch

import scorelet as sl
from linear_classifiers import Linear, Masked, margins
from scorelet.tasks.robust import RobustSettings, Target, chunks, robustness
from scorelet.tasks.robust.words import distance_texts


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_distances_and_the_table_are_the_closed_form(data, norm):
    exact = margins(Linear(2), *data, norm)
    own = exact[exact > 0].sort().values
    eps = tuple(float(own[k : k + 2].mean()) for k in (5, 13))
    found = sl.robust(data, model=Linear(2), norm=norm, eps=eps, attack="fmn").document
    measured = found["distances"]["fmn"]
    assert measured["pictures"] == pytest.approx(exact.clamp(min=0).tolist(), rel=1e-3)
    assert measured["median"] == pytest.approx(float(own[9:11].mean()), rel=1e-3)
    # of 20 pictures the ranks (19 -+ 20^(1/2)) / 2 are 7.3 and 11.7
    assert measured["median_error"] == pytest.approx(float(own[12] - own[7]) / 2, rel=0.02)
    assert [row["accuracy"] for row in found["rows"]] == pytest.approx([20 / 24, 14 / 24, 6 / 24])
    assert found["steps"] == {"fmn": 100}
    assert found["warnings"] == []


@pytest.mark.slow
def test_what_withstands_has_no_distance(data):
    found = sl.robust(data, model=Masked(Linear(2)), eps=(0.1,), attack="fmn").document
    measured = found["distances"]["fmn"]
    assert (measured["median"], measured["median_error"]) == (None, None)
    assert set(measured["pictures"]) == {0, None}
    assert distance_texts(found) == [
        "fmn: median distance of another label unknown, as most pictures that are right withstand"
    ]


@pytest.mark.slow
def test_the_report_has_the_median_and_a_run_goes_on(data, tmp_path, monkeypatch):
    settings = RobustSettings(norm="l2", eps=(0.05,), attacks=("fmn",), steps=30)
    whole = robustness(data, Linear(2), settings).document
    target = Target(tmp_path / "r.html")
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            robustness(data, Linear(2), settings, target=target)
    real, names = chunks.attack, []

    def named(*args, **kwargs):
        names.append(kwargs["name"])
        return real(*args, **kwargs)

    monkeypatch.setattr(chunks, "attack", named)
    found = robustness(data, Linear(2), settings, target=Target(tmp_path / "r.html", resume=True))
    assert found.document == whole
    assert names == ["pgd"]  # the widest radius only
    assert f"{distance_texts(whole)[0]}." in (tmp_path / "r.html").read_text()


def test_nothing_right_has_no_median(data):
    x, _ = data
    wrong = 1 - Linear(2)(x).detach().argmax(1)
    found = sl.robust((x, wrong), model=Linear(2), eps=(0.1,), attack="fmn").document
    assert found["distances"]["fmn"]["median"] is None
    assert torch.tensor(found["distances"]["fmn"]["pictures"]).eq(0).all()
