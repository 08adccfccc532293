"""Both directions under autograd, torch.func and torch.compile."""

import subprocess
import sys

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, hessian, jacrev, jvp, vmap

from samples import environment
from scorelet.core.random import generator, randn
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, Pyramid, WaveletPacket

DOUBLE = torch.zeros((), dtype=torch.float64)
TRANSFORMS = {
    "pictures": (OrthogonalWavelet("db2", 2), (2, 1, 8, 8)),
    "signals": (OrthogonalWavelet("db3", 2, ndim=1), (2, 8)),
    "shannon": (OrthogonalWavelet("shannon", 2), (1, 8, 8)),
    "packets": (WaveletPacket("haar", PacketPlan.octaves(1, subdivisions=2)), (1, 8, 8)),
}


COMPILED = """
import torch
from torch.func import grad_and_value
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket

def compiled(function):
    return torch.compile(function, fullgraph=True, dynamic=False, backend="aot_eager")

for transform, shape in [
    (OrthogonalWavelet("db2", 2), (2, 1, 8, 16)),
    (OrthogonalWavelet("db3", 1, ndim=1), (2, 8)),
    (OrthogonalWavelet("shannon", 1), (1, 4, 4)),
    (WaveletPacket("haar", PacketPlan.octaves(1)), (1, 4, 4)),
]:
    x = torch.linspace(-1, 1, torch.Size(shape).numel(), dtype=torch.float64).cos().reshape(shape)

    def double(x):
        return transform.synthesize(transform.analyze(x).map(lambda band: 2 * band))

    def energy(x):
        return double(x).pow(4).sum()

    found, (slope, value) = compiled(double)(x), compiled(grad_and_value(energy))(x)
    assert torch.allclose(found, 2 * x, atol=1e-12)
    assert torch.allclose(value, 16 * x.pow(4).sum(), atol=1e-12)
    assert torch.allclose(slope, 64 * x.pow(3), atol=1e-12)
"""


@pytest.fixture(params=TRANSFORMS)
def case(request):
    transform, shape = TRANSFORMS[request.param]
    return transform, randn(shape, rng=generator(0), like=DOUBLE)


def flat(transform, x):
    low, details = transform.analyze(x)
    return low, *details


def quartic(transform, x):
    return sum(band.pow(4).sum() for band in flat(transform, x))


@pytest.mark.slow
def test_first_and_second_derivatives_are_those_of_finite_differences(case):
    transform, x = case
    bands = [band.detach().requires_grad_() for band in flat(transform, x)]
    x = x.requires_grad_()
    assert gradcheck(lambda x: flat(transform, x), (x,), check_forward_ad=True)
    assert gradgradcheck(lambda x: quartic(transform, x), (x,))

    def synthesize(low, *details):
        return transform.synthesize(Pyramid(low, details))

    assert gradcheck(synthesize, bands, check_forward_ad=True)
    assert gradgradcheck(lambda *b: synthesize(*b).pow(3).sum(), bands)


def test_function_transforms_agree_with_each_other(case):
    transform, x = case

    def energy(x):
        return quartic(transform, x)

    gradient = grad(energy)(x)
    # Euler's identity for a function of degree four; float64 sums of a hundred numbers
    assert torch.allclose((gradient * x).sum(), 4 * energy(x), rtol=1e-12)
    assert torch.allclose(jvp(energy, (x,), (x,))[1], 4 * energy(x), rtol=1e-12)
    forward, reverse = hessian(energy)(x), jacrev(jacrev(energy))(x)
    assert (forward - reverse).abs().max() < 1e-12
    assert torch.allclose(forward.reshape(x.numel(), -1) @ x.flatten(), 3 * gradient.flatten())


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_batches_of_gradients_are_those_one_by_one(case, again):
    """`vectorize` and `is_grads_batched` hand many gradients to one backward; to the last digit."""
    transform, x = case
    jacobian = torch.autograd.functional.jacobian

    def there_and_back(x):
        return transform.synthesize(transform.analyze(x).map(torch.square))

    many = jacobian(there_and_back, x, vectorize=True, create_graph=again)
    assert many.requires_grad == again
    assert (many - jacobian(there_and_back, x)).abs().max() < 1e-14


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_vmap_maps_any_axis_and_keeps_what_is_shared(axis):
    wavelet = OrthogonalWavelet("db2", 1)
    x = randn((3, 8, 8), rng=generator(1), like=DOUBLE)
    low, details = wavelet.analyze(x)
    mapped = vmap(wavelet.analyze, in_dims=axis, out_dims=0)(x.movedim(0, axis))
    assert torch.equal(mapped.low, low)
    shared = vmap(lambda a: wavelet.synthesize(Pyramid(a, (details[0][0],))))(low)
    assert torch.allclose(shared[0], x[0], atol=1e-14)


@pytest.mark.slow
def test_compiles_into_one_graph():
    """In a process without the check of annotations, which cannot be compiled.

    aot_eager: the graphs of values and gradients, without a C++ compiler.
    """
    done = subprocess.run(
        [sys.executable, "-c", COMPILED], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr


def test_gradients_may_hold_nan():
    """A loss that diverged is the trainer's to notice; only the input of a user is checked."""
    wavelet = OrthogonalWavelet("haar", 1)
    low = torch.zeros(2, 2, requires_grad=True)
    x = wavelet.synthesize(Pyramid(low, (torch.zeros(3, 2, 2),)))
    (x / 0).sum().backward()
    assert low.grad is not None
    assert not low.grad.isfinite().all()
