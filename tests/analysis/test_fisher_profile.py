"""Profiles of networks: layers found, values those of the moments, nets left as they were."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from scorelet.analysis.fisher import fisher_ratio, separation_by_kind
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.analysis.fisher_profile import fisher_profile
from scorelet.core.errors import InputError
from scorelet.core.random import generator

CLASSES = 3


class Case:
    """Pictures whose classes differ by a constant, and what LabelledImages has."""

    def __init__(self, count=120, side=4, seed=0):
        rng = generator(seed)
        self.y = torch.arange(count) % CLASSES
        self.x = torch.randn(count, 1, side, side, generator=rng)
        self.x += 0.5 * self.y[:, None, None, None]


class Branches(nn.Module):
    """Calls one module twice, changes values in place, returns what is no tensor from one."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.pair = Named()
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x):
        u = self.act(self.conv(x))
        u = self.pair(u)["u"]
        return self.head(self.drop(self.act(u - 0.1).flatten(1)))


class Named(nn.Module):
    """Its output is no tensor."""

    def forward(self, x):
        return {"u": x}


class Pair(nn.Module):
    """As attention: its output is what it makes, and something beside it."""

    def forward(self, x):
        return 2 * x, None


@pytest.fixture
def case():
    return Case()


@pytest.fixture
def net():
    return Branches()


def expected(features, y):
    moments = ClassMoments(torch.bincount(y).tolist(), features[0].numel(), parts=2)
    moments.update(features.flatten(1), y)
    return fisher_ratio(moments)


def test_layers_in_order_of_their_calls(net, case):
    profile = fisher_profile(net, case, batch=32)
    assert [layer.name for layer in profile.layers] == ["input", "conv", "act", "act#2", "head"]
    assert profile.unread == ("pair",)
    assert profile["conv"].shape == (2, 4, 4)
    assert profile["act"].module == "ReLU"
    assert profile.counts == (40, 40, 40)


class Functional(nn.Module):
    """All but its weights is no module; its answer is another than its last layer's."""

    def __init__(self, last=torch.relu):
        super().__init__()
        self.layer, self.last = nn.Linear(16, 8), last

    def forward(self, x):
        return self.last(self.layer(x.flatten(1)))


@pytest.mark.parametrize("last", [torch.relu, torch.relu_])
@pytest.mark.parametrize("layers", [None, "*"])
def test_the_answer_of_a_network_is_its_last_layer(case, last, layers):
    net = Functional(last)
    profile = fisher_profile(net, case, layers=layers, batch=32)
    modules = nn.Sequential(nn.Flatten(), net.layer, nn.ReLU())
    same = fisher_profile(modules, case, batch=32)
    assert [layer.name for layer in profile.layers] == ["input", "layer", "output"]
    assert (profile["output"].module, profile["output"].shape) == ("Functional", (8,))
    assert profile["output"].fisher == same["2"].fisher
    assert profile["layer"].fisher == same["1"].fisher


def test_the_answer_is_listed_once(case):
    view = Functional(lambda u: u.unflatten(1, (2, 4)))
    assert [layer.name for layer in fisher_profile(view, case).layers] == ["input", "layer"]
    seldom = Functional(lambda u: u if len(u) == 32 else -u)  # another in the last batch only
    found = fisher_profile(seldom, case, batch=32, pool="mean")
    assert [layer.name for layer in found.layers] == ["input", "layer", "output"]


def test_a_single_module_has_an_answer(case):
    net = nn.Conv2d(1, 2, 3)
    profile = fisher_profile(net, case)
    assert [layer.name for layer in profile.layers] == ["input", "output"]
    direct = expected(net(case.x).detach(), case.y)
    assert profile["output"].fisher.ratio == pytest.approx(direct.ratio, rel=1e-4)


def test_the_answer_is_there_where_it_is_asked_for(case, net):
    assert fisher_profile(net, case, layers=["head", "output"])["output"].shape == (CLASSES,)
    assert [layer.name for layer in fisher_profile(net, case, layers="out*").layers] == ["output"]
    with pytest.raises(InputError, match=r"'output', or its output is no tensor: choose among .*"):
        fisher_profile(Named(), case, layers="output")
    assert fisher_profile(Named(), case).unread == ("output",)
    named = nn.Sequential()
    named.add_module("output", nn.Linear(4, 3))
    assert [layer.name for layer in fisher_profile(named, case).layers] == ["input", "output"]


