"""Scattering trees, patch frames and bias-free residual networks: counts, shapes, homogeneity."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.networks import FixedFeatures, PatchFrame, ResNet, ScatteringTree
from scorelet.networks.res_net import RECTIFIERS, Rectifier


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_counts_of_the_scattering_tree(without_values):
    """The table leaves the classifier's bias out."""
    assert count(ScatteringTree()) - 10 == 104_064
    assert count(ScatteringTree(1, 10, size=28)) - 10 == 39_552
    large = ScatteringTree(3, 1000, size=224, scales=4, outputs=256, pool=5)
    assert count(large) - 1000 == 25_920_768
    assert ScatteringTree().project.weight.shape == (128, 651)
    assert ScatteringTree(width=0.25).project.weight.shape == (32, 651)


def test_the_tree_of_features_is_the_tree_of_images():
    net = ScatteringTree(size=16, scales=2, angles=4, outputs=8).eval()
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(net.logits(net.features(x)), net(x))
    assert len(net.tight_weights()) == 1
    assert isinstance(net, FixedFeatures)


def test_the_tree_says_the_orders_of_its_channels():
    net = ScatteringTree(1, size=16, scales=2, angles=4, outputs=8)
    kinds = net.coefficients.channel_kinds
    assert [kinds.count(f"order {m}") for m in (0, 1, 2)] == [1, 8, 16]  # 1, J L, J (J - 1)/2 L²


def test_counts_of_patch_frames(without_values):
    assert count(PatchFrame()) - 10 == 1_603_590
    assert count(PatchFrame(1, 10, size=28, patch=14, stride=7, atoms=2048)) - 10 == 409_250
    assert PatchFrame(width=0.125).frame.weight.shape[0] == 1024


def test_a_square_frame_without_non_linearity_gives_the_patches_back():
    """Synthesis averages what overlaps: where all patches have one norm it is the image / norm."""
    net = PatchFrame(1, 2, size=8, patch=4, stride=4, atoms=16, shrinkage="identity")
    tile = torch.rand(4, 4, generator=torch.Generator().manual_seed(0))
    x = tile.repeat(2, 2)[None, None]
    seen = []
    net.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    net.eval()(x)
    assert torch.allclose(seen[0], (x - 0.5) / (tile - 0.5).norm(), atol=1e-5)


@pytest.mark.parametrize("features", ["frame", "synthesis"])
def test_patch_frames_map_images_to_logits(features):
    net = PatchFrame(size=16, patch=8, stride=4, atoms=12, features=features)
    assert isinstance(net, Network)
    assert net(torch.rand(2, 3, 16, 16)).shape == (2, 10)


def test_resnet_18_is_torchvisions_but_for_the_norms(without_values):
    """11,689,512 parameters with norms; 2 x 4,800 channels of norms fewer without."""
    words = {"classes": 1000, "stem": "imagenet"}
    assert count(ResNet(bias_free=False, **words)) == 11_689_512
    assert count(ResNet(**words)) == 11_689_512 - 2 * 4800


def test_resnet_20_has_its_published_size():
    """0.27 M: 270,906 with 1x1 shortcuts, without norms' parameters."""
    net = ResNet(blocks=(3, 3, 3), widths=(16, 32, 64))
    assert count(net) == 270_906
    assert net(torch.rand(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("rectifier", RECTIFIERS)
def test_rectifiers_follow_the_table(rectifier):
    """At 2 and -2; the learned threshold starts at 0.1."""
    tanh, third = math.tanh(2), 2 / 3
    expected = {
        "relu": (2, 0), "abs": (2, 2), "soft": (1.9, -1.9), "soft fixed": (1, -1),
        "tanh": (tanh, -tanh), "squash": (third, -third),
    }  # fmt: skip
    got = Rectifier(rectifier, 1)(torch.tensor([2.0, -2.0]).reshape(1, 1, 1, 2)).flatten()
    assert got.tolist() == pytest.approx(expected[rectifier])


@pytest.mark.parametrize("rectifier", RECTIFIERS)
def test_every_rectifier_learns(rectifier):
    net = ResNet(blocks=(1, 1), widths=(4, 8), rectifier=rectifier)
    net(torch.rand(3, 3, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("rectifier", ["relu", "abs"])
def test_without_biases_the_features_are_homogeneous(rectifier):
    net = ResNet(blocks=(1, 1), widths=(4, 8), rectifier=rectifier).eval()
    x = torch.rand(1, 3, 8, 8) - 0.5
    small, large = (_features(net, a * x) for a in (1, 7))
    assert torch.allclose(large, 7 * small, rtol=1e-4, atol=1e-5)


def _features(net: ResNet, x: torch.Tensor) -> torch.Tensor:
    x = net.stem(x)
    for stage in net.stages:
        x = stage(x)
    return x


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: ScatteringTree(size=4), "too small for 3 scales"),
        (lambda: PatchFrame(size=10), "do not cover images of 10 pixels"),
        (lambda: PatchFrame(features="both"), "frame or synthesis"),
        (lambda: ResNet(stem="mnist"), "imagenet or cifar"),
        (lambda: ResNet(rectifier="sine"), "Unknown non-linearity 'sine'"),
        (lambda: ResNet(widths=(4,)), "give one for each"),
    ],
)
def test_impossible_options_are_refused(build, sentence):
    with pytest.raises(InputError, match=sentence):
        build()
