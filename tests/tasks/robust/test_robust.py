"""The verb robust: closed forms end to end, resume, warnings, certificates, bad input."""

import json
import random
import re
from dataclasses import asdict

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from classifiers import colour_classifier
from linear_classifiers import SHAPE, InPlace, Linear, Masked, margins, pictures
from samples import ChannelMeans, plain_colours, write_png
from scorelet.analysis.temperature import scaling
from scorelet.core.errors import InputError
from scorelet.models import Classifier
from scorelet.tasks.robust import RobustSettings, Target, robustness, work
from scorelet.tasks.robust import chunks as work_in_chunks
from scorelet.tasks.robust.report import examples, facts
from scorelet.tasks.robust.words import radius_text, scaling_text

EPS = (0.004, 0.012)


def rows_of(found, attack):
    return {row["eps"]: row for row in found.document["rows"] if row["attack"] == attack}


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_table_is_the_closed_form(data, norm):
    x, labels = data
    network = Linear(2)
    radii = margins(network, x, labels, norm)
    eps = tuple(float(radii.quantile(share)) for share in (0.4, 0.7))
    found = sl.robust(data, model=network, norm=norm, eps=eps, steps=20)
    assert [row["attack"] for row in found.document["rows"]] == ["none", "pgd", "pgd"]
    assert found.document["rows"][0]["accuracy"] == 20 / 24
    for radius, row in rows_of(found, "pgd").items():
        share = float((radii > radius).double().mean())
        assert row["accuracy"] == pytest.approx(share, abs=1 / 24 + 1e-9)
        assert row["accuracy_error"] == pytest.approx(
            (row["accuracy"] * (1 - row["accuracy"]) / 24) ** 0.5
        )
    assert found.document["warnings"] == []
    assert network.training  # the user's own network is left as it was
    assert network.weight.requires_grad


def test_radius_zero_changes_nothing_and_order_does_not_matter(data):
    x, labels = data
    one = sl.robust((x, labels.int()), model=Linear(2), eps=(0.012, 0.0, 0.004), steps=4)
    two = sl.robust(data, model=Linear(2), eps=(0.0, 0.004, 0.012), steps=4)
    assert one.document["rows"] == two.document["rows"]
    assert rows_of(one, "pgd")[0]["accuracy"] == one.document["accuracy"]


@pytest.mark.parametrize("others", [[], ["autoattack"]])
def test_a_masked_network_is_warned_of(data, others):
    """AutoAttack has a blind attack among its own: what it breaks says nothing of gradients."""
    found = sl.robust(
        data,
        model=Masked(Linear(2)),
        eps=(0.03,),
        attack=["pgd", "square", *others],
        steps=4,
        transfer_from=Linear(2),
        queries=100,
    )
    warnings = " ".join(found.document["warnings"])
    assert found.document["without_gradient"] == 1
    assert "gradient is zero or not finite at 24 of 24 pictures" in warnings
    assert "square, which does not follow the model's gradient" in warnings
    assert "transfer, which does not follow" in warnings
    assert rows_of(found, "all")[0.03]["accuracy"] < rows_of(found, "pgd")[0.03]["accuracy"]


@pytest.mark.parametrize(("attack", "advised"), [("pgd", True), (["pgd", "square"], False)])
def test_square_is_advised_where_it_is_not_among_the_attacks(data, attack, advised):
    options = {"eps": (0.001,), "attack": attack, "steps": 2, "queries": 2}
    said = sl.robust(data, model=Masked(Linear(2)), **options).document["warnings"][0]
    assert said.startswith("the gradient is zero or not finite at 24 of 24 pictures")
    assert said.endswith("; add the attack square") == advised


def test_accuracy_that_no_classifier_can_have_is_warned_of():
    class Staircase(Linear):
        """Whether the mean is above 1/2, with a gradient that is zero; noise does not move it."""

        def forward(self, x):
            high = (x.mean((1, 2, 3)) > 0.5).to(x.dtype)
            return torch.stack([-high, high], 1) + 0 * x.sum((1, 2, 3))[:, None]

    levels = torch.tensor([0.3, 0.7]).repeat(10)
    x = levels[:, None, None, None].expand(-1, *SHAPE).contiguous()
    found = sl.robust((x, (levels > 0.5).long()), model=Staircase(2), eps=(0.001,), steps=2)
    assert any("which no classifier can" in text for text in found.document["warnings"])


