"""What two training sets have in common."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from smooth_pictures import finite, pictures


def test_pictures_in_both_training_sets_are_named(arrays, tmp_path):
    """One of 200 is a sentence; copies of training pictures are not measured on."""
    _, _, new = arrays
    one, two, fresh = pictures(200, seed=5), pictures(200, seed=6), np.load(new)
    two[7], fresh[3] = one[150], one[4]
    for name, array in (("one", one), ("two", two), ("fresh", fresh)):
        np.save(tmp_path / f"{name}.npy", array)
    a, b = (tmp_path / f"{name}.npy" for name in ("one", "two"))
    found = sl.audit(tmp_path / "fresh.npy", models=[finite(a), finite(b)], train=[a, b], samples=0)
    (warning,) = [w for w in found.document["warnings"] if "first training set" in w]
    assert "the first one: 150 is 7" in warning
    assert found.document["left_out"] >= 1
    assert found.document["held_out"] == 20 - found.document["left_out"]


def test_training_sets_that_look_alike_are_named_and_not_refused(arrays):
    """One square with noise in it: no two pictures are the same, and all are alike."""
    _, _, new = arrays
    rng = np.random.default_rng(0)
    one, two = (np.zeros((40, 12, 12), np.float32) for _ in range(2))
    for each in (one, two):
        each[:, 3:9, 3:9] = rng.uniform(0.8, 1, (40, 6, 6))
    a, b = (torch.from_numpy(each)[:, None] for each in (one, two))
    models = [wiener_filter(a), wiener_filter(b)]
    found = sl.audit(new, models=models, train=[one, two], samples=0)
    (warning,) = [text for text in found.document["warnings"] if "first training set" in text]
    assert warning.startswith("40 pictures of the first training set look like some of the second")
    known = torch.corrcoef(torch.stack([a[0].flatten(), b[0].flatten()]))[0, 1]
    assert f"the first one: 0 is like 0, {known:.3f})" in warning
    two[7] = one[30]
    with pytest.raises(InputError, match=r"^1 picture of .* is in .* \(the first one: 30 is 7\)"):
        sl.audit(new, models=models, train=[one, two], samples=0)