def test_of_several_outputs_the_first_is_the_layers(case):
    pair = Pair()
    net = nn.Sequential(pair)
    with pytest.raises(InputError, match="No layer"):
        fisher_profile(net, case, layers="1")
    profile = fisher_profile(net, case)
    assert [layer.name for layer in profile.layers] == ["input", "0"]
    assert profile["0"].fisher.ratio == pytest.approx(profile["input"].fisher.ratio, rel=1e-6)


def test_values_are_those_of_the_layers_outputs(net, case):
    profile = fisher_profile(net, case, batch=50)
    net.eval()
    with torch.no_grad():
        u = net.conv(case.x)
        values = {"input": case.x, "conv": u, "act": u.relu(), "head": net(case.x)}
    for name, features in values.items():
        # float32 features in batches of another size: 1e-6 of their values
        found, direct = profile[name].fisher, expected(features, case.y)
        assert found.ratio == pytest.approx(direct.ratio, rel=1e-4)
        assert found.rank == direct.rank


@pytest.mark.slow
def test_every_form_of_data_gives_the_same(net, case):
    loader = [(case.x[k : k + 32], case.y[k : k + 32]) for k in range(0, 120, 32)]
    arrays = (case.x.numpy(), case.y.numpy())
    direct = fisher_profile(net, case, batch=32)
    pairs = torch.utils.data.TensorDataset(case.x, case.y)
    for data in (loader, arrays, (case.x, case.y), torch.utils.data.DataLoader(pairs, 32)):
        assert fisher_profile(net, data, batch=32) == direct


def test_pictures_of_8_bits_become_floats(net, case):
    pictures = (case.x.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()
    floats = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    assert fisher_profile(net, (pictures, case.y)) == fisher_profile(net, (floats, case.y))


def test_the_network_is_left_as_it_was(net, case):
    net.train()
    net.head.eval()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    fisher_profile(net, case)
    assert net.training
    assert not net.head.training
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(state[name], tensor) for name, tensor in net.state_dict().items())


def test_threads_that_share_a_network_do_not_see_each_other(net, case):
    cases = [case, Case(seed=1)] * 4
    alone = [fisher_profile(net, data, batch=60) for data in cases[:2]] * 4
    net.train()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda data: fisher_profile(net, data, batch=60), cases)) == alone
    assert net.training


def test_layers_that_a_network_calls_in_threads_of_its_own_are_seen(case):
    class Parallel(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(case.x[0].numel(), 3), nn.Linear(case.x[0].numel(), 3)

        def forward(self, x):
            call = torch.no_grad()(lambda module: module(x.flatten(1)))  # it is each thread's own
            with ThreadPoolExecutor(2) as pool:
                return torch.cat(list(pool.map(call, (self.a, self.b))), 1)

    assert {"a", "b"} <= {layer.name for layer in fisher_profile(Parallel(), case).layers}


def test_layers_by_name_and_pattern(net, case):
    names = lambda **options: [x.name for x in fisher_profile(net, case, **options).layers]  # noqa: E731
    assert names(layers="head") == ["head"]
    assert names(layers=["a*", "input"]) == ["input", "act", "act#2"]
    nested = nn.Sequential(nn.Sequential(nn.Flatten(), nn.Linear(16, 5)), nn.ReLU())
    assert [x.name for x in fisher_profile(nested, case, layers="0").layers] == ["0"]


def test_a_mean_over_space_is_one_value_a_channel(net, case):
    profile = fisher_profile(net, case, pool="mean")
    with torch.no_grad():
        direct = expected(net.conv(case.x).mean((2, 3)), case.y)
    assert profile["conv"].fisher.dimension == 2
    assert profile["conv"].fisher.ratio == pytest.approx(direct.ratio, rel=1e-4)


def test_kinds_of_channels(net, case):
    profile = fisher_profile(net, case, kinds={"conv": ["a", "b"]})
    assert [kind.kind for kind in profile["conv"].kinds] == ["a", "b"]
    with pytest.raises(InputError, match="Layer conv: 3 kinds of channels"):
        fisher_profile(net, case, kinds={"conv": ["a", "b", "c"]})


def test_kinds_are_of_means_over_space_where_these_are_asked_for(net, case):
    (kind,) = fisher_profile(net, case, pool="mean", kinds={"conv": ["a", "a"]})["conv"].kinds
    with torch.no_grad():
        means = net.conv(case.x).mean((2, 3))
    moments = ClassMoments(torch.bincount(case.y).tolist(), 2, diagonal=True)
    moments.update(means, case.y)
    (direct,) = separation_by_kind(moments, ["a", "a"])
    assert kind.value == pytest.approx(direct.value, rel=1e-4)


def test_layers_may_name_their_channels(net, case):
    net.conv.channel_kinds = ("low", "wave")
    assert [kind.kind for kind in fisher_profile(net, case)["conv"].kinds] == ["low", "wave"]


def test_a_projection_lowers_the_ratio_by_its_share():
    """White noise and a mean in a random direction: on average D/d of FR is left."""
    case = Case(600, side=16)
    noise = case.x - 0.5 * case.y[:, None, None, None]
    rng = generator(4)
    means = torch.randn(CLASSES, 1, 16, 16, generator=rng)
    data = (noise + 0.3 * means[case.y], case.y)
    net = nn.Identity()
    full = fisher_profile(net, data, dimension=256)["input"].fisher
    part = fisher_profile(net, data, dimension=64)["input"].fisher
    # 64 of 256 coordinates of two random means: 1/4 within 2/√(2 · 64) of itself, twice
    assert part.corrected / full.corrected == pytest.approx(0.25, rel=0.35)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ((torch.zeros(3, 1, 4, 4), torch.zeros(4).long()), "3 pictures and 4 labels"),
        ((torch.zeros(4, 1, 4, 4), torch.zeros(4).long()), "1 class"),
        ((torch.zeros(4, 1, 4, 4), torch.tensor([0, 0, 0, 1])), "Class 1 has 1 sample: at least 3"),
        ((torch.zeros(4, 1, 4, 4), torch.tensor([0, -1, 0, 1])), "label is -1"),
        ((torch.zeros(4, 1, 4, 4), torch.zeros(4)), "whole numbers"),
        ((torch.zeros(6, 4, 4, 1).int(), torch.arange(6) % 2), "uint8 or floats"),
        ((np.zeros((4, 1, 4, 4), np.uint8), [0, 0, 0, 1, 1, 1][:4]), "Class 1 has 1"),
        ((np.zeros((6, 1, 4, 4), np.uint8), [0, 0, 0, 1, 1, 1]), "of 8 bits have shape"),
        ("cifar10", "data are a str"),
        (iter([]), "walked twice"),
        ([], "no pictures"),
        ([(1, 2, 3)], "no pairs"),
    ],
)
def test_data_that_cannot_be_used(net, data, sentence):
    with pytest.raises(InputError, match=sentence):
        fisher_profile(net, data)