def run(data, output, *, resume=False, **options):
    settings = RobustSettings(**{"eps": EPS, "steps": 4, "attacks": ("pgd", "apgd"), **options})
    return robustness(data, Linear(2), settings, target=Target(output, resume))


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_table(data, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 8)
    whole = run(data, tmp_path / "whole.html").document
    real, calls = work_in_chunks.attack, []

    def failing(*words, **options):
        if len(calls) == 7:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*words, **options)

    monkeypatch.setattr(work_in_chunks, "attack", failing)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "cut.html")
    assert not (tmp_path / "cut.html").exists()
    with pytest.raises(InputError, match="go on with --resume"):
        run(data, tmp_path / "cut.html")
    with pytest.raises(InputError, match="another model, other pictures or other options"):
        run(data, tmp_path / "cut.html", resume=True, seed=1)
    again = []

    def counted(*words, **options):
        again.append(1)
        return real(*words, **options)

    monkeypatch.setattr(work_in_chunks, "attack", counted)
    assert run(data, tmp_path / "cut.html", resume=True).document == whole
    assert len(again) < 13  # 2 attacks, 3 chunks, 2 radii, and the widest radius
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.html", "whole.html"]


@pytest.mark.slow
def test_a_run_at_work_is_left_alone(data, tmp_path, monkeypatch):
    """Neither going on nor beginning anew takes the parts of a run that is at work."""
    real, said = work_in_chunks.attack, []

    def meanwhile(*words, **options):
        if not said:
            for more in ({}, {"resume": True}, {"overwrite": True}):
                with pytest.raises(InputError, match="Another scorelet job"):
                    robustness(
                        data,
                        Linear(2),
                        RobustSettings(eps=EPS, steps=4, attacks=("pgd", "apgd")),
                        target=Target(tmp_path / "a.html", **more),
                    )
                said.append(more)
        return real(*words, **options)

    monkeypatch.setattr(work_in_chunks, "attack", meanwhile)
    run(data, tmp_path / "a.html")
    assert len(said) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


