"""The recipe of classification-denoising networks: its numbers, from what was measured."""

import math

import numpy as np
import pytest
import torch

from scorelet.analysis.robustness import Attacked
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier, Denoiser, NetworkJointEnergy
from scorelet.networks.bf_cnn import BFCNN
from scorelet.networks.grad_res_net import GradResNet
from scorelet.networks.res_net import ResNet
from scorelet.networks.unet import UNet
from scorelet.plots.report import Picture, Table
from scorelet.recipes import find_recipe
from scorelet.recipes.hits import packed, unpacked
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.classification_denoising import (
    attack_figures,
    costs,
    figures,
    findings,
    measures,
)
from scorelet.recipes.subjects.classification_denoising.networks import (
    ALONE,
    BF_CNN,
    DENOISER,
    JOINT,
    LINEAR,
    NOISY,
    PLAIN,
    RESNET,
    Networks,
)
from scorelet.recipes.subjects.classification_denoising.settings import (
    SETTINGS,
    SIGMAS,
    Attacks,
)

RIGHT, WRONG = (packed(torch.full((10,), value).double()) for value in (1, 0))
HALF = packed((torch.arange(10) % 2).double())


def records(*hits):
    return [{"hits": [each] * 5, "nll": [0.1] * 5, "calibration": [0.0] * 5} for each in hits]


LABELS = {JOINT: records(RIGHT), NOISY: records(HALF), PLAIN: records(WRONG)}


def errors(marginal, conditional, apart):
    levels = len(SIGMAS)
    parts = {"marginal": marginal, "conditional": conditional, "apart": apart, "nll": 0.0}
    return {key: [[value] * 10] * levels for key, value in parts.items()}


def test_gains_are_differences_of_hits():
    found = findings.labels(LABELS)
    assert found["clean gain"].value == 100
    assert found["gain over noisy labels"].value == 50
    assert found[f"accuracy {NOISY}"].value == 50


def test_the_table_of_labels_shows_the_errors_of_its_rows():
    section = figures.labels_section(LABELS | {RESNET: records(HALF)})
    (table,) = (part for part in section.parts if isinstance(part, Table))
    assert {len(row) for row in table.rows} == {len(table.head)}
    found = {row[0]: row for row in table.rows if row[1] == "0"}
    place = table.head.index("standard error")
    assert found[RESNET][place - 1 : place + 1] == ("50", f"{100 * math.sqrt(0.25 / 9):.4g}")
    assert found[JOINT][place] == "0"


def test_decibels_of_a_factor():
    a, b = torch.full((1, 8), 0.02), torch.full((1, 8), 0.01)
    found = findings.decibels(a.double(), b.double())
    assert found.value == pytest.approx(10 * math.log10(2))
    assert found.error == pytest.approx(0, abs=1e-12)
    spread = torch.rand(1, 4000, generator=torch.Generator().manual_seed(0)).double() + 0.5
    noisy = findings.decibels(spread, torch.ones(1, 4000).double())
    expected = 10 / math.log(10) * float(spread.std() / spread.mean()) / math.sqrt(4000)
    assert noisy.error == pytest.approx(expected, rel=1e-6)


def test_denoisers_are_compared_where_they_are_worst():
    joint = errors(0.02, 0.018, 0.002)
    joint["marginal"] = [[0.02] * 10, [0.02] * 10, [0.02] * 10, [0.04] * 10]
    found = findings.denoising(
        {JOINT: [joint], DENOISER: [{"direct": [[0.02] * 10] * len(SIGMAS)}]}
    )
    assert found["worst denoising"].value == pytest.approx(-10 * math.log10(2))
    assert found["variance ratio"].value == pytest.approx(1)
    assert found["least worth"].value == pytest.approx(10 * math.log10(0.02 / 0.018))


def test_rows_of_denoising_are_in_decibels_of_each_network():
    """A factor of ten in the mean square is 10 dB."""
    found = {JOINT: [errors(0.02, 0.018, 0.002)]}
    found |= {
        name: [{"direct": [[value] * 10] * len(SIGMAS)}]
        for name, value in ((ALONE, 0.01), (DENOISER, 0.1), (BF_CNN, 0.001), (LINEAR, 0.0001))
    }
    row = figures.denoising_rows(found)[0]
    assert (row["alone"], row["direct"], row["bf_cnn"], row["linear"]) == (20, 10, 30, 40)
    assert (row["worth"], row["apart"]) == (pytest.approx(2000), pytest.approx(2000))


