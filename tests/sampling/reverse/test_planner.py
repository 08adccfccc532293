"""The planner gives the published tables of steps, and what follows from them."""

import math
from dataclasses import replace
from inspect import unwrap
from itertools import pairwise

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models.schedules import OrnsteinUhlenbeck
from scorelet.sampling.reverse import (
    SAMPLERS,
    ReversePlan,
    detail_variances,
    discrete_law,
    pixel_variances,
    sampling_error,
    steps_needed,
    whitened_variances,
)
from scorelet.sampling.reverse.exact import checked_variances
from scorelet.wavelets.orthogonal.spectral import gaussian_levels

PLAN = ReversePlan(1, OrnsteinUhlenbeck(10.0), SAMPLERS["euler-maruyama"])
MEASURES = (("sup", 0.1), ("relative", 0.1), ("kl", 0.01))

# exponent, side: steps in pixels, with Haar and with db4, by the three measures
TABLE = {
    (1, 8): ((54, 158, 38), (59, 124, 32), (57, 118, 31)),
    (1, 32): ((112, 196, 45), (59, 144, 34), (55, 134, 32)),
    (2, 8): ((88, 504, 88), (56, 308, 56), (49, 268, 48)),
    (2, 32): ((188, 960, 164), (59, 372, 65), (47, 300, 50)),
    (3, 8): ((110, 1856, 256), (57, 800, 122), (52, 584, 87)),
}
LARGE = {
    (1, 128): ((172, 220, 50), (59, 150, 35), (55, 138, 33)),
    (2, 128): ((300, 1424, 248), (60, 380, 66), (47, 300, 51)),
    (3, 128): ((360, None, 4736), (78, 1216, 172), (55, 632, 86)),  # None: 35,840 take a minute
}


def spectrum(side, exponent):
    """1 / (ξ^η + |ω|^η) with ξ = 2π/L."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    return 1 / (1 + (k[:, None] ** 2 + k[None] ** 2) ** (exponent / 2))


def finest(side, exponent, wavelet):
    return detail_variances(spectrum(side, exponent), wavelet, 1)[-1]


def check(side, exponent, published):
    power = spectrum(side, exponent)
    cases = (pixel_variances(power), *(finest(side, exponent, w) for w in ("haar", "db4")))
    for variances, row in zip(cases, published, strict=True):
        for (measure, tolerance), steps in zip(MEASURES, row, strict=True):
            if steps is None:
                continue
            found = steps_needed(variances, PLAN, measure=measure, tolerance=tolerance)
            assert abs(found - steps) <= max(1, 0.03 * steps), (measure, found, steps)


@pytest.mark.slow
@pytest.mark.parametrize(("exponent", "side"), list(TABLE))
def test_published_steps(exponent, side):
    check(side, exponent, TABLE[exponent, side])


@pytest.mark.slow
@pytest.mark.parametrize(("exponent", "side"), list(LARGE))
def test_published_steps_of_large_fields(exponent, side):
    check(side, exponent, LARGE[exponent, side])


@pytest.mark.slow
def test_what_is_found_is_enough_and_one_less_is_not():
    variances = pixel_variances(spectrum(8, 2))
    steps = steps_needed(variances, PLAN)
    errors = [sampling_error(variances, ReversePlan(n, PLAN.schedule)) for n in (steps - 1, steps)]
    assert errors[1] <= 0.1 < errors[0]


@pytest.mark.slow
def test_pixels_need_more_steps_with_each_octave_and_details_do_not():
    """At η = 2 by 50 to 60 steps for each doubling; details change by less than 5 %."""
    pixels = [steps_needed(pixel_variances(spectrum(side, 2)), PLAN) for side in (16, 32, 64)]
    assert all(48 <= b - a <= 60 for a, b in pairwise(pixels))
    details = [steps_needed(finest(side, 2, "db4"), PLAN) for side in (16, 256)]
    assert abs(details[1] - details[0]) <= 0.05 * details[0]


def test_errors_at_sixteen_steps():
    """From side 16 to 64 the error of details changes by less than 20 %, that of pixels grows."""
    plan = ReversePlan(16, OrnsteinUhlenbeck(5.0))
    pixels, details = (
        [sampling_error(variances(side), plan) for side in (16, 32, 64)]
        for variances in (
            lambda side: pixel_variances(spectrum(side, 2)),
            lambda side: finest(side, 2, "db4"),
        )
    )
    assert max(details) < 1.2 * min(details)
    assert pixels[0] < pixels[1] < pixels[2]
    assert pixels[2] > 1.5 * details[2]


def test_two_thousand_steps_recover_the_spectrum():
    plan = ReversePlan(2000, PLAN.schedule)
    levels = detail_variances(spectrum(32, 2), "db4", 3)
    assert len(levels) == 4
    for variances in levels:
        assert sampling_error(variances, plan, measure="relative") < 0.02


@pytest.mark.slow
def test_better_samplers_remove_most_of_the_advantage():
    """Ancestral steps at quadratic times: the advantage of details is below 3.5, and it was 5."""
    power = spectrum(64, 2)
    ratios = {}
    for name, times in (("euler-maruyama", 1.0), ("ancestral-large", 2.0)):
        plan = ReversePlan(1, OrnsteinUhlenbeck(5.0), SAMPLERS[name], times)
        pixels, details = pixel_variances(power), detail_variances(power, "db4", 1)[-1]
        ratios[name] = steps_needed(pixels, plan) / steps_needed(details, plan)
    assert ratios["euler-maruyama"] == pytest.approx(5.1, abs=0.1)
    assert ratios["ancestral-large"] == pytest.approx(3.3, abs=0.1)


def test_bands_that_are_divided_by_their_own_deviations():
    """At each frequency the eigenvalues' product changes by that of the three variances."""
    power = spectrum(16, 3)
    one, other = (detail_variances(power, "haar", 2, convention=c) for c in ("scalar", "channel"))
    for level, law in enumerate(gaussian_levels(power, "haar", 2)):
        change = law.band_powers.log().sum() - 3 * law.detail_power.log()
        plain, divided = one[-1 - level], other[-1 - level]
        found = plain.log().sum(-1) - divided.log().sum(-1)
        torch.testing.assert_close(found, change.expand_as(found), rtol=1e-8, atol=1e-8)
        assert divided.max() / divided.min() < plain.max() / plain.min()
    torch.testing.assert_close(one[0], other[0])