@pytest.mark.slow
def test_a_damaged_part_is_computed_again(data, tmp_path, monkeypatch):
    whole = run(data, tmp_path / "a.html").document
    with monkeypatch.context() as patch:
        patch.setattr(work_in_chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(data, tmp_path / "b.html")
    part = tmp_path / ".b.html.parts" / "pgd-0000.safetensors"
    part.write_bytes(part.read_bytes()[:100])
    assert run(data, tmp_path / "b.html", resume=True).document == whole


class Scaled(Linear):
    """A linear classifier with a number that is none of its weights."""

    def __init__(self, scale):
        super().__init__(2)
        self.factor = scale

    def forward(self, x):
        return self.factor * super().forward(x)


@pytest.mark.slow
def test_parts_of_a_model_with_other_logits_are_not_taken(data, tmp_path, monkeypatch):
    """Weights are the same; the same within rounding is the same."""
    settings = RobustSettings(eps=EPS, steps=2)
    target, resumed = Target(tmp_path / "a.html"), Target(tmp_path / "a.html", resume=True)
    with monkeypatch.context() as patch:
        patch.setattr(work_in_chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            robustness(data, Scaled(1.0), settings, source=Scaled(1.0), target=target)
    for one, other in ((2.0, 1.0), (1.0, -1.0)):
        with pytest.raises(InputError, match="are those of a run with another model"):
            robustness(data, Scaled(one), settings, source=Scaled(other), target=resumed)
    found = robustness(data, Scaled(1.0001), settings, source=Scaled(1.0), target=resumed)
    plain = robustness(data, Scaled(1.0), settings, source=Scaled(1.0))
    assert found.document == plain.document


class Random(Linear):
    """A linear classifier of noisy pictures."""

    def noise(self, x):
        return torch.randn_like(x)

    def forward(self, x):
        return super().forward(x + 0.05 * self.noise(x))


class RandomOfNumpy(Random):
    """Its noise is of NumPy's global generator."""

    def noise(self, x):
        return torch.from_numpy(np.random.standard_normal(x.shape)).to(x)  # noqa: NPY002


class RandomOfPython(Random):
    """Its noise is of Python's global generator."""

    def noise(self, x):
        return torch.tensor([random.gauss(0, 1) for _ in range(x.numel())]).reshape(x.shape)


@pytest.mark.slow
def test_parts_of_a_random_model_are_gone_on_with(data, tmp_path, monkeypatch):
    settings = RobustSettings(eps=EPS, steps=2)
    with monkeypatch.context() as patch:
        patch.setattr(work_in_chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            robustness(data, Random(2), settings, target=Target(tmp_path / "a.html"))
    resumed = Target(tmp_path / "a.html", resume=True)
    found = robustness(data, Random(2), settings, target=resumed).document
    assert found == robustness(data, Random(2), settings).document


def states():
    """The states of torch and NumPy; checks of types draw from Python's generator."""
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist()  # noqa: NPY002


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Random, RandomOfNumpy, RandomOfPython])
def test_random_logits_are_said_and_follow_the_seed(data, kind):
    """Attacks find what one draw shows: global generators are seeded, and left as they were."""
    options = {"model": kind(2), "eps": EPS, "steps": 2, "attack": ["pgd", "square"]}
    one = sl.robust(data, queries=20, **options).document
    before = states()
    assert sl.robust(data, queries=20, **options).document == one
    assert states() == before
    assert one != sl.robust(data, queries=20, seed=1, **options).document
    assert one["warnings"][0].startswith("two passes over one picture differ by up to")


class Turning(nn.Module):
    """A linear classifier of pictures whose spectrum is turned by phases and back again."""

    def __init__(self):
        super().__init__()
        self.inner = Linear(2)
        angles = torch.linspace(-3, 3, 40).reshape(8, 5)
        self.phases = nn.Parameter(torch.polar(torch.ones(8, 5), angles))

    def forward(self, x):
        spectrum = torch.fft.rfft2(x) * self.phases * self.phases.conj()
        return self.inner(torch.fft.irfft2(spectrum, s=x.shape[2:]))


def test_complex_weights_stay_complex(data):
    found = sl.robust(data, model=Turning(), eps=EPS, steps=4).document
    plain = sl.robust(data, model=Linear(2), eps=EPS, steps=4).document
    assert found["rows"] == plain["rows"]


@pytest.mark.parametrize("attack", ["pgd", "apgd"])
def test_logits_that_are_surer_are_no_more_robust(data, attack):
    """A factor changes no label; the cross-entropy would have no gradient at the larger ones."""
    radii = margins(Linear(2), *data, "l2")
    eps = tuple(float(radii.quantile(share)) for share in (0.4, 0.7, 0.9))
    options = {"norm": "l2", "eps": eps, "steps": 10, "attack": attack}
    plain, *others = (
        sl.robust(data, model=Scaled(scale), **options).document for scale in (1, 6, 100, 1000)
    )
    assert plain["rows"][-1]["accuracy"] < 0.2
    assert plain["warnings"] == []
    for other in others:
        assert other["rows"] == plain["rows"]
        assert other["warnings"] == []


class Noted(Linear):
    """A linear classifier with state that is no dense tensor."""

    def __init__(self, classes):
        super().__init__(classes)
        self.register_buffer("mask", torch.eye(classes).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.mask, super().forward(x).T).T

    def get_extra_state(self):
        return {"version": 1}

    def set_extra_state(self, state):
        pass


def test_models_with_any_state_are_attacked_and_gone_on_with(data, tmp_path, monkeypatch):
    settings = RobustSettings(eps=EPS, steps=2)
    plain = robustness(data, Noted(2), settings).document
    with monkeypatch.context() as patch:
        patch.setattr(work_in_chunks, "_widest", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            robustness(data, Noted(2), settings, target=Target(tmp_path / "a.html"))
    resumed = Target(tmp_path / "a.html", resume=True)
    assert robustness(data, Noted(2), settings, target=resumed).document == plain


def test_numbers_of_numpy_are_those_of_a_document(data, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # it is stricter than we are
    options = {"limit": np.int64(10), "seed": np.int32(1), "steps": np.int64(2)}
    found = sl.robust(data, model=Linear(2), eps=[np.float64(0.01)], **options).document
    assert json.loads(json.dumps(found)) == found


def test_a_source_without_finite_logits_is_refused(data):
    with pytest.raises(InputError, match=r"The model to transfer from: .*NaN"):
        robustness(data, Linear(2), RobustSettings(eps=EPS), source=Scaled(float("nan")))


def test_radii_of_one_norm_have_one_unit():
    radii = (0.0, 1 / 255, 0.01, 0.05)
    assert [radius_text(eps, "linf") for eps in radii] == [
        "0", "1/255", "2.55/255", "12.75/255",
    ]  # fmt: skip
    assert [radius_text(eps, "l2") for eps in radii] == ["0", "0.003922", "0.01", "0.05"]


def test_facts_have_the_confidence_and_no_part_of_what_has_none(data):
    found = sl.robust(data, model=Linear(2), eps=(0.001,), steps=1, calibration=True).document
    said = facts(found)
    assert said["mean confidence"] == f"{found['calibration']['confidence']:.4f}"
    assert (found["data"], found["part"]) == ("in memory", None)
    assert "part" not in said


@pytest.mark.slow
def test_the_report_shows_attacked_pictures(data, tmp_path):
    run(data, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert text.count("data:image/png") == 2
    assert "Attacked pictures" in text


@pytest.mark.slow
def test_certificates_of_a_linear_classifier_and_calibration(data):
    x, labels = data
    found = sl.robust(
        data, model=Linear(2), eps=(0.001,), steps=1, smoothing=0.05, draws=300, calibration=True
    )
    smoothing = found.document["smoothing"]
    exact = margins(Linear(2), x, labels, "l2")
    for row in smoothing["rows"]:  # a radius that is certified is at most the exact one
        assert row["accuracy"] <= float((exact >= row["radius"]).double().mean()) + 1e-9
    assert [row["radius"] for row in smoothing["rows"]] == pytest.approx([0, 0.025, 0.05, 0.075])
    assert smoothing["farthest"] == pytest.approx(0.05 * 2.0, rel=0.01)  # σ Φ^-1(0.001^(1/300))
    shares = [row["accuracy"] for row in smoothing["rows"]]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5
    assert set(found.document["calibration"]) == {
        "negative_log_likelihood",
        "calibration_error",
        "confidence",
        "reliability",
        "scaling",
    }


@pytest.mark.slow
def test_the_report_draws_accuracy_by_confidence(data, tmp_path):
    found = sl.robust(data, model=Linear(2, scale=0.3), eps=(0.0,), calibration=True)
    measured = found.document["calibration"]
    bins = measured["reliability"]
    assert sum(row["pictures"] for row in bins) == len(data[0])
    for name, mean in (("accuracy", 20 / 24), ("confidence", measured["confidence"])):
        assert sum(row["pictures"] * row[name] for row in bins) / 24 == pytest.approx(mean)
    found.save(tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert text.count("data:image/png") == 2
    assert all(f"{row['confidence']:.4f}" in text for row in bins)
    exact = scaling(Linear(2, scale=0.3)(data[0]).detach(), data[1])
    assert measured["scaling"]["temperature"] == pytest.approx(exact.temperature)
    assert measured["scaling"]["after"] == pytest.approx(asdict(exact.after))
    assert f"temperature {exact.temperature:.3f} ± {exact.temperature_error:.3f}" in text


def test_where_all_is_right_no_temperature_is_best(data):
    x, _ = data
    right = x, Linear(2)(x).detach().argmax(1)
    found = sl.robust(right, model=Linear(2), eps=(0.0,), calibration=True).document["calibration"]
    assert found["scaling"] is None
    assert found["no_scaling"].startswith("No temperature is best: all 12 pictures")
    assert scaling_text(found) == found["no_scaling"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"eps": (-0.1,)}, "eps is -0.1"),
        ({"eps": ()}, "at least one of each"),
        ({"norm": "l1"}, "use linf or l2"),
        ({"attack": "fgsm"}, "There is no attack 'fgsm'"),
        ({"limit": 0}, "limit is 0"),
        ({"smoothing": 0.0}, "must be positive"),
        ({"smoothing": 0.1, "draws": 5}, "5 draws at alpha 0.001 certify nothing"),
        ({"outliers": (torch.zeros(1, *SHAPE), torch.zeros(1))}, "expected 1 integers"),
        ({"outliers": (torch.zeros(0, *SHAPE), torch.zeros(0).long())}, "expected floats"),
    ],
)
def test_bad_options_are_sentences(data, options, text):
    with pytest.raises(InputError, match=text):
        sl.robust(data, model=Linear(2), **options)


def test_bad_pictures_are_sentences(data):
    x, labels = data
    for given, text in (
        ((x * 255, labels), "divide pictures of 8 bits by 255"),
        ((2 * x - 1, labels), r"expected \[0, 1\]; let the model scale them"),
        ((x, labels + 1), "label is 2, and the classifier knows 2 classes"),
        ((x, labels[:3]), "expected 24 integers"),
        ((x[0], labels), "expected floats"),
        ((x[:0], labels[:0]), "expected floats"),
        ((x, labels.double()), "expected 24 integers"),
        ((x, labels > 0), "expected 24 integers"),
    ):
        with pytest.raises(InputError, match=text):
            sl.robust(given, model=Linear(2), eps=(0.1,))
    two = torch.rand(2, 2, 8, 8), torch.tensor([0, 1])
    with pytest.raises(InputError, match="2 channels: this classifier takes 3"):
        sl.robust(two, model=colour_classifier(), eps=(0.1,))


@pytest.mark.parametrize("parts", [[], ["test"]])
def test_pictures_of_a_folder_without_parts_may_be_those_of_the_training(tmp_path, parts):
    for number, name in enumerate(("red", "green", "blue")):
        for k, pixels in enumerate(plain_colours([number] * 2, 8)):
            write_png(tmp_path.joinpath("set", *parts, name, f"{k}.png"), pixels)
    model = Classifier(ChannelMeans(), ("red", "green", "blue"), size=(8, 8))
    options = {"model": model, "eps": (0.01,), "steps": 1}
    said = sl.robust(tmp_path / "set", **options).document["warnings"]
    assert [text.startswith("the data have no part test") for text in said] == [True] * (not parts)
    if not parts:
        assert sl.robust(tmp_path / "set", part="train", **options).document["warnings"] == []


def test_what_is_changed_of_pictures_in_folders_is_said(tmp_path):
    for number, name in enumerate(("red", "green", "blue")):
        write_png(tmp_path / "test" / name / "a.png", plain_colours([number], 8 + number)[0])
    write_png(tmp_path / "test" / "red" / "gray.png", np.full((9, 9), 128, np.uint8))
    model = Classifier(ChannelMeans(), ("red", "green", "blue"), size=(8, 8))
    said = sl.robust(tmp_path, model=model, eps=(0.01,), steps=1).document["warnings"]
    assert said[:2] == [
        "3 of 4 pictures that were read are not of the model's 8x8, to which the largest central "
        "part of that shape was scaled",
        "1 of 4 pictures that were read is gray: the model saw each of these three times",
    ]


class Answering(Linear):
    """Two logits, turned into something else."""

    def __init__(self, answer):
        super().__init__(2)
        self.answer = answer

    def forward(self, x):
        return self.answer(super().forward(x))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda logits: (logits, logits), "made an object of class tuple of 24 pictures"),
        (lambda logits: {"logits": logits}, "an object of class dict"),
        (lambda logits: logits[:, 0], r"float32 of shape \(24,\)"),
        (lambda logits: logits[:, :, None, None], r"float32 of shape \(24, 2, 1, 1\)"),
        (lambda logits: logits.repeat(2, 1), r"float32 of shape \(48, 2\)"),
        (lambda logits: logits[:, :1], r"one logit z .* return torch.cat\(\[torch.zeros_like"),
        (lambda logits: logits.argmax(1), r"int64 of shape \(24,\)"),
        (lambda logits: logits.softmax(1), "give the log of what it returns"),
        (torch.Tensor.detach, "logits are detached.*use the attack square"),
        (
            lambda logits: logits.where(logits > 0, torch.nan),
            r"infinite for \d+ of 24 pictures: look",
        ),
    ],
)
def test_answers_that_are_no_logits_are_sentences(data, answer, text):
    with pytest.raises(InputError, match=text):
        sl.robust(data, model=Answering(answer), eps=(0.01,))


