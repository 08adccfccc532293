"""Scattering against pixels: textures with equal class means, errors that know of pairs."""

import pytest
import torch

from scorelet.recipes.subjects import separation_concentration as recipe

SETTINGS = recipe.Settings("textures", (30,), 12, 18, J=2, L=2, engine="torch")


def test_textures_have_equal_class_means():
    parts = recipe._textures(recipe.Settings("textures", (1200,), 6, 6), seed=0)
    x, y = parts.train.x, parts.train.y
    assert x.mean((1, 2, 3)).abs().max() < 1e-5
    torch.testing.assert_close(x.std((1, 2, 3)), torch.ones(len(x)), atol=1e-4, rtol=0)
    assert torch.bincount(y).tolist() == [200] * 6
    for k in range(6):
        # pixels of one law have standard errors of 1/sqrt(200); 5 of these for the worst of 1024
        assert x[y == k].mean(0).abs().max() < 5 / 200**0.5


def test_parts_do_not_overlap():
    parts = recipe._textures(SETTINGS, seed=0)
    sizes = [len(part.y) for part in (parts.train, parts.validation, parts.test)]
    assert sizes == [30, 12, 18]
    whole = torch.cat([p.x.flatten(1) for p in (parts.train, parts.validation, parts.test)])
    assert len(whole.unique(dim=0)) == 60


def test_the_gain_is_a_difference_with_the_error_of_pairs():
    parts = recipe._textures(SETTINGS, seed=0)
    found = recipe.compare_features(parts, 30, SETTINGS)
    (scattering, first), (pixels, second), (gain, both) = (
        found[name] for name in ("scattering", "pixels", "gain")
    )
    assert gain == pytest.approx(scattering - pixels)
    assert scattering > pixels
    assert 0 < both <= first + second + 1e-9
