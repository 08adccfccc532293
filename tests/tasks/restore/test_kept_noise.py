"""restore: noise that stays in the result, because no level was given, is said."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import scorelet as sl
from samples import Pointwise, waves
from scorelet.analysis.noise_kind import noise_kind
from scorelet.data.pictures.in_memory import in_memory
from scorelet.tasks.restore import RestoreSettings

SIDE = 80


def picture(level, *, channels=3, dtype=np.uint8, top=1.0):
    """Waves with white noise, in 8-bit units, of which the whole is made `top` times as bright."""
    noise = np.random.default_rng(0).normal(0, level / 255, (SIDE, SIDE, channels))
    x = top * np.clip(waves(SIDE, SIDE, channels) + noise, 0, 1)
    return (
        x.astype(dtype) if dtype == np.float32 else np.rint(np.iinfo(dtype).max * x).astype(dtype)
    )


def said(source, task="superres", **words):
    return RestoreSettings(task, **words).prepare(in_memory(source.squeeze()).pictures[0]).remarks


def with_hole():
    mask = np.ones((SIDE, SIDE), bool)
    mask[30:50, 20:60] = False
    return mask


@pytest.mark.parametrize("words", [{"task": "superres"}, {"task": "inpaint", "mask": with_hole()}])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("level", [6, 10, 20])
def test_noise_that_is_kept_is_said_with_its_level(words, channels, level):
    (sentence,) = said(picture(level, channels=channels), **words)
    found = re.search(r"noise of about (\S+) was found \(8-bit units\), and is kept", sentence)
    assert float(found[1]) == pytest.approx(level, rel=0.1)
    assert f"give sigma {found[1]}, in Python {found[1]}/255" in sentence


@pytest.mark.parametrize("words", [{"task": "superres"}, {"task": "inpaint", "mask": with_hole()}])
@pytest.mark.parametrize("sigma", [0.0, 0.04])
def test_nothing_is_said_where_a_level_is_given(words, sigma):
    assert said(picture(10), sigma=sigma, **words) == ()


@pytest.mark.parametrize("words", [{"shrunk": "every"}, {"kernel": np.ones((2, 2)) / 4}])
def test_nothing_is_said_where_aliases_look_like_noise(words):
    assert said(picture(10), **words) == ()


@pytest.mark.parametrize("shrunk", ["mean", "bicubic", "bilinear", "lanczos"])
@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 1), (np.uint16, 1 / 4)])
def test_it_is_said_of_all_means(shrunk, dtype, top):
    (sentence,) = said(picture(10, dtype=dtype, top=top), shrunk=shrunk)
    level = float(re.search(r"noise of about (\S+) was", sentence)[1])
    assert level == pytest.approx(10 * top, rel=0.1)


def test_the_result_warns():
    model = Pointwise(lambda y: 0.9 * y + 0.05)
    out = sl.restore(picture(10), task="superres", quality="fast", model=model)
    assert "is kept: give sigma" in out.warnings[0]


def test_holes_do_not_count():
    """Noise that only they have is none of the picture's."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, : SIDE // 2] = True
    source = np.where(mask[..., None], picture(0), picture(30))
    assert said(source, "inpaint", mask=mask) == ()
    assert len(said(source, "inpaint", mask=~mask)) == 1


def test_noise_is_judged_by_the_range_that_a_picture_fills():
    """As of a camera of 12 bits in a file of 16; the level is of the whole range."""
    (sentence,) = said(picture(10, dtype=np.uint16, top=1 / 16))
    level = float(re.search(r"noise of about (\S+) was", sentence)[1])
    assert level == pytest.approx(10 / 16, rel=0.1)
    assert said(picture(0, dtype=np.uint16, top=1 / 16)) == ()


def as_jpeg(pixels, quality):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def edges():
    x = np.random.default_rng(1).random((SIDE // 5, SIDE // 5, 3)).repeat(5, 0).repeat(5, 1)
    return np.rint(255 * x).astype(np.uint8)


def texture():
    x = np.random.default_rng(2).normal(size=(SIDE, SIDE, 1))
    return np.uint8(np.clip(127 + 90 * gaussian_filter(x, (1.2, 1.2, 0)), 0, 255))


OTHERS = {
    "smooth": picture(0),
    "smooth, 16 bits": picture(0, dtype=np.uint16),
    "smooth, floats": picture(0, dtype=np.float32),
    "hardly any": picture(2),
    "edges": edges(),
    "texture": texture(),
    "one colour": np.full((SIDE, SIDE, 3), 99, np.uint8),
    "small": picture(10)[:12, :12],
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_pictures_are_not_noisy(name):
    assert said(OTHERS[name]) == ()


def test_a_jpeg_of_coarser_steps_is_not_noisy():
    coarse = as_jpeg(picture(6), 50)
    assert RestoreSettings("superres").prepare(in_memory(coarse).pictures[0]).remarks == ()


def test_noise_that_is_white_by_little_is_not_said():
    """As fine texture is, which may pass for it; all of it is what `noise_kind` calls white."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(SIDE, SIDE)), 0.47)
    x = 0.4 + 0.2 * waves(SIDE, SIDE, 1)[..., 0] + 10 / 255 * noise / noise.std()
    found = noise_kind(x[..., None])
    assert found.white
    assert found.sigma > 4 / 255
    assert said(np.rint(255 * x).astype(np.uint8)) == ()
