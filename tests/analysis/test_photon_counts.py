"""Counts of photons are told from other pictures, and their law is found."""

import numpy as np
import pytest

import noise_samples as samples
from scorelet.analysis.photon_counts import grid_step, photon_counts, photon_law
from scorelet.analysis.sensor_law import sensor_law

GRAY = samples.clean("camera")[:256, :256, :1]

UNITS = [
    (np.uint16, 1),
    (lambda u: np.uint16(37 * u), 37),
    (lambda u: u / 7, 1 / 7),
    (lambda u: 1.0 * u, 1),
]


@pytest.mark.parametrize("peak", [5, 30, 300])
@pytest.mark.parametrize(("make", "photon"), UNITS)
def test_counts_are_found_in_any_unit(peak, make, photon):
    law = photon_counts(make(samples.counts(GRAY, peak)))
    assert law.counts
    assert law.a == pytest.approx(photon, rel=1e-9)
    assert law.b == 0


@pytest.mark.parametrize("mean", [0.1, 0.3, 1, 3])
def test_counts_are_found_where_dark_blocks_get_hardly_a_photon(mean):
    """From 1 to 40 times as bright: the line is not the mean itself at its dark end."""
    across = np.linspace(0, 1, 256)
    scene = np.clip(0.3 + 0.4 * np.sin(5 * across) * np.cos(4 * across)[:, None], 0.02, None)
    y = np.random.default_rng(0).poisson(scene / scene.mean() * mean)
    assert photon_counts(y.astype(np.uint16)[..., None]) is not None


@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("sigma", [0, 5, 10, 15, 25, 50])
def test_other_pictures_are_no_counts(name, sigma):
    assert photon_counts(samples.white(samples.clean(name), sigma)) is None


def test_counts_times_a_gain_that_is_none_are_no_counts():
    """A gain of 2 that was rounded away: variance is not the mean."""
    y = samples.counts(GRAY, 30)
    assert (
        photon_counts(np.uint16(2 * y + np.random.default_rng(0).integers(0, 2, y.shape))) is None
    )
    assert photon_counts(np.uint16(y + 100)) is None  # a pedestal


@pytest.mark.parametrize(
    ("samples_", "step"),
    [
        (np.arange(0, 50, 5), 5.0),
        (np.arange(9).repeat(9) / 7, 1 / 7),
        (np.array([0, 1, 2, 3]), 1.0),
        (np.array([0, 1, 2]), None),  # too few
        (np.array([-1, 0, 1, 2, 3]), None),
        (np.random.default_rng(0).random(5000), None),
        (np.repeat(np.random.default_rng(0).random(50), 100), None),
        (np.array([0.0, 1.0, 2.0, np.nan, 3.0]), None),
    ],
)
def test_steps_of_grids(samples_, step):
    found = grid_step(samples_)
    assert found == (None if step is None else pytest.approx(step))


def test_the_law_of_a_sensor_is_found_with_its_pedestal():
    x = np.linspace(20, 220, 384)[None].repeat(384, 0)[..., None]
    rng = np.random.default_rng(2)
    y = 3.0 * rng.poisson(x / 3.0) + 4 * rng.standard_normal(x.shape) + 500
    law = photon_law(y)
    assert law.a == pytest.approx(3, rel=0.15)
    assert not law.counts
    mean = float(x.mean()) + 500
    assert law.a * mean + law.b == pytest.approx(3 * float(x.mean()) + 16, rel=0.15)


def test_pictures_that_tell_too_little_have_no_law():
    y = 0.5 + 0.1 * np.random.default_rng(3).standard_normal((16, 16, 1))
    assert photon_law(y) is None  # too few blocks
    assert photon_law(np.full((64, 64, 1), 3.0)) is None


# ---------------------------------------------------------------- one brightness, and sensors


@pytest.mark.parametrize("spread", [0, 6])
@pytest.mark.parametrize("mean", [9, 25, 121])
def test_white_noise_whose_variance_is_the_mean_by_chance_is_no_photons(mean, spread):
    """On a narrow range of brightness any line fits: noise of 11 levels around 121."""
    ramp = np.linspace(-spread, spread, 256)[None].repeat(256, 0)
    y = mean + ramp + mean**0.5 * np.random.default_rng(mean).standard_normal((256, 256))
    assert photon_counts(np.uint8(np.rint(y.clip(0, 255)))[..., None]) is None


