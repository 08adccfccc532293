"""The recipe harmonic_generalization: its controls are closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from samples import Pointwise
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.discs import Disc, Discs, render_disc
from scorelet.models import Denoiser
from scorelet.networks import UNet
from scorelet.recipes.claims import is_control
from scorelet.recipes.drawn_sets import drawn
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects import harmonic_generalization as recipe
from scorelet.recipes.subjects.harmonic_generalization import figures, geometry
from scorelet.recipes.subjects.harmonic_generalization.claims import claims
from scorelet.recipes.subjects.harmonic_generalization.eigenvectors import (
    basis_at,
    read_pictures,
)
from scorelet.recipes.subjects.harmonic_generalization.halves import load_halves
from scorelet.recipes.subjects.harmonic_generalization.miniature import KINDS, miniature
from scorelet.recipes.subjects.harmonic_generalization.settings import (
    SETTINGS,
    Manifold,
    Slopes,
    Twins,
)
from scorelet.tasks.audit import Network
from scorelet.tasks.audit.twins import picture_training
from scorelet.training.schedules import rate_factor

DISC = Disc(*(torch.tensor(v).double() for v in (11.3, 8.6, 4.2, 0.8, 0.3)))


class Projection(Denoiser):
    """The best denoiser of the multiples of one image: the projection on it."""

    blind = True

    def __init__(self, image):
        super().__init__()
        self.direction = image / image.norm()

    def _denoise(self, y, sigma, cond, label):
        return (y * self.direction).sum((1, 2, 3), keepdim=True) * self.direction


def test_the_miniature_is_the_table_of_closed_forms():
    rows = {(r["kind"], r["fields"]): r for r in miniature((10, 100), 0)}
    full, stationary = (rows[kind, 100] for kind in KINDS)
    assert full["variance"] == pytest.approx(0.13, abs=0.02)
    assert (full["test"], full["train"]) == pytest.approx((17.7, 19.5), abs=0.15)
    assert stationary["variance"] == pytest.approx(0.0009, rel=0.5)
    assert (stationary["test"], stationary["train"]) == pytest.approx((18.55, 18.5), abs=0.15)
    assert rows["full covariance", 10]["variance"] == pytest.approx(1.01, abs=0.3)


def test_the_projection_on_a_ray_is_what_the_page_says():
    """Slope 1, nothing below 10 log10 d, one eigenvalue of 1 whose vector is the image."""
    image = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    found = geometry._on_ray(Projection(image), image, 0)
    assert found["slope"] == pytest.approx(1, abs=0.1)  # 128 images: chance of their noise
    assert found["below"] == pytest.approx(0, abs=2)
    assert found["values"][0] == pytest.approx(1, abs=1e-4)
    assert abs(found["values"][1]) < 1e-4
    assert found["alignment"] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("factor", [1.0, 0.95])
def test_a_denoiser_that_knows_nothing_meets_no_claim_on_the_ray(factor):
    """Its slope is 1 and its eigenvalues are, too."""
    image = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    measured = recipe._of_ray(geometry._on_ray(Pointwise(lambda y: factor * y), image, 0))
    on_ray = [claim for claim in claims("small", SETTINGS["small"]) if claim.of.startswith("ray")]
    assert len(on_ray) == 4
    assert not any(claim.judge(measured)["holds"] for claim in on_ray)
    best = recipe._of_ray(geometry._on_ray(Projection(image), image, 0))
    assert [claim.of for claim in on_ray if claim.judge(best)["holds"]] == [
        *("ray slope", "ray alignment", "ray first"),
    ]


def twins_row(value, error, pair, own, others):
    """Of three samples by noise; the second twin's are 0.02 nearer to training pictures."""
    each = [
        {"nearest_cosines": [v + more for v in own], "others_cosines": [v + more for v in others]}
        for more in (0, 0.02)
    ]
    return {
        "variance": [{"value": value, "error": error}],
        "pair_cosines": [pair] * 3,
        "nearest_cosines": [v for one in each for v in one["nearest_cosines"]],
        "each": each,
        "lead": 1.0,
        "gap": 7.0,
        "gap_error": 0.5,
        "verdict": "",
    }