def test_whitened_bands_of_any_spectrum_need_as_many_steps():
    """Of variance 1 Euler-Maruyama makes 1/(1 - δ/2) at late times: N = T/(2 - 2/1.1), rounded."""
    for exponent in (1, 3):
        for variances in whitened_variances(spectrum(16, exponent), "db2", 2):
            torch.testing.assert_close(variances, torch.ones_like(variances), rtol=1e-8, atol=0)
            plan = ReversePlan(1, OrnsteinUhlenbeck(5.0))
            assert steps_needed(variances, plan) == math.ceil(5.0 / (2 - 2 / 1.1))


def test_whitening_by_half_of_the_power_leaves_twice_of_it():
    power = spectrum(16, 2)
    for variances in whitened_variances(power, "haar", 2, by=power / 2):
        torch.testing.assert_close(variances, 2 * torch.ones_like(variances), rtol=1e-8, atol=0)
    bands = whitened_variances(power, "haar", 1, by=spectrum(16, 3))
    assert all(band.max() > 1.5 for band in bands)


def test_a_field_without_mean_can_be_planned():
    """P(0) = 0 is as good as any other variance for sup; and arrays are taken."""
    power = spectrum(16, 2)
    power[0, 0] = 0.0
    steps = steps_needed(pixel_variances(power), PLAN)
    law = discrete_law(pixel_variances(power), replace(PLAN, steps=steps)).variance
    apart = (law - pixel_variances(power)).abs().max() / pixel_variances(power).max()
    assert float(apart) <= 0.1
    assert steps_needed(power.numpy() / float(power.mean()), PLAN) == steps


def test_the_most_steps_are_tried_whatever_their_number():
    variances = pixel_variances(spectrum(8, 2))
    needed = steps_needed(variances, PLAN)
    assert needed & (needed - 1), "no power of 2"
    for most in (needed, needed + 3):
        assert steps_needed(variances, PLAN, most=most) == needed
    with pytest.raises(InputError, match=f"{needed - 1} steps do not reach"):
        steps_needed(variances, PLAN, most=needed - 1)


@pytest.mark.parametrize("levels", [1, 3])
def test_scales_go_from_coarse_to_fine(levels):
    """The coarse field of side 16/2^J first; details of side 8 last."""
    for make in (detail_variances, whitened_variances):
        shapes = [tuple(v.shape) for v in make(spectrum(16, 2), "haar", levels)]
        sides = [16 >> level for level in range(levels, 0, -1)]
        assert shapes == [(sides[0], sides[0]), *((side, side, 3) for side in sides)]
    power = spectrum(16, 2)
    low = gaussian_levels(power, "haar", levels)[-1].low_spectrum
    found = detail_variances(power, "haar", levels)
    torch.testing.assert_close(found[0], low / low.mean())
    torch.testing.assert_close(found[-1], detail_variances(power, "haar", 1)[1])


def test_arguments_of_another_kind_are_refused():
    power = spectrum(8, 2)
    for most in (0, -3, 1.5, "a", None, True):
        with pytest.raises(InputError, match=r"steps at most: give a whole number from 1 on"):
            unwrap(steps_needed)(power, PLAN, most=most)
    with pytest.raises(InputError, match="Variances of several scales"):
        checked_variances(detail_variances(power, "haar", 1))
    for other in (power[:2, :2], torch.ones(4, 4)):
        with pytest.raises(InputError, match=r"shape .8, 8., and the one to whiten by"):
            whitened_variances(power, "haar", 1, by=other)


def test_what_cannot_be_planned():
    variances = pixel_variances(spectrum(8, 2))
    with pytest.raises(InputError, match="Unknown measure 'max'"):
        steps_needed(variances, PLAN, measure="max")
    short = ReversePlan(1, OrnsteinUhlenbeck(0.2))
    with pytest.raises(InputError, match=r"1024 steps do not reach 0\.001"):
        steps_needed(variances, short, tolerance=1e-3, most=1024)
    for measure in ("relative", "rms", "kl"):
        with pytest.raises(InputError, match="variance is 0"):
            steps_needed(torch.tensor([0.0, 1.0]), PLAN, measure=measure)
    with pytest.raises(InputError, match="All variances are 0"):
        steps_needed(torch.zeros(2), PLAN)
    for tolerance in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match=r"tolerance is .*: it must be positive"):
            steps_needed(variances, PLAN, tolerance=tolerance)
    with pytest.raises(InputError, match="convention 'mean' of details: use scalar or channel"):
        detail_variances(spectrum(8, 2), "haar", 1, convention="mean")
    with pytest.raises(InputError, match="0 everywhere"):
        pixel_variances(torch.zeros(4, 4))
