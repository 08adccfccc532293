"""Cascades on Gaussians: the exact discrete law, the low band that is kept, and batches."""

from inspect import unwrap

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.multiscale import Multiscale
from scorelet.models.schedules import OrnsteinUhlenbeck, VarianceExploding
from scorelet.networks import BFCNN
from scorelet.sampling import AscentSchedule, ascend
from scorelet.sampling.reverse import SAMPLERS, ReversePlan, discrete_law
from scorelet.sampling.reverse.cascade import Cascade
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.spectral import gaussian_levels, polyphase_matrix

SIDE, COUNT = 8, 4000
ONE_LEVEL = WaveletPacket("haar", PacketPlan.wavelet(1))


def spectrum(side=SIDE):
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + k[:, None] ** 2 + k[None] ** 2)
    return power / power.mean()


def white_spectrum(power, wavelet, plan):
    """Of fields all of whose bands are whitened: a plan makes their variance h instead of 1."""
    (law,) = gaussian_levels(power, wavelet, 1)
    h = float(discrete_law(torch.ones(1, dtype=torch.float64), plan).variance)
    return field_spectrum(law, h * law.low_spectrum, law.mean_map, h * law.conditional, wavelet)


def exact_spectrum(power, wavelet, plan):
    """Of fields whose details are drawn by a plan, given the true low band."""
    (law,) = gaussian_levels(power, wavelet, 1)
    size = law.cross.diagonal(dim1=-2, dim2=-1).real[..., 1:].mean()
    values, basis = torch.linalg.eigh(law.conditional / size)
    drawn = discrete_law(values.clamp_min(0), plan)
    turned = basis.mH @ law.mean_map.to(basis)[..., None]
    mean = (basis @ (drawn.gain[..., None] * turned))[..., 0]
    noise = (basis * drawn.variance[..., None, :]) @ basis.mH * size
    return field_spectrum(law, law.low_spectrum, mean, noise, wavelet)


def field_spectrum(law, low, mean, noise, wavelet):
    """Of a low band of a spectrum, and of details that are `mean` of it and noise."""
    cross = torch.zeros_like(law.cross)
    cross[..., 0, 0] = low
    cross[..., 1:, 0] = mean * low[..., None]
    cross[..., 0, 1:] = cross[..., 1:, 0].conj()
    outer = mean[..., :, None] * mean[..., None, :].conj() * low[..., None, None]
    cross[..., 1:, 1:] = noise + outer
    half = len(low)
    unitary = polyphase_matrix(wavelet, 2 * half, 2 * half, like=low)
    aliases = torch.einsum("yxap,yxab,yxbp->yxp", unitary.conj(), cross, unitary).real
    found = low.new_empty(2 * half, 2 * half)
    for p, (row, column) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        place = slice(row * half, (row + 1) * half), slice(column * half, (column + 1) * half)
        found[place] = aliases[..., p]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["euler-maruyama", "ancestral-small", "heun", "dpmpp-2m"])