def test_errors_of_twins_are_those_of_their_parts():
    few = twins_row(0.3, 0.03, 0.5, [0.9, 0.95, 1.0], [0.6, 0.6, 0.6])
    many = twins_row(0.03, 0.006, 0.9, [0.7, 0.8, 0.9], [0.7, 0.8, 0.9])
    found = recipe.of_twins([few, many])
    assert found["variance ratio"].value == pytest.approx(10)
    assert found["variance ratio"].error == pytest.approx(10 * math.hypot(0.1, 0.2))
    assert found["nearest fall"].value == pytest.approx(0.96 - 0.81, abs=0.011)  # of even counts
    assert (found["pair of few"].value, found["pair of many"].value) == pytest.approx((0.5, 0.9))
    assert found["pair over nearest"].value == pytest.approx(0.9 - 0.81)
    assert found["pair over nearest"].error == pytest.approx(1.2533 * 0.1 / math.sqrt(3))
    assert found["own over others"].value == pytest.approx(0.35)
    assert found["own over others"].error == pytest.approx(1.2533 * 0.05 / math.sqrt(3))


def test_twins_that_copy_nothing_or_drew_nothing_meet_no_claim_on_copies():
    """Smooth samples are near to all pictures, few or many."""
    few = twins_row(0.3, 0.03, 0.5, [0.8, 0.9, 0.95], [0.8, 0.9, 0.95])
    many = twins_row(0.03, 0.006, 0.9, [0.7, 0.8, 0.85], [0.7, 0.8, 0.85])
    (claim,) = (c for c in claims("small", SETTINGS["small"]) if c.of == "own over others")
    assert not claim.judge(recipe.of_twins([few, many]))["holds"]
    for row in (few, many):
        row |= {"pair_cosines": None, "nearest_cosines": None}
        row["each"] = [{"nearest_cosines": None, "others_cosines": None}] * 2
    found = recipe.of_twins([few, many])
    assert all(math.isnan(found[k].value) for k in ("own over others", "pair over nearest"))


def test_eigenvectors_at_a_picture_are_kept_for_the_report(tmp_path):
    image = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    found = basis_at(Projection(image), image, 0, tmp_path / "e.npz")
    assert found["values"][:2] == pytest.approx([1, 0], abs=1e-5)
    assert len(found["values"]) == 144
    assert found["effective_dim"] == pytest.approx(1, abs=1e-4)
    pictures = read_pictures(tmp_path / "e.npz")
    assert pictures["vectors"].shape == (5, 12, 12, 1)  # of ranks up to 144
    direction = image[0, 0].numpy() / float(image.norm())
    assert abs(pictures["vectors"][0, ..., 0] * direction).sum() == pytest.approx(1, abs=1e-4)
    section = figures.eigenvectors_section(found, pictures)
    assert [type(part).__name__ for part in section.parts] == [
        "Text",
        "Picture",
        "Picture",
        "Table",
    ]
    assert len(figures.eigenvectors_section(found, read_pictures(tmp_path / "no")).parts) == 2


def test_published_curves_stand_beside_ours_at_the_same_level():
    """Ours are straight here: 2 dB for a dB from 10 on, so that 12 dB gives 34."""
    sigmas = [1.0, 0.1]
    row = {"size": 10, "psnr_train": {"mean": [10, 50]}, "psnr_held_out": {"mean": [5, 25]}}
    _, table = figures.published_curves([row, row | {"size": 5000}], sigmas).parts
    assert table.rows[0] == ("10", "training", "38.1", "49.0", "10.0", "34.0")
    assert table.rows[1] == ("10", "held out", "13.5", "14.1", "5.0", "17.0")
    assert table.rows[6] == ("5,000", "training", "–", "–", "10.0", "34.0")
    assert table.rows[-1] == ("10,000", "held out", "17.9", "20.7", "–", "–")


