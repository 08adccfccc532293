"""Cutting, averaging, turning and scaling of fields."""

import pytest
import torch

from field_samples import white
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.fields.preparation import (
    block_average,
    centre_crop,
    patches,
    shape_noise,
    standardized,
    symmetries,
)

X = torch.arange(2 * 6 * 9).double().reshape(2, 6, 9)


def test_centre():
    torch.testing.assert_close(centre_crop(X, 4), X[:, 1:5, 2:6])
    torch.testing.assert_close(centre_crop(X, 6), X[:, :, 1:7])


def test_patches_go_row_by_row_and_lose_the_rest():
    found = patches(X, 3)
    assert found.shape == (12, 3, 3)
    torch.testing.assert_close(found[4], X[0, 3:6, 3:6])
    torch.testing.assert_close(found[6], X[1, :3, :3])
    torch.testing.assert_close(
        patches(X, 4), torch.cat([X[:, :4, :4], X[:, :4, 4:8]], 1).reshape(2, 2, 4, 4).flatten(0, 1)
    )


def test_block_average_is_a_mean():
    found = block_average(X, 3)
    assert found.shape == (2, 2, 3)
    torch.testing.assert_close(found[1, 1, 2], X[1, 3:, 6:].mean())
    assert (block_average(X.exp().frac(), 3) >= 0).all()


def test_the_eight_symmetries_are_different_and_form_a_group():
    x = white(1, 5, 5)
    found = symmetries(x)
    assert len({tuple(u.flatten().tolist()) for u in found}) == 8
    again = symmetries(found[5:6])
    assert {tuple(u.flatten().tolist()) for u in again} == {
        tuple(u.flatten().tolist()) for u in found
    }


def test_one_scale_for_all_fields():
    x = 3 * white(4, 8, 8) + torch.arange(4.0).double()[:, None, None]
    found, scale = standardized(x)
    assert float(found.mean()) == pytest.approx(0, abs=1e-12)
    assert float(found.std(correction=0)) == pytest.approx(1)
    torch.testing.assert_close(scale[0] + scale[1] * found, x)
    assert found.mean((1, 2)).std() > 0.05  # the means of fields are kept apart


def test_shape_noise_has_the_deviation_of_a_survey():
    """sigma_e = 0.4, 30 galaxies per square arc minute, pixels of half an arc minute."""
    options = {"ellipticity": 0.4, "density": 30.0, "area": 0.25}
    noise = shape_noise(torch.zeros(16, 64, 64), rng=generator(0), **options)
    expected = 0.4 / (2 * 30 * 0.25) ** 0.5
    # 65,536 numbers: 0.28 %; 4 of these
    assert float(noise.std()) == pytest.approx(expected, rel=0.012)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: centre_crop(X, 7), "a size of 1 to 6, got 7"),
        (lambda: patches(X, 0), "got 0"),
        (lambda: block_average(X, 4), "multiples of it"),
        (lambda: symmetries(X), "expected square ones"),
        (lambda: standardized(torch.ones(2, 4, 4)), "All pixels are 1"),
        (
            lambda: shape_noise(X, ellipticity=0.4, density=0.0, area=1.0, rng=generator(0)),
            "positive",
        ),
    ],
)
def test_what_cannot_be_done(call, words):
    with pytest.raises(InputError, match=words):
        call()