def test_information_of_denoisers_is_that_of_labels():
    # gaps of 3 σ² per picture tell 3 ln(σ₁/σ₀) nats
    levels = [0.1, 0.3, 0.9]
    gap = [[3 * s**2 / 12] * 10 for s in levels]
    zero = [[0.0] * 10] * 3
    told = 3 * math.log(9)
    nll = [[0.0] * 10, [1.0] * 10, [told] * 10]
    found = findings.information(
        [{"marginal": gap, "conditional": zero, "nll": nll}], levels, numbers=12
    )
    assert found["information ratio"].value == pytest.approx(1, rel=1e-9)
    assert found["information of labels"].value == pytest.approx(told)


def test_a_network_that_another_is_compared_with_has_learned():
    for claim in find_recipe("classification_denoising").setups["small"].claims:
        if "noisy labels" in claim.of:
            assert set(claim.given) == {f"accuracy {NOISY}"}


def test_every_claim_is_about_something_that_is_measured():
    settings = SETTINGS["small"]
    attacked = dict.fromkeys(settings.attacks.decisive, RIGHT)
    robust = {name: [attacked] for name in (JOINT, NOISY, PLAIN)}
    one = errors(0.02, 0.018, 0.002)
    measured = findings.labels(LABELS) | findings.attacks(robust)
    measured |= findings.denoising({JOINT: [one], DENOISER: [{"direct": one["marginal"]}]})
    measured |= findings.smoother([{"strong": [0.5, 0.6], "weak": [0.1, 0.2]}])
    levels = [0.1, 0.2, 0.3, 0.4]
    measured |= findings.information([one | {"nll": [[0.0] * 10] * 4}], levels, numbers=3)
    alone = {"mixture identity", "attack identity", "joint asymmetry", "direct asymmetry"}
    for scale, setup in find_recipe("classification_denoising").setups.items():
        for claim in setup.claims:
            assert {claim.of, *claim.given} <= set(measured) | alone, (scale, claim.name)


def test_networks_of_a_comparison_differ_in_what_they_learn_only(tmp_path):
    networks = Networks(SETTINGS["smoke"], Steps(tmp_path), seed=5)
    trees = {
        name: networks.config(name, 1, tmp_path / name).model_dump()
        for name in (JOINT, NOISY, PLAIN, ALONE)
    }
    for name, tree in trees.items():
        changed = {key for key in tree if tree[key] != trees[JOINT][key]}
        assert changed <= {"output", "lambda_dsm", "lambda_ce", "noise", "label_level"}, name
    assert trees[ALONE]["noise"] == trees[JOINT]["noise"]
    assert (trees[ALONE]["lambda_ce"], trees[ALONE]["lambda_dsm"]) == (0, 12)
    assert trees[JOINT]["seed"] == 6
    assert trees[NOISY]["label_level"] == trees[JOINT]["label_level"]
    assert trees[PLAIN]["noise"]["clean"] == 1  # so that it knows one level
    for name in (DENOISER, BF_CNN, RESNET):
        other = networks.config(name, 1, tmp_path / "other").model_dump()
        for key in ("data", "optimizer", "schedule", "steps", "batch", "seed", "precision"):
            assert other[key] == trees[JOINT][key], (name, key)


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["small", "paper"])
def test_networks_of_a_comparison_have_about_as_many_weights(scale):
    settings = SETTINGS[scale]
    with torch.device("meta"):
        own, *others = (
            GradResNet(width=settings.width),
            ResNet(width=settings.width, bias_free=False),
            UNet(3, width=settings.unet),
            BFCNN(3, width=settings.bf_cnn),
        )
    count = sum(p.numel() for p in own.parameters())
    for other in others:
        assert sum(p.numel() for p in other.parameters()) == pytest.approx(count, rel=0.2)


def test_a_classifier_is_told_no_level():
    """By one that labels by brightness: hits are those of the noisy pictures themselves."""

    class Bright(torch.nn.Module):
        def forward(self, y):
            bright = y.mean((1, 2, 3)) - 0.5
            return torch.stack([-bright, bright], 1)

    x = np.repeat(np.array([10, 200, 240], np.uint8), 64).reshape(3, 8, 8, 1)
    images = LabelledImages(x, np.array([0, 1, 0]), ("dark", "bright"))
    model = Classifier(Bright(), images.classes)
    found = measures.labelling(model, images, (0.0, 0.01))
    assert [unpacked(hits).tolist() for hits in found["hits"]] == [[1, 1, 0]] * 2


