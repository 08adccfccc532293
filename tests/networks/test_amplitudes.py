"""Non-linearities of complex numbers: phases kept or collapsed, circular symmetry, gradients."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.networks.amplitudes import AMPLITUDES, Amplitude
from scorelet.networks.concentration import shrink

KEPT = ("cst", "tanh", "ms", "mc", "pow")


def pairs(*shape: int) -> torch.Tensor:
    """Circular complex normal numbers of variance 1, (batch, channels, 2, h, w)."""
    return randn(shape, rng=generator(3)) / math.sqrt(2)


def turned(z: torch.Tensor, angle: float) -> torch.Tensor:
    real, imaginary = z.unbind(-3)
    c, s = math.cos(angle), math.sin(angle)
    return torch.stack([c * real - s * imaginary, s * real + c * imaginary], -3)


@pytest.mark.parametrize("name", KEPT)
def test_the_phase_is_kept(name):
    z, rho = pairs(2, 3, 2, 8, 8), Amplitude(name, 3)
    assert torch.allclose(rho(turned(z, 0.7)), turned(rho(z), 0.7), atol=1e-5)


def test_the_modulus_forgets_the_phase():
    z, rho = pairs(2, 3, 2, 8, 8), Amplitude("mod", 3)
    assert torch.allclose(rho(turned(z, 0.7)), rho(z), atol=1e-5)
    assert torch.allclose(rho(z), z.square().sum(2).sqrt(), atol=2e-6)


def test_a_threshold_of_zero_changes_nothing():
    z, rho = pairs(2, 3, 2, 8, 8), Amplitude("cst", 3)
    torch.nn.init.zeros_(rho.threshold)
    assert torch.allclose(rho(z), z, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("cst", lambda a: max(1 - 0.1 / a, 0)),
        ("tanh", lambda a: math.tanh(a) / a),
        ("ms", lambda a: 1 / (1 + math.exp(-a)) / a),
        ("mc", lambda a: 1 / a),
        ("pow", lambda a: 1 / (1 + a)),
    ],
)
@pytest.mark.parametrize("a", [0.05, 0.5, 3.0])
def test_amplitudes_follow_the_table(name, gain, a):
    z = torch.tensor([0.6 * a, -0.8 * a]).reshape(1, 1, 2, 1, 1)
    assert torch.allclose(Amplitude(name, 1)(z), gain(a) * z, atol=1e-5)


@pytest.mark.parametrize("name", KEPT)
def test_means_of_circular_numbers_stay_zero(name):
    """E15: whatever keeps the phase keeps the mean 0; 1e5 samples, three deviations are 0.01."""
    z = pairs(1, 1, 2, 400, 250)
    assert z.mean((-2, -1)).norm() < 0.01
    assert Amplitude(name, 1)(z).mean((-2, -1)).norm() < 0.01


def test_the_modulus_of_circular_numbers_has_the_mean_of_rayleigh():
    mean = Amplitude("mod", 1)(pairs(1, 1, 2, 400, 250)).mean()
    assert abs(float(mean) - math.sqrt(math.pi) / 2) < 0.01


@pytest.mark.parametrize("bias", [0.0, 0.1, 1.0])
def test_a_rectifier_is_half_a_collapse_and_half_a_threshold(bias):
    """E1: ReLU(x - b) is half its even part, |x| less a dead zone, and half the soft threshold."""
    x = randn((1000,), rng=generator(4))
    even = (x.abs() - bias).relu()
    odd = shrink(x, "soft", bias)
    assert torch.equal((even + odd) / 2, shrink(x, "relu", bias))
    assert torch.equal(shrink(x, "relu", bias) + shrink(-x, "relu", bias), even)
    assert torch.equal(shrink(x, "relu", bias) - shrink(-x, "relu", bias), odd)


def test_four_phases_are_rectified_in_the_order_of_the_paper():
    z = pairs(2, 3, 2, 4, 4)
    out = Amplitude("relu", 3)(z).unflatten(1, (3, 4))
    real, imaginary = z.unbind(2)
    for phase, value in enumerate((real, imaginary, -real, -imaginary)):
        assert torch.equal(out[:, :, phase], value.relu())
    assert torch.equal(out[:, :, 0] - out[:, :, 2], real)
    assert torch.equal(out[:, :, 0] + out[:, :, 2], real.abs())
    share = out.mean(2) / z.square().sum(2).sqrt()
    assert share.min() >= 0.25 - 1e-6
    assert share.max() <= math.sqrt(2) / 4 + 1e-6


@pytest.mark.parametrize("name", AMPLITUDES)
def test_gradients_at_zero_are_finite(name):
    z = torch.zeros(1, 2, 2, 3, 3, requires_grad=True)
    Amplitude(name, 2)(z).sum().backward()
    assert z.grad.isfinite().all()


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="Unknown non-linearity 'sine'"):
        Amplitude("sine", 2)
