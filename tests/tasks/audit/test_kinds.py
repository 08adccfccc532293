"""Two given models of different kinds of pictures, or beside one that has learned nothing."""

import pytest
import torch

import scorelet as sl
from samples import Answering
from scorelet.analysis.memorization import Pair, covariance_filter
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser, StationaryGaussianDenoiser
from scorelet.tasks.audit import AuditSettings
from scorelet.tasks.audit.measure import measure
from scorelet.tasks.audit.rows import HEAD, lines, with_error

SIDE = 16
FREQUENCY = SIDE * torch.fft.fftfreq(SIDE, dtype=torch.float64)
DOWN, RIGHT = torch.meshgrid(FREQUENCY, FREQUENCY, indexing="ij")


def law(power, spread=0.12):
    """The exact denoiser of stationary Gaussian pictures around 0.5."""
    return StationaryGaussianDenoiser(spread**2 * (power / power.mean())[None], mean=0.5)


def smooth(eta, spread=0.12):
    return law(torch.hypot(DOWN, RIGHT).clamp(min=1) ** -eta, spread)


def stripes(along, across):
    return law(torch.where(along.abs() < 0.5, 1.0, 1e-4) / (1 + across.abs()), 0.15)


ROUGH, SMOOTH, PALE = smooth(0.5), smooth(3.0), smooth(3.0, 0.01)
LYING, STANDING = stripes(RIGHT, DOWN), stripes(DOWN, RIGHT)


def drawn(of, seed, count=64):
    x = of.sample(count, rng=generator(seed))
    return x.clip(0, 1).float()


def identity():
    return Answering(lambda y: y + 0)


def audited(models, laws, held_out, **told):
    train = [drawn(each, seed) for seed, each in enumerate(laws, 1)]
    found = sl.audit(held_out, models=models, train=train, **({"samples": 8} | told)).document
    return found, found["rows"][0]


def test_a_network_that_knows_one_kind_does_not_know_pictures_by_heart():
    """Beside one that has learned nothing it is better on its kind than on held-out pictures."""
    found, row = audited([identity(), SMOOTH], [SMOOTH, SMOOTH], drawn(ROUGH, 3))
    assert row["verdict"] == "undertrained"
    assert [one["undertrained"] for one in row["each"]] == [True, False]
    assert "The first has not learned enough" in found["conclusion"]
    assert [one["known"] for one in row["each"]] == [None, None]
    assert [one["by_gap"] for one in row["each"]] == [None, None]


@pytest.mark.parametrize("mixed", [False, True])
def test_networks_of_two_kinds_do_not_know_pictures_by_heart(mixed):
    held_out = drawn(LYING, 3)
    if mixed:
        held_out[::2] = drawn(STANDING, 4)[::2]
    found, row = audited([LYING, STANDING], [LYING, STANDING], held_out)
    assert row["verdict"] == "not known"
    assert not any(one["known"] for one in row["each"])
    assert "those of the two models are of different kinds" in found["conclusion"]
    assert found["conclusion"].endswith("of one kind of pictures, with held-out ones of that kind.")


def test_a_fifth_of_pictures_of_a_kind_that_only_one_network_knows_are_not_known_by_heart():
    """The gaps are small; but linear filters would be counted, and know none by heart."""
    train = [drawn(SMOOTH, seed, 400) for seed in (1, 2)]
    train[0][::5] = drawn(LYING, 3, 80)
    found = sl.audit(
        drawn(SMOOTH, 4), models=[covariance_filter(x.double()) for x in train], train=train
    ).document
    (row,) = found["rows"]
    assert row["held_out_are"] == "harder"
    assert row["filter_gap"] < 1.5
    assert [one["known"] for one in row["each"]] == [None, 0]
    assert row["verdict"] in ("same function", "not known")


def test_networks_of_two_kinds_that_know_pictures_by_heart_are_found():
    laws = [LYING, STANDING]
    models = [FiniteSetDenoiser(drawn(each, seed)) for seed, each in enumerate(laws, 1)]
    found, row = audited(models, laws, drawn(LYING, 3))
    assert [one["known"] for one in row["each"]] == [64, None]
    assert [one["copies"] for one in row["each"]] == [8, 8]
    said = "The first network knows its training pictures by heart, the second does so, too: "
    assert found["conclusion"].startswith(said)


def test_a_network_that_has_learned_nothing_of_easy_pictures_is_given_in_order():
    """The other one brings these back far better than its own, which are hard."""
    found, row = audited([identity(), ROUGH], [PALE, ROUGH], drawn(ROUGH, 3), samples=0)
    assert row["verdict"] == "undertrained"
    assert row["each"][0]["undertrained"]
    assert not any("knows some, too" in text for text in found["warnings"])


@pytest.mark.parametrize("spread", [0.05, 0.02])
def test_easier_held_out_pictures_do_not_hide_what_both_know(spread):
    laws = [smooth(1.5), smooth(1.5)]
    both = torch.cat([drawn(each, seed, 12) for seed, each in enumerate(laws, 1)]).double()
    models = [covariance_filter(both), covariance_filter(both + 1e-3 * torch.rand(both.shape))]
    train = list(both.float().split(12))
    new = drawn(smooth(3.0, spread), 3)
    found = sl.audit(new, models=models, train=train, samples=8).document
    assert found["rows"][0]["verdict"] == "same function"
    (said,) = found["warnings"]
    assert "another kind than training pictures (easier)" in said


def test_the_gap_that_counts_is_in_the_document_and_in_the_table():
    """Easier held-out pictures hide it: the network has little of its own, and the rest counts."""
    train = [drawn(smooth(1.5), seed, 12) for seed in (1, 2)]
    models = [covariance_filter(each) for each in train]
    found = sl.audit(drawn(smooth(3.0, 0.02), 3), models=models, train=train, samples=0).document
    (row,) = found["rows"]
    assert row["verdict"] == "memorises"
    for one in row["each"]:
        assert one["gap"] < 2 < 6 < one["counted_gap"]
        assert one["counted_gap_error"] < 1
    (line,) = lines(found["rows"])
    counted = [with_error(o["counted_gap"], o["counted_gap_error"], 2) for o in row["each"]]
    assert line[HEAD.index("gap (dB)")] == ", ".join(counted)


def test_all_pictures_of_twins_are_of_one_kind():
    """Their gap is what it is, though held-out pictures seem to be harder."""
    a, b = drawn(SMOOTH, 1), drawn(SMOOTH, 2)
    pair = Pair(SMOOTH, smooth(3.0, 0.1201), a, b)
    row, _ = measure(pair, drawn(ROUGH, 3), AuditSettings(samples=0))
    assert row["held_out_are"] is None
    assert row["counted_gap"] == row["gap"] > 3
    assert [one["counted_gap"] for one in row["each"]] == [one["gap"] for one in row["each"]]
    assert [one["filter_gap"] for one in row["each"]] == [None, None]
