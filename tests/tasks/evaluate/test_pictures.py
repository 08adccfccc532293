"""Pictures that a denoiser is measured on: found, named one by one, left out."""

import shutil

import numpy as np
import pytest
import tifffile

from samples import Blend, noisy, write_png
from scorelet.core.errors import ImageFileError, InputError
from scorelet.tasks.evaluate import evaluate

pytestmark = pytest.mark.usefixtures("float32")


def test_files_that_are_no_pictures_are_counted_and_named(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(24, 24))
    (tmp_path / "b.jxl").write_bytes(b"")
    (tmp_path / "c.gif").write_bytes(b"")
    (said,) = evaluate(tmp_path, model=model, sigmas=[25.0])["warnings"]
    assert said == (
        f"in {tmp_path}, 2 files are of no kind that is read: 1 .jxl, 1 .gif (b.jxl, c.gif)"
    )


def test_pictures_beyond_the_limit_are_not_read(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    (tmp_path / "b.png").write_text("broken")
    assert evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)["pictures"] == 1
    found = evaluate(tmp_path, model=model, sigmas=[25.0], limit=2)
    assert (found["pictures"], len(found["warnings"])) == (1, 1)


def test_pictures_that_cannot_be_used_are_left_out_and_named(tmp_path, model):
    """As if they were not there; a picture that is named itself, or has a condition, is refused."""
    for name in ("b.png", "d.png"):
        write_png(tmp_path / name, noisy(16, 16, 1))
    alone = evaluate(tmp_path, model=model, sigmas=[25.0])
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_text("broken")
    found = evaluate(tmp_path, model=model, sigmas=[25.0])
    (said,) = found.pop("warnings")
    folder = tmp_path.name
    assert said.startswith(
        f"2 of 4 pictures were left out ({folder}/a.png, {folder}/c.png): {tmp_path / 'a.png'} is "
    )
    assert {name: alone[name] for name in found} == found
    first = evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)
    assert first["warnings"][0].startswith("1 of 4 pictures was left out")
    with pytest.raises(ImageFileError, match=r"a\.png is not a picture"):
        evaluate(tmp_path / "a.png", model=model, sigmas=[25.0])
    with pytest.raises(ImageFileError, match=r"a\.png is not a picture"):
        evaluate(tmp_path, model=Blend(), sigmas=[25.0], cond=tmp_path)
    for name in ("b.png", "d.png"):
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"no picture that can be used \(2 files tried\)"):
        evaluate(tmp_path, model=model, sigmas=[25.0])


@pytest.mark.parametrize(("unit", "origin"), [(255, 0), (1e6, 0), (2, -1), (0.5, -0.2)])
def test_floats_in_another_unit_are_left_out_and_named(tmp_path, model, unit, origin):
    """Noise levels are those of pictures from 0 to 1."""
    floats = noisy(16, 16, 1, dtype="float32")[..., 0]
    tifffile.imwrite(tmp_path / "b.tif", 1.05 * floats.clip(0, 1))
    alone = evaluate(tmp_path, model=model, sigmas=[25.0])
    tifffile.imwrite(tmp_path / "a.tif", unit * floats + origin)
    found = evaluate(tmp_path, model=model, sigmas=[25.0])
    assert found["rows"] == alone["rows"]
    assert "expected 0 to 1" in found["warnings"][0]
    with pytest.raises(ImageFileError, match=r"a\.tif has values from .* expected 0 to 1"):
        evaluate(tmp_path / "a.tif", model=model, sigmas=[25.0])


def test_one_picture_may_be_named_itself(tmp_path, model):
    write_png(tmp_path / "a.png", noisy(16, 16))
    write_png(tmp_path / "other" / "b.png", noisy(20, 20, 1))
    alone = evaluate(tmp_path / "a.png", model=model, sigmas=[25.0])
    assert (alone["pictures"], alone["channels"]) == (1, 3)
    assert alone["rows"][0]["psnr_error"] is None
    expected = evaluate(tmp_path, model=model, sigmas=[25.0], limit=1)
    assert alone["rows"] == expected["rows"]


def test_an_array_file_is_not_taken_for_a_picture(tmp_path, model):
    np.save(tmp_path / "x.npy", np.zeros((3, 16, 16), np.float32))
    with pytest.raises(InputError, match=r"x\.npy is an array file: a denoiser is measured on pic"):
        evaluate(tmp_path / "x.npy", model=model)


def test_the_part_test_of_a_labelled_file_is_measured_as_a_folder_of_its_pictures(tmp_path, model):
    x = np.stack([noisy(16, 16, 1, seed=k) for k in range(3)])
    np.savez(tmp_path / "set.npz", x_test=x, y_test=np.arange(3) % 2, x_train=x[:1], y_train=[0])
    for k, pixels in enumerate(x):
        write_png(tmp_path / "folder" / f"{k}.png", pixels)
    for options in ({}, {"limit": 2}, {"channels": 3}):
        found, expected = (
            evaluate(tmp_path / name, model=model, sigmas=[25.0], **options)
            for name in ("set.npz", "folder")
        )
        assert {**found, "data": ""} == {**expected, "data": ""}
    with pytest.raises(InputError, match=r"and those of .*set\.npz have none: leave"):
        evaluate(tmp_path / "set.npz", model=model, cond=tmp_path / "folder")


def test_the_part_test_of_a_folder_of_classes_is_measured_alone(tmp_path, model):
    """With the conditions of that part; a folder without both parts is one of pictures."""
    for k, name in enumerate(["train/a/0", "train/b/1", "test/a/2", "test/b/3"]):
        write_png(tmp_path / "set" / f"{name}.png", noisy(16, 16, 1, seed=k))
    found, expected, loose = (
        evaluate(tmp_path / name, model=model, sigmas=[25.0])
        for name in ("set", "set/test", "set/train/a")
    )
    assert {**found, "data": ""} == {**expected, "data": ""}
    assert (found["pictures"], loose["pictures"]) == (2, 1)
    told, same = (
        evaluate(tmp_path / name, model=Blend(), sigmas=[25.0], cond=tmp_path / name)
        for name in ("set", "set/test")
    )
    assert told["rows"] == same["rows"]
    shutil.rmtree(tmp_path / "set" / "train" / "a")
    (tmp_path / "set" / "train" / "b").rename(tmp_path / "set" / "b")
    assert evaluate(tmp_path / "set", model=model, sigmas=[25.0])["pictures"] == 3


def test_data_are_found_under_the_variable(tmp_path, model, monkeypatch):
    write_png(tmp_path / "photos" / "mine" / "a.png", noisy(16, 16))
    with pytest.raises(InputError, match="SCORELET_DATA"):
        evaluate("mine", model=model)
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    assert evaluate("mine", model=model, sigmas=[25.0])["pictures"] == 1
    with pytest.raises(InputError, match="The name of the data is empty"):
        evaluate("", model=model)
