"""Denoisers of scales: conditional laws of Gaussians, the published plug-in table, exact limits."""

import math

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models import Denoiser, ResidualDenoiser, StationaryGaussianDenoiser, score
from scorelet.models.band_whitening import BandWhitening
from scorelet.models.bounded import CentredDenoiser
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.denoiser import Locality
from scorelet.models.gaussian_details import GaussianDetailsDenoiser
from scorelet.models.guided import GaussianGuidedDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser, fold, is_local, unfold
from scorelet.models.own_mean import mean_of_own_answers
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.networks import BFCNN, BiasFreeBatchNorm, UNet
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.pyramid import Pyramid
from scorelet.wavelets.orthogonal.spectral import gaussian_levels


class Keeps(Denoiser):
    """Answers with a share of what it is given, whatever the condition."""

    blind, conditional = True, True

    def __init__(self, share=1.0):
        super().__init__()
        self.share = share

    def _denoise(self, y, sigma, cond, label):
        return self.share * y


def power_law(side, exponent, variance=0.06):
    """|k|^-p, that at 0 as at 1, of a pixel variance."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = (k[:, None] ** 2 + k[None] ** 2).clamp(min=1) ** (-exponent / 2)
    return variance * power / power.mean()


def gaussian_model(spectrum, levels, wavelet="haar", convention="mean"):
    """The exact factors of a Gaussian field in the units of a normalisation."""
    laws = gaussian_levels(spectrum, wavelet, levels)
    normalization = Normalization(convention, levels=levels)
    scales = [normalization.level_scale(j) for j in range(1, levels + 1)]
    details = [GaussianDetailsDenoiser(law, scale=s) for law, s in zip(laws, scales, strict=True)]
    coarse = StationaryGaussianDenoiser(laws[-1].low_spectrum / scales[-1] ** 2)
    transform = WaveletPacket(wavelet, PacketPlan.wavelet(levels))
    return Multiscale(transform, coarse, details[::-1], normalization=normalization)


def _details(network):
    return ConditionalResidualDenoiser(network, channels=3, cond_channels=1)


@pytest.mark.parametrize(("depth", "local"), [(3, True), (9, False)])
def test_a_cascade_knows_pictures_of_all_sizes_if_its_factors_see_parts_only(depth, local):
    """Of 16x16 pixels the low band has 4x4: a radius of 3 is less, one of 9 is not."""
    details = [_details(BFCNN(4, width=2, depth=3, outputs=3)) for _ in range(2)]
    coarse = ResidualDenoiser(BFCNN(1, width=2, depth=depth))
    transform = WaveletPacket("haar", PacketPlan.wavelet(2))
    found = MultiscaleDenoiser(Multiscale(transform, coarse, details, record={"size": [16, 16]}))
    assert (found.learnt, mean_of_own_answers(found).learnt) == ((16, 16), (16, 16))
    assert mean_of_own_answers(found).knows((24, 40)) == local
    assert found.knows((16, 16))
    assert found.knows((24, 40)) == local
    assert MultiscaleDenoiser(Multiscale(transform, coarse, details)).knows((24, 40))


def test_factors_of_whitened_bands_are_not_local():
    """The linear estimate and the whitening have seen whole pictures, whatever a network sees."""
    details = [_details(BFCNN(4, width=2, depth=3, outputs=3)) for _ in range(2)]
    coarse = ResidualDenoiser(BFCNN(1, width=2, depth=3))
    transform = WaveletPacket("haar", PacketPlan.wavelet(2))
    white = [BandWhitening.of_spectrum(torch.ones(4, 4))] * 3
    for whitening, local in (([], True), (white, False)):
        model = Multiscale(transform, coarse, details, whitening=whitening)
        assert [is_local(model, k, (16, 16)) for k in range(3)] == [local] * 3


def test_a_factor_is_local_if_it_does_not_see_from_edge_to_edge():
    transform = WaveletPacket("haar", PacketPlan.wavelet(1))
    for radius, local in ((7, True), (8, False)):
        low = Keeps()
        low.locality = Locality(radius)
        assert is_local(Multiscale(transform, low, [Keeps()]), 0, (16, 24)) == local


@pytest.mark.parametrize("size", [[80], 80, ["a", 2], [-16, 16], [16, 16, 3]])
def test_a_size_that_is_none_is_refused(size):
    model = gaussian_model(power_law(16, 2.0), 2)
    model.record["size"] = size
    with pytest.raises(InputError, match="The record of the model has the size"):
        MultiscaleDenoiser(model)


def dense(function, shape):
    """The matrix of a linear map of images of this shape, images in its columns."""
    units = torch.eye(math.prod(shape), dtype=torch.float64).reshape(-1, *shape)
    return function(units).flatten(1).T


def mean_square_error(denoiser, spectrum, sigma):
    """Of a linear denoiser, exactly: tr[(M - 1) C (M - 1)ᵀ + σ² M Mᵀ]/d."""
    shape = (1, *spectrum.shape)
    matrix = dense(lambda y: denoiser(y, sigma), shape)
    root = dense(lambda z: torch.fft.ifft2(torch.fft.fft2(z) * spectrum.sqrt()).real, shape)
    bias = (matrix - torch.eye(len(matrix), dtype=matrix.dtype)) @ root
    return float((bias.square().sum() + sigma**2 * matrix.square().sum()) / len(matrix))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("exponent", "sigma", "whole", "scales"),
    [
        (3, 0.05, 28.34, 28.25),
        (3, 0.1, 24.75, 24.55),
        (3, 0.3, 20.36, 20.05),
        (3, 1.0, 16.36, 16.19),
        (3, 2.0, 14.38, 14.30),
        (2, 0.3, 16.79, 16.65),
        (2, 1.0, 13.89, 13.80),
    ],
)
def test_the_plug_in_denoiser_costs_what_is_published(exponent, sigma, whole, scales):
    """PSNR in dB of the Wiener filter, and of Haar, J = 2; windows of 5 are as good as all."""
    spectrum = power_law(32, exponent)
    wiener = StationaryGaussianDenoiser(spectrum)
    assert -10 * math.log10(mean_square_error(wiener, spectrum, sigma)) == pytest.approx(
        whole, abs=0.02
    )
    plug_in = MultiscaleDenoiser(gaussian_model(spectrum, 2))
    assert -10 * math.log10(mean_square_error(plug_in, spectrum, sigma)) == pytest.approx(
        scales, abs=0.02
    )


@pytest.mark.parametrize("convention", ["none", "mean"])
def test_scales_that_take_out_nothing_or_all_details(convention):
    transform = WaveletPacket("haar", PacketPlan.wavelet(2))
    y = torch.rand(2, 3, 8, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    normalization = Normalization(convention, levels=2, channels=3)
    for share in (1.0, 0.0):
        details = [Keeps(share), Keeps(share)]
        model = Multiscale(transform, Keeps(), details, normalization=normalization)
        x = MultiscaleDenoiser(model)(y)
        blocks = y.unflatten(-2, (-1, 4)).unflatten(-1, (-1, 4)).mean((-3, -1))
        smooth = blocks.repeat_interleave(4, -1).repeat_interleave(4, -2)
        torch.testing.assert_close(x, y if share else smooth, rtol=0, atol=1e-12)


def test_images_of_any_size_are_extended_by_their_last_rows_and_columns():
    transform = WaveletPacket("haar", PacketPlan.wavelet(2))
    y = torch.rand(2, 3, 7, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    whole = torch.nn.functional.pad(y, (0, 3, 0, 1), mode="replicate")
    for share in (1.0, 0.5):
        plug_in = MultiscaleDenoiser(Multiscale(transform, Keeps(), [Keeps(share), Keeps(share)]))
        assert plug_in.locality.multiple == 4
        assert torch.equal(plug_in(y), plug_in(whole)[..., :7, :9])
        if share == 1:
            torch.testing.assert_close(plug_in(y), y, rtol=0, atol=1e-12)


def test_the_mean_convention_gives_means_of_blocks():
    wavelet = OrthogonalWavelet("haar", 3)
    x = torch.rand(2, 1, 16, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    normalization = Normalization("mean", levels=3).double()
    low, details = normalization.normalize(wavelet.analyze(x))
    blocks = x.unflatten(-2, (-1, 8)).unflatten(-1, (-1, 8)).mean((-3, -1))
    torch.testing.assert_close(low, blocks, rtol=0, atol=1e-12)
    back = wavelet.synthesize(normalization.unnormalize(Pyramid(low, details)))
    torch.testing.assert_close(back, x, rtol=0, atol=1e-12)
    assert [normalization.level_scale(j) for j in (1, 2, 3)] == [2, 4, 8]


@pytest.mark.parametrize("wavelet", ["haar", "db2"])
def test_details_of_a_gaussian_are_regressed_on_noise_and_low_band(wavelet):
    """E[d | y, a] by the dense covariance, and the conditional score's slopes in y and a."""
    side, scale, t = 8, 1.7, torch.tensor(0.6, dtype=torch.float64)
    spectrum = power_law(side, 2)
    covariance = dense(
        lambda x: torch.fft.ifft2(torch.fft.fft2(x) * spectrum).real, (1, side, side)
    )
    step = OrthogonalWavelet(wavelet, 1)

    def bands(x):
        low, (detail,) = step.analyze(x)
        return torch.cat([low, fold(detail)], 1) / scale

    w = dense(bands, (1, side, side))
    both = w @ covariance @ w.T
    n = side**2 // 4
    aa, da, dd = both[:n, :n], both[n:, :n], both[n:, n:]
    slope = da @ torch.linalg.inv(aa)
    gamma = dd - slope @ da.T
    denoiser = GaussianDetailsDenoiser(gaussian_levels(spectrum, wavelet, 1)[0], scale=scale)
    schedule = OrnsteinUhlenbeck()
    alpha, sigma = schedule.alpha(t), schedule.sigma(t)
    half = side // 2

    def score(x, low):
        return (alpha * denoiser(x / alpha, sigma / alpha, cond=low) - x) / sigma**2

    zero = torch.zeros(1, 1, half, half, dtype=torch.float64)
    precision = torch.linalg.inv(alpha**2 * gamma + sigma**2 * torch.eye(3 * n, dtype=slope.dtype))
    in_y = dense(lambda x: score(x, zero.expand(len(x), -1, -1, -1)), (3, half, half))
    torch.testing.assert_close(in_y, -precision, rtol=1e-9, atol=1e-9)
    in_low = dense(lambda a: score(a.new_zeros(len(a), 3, half, half), a), (1, half, half))
    torch.testing.assert_close(in_low, precision @ (alpha * slope), rtol=1e-9, atol=1e-9)


