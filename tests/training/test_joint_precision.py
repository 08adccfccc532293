"""How exact the second derivative of a joint law is in float32 and in bfloat16."""

import pytest
import torch

from scorelet.core.random import Noise
from scorelet.models import NetworkJointEnergy, UniformNoise
from scorelet.networks.grad_res_net import GradResNet
from scorelet.training.joint import JointObjective

BITS = {torch.float32: 24, torch.bfloat16: 8}
"""Of a number, with the first one, which is not stored."""


def gradient(sigma, dtype, device="cpu"):
    """The gradient of the joint loss of a network with an opinion, in all weights."""
    torch.manual_seed(0)
    network = GradResNet(3, 10, width=0.25)
    with torch.no_grad():
        network.strengths.fill_(2.0)
        for product in network.products:
            product.conv.weight.normal_(std=0.05)
    kept = torch.float64 if dtype == torch.float64 else torch.float32
    names = [str(k) for k in range(10)]
    joint = NetworkJointEnergy(network, names, variance=0.06).to(device, kept)
    x = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1)).to(device, kept)
    batch = {"x": x, "label": torch.arange(8, device=device)}
    objective = JointObjective(UniformNoise(sigma, sigma), clean=0.0, weight=8.0)
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        loss = objective(joint, batch, Noise(0, range(8))).value
    found = torch.autograd.grad(loss, list(joint.parameters()))
    return torch.cat([part.flatten().double().cpu() for part in found])


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.02, 0.5])
def test_rounding_is_that_of_the_numbers(sigma):
    """Not that of log p(y), which all classes share: it is thousands, and left out of what differs.

    An error of rounding has the size of its unit, so that 16 bits less make it 2^16 times as large.
    """
    exact = gradient(sigma, torch.float64)
    single, half = (gradient(sigma, dtype) for dtype in BITS)
    errors = [float((found - exact).norm() / exact.norm()) for found in (single, half)]
    assert errors[0] < 1e-4
    assert errors[1] < errors[0] * 2 ** (BITS[torch.float32] - BITS[torch.bfloat16])
    assert float(half @ exact / half.norm() / exact.norm()) > 0.97


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_has_the_gradient_of_the_processor():
    exact, found = (gradient(0.1, torch.float64, device) for device in ("cpu", "cuda"))
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-9 * float(exact.abs().max()))
