"""Separation and concentration: fixed features, mixtures, stability, and what claims are about."""

import numpy as np
import pytest
import torch

from scorelet.analysis.ridge import RidgeMoments
from scorelet.core.errors import ArrayFileError
from scorelet.core.random import generator
from scorelet.recipes import find_recipe
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import mean_of
from scorelet.recipes.subjects.separation_concentration import (
    RECIPE,
    _of_changes,
    _of_mixtures,
    _of_ratios,
    features,
    figures,
    learning,
    mixtures,
    stability,
    whole_set,
)
from scorelet.recipes.subjects.separation_concentration.comparisons import (
    BLOCKS,
    FRAMES,
    FREE,
    FUNCTIONS,
    contrasts,
    two_layers,
)
from scorelet.recipes.subjects.separation_concentration.features import (
    compare_features,
    difference,
    load_parts,
)
from scorelet.recipes.subjects.separation_concentration.settings import SETTINGS, Fixed

FIXED = Fixed((30,), 12, 18, J=2, L=2, engine="torch")


def test_parts_do_not_overlap():
    parts = load_parts("textures", FIXED, seed=0)
    sizes = [len(part.y) for part in (parts.train, parts.validation, parts.test)]
    assert sizes == [30, 12, 18]
    whole = torch.cat([p.x.flatten(1) for p in (parts.train, parts.validation, parts.test)])
    assert len(whole.unique(dim=0)) == 60


@pytest.mark.slow
def test_the_gain_is_a_difference_with_the_error_of_pairs():
    found = compare_features(load_parts("textures", FIXED, seed=0), 30, FIXED)
    (scattering, first), (pixels, second), (gain, both) = (
        found[name] for name in ("scattering", "pixels", "gain")
    )
    assert gain == pytest.approx(scattering - pixels)
    assert scattering > pixels
    assert 0 < both <= first + second + 1e-9
    assert difference(Measured(5, 3), Measured(1, 4)) == Measured(4, 5.0)


def test_rectifiers_separate_classes_of_equal_means():
    """T1: Fisher ratios of ±m + noise: 0 for what is odd, equal for |O x| and ReLU(±O x)."""
    found = mixtures.separation(4000, seed=0)
    ratio = {name: row["ratio"] for name, row in found.items()}
    assert ratio["x"] < 0.004  # the floor is 0.001
    assert ratio["soft threshold"] < 0.004
    assert ratio["ReLU(±O x)"] == pytest.approx(ratio["|O x|"], rel=0.05)
    assert 0.2 < ratio["|O x|"] < 0.5
    assert ratio["ReLU(±F x)"] > 2 * ratio["|O x|"]
    assert found["ReLU(±F x)"]["rank"] == mixtures.DIMENSION + mixtures.ATOMS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redundancy", "variance", "displaced"), [(1, 0.064, 0.19), (4, 0.10, 0.6)]
)
def test_thresholds_concentrate(redundancy, variance, displaced):
    """T2 and T3: in a redundant frame the mean pays for it."""
    found = mixtures.concentration(redundancy, seed=0)
    assert found["variance"] == pytest.approx(variance, abs=0.01)
    assert found["displaced"] == pytest.approx(displaced, abs=0.05)


@pytest.mark.slow
def test_a_head_on_every_image_learns_mirror_images_and_those_that_chose():
    """Two gratings and noise: the head is the one that is solved from all of them at once."""
    rng = generator(3)
    y = torch.arange(90) % 2
    wave = torch.sin(torch.arange(32) * torch.pi / 2)
    x = torch.where(y[:, None, None] == 0, wave, wave[:, None])[:, None] + torch.rand(
        90, 3, 32, 32, generator=rng
    )
    x = (60 * (x + 1)).to(torch.uint8)
    x[::3] = torch.randint(256, x[::3].shape, generator=rng, dtype=torch.uint8)
    parts = features.Parts(
        *(features.Part(x[a:b], y[a:b]) for a, b in ((0, 40), (40, 60), (60, 90)))
    )
    settings = Fixed((), 0, 0, J=3, L=2, engine="torch", outputs=5)
    found = whole_set.on_every_image(parts, settings, seed=0)
    seen = whole_set.Seen(settings, (3, 32, 32), 0)
    assert torch.allclose(seen.matrix @ seen.matrix.T, torch.eye(5), atol=1e-5)
    for kind in whole_set.KINDS:
        sums = RidgeMoments(seen.count(kind), 2)
        for part in (x[:60], x[:60].flip(-1)):
            sums.add(seen(part / 255)[kind], y[:60])
        right = [
            100 * float((head.classify(seen(x[60:] / 255)[kind]) == y[60:]).double().mean())
            for head in sums.solve(features.PENALTIES)
        ]
        assert found[kind][0] in right
        assert 60 < found[kind][0] < 100
        assert 60 < found[f"held out, {kind}"][0] < 100


