"""Bands that are whitened: closed forms on Gaussians, moments of any data, what is refused."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models.band_whitening import BandWhitening
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.multiscale_denoiser import Levels, fold
from scorelet.wavelets import OrthogonalWavelet
from scorelet.wavelets.orthogonal.spectral import GaussianLevel, gaussian_levels

SIDE = 8


def spectrum(height=SIDE, width=SIDE, exponent=2.0):
    k, q = (torch.fft.fftfreq(n, 1 / n, dtype=torch.float64) for n in (height, width))
    power = 1 / (1 + (k[:, None] ** 2 + q[None] ** 2) ** (exponent / 2))
    return power / power.mean()


def fields(power, count, *, mean=0.0):
    white = randn((count, 1, *power.shape), rng=generator(0), like=power)
    return mean + torch.fft.ifft2(torch.fft.fft2(white) * power.sqrt()).real


def bands(x, wavelet):
    low, (details,) = OrthogonalWavelet(wavelet, 1).analyze(x)
    return low, fold(details)


def modes_covariance(*images):
    """Of the orthonormal modes of channels, (h, w, channels, channels)."""
    modes = torch.fft.fft2(torch.cat(images, 1), norm="ortho").permute(2, 3, 1, 0)
    apart = modes - modes.mean(-1, keepdim=True)
    return apart @ apart.mH / apart.shape[-1]


@pytest.mark.parametrize("wavelet", ["haar", "db2"])
def test_a_law_that_is_whitened_by_itself_is_white_and_tells_nothing(wavelet):
    for law in gaussian_levels(spectrum(16, 32), wavelet, 2):
        cross = law.whitened(law).cross
        one = torch.eye(3, dtype=cross.dtype).expand(*cross.shape[:2], 3, 3)
        torch.testing.assert_close(cross[..., 1:, 1:], one, rtol=0, atol=1e-9)
        assert cross[..., 0, 1:].abs().max() < 1e-9
        torch.testing.assert_close(cross[..., 0, 0], law.cross[..., 0, 0])


@pytest.mark.parametrize("shape", [(8, 8), (8, 12), (12, 10)])
def test_the_map_is_linear_in_modes_as_the_law_says_and_has_an_inverse(shape):
    """Covariances of u = M (a, d) are those of M S M* with the S of the very same fields."""
    (other,) = gaussian_levels(spectrum(*shape, 3.0), "db2", 1)
    low, details = bands(fields(spectrum(*shape), 40), "db2")
    whitening = BandWhitening.of_details(other)
    white = whitening.whiten(details, low)
    torch.testing.assert_close(whitening.unwhiten(white, low), details, rtol=0, atol=1e-9)
    found = modes_covariance(low, white)
    expected = GaussianLevel(modes_covariance(low, details)).whitened(other).cross
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_data_are_white_by_their_own_moments_whatever_their_law(channels):
    """Not only nearly: mean 0, covariance 1 and no covariance with the low band, exactly."""
    rng = generator(1)
    x = torch.rand(60, channels, 12, 8, dtype=torch.float64, generator=rng).square().cumsum(-1)
    low, details = bands(x.cumsum(1), "haar")
    whitening = BandWhitening.fit([(details[:25], low[:25]), (details[25:], low[25:])])
    white = whitening.whiten(details, low)
    assert white.mean(0).abs().max() < 1e-9
    found = modes_covariance(low, white)
    one = torch.eye(3 * channels, dtype=found.dtype).expand(*found.shape[:2], -1, -1)
    torch.testing.assert_close(found[..., channels:, channels:], one, rtol=0, atol=1e-8)
    assert found[..., :channels, channels:].abs().max() < 1e-8 * float(low.abs().max())


@pytest.mark.slow
def test_moments_of_many_fields_give_the_law_of_the_field():
    """Within Monte Carlo error, which is √(2/n) for each spectrum."""
    power, count = spectrum(), 20_000
    (law,) = gaussian_levels(power, "haar", 1)
    low, details = bands(fields(power, count, mean=2.0), "haar")
    fitted, exact = BandWhitening.fit([(details, low)]), BandWhitening.of_details(law)
    roots = [torch.view_as_complex(w.root.unflatten(-1, (3, 2))) for w in (fitted, exact)]
    products = [root @ root.mH for root in roots]
    scale = float(products[1].abs().max())
    torch.testing.assert_close(products[0], products[1], rtol=0, atol=7 / count**0.5 * scale)
    torch.testing.assert_close(fitted.gain, exact.gain, rtol=0, atol=0.05)


def test_a_field_that_is_told_nothing_is_whitened_by_its_spectrum():
    power = spectrum(8, 12)
    x = fields(power, 3)
    whitening = BandWhitening.of_spectrum(power)
    expected = torch.fft.ifft2(torch.fft.fft2(x) / power.sqrt()).real
    torch.testing.assert_close(whitening.whiten(x), expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(whitening.unwhiten(expected), x, rtol=0, atol=1e-9)


def test_the_scale_of_details_and_low_band_does_not_matter():
    (law,) = gaussian_levels(spectrum(), "haar", 1)
    low, details = bands(fields(spectrum(), 3), "haar")
    plain = BandWhitening.of_details(law).whiten(details, low)
    scaled = BandWhitening.of_details(law, scale=1.7).whiten(details / 1.7, low / 1.7)
    torch.testing.assert_close(scaled, plain, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_factors_of_a_whitened_cascade_see_white_noise():
    """All levels at once: the units of the model and the map of each level fit together."""
    power, count = spectrum(16, 16), 4000
    model = gaussian_cascade(power, "db2", 2, whiten=True)
    (white, told), *details = Levels.of(model).bands(fields(power, count))
    assert told is None
    assert (modes_covariance(white) - 1).abs().max() < 6 / count**0.5
    for white, low in details:
        found = modes_covariance(low / low.std(), white)[..., 1:, :]
        expected = torch.eye(4, dtype=found.dtype)[1:].expand_as(found)
        assert (found - expected).abs().max() < 6 / count**0.5


def test_a_map_that_is_loaded_inverts_what_was_loaded():
    one, other = (
        BandWhitening.of_details(*gaussian_levels(spectrum(exponent=p), "db2", 1)) for p in (2, 3)
    )
    low, details = bands(fields(spectrum(), 3), "db2")
    one.load_state_dict(other.state_dict())
    assert torch.equal(one.whiten(details, low), other.whiten(details, low))
    white = one.whiten(details, low)
    torch.testing.assert_close(one.unwhiten(white, low), details, rtol=0, atol=1e-9)


def test_what_cannot_be_whitened():
    (law,) = gaussian_levels(spectrum(), "haar", 1)
    whitening = BandWhitening.of_details(law)
    with pytest.raises(InputError, match="known of 3 channels of 4x4, told 1"):
        whitening.whiten(torch.zeros(2, 3, 8, 8), torch.zeros(2, 1, 8, 8))
    with pytest.raises(InputError, match=r"told None: .* told 1"):
        whitening.unwhiten(torch.zeros(2, 3, 4, 4))
    with pytest.raises(InputError, match=r"There are 4 images .* give more than 4"):
        BandWhitening.fit([(torch.rand(4, 3, 4, 4), torch.rand(4, 1, 4, 4))])
    with pytest.raises(InputError, match="There are 0 images"):
        BandWhitening.fit([])
    low = torch.rand(9, 1, 4, 4)
    with pytest.raises(InputError, match="does not vary, given the coarser one"):
        BandWhitening.fit([(torch.cat([low, 2 * low, -low], 1), low)])
    root = torch.ones(4, 3, 3, 3, dtype=torch.complex64)
    with pytest.raises(InputError, match="do not belong together"):
        BandWhitening(root, root[..., :1], torch.zeros(3, 8, 8))


def test_fields_of_one_mean_are_told_nothing_by_it():
    """Their low band has no energy at q = 0, but for rounding, which nothing follows from."""
    x = fields(spectrum(16, 16), 200).float() + 0.3
    low, details = bands(x - x.mean((2, 3), keepdim=True) + 0.5, "db4")
    whitening = BandWhitening.fit([(details, low)])
    assert float(torch.view_as_complex(whitening.gain.unflatten(-1, (1, 2)))[0].abs().max()) < 1e-6
    moved = whitening.unwhiten(torch.zeros_like(details), low + 0.01)
    expected = whitening.unwhiten(torch.zeros_like(details), low)
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-6)


def test_details_that_the_low_band_tells_all_of_are_not_whitened():
    k = torch.fft.fftfreq(16, 1 / 16, dtype=torch.float64).abs()
    (law,) = gaussian_levels(((k < 4)[:, None] & (k < 4)).double(), "db2", 1)
    for whitens in (law.whitened, lambda _: BandWhitening.of_details(law)):
        with pytest.raises(InputError, match="do not vary, given the coarser band"):
            whitens(law)
