"""Models that mean their numbers absolutely, and pictures in another unit than theirs."""

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

import scorelet as sl
from scorelet.models import Denoiser, GaussianDenoiser, LevelMapDenoiser

SIGMA = 0.1
MISLEADING = ("texture went", "the noise is uneven", "the noise is stronger")


class OfTheUnit(Denoiser):
    """Knows that pictures lie in [0, 1], and levels up to 0.3."""

    most = 0.3

    def _denoise(self, y, sigma, cond, label):
        return y.clamp(0, 1)


def noisy(side: int = 48) -> np.ndarray:
    """Return squares of 0.1 and 0.9, with noise."""
    board = np.indices((side, side)).sum(0) // 12 % 2
    rng = np.random.default_rng(0)
    return (0.1 + 0.8 * board + SIGMA * rng.standard_normal((side, side))).astype(np.float32)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("scale", "offset", "do"),
    [
        (255, 0, "divide pictures of 8 bits by 255"),
        (1, 1000, "divide pictures of 8 bits by 255"),
        (2, 0, "bring them there first"),
        (2, -1, "bring them there first"),
    ],
)
@pytest.mark.filterwarnings("ignore::scorelet.core.errors.ResultWarning")
def test_another_unit_is_said_first_and_nothing_that_is_not_so(scale, offset, do, told, tmp_path):
    y = scale * noisy() + np.float32(offset)
    tifffile.imwrite(tmp_path / "a.tif", y)
    model, sigma = OfTheUnit(), scale * SIGMA if told else None
    for source in (y, tmp_path / "a.tif"):
        first, *others = sl.denoise(source, model=model, sigma=sigma).warnings
        values = f"the picture has values from {y.min():.4g} to {y.max():.4g}"
        assert first == (f"values of another unit: {values}, but models were made for 0 to 1; {do}")
        assert not [text for text in others if text.startswith(MISLEADING)]


@pytest.mark.filterwarnings("ignore::scorelet.core.errors.ResultWarning")
@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_another_unit_is_seen_in_strong_noise(sigma):
    z = np.random.default_rng(1).standard_normal((64, 64)).astype(np.float32)
    x = np.float32(np.indices((64, 64)).sum(0) // 12 % 2)
    first, *_ = sl.denoise(2 * x - 1 + sigma * z, model=OfTheUnit(), sigma=sigma).warnings
    assert first.startswith("values of another unit")
    out = sl.denoise(x + sigma * z, model=OfTheUnit(), sigma=sigma)
    assert not [text for text in out.warnings if "0 to 1" in text]


def test_a_closed_form_has_the_unit_of_its_law():
    y = np.float32(100 + 20 * np.random.default_rng(1).standard_normal((48, 48)))
    law = GaussianDenoiser(torch.full((1, 48, 48), 100.0), 300 * torch.eye(48 * 48))
    assert sl.denoise(y, model=law, sigma=10.0).warnings == ()


@pytest.mark.parametrize("sigma", [0.01, SIGMA, 0.3])
def test_noise_and_overshoots_are_no_other_unit(sigma):
    rng = np.random.default_rng(1)
    y = np.linspace(-0.05, 1.05, 64)[:, None] + sigma * rng.standard_normal((64, 64))
    out = sl.denoise(y.astype(np.float32), model=OfTheUnit(), sigma=sigma)
    assert not [text for text in out.warnings if "0 to 1" in text]


@pytest.mark.filterwarnings("ignore::scorelet.core.errors.ResultWarning")
def test_a_small_part_of_the_range_is_said():
    y = noisy().clip(0, 1)
    first, *_ = sl.denoise(y / 100, model=OfTheUnit(), sigma=SIGMA / 100).warnings
    assert first == (
        f"the picture uses little of its range: no value is above {y.max() / 100:.3g}, but models "
        "know 0 to 1"
    )
    for bits in (8, 12):
        stored = np.uint16(y * (2**bits - 1))
        (first,) = sl.denoise(stored, model=OfTheUnit(), sigma=SIGMA / 2 ** (16 - bits)).warnings
        words = f"if these are {bits}-bit samples, multiply them by {2 ** (16 - bits)} first"
        assert first.endswith(words)
    whole = sl.denoise(np.uint16(y * 65535), model=OfTheUnit(), sigma=SIGMA)
    assert whole.warnings == ()


@pytest.mark.filterwarnings("ignore::scorelet.core.errors.ResultWarning")
def test_homogeneous_and_blind_models_take_any_unit():
    level_map = LevelMapDenoiser(nn.Conv2d(2, 1, 1, bias=False), channels=1)
    assert not LevelMapDenoiser(nn.Conv2d(2, 1, 1), channels=1).homogeneous
    y, sigma = 255 * noisy(), 255 * SIGMA
    for model, turned in ((level_map, False), (level_map, True), ("photo", False)):
        out = sl.denoise(y, model=model, sigma=sigma, noise="white", self_ensemble=turned)
        assert not [text for text in out.warnings if "0 to 1" in text]
