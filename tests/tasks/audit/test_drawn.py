"""Samples that an audit draws: copies of training pictures among them."""

import pytest
import torch

import scorelet as sl
from scorelet.analysis.memorization import nearest, pair_cosines, wiener_filter
from smooth_pictures import floats


@pytest.mark.slow
def test_copies_among_samples_are_counted_and_shown_first(tmp_path):
    """Two filters of one law, of whose samples some are among the training pictures."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    models = [wiener_filter(x) for x in (a, b)]
    before = sl.audit(new, models=models, train=[a, b], samples=6)
    assert before.document["conclusion"] == (
        "The verdict is generalises: two networks that have no picture in common are the same "
        "function, and none of 12 samples is a copy of a training picture."
    )
    planted = torch.cat([a, before.shown[0]["first"][4:].clamp(0, 1)])  # the least near ones
    found = sl.audit(new, models=models, train=[planted, b], samples=6)
    (row,) = found.document["rows"]
    assert row["verdict"] == "memorises in part"
    assert [one["copies"] for one in row["each"]] == [2, 0]
    assert "2 of 12 samples are copies" in found.document["conclusion"]
    assert "2 of 12 samples are copies" in row["sentence"]
    shown = found.shown[0]
    assert pair_cosines(shown["first"][:2], shown["near_first"][:2]).min() > 0.98
    assert nearest(shown["first"][2:], planted).cosine.max() < 0.95
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for words in ("2 of 6, 0 of 6", "20 of 62 and 20 of 60", "20, drawn at random (seed 0)"):
        assert words in page
    given_as_others = torch.cat([b, planted[60:]])
    found = sl.audit(new, models=models, train=[a, given_as_others], samples=6).document
    assert [one["copies_of_other"] for one in found["rows"][0]["each"]] == [2, 0]
    (warning,) = [text for text in found["warnings"] if "in the order of the models" in text]
    assert warning.startswith("of training pictures of the second model the first knows some, too")
    assert "(2 samples are copies of some)" in warning
