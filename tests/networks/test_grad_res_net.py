"""The residual network whose gradient denoises, and what it is made of."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jacfwd, jacrev, vmap

from laws.denoiser_laws import assert_close
from scorelet.core.errors import InputError
from scorelet.networks import ARCHITECTURES
from scorelet.networks.channel_affine import affine, squares
from scorelet.networks.gelu import gelu
from scorelet.networks.grad_res_net import NORMS, UNIT, GradBlock, GradResNet
from scorelet.networks.noise_gain import NoiseGain
from scorelet.networks.scale_norm import ScaleGroupNorm


def white(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "biased", "free"),
    [
        (1.0, 11_212_640, 11_212_416),
        (0.5, 2_806_192, 2_806_080),
        (0.25, 703_064, 703_008),
        (0.125, 176_524, 176_496),
    ],
)
def test_parameter_counts(width, biased, free):
    for side_bias, expected in ((True, biased), (False, free)):
        network = GradResNet(
            width=width, noise_conditioning=False, side_bias=side_bias, energy="maps"
        )
        strengths = network.strengths.numel()
        assert sum(p.numel() for p in network.parameters()) - strengths == expected


@pytest.mark.slow
@pytest.mark.parametrize("told", [False, True])
def test_norms_of_other_places_are_one_more_in_each_block(told):
    """With its gains of a noise level; what is left has the names that it has by default."""
    count, names = {}, {}
    for place in NORMS:
        network = GradResNet(width=0.125, noise_conditioning=told, norm_placement=place)
        assert network.options["norm_placement"] == place
        count[place] = sum(p.numel() for p in network.parameters())
        names[place] = set(network.state_dict())
    maps = 2 * (8 + 16 + 32 + 64)  # channels of all blocks
    more = maps * (1 + (64 if told else 0))
    for place in NORMS[1:]:
        assert count[place] == count["block"] + more
        assert all("inner" in name for name in names[place] - names["block"])
        assert names["block"] < names[place]


@pytest.mark.parametrize("place", NORMS)
def test_places_of_norms(place):
    torch.manual_seed(0)
    block, x = GradBlock(8, 16, 2, None, place).double(), white(2, 8, 6, 6)
    norms = (block.norm, block.inner_norm, block.shortcut_norm)
    for k, norm in enumerate(n for n in norms if n is not None):
        norm.weight.data.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(k))
    first, second = block.first, block.second
    side = block.shortcut_norm(block.shortcut(x))
    exact = {
        "block": lambda: block.norm(F.gelu(second(F.gelu(first(x))) + side)),
        "activation": lambda: block.norm(F.gelu(second(block.inner_norm(F.gelu(first(x)))) + side)),
        "convolution": lambda: F.gelu(
            block.norm(second(F.gelu(block.inner_norm(first(x))))) + side
        ),
    }
    assert_close(block(x), exact[place](), 1e-14)


def test_files_without_a_place_of_norms_have_the_default():
    """Options of a file that is older than the choice, and its weights, are those of a network."""
    network = GradResNet(width=0.125)
    options = {k: v for k, v in network.options.items() if k != "norm_placement"}
    again = GradResNet(**options)
    again.load_state_dict(network.state_dict())
    assert again.options["norm_placement"] == "block"
    assert not any("inner" in name for name in network.state_dict())


def test_there_is_no_bias_and_nothing_that_is_not_smooth():
    network = ARCHITECTURES["GradResNet"](width=0.125)
    biases = [name for name, _ in network.named_parameters() if "bias" in name]
    assert all(name.startswith("level.") for name in biases)
    kinds = (nn.ReLU, nn.MaxPool2d, nn.BatchNorm2d, nn.Dropout)
    assert not any(isinstance(part, kinds) for part in network.modules())


@pytest.mark.slow
def test_slopes_of_logits_and_energy_do_not_jump():
    """Along a line they change by the integral of their derivatives, which know no jumps."""
    network = GradResNet(classes=2, width=0.125).double()
    opinionated(network)
    nodes, weights = (torch.from_numpy(n) / 2 for n in np.polynomial.legendre.leggauss(8))
    place = torch.cat([torch.tensor([0.0, 1.0]).double(), nodes + 0.5]).requires_grad_()
    y = white(1, 3, 8, 8) + 0.03 * place[:, None, None, None] * white(1, 3, 8, 8, seed=1)
    energy, logits = network.heads(y, torch.full_like(place, 0.3))
    for values in (energy, *logits.mT):
        (slopes,) = torch.autograd.grad(values.sum(), place, create_graph=True)
        (bends,) = torch.autograd.grad(slopes.sum(), place, retain_graph=True)
        assert_close(bends[2:] @ weights, slopes[1] - slopes[0], 1e-9)


def test_training_and_evaluation_are_one_function():
    network, x = GradResNet(width=0.125).double(), white(3, 3, 16, 16)
    sigma = torch.tensor([0.1, 0.2, 0.5]).double()
    first = network.train()(x, sigma)
    assert torch.equal(network.eval()(x, sigma), first)
    assert_close(
        torch.cat([network(x[k : k + 1], sigma[k : k + 1]) for k in range(3)]), first, 1e-12
    )


def test_a_network_that_is_told_the_level_asks_for_it():
    with pytest.raises(InputError, match="give sigma"):
        GradResNet(width=0.125)(torch.zeros(1, 3, 8, 8))
    with pytest.raises(InputError, match="groups of 8"):
        GradResNet(width=0.1)
    with pytest.raises(InputError, match="energy is"):
        GradResNet(width=0.125, energy="other")
    with pytest.raises(InputError, match="norm_placement is 'other': use block or"):
        GradResNet(width=0.125, norm_placement="other")


def test_the_norm_keeps_the_scale_and_evens_groups():
    x = white(2, 16, 5, 5) * torch.tensor([1.0, 4.0]).double().repeat_interleave(8)[:, None, None]
    x = x + 0.5
    norm = ScaleGroupNorm(16).double()
    assert_close(norm(3 * x), 3 * norm(x), 1e-5)
    assert_close(norm(x), evened(x), 1e-12)
    gain = white(2, 16, seed=1)
    assert_close(norm(x, gain), norm(x) * gain[..., None, None], 1e-12)


def evened(x):
    """The norm without gains: groups of 8 channels, centred, brought to their mean variance."""
    groups = x.reshape(len(x), x.shape[1] // 8, -1)
    centred = groups - groups.mean(2, keepdim=True)
    variance = centred.square().mean(2, keepdim=True)
    exact = centred * ((variance.mean(1, keepdim=True) + 1e-5) / (variance + 1e-5)).sqrt()
    return exact.reshape(x.shape)


def after_block(x, block, level, stride):
    """conv, GELU, conv, + shortcut, GELU, norm; a shortcut of another shape is conv and norm."""

    def normed(z, norm, gain):
        return evened(z) * (norm.weight * (1 + level @ gain.weight.mT))[..., None, None]

    hidden = F.gelu(F.conv2d(x, block.first.weight, stride=stride, padding=1))
    y = F.conv2d(hidden, block.second.weight, padding=1)
    if x.shape != y.shape:
        shortcut = F.conv2d(x, block.shortcut.weight, stride=stride)
        x = normed(shortcut, block.shortcut_norm, block.shortcut_gain)
    return normed(F.gelu(y + x), block.norm, block.gain)


def scatter_gains(part):
    """Those of norms begin at one, those of noise levels at zero."""
    with torch.no_grad():
        for k, gain in enumerate(part.modules()):
            if isinstance(gain, ScaleGroupNorm | NoiseGain):
                gain.weight.copy_(1 + 0.5 * white(*gain.weight.shape, seed=k))


@pytest.mark.parametrize(("inputs", "stride"), [(16, 1), (8, 1), (16, 2)])
def test_the_formula_of_a_block(inputs, stride):
    block, x, level = GradBlock(inputs, 16, stride, 4).double(), white(2, inputs, 6, 6), white(2, 4)
    scatter_gains(block)
    assert_close(block(x, level), after_block(x, block, level, stride), 1e-12)


def test_the_formula_of_the_logits():
    """Stem conv, GELU, four stages of two blocks, and a matrix of the means of all stages."""
    network, image = GradResNet(width=0.125).double(), white(2, 3, 16, 16)
    scatter_gains(network)
    sigma = torch.tensor([0.1, 0.5]).double()
    x, means = F.gelu(F.conv2d(image, network.stem.weight, padding=1)), []
    for number, (first, second) in enumerate(network.stages):
        x = after_block(x, first, network.level(sigma), 2 if number else 1)
        x = after_block(x, second, network.level(sigma), 1)
        means.append(x.mean((2, 3)))
    sides = [mean @ side.weight.mT for mean, side in zip(means[:3], network.sides, strict=True)]
    logits = torch.cat([*sides, means[3]], 1) @ network.classify.weight.mT
    assert_close(network(image, sigma), logits, 1e-9)


@pytest.mark.parametrize("place", NORMS)
def test_with_rectifiers_the_trunk_is_homogeneous(monkeypatch, place):
    """GELU is so only for large inputs; ReLU in its place shows that nothing else is not."""
    network = GradResNet(width=0.125, noise_conditioning=False, norm_placement=place)
    x = torch.rand(2, 3, 16, 16)
    monkeypatch.setattr("scorelet.networks.grad_res_net.gelu", F.relu)
    opinionated(network)
    for scale, tol in ((10, 1e-3), (100, 1e-4)):
        (energy, logits), (larger, thrice) = network.heads(scale * x), network.heads(3 * scale * x)
        assert_close(thrice, 3 * logits, tol)
        assert_close(larger, 9 * energy, tol)


def opinionated(network):
    """Give it an energy, as after training: products begin at zero."""
    rng = torch.Generator().manual_seed(1)
    with torch.no_grad():
        network.strengths.fill_(2.0)
        for product in network.products:
            product.conv.weight.normal_(std=0.05, generator=rng)


@pytest.mark.parametrize("shape", [(16, 16), (9, 17), (5, 6)])
def test_products_are_with_the_image_at_the_resolution_of_the_maps(shape):
    """<u, f(u)> / 2, f the sum of what is made of each stage, enlarged as the sums were taken."""
    network, u = GradResNet(width=0.125, noise_conditioning=False).double(), white(2, 3, *shape)
    opinionated(network)
    network.strengths.data.zero_()
    f = 0
    for k, (product, maps) in enumerate(zip(network.products, network._maps(u, None), strict=True)):
        seen = F.conv2d(maps, product.conv.weight, padding=1)
        enlarged = torch.kron(seen, torch.ones(2**k, 2**k).double()) / 2**k
        f = f + enlarged[..., : shape[0], : shape[1]]
    assert_close(network.heads(u)[0], (u * f).sum((1, 2, 3)) / 2, 1e-12)


@pytest.mark.parametrize("energy", ["features", "maps"])
def test_energies_without_products_are_mean_squares(energy):
    """Of the pooled features, or stage by stage of the maps, times 0.01 d s / 2."""
    torch.manual_seed(0)
    network = GradResNet(width=0.125, noise_conditioning=False, energy=energy).double()
    opinionated(network)
    u = white(2, 3, 8, 8)
    maps = network._maps(u, None)
    if energy == "features":
        pooled = [z.mean((2, 3)) for z in maps]
        sides = [side(z) for side, z in zip(network.sides, pooled, strict=False)]
        parts = [torch.cat([*sides, pooled[-1]], 1).square().mean(1)]
    else:
        parts = [z.square().mean((1, 2, 3)) for z in maps]
    expected = UNIT * 3 * 8 * 8 / 2 * 2.0 * sum(parts)
    assert_close(network.heads(u)[0], expected, 1e-12)


@pytest.mark.slow
def test_gelu_is_that_of_torch_to_every_order():
    x = white(2, 8, 3, 3)
    for layout in (torch.contiguous_format, torch.channels_last):
        z = x.contiguous(memory_format=layout).requires_grad_()
        assert gradcheck(gelu, z, check_forward_ad=True)
        assert gradgradcheck(gelu, z)
    flat = white(6)
    found, exact = (
        [d(lambda t, f=f: (f(t) ** 2 * t).sum())(flat) for d in (grad, hessian, _third)]
        for f in (gelu, F.gelu)
    )
    for mine, theirs in zip(found, exact, strict=True):
        assert_close(mine, theirs, 1e-12)
    assert_close(vmap(jacfwd(gelu))(flat[:, None]), vmap(jacrev(F.gelu))(flat[:, None]), 1e-12)


def _third(f):
    return jacrev(jacfwd(grad(f)))


@pytest.mark.slow
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_sums_and_products_of_channels(layout):
    x, y = (white(2, 3, 2, 4, seed=k).contiguous(memory_format=layout) for k in range(2))
    a, b = white(2, 3, seed=2), white(2, 3, seed=3)
    assert_close(squares(x), torch.stack([x.sum((2, 3)), (x * x).sum((2, 3))]), 1e-14)
    assert_close(sums(x, y, a, b), torch.stack([x.sum((2, 3)), (x * y).sum((2, 3))]), 1e-14)
    assert_close(affine(x, a, b), x * a[..., None, None] + b[..., None, None], 1e-14)
    for tensor in (x, y, a, b):
        tensor.requires_grad_()
    cases = ((squares, (x,)), (sums, (x, y, a, b)), (affine, (x, a, b)), (affine, (x, a)))
    for f, inputs in cases:
        assert gradcheck(f, inputs, check_forward_ad=True)
        assert gradgradcheck(f, inputs)


def sums(x, y, a, b):
    """The gradient of Σ x (a y + b) in b and a, which is Σ x and Σ x y."""
    slopes = grad(lambda a, b: (x * affine(y, a, b)).sum(), argnums=(1, 0))(a, b)
    return torch.stack(slopes)