@pytest.mark.parametrize("answer", [torch.Tensor.detach, lambda logits: (logits,)])
def test_attacks_cannot_be_transferred_from_what_has_no_gradient_or_logits(data, answer):
    with pytest.raises(InputError, match=r"use the attack square|class tuple"):
        sl.robust(
            data,
            model=Linear(2),
            eps=(0.01,),
            attack="square",
            queries=2,
            transfer_from=Answering(answer),
        )


def test_square_needs_no_gradient_and_logs_of_probabilities_are_logits(data):
    plain = sl.robust(data, model=Linear(2), eps=(0.01,), attack="square", queries=20)
    found = sl.robust(
        data, model=Answering(torch.Tensor.detach), eps=(0.01,), attack="square", queries=20
    )
    assert found.document["rows"] == plain.document["rows"]
    logs = Answering(lambda logits: logits.log_softmax(1))
    found = sl.robust(data, model=logs, eps=(0.0,), calibration=True).document
    plain = sl.robust(data, model=Linear(2), eps=(0.0,), calibration=True).document
    for name in ("negative_log_likelihood", "calibration_error", "confidence"):
        assert found["calibration"][name] == pytest.approx(plain["calibration"][name])


def test_networks_that_write_to_their_pictures_have_the_same_table(data):
    x, _ = data
    kept, options = x.clone(), {"calibration": True, "smoothing": 0.05, "draws": 20}
    options |= {"eps": EPS, "attack": ["pgd", "square"], "steps": 4, "queries": 20}
    plain = sl.robust(data, model=Linear(2), transfer_from=Linear(2, seed=3), **options)
    found = sl.robust(data, model=InPlace(2), transfer_from=InPlace(2, seed=3), **options)
    assert torch.equal(x, kept)
    assert found.document == plain.document | {"model": "InPlace", "transfer_from": "InPlace"}
    for name in plain.work.attacks:
        for key in ("pictures", "label"):
            assert torch.equal(found.found[name][key], plain.found[name][key])


