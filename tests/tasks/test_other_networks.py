"""Networks of torchvision and timm themselves, of random weights, where they are installed."""

import copy

import pytest
import torch
from torch import nn

import scorelet as sl
from scorelet.analysis.alignment import align
from scorelet.analysis.alignment.watching import called_parts, read_by
from scorelet.analysis.jacobian import JacobianProducts
from scorelet.analysis.weight_resampling import draw_network
from scorelet.core.errors import InputError
from scorelet.core.random import generator

pytestmark = pytest.mark.slow


def pictures(count, side=32):
    return torch.randn(count, 3, side, side, generator=generator(0))


def of_timm(name, **options):
    torch.manual_seed(0)
    return pytest.importorskip("timm").create_model(name, num_classes=4, **options).eval()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("test_convnext", {}),
        ("test_efficientnet", {}),
        ("test_vit", {"img_size": 32}),
    ],
)
def test_networks_of_timm_are_aligned_with_themselves(name, options):
    net = of_timm(name, **options)
    found = align(net, copy.deepcopy(net), pictures(24))
    assert all(layer.rotation.similarity == pytest.approx(1, abs=1e-5) for layer in found.layers)
    assert found.layers[-1].reference.shape[2] == 1
    for layer in found.layers:
        if layer.rotation.directions == len(layer.rotation.matrix):
            gap = layer.rotation.matrix - torch.eye(len(layer.rotation.matrix)).double()
            assert float(gap.norm()) / len(gap) ** 0.5 < 1e-3, layer.name


def test_norms_of_timm_with_an_activation_are_measured_in_drawn_networks():
    drawn = draw_network(of_timm("test_resnet"), x := pictures(20), seed=1).network
    norms = [m for m in called_parts(drawn, x[:2]).steps if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 15
    for norm in norms[::7]:
        seen = read_by(drawn, norm, x)[0]
        torch.testing.assert_close(norm.running_mean, seen.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(norm.running_var, seen.var((0, 2, 3)), rtol=1e-3, atol=1e-4)


def test_blocks_of_timm_with_attention_have_a_jacobian():
    block = of_timm("test_vit", img_size=32).blocks[0].double()
    y = torch.randn(1, 3, 64, generator=generator(1), dtype=torch.float64)
    products = JacobianProducts(lambda y: block(y), y)
    v = torch.randn(2, *y.shape, generator=generator(2), dtype=torch.float64)
    exact = torch.autograd.functional.jacobian(lambda y: block(y), y).reshape(192, 192)
    torch.testing.assert_close(products.forward(v).flatten(1), v.flatten(1) @ exact.mT)


def test_networks_of_torchvision_with_depthwise_convolutions():
    """And with Hardsigmoid, which torch differentiates once."""
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    net = models.mobilenet_v3_small(weights=None, num_classes=4, width_mult=0.25).eval()
    found = align(net, copy.deepcopy(net), pictures(4))
    assert any(w.startswith("11 grouped convolutions are left out") for w in found.warnings)
    with pytest.raises(InputError, match=r"features\.1\.block\.0\.0 is a grouped Conv2d"):
        draw_network(net, pictures(4))
    squeeze = net.features[1].block[1]
    y = torch.rand(1, squeeze.fc2.out_channels, 4, 4, generator=generator(0))
    basis = sl.jacobian_basis(squeeze, y, 2, 0.1, tolerance=1e-4)
    assert float(basis.residuals.max()) < 1e-3
    iterative = sl.jacobian_basis(squeeze, y, 2, 0.1, method="iterative", tolerance=1e-5)
    torch.testing.assert_close(iterative.values, basis.values, rtol=1e-3, atol=1e-4)


def test_attention_of_torchvision_is_said():
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    net = models.VisionTransformer(16, 8, 2, 2, 8, 16, num_classes=3).eval()
    warnings = align(net, copy.deepcopy(net), pictures(8, 16)).warnings
    assert any(w.startswith("2 MultiheadAttentions are left out") for w in warnings)
    assert any(w.startswith("2 uncalled layers are left out") for w in warnings)
    with pytest.raises(InputError, match="Expected 16 but got 32"):
        align(net, copy.deepcopy(net), pictures(4, 32))
