"""Images of another dtype than the weights: one sentence; converted, the same result."""

import pytest
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Classifier, NetworkJointEnergy, ResidualDenoiser
from scorelet.networks import BFCNN
from scorelet.networks.grad_res_net import GradResNet
from scorelet.networks.res_net import ResNet

CLASSES = ("a", "b", "c")


def gradients():
    return GradResNet(channels=1, classes=3, width=1 / 8)


MODELS = {
    "residual": lambda: ResidualDenoiser(BFCNN(width=4, depth=3)),
    "joint": lambda: NetworkJointEnergy(gradients(), CLASSES).denoiser(),
    "labels": lambda: NetworkJointEnergy(gradients(), CLASSES),
    "classifier": lambda: Classifier(ResNet(channels=1, classes=3), CLASSES),
}


@pytest.mark.parametrize("name", MODELS)
def test_dtypes_that_differ_are_refused_and_either_can_be_converted(name):
    model = MODELS[name]().eval()
    y = torch.rand(2, 1, 16, 16, generator=generator(0), dtype=torch.float64)
    sigma = () if name == "classifier" else (0.1,)
    with pytest.raises(InputError, match=r"images are float64 and the weights.*float32.*\.to"):
        model(y, *sigma)
    single = model(y.float(), *sigma)
    torch.testing.assert_close(model.double()(y, *sigma), single.double(), rtol=1e-4, atol=1e-4)


def test_networks_that_convert_by_themselves_are_left_alone():
    class Converting(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))  # never beside images
            self.conv = nn.Conv2d(1, 1, 3, padding=1).bfloat16()

        def forward(self, y):
            return self.conv(y.bfloat16()).to(y.dtype)

    y = torch.rand(1, 1, 8, 8, generator=generator(0))
    assert ResidualDenoiser(Converting())(y).dtype == torch.float32
    half = ResidualDenoiser(BFCNN(width=4, depth=3)).eval().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert half(y).isfinite().all()
    with pytest.raises(InputError, match="float32 and the weights of the network bfloat16"):
        half(y)


def test_other_errors_of_a_network_stay_what_they_are():
    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

        def forward(self, y):
            raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match=r"^no memory$"):
        ResidualDenoiser(Failing())(torch.zeros(1, 1, 4, 4))


def test_layers_of_two_dtypes_are_named():
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1).double())
    with pytest.raises(InputError, match="network float32 and float64"):
        ResidualDenoiser(net)(torch.zeros(1, 1, 4, 4))