def test_the_linear_filter_is_that_of_wiener():
    """Errors of m + C (C + σ²)⁻¹ (y - m), with mean and covariance of the training pictures."""
    x = np.random.default_rng(0).integers(0, 256, (30, 2, 3, 3), np.uint8)
    images = LabelledImages(x, np.arange(30) % 2, ("a", "b"))
    (found,) = measures.linear(images.first(20), images, (0.3,))
    ((_, clean, noisy),) = measures.noisy(images, 0.3)
    flat = clean[:20].flatten(1).double()
    mean, law = flat.mean(0), torch.cov(flat.mT, correction=0)
    gain = law @ torch.linalg.inv(law + 0.3**2 * torch.eye(18, dtype=torch.float64))
    kept = mean + (noisy.flatten(1).double() - mean) @ gain.mT
    expected = (kept - clean.flatten(1)).square().mean(1)
    torch.testing.assert_close(torch.tensor(found).double(), expected, rtol=1e-4, atol=1e-7)


def test_hits_are_of_the_right_pictures_and_radii(monkeypatch):
    """By an attack that breaks a picture where its brightness is below the radius."""
    x = np.repeat(np.array([10, 40, 90, 200], np.uint8), 64).reshape(4, 8, 8, 1)
    joint = NetworkJointEnergy(GradResNet(channels=1, classes=2, width=1 / 8), ("a", "b")).eval()
    with torch.no_grad():
        found = joint.class_logits(torch.from_numpy(x / 255).float().permute(0, 3, 1, 2)).argmax(1)
    labels = found.numpy().copy()
    labels[2] = 1 - labels[2]  # the third is wrong before any attack
    shown, sources = [], []

    def by_brightness(network, x, labels, *, eps, name="pgd", setup, source=None):
        right = network(x).argmax(1) == labels
        shown.append((name, setup.norm, eps, len(x)))
        if name != "square":
            assert (setup.temperature, setup.step * setup.steps) == (1, 2.5)  # of the cross-entropy
        sources.append(source and source.joint)
        return Attacked(x, right & (x.mean((1, 2, 3)) < eps))

    monkeypatch.setattr(measures, "attack", by_brightness)
    images = LabelledImages(x, labels, ("a", "b"))
    attacks = Attacks(4, 3, 1, {"linf": (0.1, 0.2, 0.9)}, {"linf": 0.2}, apgd=7)
    hits = measures.robust(joint, images, attacks, 0)
    assert unpacked(hits["clean"]).tolist() == [1, 1, 0, 1]
    assert [unpacked(each).tolist() for each in hits["linf"]] == [
        *([0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]),
    ]
    assert [count for *_, count in shown] == [3, 2, 1]  # those that are not broken yet
    strong = measures.strongest(joint, images, attacks, 0)
    assert unpacked(strong["linf"]).tolist() == [0, 0, 0, 1]
    assert shown[-1] == ("apgd", "linf", 0.2, 4)
    assert measures.without_gradient(joint, images, attacks, 0) == strong
    other = NetworkJointEnergy(GradResNet(channels=1, classes=2, width=1 / 8), ("a", "b"))
    assert measures.transferred(joint, other, images, attacks, 0) == strong
    assert [name for name, *_ in shown[-2:]] == ["square", "transfer"]
    assert sources[-3:] == [None, None, other]


def test_costs_are_of_what_a_network_does():
    steps = {PLAIN: [0.2, 0.3], costs.LANGEVIN: [1.0, 1.5]}
    answered = {PLAIN: {"classify": [0.25, 0.5]}}
    plain, langevin = costs.rows(steps, answered, epoch=79)
    assert (plain["epoch"], plain["epoch_clock"]) == (15.8, 23.7)
    assert (plain["classify"], plain["classify_clock"], plain["denoise"]) == (0.25, 0.5, None)
    assert (plain["over"], langevin["over"], langevin["classify"]) == (1, 5, None)
    (table, _) = costs.section([plain, langevin], 20).parts
    assert [len(row) for row in table.rows] == [len(table.head)] * 2


