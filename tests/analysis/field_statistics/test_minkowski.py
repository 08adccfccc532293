"""Minkowski functionals: stripes, turned signs, Gaussian fields (F9)."""

import math

import pytest
import torch

from field_samples import gaussian, log_normal, smooth_power
from scorelet.analysis.field_statistics import gaussian_reference, minkowski, power_map
from scorelet.data.fields.ensembles import ensemble


def at(statistic, nu):
    return int((statistic.axis.x - nu).abs().argmin())


@pytest.mark.slow
def test_gaussian_values():
    """F9: within 3 % of the closed forms at -1, 0, 1 (V2(0) = 0: of its maximum)."""
    power = smooth_power(128, 2.0)
    found = minkowski(gaussian(power, 150, seed=1))
    reference = gaussian_reference(power, found)
    scale = reference.abs().clone()
    scale[2] = reference[2].abs().max()
    for nu in (-1, 0, 1):
        i = at(found, nu)
        assert ((found.values - reference)[:, i].abs() / scale[:, i]).max() < 0.03
        z = (found.values - reference)[:, i] / found.errors[:, i]
        assert z.abs().max() < 4


def test_the_closed_forms():
    """The formulas at nu = 1; with one frequency w, s1 / s0 = w whatever the smoothing."""
    power = torch.zeros(64, 64, dtype=torch.float64)
    power[4, 0] = power[-4, 0] = power[0, 4] = power[0, -4] = 1
    found = minkowski(gaussian(power, 2))
    ratio = 2 * math.pi * 4 / 64
    bell = math.exp(-0.5)
    expected = [
        math.erfc(1 / math.sqrt(2)) / 2,
        ratio * bell / (8 * math.sqrt(2)),
        ratio**2 * bell / (2 * (2 * math.pi) ** 1.5),
    ]
    reference = gaussian_reference(power, found)[:, at(found, 1)]
    torch.testing.assert_close(reference, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize(
    ("waves", "large", "small", "elliptic"),
    [
        ({(4, 0): 1, (0, 4): 1}, 8, 8, math.pi / 2),
        ({(4, 0): 2, (0, 4): 1}, 16 * 2 / 3, 16 / 3, 1.3506438810476755),  # E(1/2)
        ({(3, 3): 2, (3, -3): 1}, 18 * 2 / 3, 18 / 3, 1.3506438810476755),
        ({(3, 3): 1}, 18, 0, 1),
    ],
)
def test_the_closed_forms_of_unequal_axes(waves, large, small, elliptic):
    """Plane waves of given power: variances of the gradient along its axes, in (2 pi / 64)^2."""
    power = torch.zeros(64, 64, dtype=torch.float64)
    for (row, column), height in waves.items():
        weight = height * math.exp(1.5**2 * (2 * math.pi / 64) ** 2 * (row**2 + column**2))
        power[row, column] = power[-row, -column] = weight  # as high after smoothing
    found = minkowski(gaussian(power, 2))
    reference = gaussian_reference(power, found)[:, at(found, 1)].tolist()
    unit, bell = 2 * math.pi / 64, math.exp(-0.5)
    length = unit * math.sqrt(large) * elliptic * bell / (4 * math.pi)
    curvature = unit**2 * math.sqrt(large * small) * bell / (2 * math.pi) ** 1.5
    assert reference[1] == pytest.approx(length, rel=1e-6)
    assert reference[2] == pytest.approx(curvature, rel=1e-6, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("stretch", "angle"), [(3.0, 0.0), (8.0, 0.6)])
def test_stretched_gaussian_fields_have_the_closed_forms(stretch, angle):
    x = ensemble("anisotropic", stretch=stretch, angle=angle).sample(200, 64, seed=7)[:, 0].double()
    found = minkowski(x)
    reference = gaussian_reference(power_map(x), found)
    often = reference.abs() > 0.1 * reference.abs().amax(1, keepdim=True)
    assert ((found.values - reference) / found.errors)[often].abs().max() < 4
    assert float((found.errors / reference)[often].abs().min()) < 0.05  # that is no empty claim


@pytest.mark.parametrize("turned", [False, True])
def test_stripes(turned):
    """k waves: contours of length 2 k / L per area at every threshold, without curvature."""
    wave = torch.cos(2 * math.pi * 5 * torch.arange(1009.0).double() / 1009)
    x = wave.expand(1, 16, 1009)
    x = x.transpose(1, 2) if turned else x
    found = minkowski(x)
    for nu in (-1.0, 0.0, 1.0):
        i = at(found, nu)
        # delta functions of width 0.2 see the waves' slopes change; V1 does not
        assert float(found.values[1, i]) == pytest.approx(2 * 5 / 1009 / 4, rel=0.03)
        assert float(found.values[2, i]) == pytest.approx(0, abs=1e-9)
        share = math.acos(nu / math.sqrt(2)) / math.pi
        assert float(found.values[0, i]) == pytest.approx(share, abs=2e-3)


def test_a_hill_has_one_contour_with_one_turn():
    """A radial hill on a plain: V2 times the area is 1, the number of hills, in between."""
    r = torch.arange(128.0).double() - 64
    x = torch.exp(-(r[:, None] ** 2 + r**2) / (2 * 12**2))[None]
    found = minkowski(x)
    chosen = (found.axis.x > 0.5) & (found.axis.x < 3)
    turns = 128**2 * found.values[2, chosen]
    # pixels in a ring of width 0.2 stand for its contour: noise of the grid
    assert float(turns.mean()) == pytest.approx(1, rel=0.02)


def test_turning_the_sign_turns_thresholds():
    x = log_normal(smooth_power(64, 2.0), 8)
    up, down = minkowski(x), minkowski(-x)
    i, j = at(up, 1), at(down, -1)
    torch.testing.assert_close(up.values[0, i], 1 - down.values[0, j], atol=1e-6, rtol=0)
    torch.testing.assert_close(up.values[1, i], down.values[1, j], atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(up.values[2, i], -down.values[2, j], atol=1e-6, rtol=1e-3)


@pytest.mark.slow
def test_cut_fields_lose_their_border_only():
    power = smooth_power(128, 2.0)
    x = gaussian(power, 60, seed=3)
    whole, cut = minkowski(x), minkowski(x[:, :96, :80], window="hann")
    i = slice(at(whole, -2), at(whole, 2))
    error = (whole.errors.square() + cut.errors.square()).sqrt()
    assert ((whole.values - cut.values) / error)[:, i].abs().max() < 4
    assert power_map(x).shape == (128, 128)
