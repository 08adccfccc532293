"""Textures that are drawn: means zero, deviations one, and files that training reads."""

import numpy as np
import pytest
import torch

from scorelet.data.labelled import load_labelled
from scorelet.recipes.drawn_sets import TEXTURES, textures, write_textures


@pytest.mark.slow
def test_classes_have_equal_means():
    x, y = textures(1200, 32, seed=0)
    assert x.mean((1, 2, 3)).abs().max() < 1e-5
    torch.testing.assert_close(x.std((1, 2, 3)), torch.ones(len(x)), atol=1e-4, rtol=0)
    assert torch.bincount(y).tolist() == [200] * 6
    for k in range(6):
        # pixels of one law have standard errors of 1/sqrt(200); 5 of these for the worst of 1024
        assert x[y == k].mean(0).abs().max() < 5 / 200**0.5


def test_files_hold_the_textures_in_8_bits(tmp_path):
    path = tmp_path / "set.npz"
    write_textures(path, train=12, test=6, side=8, seed=1)
    train, test = load_labelled(path), load_labelled(path, part="test")
    assert train.classes == tuple(TEXTURES)
    assert (train.x.shape, test.x.shape) == ((12, 8, 8, 1), (6, 8, 8, 1))
    x, y = textures(18, 8, seed=1)
    expected = (0.5 + 0.16 * x).clip(0, 1)
    found = torch.from_numpy(np.concatenate([train.x, test.x])).movedim(3, 1) / 255
    assert (found - expected).abs().max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(np.concatenate([train.y, test.y]), y.numpy())
    before = path.stat().st_mtime_ns
    write_textures(path, train=12, test=6, side=8, seed=1)
    assert path.stat().st_mtime_ns == before
