"""Attacks on linear classifiers, whose robust accuracy is known, and what holds for all."""

import random
from itertools import pairwise

import numpy as np
import pytest
import torch

from linear_classifiers import InPlace, Linear, Masked, margins, pictures
from scorelet.analysis.robustness import (
    ATTACKS,
    AttackSetup,
    attack,
    in_order_of,
    known_norm,
    size,
    without_gradient,
)
from scorelet.analysis.robustness.setup import seeded
from scorelet.core.errors import InputError
from scorelet.models import Classifier

QUICK = AttackSetup(steps=10, restarts=2, queries=100)
RADII = {"linf": (0.01, 0.03, 0.06), "l2": (0.05, 0.1, 0.2)}


@pytest.fixture(scope="module")
def network():
    return Linear().eval()


@pytest.fixture(scope="module")
def shown(network):
    x = pictures()
    labels = network(x).detach().argmax(1)
    labels[::8] = (labels[::8] + 1) % 4  # wrong from the start
    return x, labels


def setup_of(norm, **options):
    return AttackSetup(**{"norm": norm, "steps": 20, "restarts": 2, "queries": 300, **options})


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", [*ATTACKS, "transfer"])
def test_pictures_and_networks_may_be_in_double_precision(norm, name):
    network, x = Linear(2).double().eval(), pictures(12).double()
    labels = network(x).argmax(1)
    eps = float(margins(network, x, labels, norm).quantile(0.5))
    setup = setup_of(norm)
    found = attack(network, x, labels, eps=eps, name=name, setup=setup, source=network)
    assert found.pictures.dtype == torch.float64
    assert size(found.pictures - x, norm).max() <= eps * (1 + 1e-12)
    exact = margins(network, x, labels, norm) < eps
    assert torch.equal(found.broken, exact) or name == "square"
    assert not (found.broken & ~exact).any()


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_what_breaks_is_what_the_closed_form_says(norm, name):
    network, x = Linear(2).eval(), pictures()
    labels = network(x).detach().argmax(1)
    labels[::8] = 1 - labels[::8]  # wrong from the start
    radii = margins(network, x, labels, norm)
    for share in (0.3, 0.6):
        eps = float(radii.quantile(share))
        found = attack(network, x, labels, eps=eps, name=name, setup=setup_of(norm))
        clear = (radii / eps - 1).abs() > 0.02  # steps end within 2 % of the best direction
        assert torch.equal(found.broken[clear], ((radii > 0) & (radii < eps))[clear])
        assert 5 < int(found.broken.sum()) < 37


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_of_logits_that_are_nearly_alike_the_nearest_class_is_found(norm, name):
    """The sum of all other classes, which the log-odds ascend as they are, lies elsewhere."""
    network, x = Linear(10, scale=0.001).eval(), pictures()
    labels = network(x).detach().argmax(1)
    radii = margins(network, x, labels, norm)
    eps = float(radii.quantile(0.6))
    missed = []
    for temperature in (None, 1):
        setup = setup_of(norm, temperature=temperature)
        found = attack(network, x, labels, eps=eps, name=name, setup=setup).broken
        assert not bool((found & (radii > eps)).any())
        missed.append(int(((radii < eps) & ~found).sum()))
    assert missed[0] <= 1 < 5 < missed[1]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_steps_of_pgd_end_in_the_best_direction(norm):
    network, x = Linear(2).eval(), pictures()
    labels = network(x).detach().argmax(1)
    best = margins(network, x, labels, norm)
    eps = 0.5 * float(best.min())
    found = attack(network, x, labels, eps=eps, setup=setup_of(norm, restarts=1)).pictures
    fallen = margins(network, x, labels, norm) - margins(network, found, labels, norm)
    assert float(fallen.min()) > 0.999 * eps


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_nothing_breaks_that_the_closed_form_forbids(network, shown, norm, name):
    x, labels = shown
    radii = margins(network, x, labels, norm)
    for eps in RADII[norm]:
        found = attack(network, x, labels, eps=eps, name=name, setup=setup_of(norm)).broken
        assert not bool((found & (radii > eps * (1 + 1e-5))).any())
        assert int(found.sum()) > 0.8 * int(((radii > 0) & (radii < eps)).sum())


