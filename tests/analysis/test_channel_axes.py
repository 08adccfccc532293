"""Means over space or tokens: one number a channel, whatever the layers are."""

import pytest
import torch
from torch import Tensor, nn

from scorelet.analysis.fisher import fisher_ratio
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.analysis.fisher_profile import fisher_profile
from scorelet.core.random import generator

LABELS = torch.arange(60) % 3


def pictures(*shape: int) -> Tensor:
    """Noise whose mean depends on the class."""
    x = torch.randn(len(LABELS), *shape, generator=generator(0))
    return x + 0.5 * LABELS.reshape(-1, *[1] * len(shape))


def ratio(features: Tensor) -> float:
    moments = ClassMoments(torch.bincount(LABELS).tolist(), features.shape[1], parts=2)
    moments.update(features.detach(), LABELS)
    return fisher_ratio(moments).ratio


class Permuted(nn.Module):
    """Channels first or last."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


class Norm2d(nn.LayerNorm):
    """Of channels that come first, as torchvision has it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


MAPS = {
    "1d": (nn.Sequential(nn.Conv1d(2, 3, 3, padding=1), nn.ReLU()), (2, 6), (2, 3, 3)),
    "2d": (nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2)), (2, 6, 6), (2, 3, 3, 3)),
    "3d": (nn.Sequential(nn.Conv3d(2, 3, 3), nn.ReLU()), (2, 5, 5, 5), (2, 3, 3)),
    "norm": (nn.Sequential(nn.Conv2d(2, 3, 1), Norm2d(3)), (2, 4, 4), (2, 3, 3)),
}


@pytest.mark.parametrize(("net", "shape", "channels"), MAPS.values(), ids=MAPS)
def test_channels_of_convolutions_come_first(net, shape, channels):
    x = pictures(*shape)
    found = fisher_profile(net, (x, LABELS), pool="mean")
    assert [layer.fisher.dimension for layer in found.layers] == list(channels)
    assert found["input"].fisher.ratio == pytest.approx(ratio(x.flatten(2).mean(2)), rel=1e-5)
    assert found["0"].fisher.ratio == pytest.approx(ratio(net[0](x).flatten(2).mean(2)), rel=1e-4)
    assert not found.unsure


def test_tokens_are_averaged_and_their_features_stay():
    x, net = pictures(7, 4), nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.LayerNorm(5), nn.Tanh())
    found = fisher_profile(net, (x, LABELS), pool="mean")
    assert [layer.fisher.dimension for layer in found.layers] == [4, 5, 5, 5, 5]
    assert found["input"].fisher.ratio == pytest.approx(ratio(x.mean(1)), rel=1e-5)
    assert found["1"].fisher.ratio == pytest.approx(ratio(net[:2](x).mean(1)), rel=1e-4)
    assert not found.unsure


@pytest.mark.parametrize("layers", [None, ["2", "3"]])
def test_an_order_that_changes_is_followed(layers):
    """As in ConvNeXt: a convolution, then layers with channels last."""
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), Permuted(0, 2, 3, 1), nn.Linear(3, 5), Permuted(0, 3, 1, 2)
    )
    found = fisher_profile(net, (pictures(1, 6, 6), LABELS), pool="mean", layers=layers)
    expected = {"input": 1, "0": 3, "1": 3, "2": 3, "3": 5, "4": 5}
    assert {x.name: x.fisher.dimension for x in found.layers} == {
        name: size for name, size in expected.items() if layers is None or name in layers
    }


def test_where_nobody_knows_the_first_axis_is_taken_and_the_layer_named():
    net = nn.Sequential(
        nn.Conv2d(1, 3, 1), nn.Flatten(2), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)
    )
    found = fisher_profile(net, (pictures(1, 4, 4), LABELS), pool="mean")
    assert [layer.fisher.dimension for layer in found.layers] == [1, 3, 3, 2]
    assert found.unsure == ("2",)
    twice = nn.Sequential(
        nn.Conv1d(4, 4, 1), Permuted(0, 2, 1), nn.Linear(4, 4)
    )  # 4 x 4 either way
    assert fisher_profile(twice, (pictures(4, 4), LABELS), pool="mean").unsure == ("input", "1")
    assert not fisher_profile(net, (pictures(1, 4, 4), LABELS)).unsure


def test_kinds_of_features_of_tokens():
    found = fisher_profile(
        nn.Sequential(nn.Linear(4, 2)), (pictures(7, 4), LABELS), pool="mean", kinds={"0": "ab"}
    )
    assert [kind.kind for kind in found["0"].kinds] == ["a", "b"]