def test_the_whole_set_is_read_in_its_order_and_what_is_missing_is_said(tmp_path):
    rng = generator(4)
    x = torch.randint(256, (9, 4, 5, 3), generator=rng, dtype=torch.uint8).numpy()
    y = (torch.arange(9) % 2).numpy()
    np.savez(tmp_path / "both.npz", x_train=x[:6], y_train=y[:6], x_test=x[6:], y_test=y[6:])
    parts = whole_set.load_whole(str(tmp_path / "both.npz"), 2)
    found = torch.cat([parts.train.x, parts.validation.x, parts.test.x])
    assert torch.equal(found, torch.from_numpy(x).movedim(3, 1))
    assert [len(part.y) for part in (parts.train, parts.validation, parts.test)] == [4, 2, 3]
    np.savez(tmp_path / "one.npz", x_train=x, y_train=y)
    with pytest.raises(ArrayFileError, match="has no array x_test"):
        whole_set.load_whole(str(tmp_path / "one.npz"), 2)


def test_accuracies_of_both_parts_reach_results_and_the_report():
    sizes, names = (30, 60), (*whole_set.KINDS, *(f"held out, {k}" for k in whole_set.KINDS))
    measured = {f"{n} {k}": Measured(50.0, 1.0) for n in ("pixels", "scattering") for k in sizes}
    whole = measured | {name: Measured(60.0 + n, 0.5) for n, name in enumerate(names)}
    rows = whole_set.whole_rows(whole)
    assert [(row["test"], row["held_out"]) for row in rows] == [(60, 62), (61, 63)]
    counts = [
        len(figures.accuracy_section(sizes, found, published=False).parts)
        for found in (measured, whole)
    ]
    assert counts == [2, 3]


def test_warps_are_shifts_where_the_displacement_is_whole():
    x = torch.randn(2, 1, 12, 12, generator=generator(0))
    nothing = torch.zeros(12, 12, dtype=torch.float64)
    moved = stability.warped(x, nothing + 2, nothing - 1)
    assert torch.allclose(moved[..., :-2, 1:], x[..., 2:, :-1], atol=1e-4)
    assert torch.allclose(stability.warped(x, nothing, nothing), x, atol=1e-5)


def test_changes_are_relative_to_the_coefficients():
    x = torch.randn(3, 1, 16, 16, generator=generator(1)).cumsum(2).cumsum(3)
    found = stability.instabilities(x, 0, L=2, engine="torch")
    assert list(found)[:3] == ["shift by 1", "shift by 2", "shift by 4"]
    assert len(found) == 9
    for pixels, *coefficients in found.values():
        assert 0 < pixels < 2
        assert all(0 < value < 1 for value in coefficients)
    assert _of_changes(found)["scale stability"].value > 0
    assert set(stability.ELSEWHERE) == set(found)
    exact = {name: list(row) for name, row in stability.ELSEWHERE.items()}
    assert _of_changes(exact)["warps elsewhere"].value == pytest.approx(0)
    off = exact | {"shift by 2": [0.582, 0.307, 0.202 * 1.3, 0.083]}
    assert _of_changes(off)["shifts elsewhere"].value == pytest.approx(30)
    assert _of_changes(off)["dilations elsewhere"].value == pytest.approx(0)


def test_energies_are_those_of_the_coefficients():
    """White noise: a Gaussian low pass of J octaves keeps less of it the larger J is."""
    x = torch.randn(20, 2, 16, 16, generator=generator(2))
    found = stability.energies(x, L=2, engine="torch")
    for row in found.values():
        assert sum(row[:3]) == pytest.approx(1)
        assert 0.1 < row[3] < 1  # the bank is a contraction, and its corners lose energy
    assert found["J=3"][0] < found["J=2"][0] / 2