@pytest.mark.slow
@pytest.mark.parametrize(("norm", "classes"), [("linf", 4), ("l2", 4), ("l2", 3), ("linf", 2)])
def test_autoattack_agrees_with_the_closed_form(norm, classes):
    network, x = Linear(classes).eval(), pictures(4)
    labels = network(x).detach().argmax(1)
    radii = margins(network, x, labels, norm)
    eps = float(radii.sort().values[1:3].mean())
    found = attack(network, x, labels, eps=eps, name="autoattack", setup=setup_of(norm))
    assert torch.equal(found.broken, radii < eps)
    assert int(found.broken.sum()) == 2


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_square_never_breaks_what_cannot_be(network, shown, norm):
    x, labels = shown
    radii, eps = margins(network, x, labels, norm), RADII[norm][2]
    found = attack(network, x, labels, eps=eps, name="square", setup=setup_of(norm)).broken
    assert not bool((found & (radii > eps)).any())
    assert int(found.sum()) > 0.7 * int(((radii > 0) & (radii < eps)).sum())


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["pgd", "apgd", "square", "transfer"])
def test_pictures_stay_in_ball_and_box_and_labels_really_change(norm, name):
    network, eps = Linear().eval(), RADII[norm][2]
    rng = torch.Generator().manual_seed(2)
    x = torch.rand(16, 1, 8, 8, generator=rng).round(decimals=1)  # many at the border of the box
    labels = network(x).detach().argmax(1)
    other = Linear(seed=0, scale=1).eval()
    found = attack(network, x, labels, eps=eps, name=name, setup=setup_of(norm), source=other)
    assert float(found.pictures.min()) >= 0
    assert float(found.pictures.max()) <= 1
    assert float(size(found.pictures - x, norm).max()) <= eps * (1 + 1e-5)
    assert torch.equal(found.broken, network(found.pictures).argmax(1) != labels)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_radius_zero_changes_nothing(network, shown, name):
    x, labels = shown
    found = attack(network, x, labels, eps=0, name=name, setup=QUICK)
    assert torch.equal(found.pictures, x)
    assert not bool(found.broken.any())


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_more_steps_of_one_length_and_starts_never_break_less(network, shown, norm):
    x, labels = shown
    counts = []
    eps = float(margins(network, x, labels, norm).quantile(0.6))
    for steps, restarts in ((1, 1), (2, 1), (4, 1), (8, 1), (8, 3)):
        setup = setup_of(norm, steps=steps, restarts=restarts, step=0.1)
        found = attack(network, x, labels, eps=eps, setup=setup).broken
        counts.append(found)
    for fewer, more in pairwise(counts):
        assert not bool((fewer & ~more).any())
    assert int(counts[0].sum()) < int(counts[-1].sum())


@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
def test_a_seed_is_a_result_and_torch_keeps_its_own(network, shown, name):
    x, labels = shown
    before = torch.get_rng_state()
    one, two = (attack(network, x, labels, eps=0.03, name=name, setup=QUICK) for _ in "ab")
    assert torch.equal(one.pictures, two.pictures)
    assert torch.equal(torch.get_rng_state(), before)


def test_global_generators_have_a_seed_and_are_what_they_were_afterwards():
    def drawn():
        return random.random(), float(np.random.random()), float(torch.rand(()))  # noqa: NPY002

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    plain = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
    found = []
    for seed in (3, 3, 4):
        with seeded(seed, device=torch.device("cpu")):
            found.append(drawn())
    assert found[0] == found[1]
    assert all(one != other for one, other in zip(found[0], found[2], strict=True))
    assert drawn() == plain