def test_the_conditional_score_is_the_gradient_of_the_conditional_density():
    """∇ log N(y; A a, Γ + σ²), by automatic derivatives."""
    spectrum = power_law(4, 2)
    (law,) = gaussian_levels(spectrum, "haar", 1)
    denoiser = GaussianDetailsDenoiser(law)
    rng = torch.Generator().manual_seed(0)
    y = torch.randn(1, 3, 2, 2, dtype=torch.float64, generator=rng)
    low = torch.randn(1, 1, 2, 2, dtype=torch.float64, generator=rng)
    mean = fold(law.conditional_mean(low))
    whole = dense(
        lambda d: denoiser(d, 1.0, cond=d.new_zeros(len(d), 1, 2, 2)), (3, 2, 2)
    )  # Γ (Γ + 1)⁻¹
    one = torch.eye(12, dtype=torch.float64)
    gamma = whole @ torch.linalg.inv(one - whole)
    normal = torch.distributions.MultivariateNormal(mean.flatten(), gamma + 0.3**2 * one)
    gradient = torch.func.grad(lambda d: normal.log_prob(d.flatten()))(y)
    torch.testing.assert_close(score(denoiser, y, 0.3, cond=low), gradient, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("wavelet", ["haar", "db2"])
def test_log_densities_of_scales_add_up_to_that_of_the_field(wavelet):
    """log p(x) = log p(x_J) + Σ log p(d_j | x_j): the transform is orthogonal."""
    side, levels = 16, 3
    spectrum = power_law(side, 2)
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, side, side, dtype=torch.float64, generator=rng)
    laws, step = gaussian_levels(spectrum, wavelet, levels), OrthogonalWavelet(wavelet, 1)
    total, low = 0.0, x
    for law in laws:
        low, (detail,) = step.analyze(low)
        apart = torch.fft.fft2((fold(detail) - fold(law.conditional_mean(low))), norm="ortho")
        total += normal_log_density(apart[0].movedim(0, -1), law.conditional)
    rest = torch.fft.fft2(low, norm="ortho")[0].movedim(0, -1)
    total += normal_log_density(rest, laws[-1].low_spectrum[..., None, None])
    whole = torch.fft.fft2(x, norm="ortho")[0].movedim(0, -1)
    expected = normal_log_density(whole, spectrum[..., None, None])
    assert total == pytest.approx(expected, rel=1e-9)