@pytest.mark.parametrize("scale", ["smoke", "small", "paper", "imagenet"])
def test_numbers_of_a_scale_are_those_that_are_stated(scale):
    settings = SETTINGS[scale]
    names = {name for each in contrasts(settings).values() for name in each.names}
    found = {*learning.compared(settings, {n: torch.ones(1, 9).double() for n in names})}
    rows = {name: {"ratio": 1.0, "floor": 0.1} for name in mixtures.FEATURES}
    noise = {k: {"variance": 0.1, "displaced": 0.1} for k in (1, 4)}
    found |= {*_of_mixtures(rows, noise)}
    fixed = settings.fixed
    found |= {f"{n} {k}" for n in ("gain", "pixels", "scattering") for k in fixed.train}
    found |= {"fewer images"} if fixed.train else set()
    kinds = whole_set.KINDS if fixed.choosing else ()
    found |= {*kinds, *(f"held out, {kind}" for kind in kinds)}
    layers = torch.ones(1, 2, 2).double()
    frames = {FRAMES: layers} if settings.blocks.concentrated else {}
    found |= {*learning.of_profiles({BLOCKS: layers} | frames)}
    found |= {*learning.spreads({name: [[torch.ones(2)]] for name in (BLOCKS, FREE)})}
    found |= {*_of_ratios({FUNCTIONS[name]: layers for name in two_layers(settings)})}
    if settings.stable:
        found |= {*_of_changes({k: list(v) for k, v in stability.ELSEWHERE.items()})}
        found.add("energies elsewhere")
    assert found == RECIPE.measures(settings)


@pytest.mark.parametrize("scale", ["smoke", "small", "paper", "imagenet"])
def test_controls_that_stay_at_chance_decide_nothing(scale):
    setup = find_recipe("separation_concentration").setups[scale]
    for claim in setup.claims:
        if claim.of in contrasts(setup.settings) and claim.of != "tree":  # an accuracy
            assert claim.given
        for name in claim.given:
            learned = {key: Measured(90.0) for key in claim.given}
            at_chance = learned | {name: Measured(0.1), claim.of: Measured(0.5)}
            assert not claim.judge(at_chance)["holds"]


def test_bounds_of_contrasts_are_those_of_claims():
    setup = find_recipe("separation_concentration").setups["small"]
    found = contrasts(setup.settings)
    for claim in setup.claims:
        for bound in found[claim.of].bounds if claim.of in found else ():
            sides = [claim.criterion.holds(Measured(bound + step)) for step in (-1e-6, 1e-6)]
            assert sorted(sides) == [False, True]


def test_steps_and_gains_of_fisher_ratios_count_parts_and_seeds():
    blocks = torch.tensor([[[0.1, 0.2, 0.5], [0.1, 0.3, 0.5]]] * 2).double()
    frames = blocks[:1] + 0.2
    found = learning.of_profiles({BLOCKS: blocks, FRAMES: frames})
    assert found["smallest step"] == mean_of(blocks[..., 1] - blocks[..., 0])
    assert found["last ratio gain"].value == pytest.approx(0.2)


def test_spreads_are_those_of_the_seed_that_says_least():
    near, far = ([torch.tensor([x, 1.0]), torch.tensor([1.0, 1.0])] for x in (1.5, 4.0))
    found = learning.spreads({BLOCKS: [near, far], FREE: [far, near]})
    assert (found["spread with"].value, found["spread without"].value) == (4.0, 1.5)


def test_the_spread_is_the_largest_of_all_matrices():
    values = [torch.tensor([1.0, 0.5]), torch.tensor([3.0, 1.0])]
    assert learning.spread(values) == 3


def test_an_accuracy_from_more_images_than_the_budget_says_so():
    setup = find_recipe("separation_concentration").setups["small"]
    notes = {claim.of: claim.note for claim in setup.claims}
    assert notes["tree"] == f"{setup.settings.tree.images:,} training images"
    assert setup.settings.tree.images > setup.settings.budget.images