@pytest.mark.parametrize("mean", [40, 60])
def test_a_flat_field_of_more_photons_is_told_where_the_cumulant_is_known_well(mean):
    """Contrasts overlap, so that their cubes are known better than if they were independent."""
    found = [
        photon_counts(np.random.default_rng(k).poisson(mean, (192, 192, 1)).astype(np.uint8))
        for k in range(5)
    ]
    assert sum(law is not None for law in found) >= 4


@pytest.mark.parametrize("mean", [1, 3, 9])
def test_a_flat_field_of_few_photons_is_told_by_its_third_cumulant(mean):
    u = np.random.default_rng(mean).poisson(mean, (256, 256, 1))
    assert photon_counts(np.uint16(u)).a == 1


EVENLY = 0.44 + 0.08 * np.outer(np.cos(np.arange(384) / 25), np.sin(np.arange(384) / 40))[..., None]
"""Of about one brightness, as the surface of the moon."""


def evenly_lit(photons, gain, pedestal, seed):
    """Integers of a sensor, or of white noise of the same level beside it."""
    rng = np.random.default_rng(seed)
    light = photons * EVENLY
    y = gain * rng.poisson(light) + pedestal + 3 * rng.standard_normal(light.shape)
    x = gain * light + pedestal
    sigma = (gain**2 * light.mean() + 9) ** 0.5
    return np.uint16(np.rint(y)), np.uint16(np.rint(x + sigma * rng.standard_normal(x.shape)))


@pytest.mark.slow
@pytest.mark.parametrize(("photons", "seed"), [(80, 0), (80, 1), (100, 0), (100, 1)])
def test_a_line_that_crosses_the_mean_is_no_law_of_counts(photons, seed):
    """A gain of 2.2 above 100: the variance 2.2 (x - 100) is about x where all of this is."""
    y, _ = evenly_lit(photons, 2.2, 100, seed)
    assert photon_counts(y) is None
    assert photon_law(y).a > 1.5


@pytest.mark.parametrize("background", [8, 30])
def test_stars_do_not_hide_that_a_field_is_counts(background):
    """Of few bright things the third cumulant is not that of the noise."""
    rng = np.random.default_rng(4)
    x = background * np.linspace(0.95, 1.05, 256)[None].repeat(256, 0)
    for row, column in rng.integers(0, 256, (8, 2)):
        x[row, column] += 40 * background
    assert photon_counts(np.uint16(rng.poisson(x))[..., None]) is not None


SENSORS = {
    "counts above a pedestal": (1.0, 100, 0.0, 30),
    "a gain above a pedestal": (2.2, 100, 5.0, 400),
    "a gain without pedestal": (0.45, 4, 0.5, 100),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SENSORS)
def test_the_samples_of_a_sensor_have_its_law(name):
    gain, pedestal, reading, peak = SENSORS[name]
    u = gain * samples.counts(GRAY, peak) + pedestal
    y = u + reading * np.random.default_rng(1).standard_normal(u.shape)
    law = sensor_law(np.uint16(np.rint(y.clip(0))))
    for x in (0.3, 0.7):
        true = gain**2 * peak * x + reading**2 + (gain != 1) / 12
        assert law.a * (gain * peak * x + pedestal) + law.b == pytest.approx(true, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize("sigma", [0, 5, 15, 25, 50])
def test_pictures_and_white_noise_are_of_no_sensor(name, sigma):
    assert sensor_law(samples.white(samples.clean(name), sigma)[..., :1]) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("photons", "gain", "pedestal"), [(80, 2.2, 100), (80, 1.5, 50), (100, 4, 1000)]
)
def test_the_law_of_a_sensor_is_found_where_all_is_of_about_one_brightness(photons, gain, pedestal):
    """The variance grows by a third; white noise of the same level has no law."""
    y, white = evenly_lit(photons, gain, pedestal, 0)
    law, x = sensor_law(y), gain * photons * EVENLY + pedestal
    for part in (x.min(), x.max()):
        true = gain * (part - pedestal) + 9 + 1 / 12
        assert law.a * part + law.b == pytest.approx(true, rel=0.15)
    assert sensor_law(white) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_white_noise_that_is_cut_off_at_black_is_of_no_sensor(seed):
    """Blocks that happen to be free of black have less noise where it is dark, and a skewed one."""
    across = np.linspace(0, 1, 320)[None].repeat(320, 0)
    texture = np.random.default_rng(9).exponential(1.0, across.shape) - 1
    x = 55 + 45 * across + 8 * across * texture
    assert sensor_law(samples.white(x[..., None], 30, seed)) is None