def normal_log_density(modes, covariance):
    """Of a real stationary field: the mean of a complex normal law and its conjugate."""
    covariance = covariance.to(modes)
    square = torch.linalg.solve(covariance, modes[..., None])[..., 0]
    exponent = (modes.conj() * square).real.sum()
    logs = torch.linalg.slogdet(2 * math.pi * covariance).logabsdet.sum()
    return float(-(exponent + logs) / 2)


@pytest.mark.parametrize(
    ("make", "plain", "conditional"),
    [
        (lambda c, **o: BFCNN(c, width=64, spacing=20, **o), 80_192, 83_072),
        (lambda c, **o: BFCNN(c, width=64, **o), 702_784, 705_664),
        (lambda c, **o: UNet(c, width=64, blocks=1, **o), 366_080, 366_080 + 5 * 9 * 64),
    ],
)
def test_conditional_networks_see_four_channels_and_answer_with_three(make, plain, conditional):
    """And in colour 12 and 9; each further channel costs 9 weights per inner one."""

    def size(network):
        return sum(p.numel() for p in network.parameters())

    assert size(make(1)) == plain
    assert size(make(4, outputs=3)) == conditional
    assert size(make(12, outputs=9)) == conditional + 14 * 9 * 64


@pytest.mark.parametrize("channels", [1, 3])
def test_a_conditional_denoiser_is_homogeneous_and_local(channels):
    torch.manual_seed(0)
    network = BFCNN(4 * channels, width=8, depth=6, spacing=4, outputs=3 * channels).eval()
    for layer in network.modules():
        if isinstance(layer, BiasFreeBatchNorm):
            layer.gain.data.fill_(1.0)  # those of the start are nearly silent
    f = ConditionalResidualDenoiser(network, channels=3 * channels, cond_channels=channels)
    y, low = torch.rand(1, 3 * channels, 16, 16), torch.rand(1, channels, 16, 16)
    with torch.no_grad():
        x = f(y, cond=low)
        torch.testing.assert_close(f(3 * y, cond=3 * low), 3 * x, rtol=1e-4, atol=1e-5)
        radius = network.receptive_radius
        changed = low.clone()
        changed[..., 0, 0] += 1
        moved = (f(y, cond=changed) != x).any(1)[0]
    assert moved[: radius + 1, : radius + 1].any()
    moved[: radius + 1, : radius + 1] = False
    assert not moved.any()


