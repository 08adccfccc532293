"""The recipe rainbow: what it measures, on networks and weights whose answer is known."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import aligned_networks
from planted_weights import normal, orthogonal
from scorelet.analysis.alignment import (
    AlignedLayer,
    Alignment,
    Rotation,
    align,
    registered_layers,
)
from scorelet.analysis.alignment.layers import LinearLayer
from scorelet.analysis.weight_covariance import Spectrum, with_covariance
from scorelet.data.labelled import LabelledImages
from scorelet.networks import LearnedScattering, Perceptron
from scorelet.networks.gray_input import standard_luma
from scorelet.networks.rainbow import rainbow_scattering
from scorelet.plots.report import Text
from scorelet.recipes.claims import Measured
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.hits import packed, unpacked
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.rainbow import RECIPE, measures, published, scattering
from scorelet.recipes.subjects.rainbow.claims import claims
from scorelet.recipes.subjects.rainbow.kernels import kernel_errors
from scorelet.recipes.subjects.rainbow.measures import aligned_errors, fall
from scorelet.recipes.subjects.rainbow.networks import at, matrices, scattering_name
from scorelet.recipes.subjects.rainbow.settings import (
    SETTINGS,
    Family,
    Kernel,
    Residual,
    Settings,
    Tutorial,
)
from scorelet.recipes.subjects.rainbow.tutorial import least_rise
from scorelet.recipes.trainings import Budget, Trainings


def pictures(count=60, side=8):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return LabelledImages(x, np.arange(count, dtype=np.int64) % 4, tuple("abcd"))


def perceptron(seed=0):
    torch.manual_seed(seed)
    return Perceptron(3, 4, size=8, sizes=(24, 16)).eval()


def permuted(net, seed=1):
    """The same function: hidden neurons of both layers in another order."""
    other = copy.deepcopy(net)
    orders = [torch.randperm(n, generator=torch.Generator().manual_seed(seed)) for n in (24, 16)]
    first, second = (other.layers[k].weight for k in (1, 3))
    with torch.no_grad():
        first.copy_(first[orders[0]])
        second.copy_(second[orders[1]][:, orders[0]])
        other.classify.weight.copy_(other.classify.weight[:, orders[1]])
    return other


def test_e8_kernels_converge():
    found = kernel_errors(Kernel(widths=(64, 256, 1024), draws=4, parts=2), 0)
    constants = [e * w for e, w in zip(found["errors"], (64, 256, 1024), strict=True)]
    assert sum(constants) / 3 == pytest.approx(7.4, abs=1.5)
    assert all(-1.2 < slope < -0.8 for slope in found["slopes"])


def test_a_permuted_network_is_the_same_up_to_rotations():
    net, train = perceptron(), pictures(400)
    rows = measures.aligned_errors(net, permuted(net), train, pictures(50))
    assert [row["layer"] for row in rows] == ["layers.3", "classify"]
    for row in rows:
        assert row["error"] == pytest.approx(0, abs=1e-3)
        assert row["as they are"] < 0.9 < row["test"]
    other = measures.aligned_errors(net, perceptron(1), train, pictures(50))
    assert all(row["error"] > 0.1 for row in other)
    assert all(row["error"] == pytest.approx(2 - 2 * row["test"]) for row in other)


def test_what_is_kept_decides_what_is_lost():
    net, images = perceptron(), pictures()
    names, shares = ["layers.3"], (1.0, 0.05)
    whole, little = measures.low_rank(net, names, shares, images, images, 0)
    own = net(images.images(0, 60)).argmax(1) == torch.from_numpy(images.y)
    for kind in measures.BASES:
        assert torch.equal(unpacked(whole["hits"][kind]), own.double())
    assert (whole["rank"], little["rank"], little["inputs"]) == (24, 1, 24)
    covariance = measures.signal_covariances(net, images)["layers.3"]
    for kind in measures.BASES:
        kept = measures.basis(registered_layers(net)[1], kind, covariance, 1, 0)
        alone = measures.clipped_hits(net, {"layers.3": kept}, images)
        assert little["hits"][kind] == alone
    assert len(set(little["hits"].values())) == 3
    curve = measures.by_rank(net, "layers.3", (1, 16, 90), images)
    assert [row["rank"] for row in curve] == [1, 16]
    assert torch.equal(unpacked(curve[-1]["hits"]), own.double())


def test_clipped_together_they_are_as_one_by_one():
    torch.manual_seed(0)
    words = rainbow_scattering(3, 1 / 8, norm=False)
    net = LearnedScattering(**words, size=16, classes=4).eval()
    images = pictures(60, side=16)
    width = registered_layers(net)[1].rows().shape[1]
    bases = [torch.linalg.qr(normal(width, rank)).Q.float() for rank in (1, 4, width // 2)]
    together = measures.clipped_each(net, "blocks.1.project", bases, images)
    alone = [measures.clipped_hits(net, {"blocks.1.project": each}, images) for each in bases]
    assert together == alone
    assert len(set(together)) == 3
    assert measures.clipped_each(net, "blocks.1.project", [], images) == []


def test_signals_have_the_covariance_of_what_a_layer_reads():
    net, images = perceptron(), pictures()
    found = measures.signal_covariances(net, images)
    assert list(found) == ["layers.3", "classify"]
    with torch.no_grad():
        a = net.layers[:3](standard_luma(images.images(0, 60))).double()
    torch.testing.assert_close(found["layers.3"], a.mT @ a / len(a), rtol=1e-4, atol=1e-6)


def test_bases_are_orthonormal():
    layer = LinearLayer("layer", nn.Linear(20, 30).double())
    for kind in measures.BASES:
        found = measures.basis(layer, kind, normal(20, 20) @ normal(20, 20).mT, 5, 0)
        torch.testing.assert_close(found.mT @ found, torch.eye(5).double())


def test_weights_that_stay_do_not_move():
    net = perceptron()
    stretched = copy.deepcopy(net)
    with torch.no_grad():
        stretched.layers[3].weight.mul_(3)
    (row,) = measures.movements(net, stretched, ["layers.3"])
    assert row["amplification"] == pytest.approx([3] * 16, rel=1e-5)
    assert row["cosine"] == pytest.approx([1] * 16, rel=1e-5)


def alignments(draw, networks=6, neurons=120, inputs=60):
    """Layers of several networks whose weights are of one law, in the same coordinates."""
    layers = []
    for seed in range(networks):
        layer = nn.Linear(inputs, neurons).double()
        scale = LinearLayer("", layer).initial_variance() ** 0.5
        with torch.no_grad():
            layer.weight.copy_(scale * draw(normal(neurons, inputs, seed=seed + 1)))
        layers.append(LinearLayer("layer", layer))
    same = Rotation(torch.eye(inputs).double(), 1.0, 0.0, 10_000, inputs)
    return [Alignment((AlignedLayer(layers[0], other, same, 1),), 1) for other in layers[1:]]


@pytest.mark.slow
def test_gaussian_weights_are_whitened_by_the_covariance_of_the_others():
    law = Spectrum(torch.tensor([60.0, 30, 20, 10, 10, 8]).double(), orthogonal(60, 6), 120)
    (row,) = measures.gaussianity(alignments(lambda w: with_covariance(w, law)), ["layer"])
    assert row["before"] >= 0.1  # six of sixty
    assert row["after"] < 0.04
    assert row["learned"] == 6
    assert row["networks"] == 6
    assert set(row["p_values"]) == {"1", "10"}
    assert min(row["p_values"].values()) > 0.01


@pytest.mark.slow
def test_weights_that_are_not_gaussian_are_found():
    direction = orthogonal(60, 1)

    def draw(white):
        return white + 5 * (white @ direction).sign() @ direction.mT

    (row,) = measures.gaussianity(alignments(draw), ["layer"])
    assert row["p_values"]["1"] < 1e-3


def test_eigenvectors_are_matched_in_common_coordinates():
    turn, rows = orthogonal(20, seed=3), normal(30, 20) * torch.arange(20, 0, -1).double()
    layers = [nn.Linear(20, 30).double() for _ in range(2)]
    with torch.no_grad():
        layers[0].weight.copy_(rows)
        layers[1].weight.copy_(rows @ turn)
    own, other = (LinearLayer("layer", layer) for layer in layers)
    found = Alignment((AlignedLayer(own, other, Rotation(turn, 1.0, 0.0, 9, 20), 1),), 1)
    (row,) = measures.matched(found, ["layer"], 5)
    assert row["aligned"] == pytest.approx(1)
    assert row["as they are"] < 0.6


def test_covariances_are_compared_in_common_coordinates_and_units():
    """A planted law, rotated into half as many inputs: the rest of the reference's stays white."""
    narrow, wide, turn = 20, 40, orthogonal(40, 20, seed=3)
    law = torch.diag(torch.linspace(6, 1, narrow).double())
    deviations = [(1 / (3 * inputs)) ** 0.5 for inputs in (wide, narrow)]
    layers = [nn.Linear(wide, wide).double(), nn.Linear(narrow, narrow).double()]
    with torch.no_grad():
        root = turn @ law @ turn.mT + torch.eye(wide).double() - turn @ turn.mT
        layers[0].weight.copy_(deviations[0] * wide**0.5 * root)
        layers[1].weight.copy_(deviations[1] * narrow**0.5 * law)
    own, other = (LinearLayer("layer", layer) for layer in layers)
    rotation = Rotation(turn, 1.0, 0.0, 9, narrow)
    found = Alignment((AlignedLayer(own, other, rotation, 1),), 1)
    (row,) = measures.covariance_errors(found, ["layer"])
    assert row == {"layer": "layer", "error": pytest.approx(1 / 36)}  # 1 over 6²