def test_pictures_may_require_a_gradient(data):
    x, labels = data
    plain = sl.robust(data, model=Linear(2), eps=EPS, steps=4)
    found = sl.robust((x.clone().requires_grad_(), labels), model=Linear(2), eps=EPS, steps=4)
    assert found.document == plain.document


def test_a_list_is_taken_as_a_pair_and_needs_two(data):
    plain = sl.robust(data, model=Linear(2), eps=EPS, steps=4)
    found = sl.robust(list(data), model=Linear(2), eps=EPS, steps=4)
    assert found.document["rows"] == plain.document["rows"]
    for wrong in ([data[0]], [*data, data[1]], tuple(data[:1])):
        with pytest.raises(InputError, match=r"data has the length \d: expected two"):
            sl.robust(wrong, model=Linear(2), eps=EPS)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Linear(2), "knows 2 classes, and the one that is attacked 3: give"),
        (nn.Sequential(nn.Flatten(), nn.Linear(9, 3)), r"shape \(24, 1, 8, 8\): .*mat1 and mat2"),
        (colour_classifier(), "The image has 1 channel: this classifier takes 3"),
        (Answering(lambda logits: logits[:, 0]), r"made float32 of shape \(24,\)"),
    ],
)
def test_a_model_to_transfer_from_that_cannot_be_used_is_named(data, source, text):
    with pytest.raises(InputError, match=f"^The model to transfer from.*{text}"):
        sl.robust(data, model=Linear(3), eps=(0.01,), transfer_from=source)


