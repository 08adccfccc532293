"""Cascades that are drawn: exact laws, plans by what the model says of its factors, sizes."""

import json

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import (
    Denoiser,
    FiniteSetDenoiser,
    ResidualDenoiser,
)
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.networks import BFCNN
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, discrete_law
from scorelet.tasks.sample.cascades import plans_of
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.spectral import gaussian_levels
from small_cascades import SIDE, Flat, blind, gaussian, saved_model, spectrum


def test_closed_forms_are_drawn_in_the_size_of_their_law():
    assert sl.sample(gaussian(), n=1, steps=2).images.shape == (1, 1, SIDE, SIDE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heun", "ddim", "ancestral-small", "dpmpp-2m"])
def test_low_bands_have_the_exact_law_of_the_discrete_sampler(name):
    """Variance of each frequency of the low band, whose denoiser is exact, after five steps."""
    count = 4000
    found = sl.sample(gaussian(1), n=count, size=(SIDE, SIDE), steps=5, sampler=name, seed=3)
    low, _ = OrthogonalWavelet("haar", 1).analyze(torch.from_numpy(found.images).double())
    (law,) = gaussian_levels(spectrum(), "haar", 1)
    plan = ReversePlan(5, OrnsteinUhlenbeck(), SAMPLERS[name], 2.0)
    expected = discrete_law(law.low_spectrum / law.detail_power, plan).variance * law.detail_power
    power = torch.fft.fft2(low[:, 0], norm="ortho").abs().square()
    deviations = (power.mean(0) - expected) / (power.std(0) / count**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert (expected / law.low_spectrum - 1).abs().max() > 0.02  # which is not that of the data


@pytest.mark.slow
def test_the_usual_steps_give_the_spectrum_of_the_data():
    count = 2000
    found = sl.sample(gaussian(2, "db2"), n=count, size=(SIDE, SIDE))
    power = torch.fft.fft2(torch.from_numpy(found.images[:, 0]).double(), norm="ortho").abs()
    ratio = power.square().mean(0) / spectrum()
    assert float((ratio - 1).abs().max()) < 0.05 + 4.5 * (2 / count) ** 0.5


def test_a_cascade_draws_the_channels_of_its_low_band():
    """Of a model whose record does not say them; also from a coarse picture."""
    details = [ConditionalResidualDenoiser(Flat(9), channels=9, cond_channels=3) for _ in range(2)]
    coarse = FiniteSetDenoiser(torch.rand(5, 3, 4, 6))
    transform, units = WaveletPacket("haar", PacketPlan.wavelet(2)), Normalization("mean", levels=2)
    model = Multiscale(transform, coarse, details, normalization=units)
    assert sl.sample(model, n=2, size=(16, 24), steps=2).images.shape == (2, 3, 16, 24)
    picture = np.random.default_rng(0).uniform(size=(4, 6, 3)).astype(np.float32)
    found = sl.sample(model, n=1, coarse=picture, steps=2).images
    means = found[0].reshape(3, 4, 4, 6, 4).mean((2, 4))
    assert np.abs(means - picture.transpose(2, 0, 1)).max() < 1e-3  # details are large


def test_a_model_whose_low_band_is_local_draws_other_sizes():
    model = blind()
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model.coarse = ResidualDenoiser(BFCNN(1, width=4, depth=3))
    assert sl.sample(model, n=2, steps=2, size=(40, 28)).images.shape == (2, 1, 40, 28)


def test_samples_that_start_from_too_little_noise_are_warned_of():
    """As training says it: of deviation s and level s/2 four fifths are lost; old files lack s."""
    model = blind()  # whose levels end at 4, 0.3 and 0.2
    assert sl.sample(model, n=1, steps=2).document["warnings"] == []
    model.record["deviations"] = [8.0, 0.05, 0.05]
    (said,) = sl.sample(model, n=1, steps=2).document["warnings"]
    assert "low band of 4x6 ends at 4," in said
    assert "deviation 8: samples, which start from that noise, lose about 80 %" in said
    assert "end at 24 or above in training" in said
    coarse = np.full((4, 6), 0.5)
    assert sl.sample(model, n=1, coarse=coarse, steps=2).document["warnings"] == []
    model.record["deviations"] = [1.0, 0.05, 0.05]
    assert sl.sample(model, n=1, steps=2).document["warnings"] == []
    model.record["deviations"] = [2.0, 0.05, 0.05]  # the flow loses a fifth, churn 1 its square
    (said,) = sl.sample(model, n=1, steps=2).document["warnings"]
    assert "lose about 20 %" in said
    assert sl.sample(model, n=1, steps=2, churn=1.0).document["warnings"] == []


def test_levels_and_steps_are_those_that_the_model_knows():
    plans = plans_of(blind(), steps=5, sampler="ddim")
    points = [[step.points[0] for step in plan.table] for plan in plans]
    levels = [[sigma / alpha for alpha, sigma in found] for found in points]
    for found, (least, largest) in zip(levels, blind().record["sigma"], strict=True):
        assert len(found) == 5
        assert found[0] == pytest.approx(largest)
        assert found[-1] == pytest.approx(least)
        roots = np.diff(np.array(found) ** (1 / 7))
        assert np.allclose(roots, roots[0])
    usual = [plan.steps for plan in plans_of(blind(), steps=None, sampler="heun")]
    assert usual == [32, 12, 12]
    model = blind()
    model.record["restraint"] = [0.01, 0.0, -0.02]
    assert [p.restraint for p in plans_of(model, steps=5, sampler="ddim")] == [0.01, 0.0, -0.02]
    assert sl.sample(model, n=1, steps=1).document["restraint"] == [0.01, 0.0, -0.02]
    assert "restraint" not in sl.sample(blind(), n=1, steps=1).document
    model.record["restraint"] = [0.01]
    with pytest.raises(InputError, match="names restraint of 1 scale, and has 3"):
        sl.sample(model, n=1)


@pytest.mark.slow
def test_spreads_are_named_by_the_model():
    model = blind()
    plain = sl.sample(model, n=2, steps=2)
    model.record["spread"] = [0.0, 0.2, 0.0]
    spread = sl.sample(model, n=2, steps=2)
    assert spread.document["spread"] == [0.0, 0.2, 0.0]
    assert "spread" not in plain.document
    low, (coarser, _) = OrthogonalWavelet("haar", 2).analyze(torch.from_numpy(plain.images))
    same, (other, _) = OrthogonalWavelet("haar", 2).analyze(torch.from_numpy(spread.images))
    assert torch.allclose(low, same, atol=1e-5)
    gain = (coarser * other).sum((1, 2, 3, 4)) / coarser.square().sum((1, 2, 3, 4))
    assert float((gain - 1).abs().min()) > 0.01
    assert torch.allclose(other, gain[:, None, None, None, None] * coarser, atol=1e-5)
    coarse = np.full((SIDE // 2, SIDE // 2), 0.5, np.float32)
    finest = sl.sample(model, n=1, steps=2, coarse=coarse, size=(SIDE, SIDE))
    assert "spread" not in finest.document
    model.record["spread"] = [0.2]
    with pytest.raises(InputError, match="names spread of 1 scale, and has 3"):
        sl.sample(model, n=1)


def test_churn_is_named_by_the_model():
    churns = [[1.0, 2.0], [0.5, 0.4], [0.0, 0.3]]
    model = blind()
    model.record["churn"] = churns
    plans = plans_of(model, steps=5, sampler="heun")
    assert [[p.churn, p.churn_max] for p in plans] == churns
    assert sl.sample(model, n=1, steps=1).document["churn"] == churns
    assert "churn" not in sl.sample(blind(), n=1, steps=1).document
    plain, churned = (sl.sample(each, n=1, steps=4).images for each in (blind(), model))
    assert np.abs(plain - churned).max() > 1e-3
    model.record["churn"] = [[0.5, 1.0]]
    with pytest.raises(InputError, match="names churn of 1 scale, and has 3"):
        sl.sample(model, n=1)


class Underestimates(Denoiser):
    """The exact denoiser of N(0.5, 0.01), whose residual is a third of the noise."""

    blind = True
    centre = torch.full((1, 1, 1, 1), 0.5)

    def _denoise(self, y, sigma, cond, label):
        level = sigma[:, None, None, None]
        return y - (y - 0.5) * level**2 / (level**2 + 0.01) / 3


def test_a_noise_level_that_is_underestimated_stops_nothing():
    """All steps are made, down to the least level: nothing is read off the residual."""
    calls = []
    model = blind()
    model.coarse = Underestimates()
    model.coarse.register_forward_hook(lambda _m, given, _out: calls.append(float(given[1])))
    sl.sample(model, n=1, steps=6, sampler="ddim")
    assert len(calls) == 6
    assert calls[0] == pytest.approx(4.0)
    assert calls[-1] == pytest.approx(0.01)


def test_a_file_gives_the_model_back(tmp_path):
    model = saved_model()
    sl.save(model, tmp_path / "m.safetensors")
    loaded = sl.load(tmp_path / "m.safetensors")
    assert loaded.record == json.loads(json.dumps(model.record))
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    x = torch.rand(1, 1, 4, 6)
    assert torch.equal(loaded.coarse(x), model.coarse(x))
    y = torch.rand(1, 3, 8, 8)
    assert torch.equal(
        loaded.details[0](y, cond=x[..., :1, :1].expand(1, 1, 8, 8)),
        model.details[0](y, cond=x[..., :1, :1].expand(1, 1, 8, 8)),
    )