def test_falls_of_covariances_are_those_of_every_matrix():
    rows = [
        {"covariances": [{"error": error} for error in errors]}
        for errors in ((0.7, 0.9), (0.5, 0.8), (0.4, 0.75))
    ]
    found = scattering.least_covariance_drop(rows)
    assert (found.value, found.note) == (pytest.approx(0.05), "4 falls")
    assert scattering.least_covariance_drop(rows[::-1]).value == pytest.approx(-0.2)
    assert math.isnan(scattering.least_covariance_drop(rows[:1]).value)


def test_drawn_networks_are_functions_of_the_seed():
    net, images = perceptron(), pictures()
    words = {"seed": 1, "refitted": False}
    one, again = (measures.drawn(net, images, images, **words) for _ in range(2))
    assert one == again
    assert one["refit"] == ""
    assert len(one["similarity"]) == 2


def test_falls_are_those_of_every_layer():
    rows = [
        {"layers": [{"error": error, "parts": [error]} for error in errors]}
        for errors in ((0.5, 0.9), (0.4, 0.7), (0.1, 0.65))
    ]
    assert scattering.least_drop(rows).value == pytest.approx(0.05)
    assert scattering.least_drop(rows[::-1]).value == pytest.approx(-0.3)


def seeds_found(before, p=(0.5,)):
    return {
        "signals": [{"test": 0.9, "as they are": 0.1}, {"test": 0.8, "as they are": 0.2}],
        "signals, untrained": [
            {"test": 0.7, "as they are": 0.2},
            {"test": 0.3, "as they are": 0.1},
        ],
        "eigenvectors": [{"aligned": 0.9, "as they are": 0.1}],
        "gaussianity": [
            {"before": b, "after": 0.05, "before_error": 0.02, "after_error": 0.01, "networks": 8}
            | {"p_values": dict(enumerate(p))}
            for b in before
        ],
    }