def test_what_is_timed_is_what_a_network_can(tmp_path):
    networks = Networks(SETTINGS["smoke"], Steps(tmp_path), seed=0)
    joint = NetworkJointEnergy(GradResNet(channels=1, classes=6, width=1 / 8), "abcdef").eval()
    assert set(costs.answers(networks, joint)) == {"classify", "denoise"}
    joint.classifies = False
    assert set(costs.answers(networks, joint)) == {"denoise"}
    joint.classifies, joint.denoises = True, False
    found = costs.answers(networks, joint)
    assert set(found) == {"classify"}
    assert len(found["classify"]) == 2
    assert min(found["classify"]) > 0


def test_the_asymmetry_of_rotated_pairs_of_pixels_is_two():
    """J = -Jᵀ there; of a multiple of the image it is 0."""

    class Rotated(Denoiser):
        def _denoise(self, y, sigma, cond, label):
            return torch.stack([-y[..., 1::2], y[..., ::2]], -1).flatten(-2)

    class Half(Denoiser):
        def _denoise(self, y, sigma, cond, label):
            return y / 2

    images = LabelledImages(np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, int), ("a", "b"))
    assert measures.asymmetry(Rotated(), images, 0.1) == pytest.approx(2)
    assert measures.asymmetry(Half(), images, 0.1) == 0


@pytest.mark.parametrize("scale", ["small", "paper", "imagenet"])
def test_curves_are_of_all_radii_that_are_asked_for(scale):
    """L∞ 1, 2, 4 and 8 of 255, L2 0.25, 0.5 and 1; other attacks at those of claims."""
    settings = SETTINGS[scale].attacks
    own = {"clean": RIGHT} | {norm: [HALF] * len(radii) for norm, radii in settings.radii.items()}
    decisive = {name: [dict.fromkeys(settings.decisive, HALF)] for name in (JOINT, NOISY, PLAIN)}
    found = {name: [own] for name in decisive}, decisive, {"Square": decisive}, settings
    wanted = {("linf", round(k / 255, 6)) for k in (0, 1, 2, 4, 8)}
    wanted |= {("l2", eps) for eps in (0, 0.25, 0.5, 1)}
    rows = attack_figures.robust_rows(*found)
    for name in decisive:
        mine = [row for row in rows if row["network"] == name]
        assert {(r["norm"], r["eps"]) for r in mine if r["attack"] == "PGD"} == wanted
        for attack in ("APGD-CE", "Square"):
            at = {(r["norm"], r["eps"]) for r in mine if r["attack"] == attack}
            assert at == {("linf", round(2 / 255, 6)), ("l2", 0.5)}
    drawn = [p for p in attack_figures.attacks_section(*found).parts if isinstance(p, Picture)]
    assert ["linf" in part.description for part in drawn] == [True, False]


def test_the_attack_that_is_explained_is_on_a_picture_with_its_label():
    """An attack leaves alone what is labelled wrong before."""
    right = torch.tensor([False, False, True, True])
    assert figures.first_right(right) == 2
    assert figures.first_right(~right | right) == 0
    assert figures.first_right(torch.zeros(3, dtype=torch.bool)) == 0


def test_masked_gradients_are_said():
    """Where an attack without the gradient breaks what APGD leaves."""
    settings = Attacks(10, 3, 1, {"l2": (0.5,)}, {"l2": 0.5})
    robust = {name: [{"clean": RIGHT, "l2": [HALF]}] for name in (JOINT, NOISY, PLAIN)}
    strongest = {JOINT: [{"l2": RIGHT}], NOISY: [{"l2": HALF}], PLAIN: [{"l2": WRONG}]}

    def said(square):
        others = {"Square": {name: [{"l2": square}] for name in strongest}}
        section = attack_figures.attacks_section(robust, strongest, others, settings)
        rows = attack_figures.robust_rows(robust, strongest, others, settings)
        assert {(row["network"], row["attack"]) for row in rows} == {
            (name, by) for name in strongest for by in ("PGD", "APGD-CE", "Square")
        }
        return section.parts[-1]

    assert said(RIGHT).kind == "note"
    warned = said(WRONG)
    assert warned.kind == "warning"
    assert f"{JOINT} by Square in l2" in warned.text  # of ten pictures, all
    assert PLAIN not in warned.text.replace(NOISY, "")
