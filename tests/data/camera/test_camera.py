"""The simulated camera: exact properties of its parts, and of a shot."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.camera import (
    ORDERS,
    CameraSettings,
    compress,
    demosaic,
    draw_settings,
    expand,
    linear_from_srgb,
    mosaic,
    srgb_from_linear,
    take,
)
from scorelet.data.camera.settings import GAIN, QUALITY
from scorelet.data.camera.shot import develop, expose, light

METHODS = ("bilinear", "malvar")


def smooth_picture(height=48, width=64):
    rows, columns = np.mgrid[:height, :width]
    planes = [0.3 + 0.2 * np.sin(rows / 15 + k) + 0.2 * np.cos(columns / 20 - k) for k in range(3)]
    return np.stack(planes, 2)


@pytest.mark.parametrize("order", ORDERS)
def test_mosaic_takes_the_colours_in_order(order):
    x = torch.arange(3.0)[None, :, None, None].expand(1, 3, 5, 7)  # R is 0, G is 1, B is 2
    raw = mosaic(x, order)[0, 0]
    for place, colour in enumerate(order):
        assert bool((raw[place // 2 :: 2, place % 2 :: 2] == "RGB".index(colour)).all())


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", METHODS)
def test_demosaicing_is_exact_on_gray_planes_and_keeps_what_is_known(order, method):
    rows, columns = torch.meshgrid(torch.arange(11.0), torch.arange(8.0), indexing="ij")
    gray = (0.1 + 0.02 * rows - 0.01 * columns).double()
    found = demosaic(mosaic(gray.expand(1, 3, 11, 8), order), order, method=method)
    inner = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(found[inner], gray.expand(1, 3, 11, 8)[inner])
    x = torch.rand(2, 3, 9, 10, generator=generator(0), dtype=torch.float64)
    raw = mosaic(x, order)
    torch.testing.assert_close(mosaic(demosaic(raw, order, method=method), order), raw)


@pytest.mark.parametrize("axis", [0, 1])
def test_malvar_errs_on_a_gray_parabola_as_its_gradients_say(axis):
    """On x² a kernel errs by the sum of its weights times x²: the one for the colour of the same
    row errs by -1/2 along the row and not across it, that of the same column the other way."""
    places = torch.meshgrid(torch.arange(10.0), torch.arange(10.0), indexing="ij")[axis].double()
    gray = places.square().expand(1, 3, 10, 10)
    error = (demosaic(mosaic(gray), method="malvar") - gray)[0, :, 4:6, 4:6]
    along, across = (-0.5, 0.0) if axis else (0.0, -0.5)
    red = ((0.0, along), (across, -0.5))
    green = ((-0.5, 0.0), (0.0, -0.5))
    blue = ((-0.5, across), (along, 0.0))
    torch.testing.assert_close(error, torch.tensor([red, green, blue], dtype=torch.float64))


@pytest.mark.parametrize("method", METHODS)
def test_orders_are_shifts_of_one_another(method):
    raw = torch.rand(1, 1, 12, 12, generator=generator(1), dtype=torch.float64)
    reference = demosaic(raw, "RGGB", method=method)
    for order, (down, across) in {"GRBG": (0, 1), "GBRG": (1, 0), "BGGR": (1, 1)}.items():
        moved = demosaic(raw[..., down:, across:], order, method=method)
        expected = reference[..., down:, across:]
        torch.testing.assert_close(moved[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2])


@pytest.mark.parametrize("method", METHODS)
def test_demosaicing_is_linear(method):
    first, second = torch.rand(2, 1, 1, 7, 9, generator=generator(2), dtype=torch.float64)
    both = demosaic(2 * first - second, method=method)
    torch.testing.assert_close(
        both, 2 * demosaic(first, method=method) - demosaic(second, method=method)
    )


def test_bilinear_noise_has_the_variance_of_its_weights():
    # green: half of the pixels keep their noise, the others have that of a mean of four: 5/8
    raw = torch.randn(1, 1, 600, 600, generator=generator(3), dtype=torch.float64)
    variances = demosaic(raw, method="bilinear").var((0, 2, 3))
    exact = torch.tensor([9 / 16, 5 / 8, 9 / 16], dtype=torch.float64)  # (1 + 1/2 + 1/2 + 1/4)/4
    torch.testing.assert_close(variances, exact, atol=0.01, rtol=0)


def test_tone_curves_have_inverses():
    v = torch.linspace(0, 1, 4001, dtype=torch.float64)
    torch.testing.assert_close(srgb_from_linear(linear_from_srgb(v)), v, atol=1e-6, rtol=0)
    for contrast in (0.0, 0.3, 0.9):
        curve = compress(v, contrast)
        assert bool((curve.diff() > 0).all())
        torch.testing.assert_close(expand(curve, contrast), v, atol=1e-6, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_development_inverts_the_light_of_smooth_pictures(method):
    x = torch.from_numpy(smooth_picture().transpose(2, 0, 1)[None].copy())
    settings = CameraSettings(method=method, sharpening=0.0, saturation=0.1)
    there = light(x, settings)
    assert float(there.max()) < 1
    back = develop(mosaic(there, settings.order), settings)
    assert float((back - x)[..., 3:-3, 3:-3].abs().max()) < 0.01


def test_exposure_has_the_variance_of_the_law():
    settings = CameraSettings(a=4e-3, b=2e-3)
    raw = torch.full((1, 1, 400, 400), 0.4)
    noise = expose(raw, settings, rng=generator(5)) - raw
    exact = 4e-3 * 0.4 + 2e-3
    assert abs(float(noise.var()) / exact - 1) < 4 * (2 / 400**2) ** 0.5
    assert abs(float(noise.mean())) < 4 * (exact / 400**2) ** 0.5


def test_a_shot_is_a_function_of_seed_and_index():
    picture = np.uint8(255 * smooth_picture())
    settings = draw_settings(1, 2)
    assert settings == draw_settings(1, 2) != draw_settings(1, 3)
    first, again = (take(picture, settings, seed=7, index=2) for _ in range(2))
    other = take(picture, settings, seed=7, index=3)
    assert np.array_equal(first.noisy, again.noisy)
    assert not np.array_equal(first.noisy, other.noisy)
    assert np.array_equal(first.clean, other.clean)  # nothing but the noise differs


def test_a_shot_without_noise_is_the_clean_jpeg():
    shot = take(smooth_picture(), CameraSettings(a=0.0, b=0.0), seed=0)
    assert np.array_equal(shot.noisy, shot.clean)


def test_noise_does_not_shift_the_brightness():
    """The tone curve bends: developed, a noisy mosaic is darker in the mean. A shot is not."""
    settings = CameraSettings(a=4e-3, b=2e-3, quality=98, subsampling=0)
    picture = torch.full((1, 3, 96, 96), 0.4)
    raw = mosaic(light(picture, settings), settings.order)
    noisy, clean = develop(
        torch.cat([expose(raw, settings, rng=generator(1)), raw]), settings
    ).split(1)
    assert 255 * float((noisy - clean).mean()) < -2
    shot = take(picture[0].permute(1, 2, 0).numpy(), settings, seed=1)
    noise = shot.noisy.astype(float) - shot.clean
    assert noise.std() > 10
    assert abs(noise.mean()) < 0.3


@pytest.mark.parametrize("subsampling", [0, 2])
def test_the_file_is_a_jpeg_of_the_quality_and_size(subsampling):
    settings = CameraSettings(quality=62, subsampling=subsampling, scale=0.75)
    shot = take(smooth_picture(), settings, seed=0)
    file = Image.open(io.BytesIO(shot.noisy_file))
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", quality=62)
    assert file.quantization == Image.open(stream).quantization
    assert file.size == (48, 36)
    assert np.array_equal(np.asarray(file), shot.noisy)


def test_drawn_cameras_stay_in_their_ranges():
    drawn = [draw_settings(0, index) for index in range(300)]
    gains = np.log([one.a for one in drawn])
    assert np.log(GAIN[0]) <= gains.min() < gains.max() <= np.log(GAIN[1])
    error = (np.log(GAIN[1]) - np.log(GAIN[0])) / 12**0.5 / 300**0.5
    assert abs(gains.mean() - np.log(1e-3)) < 4 * error
    assert {one.order for one in drawn} == set(ORDERS)
    assert QUALITY[0] <= min(one.quality for one in drawn)
    assert max(one.quality for one in drawn) <= QUALITY[1]


def test_what_no_camera_does_is_refused():
    with pytest.raises(InputError, match="quality is 0"):
        CameraSettings(quality=0)
    with pytest.raises(InputError, match="RGBG"):
        mosaic(torch.zeros(1, 3, 4, 4), "RGBG")
    with pytest.raises(InputError, match="expected"):
        take(np.zeros((20, 20), np.uint8), CameraSettings(), seed=0)
