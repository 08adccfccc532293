"""The objective of a cascade: closed forms of its terms, and shares of the batch."""

import math

import pytest
import torch
from torch import nn

from scorelet.core.random import Noise, generator
from scorelet.models import Denoiser, LogUniformNoise, UniformNoise
from scorelet.models.multiscale import Multiscale
from scorelet.training.multiscale import (
    FLOOR,
    CascadeObjective,
    FactorNoise,
    factor_names,
    parts_of,
)
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization

SIDE, LEVELS = 16, 2


class Shrink(Denoiser):
    """c y, whatever it is told; keeps what it saw."""

    blind = True
    conditional = True

    def __init__(self, share):
        super().__init__()
        self.share = nn.Parameter(torch.tensor(float(share)))
        self.seen = []

    def _denoise(self, y, sigma, cond, label):
        self.seen.append((y.detach(), cond))
        return self.share * y


def cascade(*shares):
    units = Normalization("mean", levels=LEVELS)
    transform = WaveletPacket("haar", PacketPlan.wavelet(LEVELS))
    low, *details = (Shrink(share) for share in shares)
    return Multiscale(transform, low, details, normalization=units)


def pictures(count=64):
    return torch.rand(count, 1, SIDE, SIDE, generator=generator(3), dtype=torch.float64)


def test_factors_are_shown_means_of_blocks_and_scaled_details():
    x = pictures(2)
    low, details2, details1 = parts_of(cascade(1, 1, 1), x)
    blocks = [x.unfold(2, n, n).unfold(3, n, n).mean((4, 5)) for n in (4, 2)]
    assert torch.allclose(low.clean, blocks[0])
    assert low.cond is None
    assert torch.allclose(details2.cond, blocks[0])
    assert torch.allclose(details1.cond, blocks[1])
    pyramid = OrthogonalWavelet("haar", LEVELS).analyze(x)
    assert torch.allclose(details2.clean, pyramid.details[0][:, 0] / 4)
    assert torch.allclose(details1.clean, pyramid.details[1][:, 0] / 2)


def test_terms_are_the_expected_errors_of_a_denoiser_that_shrinks():
    """E|c y - u|²/d = (1 - c)² E u² + c² σ² at a fixed level."""
    sigma, variance, share = 0.3, 0.05, 0.6
    model, x = cascade(share, share, share), pictures()
    fixed = FactorNoise(UniformNoise(sigma, sigma), variance)
    loss = CascadeObjective([fixed] * 3, len(x))(model, {"x": x}, Noise(0, range(len(x))))
    weight = 1 / (sigma**2 + FLOOR**2 * variance) + 1 / variance
    for part, term in zip(parts_of(model, x), loss.terms.values(), strict=True):
        energy = float(part.clean.square().mean())
        expected = weight * ((1 - share) ** 2 * energy + (share * sigma) ** 2)
        error = weight * share**2 * sigma**2 * math.sqrt(2 / part.clean.numel())
        assert float(term) == pytest.approx(expected, abs=5 * error)
    assert float(loss.value.detach()) == pytest.approx(sum(map(float, loss.terms.values())))
    assert list(loss.terms) == factor_names(3) == ["low", "details2", "details1"]


def test_a_factor_sees_its_share_of_the_batch_and_learns():
    model, x = cascade(1, 1, 1), pictures(8)
    law = LogUniformNoise(0.1, 0.2)
    factors = [FactorNoise(law, 0.05, share) for share in (1.0, 0.5, 0.01)]
    loss = CascadeObjective(factors, 8)(model, {"x": x}, Noise(0, range(8)))
    loss.value.backward()
    seen = [factor.seen[0][0].shape[0] for factor in (model.coarse, *model.details)]
    assert seen == [8, 4, 1]
    assert all(p.grad is not None and p.grad != 0 for p in model.parameters())


@pytest.mark.parametrize("parts", [2, 8])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(parts):
    """Parts without a sample that a factor sees have a gradient too, which is 0."""
    x, law = pictures(8), LogUniformNoise(0.1, 0.2)
    objective = CascadeObjective([FactorNoise(law, 0.05, share) for share in (1.0, 0.25, 0.01)], 8)

    def gradient(rows):
        model = cascade(0.9, 0.8, 0.7)
        objective(model, {"x": x[rows]}, Noise(5, rows, step=3)).value.backward()
        return torch.stack([p.grad for p in model.parameters()])

    places = torch.arange(8).chunk(parts)
    found = torch.stack([gradient(rows.tolist()) for rows in places]).mean(0)
    torch.testing.assert_close(found, gradient(list(range(8))), rtol=1e-5, atol=0)  # of sums


def test_noise_belongs_to_the_sample_and_differs_between_scales():
    x = pictures(4)
    whole, alone = cascade(1, 1, 1), cascade(1, 1, 1)
    objective = CascadeObjective([FactorNoise(UniformNoise(1.0, 1.0), 1.0)] * 3, 4)
    objective(whole, {"x": x}, Noise(5, range(4)))
    objective(alone, {"x": x[2:3]}, Noise(5, [2]))
    for a, b in zip((whole.coarse, *whole.details), (alone.coarse, *alone.details), strict=True):
        assert torch.equal(a.seen[0][0][2:3], b.seen[0][0])
    low, first, _ = (
        f.seen[0][0] - p.clean
        for f, p in zip((whole.coarse, *whole.details), parts_of(whole, x), strict=True)
    )
    assert float((low[:, 0] - first[:, 0]).abs().max()) > 0.1
