"""Networks of wavelets and learned matrices: counts, shapes, invariances, gradients."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.random import generator, randn
from scorelet.networks import LearnedScattering, ScatteringTree
from scorelet.networks.collapse_block import FOUR_PHASES, Block, CollapseBlock
from scorelet.networks.learned_scattering import IMAGENET_SIZES

OCTAVES = (64, 128, 256, 512)
SMALL = {"sizes": (4, 6, 8, 8), "factorize": 0}


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(("skip", "parameters"), [(False, 12_251_018), (True, 24_459_018)])
def test_counts_of_phase_collapse_on_cifar(without_values, skip, parameters):
    assert count(LearnedScattering(block={"skip": skip})) == parameters


@pytest.mark.slow
def test_counts_of_separation_and_concentration(without_values):
    """The table leaves the classifier's bias out."""
    words = {"factorize": None, "block": FOUR_PHASES}
    assert count(LearnedScattering(sizes=OCTAVES, **words)) - 10 == 5_704_896
    frames = (1024, 2048, 4096, 8192)
    assert count(LearnedScattering(sizes=OCTAVES, atoms=frames, **words)) - 10 == 11_275_456
    six = (64, 128, 256, 512, 512, 512)
    large = LearnedScattering(3, 1000, size=224, sizes=six, **words)
    assert count(large) - 1000 == 27_593_920
    frames = (512, 1024, 1024, 2048, 2048, 2048)
    large = LearnedScattering(3, 1000, size=224, sizes=six, atoms=frames, **words)
    assert count(large) - 1000 == 31_165_632


@pytest.mark.slow
@pytest.mark.parametrize(("skip", "millions"), [(False, 24.44256), (True, 48.88512)])
def test_counts_of_phase_collapse_on_imagenet(without_values, skip, millions):
    net = LearnedScattering(
        3, 1000, size=224, sizes=IMAGENET_SIZES, factorize=1, block={"angles": 8, "skip": skip}
    )
    assert count(net.blocks) == round(millions * 1e6)
    assert net.classify.in_features * 1000 == 4_608_000  # 512 real channels of 3x3


@pytest.mark.slow
def test_channels_and_sides_of_the_cifar_network(without_values):
    """The table of section 3: what each P takes, and the sides after each block."""
    for skip, inputs in ((False, (15, 320, 640, 1280, 2560)), (True, (30, 640, 1280, 2560, 5120))):
        net, x, sides = LearnedScattering(block={"skip": skip}).eval(), torch.rand(1, 3, 32, 32), []
        assert tuple(b.project.weight.shape[1] for b in net.blocks[:5]) == inputs
        with torch.no_grad():
            for block in net.blocks:
                x = block(x)
                sides.append(x.shape[-1])
        assert sides == [32, 16, 16, 8, 8, 4, 4, 2]


def test_without_skip_the_first_block_is_real_until_its_matrix():
    block = CollapseBlock(3, 4, Block(skip=False))
    assert [g.pairs for g in block.project.groups] == [False, False]
    assert block(torch.rand(2, 3, 8, 8)).shape == (2, 4, 2, 4, 4)


