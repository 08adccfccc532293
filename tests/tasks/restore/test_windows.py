"""restore: priors of pictures of one size, where what is sought is larger than the result."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import scorelet as sl
from samples import Pointwise
from scorelet.core.errors import InputError
from scorelet.models import Denoiser
from scorelet.models.bounded import CentredDenoiser
from scorelet.tasks.restore.windows import WindowsDenoiser, seeing

TOWARD_GRAY = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
Y = 0.5 + gaussian_filter(np.random.default_rng(0).normal(size=(20, 24)), 2).astype(np.float32)


class OfSize(Pointwise):
    """Pixel by pixel, of pictures of one size."""

    def __init__(self, height, width, *, refuses):
        super().__init__(TOWARD_GRAY.function)
        self.learnt = height, width
        self.takes = self.learnt if refuses else None

    def _denoise(self, y, sigma, cond, label):
        assert self.takes in (None, y.shape[-2:])
        return super()._denoise(y, sigma, cond, label)


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("deblur", {"blur": 1.0}),
        ("deblur", {"kernel": np.ones((1, 5)) / 5}),
        ("superres", {"shrunk": "bicubic"}),
    ],
)
def test_what_lies_outside_is_sought_through_windows(task, told, refuses):
    """Pixel by pixel the answers of windows are those of the whole; nothing is warned of."""
    size = (40, 48) if task == "superres" else (20, 24)
    same, found = (
        sl.restore(Y, task=task, sigma=1 / 255, quality="fast", model=model, **told)
        for model in (TOWARD_GRAY, OfSize(*size, refuses=refuses))
    )
    assert np.allclose(found.image, same.image, atol=1e-5)
    assert found.warnings == same.warnings


def test_windows_are_in_the_corners_and_their_mean_counts_where_they_overlap():
    class Counts(Denoiser):
        blind, calls = True, 0.0

        def _denoise(self, y, sigma, cond, label):
            self.calls += 1
            return torch.full_like(y, self.calls)

    found = WindowsDenoiser(Counts(), (2, 3))(torch.zeros(1, 1, 3, 4))
    mean = [[1, 1.5, 1.5, 2], [2, 2.5, 2.5, 3], [3, 3.5, 3.5, 4]]
    assert found[0, 0].tolist() == mean
    found = WindowsDenoiser(Counts(), (3, 3))(torch.zeros(1, 1, 3, 4))
    assert found[0, 0].tolist() == [[1, 1.5, 1.5, 2]] * 3
    found = WindowsDenoiser(Counts(), (1, 2))(torch.zeros(1, 1, 1, 7))
    assert found[0, 0].tolist() == [[1, 1, 2, 2.5, 3, 4, 4]]


def test_a_prior_that_knows_what_is_sought_sees_all_of_it():
    for model in (TOWARD_GRAY, OfSize(26, 30, refuses=True), OfSize(50, 50, refuses=False)):
        assert seeing(model, (26, 30), (20, 24)) is model


def test_a_picture_that_a_prior_does_not_take_is_refused_by_its_own_size():
    with pytest.raises(InputError, match=r"would be 20x24 .* takes 80x80 only: give .* 80x80, or"):
        sl.restore(Y, task="deblur", blur=1.0, model=OfSize(80, 80, refuses=True))
    with pytest.raises(InputError, match=r"would be 40x48 .* 80x80 only: give .* 40x40, or take"):
        sl.restore(Y, task="superres", model=OfSize(80, 80, refuses=True))
    with pytest.raises(InputError, match="15x15 only: take another model"):
        sl.restore(Y, task="superres", model=OfSize(15, 15, refuses=True))


def test_of_a_size_that_a_prior_has_not_learnt_that_of_the_picture_is_said():
    out = sl.restore(
        Y, task="deblur", blur=1.0, quality="fast", model=OfSize(80, 80, refuses=False)
    )
    assert any("80x80, and here it is 20x24" in said for said in out.warnings)


def test_what_knows_a_mean_takes_its_size():
    mean = torch.zeros(1, 1, 4, 6)
    model = CentredDenoiser(torch.nn.Conv2d(2, 1, 1), mean, 1.0)
    assert model.takes_size((4, 6))
    assert not model.takes_size((6, 4))