def test_tangents_are_finite_differences():
    side, step = 24, 1e-5
    basis = geometry.tangents(DISC, side)
    torch.testing.assert_close(basis.mT @ basis, torch.eye(5).double())
    for k in range(5):
        moved = [DISC._replace(**{DISC._fields[k]: DISC[k] + s * step}) for s in (1, -1)]
        difference = (render_disc(moved[0], side) - render_disc(moved[1], side)).flatten()
        direction = difference / difference.norm()
        assert float((basis.mT @ direction).norm()) == pytest.approx(1, abs=1e-6)


def test_principal_cosines():
    basis = geometry.tangents(DISC, 24)
    turned = torch.linalg.qr(torch.randn(5, 5).double()).Q
    assert geometry.principal_cosine((basis @ turned).mT, basis) == pytest.approx(1)
    other = basis.clone()
    other[:, 0] = torch.linalg.svd(basis, full_matrices=True)[0][:, 7]
    assert geometry.principal_cosine(other.mT, basis) == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_the_oracle_slope_of_a_power_law():
    """The page: c_k² = k^-(α+1), energy 6400 x 0.06, slopes over 0 to 45 dB."""
    k = torch.arange(1, 200_001).double()
    for alpha, expected in ((1, 0.499), (2, 0.662), (3, 0.741), (4, 0.788), (5, 0.818)):
        power = k ** -(alpha + 1.0)
        power *= 6400 * 0.06 / power.sum()
        decibels = np.arange(0, 46, 2.5)
        errors = [
            geometry.oracle_shrinkage(power.sqrt(), 10 ** (-d / 20)).error / 6400 for d in decibels
        ]
        found = geometry.psnr_slope(decibels, [-10 * math.log10(e) for e in errors], (0, 45))
        assert found.slope == pytest.approx(expected, abs=0.005)


def test_smoother_images_have_steeper_oracles():
    slopes = Slopes((1.0, 3.0), 0, 6, 16, Network())
    found = [geometry.oracle_slope(slopes, "c_alpha_regular", a, 0)["oracle"] for a in (1.0, 3.0)]
    assert 0.3 < found[0] < found[1] < 1
    assert geometry.window(2.0) == (0, 25)
    assert geometry.window(3.0) == (15, 40)


def test_drawn_halves_have_no_picture_in_common():
    twins = Twins("c_alpha_regular", 16, (4, 30), Network(), held_out=10)
    arrays, copies = load_halves(twins, 0)
    assert [len(arrays[name]) for name in ("first", "second", "held_out")] == [30, 30, 10]
    every = np.concatenate(list(arrays.values())).reshape(70, -1)
    assert len(np.unique(every, axis=0)) == 70
    assert copies >= 0
    assert drawn("discs", 2, 16, 0).shape == (2, 16, 16, 1)


def test_faces_of_both_halves_are_of_different_persons(tmp_path, monkeypatch):
    """They are read by the names of their parts, reduced exactly, and copies are left out."""
    rng = np.random.default_rng(0)
    parts = {
        name: rng.integers(0, 256, (count, 80, 80), dtype=np.uint8)
        for name, count in (("a", 12), ("b", 12), ("test", 5))
    }
    parts["b"][3] = parts["a"][2]
    np.savez(tmp_path / "faces80.npz", **parts)
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    twins = Twins("faces80", 40, (4, 11), Network(), held_out=4)
    arrays, copies = load_halves(twins, 0)
    assert copies == 1
    assert [len(arrays[name]) for name in ("first", "second", "held_out")] == [12, 11, 4]
    means = parts["a"].reshape(12, 40, 2, 40, 2).mean((2, 4))
    assert np.abs(arrays["first"][..., 0] - means).max() <= 0.5
    with pytest.raises(InputError, match="11 different faces"):
        load_halves(Twins("faces80", 40, (20,), Network(), held_out=4), 0)