class Matrix(nn.Module):
    """The logits of `Linear`, as torch.jit can script them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(Linear(2).weight.detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - 0.5).flatten(1) @ self.weight.T


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "compiled",
    [
        torch.jit.script,
        lambda net: torch.jit.trace(net, torch.rand(2, *SHAPE)),
        lambda net: torch.jit.freeze(torch.jit.script(net.eval())),
    ],
    ids=["script", "trace", "freeze"],
)
def test_torchscript_modules_have_the_table_of_what_they_were_made_from(data, compiled):
    scripted = compiled(Matrix())
    options = {"eps": EPS, "attack": ["pgd", "square"], "steps": 5, "queries": 5}
    plain = sl.robust(data, model=Linear(2), transfer_from=Linear(2), **options).document["rows"]
    for model in (scripted, Classifier(scripted, ("a", "b"))):
        found = sl.robust(data, model=model, transfer_from=scripted, **options).document
        assert found["rows"] == plain
    assert all(weight.requires_grad for weight in scripted.parameters())


def test_transfer_matches_classes_by_their_names(data):
    class Turned(Linear):
        def forward(self, x):
            return super().forward(x).flip(1)

    model = Classifier(Linear(2), ("a", "b"))
    options = {"model": model, "eps": (0.02,), "steps": 5}
    plain = sl.robust(data, transfer_from=model, **options).document["rows"]
    turned = Classifier(Turned(2), ("b", "a"))
    assert sl.robust(data, transfer_from=turned, **options).document["rows"] == plain
    with pytest.raises(InputError, match=r"^The model to transfer from has no class 'a', which"):
        sl.robust(data, transfer_from=Classifier(Linear(2), ("b", "c")), **options)


class Staircase(Linear):
    """Whether the mean is above 1/2, with a gradient that leads away from the other side."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        high = (mean > 0.5).to(x.dtype) - 0.5 - 1e-3 * (mean - 0.5)
        return 5 * torch.stack([-high, high], 1)


