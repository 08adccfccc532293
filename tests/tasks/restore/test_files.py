"""restore for files: what is written beside the pixels, and what is said of files."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import scorelet as sl
from samples import Pointwise, noisy, read_png, write_png
from scorelet.core.errors import InputError
from scorelet.data import read_picture
from scorelet.tasks.restore import RestoreSettings
from scorelet.tasks.restore.drawing import restored
from scorelet.tasks.restore.files import restore_files


@pytest.fixture(autouse=True)
def _exact(float32):
    """Convolutions in float32, on every machine."""


def settings(task="superres", **words):
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    return RestoreSettings(task, model=model, quality="fast", **words)


def test_an_enlarged_map_covers_the_same_ground(tmp_path):
    scale = [(33550, "d", 3, (10.0, 20.0, 0.0), True)]
    source = tmp_path / "map.tif"
    tifffile.imwrite(source, noisy(4, 6, 1), photometric="minisblack", extratags=scale)
    (outcome,) = restore_files([source], tmp_path / "out", settings=settings(samples=2))
    assert len(outcome.report["outputs"]) == 4
    for path in outcome.report["outputs"]:
        with tifffile.TiffFile(path) as file:
            assert file.pages[0].tags.valueof(33550) == (5.0, 10.0, 0.0)


def test_samples_are_as_opaque_as_their_mean(tmp_path):
    samples = noisy(6, 8, 4)
    samples[2:4, 3:6, 3] = 0
    write_png(tmp_path / "a.png", samples)
    for task in ("superres", "inpaint"):
        (outcome,) = restore_files(
            [tmp_path / "a.png"], tmp_path / task, settings=settings(task, samples=2)
        )
        mean, first, second, deviation = (
            read_png(Path(path)) for path in outcome.report["outputs"]
        )
        assert np.array_equal(first[..., 3], mean[..., 3])
        assert np.array_equal(second[..., 3], mean[..., 3])
        assert deviation.shape[2] == 3


def test_a_sample_of_an_earlier_job_is_told_from_these(tmp_path):
    write_png(tmp_path / "a.png", noisy(6, 8, 1))
    said = []
    for count in (3, 2, 2):
        (outcome,) = restore_files(
            [tmp_path / "a.png"], tmp_path / "b.png", settings=settings(samples=count),
            overwrite=True,
        )  # fmt: skip
        said.append([text for text in outcome.report["warnings"] if "was there before" in text])
        if len(said) == 2:
            (tmp_path / "b_002.png").unlink()
    expected = f"{tmp_path / 'b_002.png'} was there before, and is no sample of this job"
    assert said == [[], [expected], []]
    for name in ("x", "x_002"):
        write_png(tmp_path / f"in/{name}.png", noisy(6, 8, 1))
    for _ in range(2):
        found = restore_files(
            [tmp_path / "in"], tmp_path / "out", settings=settings(samples=2), overwrite=True
        )
        assert not any("was there" in str(outcome.report["warnings"]) for outcome in found)


@pytest.mark.parametrize("resume", [False, True])
def test_a_job_of_one_file_is_not_resumed(tmp_path, resume):
    write_png(tmp_path / "a.png", noisy(6, 8, 1))
    where = [tmp_path / "a.png"], tmp_path / "b.png"
    list(restore_files(*where, settings=settings()))
    words = "a job of one file is not resumed" if resume else "already: choose another"
    with pytest.raises(InputError, match=words):
        list(restore_files(*where, settings=settings(), resume=resume))


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(".jpg", ".png"), (".webp", ".png"), (".bmp", ".png"), (".tif", ".tif"), (".ppm", ".ppm")],
)
def test_deviations_are_written_in_thousandths_of_a_level(tmp_path, suffix, kind):
    """They are those that floats have, far below one level of 8 bits."""
    source = tmp_path / f"a{suffix}"
    Image.fromarray(noisy(16, 16)).save(source)
    given = settings(samples=2, sigma=0.2)
    (outcome,) = restore_files([source], tmp_path / "out", settings=given)
    written = tmp_path / "out" / f"a_deviation{kind}"
    assert str(written) in outcome.report["outputs"]
    prepared = given.prepare(read_picture(source))
    deviation = restored(prepared, given, keep=lambda *_: None).deviation
    pixels = read_picture(written).pixels
    assert pixels.dtype == np.uint16
    np.testing.assert_allclose(pixels / 1000, 255 * deviation, rtol=0, atol=0.0006)
    assert 0 < np.median(pixels) < 65535


def test_deviations_of_floats_are_in_their_unit(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.float32(noisy(16, 16, 1) / 255), photometric="minisblack"
    )
    given = settings(samples=2, sigma=0.2)
    list(restore_files([tmp_path / "a.tif"], tmp_path / "out", settings=given))
    deviation = restored(
        given.prepare(read_picture(tmp_path / "a.tif")), given, keep=lambda *_: None
    ).deviation
    assert np.array_equal(read_picture(tmp_path / "out" / "a_deviation.tif").pixels, deviation)


@pytest.fixture
def undeclared(tmp_path):
    """A map of floats with a square of -9999, of which nothing is declared."""
    pixels = noisy(16, 16, 1, dtype="float32")[..., 0].clip(0, 1)
    pixels[4:8, 4:12] = -9999
    tifffile.imwrite(tmp_path / "map.tif", pixels)
    return tmp_path / "map.tif"


def test_values_for_no_data_that_nobody_declared_are_filled(undeclared, tmp_path):
    target = tmp_path / "out.tif"
    (outcome,) = restore_files([undeclared], target, settings=settings("inpaint"))
    before, after = tifffile.imread(undeclared), tifffile.imread(target)
    gaps = before == -9999
    assert np.array_equal(after[~gaps], before[~gaps])
    assert after[gaps].min() > -0.5
    (note,) = outcome.report["notes"]
    assert "32 of 256 hold exactly -9999, far from all others" in note["text"]
    result = sl.restore(before, task="inpaint", quality="fast", model=settings().model)
    assert np.array_equal(result.image, after)


def test_values_for_no_data_that_nobody_declared_are_named(undeclared, tmp_path):
    (outcome,) = restore_files([undeclared], tmp_path / "out.tif", settings=settings())
    assert "32 pixels have no data (most often -9999): fill them first" in outcome.error


def test_a_flat_label_within_the_range_of_pictures_is_part_of_the_picture(tmp_path):
    """Values in [0, 1] that are far from all others are no gaps: known pixels stay bit by bit."""
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0.1, 0.3, (16, 16)).astype(np.float32)
    pixels[4:8, 4:12] = 0.9
    known = np.ones((16, 16), np.uint8) * 255
    known[10:12, 2:5] = 0
    source, target = tmp_path / "in.tif", tmp_path / "out.tif"
    tifffile.imwrite(source, pixels)
    (outcome,) = restore_files([source], target, settings=settings("inpaint", mask=known))
    assert outcome.error is None
    after = tifffile.imread(target)
    assert np.array_equal(after[known > 0], pixels[known > 0])
    assert not outcome.report["notes"]