def test_transfer_from_the_network_itself_is_pgd(network, shown):
    x, labels = shown
    own = attack(network, x, labels, eps=0.03, setup=QUICK).broken
    moved = attack(network, x, labels, eps=0.03, name="transfer", setup=QUICK, source=network)
    assert not bool((moved.broken & ~own).any())
    assert int(moved.broken.sum()) > 0.9 * int(own.sum())


def test_masked_gradients_hide_from_pgd_and_not_from_square(network, shown):
    x, labels = shown
    masked, eps = Masked(network).eval(), 0.06
    blind = attack(masked, x, labels, eps=eps, setup=QUICK).broken
    square = attack(masked, x, labels, eps=eps, name="square", setup=QUICK).broken
    assert int(square.sum()) > int(blind.sum())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"eps": -0.1}, "eps is -0.1"),
        ({"eps": float("nan")}, "eps is nan"),
        ({"x": pictures() * 255}, "divide pictures of 8 bits by 255"),
        ({"labels": torch.full((48,), 4)}, "label is 4, and the classifier knows 4 classes"),
        ({"labels": torch.zeros(48)}, "expected 48 integers"),
        ({"name": "nonsense"}, "There is no attack 'nonsense'"),
        ({"name": "transfer"}, "transfer from"),
    ],
)
def test_bad_input_is_a_sentence(network, shown, change, text):
    given = {"x": shown[0], "labels": shown[1], "eps": 0.1, **change}
    x, labels = given.pop("x"), given.pop("labels")
    with pytest.raises(InputError, match=text):
        attack(network, x, labels, **given)


@pytest.mark.parametrize("change", [{"steps": 0}, {"step": -1.0}, {"temperature": 0}, {"seed": -1}])
def test_bad_setups_are_refused(change):
    with pytest.raises(InputError):
        AttackSetup(**change)
    with pytest.raises(InputError, match="use linf or l2"):
        known_norm("l1")


def test_square_in_l2_refuses_pictures_that_it_cannot_tile():
    x = torch.full((2, 1, 4, 16), 0.5)
    with pytest.raises(InputError, match="4x16"):
        attack(Linear(), x, torch.tensor([0, 1]), eps=0.1, name="square", setup=setup_of("l2"))


@pytest.mark.parametrize("name", ["pgd", "apgd", "square", "transfer"])
def test_networks_may_write_to_what_they_are_shown(shown, name):
    x, labels = shown
    kept, options = x.clone(), {"eps": 0.03, "name": name, "setup": QUICK}
    plain = attack(Linear().eval(), x, labels, source=Linear(seed=3).eval(), **options)
    found = attack(InPlace().eval(), x, labels, source=InPlace(seed=3).eval(), **options)
    assert torch.equal(x, kept)
    assert torch.equal(found.broken, plain.broken)
    assert torch.equal(found.pictures, plain.pictures)
    assert not bool(without_gradient(InPlace(), x, labels).any())


@pytest.mark.parametrize("eps", [0, 0.03])
@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
def test_pictures_may_require_a_gradient(network, shown, name, eps):
    x, labels = shown
    found = attack(network, x.clone().requires_grad_(), labels, eps=eps, name=name, setup=QUICK)
    plain = attack(network, x, labels, eps=eps, name=name, setup=QUICK)
    assert torch.equal(found.pictures, plain.pictures)
    assert not found.pictures.requires_grad


class Sinking(torch.nn.Module):
    """A network of one label, whose logit falls as a picture becomes lighter."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([2 - mean, 0 * mean], 1).roll(self.number, 1)


class Undefined(Sinking):
    """Its logits are NaN where a picture's mean is above 0.53."""

    def forward(self, x):
        return super().forward(x).masked_fill((x.mean((1, 2, 3)) > 0.53)[:, None], torch.nan)