def test_what_is_claimed_is_measured_at_each_scale():
    small = {claim.of for claim in claims("small", SETTINGS["small"])}
    smoke = {claim.of for claim in claims("smoke", SETTINGS["smoke"])}
    assert {f"slope {a}" for a in (1, 2, 3)} | {"disc cosine", "ray alignment"} <= small - smoke
    assert smoke <= small


def test_oracles_are_controls_that_stand_without_a_slope_of_networks():
    """At `smoke` no network learns these images, so that nothing is near anything "too"."""
    smoke = claims("smoke", SETTINGS["smoke"])
    oracles = [claim for claim in smoke if claim.of.startswith("oracle")]
    assert [claim.name.partition(" near ")[2] for claim in oracles] == [
        f"α/(α + 1) for α = {alpha}" for alpha in (1, 2, 3)
    ]
    assert not any(claim.of.startswith("slope") for claim in smoke)
    assert sum(is_control(claim.where) for claim in smoke) == 5


def test_paper_is_the_published_training():
    """The page: U-Net of 7.66 million weights, batches of 512, 1000 epochs, Adam, 1e-3 halved."""
    paper = SETTINGS["paper"]
    assert (paper.twins.side, paper.slopes.side) == (80, 80)
    assert paper.twins.sizes == (1, 10, 100, 1000, 10_000, 99_325)
    assert sum(p.numel() for p in UNet(**paper.twins.network.options).parameters()) == 7_659_264
    config = picture_training("x", Path("y"), paper.twins.network, seed=0)
    assert (config.steps, config.batch, config.sigma_weight) == (488_281, 512, 0)
    assert (config.optimizer.ema, config.optimizer.clip) == (0, None)
    assert config.optimizer.betas == (0.9, 0.999)
    rates = [rate_factor(step, config.steps, config.schedule) for step in (0, 48_900, 488_280)]
    assert rates == [1, 0.5, 2**-9]
    assert paper.slopes.network.steps == 390_625  # 10^5 images are seen twice in an epoch


def test_what_paper_claims_is_measured(tmp_path, monkeypatch):
    """Published slopes are of images of the printed algorithm; of the others there are oracles."""
    keys = {claim.of for claim in claims("paper", SETTINGS["paper"])}
    slopes = SETTINGS["paper"].slopes
    monkeypatch.setattr(recipe, "oracle_slope", lambda _s, law, alpha, _: row(law, alpha))
    monkeypatch.setattr(recipe, "network_slope", lambda *_: {"slope": 0.5})
    found = recipe._of_slopes(recipe._slopes(slopes, 0, Steps(tmp_path)))
    stated = recipe.RECIPE.measures(SETTINGS["paper"])
    for each in (keys, stated):
        assert {key for key in each if "slope" in key or "oracle" in key} == {*found, "ray slope"}
    seen = [{"within": 0.9, "cosine": 0.9, "values": [0.1] * 6}]
    assert recipe._of_discs(seen).keys() <= stated
    both = recipe._of_discs([*seen, {"within": 0.7, "cosine": 0.7, "values": [0.5] * 6}])
    assert both["disc cosine"].value == pytest.approx(0.8)
    assert both["disc cosine"].error == pytest.approx(0.1)
    assert both["disc cosine"].note.startswith("0.80 of")
    assert both["disc sixth"].value == pytest.approx(0.3)
    assert both["disc sixth"].note == "those before it: 0.30, 0.30, 0.30, 0.30, 0.30"
    assert "printed slope 5" in found
    small = {claim.of for claim in claims("small", SETTINGS["small"])}
    assert {key for key in small ^ keys if "slope" not in key} == {"oracle 5"}