def test_what_was_outside_of_no_bulk_has_no_ratio():
    found = scattering._of_seeds(seeds_found((0.2, 0.1)))["outside ratio"]
    assert found.value == 0.5
    assert found.error == pytest.approx(0.5 * math.hypot(0.01 / 0.05, 0.02 / 0.1))
    nothing = scattering._of_seeds(seeds_found((0.2, 0.0)))["outside ratio"]
    assert math.isnan(nothing.value)
    assert "nothing was learned" in nothing.note
    found = scattering._of_seeds(seeds_found((0.2,), (0.9, 0.01, 0.95, 0.03, 0.99, 0.02)))
    assert found["median p"].value == pytest.approx((0.03 + 0.9) / 2)


def test_what_rotations_gain_is_compared_with_untrained_networks():
    found = scattering._of_seeds(seeds_found((0.2,)))
    assert found["signals over plain"].value == pytest.approx(0.6)
    assert found["signals over untrained"].value == pytest.approx(0.3)
    assert found["signals over untrained"].note == "untrained ones agree better by 0.20 to 0.50"


def test_what_thirty_directions_lose():
    trained = torch.ones(1, 40).double()
    rows = [{"rank": k, "hits": packed((torch.arange(40) < k).double())} for k in (20, 30)]
    assert scattering._of_curve(rows, trained).value == pytest.approx(25)
    assert math.isnan(scattering._of_curve(rows[:1], trained).value)
    assert scattering.KEPT in SETTINGS["small"].curve
    assert scattering.FEW in SETTINGS["small"].shares


