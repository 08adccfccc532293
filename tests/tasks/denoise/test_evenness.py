"""What the model of cameras takes out is bounded by what it takes out at places as bright."""

import numpy as np
import pytest

from scorelet.tasks.denoise.ways.evenness import QUANTILE, SIDE, TIMES, evened

SIZE = 30 * SIDE


def moves(seed=0, *, channels=3):
    return 0.01 * np.random.default_rng(seed).standard_normal((SIZE, SIZE, channels))


def ramp(channels=3):
    """Brightness from 0.2 to 0.8, from left to right."""
    return np.linspace(0.2, 0.8, SIZE)[None, :, None] * np.ones((SIZE, 1, channels))


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def test_even_moves_stay_as_they_are():
    x, m = ramp(), moves()
    np.testing.assert_array_equal(evened(x, x + m), x + m)


def test_moves_that_grow_with_the_brightness_stay():
    """Four times as large at the bright end: each group of blocks has its own rho."""
    x = ramp()
    m = moves() * (1 + 3 * (x - 0.2) / 0.6)
    assert rms(evened(x, x + m) - x) == pytest.approx(rms(m), rel=0.01)


def test_texture_that_is_taken_out_at_some_places_is_given_back():
    """Ten times the move in a fifth of the picture: it is shortened to 1.5 times the quantile."""
    x, m = ramp(), moves()
    m[: SIZE // 5] *= 10
    done = evened(x, x + m) - x
    inside, outside = slice(SIDE, SIZE // 5 - SIDE), slice(SIZE // 5 + SIDE, None)
    assert rms(done[inside]) == pytest.approx(TIMES * 0.01, rel=0.03)  # blocks vary by 3 %
    np.testing.assert_allclose(done[outside], m[outside], atol=1e-12)
    assert QUANTILE < 4 / 5


def test_places_that_do_not_move_say_nothing():
    """Half of all blocks are painted, without noise, at every brightness."""
    x, m = ramp(), moves()
    m[: SIZE // 2] = 0
    np.testing.assert_array_equal(evened(x, x + m), x + m)


def test_a_picture_that_nothing_was_taken_out_of_stays():
    x = ramp()
    np.testing.assert_array_equal(evened(x, x), x)


def test_small_pictures_and_other_sizes():
    x = ramp(1)[:40, :43]
    m = moves(channels=1)[:40, :43]
    m[:16, :16] *= 20
    np.testing.assert_array_equal(evened(x, x + m), x + m)  # 9 blocks are too few
    x, m = ramp()[:301, :203], moves()[:301, :203]
    m[:60] *= 10
    assert rms(evened(x, x + m)[:40] - x[:40]) < 0.2 * rms(m[:40])


def test_bytes_stay_bytes():
    rng = np.random.default_rng(1)
    before = rng.integers(100, 150, (SIZE, SIZE), dtype=np.uint8)[..., None]
    move = np.where(np.arange(SIZE)[:, None, None] < SIZE // 5, 40, 4) * rng.choice(
        [-1, 1], before.shape
    )
    after = np.uint8(before.astype(int) + move)
    done = evened(before, after)
    assert done.dtype == np.uint8
    assert set(
        np.unique(
            np.abs(done[SIDE : SIZE // 5 - SIDE].astype(int) - before[SIDE : SIZE // 5 - SIDE])
        )
    ) == {6}
    np.testing.assert_array_equal(done[SIZE // 5 + SIDE :], after[SIZE // 5 + SIDE :])


def test_the_unit_does_not_matter():
    x, m = ramp(), moves()
    m[: SIZE // 5] *= 10
    for unit in (1e-42, 1e40):
        done = evened(unit * x, unit * (x + m)) / unit
        np.testing.assert_allclose(done, evened(x, x + m), rtol=0, atol=1e-9)


def test_gaps_do_not_turn_it_off():
    x, m = ramp(), moves()
    m[: SIZE // 5] *= 10
    whole = evened(x, x + m)
    x[-SIDE:, :100] = np.nan
    done = evened(x, x + m)
    assert np.isnan(done[-SIDE:, :100]).all()
    np.testing.assert_allclose(done[: SIZE // 5], whole[: SIZE // 5], atol=1e-3)
