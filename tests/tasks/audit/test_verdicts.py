"""Verdicts on models that are known: what they memorise, and what is open."""

import json

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import Answering, small_network
from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from scorelet.models import FiniteSetDenoiser, GaussianDenoiser, ResidualDenoiser
from scorelet.tasks.audit import AuditSettings, audit_models
from scorelet.tasks.picture_arrays import images_of, load_picture_array
from scorelet.zoo import save
from smooth_pictures import finite, floats, law_denoiser


@pytest.mark.slow
def test_models_that_answer_with_their_pictures_memorise(arrays, tmp_path):
    a, b, new = arrays
    found = sl.audit(new, models=[finite(a), finite(b)], train=[a, b], samples=6)
    (row,) = found.document["rows"]
    assert row["verdict"] == "memorises"
    assert row["gap"] > 6
    assert row["nearest"][0] == pytest.approx(1, abs=1e-3)
    assert row["pair"][1] < 0.9
    assert row["nearest_of_held_out"][1] < 0.9
    for each in row["each"]:  # the other's pictures are others
        assert len(each["others_cosines"]) == 6
        assert max(each["others_cosines"]) < 0.9 < min(each["nearest_cosines"])
    assert "by heart" in found.document["conclusion"]
    json.dumps(found.document, allow_nan=False)
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "20 of 20 and 20 of 20, drawn at random" in page
    assert page.count("data:image/png;base64") == 3  # curves, histograms, samples
    assert "memorises" in page
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "r.html")


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_each_of_two_models_has_a_gap_and_cosines(arrays, tmp_path, place):
    """One that answers with its pictures, and the best denoiser of their law."""
    a, b, new = arrays
    models = [law_denoiser() for _ in range(2)]
    models[place] = finite((a, b)[place])
    found = sl.audit(new, models=models, train=[a, b], samples=6, held_out=20)
    (row,) = found.document["rows"]
    knows, other = row["each"][place], row["each"][1 - place]
    assert row["verdict"] == "one memorises"
    assert (knows["by_gap"], other["by_gap"]) == ("memorises", "generalises")
    assert abs(other["gap"]) < 3 * other["gap_error"]
    assert min(knows["nearest_cosines"]) > 0.999
    assert max(other["nearest_cosines"]) < 0.95
    assert row["gap"] == pytest.approx((knows["gap"] + other["gap"]) / 2)
    known, rest = (("first", "second"), ("second", "first"))[place]
    assert found.document["conclusion"] == (
        f"The {known} network knows its training pictures by heart, the {rest} does not: 6 of 12 "
        f"samples are copies of training pictures ({_listed(6, place)}) and 20 of 40 training "
        f"pictures are known by heart ({_listed(20, place)})."
    )
    found.save(tmp_path / "r.html")
    assert f"{knows['gap']:.2f} ± " in (tmp_path / "r.html").read_text(encoding="utf-8")


def _listed(number, place):
    counts = (number, 0) if place == 0 else (0, number)
    return "{} of the first network's, {} of the second's".format(*counts)


@pytest.mark.slow
def test_one_law_for_both_generalises(arrays):
    """The best denoiser of the law of the pictures: no gap, no copies, the same samples."""
    a, b, new = arrays
    laws = [law_denoiser(), law_denoiser(0.1201)]
    found = sl.audit(new, models=laws, train=[a, b], samples=6, held_out=20)
    (row,) = found.document["rows"]
    assert max(level["value"] for level in row["variance"]) < 1e-5
    assert row["pair"] == [1, 1, 1] or min(row["pair"]) > 1 - 1e-6
    assert abs(row["gap"]) < 3 * row["gap_error"]
    assert row["verdict"] == "generalises"
    twice = sl.audit(new, models=[laws[0], law_denoiser()], train=[a, b], samples=6, held_out=20)
    assert twice.document["rows"][0]["verdict"] == "same function"
    assert twice.document["conclusion"].startswith("The two models are one and the same function")


@pytest.mark.slow
def test_denoisers_of_one_level_are_judged_there():
    """The best linear ones of noise 0.1: optimal, and behind at 0.3."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    filters = [wiener_filter(x) for x in (a, b)]
    models = [Answering(lambda y, f=f: f(y, 0.1)) for f in filters]
    usual = sl.audit(new, models=models, train=[a, b], samples=0).document
    assert usual["rows"][0]["fit_levels"] == [0.1]
    said = "at noise level 0.3 a linear filter does better, at 0.1 it does not"
    assert said in usual["conclusion"]
    told = sl.audit(new, models=models, train=[a, b], samples=2, sigmas=[0.1]).document
    assert told["rows"][0]["verdict"] == "generalises"
    assert told["sigmas"] == [0.1]
    assert len(told["rows"][0]["variance"]) == 1
    several = sl.audit(new, models=models, train=[a, b], samples=0, sigmas=[0.05, 0.1, 0.08])
    assert several.document["sigmas"] == [0.1, 0.08, 0.05]


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.005, 0.01, 1.0])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_to_do_nothing_is_not_to_generalise_at_any_level(sigma, share):
    """In weak noise the best linear filter gains little over the identity."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    models = [Answering(lambda y: 0.5 + share * (y - 0.5)) for _ in range(2)]
    found = sl.audit(new, models=models, train=[a, b], samples=2, sigmas=[sigma])
    assert found.document["rows"][0]["verdict"] == "undertrained"