def test_networks_of_small_learn_images_of_the_theory_and_of_the_printed_algorithm():
    """Beside each other, with the tolerance of the theory; `paper` is held to what is published."""
    small, paper = (
        {claim.of: claim for claim in claims(scale, SETTINGS[scale])}
        for scale in ("small", "paper")
    )
    for alpha, published in ((1, 0.46), (2, 0.61), (3, 0.75)):
        printed = small[f"printed slope {alpha}"]
        assert printed.published == published
        assert printed.criterion.text == f"{published:g} ± 0.12"
        assert small[f"slope {alpha}"].criterion.text == f"{alpha / (alpha + 1):.4g} ± 0.12"
        assert paper[printed.of].criterion.text == f"{published:g} ± 0.05"
        assert small[f"slope {alpha}"].name != printed.name


def test_claims_do_not_count_faces_that_were_left_out_as_copies():
    """Halves of `small` have 4,992 faces, not 5,000; what is drawn has as many as are asked for."""
    for scale, large in (("small", "about 5,000"), ("smoke", "400")):
        named = [
            c.name for c in claims(scale, SETTINGS[scale]) if "000" in c.name or "400" in c.name
        ]
        assert named
        assert all(large in name for name in named)


def row(law, alpha):
    return {"law": law, "alpha": alpha, "oracle": 0.5}


def test_paper_asks_for_its_faces(tmp_path, monkeypatch):
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    twins = SETTINGS["paper"].twins
    needed = r"celeba80\.npz under .*arrays a, b and test.*99,325 different faces in a and in b, 64"
    with pytest.raises(InputError, match=f"^There is no data 'celeba80' here.*: .*{needed}"):
        load_halves(twins, 0)
    rng = np.random.default_rng(0)
    parts = {k: rng.integers(0, 256, (n, 80, 80), dtype=np.uint8) for k, n in PARTS.items()}
    np.savez(tmp_path / "celeba80.npz", **parts)
    with pytest.raises(
        InputError, match=f"^celeba80 has 7 different faces in each half: .*{needed}"
    ):
        load_halves(twins, 0)
    small = Twins("celeba80", 80, (7,), Network(), held_out=3)
    arrays, _ = load_halves(small, 0)
    assert np.array_equal(arrays["second"][..., 0], parts["b"])


PARTS = {"a": 8, "b": 7, "test": 5}


class Tangent(Denoiser):
    """The best denoiser of discs for vanishing noise: the projection on their tangent space."""

    blind = True

    def __init__(self, basis):
        super().__init__()
        self.basis = basis.float()

    def _denoise(self, y, sigma, cond, label):
        return (y.flatten(1) @ self.basis @ self.basis.mT).reshape(y.shape)


def test_the_projection_on_the_tangent_space_of_a_disc_is_found():
    setup = Manifold(0, 16, Network(), looked=1)
    (clear,) = geometry.clear_discs(1, 16, 1)
    (found,) = geometry._at_discs(Tangent(geometry.tangents(clear, 16)), setup, 0)
    assert (found["cosine"], found["within"]) == pytest.approx((1, 1), abs=1e-4)
    assert found["values"][:5] == pytest.approx([1] * 5, abs=1e-4)
    assert found["values"][5] == pytest.approx(0, abs=1e-4)


def test_discs_that_are_looked_at_are_those_of_clear_contrast():
    drawn = list(zip(*Discs().discs(30, 16, 1), strict=True))
    clear = [Disc(*each) for each in drawn if abs(each[3] - each[4]) >= geometry.CONTRAST]
    assert 5 < len(clear) < 30
    assert geometry.clear_discs(5, 16, 1) == clear[:5]


def test_few_discs_are_listed_and_all_are_counted():
    row = {"radius": 3.0, "contrast": 0.5, "cosine": 0.9, "within": 0.95, "values": [1.0] * 6}
    rows = [row | {"radius": float(k)} for k in range(10)]
    text, table = recipe.figures.discs_section(rows).parts
    assert text.text.startswith("8 of the 10 discs")
    assert len(table.rows) == 8 + 1
    listed = recipe._listed(rows)
    assert [each["radius"] for each in listed] == [float(k) for k in range(8)]
    assert all("values" not in each for each in listed)
