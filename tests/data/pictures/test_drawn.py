"""Drawn pages: functions of a generator, with the fine colour that they are made for."""

import numpy as np
import pytest

from scorelet.data.pictures.drawn import draw_page


def page(seed, side=64):
    return draw_page(np.random.default_rng(seed), side)


@pytest.mark.slow
def test_a_page_is_a_function_of_the_generator():
    for seed in range(20):
        again = page(seed)
        assert again.shape == (64, 64, 3)
        assert again.dtype == np.uint8
        assert np.array_equal(page(seed), again)
    assert len({page(seed).tobytes() for seed in range(20)}) == 20


def test_pages_have_any_side():
    for side in (1, 8, 17, 160):
        for seed in range(5):
            assert page(seed, side).shape == (side, side, 3)


@pytest.mark.slow
def test_pages_have_colour_as_fine_as_their_brightness():
    """Of the steps between neighbours, a part has colour that means of 2x2 pixels would lose."""
    fine, coarse = [], []
    for seed in range(60):
        pixels = page(seed).astype(float)
        chroma = pixels[..., 0] - pixels[..., 1]
        means = chroma.reshape(32, 2, 32, 2).mean((1, 3)).repeat(2, 0).repeat(2, 1)
        fine.append(np.square(chroma - means).mean())
        coarse.append(chroma.var())
    assert np.mean(fine) > 0.05 * np.mean(coarse)


@pytest.mark.slow
def test_some_pages_are_of_one_colour_or_empty_and_most_are_not():
    kinds = [len(np.unique(page(seed).reshape(-1, 3), axis=0)) for seed in range(100)]
    assert 0 < sum(count == 1 for count in kinds) < 30