def test_rises_have_the_error_of_both_widths():
    narrow = torch.tensor([[0.5, 0.6], [0.7, 0.6]]).double()
    wide = torch.tensor([[0.8, 0.9], [0.8, 0.9]]).double()
    found = least_rise(narrow, wide)
    assert found.value == pytest.approx(0.2)
    assert found.error == pytest.approx(0.1)  # of 0.5 and 0.7: 0.2/√2/√2


def test_falls_of_errors_have_the_error_of_their_pictures():
    """Parts are compared with the same parts, and layers averaged before."""
    narrow = [{"error": 0.5, "parts": [0.4, 0.6]}, {"error": 0.7, "parts": [0.6, 0.8]}]
    wide = [{"error": 0.3, "parts": [0.2, 0.4]}, {"error": 0.4, "parts": [0.4, 0.4]}]
    both = fall(narrow, wide)
    assert both.value == pytest.approx(0.25)
    assert both.error == pytest.approx(0.05)  # of 0.2 and 0.3: 0.1/√2/√2
    rows = [{"width": 1, "layers": narrow}, {"width": 2, "layers": wide}]
    least_of_both = scattering.least_drop(rows)
    assert least_of_both.value == pytest.approx(0.2)
    assert least_of_both.error == pytest.approx(0, abs=1e-12)
    assert least_of_both.note == "2 falls"
    unknown = {"error": math.nan, "parts": [math.nan] * 2}
    assert math.isnan(fall(narrow[:1], [unknown]).value)


def test_parts_of_pictures_make_up_the_errors():
    net, other = (aligned_networks.plain_net((4, 5), seed=seed).float() for seed in (0, 1))
    noise = 128 + 40 * aligned_networks.pictures(23).permute(0, 2, 3, 1)
    x = noise.clamp(0, 255).byte().numpy()
    images = LabelledImages(x, np.arange(23) % 2, ("a", "b"))
    rows = aligned_errors(net, other, images, images)
    found = align(net, other, images)
    for row, layer in zip(rows, found.layers[1:], strict=True):
        assert len(row["parts"]) == 5
        assert row["test"] == pytest.approx(layer.rotation.similarity, rel=1e-5)
        assert min(row["parts"]) < row["error"] < max(row["parts"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("least cosine", 1.0),
        ("signals over plain", 0.5),
        ("rank loss", 0.0),
        ("signals loss", 0.0),
        ("signals loss, few", 0.0),
        ("thirty loss", 0.0),
        ("eigenvectors as they are", 0.1),
        ("median p", 0.5),
        ("width drop", 0.1),
        ("covariance drop", 0.1),
        ("residual drop", 0.1),
        ("drawn rises", 1.0),
        ("perceptron clipped", 0.0),
        ("perceptron sampled, not aligned", 10.0),
    ],
)
def test_networks_that_learned_nothing_decide_nothing(name, value):
    (claim,) = [c for c in claims("small", SETTINGS["small"]) if c.of == name]
    chance = dict.fromkeys(claim.given, Measured(10.0, 0.3))
    assert not claim.judge(chance | {name: Measured(value)})["holds"]
    learned = dict.fromkeys(claim.given, Measured(60.0, 0.3))
    assert claim.judge(learned | {name: Measured(value)})["holds"]


def test_inner_matrices_of_scatterings():
    words = SETTINGS["paper"].law
    assert at(scattering_name(words), 0.5) == "scattering-7-0_5"
    assert scattering_name(SETTINGS["paper"].widths) == "scattering-7-skip-norm"
    net = LearnedScattering(size=16, sizes=(4, 6, 6, 8), factorize=0)
    assert matrices(net) == ["blocks.1.project", "blocks.2.project"]


