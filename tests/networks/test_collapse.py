"""Blocks of learned scattering by kernels: torch's numbers, gradients, half precision, folding."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.networks import LearnedScattering, collapse, folded, morlet_conv
from scorelet.networks.collapse import collapse_dtype
from scorelet.networks.collapse_block import FOUR_PHASES
from scorelet.networks.morlet_conv import MorletConv2d

DESIGNS = [
    {"amplitude": amplitude, "skip": skip, "field": field}
    for amplitude in ("mod", "relu")
    for skip in (True, False)
    for field in ("real", "complex")
]


@contextmanager
def by_torch() -> Iterator[None]:
    """Let torch's operators do the work of the kernels."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (collapse, morlet_conv):
            patch.setattr(module, "kernel_dtype", lambda x, training: None)
        yield


def network(design: dict) -> LearnedScattering:
    """Widths that are no multiple of 16, an odd side after the first block."""
    torch.manual_seed(0)
    return LearnedScattering(size=10, sizes=(4, 20, 8), factorize=1, block=design)


def apart(got: torch.Tensor, expected: torch.Tensor) -> float:
    return float((got.float() - expected.float()).norm() / (expected.float().norm() + 1e-12))


def gradients(net: LearnedScattering) -> list[torch.Tensor]:
    """Return logits, and gradients of the images and of all weights, of a batch in training."""
    net = copy.deepcopy(net).train()
    x = torch.rand(6, 3, 10, 10, generator=generator(1)).requires_grad_()
    logits = net(x)
    weights = [p for p in net.parameters() if p.requires_grad]
    loss = (logits * randn(logits.shape, rng=generator(2))).sum()
    return [logits.detach(), *torch.autograd.grad(loss, [x, *weights]), *net.buffers()]


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_kernels_compute_what_torch_computes(design):
    """Logits, running moments and all gradients; float32 sums are added in another order."""
    net = network(design)
    got = gradients(net)
    with by_torch():
        expected = gradients(net)
    for g, e in zip(got, expected, strict=True):
        assert apart(g, e) < 3e-4
    x = torch.rand(2, 3, 10, 10, generator=generator(3))
    with torch.no_grad():
        evaluated = net.eval()(x)
        with by_torch():
            assert apart(evaluated, net(x)) < 1e-5


def test_kernels_take_part_at_all():
    block = network(DESIGNS[0]).blocks[0]
    parts, x = (block.wavelets, block.amplitude, block.project), torch.rand(1, 3, 10, 10)
    assert collapse_dtype(x, parts, training=True) == torch.float32
    assert collapse_dtype(x, parts, training=False) is None  # gradients of an evaluated network
    assert collapse_dtype(x.double(), parts, training=True) is None
    block.project.register_forward_hook(lambda *_: None)
    assert collapse_dtype(x, parts, training=True) is None
    odd = LearnedScattering(size=8, sizes=(5,)).blocks[0]
    assert collapse_dtype(x, (odd.wavelets, odd.amplitude, odd.project), training=True) is None


@pytest.mark.slow
@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[-2]])
def test_half_precision_stays_close(design):
    net = network(design).eval()
    x = torch.rand(4, 3, 10, 10, generator=generator(4))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        half = net(x)
    with torch.no_grad():
        assert apart(half, net(x)) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[-2]])
def test_a_network_whose_weights_are_bfloat16_is_the_same_function(design):
    net = network(design)
    x = torch.rand(4, 3, 10, 10, generator=generator(4))
    net(x)  # moments that are not those of the start
    half = copy.deepcopy(net).bfloat16().eval()
    with torch.no_grad():
        assert apart(half(x.bfloat16()), net.eval()(x)) < 0.05


@pytest.mark.parametrize("kind", ["octave", "half", "second half"])
@pytest.mark.parametrize("angles", [4, 8])
@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
def test_wavelets_and_their_transpose_are_those_of_the_convolution(kind, angles, boundary):
    """Sides of 9 and 2 pixels: odd, and smaller than the border."""
    layer = MorletConv2d(angles, kind=kind, boundary=boundary)
    x = randn((2, 3, 2, 9, 2), rng=generator(5)).requires_grad_()
    z = layer(x)
    slope = randn(z.shape, rng=generator(6))
    (got,) = torch.autograd.grad(z, x, slope)
    with by_torch():
        expected_z = layer(x)
        (expected,) = torch.autograd.grad(expected_z, x, slope)
    assert apart(z.detach(), expected_z.detach()) < 1e-6
    assert apart(got, expected) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[1], DESIGNS[-2]])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_dull_batches_give_finite_gradients(design, precision, level):
    """An all-zero image, a batch without variation, with kernels and without, no hook anywhere."""
    net = network(design)
    for context in (by_torch, lambda: torch.enable_grad()):
        net.zero_grad()
        half = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
        with context(), half:
            logits = net(torch.full((2, 3, 10, 10), level))
        logits.square().sum().backward()
        assert logits.isfinite().all()
        assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[1], DESIGNS[-2], {"amplitude": "cst"}])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_blocks_do_not_enlarge_the_rounding_of_dull_batches(design, level):
    """In bfloat16 every block made gradients hundreds of times larger: 1e18 after eight."""
    torch.manual_seed(0)
    net = LearnedScattering(size=16, sizes=(4,) * 6, factorize=0, block=design)
    for context in (by_torch, lambda: torch.enable_grad()):
        net.zero_grad()
        with context(), torch.autocast("cpu", torch.bfloat16):
            logits = net(torch.full((2, 3, 16, 16), level))
        logits.float().square().sum().backward()
        assert all(p.grad is None or float(p.grad.abs().max()) < 100 for p in net.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[1], vars(FOUR_PHASES)])
def test_a_folded_network_is_the_same_function(design):
    """Std goes into P, the last norm into the classifier."""
    net = network(design)
    x = torch.rand(8, 3, 10, 10, generator=generator(7))
    net(x)
    net(x)
    ready = folded(net)
    assert not [m for m in ready.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        assert torch.allclose(ready(x), net.eval()(x), rtol=0, atol=1e-5)


def test_results_do_not_depend_on_the_number_of_threads():
    net = network(DESIGNS[0]).eval()
    x = torch.rand(5, 3, 10, 10, generator=generator(8))
    before = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            with torch.no_grad():
                results.append(net(x))
    finally:
        torch.set_num_threads(before)
    assert torch.allclose(*results, atol=1e-6)
