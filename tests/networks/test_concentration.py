"""Non-linearities in tight frames: norms, contraction, concentration of a Gaussian mixture."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.networks.concentration import THRESHOLDS, Concentration, shrink


@pytest.mark.parametrize(("channels", "atoms"), [(16, 64), (16, 16), (16, 8)])
def test_rows_have_their_norm_whatever_the_weight(channels, atoms):
    """E14."""
    layer = Concentration(channels, atoms)
    with torch.no_grad():
        layer.weight.mul_(torch.rand(atoms, 1, generator=generator(0)) + 0.1)
    norm = math.sqrt(min(channels, atoms) / atoms)
    assert torch.allclose(layer.frame().norm(dim=1), torch.full((atoms,), norm), atol=1e-5)


def test_weights_start_as_a_tight_frame():
    """E5: Fᵀ F = 1, so norms stay; rows of one norm, as the layer uses them, are nearly that."""
    torch.manual_seed(0)
    layer = Concentration(16, 64)
    x = randn((100, 16), rng=generator(1))
    assert torch.allclose(layer.weight.T @ layer.weight, torch.eye(16), atol=1e-5)
    assert torch.allclose((x @ layer.weight.T).norm(dim=1), x.norm(dim=1), atol=1e-5)
    frame = layer.frame().detach()
    assert abs(float((frame.T @ frame).trace()) - 16) < 1e-4
    assert torch.linalg.svdvals(frame).sub(1).abs().max() < 0.25


@pytest.mark.parametrize("shrinkage", ["soft", "relu", "relu0", "abs"])
def test_a_tight_frame_contracts(shrinkage):
    """E6: |Fᵀ ρ F x - Fᵀ ρ F y| <= |x - y| where Fᵀ F = 1."""
    torch.manual_seed(0)
    frame = torch.nn.init.orthogonal_(torch.empty(64, 16))
    x, y = randn((2, 200, 16), rng=generator(1))
    threshold = THRESHOLDS[shrinkage] / 8
    a, b = (shrink(v @ frame.T, shrinkage, threshold) @ frame for v in (x, y))
    assert ((a - b).norm(dim=1) <= (x - y).norm(dim=1) + 1e-5).all()


def test_a_zero_threshold_is_the_identity():
    """E16."""
    torch.manual_seed(0)
    layer = Concentration(16, 16, shrinkage="identity")
    x = randn((2, 16, 3, 3), rng=generator(2))
    assert torch.allclose(layer(x), x, atol=1e-5)
    assert torch.equal(shrink(x, "soft", 0.0), x)


@pytest.mark.parametrize(
    ("threshold", "variance", "displaced"),
    [(1.0, 0.167, 0.12), (1.5, 0.064, 0.19), (3.0, 0.019, 0.37)],
)
def test_thresholds_concentrate_a_sparse_mean(threshold, variance, displaced):
    """T2: five coefficients of 8 among 256, unit noise."""
    mean = torch.zeros(256)
    mean[:5] = 8
    x = mean + randn((4000, 256), rng=generator(3))
    z = shrink(x, "soft", threshold)
    assert abs(float(z.var(0).sum() / 256) - variance) < 0.01
    assert abs(float((z.mean(0) - mean).norm() / mean.norm()) - displaced) < 0.015


def test_soft_thresholds_obey_the_oracle_inequality():
    """E |ρ(F x) - F mu|² <= (2 log p + 1)(s² + sum min((F mu)², s²)) at λ = s sqrt(2 log p)."""
    mean = torch.zeros(64)
    mean[:3] = torch.tensor([5.0, 1.0, 0.2])
    x = mean + randn((5000, 64), rng=generator(4))
    risk = (shrink(x, "soft", math.sqrt(2 * math.log(64))) - mean).square().sum(1).mean()
    bound = (2 * math.log(64) + 1) * (1 + mean.square().clamp(max=1).sum())
    assert risk <= bound


def test_unknown_shrinkages_are_refused():
    with pytest.raises(InputError, match="Unknown shrinkage 'hard'"):
        Concentration(4, 8, shrinkage="hard")
    with pytest.raises(InputError, match="Unknown shrinkage 'hard'"):
        shrink(torch.ones(3), "hard", 1.0)


@pytest.mark.parametrize("shrinkage", THRESHOLDS)
def test_every_name_of_the_table_has_a_function(shrinkage):
    """At 2 and -2, with the threshold 1."""
    rectified = {"relu": (1, 0), "relu0": (1, 0), "abs": (2, 2)}
    expected = rectified | {"soft": (1, -1), "identity": (2, -2)}
    found = shrink(torch.tensor([2.0, -2.0]), shrinkage, 1.0)
    assert tuple(found.tolist()) == expected[shrinkage]
