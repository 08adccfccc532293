"""Jacobians, Hessians and graphs of all transforms, by every way that torch has."""

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from laws.jacobian_laws import (
    HESSIANS,
    JACOBIANS,
    assert_hessian,
    assert_jacobian,
    basis,
    explicit,
)
from scorelet.core.random import generator
from scorelet.wavelets import (
    MorletTransform2d,
    OrthogonalWavelet,
    PacketPlan,
    Pyramid,
    Scattering2d,
    WaveletPacket,
)

PACKETS = PacketPlan.octaves(1, subdivisions=2)
PAIRS = {
    "wavelet": (OrthogonalWavelet("db2", 2), (1, 4, 4)),
    "centred wavelet": (OrthogonalWavelet("sym4", 1, align="centred"), (4, 2)),
    "wavelet of signals": (OrthogonalWavelet("db3", 2, ndim=1), (2, 8)),
    "shannon": (OrthogonalWavelet("shannon", 1), (4, 2)),
    "packets": (WaveletPacket("haar", PACKETS), (4, 4)),
    "shannon packets": (WaveletPacket("shannon", PACKETS), (4, 4)),
}
SCATTERING = {
    "scattering": Scattering2d(1, 2),
    "scattering in torch": Scattering2d(1, 2, engine="torch"),
    "scattering of a torus": Scattering2d(1, 2, boundary="periodic"),
    "scattering of order 3": Scattering2d(3, 1, order=3),
    "maps of scattering": Scattering2d(2, 1, average=False),
}
MORLET = {
    f"{kind} layer, {boundary}": MorletTransform2d(4, kind=kind, boundary=boundary)
    for kind in ("octave", "half", "second half")
    for boundary in ("reflect", "periodic")
}
TOLERANCES = {torch.float64: 1e-7, torch.float32: 1e-5}


def vector(transform):
    """All results of a transform as one vector of real numbers."""

    def made(x: Tensor) -> Tensor:
        parts = tree_leaves(transform(x))
        flat = [torch.view_as_real(p) if p.is_complex() else p for p in parts]
        return torch.cat([p.flatten() for p in flat])

    return made


def synthesis(transform, shape):
    """From all coefficients in one vector to the picture, and how many there are."""
    low, details = transform.analyze(torch.zeros(shape))
    bands = (low, *details)

    def made(z: Tensor) -> Tensor:
        parts = z.split([band.numel() for band in bands])
        shaped = [part.reshape(band.shape) for part, band in zip(parts, bands, strict=True)]
        return transform.synthesize(Pyramid(shaped[0], tuple(shaped[1:]))).flatten()

    return made, (sum(band.numel() for band in bands),)


def cases():
    """Maps to vectors, and the shapes of what they take."""
    found = {}
    for name, (transform, shape) in PAIRS.items():
        found[name] = vector(transform.analyze), shape
        found[f"{name}, synthesis"] = synthesis(transform, shape)
    for name, layer in MORLET.items():
        found[name] = vector(layer), (4, 6)
    for name, transform in SCATTERING.items():
        found[name] = vector(transform), (8, 8) if transform.J == 3 else (4, 6)
    return found


CASES = cases()


def example(shape, dtype):
    return torch.rand(shape, generator=generator(0), dtype=torch.float64).to(dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning")
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
def test_all_jacobians_are_the_explicit_matrix(name, dtype):
    f, shape = CASES[name]
    x = example(shape, dtype)
    # a step of 1e-5 leaves 2e-8 where moduli are small
    expected = explicit(f, example(shape, torch.float64), 1e-5)
    for way in JACOBIANS:
        assert_jacobian(way, f, x, expected, TOLERANCES[dtype])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_all_hessians_are_that_of_differences(name):
    f, shape = CASES[name]

    def quartic(x):
        return f(x).pow(4).sum()

    for way in HESSIANS:
        assert_hessian(way, quartic, example(shape, torch.float64), 1e-7)


@pytest.mark.parametrize("name", ["wavelet", "wavelet, synthesis", "shannon packets"])
def test_forward_mode_takes_batches_of_tangents(name):
    f, shape = CASES[name]
    x = example(shape, torch.float32)
    expected = torch.stack([f(e) for e in basis(x)], -1)
    assert_jacobian("functional.jacobian, forward", f, x, expected.double(), 1e-6)


def test_a_band_may_have_tangents_alone():
    wavelet, x = OrthogonalWavelet("db2", 1), example((4, 4), torch.float64)
    low, details = wavelet.analyze(x)

    def made(low):
        return wavelet.synthesize(Pyramid(low, details)).flatten()

    expected = explicit(made, low, 1.0)
    for way in ("functional.jacobian, forward", "jvp", "forward_ad"):
        assert_jacobian(way, made, low, expected, 1e-12)


@pytest.mark.parametrize("name", CASES)
def test_recorded_operations_give_the_same_on_another_input(name):
    """A kernel leaves no trace: its result would be whatever memory holds when they run again."""
    f, shape = CASES[name]
    x = example(shape, torch.float32)
    torch.testing.assert_close(make_fx(f)(x)(x.flip(-1)), f(x.flip(-1)))


def test_operations_are_counted():
    """Haar's matrices for a block of 4 places are 8 x 8: two axes of an 8 x 8 picture."""
    with FlopCounterMode(display=False) as counted:
        OrthogonalWavelet("haar", 1).analyze(torch.ones(8, 8))
    assert counted.get_total_flops() == 2 * 2 * 8**3


@pytest.mark.parametrize(
    "transform", [OrthogonalWavelet("haar", 1).analyze, Scattering2d(1, 2), MorletTransform2d(4)]
)
def test_stand_ins_have_shapes_and_leave_nothing_behind(transform):
    """Filters that a call of a stand-in makes are kept, and are real."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        shown = transform(torch.ones(8, 8))
    real = transform(torch.ones(8, 8))
    first, second = (r if isinstance(r, Tensor) else r[0] for r in (shown, real))
    assert first.shape == second.shape
    assert second.isfinite().all()