@pytest.mark.parametrize("order", ["sorted", "mixed"])
def test_the_widest_radius_is_tried_on_pictures_of_all_classes(order):
    levels = torch.tensor([0.45] * 60 + [0.55] * 60)
    levels = levels if order == "sorted" else levels.reshape(2, -1).T.flatten()
    x = levels[:, None, None, None].expand(-1, *SHAPE).contiguous()
    options = {"model": Staircase(2), "eps": (0.1,), "steps": 2}
    found = sl.robust((x, (levels > 0.5).long()), **options)
    assert re.match(r"(1\d|20) of 20 pictures withstand", found.document["warnings"][-1])


def test_a_sorted_set_is_cut_to_pictures_of_all_classes(data):
    x = torch.linspace(0.2, 0.8, 24)[:, None, None, None].expand(-1, *SHAPE).contiguous()
    labels = torch.arange(24) // 12
    images = sl.LabelledImages(
        (255 * x).byte().permute(0, 2, 3, 1).numpy(), labels.numpy(), ("a", "b")
    )
    model = Classifier(Linear(2), ("a", "b"))
    for given in ((x, labels), (x, labels.to(torch.uint8)), images):
        shown = sl.robust(given, model=model, eps=(0.0,), limit=8).work.shown
        assert shown.labels.bincount().tolist() == [4, 4]
    shown = sl.robust((x, labels), model=model, eps=(0.0,), limit=8).work.shown
    assert shown.labels.tolist() == sorted(shown.labels.tolist())  # in the order that they had
    assert all(
        any(torch.equal(one, other) for other in x[labels == c])
        for one, c in zip(shown.x, shown.labels, strict=True)
    )
    with pytest.raises(InputError, match="label is -1"):
        sl.robust((x, labels - 1), model=model, limit=8)
    kept = sl.robust(data, model=model, eps=(0.0,), limit=8).work.shown  # not sorted
    assert torch.equal(kept.x, data[0][:8])


def test_logits_that_an_attack_makes_not_finite_are_said(tmp_path):
    class Undefined(Linear):
        def forward(self, x):
            return super().forward(x).masked_fill((x.amax((1, 2, 3)) > 0.8)[:, None], torch.nan)

    x = pictures(24).clamp(0.3, 0.78)
    labels = Linear(2)(x).argmax(1)
    target = Target(tmp_path / "a.html")
    settings = RobustSettings(eps=(0.1,), steps=2)
    found = robustness((x, labels), Undefined(2), settings, target=target)
    count = int((found.found["pgd"]["label"] == -1).sum())
    assert count > 5
    assert f"logits of {count} pictures attacked by pgd are NaN" in found.document["warnings"][0]
    nan = found.found["pgd"]["label"] == -1
    assert bool((found.found["pgd"]["level"][nan] == 0).all())
    assert len(examples(found.work, found.found)) > 0
    assert "no label" in {one.after for one in examples(found.work, found.found)}


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_are_followed_where_they_are_switched_off(data, mode):
    plain = sl.robust(data, model=Linear(2), eps=EPS, steps=4, transfer_from=Linear(2, seed=3))
    with mode():
        given = tuple(tensor.clone() for tensor in data)
        found = sl.robust(given, model=Linear(2), eps=EPS, steps=4, transfer_from=Linear(2, seed=3))
    assert found.document == plain.document