def test_fields_with_true_low_bands_have_the_exact_spectrum(name):
    power = spectrum()
    plan = ReversePlan(6, OrnsteinUhlenbeck(4.0), SAMPLERS[name], power=2.0)
    model = gaussian_cascade(power, "db2", 1)
    like = torch.empty(COUNT, 1, SIDE, SIDE, dtype=torch.float64)
    white = Noise(7, range(COUNT)).normal(like)
    true = torch.fft.ifft2(torch.fft.fft2(white) * power.sqrt()).real
    low, _ = OrthogonalWavelet("db2", 1).analyze(true)
    x = Cascade(model, [plan, plan]).refine(low, Noise(8, range(COUNT)))[:, 0]
    found = torch.fft.fft2(x, norm="ortho").abs().square()
    expected = exact_spectrum(power, "db2", plan)
    deviations = (found.mean(0) - expected) / (found.std(0) / COUNT**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert (expected / power - 1).abs().max() > 0.05  # the law of six steps is not that of the data


@pytest.mark.slow
@pytest.mark.parametrize("name", ["euler-maruyama", "heun"])
def test_whitened_fields_have_h_times_the_spectrum(name):
    """Few steps make every band h times as strong, so that no frequency is favoured: h P."""
    power, plan = spectrum(), ReversePlan(6, OrnsteinUhlenbeck(4.0), SAMPLERS[name])
    h = float(discrete_law(torch.ones(1, dtype=torch.float64), plan).variance)
    expected = white_spectrum(power, "db2", plan)
    torch.testing.assert_close(expected, h * power, rtol=1e-9, atol=0)
    cascade = Cascade(gaussian_cascade(power, "db2", 1, whiten=True), [plan, plan])
    like = torch.empty(COUNT, 1, SIDE // 2, SIDE // 2, dtype=torch.float64)
    x = cascade.sample(like, Noise(8, range(COUNT)))[:, 0]
    found = torch.fft.fft2(x, norm="ortho").abs().square()
    deviations = (found.mean(0) - expected) / (found.std(0) / COUNT**0.5)
    assert float(deviations.abs().max()) < 4.5
    assert abs(h - 1) > 0.1


def test_a_whitened_cascade_is_the_plain_one_where_there_is_nothing_to_whiten():
    """White fields in the same unit: A = 0, Γ = 1, and both draw the same samples."""
    plans, noise = [ReversePlan(4)] * 3, Noise(5, range(2))
    flat = torch.ones(SIDE, SIDE, dtype=torch.float64)
    like = torch.empty(2, 1, 2, 2, dtype=torch.float64)
    one, other = (
        Cascade(gaussian_cascade(flat, "db2", 2, whiten=whiten), plans).sample(like, noise)
        for whiten in (False, True)
    )
    torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def test_a_whitened_cascade_keeps_the_low_band():
    model = gaussian_cascade(spectrum(16), "db2", 2, whiten=True)
    low = torch.rand(3, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = Cascade(model, [ReversePlan(4)] * 3).refine(low, Noise(5, range(3)))
    again, _ = OrthogonalWavelet("db2", 2).analyze(x)
    torch.testing.assert_close(again, low, rtol=0, atol=1e-9)
    low[1, 0, 2, 3] = torch.nan
    with pytest.raises(InputError, match="low band holds NaN"):
        Cascade(model, [ReversePlan(4)] * 3).refine(low, Noise(5, range(3)))


@pytest.mark.slow
def test_a_spread_multiplies_the_details_of_a_sample_and_keeps_their_power():
    model, plans = gaussian_cascade(spectrum(16), "haar", 2), [ReversePlan(4)] * 3
    low = Noise(0, range(COUNT)).normal(torch.empty(COUNT, 1, 4, 4, dtype=torch.float64))
    noise, wavelet = Noise(8, range(COUNT)), OrthogonalWavelet("haar", 2)
    found = []
    for spreads in ((), (0.0, 0.3, 0.0)):
        x = Cascade(model, plans, spreads=spreads).refine(low, noise)
        kept, (coarser, finer) = wavelet.analyze(x)
        assert torch.allclose(kept, low)
        found.append((coarser.flatten(1), finer.flatten(1)))
    (plain, _), (spread, _) = found
    gain = (spread / plain).log()
    assert torch.allclose(gain, gain[:, :1].expand_as(gain))
    normal = (gain[:, 0] + 0.3**2) / 0.3
    assert abs(float(normal.mean())) < 4 / COUNT**0.5
    assert float(normal.var()) == pytest.approx(1, abs=4 * (2 / COUNT) ** 0.5)
    power = (2 * gain[:, 0]).exp()
    assert abs(float(power.mean()) - 1) < 4 * float(power.std()) / COUNT**0.5
    alone = Cascade(model, plans, spreads=(0.0, 0.3, 0.0)).refine(low[5:6], Noise(8, [5]))
    own = wavelet.analyze(alone)[1][0].flatten(1)
    assert torch.equal(own, spread[5:6])


@pytest.mark.parametrize("whiten", [False, True])
def test_a_spread_is_of_bands_around_their_mean_and_not_of_what_factors_see(whiten):
    """m + exp(τ z - τ²) (a - m), and exp(τ z - τ²) d, A a and all."""
    power, plans, wavelet = spectrum(), [ReversePlan(4)] * 2, OrthogonalWavelet("db2", 1)
    model, noise = gaussian_cascade(power, "db2", 1, whiten=whiten), Noise(8, range(3))
    model.coarse.mean.fill_(7.0)
    like = torch.zeros(3, 1, SIDE // 2, SIDE // 2, dtype=torch.float64)
    spread, plain = (Cascade(model, plans, spreads=tau) for tau in ([0.5, 0.3], []))
    gains = [
        torch.exp(tau * Noise(8, range(3), scale=k).normal(like[:, :1, :1, :1], use=1) - tau**2)
        for k, tau in enumerate(spread.spreads)
    ]
    (low, _), (other, _) = (wavelet.analyze(c.sample(like, noise)) for c in (plain, spread))
    (law,) = gaussian_levels(power, "db2", 1)
    mean = 7 * float(law.low_spectrum[0, 0] if whiten else law.detail_power) ** 0.5
    torch.testing.assert_close(other, mean + gains[0] * (low - mean), rtol=0, atol=1e-9)
    pairs = (wavelet.analyze(c.refine(low, noise))[1][0] for c in (plain, spread))
    details, others = pairs
    torch.testing.assert_close(others, gains[1][..., None] * details, rtol=0, atol=1e-9)
    assert (details.abs() > 1e-3).all()


def test_spreads_that_cannot_be_are_refused():
    model, plans = gaussian_cascade(spectrum(), "haar", 1), [ReversePlan(2)] * 2
    with pytest.raises(InputError, match="3 spreads for 2 factors"):
        Cascade(model, plans, spreads=[0.1] * 3)
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="zero or positive, and finite"):
            Cascade(model, plans, spreads=[0.0, wrong])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plans": 3}, "The plans are of class int: expected a list"),
        ({"plans": ReversePlan(2)}, "The plans are of class ReversePlan: expected a list"),
        ({"plans": [ReversePlan(2), 3]}, "of class ReversePlan, int: expected a ReversePlan or an"),
        ({"plans": "ab"}, "The plans are of class str: expected a list"),
        ({"spreads": 0.1}, "The spreads are of class float: expected a list"),
        ({"spreads": ["a", 0.1]}, "spreads are .'a', 0.1.: they must be zero or positive"),
        ({"spreads": torch.zeros(2)}, "The spreads are of class Tensor: expected a list"),
        ({"model": "faces"}, "class str: expected a Multiscale"),
        ({"model": gaussian_cascade(spectrum(), "haar", 1).coarse}, "expected a Multiscale"),
        ({"model": Multiscale(ONE_LEVEL, torch.nn.Identity(), [torch.nn.Identity()])}, "energies"),
    ],
)
def test_what_makes_no_cascade_is_refused(change, words):
    whole = {"model": gaussian_cascade(spectrum(), "haar", 1), "plans": [ReversePlan(2)] * 2}
    made = object.__new__(Cascade)
    for name, value in (whole | {"spreads": ()} | change).items():
        object.__setattr__(made, name, value)
    with pytest.raises(InputError, match=words):
        made.__post_init__()


@pytest.mark.parametrize(
    ("low", "words"),
    [
        (np.zeros((1, 1, 4, 4)), "class ndarray: expected a tensor"),
        (torch.zeros(1, 4, 4), r"low band has shape .1, 4, 4."),
        (torch.zeros(1, 1, 4, 4, dtype=torch.int64), "dtype torch.int64: expected floats"),
    ],
)
def test_what_is_no_low_band_is_refused(low, words):
    cascade = Cascade(gaussian_cascade(spectrum(), "haar", 1), [ReversePlan(2)] * 2)
    for draws in (Cascade.sample, Cascade.refine):
        with pytest.raises(InputError, match=words):
            unwrap(draws)(cascade, low, Noise(0, [0]))


def test_many_steps_recover_the_spectrum():
    """From the low band of 2x2 on, with steps and samplers of their own for each level."""
    power = spectrum(16)
    plans = [
        ReversePlan(n, OrnsteinUhlenbeck(6.0), SAMPLERS["heun"], 2.0) for n in (60, 50, 40, 30)
    ]
    cascade = Cascade(gaussian_cascade(power, "haar", 3), plans)
    like = torch.zeros(2000, 1, 2, 2, dtype=torch.float64)
    x = cascade.sample(like, Noise(0, range(2000)))[:, 0]
    found = torch.fft.fft2(x, norm="ortho").abs().square()
    deviations = (found.mean(0) - power) / (found.std(0) / 2000**0.5)
    assert float(deviations.abs().max()) < 4.5
    ratio = found.mean(0) / power
    assert float(ratio.mean()) == pytest.approx(1, abs=0.02)


def test_super_resolution_keeps_the_low_band_and_batches_do_not_matter():
    cascade = Cascade(gaussian_cascade(spectrum(16), "db2", 2), [ReversePlan(4)] * 3)
    low = torch.rand(3, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = cascade.refine(low, Noise(5, range(3)))
    again, _ = OrthogonalWavelet("db2", 2).analyze(x)
    torch.testing.assert_close(again, low, rtol=0, atol=1e-12)
    alone = cascade.refine(low[2:], Noise(5, [2]))
    assert torch.equal(alone[0], x[2])
    other = cascade.refine(low[2:], Noise(6, [2]))
    assert (other - alone).abs().max() > 0.1


def test_each_factor_has_a_plan():
    with pytest.raises(InputError, match="2 plans for 3 factors"):
        Cascade(gaussian_cascade(spectrum(), "haar", 2), [ReversePlan(2)] * 2)


def test_details_by_ascent_are_those_of_the_ascent_and_keep_the_low_band():
    power = spectrum()
    model, noise = gaussian_cascade(power, "haar", 1), Noise(5, range(3))
    schedule = AscentSchedule(beta=0.5, end=0.05)
    rng = torch.Generator().manual_seed(0)
    low = torch.rand(3, 1, 4, 4, dtype=torch.float64, generator=rng)
    calls = []
    cascade = Cascade(model, [ReversePlan(2), schedule], lambda: calls.append(1))
    x = cascade.refine(low, noise)
    unit = model.normalization.level_scale(1)
    start = low.new_zeros(3, 3, 4, 4)
    told = {"cond": low / unit}
    *_, state = ascend(model.details[0], start, schedule, Noise(5, range(3), scale=1), **told)
    again, (details,) = OrthogonalWavelet("haar", 1).analyze(x)
    torch.testing.assert_close(again, low, rtol=0, atol=1e-12)
    torch.testing.assert_close(details[:, 0] / unit, state.denoised, rtol=0, atol=1e-12)
    assert len(calls) == state.step + 1


@pytest.mark.slow
def test_block_means_of_a_network_s_pictures_are_those_of_the_low_band():
    """Whatever the network and the noise: only details are drawn."""
    torch.manual_seed(0)
    network = BFCNN(4, width=8, depth=4, outputs=3).eval()
    factor = ConditionalResidualDenoiser(network, channels=3, cond_channels=1)
    transform = WaveletPacket("haar", PacketPlan.wavelet(2))
    units = Normalization("mean", levels=2)
    model = Multiscale(transform, factor, [factor, factor], normalization=units)
    means = torch.rand(4, 1, 5, 5, generator=torch.Generator().manual_seed(1))
    for plan in (AscentSchedule(beta=0.5), ReversePlan(4, VarianceExploding(0.5, 0.01))):
        with torch.no_grad():
            x = Cascade(model, [plan] * 3).refine(4 * means, Noise(0, range(4)))
        assert float(x.std()) > 1e-3
        found = torch.nn.functional.avg_pool2d(x, 4)
        torch.testing.assert_close(found, means, rtol=0, atol=1e-5)