@pytest.mark.slow
def test_what_is_open_of_networks_in_between():
    """Gaussian denoisers with the second moments of 100 pictures each, of 144 pixels."""
    a, b, new = (floats(n, seed=k) for k, n in enumerate((100, 100, 64)))
    models = [GaussianDenoiser(torch.full_like(x[0], 0.5).double(), _moment(x)) for x in (a, b)]
    found = sl.audit(new, models=models, train=[a, b], samples=4, sigmas=[0.1]).document
    (row,) = found["rows"]
    assert (row["verdict"], row["open"]) == ("in between", ["gap"])
    said = "they are one function; whether training pictures come back better is open, the gap is "
    assert said in found["conclusion"]


def _moment(x):
    rows = (x - 0.5).flatten(1).double()
    return rows.mT @ rows / len(rows)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_good_models_of_few_training_pictures_are_not_undertrained(arrays, tmp_path, count):
    """A filter of few pictures knows their spectra by heart."""
    for name in ("a", "b"):
        np.save(tmp_path / f"few_{name}.npy", np.load(tmp_path / f"{name}.npy")[:count])
    laws = [law_denoiser() for _ in range(2)]
    few = [tmp_path / f"few_{name}.npy" for name in ("a", "b")]
    (row,) = sl.audit(arrays[2], models=laws, train=few, samples=0).document["rows"]
    assert row["lead"] > -0.3  # in the mean it is positive: of 4 pictures 0.2 with a scatter of 0.2
    assert row["verdict"] != "undertrained"


def test_models_alone_say_whether_they_are_one_function(arrays, tmp_path):
    a, b, new = arrays
    files = []
    for k, path in enumerate((a, b)):
        files.append(tmp_path / f"{path.stem}.safetensors")
        save(ResidualDenoiser(small_network("bf-cnn", seed=k)), files[-1])
    document = sl.audit(new, models=files, samples=0).document
    (row,) = document["rows"]
    assert (row["gap"], row["nearest"], row["pair"]) == (None, None, None)
    assert document["models"] == [str(f) for f in files]
    assert "less than half of the strongest noise" in document["conclusion"]
    known = sl.audit(new, models=[finite(a), finite(b)], samples=0).document
    assert known["conclusion"].endswith("by heart is not known without training pictures.")
    assert known["rows"][0]["verdict"] == "not known"
    assert "different functions" in known["conclusion"]


def test_models_that_agree_may_know_the_same_pictures_by_heart(arrays, tmp_path):
    """Two denoisers of one finite set are one function, which has learned no density."""
    a, _, new = arrays
    found = sl.audit(new, models=[finite(a), finite(a)], samples=0)
    assert found.document["rows"][0]["variance"][0]["value"] == 0
    assert found.document["rows"][0]["verdict"] == "same function"
    assert "nearly the same function" in found.document["conclusion"]
    assert "by heart is not known" in found.document["conclusion"]
    assert "the same weights" in found.document["warnings"][0]
    found.save(tmp_path / "r.html")
    assert "same function" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_verdict_does_not_depend_on_the_order_of_pictures():
    """Each denoiser knows the last 5 of 40 pictures by heart; 8 of them are measured."""
    a, b, new = floats(40, seed=0), floats(40, seed=1), floats(20, seed=2)
    models = [FiniteSetDenoiser(x[-5:]) for x in (a, b)]
    found = [
        sl.audit(y, models=models, train=[f, g], samples=4, held_out=8).document
        for y, f, g in ((new, a, b), (new.flip(0), a.flip(0), b.flip(0)))
    ]
    assert found[0] == found[1]
    assert found[0]["training_pictures"] == [40, 40]
    (row,) = found[0]["rows"]
    assert row["gap"] > 1
    assert [one["measured"] for one in row["each"]] == [8, 8]
    assert [one["copies"] for one in row["each"]] == [4, 4]
    assert row["verdict"] in ("memorises", "memorises in part")


def test_a_verdict_needs_a_seed_only(arrays):
    """Everything is a function of the settings: twice the same document."""
    a, b, new = arrays
    settings = AuditSettings(samples=2, held_out=8)
    one, two = (audit_models(new, [finite(a), finite(b)], settings) for _ in range(2))
    assert one.document == two.document
    assert torch.equal(one.shown[0]["first"], two.shown[0]["first"])


@pytest.mark.slow
def test_models_that_both_know_both_sets_are_not_counted(arrays):
    """No picture stands out beside a model that knows it, too; samples are copies of either set."""
    a, b, new = arrays
    both = images_of(np.concatenate([load_picture_array(file) for file in (a, b)]))
    models = [FiniteSetDenoiser(both), FiniteSetDenoiser(both.clone())]
    found = sl.audit(new, models=models, train=[a, b], samples=6, held_out=20).document
    (row,) = found["rows"]
    assert row["verdict"] == "memorises"
    assert all(one["copies"] + one["copies_of_other"] == 6 for one in row["each"])
    assert [one["known"] for one in row["each"]] == [None, None]
    assert [one["held_out_are"] for one in row["each"]] == ["harder", "harder"]
    assert found["conclusion"].endswith("the networks know their training pictures by heart.")
    assert any("cannot be counted" in text for text in found["warnings"])
    assert sum("perhaps the training sets are not given" in w for w in found["warnings"]) == 2
