"""Training patches of a simulated camera, and patches by turns."""

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.data.camera.patches import CONTRAST, CameraPatches, _faint
from scorelet.data.pictures.patches import PictureCrops
from scorelet.data.pictures.turns import TurnPatches


def photograph(rng, side):
    """Draw a smooth picture: what a JPEG keeps nearly as it is."""
    phase = rng.uniform(0, 3, 3)
    x = np.sin(np.linspace(0, 3, side)[:, None, None] + phase)
    return np.float32(0.5 + 0.2 * x * np.cos(np.linspace(0, 2, side)[None, :, None] + phase))


class Numbers(Dataset):
    """Item k is sign (k + 1)."""

    def __init__(self, sign):
        self.sign = sign

    def __len__(self):
        return 400

    def __getitem__(self, index):
        return {"x": torch.tensor(self.sign * (index + 1))}


def patches(**options):
    options = {"patch": 40, "length": 60, "seed": 4} | options
    return CameraPatches([(1.0, photograph)], **options)


def test_a_patch_is_a_function_of_seed_and_index():
    first, again, other = patches()[7], patches()[7], patches(seed=5)[7]
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["noisy"], other["noisy"])


def test_sigma_is_the_distance_of_the_jpeg():
    for index in range(5):
        item = patches()[index]
        distance = (item["noisy"] - item["clean"]).square().mean().sqrt()
        assert float(item["sigma"]) == pytest.approx(float(distance))
        assert item["clean"].shape == item["noisy"].shape == (3, 40, 40)


def test_a_jpeg_has_8_bits_and_its_clean_picture_more():
    item = patches()[0]
    levels = item["noisy"] * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
    assert float((item["clean"] * 255 - (item["clean"] * 255).round()).abs().max()) > 0.1


def test_patches_of_a_still_sensor_lack_nothing_but_what_a_jpeg_takes():
    still, noisy = patches(still=1.0), patches(still=0.0)
    quiet = np.mean([float(still[k]["sigma"]) for k in range(12)])
    loud = np.mean([float(noisy[k]["sigma"]) for k in range(12)])
    assert quiet < 2 / 255 < 4 / 255 < loud


def test_contrast_falls_by_one_factor_around_the_mean_colour():
    x = np.random.default_rng(0).uniform(0, 1, (9, 7, 3))
    factors = []
    for seed in range(300):
        faint = _faint(np.random.default_rng(seed), x)
        np.testing.assert_allclose(faint.mean((0, 1)), x.mean((0, 1)), atol=1e-12)
        ratio = (faint - faint.mean((0, 1))) / (x - x.mean((0, 1)))
        factors.append(ratio[0, 0, 0])
        np.testing.assert_allclose(ratio, factors[-1], rtol=1e-6)
    kept = np.isclose(factors, 1)
    assert abs(kept.mean() - 1 / 2) < 4 * (1 / 4 / 300) ** 0.5
    logs = np.log(np.array(factors)[~kept])
    assert np.log(CONTRAST[0]) <= logs.min() < logs.max() < np.log(CONTRAST[1])
    assert abs(logs.mean() - np.log(CONTRAST).mean()) < 4 * np.ptp(np.log(CONTRAST)) / 12**0.5 / 12


def test_gray_patches_have_equal_channels():
    item = patches(gray=1.0)[3]
    for key in ("clean", "noisy"):
        assert torch.equal(item[key], item[key][:1].expand(3, -1, -1))
    item = patches(gray=0.0)[3]
    assert not torch.equal(item["noisy"], item["noisy"][:1].expand(3, -1, -1))


@pytest.mark.slow
def test_the_patch_may_lie_anywhere_on_the_grid_of_blocks():
    """The strongest step between neighbouring columns falls on every residue modulo 8."""
    ramps = CameraPatches([(1.0, photograph)], patch=64, length=200, seed=0, still=1.0)
    found = set()
    for index in range(20):
        error = (ramps[index]["noisy"] - ramps[index]["clean"]).mean(0)
        steps = (error[:, 1:] - error[:, :-1]).abs().mean(0)
        found.add(int(np.argmax([steps[k::8].mean() for k in range(8)])))
    assert len(found) >= 4


def test_small_pictures_are_mirrored_up():
    small = [np.full((20, 30, 3), 90, np.uint8)]
    item = CameraPatches([(1.0, PictureCrops(small))], patch=64, length=3, seed=0)[1]
    assert item["clean"].shape == (3, 64, 64)


def test_no_source_and_no_such_patch_are_refused():
    with pytest.raises(InputError, match="no pictures"):
        CameraPatches([], patch=8, length=1, seed=0)
    with pytest.raises(IndexError, match="no patch 60 of 60"):
        patches()[60]


def test_turns_take_the_items_of_their_sets_in_their_shares():
    a, b = Numbers(1.0), Numbers(-1.0)
    both = TurnPatches([(0.25, a), (0.75, b)], seed=3)
    values = torch.stack([both[k]["x"] for k in range(len(both))])
    share = float((values > 0).float().mean())
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / len(a)) ** 0.5
    assert torch.equal(values.abs(), 1 + torch.arange(float(len(a))))
    again = TurnPatches([(0.25, a), (0.75, b)], seed=3)
    assert all(torch.equal(both[k]["x"], again[k]["x"]) for k in range(0, 400, 97))
