"""What the model of cameras takes out is given back where it has a direction."""

import numpy as np
import pytest
from scipy import ndimage

import scorelet as sl
from scorelet.data.camera import CameraSettings, take
from scorelet.tasks.denoise.ways import direction
from scorelet.tasks.denoise.ways.direction import with_lines


def stripes(size, angle, *, period=6.0):
    """A plane wave of two grey levels."""
    y, x = np.mgrid[: size[0], : size[1]]
    phase = np.cos(np.radians(angle)) * x + np.sin(np.radians(angle)) * y
    return 2 / 255 * np.sin(2 * np.pi * phase / period)[..., None]


def estimates(d, level=0.4):
    strong = np.full(d.shape, level)
    return strong, strong + d


def inner(x, margin=24):
    return x[margin:-margin, margin:-margin]


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 155])
def test_lines_come_back_whole(angle):
    strong, weak = estimates(stripes((96, 120), angle))
    found = with_lines(strong, weak)
    np.testing.assert_allclose(inner(found), inner(weak), atol=1e-12)


def test_of_white_noise_hardly_anything_comes_back():
    d = np.random.default_rng(0).normal(0, 2 / 255, (256, 256, 1))
    strong, weak = estimates(d)
    assert np.std(with_lines(strong, weak) - strong) < 0.05 * np.std(d)


def test_of_grain_little_comes_back():
    d = np.random.default_rng(1).normal(size=(256, 256, 1))
    d = ndimage.gaussian_filter(d, (1.2, 1.2, 0))
    strong, weak = estimates(2 / 255 * d / d.std())
    assert np.std(with_lines(strong, weak) - strong) < 0.2 * np.std(weak - strong)


def test_lines_across_each_other_have_no_direction():
    """The eigenvalues of J are alike there: w is 0."""
    strong, weak = estimates(stripes((96, 96), 0) + stripes((96, 96), 90))
    found = with_lines(strong, weak)
    np.testing.assert_allclose(inner(found), inner(strong), atol=1e-12)


def test_only_where_the_lines_are():
    d = stripes((96, 192), 90)
    d[:, 96:] = np.random.default_rng(2).normal(0, 1 / 255, (96, 96, 1))
    strong, weak = estimates(d)
    share = np.std(with_lines(strong, weak) - strong, axis=(0, 2)) / np.std(d, axis=(0, 2))
    assert share[24:72].min() > 0.99
    assert share[128:].max() < 0.3


def test_a_picture_that_is_turned_has_the_result_turned():
    rng = np.random.default_rng(3)
    d = stripes((64, 96), 20) * rng.random((64, 96, 1)) + rng.normal(0, 1e-3, (64, 96, 1))
    strong, weak = estimates(d)
    turned = with_lines(np.rot90(strong), np.rot90(weak))
    np.testing.assert_allclose(turned, np.rot90(with_lines(strong, weak)), atol=1e-12)


def test_bands_show_no_seam(monkeypatch):
    rng = np.random.default_rng(4)
    strong, weak = estimates(stripes((150, 40), 60) + rng.normal(0, 2e-3, (150, 40, 1)))
    whole = with_lines(strong, weak)
    monkeypatch.setattr(direction, "_BAND", 8 * direction.CELL)
    np.testing.assert_allclose(with_lines(strong, weak), whole, atol=1e-12)


def test_integers_are_rounded_and_gaps_stay():
    strong, weak = estimates(stripes((64, 64), 0))
    found = with_lines(*(np.rint(255 * x).astype(np.uint8) for x in (strong, weak)))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(inner(found, 20), np.rint(255 * inner(weak, 20)))
    for x in (strong, weak):
        x[:8] = np.nan
    found = with_lines(strong, weak)
    assert np.isnan(found[:8]).all()
    np.testing.assert_allclose(found[30:-20, 20:-20], weak[30:-20, 20:-20])


def test_faint_lines_in_a_camera_picture_are_kept():
    """Lines of five grey levels in the noise of a camera, against those of the clean JPEG."""
    lines = np.tile(0.35 + 2.5 * stripes((192, 192), 25, period=7.0), 3)
    camera = CameraSettings(a=1e-4, b=1e-5, quality=95)
    shot = take(lines, camera, seed=0)
    truth = shot.clean.astype(float)
    found = sl.denoise(shot.noisy, noise="camera", sigma=25 / 255).image
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scorelet.tasks.denoise.ways.camera.LEAST", np.inf)
        before = sl.denoise(shot.noisy, noise="camera", sigma=25 / 255).image
    error, error_before = (np.mean((x - truth) ** 2) for x in (found, before))
    assert error < 0.3 * error_before
