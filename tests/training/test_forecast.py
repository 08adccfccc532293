"""The early look at a run's length."""

import pytest

from scorelet.core.errors import ScoreletError
from scorelet.training.forecast import LOOK, SKIPPED, Forecast, refuse_too_long, spoken


def test_the_forecast_is_the_mean_pace_without_the_first_steps():
    forecast = Forecast(100)
    for k in range(LOOK):
        assert forecast.seconds_left is None
        assert not forecast.looks
        forecast.add(1000.0 if k < SKIPPED else 2.0)
    assert forecast.looks
    assert forecast.seconds_left == pytest.approx(2.0 * (100 - LOOK))
    forecast.add(2.0)
    assert not forecast.looks  # one look is enough


def test_a_run_that_ends_with_the_look_needs_none():
    forecast = Forecast(LOOK)
    for _ in range(LOOK):
        forecast.add(1.0)
    assert not forecast.looks
    assert forecast.seconds_left == 0


def test_what_fits_is_allowed_and_what_does_not_names_the_steps_that_would():
    refuse_too_long(600.0, None, left=10)
    refuse_too_long(600.0, 10.0, left=10)
    with pytest.raises(ScoreletError, match=r"take about 10 minutes, .* 5 minutes: about 50 steps"):
        refuse_too_long(600.0, 5.0, left=100)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 seconds"),
        (1.2, "1 second"),
        (8.0, "8 seconds"),
        (600.0, "10 minutes"),
        (9000.0, "2.5 hours"),
    ],
)
def test_durations_are_in_the_unit_a_reader_would_choose(seconds, text):
    assert spoken(seconds) == text
