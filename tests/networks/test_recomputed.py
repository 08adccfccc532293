"""Parts that are computed again in each backward pass: the same derivatives, less that is kept."""

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from laws.denoiser_laws import assert_close
from scorelet.core.random import Noise
from scorelet.models import LogUniformNoise, NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.networks.noise_gain import NoiseGain
from scorelet.networks.recomputed import recomputed
from scorelet.training.joint import JointObjective


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.7, -0.3]).double())

    def forward(self, x, level):
        return torch.tanh(self.weight * x) * level.exp()


@pytest.mark.slow
def test_an_input_may_be_made_of_another_and_of_the_weights():
    """Each input has its own derivative, not that of what it was made of."""
    part, x = Part(), torch.tensor([0.4, 1.1], dtype=torch.float64, requires_grad=True)
    found = []
    for call in (part, lambda *inputs: recomputed(part, *inputs)):
        level = x.sin()
        y = call(call(x * part.weight, level) * level, level)
        (slope,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        found.append(torch.stack(torch.autograd.grad(slope.pow(3).sum(), (x, part.weight))))
    assert_close(found[1], found[0], 1e-14)


@pytest.mark.slow
def test_two_derivatives_are_those_of_differences():
    part = Part()
    inputs = tuple(torch.rand(2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert gradcheck(lambda *given: recomputed(part, *given), inputs)
    assert gradgradcheck(lambda *given: recomputed(part, *given), inputs)


class Idle(Part):
    """Its weight is not used."""

    def forward(self, x):
        return x.sin() * x


@pytest.mark.parametrize("part", [nn.GELU(), Idle()])
def test_parts_without_weights_or_with_one_that_is_not_used(part):
    x = torch.tensor([0.4, 1.1], dtype=torch.float64, requires_grad=True)
    found = []
    for call in (part, lambda x: recomputed(part, x)):
        (slope,) = torch.autograd.grad(call(x).sum(), x, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), x)[0])
    assert_close(found[1], found[0], 1e-14)


def test_under_transforms_it_is_the_part_itself():
    part, x = Part(), torch.tensor([0.4, 1.1]).double()
    slope = torch.func.grad(lambda x: recomputed(part, x, x).sum())(x)
    assert_close(slope, torch.func.grad(lambda x: part(x, x).sum())(x), 1e-14)


def joint_loss(checkpointing, posterior, **options):
    """The model, and its loss of a few images of which all are noisy."""
    torch.manual_seed(0)
    network = GradResNet(2, 3, width=0.125, **options)
    network.checkpointing = checkpointing
    with torch.no_grad():
        network.strengths.fill_(2.0)
        for product in network.products:
            product.conv.weight.normal_(std=0.05)
        for part in network.modules():
            if isinstance(part, NoiseGain):
                part.weight.normal_(std=0.1)
    model = NetworkJointEnergy(network, "abc", mean=(0.0,), variance=1.6).double()
    x = torch.rand(6, 2, 8, 8, generator=torch.Generator().manual_seed(1)).double()
    objective = JointObjective(LogUniformNoise(0.1, 2.0), 0.0, posterior=posterior)
    batch = {"x": x, "label": torch.arange(6) % 3}
    return model, lambda: objective(model, batch, Noise(0, range(6))).value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("posterior", "options"), [(0.0, {}), (2.0, {}), (0.0, {"noise_conditioning": False})]
)
def test_the_joint_loss_has_the_same_gradient(posterior, options):
    gradients = []
    for checkpointing in (False, True):
        model, loss = joint_loss(checkpointing, posterior, **options)
        loss().backward()
        gradients.append([p.grad for p in model.parameters()])
    for mine, exact in zip(gradients[1], gradients[0], strict=True):
        assert_close(mine, exact, 1e-12)


def kept(loss):
    """Return the bytes that a loss keeps for its backward pass, each memory once."""
    memory, held = {}, []

    def pack(tensor):
        memory[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        held.append(tensor)  # so that no other one has its address
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss()
    return sum(memory.values())


@pytest.mark.slow
def test_less_than_half_is_kept_for_the_second_derivative():
    """Of what is no weight."""
    model, loss = joint_loss(False, 0.0)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    whole = kept(loss) - weights
    model.network.checkpointing = True
    assert kept(loss) - weights < whole / 2
    model.eval()  # there is nothing to keep it for in a network that does not learn
    assert kept(loss) - weights == whole


def test_it_is_computed_again_in_the_precision_of_the_first_time():
    """A loss is differentiated where its forward pass was cast, and once more elsewhere."""
    seen = []

    class Product(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            seen.append(y.dtype)
            return y

    part, x = Product(3, 3), torch.rand(2, 3, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = recomputed(part, x).square().sum()
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
    slope.square().sum().backward()
    assert seen == [torch.bfloat16] * len(seen)
    assert len(seen) == 4  # forward, for the first derivative, and twice for the second