def test_published_figures_stand_at_their_shares():
    assert published.clipped("blocks.2.project", 0.1) == ("64 of 640", "87.5", "86.8", "47.2")
    assert published.clipped("blocks.9.project", 0.1)[0] == "–"
    ranks = [[rank for rank, _ in rows] for rows in (published.BY_RANK, published.BY_RANK_50)]
    assert ranks[0] == ranks[1]
    assert set(SETTINGS["small"].curve) <= set(ranks[0])


TINY = Budget(DRAWN, 90, 40, epochs=1, batch=16, rate=0.01, drop=1, weight_decay=0.0, floor=0.0)


@pytest.mark.slow
def test_all_that_is_claimed_is_measured(tmp_path):
    """A run of everything, too short to hold anything."""
    settings = Settings(
        Kernel(widths=(32, 64), draws=2, parts=2),
        Tutorial(TINY, sizes=(12, 8), convolutions=(4, 4), widths=(0.5,), ranks=(3, 2), fitted=60),
        Family(TINY, 3, (1 / 32, 1 / 16), reference=1 / 8, fitted=60),
        Family(TINY, 3, (1 / 16,), seeds=2, fitted=60),
        Residual(TINY, (1, 1), (16, 32), (1 / 4, 1 / 2), fitted=60),
        deep=Family(TINY, 7, (1 / 32,), fitted=60),
        matched=2,
    )
    found = RECIPE.measure(settings, 0, Steps(tmp_path))
    for claim in claims("small", settings):
        assert {"holds", "measured"} <= claim.judge(found.measured).keys()
    assert len(found.sections) == 8
    rows = [[row["layer"] for row in found.tables[t]] for t in ("movements", "eigenvectors")]
    assert [len(names) for names in rows] == [6, 2]
    assert len({row["layer"] for row in found.tables["low_rank"]}) == 6
    told = [section.parts[0].text for section in found.sections[-4:-1]]
    hidden = [text.split(" hidden")[0].rsplit(" ", 1)[-1] for text in told]
    assert hidden == ["7", "7", "3"]
    texts = [part.text for part in found.sections[-3].parts if isinstance(part, Text)]
    assert "of 3 hidden layers" in texts[-1]
    assert "second matrix" in texts[-1]
    widths = [row["width"] for row in found.tables["scattering_widths"]]
    assert widths == [1 / 32, 1 / 16]
    for row in found.tables["scattering_widths"]:
        assert [each["layer"] for each in row["covariances"]] == [
            "blocks.1.project",
            "blocks.2.project",
        ]
        assert all(each["error"] > 0 for each in row["covariances"])
    (section,) = [each for each in found.sections if each.title == "Covariances of weights agree"]
    assert [type(part).__name__ for part in section.parts] == ["Text", "Picture", "Table", "Text"]
    assert "drawn textures" in found.data


def test_a_training_can_be_begun_again(tmp_path):
    trainings = Trainings(TINY, Steps(tmp_path), seed=3)
    trainings("net", "Perceptron", {"size": 16, "sizes": [4]})
    start, end = trainings.start("net"), trainings.model("net").network
    torch.manual_seed(3)
    again = Perceptron(1, 6, size=16, sizes=[4])
    assert torch.equal(start.classify.weight, again.classify.weight)
    assert not torch.equal(start.classify.weight, end.classify.weight)


def test_scales_differ_in_size_only():
    small, paper = (claims(scale, SETTINGS[scale]) for scale in ("small", "paper"))
    assert [claim.of for claim in small] == [claim.of for claim in paper]
    less = replace(SETTINGS["small"], tutorial=None, residual=None)
    assert len(claims("small", less)) < len(small)


def test_movement_and_ranks_are_of_seven_layers():
    for scale, width in (("small", 1 / 2), ("paper", 1.0)):
        settings = SETTINGS[scale]
        assert (settings.single.hidden, settings.single.main) == (7, width)
        deep = {claim.of for claim in claims(scale, settings) if "network trained" in claim.given}
        assert deep == {
            *("least cosine", "amplification", "rank loss", "over random basis"),
            *("signals loss", "signals loss, few"),
        }
    assert SETTINGS["smoke"].single == SETTINGS["smoke"].law


@pytest.mark.parametrize("other", ["law", "widths"])
def test_networks_of_one_depth_have_one_training(other):
    small = SETTINGS["small"]
    with pytest.raises(AssertionError, match="named by depth"):
        replace(small, deep=getattr(small, other))
