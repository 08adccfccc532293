"""Neural encodings: sets, seeds, what figures are made of, controls whose answer is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from planted_weights import normal, orthogonal, planted
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.networks import VGG, FactorizedVGG
from scorelet.networks.hermite_gaussian import hermite_gaussians
from scorelet.recipes import Measured, find_recipe
from scorelet.recipes.hits import packed, unpacked
from scorelet.recipes.subjects.neural_encodings import PAIRS, encodings, findings, sets, spatial
from scorelet.recipes.subjects.neural_encodings.controls import shuffled, shuffling
from scorelet.recipes.subjects.neural_encodings.learning import (
    CONTRASTS,
    FROZEN,
    JOINT,
    UNIVERSAL,
    Networks,
    compared,
    random_filters,
)
from scorelet.recipes.subjects.neural_encodings.settings import SETTINGS, Comparing
from scorelet.tasks.steps import Steps

SMOKE = SETTINGS["smoke"]


def labelled(count=40, classes=4, side=8):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, side, side, 1), dtype=np.uint8)
    return LabelledImages(x, np.arange(count) % classes, tuple("abcdefgh"[:classes]))


def test_classes_are_numbered_anew():
    images = labelled()
    found = sets.of_classes(images, range(2, 4))
    assert found.classes == ("c", "d")
    assert sorted(set(found.y.tolist())) == [0, 1]
    assert np.array_equal(found.x, images.x[images.y >= 2])
    assert np.array_equal(found.y, images.y[images.y >= 2] - 2)


def test_random_labels_are_the_labels_in_another_order():
    images = labelled()
    (a, test), (b, _), (again, _) = (
        sets.with_random_labels(images, 10, 0, number) for number in (0, 1, 0)
    )
    for found in (a, b):
        assert np.array_equal(found.x, images.x)
        assert np.array_equal(np.bincount(found.y), np.bincount(images.y))
        assert (found.y == images.y).mean() < 0.6
    assert (a.y == b.y).mean() < 0.6
    assert np.array_equal(a.y, again.y)
    assert np.array_equal(test.y, a.y[:10])  # what was learned is what is tested


@pytest.mark.slow
def test_sets_of_a_run_and_seeds_of_its_trainings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    budget = replace(SMOKE.budget, images=36, held_out=12)
    settings = replace(SMOKE, budget=budget, random=replace(SMOKE.random, images=18))
    networks = Networks(settings, Steps(tmp_path / "steps"), seed=0)
    found = {name: networks.on(name) for name in sets.NAMES}
    assert {name: len(each.train.classes) for name, each in found.items()} == {
        sets.ALL: 6, sets.FIRST: 3, sets.SECOND: 3, sets.PAIR: 2, sets.BESIDE: 6,
        sets.RANDOM_A: 6, sets.RANDOM_B: 6,
    }  # fmt: skip
    assert not set(found[sets.FIRST].train.classes) & set(found[sets.SECOND].train.classes)
    assert not np.array_equal(found[sets.ALL].train.x, found[sets.BESIDE].train.x)
    seeds = [each.seed + number for each in found.values() for number in range(3)]
    assert len(set(seeds)) == len(seeds)  # else two networks would begin as one
    assert found[sets.RANDOM_A].budget.epochs == settings.random.epochs
    written = load_labelled(tmp_path / "steps/set-two-classes.npz", part="test")
    assert len(written) == 4  # two of six classes of 12 pictures


def test_pictures_of_twice_the_side_are_reduced_by_means():
    pixels = np.kron(np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1), np.ones((1, 2, 2, 1)))
    images = LabelledImages(pixels.astype(np.uint8), np.zeros(1, np.int64), ("a", "b"))
    assert np.array_equal(sets._reduced(images, (8, 8)).x[0, ..., 0].ravel(), np.arange(64))
    with pytest.raises(sets.InputError, match="no whole multiple of 5 x 5"):
        sets._reduced(images, (5, 5))


def test_random_filters_are_orthonormal_and_smooth_ones_are_smooth():
    formula = hermite_gaussians(7).flatten(1)
    caught = {}
    for smooth in (True, False):
        found = [random_filters(5, 7, seed, smooth=smooth).flatten(1) for seed in range(4)]
        for f in found:
            torch.testing.assert_close(f @ f.mT, torch.eye(5).double())
        caught[smooth] = np.mean([float((f @ formula.mT).square().sum()) / 5 for f in found])
    assert caught[False] == pytest.approx(5 / 49, abs=0.06)  # five of 49 dimensions
    assert caught[True] > 2 * caught[False]


def shared_filters(vectors, seed):
    """A network all of whose layers have filters in the span of three patterns."""
    torch.manual_seed(seed)
    net = VGG(classes=2, kernel=5, stages=((6,), (24,), (24, 24)))
    for number, module in enumerate(m for m in net.modules() if isinstance(m, torch.nn.Conv2d)):
        shape = module.weight.shape
        parts = normal(*shape[:2], 3, seed=10 * seed + number) * torch.tensor([3.0, 2.0, 1.0])
        module.weight.data = (parts @ vectors.mT).reshape(shape).float()
    return net


def test_spatial_figures_of_planted_filters():
    vectors, others = orthogonal(25, 6, seed=3).split(3, 1)
    nets = {"all": (vectors, 1), "beside": (vectors, 2), "random-a": (others, 3)}
    rows = {k: spatial.spatial_rows(shared_filters(v, s), 5) for k, (v, s) in nets.items()}
    found = spatial.measured(rows, (2, 4))
    assert found["layers alike"].value == pytest.approx(1, abs=1e-4)
    assert found["data alike"].value == pytest.approx(1, abs=1e-4)
    assert found["labels alike"].value == pytest.approx(0, abs=1e-4)
    assert found["share of five"].value == pytest.approx(1, abs=1e-4)
    weight = 0.0
    for k, power in enumerate((9.0, 4.0, 1.0)):
        weight += power / 14 * float((hermite_gaussians(5).flatten(1) @ vectors[:, k]).norm() ** 2)
    above_chance = (weight - 5 / 25) / (1 - 5 / 25)
    assert found["share of the formula"].value == pytest.approx(above_chance, abs=0.05)
    assert [row["layer"] for row in rows["all"]] == [1, 2, 3, 4]


def test_filters_that_learned_nothing_are_not_those_of_the_formula():
    torch.manual_seed(0)
    rows = spatial.spatial_rows(VGG(classes=2, kernel=5, stages=((6,), (24,), (24, 24))), 5)
    assert all(abs(row["formula"]) < 0.5 for row in rows[1:])  # caught by chance: 5 of 25


def factorised(seed=0):
    torch.manual_seed(seed)
    return FactorizedVGG(1, 4, kernel=3, stages=((8,), (12, 12))).eval()


def test_a_shuffled_network_computes_the_same():
    net = factorised()
    other = shuffled(net, 0)
    x = torch.rand(3, 1, 12, 12)
    torch.testing.assert_close(other(x), net(x), rtol=1e-4, atol=1e-6)
    assert not torch.equal(other.stages[0][0][2].weight, net.stages[0][0][2].weight)


@pytest.mark.slow
def test_a_shuffled_network_is_found_again():
    net = factorised()
    direction = normal(1, 80, 1, 1, seed=4).float()
    weight = net.stages[1][0][2].weight
    weight.data += 3 * weight.std() * normal(12, 1, 1, 1).float() * direction  # something learned
    images = labelled(120, side=12)
    comparing = Comparing(120, 40, draws=2, settled=120, noise="init")
    assert shuffling(net, images, images, comparing, 0) > 0.999


def test_matched_directions():
    first = planted(1)
    assert encodings.matched(first, first) == pytest.approx(1)
    # two networks of one law: eigenvalues that are close mix their directions
    assert encodings.matched(first, planted(2)) == pytest.approx(0.7, abs=0.1)
    assert encodings.matched(first, planted(3, directions=1)) < 0.15
    nothing = replace(first, values=first.values[:0], vectors=first.vectors[:, :0])
    assert encodings.matched(first, nothing) is None


def rows_of(similarities, **more):
    row = {"bootstrap_sd": 0.03, "aligned": 0.7, "aligned_sd": 0.01, "unaligned": 0.1,
           "unaligned_sd": 0.01} | more  # fmt: skip
    return [row | {"layer": k + 1, "S_mean": s} for k, s in enumerate(similarities)]


def test_figures_of_pairs_are_of_the_layers_that_claims_name():
    found = {
        "seeds": rows_of([9, 0.8, 0.7, 0.9, 0.6, 0.5, 0.4, 0.3]),
        "disjoint classes": rows_of([9, 0.7, 0.6, 0.9, 0.6, 0.3, 0.2, 0.1]),
        "data sets": rows_of([9, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]),
        "true and random labels": rows_of([9, 9, 0.1, 0.2, 0.3, 9, 9, 9]),
        "random labels": rows_of([9, 9, 0.5, 0.6, 0.7, 9, 9, 9]),
    }
    assert set(found) == set(PAIRS)
    got = findings.of_encodings(found, (2, 4))
    expected = {
        "top aligned": 0.7, "top unaligned": 0.1, "least S seeds": 0.7, "S seeds falls": 0.5,
        "S halves near": -0.1, "S halves deep": 0.2, "S beside falls": 0.4, "S random": 0.2,
        "S random pair": 0.4,
    }  # fmt: skip
    assert {k: pytest.approx(m.value) for k, m in got.items()} == expected
    assert got["S random"].error == pytest.approx(0.03 / 3**0.5)


def test_a_layer_without_anything_learned_decides_nothing():
    found = dict.fromkeys(PAIRS, rows_of([0.5, None, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]))
    got = findings.of_encodings(found, (2, 4))
    claims = {claim.of: claim for claim in find_recipe("neural_encodings").setups["small"].claims}
    line = claims["least S seeds"].judge(got)
    assert (line["measured"], line["holds"]) == (None, False)
    assert "nothing above noise" in claims["S seeds falls"].judge(got)["note"]
    assert math.isfinite(got["S random"].value)


def test_layers_that_are_alike_are_told_whatever_layers_have_no_similarity():
    rows = rows_of([None, 0.6, 0.5, 0.4])
    assert findings.fallen(rows) == "in layers 2, 3"
    assert findings.fallen(rows[:2]) == "in layer 2"
    assert findings.fallen(rows_of([None, 0.4])) == "nowhere"


def row_of_hits(aligned, unaligned):
    hits = {"aligned_hits": aligned, "unaligned_hits": unaligned}
    return {name: packed(torch.tensor(each).double()) for name, each in hits.items()}


def test_exchanged_layers_are_compared_picture_by_picture():
    """Of the same pictures: one of four that differs is all the chance."""
    full, most, half, none = [1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]
    found = findings.of_transfer(
        {
            "seeds": [row_of_hits(full, none)] * 2 + [row_of_hits(full, most)],
            "data sets": [
                row_of_hits(full, none),
                row_of_hits(full, full),
                row_of_hits(half, none),
            ],
            findings.UNTRAINED: [row_of_hits(full, full), row_of_hits(most, none)] * 2,
        },
        (1, 2),
    )
    expected = {
        "seeds exchanged": 25, "seeds over untrained": 25, "transfer gain": 0,
        "transfer falls": 50, "transfer over untrained": 25,
    }  # fmt: skip
    assert {name: each.value for name, each in found.items()} == expected
    assert found["transfer gain"].error == 0
    one = 25.0  # 100 s / 2, s² = 1/4 of the differences 1, 0, 0, 0
    assert found["seeds exchanged"].error == pytest.approx(one)
    some = [row_of_hits(half, [1, 0, 0, 0])] * 3
    paired = findings.of_transfer(dict.fromkeys(("seeds", "data sets", "untrained"), some), (1, 2))
    assert paired["transfer over untrained"].error == 0  # the same hits: no chance at all
    assert paired["transfer gain"].error == pytest.approx(one)


def measured_of(scale):
    settings = SETTINGS[scale]
    depth = settings.depth
    pairs = dict.fromkeys(PAIRS, rows_of([0.5] * depth))
    hits = {name: (torch.arange(10) < 5).double()[None] for name in (JOINT, *FROZEN)}
    curve = [row_of_hits([1, 1, 0, 1], [0, 0, 0, 1])]
    ranks = [{"rank": 3.0, "rank_sd": 0.1}] * depth
    found = findings.of_encodings(pairs, settings.low) if depth > 3 else {}
    found |= findings.of_transfer(
        dict.fromkeys(("seeds", "data sets", findings.UNTRAINED), curve * (depth + 1)),
        settings.low,
    )
    found |= findings.of_ranks(ranks, ranks, settings.low) | compared(hits)
    names = ("same law", "other law", "shuffled", "clipped", "layers alike", "share of five",
             "share of the formula", "data alike", "labels alike")  # fmt: skip
    return found | dict.fromkeys(names, Measured(0.0))


@pytest.mark.parametrize("scale", ["smoke", "small", "paper"])
def test_claims_are_about_what_is_measured(scale):
    setup = find_recipe("neural_encodings").setups[scale]
    assert {claim.of for claim in setup.claims} <= set(measured_of(scale))
    trained = {JOINT, *FROZEN, f"{JOINT} random-a"}
    trained |= {f"{UNIVERSAL} {name}" for name in sets.NAMES}
    assert {name for claim in setup.claims for name in claim.given} <= trained


@pytest.mark.parametrize("name", ["clipped", "top unaligned", "S halves near"])
def test_networks_that_learned_nothing_decide_nothing(name):
    claims = {claim.of: claim for claim in find_recipe("neural_encodings").setups["small"].claims}
    none = {key: Measured(10.0, 0.5) for key in claims[name].given}
    assert not claims[name].judge(none | {name: Measured(0.0, 0.01)})["holds"]
    learned = dict.fromkeys(none, Measured(60.0, 0.5))
    assert claims[name].judge(learned | {name: Measured(0.0, 0.01)})["holds"]


def test_networks_that_learned_no_random_labels_decide_nothing():
    claims = {claim.of: claim for claim in find_recipe("neural_encodings").setups["small"].claims}
    measured = {"S random": Measured(0.1, 0.01)} | {
        f"{UNIVERSAL} random-{k}": Measured(10.0, 0.5) for k in "ab"
    }
    assert not claims["S random"].judge(measured)["holds"]
    learned = {key: Measured(90.0, 0.5) for key in measured if key != "S random"}
    assert claims["S random"].judge(measured | learned)["holds"]


def test_bounds_of_contrasts_are_those_of_claims():
    claims = {claim.of: claim for claim in find_recipe("neural_encodings").setups["small"].claims}
    for name, contrast in CONTRASTS.items():
        for bound in contrast.bounds:
            sides = [claims[name].criterion.holds(Measured(bound + e)) for e in (-1e-6, 1e-6)]
            assert sorted(sides) == [False, True]


@pytest.mark.slow
def test_clipping_and_exchange_of_layers_leave_the_networks_alone():
    net, other = factorised(), factorised(1)
    images = labelled(60, side=12)
    comparing = Comparing(60, 20, draws=2, settled=30, tested=30, noise="init")
    before = [p.clone() for p in (*net.parameters(), *other.parameters())]
    alignment = encodings.aligned((net, other), images, comparing)
    rows = encodings.transfer((net, other), alignment, images, images, comparing)
    assert [row["depth"] for row in rows] == [0, 1, 2, 3]
    assert rows[0]["aligned"] == rows[0]["unaligned"]
    for row in rows:
        assert 100 * float(unpacked(row["aligned_hits"]).mean()) == pytest.approx(row["aligned"])
    found = encodings.clipping(net, images, images, comparing)
    assert (found["rank"], found["neurons"]) == (0, 12)  # nothing is learned yet
    after = (*net.parameters(), *other.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