@pytest.mark.parametrize("name", ["pgd", "transfer"])
@pytest.mark.parametrize("number", [0, 1])
def test_logits_that_are_not_finite_are_broken_whatever_the_label(name, number):
    network, source = Undefined(number).eval(), Sinking(number).eval()
    x, labels = torch.full((4, 1, 8, 8), 0.52), torch.full((4,), number)
    assert torch.equal(network(x).argmax(1), labels)
    found = attack(network, x, labels, eps=0.06, name=name, setup=QUICK, source=source)
    assert bool(network(found.pictures).isnan().all())
    assert bool(found.broken.all())
    again = attack(network, found.pictures, labels, eps=0.01, setup=QUICK)
    assert not bool(again.broken.any())  # wrong before


@pytest.mark.parametrize("dtype", [torch.int16, torch.int32, torch.uint8])
@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
def test_labels_are_whole_numbers_of_any_dtype(network, shown, name, dtype):
    x, labels = shown
    plain = attack(network, x, labels, eps=0.03, name=name, setup=QUICK)
    found = attack(network, x, labels.to(dtype), eps=0.03, name=name, setup=QUICK)
    assert torch.equal(found.pictures, plain.pictures)
    assert not bool(without_gradient(network, x, labels.to(dtype)).any())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_attacks_follow_gradients_where_they_are_switched_off(network, shown, name, mode):
    x, labels = shown
    plain = attack(network, x, labels, eps=0.03, name=name, setup=QUICK)
    with mode():
        found = attack(network, x.clone(), labels.clone(), eps=0.03, name=name, setup=QUICK)
        assert not bool(without_gradient(network, x.clone(), labels.clone()).any())
    assert torch.equal(found.pictures, plain.pictures)


def test_transfer_matches_classes_by_their_names(network, shown):
    """A source that orders them otherwise, and knows more, attacks as the network itself."""
    x, labels = shown
    other = Linear(5).eval()
    order = [2, 0, 3, 1]
    with torch.no_grad():
        other.weight[[2, 4, 0, 1]] = network.weight
        other.weight[3] = 0
    named = Classifier(network, ("a", "b", "c", "d")).eval()
    source = Classifier(other, ("c", "d", "a", "e", "b")).eval()
    options = {"eps": 0.03, "name": "transfer", "setup": QUICK}
    plain = attack(named, x, labels, source=named, **options)
    found = attack(named, x, labels, source=source, **options)
    assert int(plain.broken.sum()) > 5
    assert torch.equal(found.broken, plain.broken)
    assert torch.allclose(in_order_of(named, source)(x), named(x), atol=1e-5)
    turned = Classifier(network, tuple("abcd"[k] for k in order))
    assert torch.equal(in_order_of(named, turned)(x)[:, order], network(x))


def test_classes_without_names_are_matched_by_their_numbers(network):
    named, numbered = (Classifier(network, names) for names in ("abcd", "0123"))
    assert in_order_of(named, network) is network
    assert in_order_of(network, named) is named
    assert in_order_of(named, numbered) is numbered
    assert in_order_of(numbered, named) is named
    with pytest.raises(InputError, match=r"^The model to transfer from has no class 'd'"):
        in_order_of(named, Classifier(network, "abce"))


class Halved(torch.nn.Module):
    """A network that computes in half precision, as under autocast."""

    def __init__(self, dtype):
        super().__init__()
        self.linear, self.dtype = Linear(2), dtype

    def forward(self, x):
        return self.linear(x).to(self.dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
def test_logits_of_other_precisions_are_attacked(dtype, name):
    network, x = Halved(dtype).eval(), pictures()
    labels = network(x).detach().argmax(1)
    radii = margins(network.linear, x, labels, "linf")
    eps = float(radii.quantile(0.6))
    found = attack(network, x, labels, eps=eps, name=name, setup=setup_of("linf"))
    assert not found.broken[radii > 1.1 * eps].any()
    assert found.broken[radii < 0.5 * eps].float().mean() > 0.9  # bfloat16 has ties


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
def test_strides_of_pictures_do_not_matter(network, shown, name, norm):
    x, labels = shown
    turned = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    options = {"eps": RADII[norm][1], "name": name, "setup": setup_of(norm)}
    one, other = (attack(network, each, labels, **options) for each in (x, turned))
    assert torch.equal(one.broken, other.broken)
