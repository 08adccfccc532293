"""Linear denoisers of windows: whole windows are Wiener filters, small ones the best of theirs."""

import pytest
import torch

from laws.denoiser_laws import assert_float32_at_least
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import StationaryGaussianDenoiser
from scorelet.models.gaussian_details import GaussianDetailsDenoiser
from scorelet.models.windowed import WindowedDetailsDenoiser, WindowedGaussianDenoiser
from scorelet.wavelets.orthogonal.spectral import gaussian_levels


def power_law(side, exponent, variance=0.06):
    """|k|^-p, that at 0 as at 1, of a pixel variance."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = (k[:, None] ** 2 + k[None] ** 2).clamp(min=1) ** (-exponent / 2)
    return variance * power / power.mean()


def images(*shape):
    return torch.randn(*shape, generator=generator(0), dtype=torch.float64)


def test_a_window_as_large_as_the_image_is_the_wiener_filter():
    spectrum, y = power_law(7, 2), images(3, 1, 7, 7)
    sigma = torch.tensor([0.1, 0.5, 0.1], dtype=torch.float64)
    expected = StationaryGaussianDenoiser(spectrum)(y, sigma)
    torch.testing.assert_close(WindowedGaussianDenoiser(spectrum, 7)(y, sigma), expected)
    (law,) = gaussian_levels(power_law(14, 2), "haar", 1)
    d, low = images(3, 3, 7, 7), images(3, 1, 7, 7)
    exact = GaussianDetailsDenoiser(law, scale=2.0)(d, sigma, cond=low)
    windowed = WindowedDetailsDenoiser(law, 7, scale=2.0)(d, sigma, cond=low)
    torch.testing.assert_close(windowed, exact, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["pixels", "details", "all details"])
def test_they_are_computed_in_float32_at_least_and_mapped_over_images(kind):
    (law,) = gaussian_levels(power_law(8, 2), "haar", 1)
    f = {
        "pixels": lambda: WindowedGaussianDenoiser(power_law(4, 2), 3),
        "details": lambda: WindowedDetailsDenoiser(law, 3),
        "all details": lambda: GaussianDetailsDenoiser(law),
    }[kind]()
    y = images(3, 1 if kind == "pixels" else 3, 4, 4).bfloat16().double()
    low = None if kind == "pixels" else images(3, 1, 4, 4).bfloat16().double()

    def denoised(x, sigma=0.5):
        return f(x, sigma, cond=None if low is None else low[: len(x)].to(x.dtype))

    assert_float32_at_least(denoised, y)
    sigma = torch.tensor([0.5, 0.1, 0.5], dtype=torch.float64)
    told = (y, sigma) if low is None else (y, sigma, low)
    mapped = torch.func.vmap(lambda *one: f(*(x[None] for x in one))[0])(*told)
    torch.testing.assert_close(mapped, f(*told))
    alike = torch.func.vmap(denoised)(y[:, None])
    torch.testing.assert_close(alike[0], denoised(y[:1]))
    exact = denoised(y)
    for dtype, rounding in ((torch.float32, 1e-5), (torch.float16, 1e-2)):
        f.to(dtype)
        torch.testing.assert_close(denoised(y), exact, rtol=rounding, atol=rounding)


def test_a_window_of_one_pixel_shrinks_and_sees_no_other():
    spectrum, y = power_law(8, 3), images(1, 1, 8, 8)
    found = WindowedGaussianDenoiser(spectrum, 1)(y, 0.3)
    torch.testing.assert_close(found, 0.06 / (0.06 + 0.3**2) * y)
    moved = y.clone()
    moved[..., 0, 0] += 1
    three = WindowedGaussianDenoiser(spectrum, 3)
    apart = (three(moved, 0.3) - three(y, 0.3)).abs()[0, 0]
    assert (apart > 1e-12).sum() == 9  # on the torus


def test_it_is_the_best_linear_one_of_its_window():
    """The error is orthogonal to all that it sees: E (x - x̂)(u) s̃(u + w) = 0."""
    spectrum, sigma = power_law(8, 2), 0.4
    units = torch.eye(64, dtype=torch.float64).reshape(64, 1, 8, 8)
    M = WindowedGaussianDenoiser(spectrum, 3)(units, sigma).flatten(1).T
    C = torch.fft.ifft2(torch.fft.fft2(units) * spectrum).real.flatten(1)
    with_seen = (C - M @ (C + sigma**2 * torch.eye(64, dtype=torch.float64)))[
        27
    ]  # of the pixel (3, 3)
    inside = torch.zeros(8, 8, dtype=torch.bool)
    inside[2:5, 2:5] = True
    assert with_seen[inside.flatten()].abs().max() < 1e-12
    assert with_seen[~inside.flatten()].abs().max() > 1e-4


@pytest.mark.parametrize("window", [0, 2, 9])
def test_windows_that_are_none(window):
    with pytest.raises(InputError, match="expected an odd number, at most 8"):
        WindowedGaussianDenoiser(power_law(8, 2), window)


def test_details_without_a_low_band_of_their_size():
    (law,) = gaussian_levels(power_law(8, 2), "haar", 1)
    f = WindowedDetailsDenoiser(law, 3)
    with pytest.raises(InputError, match="expected 1 channels of 4x4"):
        f(images(2, 3, 4, 4), 0.1, cond=images(1, 1, 4, 4))


def test_images_smaller_than_the_window():
    with pytest.raises(InputError, match="4x4: smaller than the window"):
        WindowedGaussianDenoiser(power_law(8, 2), 5)(images(1, 1, 4, 4), 0.1)


def test_without_noise_details_come_back_also_where_they_have_no_power():
    (law,) = gaussian_levels(power_law(8, 3) * (torch.arange(8) % 2), "haar", 1)
    model = GaussianDetailsDenoiser(law)
    assert (model.variances == 0).any()
    d, low = images(2, 3, 4, 4), images(2, 1, 4, 4)
    torch.testing.assert_close(model(d, 0.0, cond=low), d)
