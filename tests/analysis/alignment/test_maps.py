"""What a linear layer reads: a map of channels, whose positions are flattened, or features."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from scorelet.analysis.alignment.watching import called_parts

SIDE = 4  # channels and positions tie on purpose: sizes say nothing


class Headed(nn.Module):
    """A layer, what becomes of its output, and a head that reads it flattened."""

    def __init__(self, inner, between, features):
        super().__init__()
        self.inner, self.between = inner, between
        self.head = nn.Linear(features, 3)

    def forward(self, x):
        return self.head(self.between(self.inner, x).flatten(1))


def convolution(outputs=SIDE):
    return nn.Conv2d(SIDE, outputs, 1)


def gated(layer, x):
    """As squeeze and excitation: the last layer that is called is linear, and the map's is not."""
    return x * layer(x.mean((2, 3))).sigmoid()[:, :, None, None]


def beside(parts, x):
    """The layer that is called last is of another branch."""
    x = parts[0](x)
    parts[1](x.permute(0, 2, 3, 1))
    return x


def turned_twice(layer, x):
    return layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


CASES = {
    "tokens": (nn.Linear(SIDE, SIDE), lambda f, x: f(x[:, 0]).tanh(), 16, 1),
    "gated tokens": (
        nn.Linear(SIDE, 2 * SIDE),
        lambda f, x: functional.glu(f(x[:, 0]), -1),
        16,
        1,
    ),
    "as many gated tokens": (
        nn.Linear(SIDE, SIDE),
        lambda f, x: functional.glu(f(x[:, 0]), -1),
        8,
        1,
    ),
    "map": (convolution(), lambda f, x: f(x).relu_(), 64, 16),
    "gated map": (convolution(2 * SIDE), lambda f, x: functional.glu(f(x), 1), 64, 16),
    "tokens of a map": (convolution(), lambda f, x: f(x)[:, :, :2, :2].flatten(2).mT, 16, 1),
    "channels last": (convolution(), lambda f, x: f(x).permute(0, 2, 3, 1), 64, 1),
    "channels last and back": (nn.Linear(SIDE, SIDE), turned_twice, 64, 16),
    "flattened in two steps": (convolution(), lambda f, x: f(x).flatten(1, 2), 64, 16),
    "weighted channels": (nn.Linear(SIDE, SIDE), gated, 64, 16),
    "beside another branch": (nn.Sequential(convolution(), nn.Linear(SIDE, 2)), beside, 64, 16),
}


@pytest.mark.parametrize(("inner", "between", "features", "positions"), CASES.values(), ids=CASES)
def test_positions_follow_the_axis_of_channels(inner, between, features, positions):
    net = Headed(inner, between, features)
    head = called_parts(net, torch.rand(2, SIDE, SIDE, SIDE)).layers[-1]
    assert head.positions == positions
    assert head.shape == (3, features // positions, positions)
