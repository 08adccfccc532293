"""restore: small pictures that were made in other ways than by means of blocks."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import convolve

import scorelet as sl
from samples import Pointwise, noisy, waves
from scorelet.core.errors import InputError
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import BlockMeans, CutBlur
from scorelet.tasks.restore import RestoreSettings

TOWARD_GRAY = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
INSIDE = np.s_[3:-3, 3:-3]


def small_by_pillow(x, factor, name="BICUBIC"):
    size = (x.shape[1] // factor, x.shape[0] // factor)
    return np.asarray(Image.fromarray(x).resize(size, Image.Resampling[name]))


def picture(side=48):
    return np.ascontiguousarray(0.1 + 0.8 * waves(side, side, 1)[..., 0], np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("name", ["bicubic", "bilinear", "lanczos"])
def test_a_result_becomes_the_small_picture_again(name, factor):
    """By Pillow; to rounding, and noise of 0.1/255 that is taken at the least."""
    small = small_by_pillow(picture(), factor, name.upper())
    words = {"quality": "fast", "model": TOWARD_GRAY, "factor": factor, "shrunk": name}
    large = sl.restore(small, task="superres", **words).image
    assert large.shape == (48, 48)
    again = small_by_pillow(large, factor, name.upper())
    np.testing.assert_allclose(again[INSIDE], small[INSIDE], rtol=0, atol=0.05 / 255)
    eight = np.rint(255 * small).astype(np.uint8)
    large = sl.restore(eight, task="superres", **words).image
    again = small_by_pillow(large.astype(np.float32), factor, name.upper())
    assert np.abs(again - eight)[INSIDE].max() < 1


@pytest.mark.parametrize("name", ["bicubic", "bilinear", "lanczos"])
@pytest.mark.parametrize("shape", [(1, 9), (1, 1)])
def test_pictures_smaller_than_the_kernel_become_larger(name, shape):
    """What it reaches of the outside is sought anyway, and the kernel is none that was given."""
    gray = in_memory(np.full(shape, 0.4, np.float32)).pictures[0]
    found = RestoreSettings("superres", shrunk=name).prepare(gray)
    assert found.size == (2 * shape[0], 2 * shape[1])
    seen = found.observation.measurement.measure(found.guess)
    np.testing.assert_allclose(seen, np.full((1, 1, *shape), 0.4), rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("shrunk", ["every", "kernel"])
def test_pixels_that_were_kept_are_where_they_were(shrunk):
    """As means of blocks they would be half a pixel off."""
    x = picture(60)
    weights = np.outer((1, 2, 1), (1, 4, 2)) / 28
    soft = convolve(x, weights) if shrunk == "kernel" else x
    small = soft[1::2, 1::2]
    words = {"kernel": weights} if shrunk == "kernel" else {"shrunk": "every"}
    found, means = (
        sl.restore(small, task="superres", quality="fast", **told).image for told in (words, {})
    )
    assert np.sqrt(np.mean((found - x) ** 2)) < 0.7 * np.sqrt(np.mean((means - x) ** 2))
    again = (convolve(found, weights) if shrunk == "kernel" else found)[1::2, 1::2]
    assert np.abs(again - small)[INSIDE].max() < (0.5 / 255 if shrunk == "kernel" else 1e-6)


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize(("sigma", "kept"), [(None, True), (0.1, False)])
def test_every_pixel_is_the_middle_of_a_block(factor, sigma, kept):
    """The others begin on a surface, which keeps what is smooth."""
    rows, columns = np.mgrid[:36, :36]
    x = ((columns + 2 * rows) / 128).astype(np.float32)
    small = x[factor // 2 :: factor, factor // 2 :: factor]
    settings = RestoreSettings("superres", shrunk="every", factor=factor, sigma=sigma)
    found = settings.prepare(in_memory(small).pictures[0])
    mask = np.zeros(x.shape, bool)
    mask[factor // 2 :: factor, factor // 2 :: factor] = True
    assert np.array_equal(found.observation.measurement.mask, mask)
    assert np.array_equal(found.observation.value[0, 0].numpy()[mask], small.ravel() * 1.0)
    assert (found.share is not None) == kept
    middle = np.s_[6:-6, 6:-6]
    np.testing.assert_allclose(found.guess[0, 0].numpy()[middle], x[middle], atol=0.002)


def test_block_means_are_what_they_were():
    for words in ({}, {"shrunk": "mean"}):
        found = RestoreSettings("superres", factor=3, **words).prepare(
            in_memory(noisy(8, 10, 1)).pictures[0]
        )
        assert type(found.observation.measurement) is BlockMeans
        assert (found.sigma, found.remarks) == (0.0, ())


@pytest.mark.parametrize(
    ("words", "larger"),
    [
        ({"shrunk": "bilinear"}, 2),
        ({"shrunk": "bicubic"}, 4),
        ({"kernel": np.ones((5, 2))}, 2),
    ],
)
def test_what_is_sought_reaches_as_far_as_the_kernel(words, larger):
    """In whole blocks, by as many at opposite edges."""
    found = RestoreSettings("superres", factor=2, **words).prepare(
        in_memory(noisy(8, 10, 1)).pictures[0]
    )
    assert type(found.observation.measurement) is CutBlur
    across = 0 if "kernel" in words else larger
    assert found.guess.shape[2:] == (16 + 2 * larger, 20 + 2 * across)
    assert found.size == (16, 20)
    assert len(found.remarks) == ("kernel" in words)


def test_bicubic_may_have_cut_off_what_was_beyond_white():
    x = noisy(8, 10, 1)
    x[:2] = 255
    for way, limit in (("bicubic", 1.0), ("mean", None)):
        prepared = RestoreSettings("superres", shrunk=way).prepare(in_memory(x).pictures[0])
        how = prepared.observation.measurement
        assert (how.limits[1] if limit else getattr(how, "limits", None)) == limit


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"shrunk": "nearest"}, "'nearest': it must be mean, bicubic, bilinear, lanczos, every"),
        ({"shrunk": "every", "kernel": np.ones((1, 1))}, "said twice: give shrunk or kernel"),
        ({"kernel": np.ones((17, 1))}, "17x1 is larger than the picture of 16x20"),
        ({"kernel": np.zeros((3, 3))}, "sum is not above 0"),
    ],
)
def test_other_words_are_refused(words, said):
    with pytest.raises(InputError, match=said):
        RestoreSettings("superres", **words).prepare(in_memory(noisy(8, 10, 1)).pictures[0])


def test_words_of_two_tasks_belong_to_both():
    with pytest.raises(InputError, match="kernel belongs to superres and deblur, not to inpaint"):
        RestoreSettings("inpaint", kernel=np.ones((3, 3)))
