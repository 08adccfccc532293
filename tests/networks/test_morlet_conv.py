"""Wavelets by short kernels in space: the Fourier transform's numbers, shifts, means, energy."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.wavelets import MorletTransform2d

KINDS = ("octave", "half", "second half")


def image(*shape: int, seed: int = 0) -> torch.Tensor:
    """Noise with the spectrum of photographs, about 1 / |k|."""
    white = randn(shape, rng=generator(seed)).double()
    rows, columns = (torch.fft.fftfreq(n, dtype=torch.float64) for n in shape[-2:])
    radius = torch.hypot(rows[:, None], columns[None]).clamp(min=1 / shape[-1])
    return torch.fft.ifft2(torch.fft.fft2(white) / radius).real.float()


def in_space(layer: MorletConv2d, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    z = layer(torch.view_as_real(x).movedim(-1, 2) if x.is_complex() else x)
    z = torch.complex(*z.unbind(3))
    return z[:, :, 0], z[:, :, 1:]


def difference(got, expected) -> float:
    power = sum((g - e).abs().square().sum() for g, e in zip(got, expected, strict=True))
    return float((power / sum(e.abs().square().sum() for e in expected)).sqrt())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("angles", "size", "bound"), [(4, 7, 1e-3), (8, 9, 2e-2)])
@pytest.mark.parametrize("complex_too", [False, True])
def test_numbers_are_those_of_the_fourier_domain(kind, angles, size, bound, complex_too):
    """E10: the part of a filter beyond the kernel holds less than `bound`² of its energy."""
    x = image(2, 3, 32, 32)
    x = torch.complex(x, image(2, 3, 32, 32, seed=1)) if complex_too else x
    layer = MorletConv2d(angles, kind=kind, size=size, boundary="periodic")
    reference = MorletTransform2d(angles, kind=kind, boundary="periodic")(x)
    assert difference(in_space(layer, x), reference) < bound


@pytest.mark.parametrize("kind", KINDS)
def test_inside_the_border_reflection_agrees_with_the_reference(kind):
    """The Fourier domain mirrors two pixels, then wraps around; four points away none is seen."""
    x = image(1, 2, 32, 32)
    layer = MorletConv2d(4, kind=kind)
    edge = 4 // layer.stride
    inside = (..., slice(edge, -edge), slice(edge, -edge))
    got, expected = in_space(layer, x), MorletTransform2d(4, kind=kind)(x)
    assert difference([g[inside] for g in got], [e[inside] for e in expected]) < 1e-3


def test_an_integer_shift_commutes_with_the_layer():
    """E5, for periodic borders and no subsampling."""
    x = image(1, 1, 16, 16)
    layer = MorletConv2d(4, kind="half", boundary="periodic")
    moved = layer(x.roll((3, -5), (-2, -1)))
    assert torch.allclose(moved, layer(x).roll((3, -5), (-2, -1)), atol=1e-5)


def test_bands_of_all_shifts_have_the_mean_zero_and_their_moduli_have_not():
    """E15b: for periodic borders the mean over shifts is the mean over places."""
    x, layer = image(3, 2, 32, 32), MorletConv2d(4, kind="half", boundary="periodic")
    z, moved = (layer(v)[:, :, 1:] for v in (x, x.roll((5, -3), (-2, -1))))
    amplitude, again = (v.square().sum(3).sqrt().mean((-2, -1)) for v in (z, moved))
    assert (z.mean((-2, -1)).norm(dim=-1) < 1e-5 * amplitude).all()
    assert torch.allclose(again, amplitude, rtol=1e-5)
    assert amplitude.min() > 0.01 * amplitude.max()


def test_a_shift_turns_the_phase_within_the_bound():
    """E4: |(T x) ψ - e^{-iξτ} x ψ| <= σ |τ| ‖x‖, for sub-pixel τ by phases of frequencies."""
    layer = MorletConv2d(4, kind="half", boundary="periodic")
    angle = 0  # θ = (4/2 - 1) π/4: the wave's direction in (row, column) is (cos θ, sin θ)
    theta, centre = torch.tensor(torch.pi / 4), 0.75 * torch.pi
    worst = 0.0
    for seed in range(20):
        x = randn((1, 1, 64, 64), rng=generator(seed)).double()
        tau = torch.rand(2, generator=generator(seed, 1)).double() * 2 - 1
        w = 2 * torch.pi * torch.fft.fftfreq(64, dtype=torch.float64)
        turn = torch.exp(-1j * (w[:, None] * tau[0] + w[None] * tau[1]))
        turn[32], turn[:, 32] = 0, 0  # the Nyquist frequency has no shift that is real
        spectrum = torch.fft.fft2(x)
        spectrum[..., 32, :], spectrum[..., :, 32] = 0, 0
        x, y = torch.fft.ifft2(spectrum).real, torch.fft.ifft2(spectrum * turn).real
        layer = layer.double()
        before, after = (in_space(layer, v)[1][0, 0, angle] for v in (x, y))
        phase = torch.exp(-1j * centre * (tau[0] * theta.cos() + tau[1] * theta.sin()))
        bound = 0.611 * tau.norm() * x.norm()
        worst = max(worst, float((after - phase * before).abs().max() / bound))
    assert 0.001 < worst < 1


@pytest.mark.parametrize(("side", "half"), [(2, 1), (4, 2), (5, 2), (7, 3), (32, 16)])
def test_sides_are_halved_rounded_down(side, half):
    assert MorletConv2d(4)(torch.ones(1, 1, side, side)).shape == (1, 1, 5, 2, half, half)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_passes_the_low_band_only(kind):
    """E7 and the gains of the low pass: 1.000 for an octave, 1.0073 for half of one."""
    z = MorletConv2d(4, kind=kind)(torch.full((1, 1, 16, 16), 3.0))
    gain = 1.0 if kind == "octave" else 1.0073
    assert torch.allclose(z[:, :, 0, 0], torch.tensor(3.0 * gain), atol=1e-3)
    assert z[:, :, 1:].abs().max() < 1e-5


@pytest.mark.parametrize("angles", [4, 8])
def test_the_energy_does_not_grow(angles):
    """E12 of separation and concentration: at most 1.02 before subsampling, for zero borders."""
    x = torch.nn.functional.pad(image(2, 1, 32, 32), (16,) * 4)
    layer = MorletConv2d(angles, kind="octave", boundary="periodic")
    layer.stride = 1
    assert layer(x).square().sum() <= 1.02 * x.square().sum()


@pytest.mark.parametrize("words", [{"size": 4}, {"boundary": "zero"}, {"full_angles": True}])
def test_impossible_options_are_refused(words):
    with pytest.raises(InputError):
        MorletConv2d(4, **words)
