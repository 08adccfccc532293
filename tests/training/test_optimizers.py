"""Muon against linear algebra, and the division of parameters between optimisers."""

import pytest
import torch
from torch import nn

from samples import small_network
from scorelet.core.random import generator, randn
from scorelet.networks import BFCNN, DiffusionUNet, ShuffleUNet
from scorelet.networks.grad_res_net import GradResNet
from scorelet.training import Muon, make_optimizers, orthogonal_factor
from scorelet.training.config import OptimizerConfig

SHAPES = [(24, 24), (20, 60), (60, 20), (32, 288)]
BFLOAT16 = 0.05
"""Five steps of three products each, rounded to 8 bits: 15 · 2^-8 if all errors had one sign."""
TWO = 2 * BFLOAT16
"""Two factors, of which each is so far from the exact one."""


def matrix(shape, seed=0):
    """A matrix with singular values between 1 and 0.1, evenly spaced by ratios."""
    u, _, vh = torch.linalg.svd(randn(shape, rng=generator(seed)), full_matrices=False)
    values = torch.logspace(0, -1, min(shape))
    return u, values, vh, (u * values) @ vh


def newton_schulz(values):
    """What five steps make of singular values, in float64."""
    x = (values / values.norm()).double()
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    return x


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_vectors_stay_and_singular_values_become_about_one(shape):
    u, values, vh, m = matrix(shape)
    inner = u.T @ orthogonal_factor(m) @ vh.T
    diagonal = inner.diagonal()
    assert (inner - diagonal.diag()).norm() < BFLOAT16 * inner.norm()
    torch.testing.assert_close(diagonal.double(), newton_schulz(values), rtol=0, atol=BFLOAT16)
    assert 0.6 < float(diagonal.min()) < float(diagonal.max()) < 1.25  # as Jordan et al. say


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_the_factor_depends_on_the_direction_of_the_matrix_only(shape, scale):
    _, _, _, m = matrix(shape)
    expected = orthogonal_factor(m)
    assert (orthogonal_factor(scale * m) - expected).norm() < TWO * expected.norm()


