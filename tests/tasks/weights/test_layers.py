"""Layers of networks as the verbs of weights list, name and count them."""

import pytest
import torch
from torch import nn

import scorelet as sl
from aligned_networks import ResidualNet
from learned_networks import learned_classifier, learned_images
from scorelet.core.errors import InputError
from scorelet.tasks.networks import PictureChoice
from scorelet.tasks.weights.compare import CompareSettings, comparison
from scorelet.tasks.weights.spectrum import spectra


class Backboned(nn.Module):
    """A network of others, which calls a part of itself `network`."""

    def __init__(self):
        super().__init__()
        self.network, self.head = nn.Conv2d(3, 16, 3), nn.Linear(16, 8)

    def forward(self, x):
        return self.head(self.network(x).relu().mean((2, 3)))


def test_a_part_called_network_is_not_the_whole_of_a_network_of_others():
    names = [entry["name"] for entry in sl.weights.spectrum(Backboned()).document["layers"]]
    assert names == ["network", "head"]


def test_a_network_that_is_one_layer_has_the_name_of_its_class():
    (found,) = sl.weights.spectrum(nn.Linear(32, 16)).document["layers"]
    assert found["name"] == "Linear"
    x = torch.rand(300, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    nets = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)
    (found,) = sl.weights.compare(*nets, data=x, draws=2).document["layers"]
    assert found["name"] == "Conv2d"


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.stem, self.first, self.second = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), nn.Linear(8, 8)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(self.stem(x).relu().mean((2, 3))).relu())


def test_layers_that_share_a_weight_are_listed_once():
    torch.manual_seed(0)
    one, other = Tied(), Tied()
    said = "first, second share their weights, and are listed once, as first"
    x = torch.rand(60, 3, 6, 6)
    for found in (sl.weights.spectrum(one), sl.weights.compare(one, other, data=x, draws=2)):
        assert len(repr(found)) < 400  # and not all eigenvectors
        assert [entry["name"] for entry in found.document["layers"]] == ["stem", "first"]
        assert said in found.document["warnings"]
    other.second.weight = nn.Parameter(other.second.weight.detach().clone())
    found = sl.weights.compare(one, other, data=x, draws=2).document
    assert [entry["name"] for entry in found["layers"]] == ["stem", "first", "second"]
    assert said not in found["warnings"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("convolution", "norm", "space"),
    [(nn.Conv1d, nn.BatchNorm1d, (9,)), (nn.Conv3d, nn.BatchNorm3d, (6, 6, 6))],
)
def test_networks_of_one_and_three_dimensions(convolution, norm, space):
    """A network and itself with its first neurons in another order."""

    def net():
        return nn.Sequential(convolution(2, 4, 3), norm(4), nn.ReLU(), convolution(4, 3, 3))

    one, other = net(), net()
    order = torch.tensor([2, 0, 3, 1])
    with torch.no_grad():
        other.load_state_dict(one.state_dict())
        other[0].weight[:], other[0].bias[:] = one[0].weight[order], one[0].bias[order]
        other[3].weight[:] = one[3].weight[:, order]
    x = torch.rand(40, 2, *space)
    layers = sl.weights.compare(one, other, data=x, draws=2).document["layers"]
    assert [entry["r2_align"] for entry in layers] == pytest.approx([1, 1], abs=1e-5)
    assert sl.weights.resample(one, data=x).document["pictures"] == 40
    with pytest.raises(InputError, match=r"of shape \(40, 2, 9, 9\): expected floats"):
        sl.weights.compare(one, other, data=torch.rand(40, 2, 9, 9))


def test_warnings_name_five_layers_of_many():
    """The document has numbers of all of them."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Conv2d(3 + 9 * (k > 0), 12, 1) for k in range(9)))
    other = nn.Sequential(*(nn.Conv2d(3 + 29 * (k > 0), 32, 1) for k in range(9)))
    for document, said in (
        (sl.weights.compare(net, other, data=torch.rand(9, 3, 2, 2), draws=2).document, 3),
        (sl.weights.resample(net, data=torch.rand(9, 3, 2, 2)).document, 2),
    ):
        text = [text for text in document["warnings"] if "1, 2, 3, 4, 5 and 3 more" in text]
        assert len(text) == said
        assert len(document["layers"]) == 9


def test_layers_of_zeros_are_said_where_networks_are_compared_and_drawn():
    torch.manual_seed(0)
    net, other = ResidualNet(8, 4).eval(), ResidualNet(8, 4).eval()
    nn.init.zeros_(net.layer1.conv2.weight)
    images, said = learned_images(), "all weights of layer1.conv2 are 0"
    document = sl.weights.compare(net, other, data=images, draws=2).document
    assert f"first network: {said}: nothing is said of them" in document["warnings"]
    assert not any(text.startswith("second network") for text in document["warnings"])
    for law, count in (("shrunk", 1), ("empirical", 0)):
        warnings = sl.weights.resample(net, data=images, law=law).document["warnings"]
        assert sum(text.startswith(f"{said}, and the law shrunk") for text in warnings) == count


def test_layers_are_counted_while_they_are_looked_into():
    net, x, told = learned_classifier(0).network, torch.rand(10, 3, 8, 8), []
    spectra(net, arch=None, noise="auto", progress=lambda *step: told.append(step))
    assert told == [(k, 7) for k in range(1, 8)]
    shown, steps = [], []
    comparison(
        net,
        learned_classifier(1).network,
        x,
        CompareSettings(draws=2),
        PictureChoice(),
        progress=lambda *step: shown.append(step),
        layered=lambda *step: steps.append(step),
    )
    assert shown == [(8, 10), (10, 10)]  # the held-out fifth, too
    assert steps == [(k, 21) for k in range(1, 22)]
