"""Samples as files: an array, a contact sheet, a folder of pictures."""

import numpy as np
import pytest

import scorelet as sl
from samples import assert_one_sentence
from scorelet.cli.main import run
from scorelet.core.errors import InputError
from scorelet.data import read_picture
from scorelet.tasks.sample import Samples
from scorelet.tasks.sample.output import write_samples
from small_cascades import blind, saved_model


def test_a_narrow_sheet_is_written(tmp_path):
    images = np.random.default_rng(0).random((1, 1, 3000, 1)).astype(np.float32)
    write_samples([tmp_path / "x.png"], images, (0.0, 1.0))
    assert read_picture(tmp_path / "x.png").pixels.shape == (3000, 1, 1)


def test_files_hold_what_was_drawn(tmp_path):
    found = sl.sample(blind(), n=3, steps=2)
    found.save(tmp_path / "x.npy")
    assert np.array_equal(np.load(tmp_path / "x.npy"), found.images)
    found.save(tmp_path / "x.png")
    sheet = read_picture(tmp_path / "x.png").pixels[..., 0]
    first = np.rint(255 * found.images[0, 0].clip(0, 1)).astype(np.uint8)
    assert np.array_equal(sheet[:16, :24], first)
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "x.npy")


@pytest.mark.slow
def test_a_folder_gets_a_picture_of_each_sample_by_its_number(tmp_path, capsys):
    """So that parts of a set fill one folder, and what is there is not drawn again."""
    model = saved_model()
    sl.save(model, tmp_path / "m.safetensors")
    found = sl.sample(model, n=3, steps=2)
    out = tmp_path / "out.dir"
    words = ["sample", "--model", str(tmp_path / "m.safetensors"), "--steps", "2", "-o", f"{out}/"]
    assert run([*words, "-n", "2"]) == 0
    assert run([*words, "-n", "1", "--first", "2"]) == 0
    names = [f"sample_{k:03d}.png" for k in range(3)]
    assert sorted(path.name for path in out.iterdir()) == names
    expected = np.rint(255 * found.images[:, 0].clip(0, 1)).astype(int)
    for name, pixels in zip(names, expected, strict=True):
        assert np.abs(read_picture(out / name).pixels[..., 0] - pixels).max() <= 1
    capsys.readouterr()
    assert run([*words, "-n", "1", "--first", "2"]) == 2
    assert_one_sentence(capsys.readouterr().err, "sample_002.png exists already")
    found.save(tmp_path / "bare")  # a name without a suffix is a folder, too
    assert len(list((tmp_path / "bare").iterdir())) == 3
    with pytest.raises(InputError, match=r"m\.safetensors is no folder"):
        found.save(f"{tmp_path / 'm.safetensors'}/")


def test_values_without_a_range_have_the_same_black_and_white_in_all_pictures(tmp_path):
    images = np.linspace(-3, 5, 2 * 8 * 8).reshape(2, 1, 8, 8).astype(np.float32)
    Samples(images, False, {"first": 999}).save(tmp_path)
    low, high = (read_picture(tmp_path / f"sample_{k}.png").pixels for k in (999, 1000))
    assert (low.min(), high.max()) == (0, 255)
    assert low.max() <= high.min()
