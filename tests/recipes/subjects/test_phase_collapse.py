"""Phase collapse: laws of the textures, what is compared with what, folders of ImageNet's kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from samples import write_png
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier
from scorelet.networks import LearnedScattering
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.recipes import find_recipe
from scorelet.recipes.claims import Measured
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.phase_collapse import RECIPE, _of_textures, learning
from scorelet.recipes.subjects.phase_collapse.comparisons import (
    FROZEN,
    FULL,
    LINEAR,
    PLAIN,
    contrasts,
)
from scorelet.recipes.subjects.phase_collapse.settings import KEPT, SETTINGS, Textures
from scorelet.recipes.subjects.phase_collapse.textures import (
    FUNCTIONS,
    rectified,
    separate,
    two_textures,
)
from scorelet.recipes.trainings import Trainings


def test_textures_differ_in_direction_only():
    x, y = two_textures(4000, 16, 0)
    power = torch.fft.fft2(x[:, 0]).abs().square()
    first, second = power[y == 0].mean(0), power[y == 1].mean(0)
    # rows turned into columns: the same law, within errors of 1/sqrt(2000)
    assert torch.allclose(first.T[1:, 1:] / second[1:, 1:], torch.tensor(1.0), atol=0.2)
    # along the axes the powers are (1 ± 0.6)/(|k| + 0.3)²
    assert float(first[0, 2] / second[0, 2]) == pytest.approx(4, rel=0.2)
    assert float(first[0, 1] / first[0, 3]) == pytest.approx((3.3 / 1.3) ** 2, rel=0.2)
    assert x.std() == pytest.approx(1, rel=0.05)


@pytest.mark.slow
def test_the_modulus_separates_what_phases_do_not():
    found = separate(Textures(train=600, test=200), seed=0)
    assert found["mod"]["accuracy"] > 95
    assert found["mod"]["corrected"] > 3
    for name in ("linear", "cst", "tanh", "ms", "mc", "pow"):
        assert found[name]["accuracy"] < 62  # chance, and 3.4 of its errors


def test_a_ratio_that_is_not_known_decides_nothing():
    """Too few pictures have no ratio without bias; that of one function must not be passed over."""
    row = {"accuracy": 50.0, "error": 1.0, "corrected": 0.01}
    found = dict.fromkeys(("linear", *KEPT, "mod", "relu"), row)
    claims = {claim.of: claim for claim in find_recipe("phase_collapse").setups["small"].claims}
    claim = claims["textures kept ratio"]
    assert claim.judge(_of_textures(found))["holds"]
    for name in ("linear", "pow"):
        line = claim.judge(_of_textures(found | {name: row | {"corrected": None}}))
        assert (line["measured"], line["holds"]) == (None, False)


def test_features_are_functions_of_the_coefficients():
    z = MorletConv2d(4)(torch.randn(2, 1, 8, 8, generator=generator(0)))[:, 0, 1:]
    assert torch.equal(rectified(z, "linear"), z)
    assert torch.allclose(rectified(z, "mod"), z.square().sum(2).sqrt(), atol=1e-5)
    assert rectified(z, "relu").shape == (2, 16, 4, 4)


def test_contrasts_are_of_the_networks_that_their_names_say():
    network = replace(SETTINGS["small"].network, kept=("cst", "mc"), depths=(2, 6))
    settings = replace(SETTINGS["small"], network=network)
    shares = {
        FULL: 0.9, PLAIN: 0.8, FROZEN: 0.6, LINEAR: 0.3,
        "cst with skip": 0.5, "mc with skip": 0.55, "cst without skip": 0.3, "depth 2": 0.7,
        "depth 6": 0.9, "ResNet relu": 0.8, "ResNet abs": 0.79, "ResNet soft": 0.6,
        "ResNet soft fixed": 0.5, "ResNet tanh": 0.7,
    }  # fmt: skip
    hits = {name: (torch.arange(100) < 100 * p).double()[None] for name, p in shares.items()}
    found = learning.compared(settings, hits)
    expected = {
        "skip gain": 10, "learned gain": 30, "collapse gain": 40, "collapse factor": 5,
        "collapse gain without skip": 50, "gap growth": 10, "kept against linear": 0,
        "smallest gain": 35, "depth 2 to 6": 20, "relu less abs": 1, "rectifiers": 9,
    }  # fmt: skip
    assert {name: round(found[name].value, 6) for name in expected} == expected


def table(*rows):
    """A row of layers for each seed; three parts, a tenth apart."""
    values = torch.tensor(rows, dtype=torch.float64)[:, None]
    return values * (1 + 0.1 * torch.tensor([-1.0, 0.0, 1.0]).double())[None, :, None]


def test_growth_is_a_quotient_with_an_error():
    found = learning.growths({"mod": table([0.1, 0.5]), "cst": table([0.1, 0.2])})
    assert found["growth mod"].value == pytest.approx(5)
    assert found["growth mod"].error == pytest.approx(0, abs=1e-12)  # the parts agree on it
    assert found["growth mod over cst"].value == pytest.approx(5 - 1.5 * 2)


def test_nothing_grows_from_chance():
    noise = torch.tensor([[[1e-3, 0.5], [-1e-3, 0.5], [4e-4, 0.5]]]).double()
    found = learning.growths({"mod": noise, "cst": table([0.1, 0.2])})
    claims = {claim.of: claim for claim in find_recipe("phase_collapse").setups["small"].claims}
    measured = found | {"cst with skip": Measured(50.0, 0.5)}
    for key in ("growth mod", "growth mod over cst"):
        line = claims[key].judge(measured)
        assert (line["measured"], line["holds"]) == (None, False)


@pytest.mark.slow
@pytest.mark.parametrize("factorize", [0, 1])
def test_features_are_those_of_the_network(factorize):
    network = replace(SETTINGS["small"].network, sizes=(4, 8, 8, 8), width=1.0, factorize=factorize)
    for depth in (1, 2, 3, 4):
        options = {"size": 16, "sizes": network.sizes[:depth], "factorize": factorize}
        built = LearnedScattering(**options).classify.in_features
        assert learning.features(network, depth) * 2 * 16**2 == built


@pytest.mark.slow
@pytest.mark.parametrize(("side", "pool"), [(16, "flatten"), (48, "mean")])
def test_positions_of_large_pictures_are_not_kept_apart(side, pool):
    """At 224 pixels with 1000 classes their means alone would take 281 GiB."""
    shape, rng = (24, side, side, 3), generator(0)
    pixels = torch.randint(0, 256, shape, generator=rng, dtype=torch.uint8).numpy()
    images = LabelledImages(pixels, np.arange(24) % 2, ("a", "b"))
    network = LearnedScattering(classes=2, size=side, sizes=(6,), factorize=None)
    found = learning.kinds(Classifier(network, ("a", "b"), size=(side, side)), images)
    assert found.pool == pool
    kinds = {kind.kind for layer in found.layers for kind in layer.kinds}
    assert kinds == {"low pass", "bands", "ρ(low pass)", "ρ(bands)"}


@pytest.mark.parametrize("scale", ["smoke", "small", "paper", "imagenet"])
def test_numbers_of_a_scale_are_those_that_are_stated(scale):
    settings = SETTINGS[scale]
    trainings = object.__new__(Trainings)
    trained = learning.scatterings(settings, trainings) | learning._residual(settings, trainings)
    hits = {name: (torch.arange(10) < 5).double()[None] for name in (*trained, LINEAR)}
    row = {"accuracy": 50.0, "error": 1.0, "corrected": 0.1}
    traces = dict.fromkeys(("mod", "cst") if settings.network.kept else ("mod",), table([0.1, 0.5]))
    found = {*hits, *learning.compared(settings, hits), *learning.growths(traces)}
    found |= {*_of_textures(dict.fromkeys(FUNCTIONS, row))}
    assert found | ({"wavelet speed"} if settings.speed else set()) == RECIPE.measures(settings)


@pytest.mark.parametrize("scale", ["smoke", "small", "paper", "imagenet"])
def test_controls_that_stay_at_chance_decide_nothing(scale):
    """Every contrast of networks has a control that has to have learned something."""
    setup = find_recipe("phase_collapse").setups[scale]
    chance = 100 / 6 if scale == "smoke" else 10.0 if scale != "imagenet" else 0.1
    all_contrasts = contrasts(setup.settings)
    for claim in setup.claims:
        if claim.of in {*all_contrasts, "smallest gain", "rectifiers", "collapse factor"}:
            assert claim.given
            measured = {claim.of: Measured(50.0, 0.1)}
            measured |= {name: Measured(chance, 0.5) for name in claim.given}
            line = claim.judge(measured)
            assert not line["holds"]
            assert "does not count" in line["note"] or claim.of == "kept against linear"


def test_bounds_of_contrasts_are_those_of_claims():
    """Where a bound is close further seeds are trained; so it is the bound that decides."""
    setup = find_recipe("phase_collapse").setups["small"]
    found = contrasts(setup.settings)
    grouped = {"smallest gain": "gain over cst", "rectifiers": "ResNet relu over tanh"}
    for claim in setup.claims:
        contrast = found.get(grouped.get(claim.of, claim.of))
        for bound in contrast.bounds if contrast else ():
            sides = [claim.criterion.holds(Measured(bound + step)) for step in (-1e-6, 1e-6)]
            assert sorted(sides) == [False, True]


@pytest.mark.slow
def test_a_folder_of_classes_goes_through_the_same_code(tmp_path, monkeypatch):
    """What the scale imagenet reads: folders train and test with a folder for each class."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 16), ("test", 40)):
        for k, name in enumerate(("cats", "dogs", "owls")):
            for number in range(count):
                pixels = rng.integers(0, 80 + 40 * k, (20 + 3 * k, 24, 3), dtype=np.uint8)
                write_png(tmp_path / "imagenet" / part / name / f"{number}.png", pixels)
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    paper = SETTINGS["imagenet"]
    small = replace(
        paper,
        textures=Textures(train=200, test=100, side=16),
        budget=replace(paper.budget, epochs=1, drop=1, batch=16, size=(16, 16)),
        network=replace(paper.network, sizes=(6, 6, 6), angles=4, depths=(3,)),
        residual=replace(
            paper.residual, blocks=(1,), widths=(4,), epochs=1, rectifiers=("relu", "tanh")
        ),
        speed=0,
    )
    findings = RECIPE.measure(small, 0, Steps(tmp_path / "steps"))
    assert findings.measured["mod with skip"].value >= 0
    assert len(findings.sections) == 6
    assert "imagenet: networks trained on all training images" in findings.data