def test_nothing_comes_of_nothing():
    assert not orthogonal_factor(torch.zeros(17, 20)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_batch_is_its_matrices_one_by_one(shape):
    batch = torch.stack([matrix(shape, seed)[-1] for seed in range(3)])
    alone = torch.stack([orthogonal_factor(m) for m in batch])
    assert (orthogonal_factor(batch) - alone).norm() < TWO * alone.norm()


@pytest.mark.parametrize(("shape", "stretch"), [((20, 60), 1.0), ((80, 20), 2.0)])
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_a_step_is_the_formula(shape, stretch, decay):
    """Two steps with the same gradient: both momenta point along it, so both move by UVᵀ."""
    weight = randn(shape, rng=generator(5)).requires_grad_()
    start = weight.detach().clone()
    gradient = matrix(shape)[-1]
    factor = orthogonal_factor(gradient)
    optimizer = Muon([weight], rate=0.1, momentum=0.9, weight_decay=decay)
    expected = start
    for _ in range(2):
        weight.grad = gradient.clone()
        optimizer.step()
        expected = (1 - 0.1 * decay) * expected - 0.1 * stretch * factor
    moved = (expected - start).norm()
    assert (weight.detach() - expected).norm() < TWO * moved


def test_the_momentum_is_nesterovs():
    """m ← β m + (1 - β) g, and the update is the factor of (1 - β) g + β m."""
    weight = nn.Parameter(torch.zeros(20, 20))
    optimizer = Muon([weight], rate=1.0, momentum=0.6)
    momentum = torch.zeros(20, 20)
    for seed in range(3):
        before = weight.detach().clone()
        gradient = matrix((20, 20), seed)[-1]
        weight.grad = gradient.clone()
        optimizer.step()
        momentum = 0.6 * momentum + 0.4 * gradient
        torch.testing.assert_close(optimizer.state[weight]["momentum"], momentum)
        factor = orthogonal_factor(0.4 * gradient + 0.6 * momentum)
        assert (before - weight.detach() - factor).norm() < TWO * factor.norm()


def test_a_convolution_moves_as_the_matrix_of_its_filters():
    layer = nn.Conv2d(20, 24, 3, bias=False).to(memory_format=torch.channels_last)
    before = layer.weight.detach().clone()
    gradient = randn((24, 20, 3, 3), rng=generator(1))
    layer.weight.grad = gradient.clone(memory_format=torch.channels_last)
    Muon([layer.weight], rate=1.0).step()
    expected = orthogonal_factor(gradient.reshape(24, 180)).reshape(24, 20, 3, 3)
    assert (before - layer.weight.detach() - expected).norm() < TWO * expected.norm()


def test_parameters_without_a_gradient_rest_and_the_closure_is_called():
    moving, resting = (nn.Parameter(torch.eye(20)) for _ in range(2))
    optimizer = Muon([moving, resting], rate=0.1, weight_decay=0.5)

    def closure():
        loss = moving.square().sum() / 2
        loss.backward()
        return loss

    assert float(optimizer.step(closure).detach()) == 10
    assert torch.equal(resting, torch.eye(20))
    assert not torch.equal(moving, torch.eye(20))


@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
@pytest.mark.parametrize(
    "network",
    [
        lambda: BFCNN(3, width=20, depth=4),
        lambda: ShuffleUNet(3, widths=(20, 24), encoder=(1, 1), decoder=(1,)),
        lambda: small_network("unet"),
    ],
)
def test_every_parameter_belongs_to_exactly_one_optimiser(network, name):
    model = network()
    frozen = next(model.parameters()).requires_grad_(requires_grad=False)
    owned = [
        id(p)
        for optimizer in make_optimizers(model, OptimizerConfig(name=name))
        for group in optimizer.param_groups
        for p in group["params"]
    ]
    assert sorted(owned) == sorted(id(p) for p in model.parameters() if p is not frozen)


def test_muon_gets_the_inner_matrices_and_adamw_the_rest():
    model = ShuffleUNet(3, widths=(20, 24), encoder=(1, 1), decoder=(1,))
    muon, adamw = make_optimizers(model, OptimizerConfig(name="muon", rate=2e-3, matrix_rate=0.03))
    names = {id(p): name for name, p in model.named_parameters()}
    inner = {names[id(p)] for p in muon.param_groups[0]["params"]}
    outer = {names[id(p)] for p in adamw.param_groups[0]["params"]}
    assert isinstance(muon, Muon)
    assert isinstance(adamw, torch.optim.AdamW)
    assert (muon.param_groups[0]["lr"], adamw.param_groups[0]["lr"]) == (0.03, 2e-3)
    assert {"head.weight", "tail.weight", "encoders.0.0.spatial.weight"} <= outer
    assert {"downs.0.weight", "ups.0.weight", "encoders.0.0.expand.weight"} <= inner


def test_muon_leaves_alone_what_tells_the_noise_level():
    model = GradResNet(width=0.5)
    muon, adamw = make_optimizers(model, OptimizerConfig(name="muon"))
    names = {id(p): name for name, p in model.named_parameters()}
    inner = {names[id(p)] for p in muon.param_groups[0]["params"]}
    outer = {names[id(p)] for group in adamw.param_groups for p in group["params"]}
    told = {name for name in names.values() if "gain" in name or name.startswith("level.")}
    assert {"stages.3.1.gain.weight", "level.second.weight"} <= told <= outer
    assert "stages.3.1.first.weight" in inner


def test_muon_moves_matrices_of_sixteen_channels():
    """If asked to: those of the widest maps of a narrow network, which denoise."""
    model = GradResNet(width=0.25)
    narrow = model.stages[0][0].first.weight
    assert narrow.shape[:2] == (16, 16)
    for options, moved in (({}, False), ({"least_channels": 16}, True)):
        muon, _ = make_optimizers(model, OptimizerConfig(name="muon", **options))
        assert any(p is narrow for p in muon.param_groups[0]["params"]) == moved


def test_muon_leaves_alone_the_level_of_diffusion_networks():
    model = DiffusionUNet(width=32, multipliers=[1], blocks=1)
    muon, _ = make_optimizers(model, OptimizerConfig(name="muon"))
    names = {id(p): name for name, p in model.named_parameters()}
    inner = {names[id(p)] for p in muon.param_groups[0]["params"]}
    assert "middle.parts.0.enter.2.weight" in inner
    assert not [name for name in inner if name.startswith("level.") or ".told." in name]


class Own(nn.Module):
    """A network of nobody's classes, which says of one of its layers that it tells the level."""

    def __init__(self):
        super().__init__()
        self.layer, self.gains = nn.Linear(20, 20), nn.Linear(20, 20)

    def level_weights(self):
        return [self.gains.weight]


def test_muon_leaves_alone_what_a_network_says_tells_it_the_level():
    model = Own()
    muon, adamw = make_optimizers(nn.Sequential(model), OptimizerConfig(name="muon"))
    (inner,) = muon.param_groups[0]["params"]
    assert inner is model.layer.weight
    assert any(p is model.gains.weight for p in adamw.param_groups[0]["params"])


@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("name", ["adamw", "muon", "sgd"])
def test_without_a_gradient_matrices_decay_by_rate_times_decay_and_vectors_if_asked(name, vectors):
    model = nn.Sequential(nn.Linear(20, 20), nn.BatchNorm1d(20), nn.Linear(20, 1))
    nn.init.normal_(model[1].bias)
    before = [p.detach().clone() for p in model.parameters()]
    config = OptimizerConfig(
        name=name, rate=0.01, matrix_rate=0.02, weight_decay=0.5, decay_vectors=vectors
    )
    for optimizer in make_optimizers(model, config):
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
    for p, old in zip(model.parameters(), before, strict=True):
        rate = 0.02 if name == "muon" and p.shape == (20, 20) else 0.01
        kept = 1 - 0.5 * rate if vectors or p.ndim == 2 else 1
        torch.testing.assert_close(p.detach(), kept * old, rtol=1e-6, atol=0)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_moves_by_the_momentum_of_its_formula(nesterov):
    """v ← μ v + g, p ← p - rate v; Nesterov's moves by g + μ v."""
    model = nn.Linear(3, 2)
    config = OptimizerConfig(name="sgd", rate=0.1, momentum=0.6, nesterov=nesterov)
    (sgd,) = make_optimizers(model, config)
    velocity, expected = torch.zeros(2, 3), model.weight.detach().clone()
    for seed in range(3):
        gradient = randn((2, 3), rng=generator(seed))
        model.weight.grad = gradient.clone()
        model.bias.grad = torch.zeros(2)
        sgd.step()
        velocity = 0.6 * velocity + gradient
        expected -= 0.1 * (gradient + 0.6 * velocity if nesterov else velocity)
    torch.testing.assert_close(model.weight.detach(), expected)