def test_options_and_layers_that_cannot_be_used(net, case):
    for options, sentence in (
        ({"dimension": 1}, "dimension is 1"),
        ({"pool": "max"}, "pool is 'max'"),
        ({"layers": ["conv", "none"]}, "No layer is called 'none'"),
        ({"layers": "pair"}, "its output is no tensor"),
    ):
        with pytest.raises(InputError, match=sentence):
            fisher_profile(net, case, **options)
    net.head.bias.data.fill_(torch.nan)
    with pytest.raises(InputError, match="Layer head: Features are NaN"):
        fisher_profile(net, case)
    nn.init.zeros_(net.conv.weight)
    with pytest.raises(InputError, match="Layer conv: The features are constant"):
        fisher_profile(net, case, layers="conv")


def test_a_mean_over_space_keeps_real_and_imaginary_parts_apart():
    x = torch.randn(60, 3, 2, 4, 4, generator=generator(0))
    y = torch.arange(60) % 3
    found = fisher_profile(nn.Identity(), (x, y), pool="mean")["input"].fisher
    assert found.dimension == 6
    assert found.ratio == pytest.approx(expected(x.mean((-2, -1)), y).ratio, rel=1e-6)


class Conjugate(nn.Module):
    """Its output is a view."""

    def forward(self, x):
        return x.cfloat().conj()


@pytest.mark.parametrize("pool", ["flatten", "mean"])
def test_real_and_imaginary_parts_are_features(case, pool):
    conv = nn.Conv2d(1, 2, 3, dtype=torch.cfloat)
    net = nn.Sequential(Conjugate(), conv, Conjugate())
    found = fisher_profile(net, (case.x, case.y), pool=pool, kinds={"1": ["a", "b"]})
    with torch.no_grad():
        u = conv(case.x.cfloat())
    u = u.mean((2, 3)) if pool == "mean" else u
    direct = expected(torch.cat([u.real, u.imag], 1), case.y)
    for name in ("1", "2"):
        assert found[name].fisher.dimension == u[0].numel() * 2
        assert found[name].fisher.ratio == pytest.approx(direct.ratio, rel=1e-4)
    assert [kind.channels for kind in found["1"].kinds] == [1, 1]


