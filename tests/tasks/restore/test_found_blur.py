"""Deblurring of pictures of which no blur is told."""

import numpy as np
import pytest
import torch
from scipy import ndimage

import scorelet as sl
from noise_samples import clean
from samples import Pointwise, read_png, write_png
from scorelet.core.errors import InputError
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models.measurements import gaussian_kernel
from scorelet.tasks.restore import RestoreSettings
from scorelet.tasks.restore.files import restore_files
from scorelet.tasks.restore.ways.found_blur import found_blur


def _pixels(blur: float, *, count: int = 6, noise: float = 0.0) -> np.ndarray:
    """Return squares of some grays that were blurred, with white noise, (height, width, 3)."""
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0.1, 0.9, (count, count, 3)).repeat(24, 0).repeat(24, 1)
    blurred = ndimage.gaussian_filter(pixels, (blur, blur, 0)) if blur else pixels
    return blurred + noise * rng.standard_normal(blurred.shape)


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.float32(pixels)).permute(2, 0, 1)[None]


def _squares(blur: float) -> torch.Tensor:
    return _tensor(_pixels(blur))


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    return np.rint(255 * pixels).astype(np.uint8)


def _settings(**words: float) -> RestoreSettings:
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    return RestoreSettings("deblur", model=model, quality="fast", **words)


@pytest.mark.parametrize("blur", [1.2, 2.0])
def test_the_blur_of_steps_is_found(blur):
    found, said = found_blur(_squares(blur), 0.0)
    assert found == pytest.approx(blur, rel=0.08)
    assert f"a Gaussian of {found:g} pixels was found" in said


def test_sharp_pictures_and_those_without_edges_are_refused():
    with pytest.raises(InputError, match="No blur was found: edges are as sharp as pixels"):
        found_blur(_squares(0), None)
    with pytest.raises(InputError, match="too few edges to tell its blur by: give blur"):
        found_blur(torch.full((1, 1, 64, 64), 0.5), None)


def test_a_sharp_part_before_a_soft_background_is_sharp():
    pixels, sharp = _pixels(3, count=12), np.s_[96:192, 96:192]
    pixels[sharp] = _pixels(0, count=12)[sharp]
    with pytest.raises(InputError, match="edges are as sharp as pixels, at many places at least"):
        found_blur(_tensor(pixels), 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("top", [1 / 4, 1 / 16, 1 / 64])
def test_the_blur_of_a_small_part_of_the_range_is_that_of_the_whole(top):
    """As of cameras of 12 bits in files of 16; it is found once, and said as it is taken."""
    y = _pixels(1.5, noise=1 / 255)
    whole, part = (
        _settings().prepare(in_memory(np.rint(65535 * k * y).astype(np.uint16)).pictures[0])
        for k in (1, top)
    )
    assert whole.blur == pytest.approx(part.blur, rel=0.03)
    assert f"of {part.blur:g} pixels was found" in part.remarks[0]
    torch.testing.assert_close(part.observation.measurement.kernel, gaussian_kernel(part.blur))


def test_the_blur_of_a_small_part_of_the_range_is_found_once(monkeypatch):
    calls = []

    def found(x, sigma, **words):
        calls.append(words["range_"])
        return 1.5, "a word"

    monkeypatch.setattr("scorelet.tasks.restore.ways.deblur.found_blur", found)
    y = np.rint(65535 / 16 * _pixels(1.5, noise=1 / 255)).astype(np.uint16)
    assert _settings().prepare(in_memory(y).pictures[0]).blur == 1.5
    assert calls == [pytest.approx(1 / 16, rel=0.3)]


@pytest.mark.slow
def test_the_width_is_in_the_result_and_none_where_it_is_told():
    y = _eight_bits(_pixels(1.5, noise=1 / 255))
    words = {"task": "deblur", "quality": "fast", "model": _settings().model}
    assert sl.restore(y, **words).blur == pytest.approx(1.5, rel=0.08)
    assert sl.restore(y, blur=1.5, **words).blur is None
    assert sl.restore(y, **(words | {"task": "superres"})).blur is None


@pytest.mark.slow
def test_of_a_folder_sharp_pictures_are_refused_and_soft_ones_deblurred(tmp_path):
    """Opacity stays; the rest of an interrupted job is done, and what is refused is so again."""
    soft = np.dstack([_eight_bits(_pixels(1.5, noise=1 / 255)), np.full((144, 144), 77, np.uint8)])
    write_png(tmp_path / "in" / "sharp.png", _eight_bits(_pixels(0)))
    write_png(tmp_path / "in" / "soft.png", soft)
    for words in ({}, {"resume": True}):
        job = restore_files([tmp_path / "in"], tmp_path / "out", settings=_settings(), **words)
        sharp, done = job
        assert "No blur was found" in str(sharp.error)
        assert done.resumed == bool(words)
        assert done.report["blur"] == pytest.approx(1.5, rel=0.08)
        assert f"of {done.report['blur']:g} pixels was found" in done.report["warnings"][0]
        assert (read_png(tmp_path / "out" / "soft.png")[..., 3] == 77).all()
    assert not (tmp_path / "out" / "sharp.png").exists()


@pytest.mark.slow
def test_a_soft_photograph_is_deblurred_without_a_number():
    x = clean("camera")[100:260, 100:260] / 255.0
    y = np.rint(255 * ndimage.gaussian_filter(x, (1.5, 1.5, 0))).astype(np.uint8)
    with pytest.warns(sl.core.errors.ResultWarning, match="no blur was given"):
        out = sl.restore(y, task="deblur", quality="fast")
    before, after = (((pixels / 255.0 - x) ** 2).mean() for pixels in (y, out.image))
    assert 10 * np.log10(before / after) > 3
