"""Weights that are computed: by hooks, parametrisations, layers' own forward, or compilers."""

import copy

import pytest
import torch
from torch import nn

import scorelet as sl
from scorelet.core.errors import InputError


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_that_hooks_compute_are_those_of_now():
    layer = nn.Linear(30, 40)
    with torch.no_grad():
        layer.weight.mul_(20)
    plain = sl.weights.spectrum(nn.Sequential(copy.deepcopy(layer)), noise="init").document
    state = torch.nn.utils.weight_norm(layer).state_dict()
    loaded = torch.nn.utils.weight_norm(nn.Linear(30, 40))
    loaded.load_state_dict(state)  # its attribute `weight` is still that of the constructor
    found = sl.weights.spectrum(nn.Sequential(loaded), noise="init").document
    for one, other in zip(plain["layers"], found["layers"], strict=True):
        assert one["bulk_variance"] == pytest.approx(other["bulk_variance"], rel=1e-5)


@pytest.mark.parametrize(
    "normed", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm], ids=["old", "new"]
)
def test_networks_in_training_mode_are_left_as_they_were(normed):
    """A look at a weight under a spectral norm is a step of a power iteration in that mode."""
    torch.manual_seed(0)
    net = nn.Sequential(normed(nn.Conv2d(3, 16, 3)), nn.ReLU(), normed(nn.Conv2d(16, 8, 3)))
    before, x = copy.deepcopy(net), torch.rand(20, 3, 7, 7)
    first, second = (sl.weights.spectrum(net, noise="init").document for _ in range(2))
    assert first == second
    found = sl.weights.compare(net, copy.deepcopy(net), data=x, draws=2).document
    assert any("same weights" in text for text in found["warnings"])
    for name, value in before.state_dict().items():
        assert torch.equal(net.state_dict()[name], value)
    assert all(module.training for module in net.modules())


class LowRank(nn.Module):
    """A parametrisation that adds a product of two thin matrices to weights."""

    def __init__(self, size):
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.randn(s)) for s in ((size, 2), (2, size)))

    def forward(self, weight):
        return weight + self.a @ self.b


def test_parametrised_layers_are_layers():
    known = nn.utils.parametrizations
    for change in (known.weight_norm, known.spectral_norm, known.orthogonal):
        document = sl.weights.spectrum(change(nn.Linear(12, 12))).document
        assert [entry["neurons"] for entry in document["layers"]] == [12]
        said = ["the bulk of the only layer"] if change is known.orthogonal else []  # of one value
        assert [warning[:26] for warning in document["warnings"]] == said
        net = nn.Sequential(nn.Linear(3, 4), change(nn.ConvTranspose2d(8, 8, 3)))
        (warning,) = sl.weights.spectrum(net).document["warnings"]
        assert warning.startswith("1 ConvTranspose2d is left out (1)")
    net = nn.Linear(12, 12)
    nn.utils.parametrize.register_parametrization(net, "weight", LowRank(12))
    assert sl.weights.spectrum(net).document["warnings"] == []


class Adapted(nn.Linear):
    """A linear layer with an adapter of low rank in it."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.up, self.down = (nn.Parameter(torch.rand(s)) for s in ((outputs, 2), (2, inputs)))

    def forward(self, x):
        return super().forward(x) + x @ self.down.mT @ self.up.mT


class Standardised(nn.Conv2d):
    """A convolution that standardises its weights."""

    def forward(self, x):
        weight = (self.weight - self.weight.mean((1, 2, 3), keepdim=True)) / self.weight.std()
        return nn.functional.conv2d(x, weight, self.bias)


def test_layers_that_compute_their_weights_in_forward_are_said():
    torch.manual_seed(0)
    parts = Standardised(3, 4, 2), Standardised(4, 4, 3), nn.Flatten(), Adapted(4, 4)
    x, ending = torch.rand(50, 3, 4, 4), "what its own forward computes from them is not looked"
    net, plain = nn.Sequential(*parts), nn.Sequential(*parts[:3], nn.Linear(4, 3))
    stored = "weights of 2 Standardiseds are taken as they are stored (the first is 0)"
    adapted = "weights of 1 Adapted are taken as they are stored, without up, down (3)"
    for document, sentences in (
        (sl.weights.spectrum(net).document, (stored, adapted)),
        (sl.weights.compare(net, copy.deepcopy(net), data=x, draws=2).document, (stored, adapted)),
        (sl.weights.resample(plain, data=x).document, (stored,)),
    ):
        for text in sentences:
            assert any(w.startswith(f"{text}: {ending}") for w in document["warnings"])
    with pytest.raises(InputError, match=r"3 is a Adapted with parameters of its own \(up, down\)"):
        sl.weights.resample(net, data=x)


@pytest.mark.filterwarnings("ignore:.*quanti")
def test_quantised_layers_are_named():
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Flatten(), nn.Linear(128, 8), nn.Linear(8, 4)).eval()
    q = torch.ao.quantization.quantize_dynamic(net, {nn.Linear})
    said = "2 quantised layers are left out (the first is 2): give the network before it was"
    x = torch.rand(20, 3, 4, 4)
    for document in (
        sl.weights.spectrum(q).document,
        sl.weights.compare(q, copy.deepcopy(q), data=x, draws=2).document,
    ):
        assert any(text.startswith(said) for text in document["warnings"])
    with pytest.raises(InputError, match="Layer 2 is quantised"):
        sl.weights.resample(q, data=x)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_networks_of_torch_jit_are_refused_in_one_sentence():
    x = torch.rand(8, 3, 4, 4)
    net = torch.jit.trace(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)), x)
    for verb in (
        sl.weights.spectrum,
        lambda net: sl.weights.compare(net, net, data=x),
        lambda net: sl.weights.resample(net, data=x),
    ):
        with pytest.raises(InputError, match="as it was before torch"):
            verb(net)


def compiled_parts(net):
    """As a user may compile: the whole, parts of it, or in place."""
    parts, place = copy.deepcopy(net), copy.deepcopy(net)
    parts[0] = torch.compile(parts[0], backend="eager")
    place.compile(backend="eager")
    return torch.compile(copy.deepcopy(net), backend="eager"), parts, place


def test_compiled_networks_are_looked_into_as_they_were():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(128, 4)
    )
    x = torch.rand(60, 3, 8, 8)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[0].weight += 0.1
    plain = sl.weights.compare(net, other, data=x, draws=2).document
    drawn = sl.weights.resample(net, data=x).document
    profile = sl.fisher_profile(net, (x, torch.arange(60) % 3))
    compiled_parts(net)  # loads the compiler
    traced = torch._dynamo.utils.counters["frames"]["total"]
    for compiled in compiled_parts(net):
        found = sl.weights.compare(compiled, other, data=x, draws=2).document
        again = sl.fisher_profile(compiled, (x, torch.arange(60) % 3))
        assert [entry["S_mean"] for entry in found["layers"]] == [
            entry["S_mean"] for entry in plain["layers"]
        ]
        assert [r.fisher for r in again.layers] == [r.fisher for r in profile.layers]
        assert torch._dynamo.utils.counters["frames"]["total"] == traced  # nothing more
    whole = compiled_parts(net)[0]
    assert sl.weights.resample(whole, data=x).document == drawn
    document = sl.weights.compare(whole, net, data=x, draws=2).document
    assert [entry["name"] for entry in document["layers"]] == ["0", "2", "4"]
    assert document["warnings"][0].startswith("both networks have the same weights")