def test_a_network_that_works_in_place_leaves_the_data_alone():
    y = torch.arange(60) % 2
    x = torch.randn(60, 1, 4, 4)
    before = x.clone()
    fisher_profile(nn.Sequential(nn.ReLU(inplace=True)), (x, y), dimension=4)
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"x": torch.randn(6, 3, 4, 4)}, r"does not take these pictures, float32 of shape \(6, 3"),
        ({"x": torch.randn(6, 4, 4, 4).double()}, "does not take these pictures, float32"),
        ({"y": torch.tensor([0, 0, 0, 1, 1, 10**12])}, "A label is 1000000000000: number the"),
        ({"batch": 0}, "batch is 0"),
        ({"batch": -1}, "batch is -1"),
        ({"kinds": {"0": ["even", "odd"]}}, "Layer 0: 2 kinds of channels are named, and it has 4"),
    ],
)
def test_what_does_not_fit_is_one_sentence(changes, sentence):
    words = {"x": torch.randn(6, 1, 4, 4), "y": torch.arange(6) % 2, "dimension": 2, **changes}
    with pytest.raises(InputError, match=sentence):
        fisher_profile(nn.Sequential(nn.Conv2d(1, 4, 3)), (words.pop("x"), words.pop("y")), **words)


@pytest.mark.parametrize("pool", ["flatten", "mean"])
@pytest.mark.parametrize(
    ("weights", "pictures", "digits"),
    [
        (torch.bfloat16, torch.float32, 0.05),  # three digits of every feature
        (torch.float64, torch.float32, 1e-4),
        (torch.float32, torch.float64, 1e-4),
    ],
)
def test_pictures_are_brought_to_the_dtype_of_the_weights(weights, pictures, digits, pool):
    case, net = Case(), nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU())
    alone = fisher_profile(net, case, pool=pool)
    found = fisher_profile(net.to(weights), (case.x.to(pictures), case.y), pool=pool)
    assert found["input"].fisher.ratio == pytest.approx(alone["input"].fisher.ratio, rel=1e-6)
    assert found["1"].fisher.ratio == pytest.approx(alone["1"].fisher.ratio, rel=digits)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_layers_that_are_compiled_are_refused_and_no_hook_stays(case):
    plain, compiled = nn.Linear(16, 4), torch.jit.script(nn.Linear(4, 3))
    net = nn.Sequential(nn.Flatten(), plain, compiled)
    with pytest.raises(InputError, match=r"Layer 2 is compiled by torch\.jit"):
        fisher_profile(net, case)
    assert not plain._forward_hooks
    found = fisher_profile(net, case, layers=["input", "1"])
    assert [layer.name for layer in found.layers] == ["input", "1"]


def test_a_dead_layer_is_left_out_and_named():
    x, y = torch.randn(40, 6, generator=generator(0)), torch.arange(40) % 2
    dead = nn.Linear(6, 4)
    nn.init.zeros_(dead.weight)
    profile = fisher_profile(nn.Sequential(nn.Linear(6, 3), nn.Linear(3, 6), dead), (x, y))
    assert [layer.name for layer in profile.layers] == ["input", "0", "1"]
    assert profile.dead == ("2",)
    with pytest.raises(InputError, match="Layer 2: The features are constant"):
        fisher_profile(nn.Sequential(nn.Identity(), nn.Identity(), dead), (x, y), layers=["2"])
    with pytest.raises(InputError, match="name one at least"):
        fisher_profile(dead, (x, y), layers=[])


def test_the_last_layers_are_among_the_names_to_choose_from():
    net = nn.Sequential(*(nn.Linear(2, 2) for _ in range(30)))
    data = torch.randn(8, 2, generator=generator(0)), torch.arange(8) % 2
    with pytest.raises(InputError, match=r"input, 0, .*10, \.\.\., 27, 28, 29, output\."):
        fisher_profile(net, data, layers=["nine"])


class TokensFirst(nn.Module):
    """In the manner of torch's default for attention and recurrent layers."""

    def __init__(self):
        super().__init__()
        self.embed, self.mix = nn.Linear(4, 6), nn.Linear(6, 6)

    def forward(self, x):
        return self.mix(self.embed(x).transpose(0, 1)).transpose(0, 1).mean(1)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 8, 100])
@pytest.mark.parametrize("tokens", [2, 3, 4, 8])
def test_what_has_tokens_first_is_left_out_of_batches_of_any_size(batch, tokens):
    """Of 44 pictures the last batch is of 4, and 8 and 4 are as many as there are tokens, too."""
    y = torch.arange(44) % 4
    x = torch.randn(44, tokens, 4, generator=generator(0)) + y[:, None, None]
    found = fisher_profile(TokensFirst(), (x, y), batch=batch)
    assert [layer.name for layer in found.layers] == ["input", "embed", "output"]
    assert found.unread == ("mix",)