@pytest.mark.parametrize("amplitude", ["mod", "cst", "relu"])
def test_brightness_does_not_matter_in_training(amplitude):
    """E13: Std takes the scale of the batch out; the first block sees colours minus a mean."""
    torch.manual_seed(0)
    block = CollapseBlock(3, 4, Block(amplitude=amplitude))
    if amplitude == "cst":
        torch.nn.init.zeros_(block.amplitude.threshold)
    x = 10 * randn((4, 3, 8, 8), rng=generator(0))  # far above the ε of Std
    assert torch.allclose(block(10 * x), block(x), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("skip", [True, False])
def test_a_whole_network_does_not_see_the_brightness_of_its_batch(skip, dtype):
    """E13: in training, about the mean colour that it subtracts; in both precisions."""
    torch.manual_seed(0)
    net = LearnedScattering(size=16, block={"skip": skip}, **SMALL).to(dtype)
    torch.nn.init.zeros_(net.mean)
    x = 10 * randn((8, 3, 16, 16), rng=generator(0)).to(dtype)
    y = net(x).detach()
    assert torch.allclose(net(10 * x), y, rtol=0, atol=1e-4 * float(y.abs().max()))


@pytest.mark.slow
@pytest.mark.parametrize("amplitude", ["mod", "cst", "tanh", "ms", "mc", "pow", "relu"])
@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_dull_images_give_finite_gradients(amplitude, skip, level):
    """E16, and a batch without any variation."""
    net = LearnedScattering(size=16, block={"amplitude": amplitude, "skip": skip}, **SMALL)
    net(torch.full((2, 3, 16, 16), level)).square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


def test_bfloat16_stays_close():
    torch.manual_seed(0)
    net = LearnedScattering(size=16, **SMALL).eval()
    x = torch.rand(4, 3, 16, 16, generator=generator(0))
    with torch.autocast("cpu", torch.bfloat16):
        half = net(x)
    assert (half.float() - net(x)).norm() < 0.05 * net(x).norm()


def test_a_network_of_phase_equivariant_blocks_without_low_pass_separates_no_means():
    """The corollary of 2.2: bands of a stationary law are circular, so their means are zero.

    Means of 64 x 256 numbers; their squares are at most about 10 / 16384 of the power.
    """
    torch.manual_seed(1)
    block = CollapseBlock(1, 4, Block(amplitude="tanh", skip=False), kind="half").eval()
    block.wavelets.boundary = "periodic"
    x = randn((64, 1, 16, 16), rng=generator(5))
    z = block.amplitude(block.wavelets(x)[:, :, 1:].flatten(1, 2))
    mean, power = z.mean((0, -2, -1)), z.square().mean((0, -2, -1)).sum(-1)
    assert (mean.square().sum(-1) / power).max() < 6e-4


def test_options_build_the_network_again():
    net = LearnedScattering(size=16, width=2.0, block={"field": "real"}, **SMALL)
    again = LearnedScattering(**net.options)
    assert isinstance(net, Network)
    assert again.options == net.options
    again.load_state_dict(net.state_dict())
    x = torch.rand(1, 3, 16, 16)
    assert torch.equal(net.eval()(x), again.eval()(x))


def test_concentration_is_the_identity_on_a_tight_frame_without_threshold():
    torch.manual_seed(0)
    words = {"sizes": (6,), "factorize": None, "size": 8}
    plain = LearnedScattering(block=FOUR_PHASES, **words)
    block = {**vars(FOUR_PHASES), "shrinkage": "identity"}
    framed = LearnedScattering(block=block, atoms=(6,), **words)
    framed.load_state_dict(plain.state_dict(), strict=False)
    x = torch.rand(3, 3, 8, 8)
    assert torch.allclose(framed.eval()(x), plain.eval()(x), atol=1e-5)


@pytest.mark.slow
def test_wrong_sizes_are_refused(without_values):
    with pytest.raises(InputError, match="too small for 8 blocks"):
        LearnedScattering(size=8)
    with pytest.raises(InputError, match="this network takes 32 x 32"):
        LearnedScattering(sizes=(2,))(torch.rand(1, 3, 16, 16))
    with pytest.raises(InputError, match="Concentration is for real channels"):
        LearnedScattering(sizes=(4,), atoms=(8,))


def test_only_real_matrices_that_learn_are_kept_tight():
    """A real Parseval step of a complex P would leave the imaginary part of P Pᴴ as it is."""
    with pytest.raises(InputError, match="field: real, or parseval: false"):
        LearnedScattering(size=8, sizes=(4,), block={"parseval": True})
    block = {"parseval": True, "field": "real", "skip": False}
    assert len(LearnedScattering(size=8, sizes=(4,), block=block).tight_weights()) == 1
    fixed = LearnedScattering(size=8, sizes=(4,), atoms=(8,), block=block | {"learned": False})
    assert [tuple(w.shape) for w in fixed.tight_weights()] == [(8, 4)]
    tree = ScatteringTree(size=8, scales=1, angles=2, outputs=4, learned=False)
    assert tree.tight_weights() == []