def test_details_of_colours_stand_band_by_band():
    details = torch.arange(9.0).reshape(1, 3, 3, 1, 1)  # channel, band
    assert fold(details).flatten().tolist() == [0, 3, 6, 1, 4, 7, 2, 5, 8]
    assert torch.equal(unfold(fold(details)), details)


@pytest.mark.parametrize("kind", ["centred", "guided"])
def test_pictures_of_another_size_than_the_low_band_knows_are_refused(kind):
    """The sentence has the size of pictures, and odd ones that are filled up to it pass."""
    low = torch.zeros(1, 1, 4, 6)
    basis = torch.eye(24)
    coarse = {
        "centred": lambda: CentredDenoiser(BFCNN(2, outputs=1, width=4, depth=2), low, 3.0),
        "guided": lambda: GaussianGuidedDenoiser(
            BFCNN(2, outputs=1, width=4, depth=2), low, torch.ones(24), basis, 3.0
        ),
    }[kind]()
    network = BFCNN(4, outputs=3, width=4, depth=2)
    details = ConditionalResidualDenoiser(network, channels=3, cond_channels=1)
    model = Multiscale(WaveletPacket("haar", PacketPlan.wavelet(1)), coarse, [details])
    denoiser = MultiscaleDenoiser(model).eval()
    assert denoiser(torch.rand(1, 1, 7, 12)).shape == (1, 1, 7, 12)
    assert denoiser.takes == (8, 12)
    assert [denoiser.takes_size((7 + k, 12 + k)) for k in (0, 1)] == [True, False]
    with pytest.raises(InputError, match=r"are 8x14 .*takes 8x12 only"):
        denoiser(torch.rand(1, 1, 8, 14))
    with pytest.raises(InputError, match=r"cascade of denoisers.*MultiscaleDenoiser\(model\)"):
        score(model, torch.rand(1, 1, 8, 12), 0.1)


def test_what_is_no_plug_in_denoiser():
    transform = WaveletPacket("haar", PacketPlan.wavelet(1))
    channel = Normalization("channel", levels=1)
    channel.low_scale.fill_(2.0)
    with pytest.raises(InputError, match="white noise is not white any more"):
        MultiscaleDenoiser(Multiscale(transform, Keeps(), [Keeps()], normalization=channel))
    white = [BandWhitening.of_spectrum(torch.ones(4, 4))] * 2
    with pytest.raises(InputError, match="train one without whiten to denoise"):
        MultiscaleDenoiser(Multiscale(transform, Keeps(), [Keeps()], whitening=white))
    with pytest.raises(InputError, match="1 whitenings for 2 factors"):
        Multiscale(transform, Keeps(), [Keeps()], whitening=white[:1])
    narrow = WaveletPacket("haar", PacketPlan.octaves(1, subdivisions=2))
    with pytest.raises(InputError, match="narrower than octaves"):
        MultiscaleDenoiser(Multiscale(narrow, Keeps(), [Keeps(), Keeps()]))
    with pytest.raises(InputError, match="have 3 together"):
        ConditionalResidualDenoiser(BFCNN(4, outputs=3), channels=2, cond_channels=1)
    f = ConditionalResidualDenoiser(BFCNN(4, width=8, outputs=3), channels=3, cond_channels=1)
    with pytest.raises(InputError, match="1 channels of 8x8, beside an image"):
        f(torch.zeros(1, 3, 8, 8), cond=torch.zeros(1, 1, 4, 4))
