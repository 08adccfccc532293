"""Patches of the task `denoise`: which sources they come from, and pictures without grain."""

import math

import numpy as np
import pytest
from PIL import Image

from scorelet.data.camera.patches import CameraPatches
from scorelet.data.pictures.patches import NoisyPatches
from scorelet.data.pictures.turns import TurnPatches
from scorelet.models import Denoiser
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.denoise import build, grainless, noisy_patches
from scorelet.tasks.experiments.denoise_config import DenoiseConfig


def config(folder, **data):
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    Image.fromarray(rng.integers(0, 255, (80, 90, 3), dtype=np.uint8)).save(folder / "a.png")
    return DenoiseConfig.model_validate(
        {
            "model": {"architecture": "UNet", "options": {"channels": 3, "width": 4}},
            "data": {"train": [str(folder)], "channels": 3, "patch": 16} | data,
            "steps": 50,
            "batch": 8,
            "output": str(folder / "run"),
        }
    )


def test_a_share_of_the_patches_is_taken_by_a_camera(tmp_path):
    patches = noisy_patches(config(tmp_path / "a", camera=0.25))
    assert isinstance(patches, TurnPatches)
    assert patches.shares == (0.75, 0.25)
    assert [type(s) for s in patches.sets] == [NoisyPatches, CameraPatches]
    assert len(patches) == 400
    assert isinstance(noisy_patches(config(tmp_path / "b")), NoisyPatches)


def test_pictures_smaller_than_the_patch_are_said(tmp_path):
    """Those that are halved are so before they are cut."""
    folder = tmp_path / "a"
    assert build(config(folder, patch=80)).notes == ()
    how = "smaller than the patch of 81 (data.patch): it is mirrored up to it."
    assert build(config(folder, patch=81)).notes == (f"1 of 1 picture in {folder} is {how}",)
    for name in "bc":
        Image.new("RGB", (12, 90)).save(folder / f"{name}.png")
    source = {"folder": str(folder), "halved": True}
    assert build(config(folder, patch=40, train=[source])).notes == (
        f"2 of 3 pictures in {folder} are smaller than the patch of 40 (data.patch): they are "
        "mirrored up to it.",
    )


def test_names_that_exclude_nothing_are_said(tmp_path):
    notes = build(config(tmp_path / "a", exclude=["a/a.png"], train=[str(tmp_path)])).notes
    assert notes == (
        "data.exclude has 1 name of no picture to learn from (a/a.png): give folder and file, as "
        "set/name.png.",
    )
    folder = tmp_path.name
    (tmp_path / "b.png").write_bytes((tmp_path / "a" / "a.png").read_bytes())
    found = build(config(tmp_path / "a", exclude=[f"{folder}/b.png"], train=[str(tmp_path)]))
    assert found.notes == ()


@pytest.mark.parametrize(
    ("data", "most"),
    [
        ({"sigma": [0, 40]}, 40 / 255),
        ({"levels": [{"sigma": [0, 10]}, {"sigma": [0, 30]}, {"sigma": [0, 0]}]}, 30 / 255),
        ({"camera": 0.5}, math.inf),
    ],
)
def test_a_denoiser_knows_the_largest_level_of_its_patches(tmp_path, data, most):
    assert model_of(build(config(tmp_path, **data)).learner, Denoiser).most == most


def test_a_denoiser_that_is_told_the_level_knows_the_largest(tmp_path):
    options = {"channels": 4, "outputs": 3, "width": 4}
    model = {"architecture": "UNet", "options": options}
    drowned = {"model": model, "drown": {"sigma": [2, 50]}}
    found = config(tmp_path).model_dump() | drowned
    experiment = build(DenoiseConfig.model_validate(found))
    assert model_of(experiment.learner, Denoiser).most == 50 / 255


@pytest.mark.slow
def test_grain_goes_and_edges_stay():
    """Correlated grain of 2 levels on two flat halves: most of it goes, the step between stays."""
    clean = np.full((128, 128, 3), 90.0)
    clean[:, 64:] = 170
    z = np.random.default_rng(1).standard_normal((130, 130, 3))
    grain = 2 * (z[1:-1, 1:-1] + z[:-2, 1:-1] + z[1:-1, :-2] + z[:-2, :-2]) / 2
    picture = ((clean + grain) / 255).astype(np.float32)
    out = 255 * grainless(picture, 6.0, 0)
    inside = np.s_[8:-8, [*range(8, 56), *range(72, 120)]]
    assert (out - clean)[inside].std() < 0.4 * grain[inside].std()
    assert np.abs(out.mean((0, 2)) - clean.mean((0, 2))).max() < 3


def test_a_grainless_picture_is_a_function_of_its_index():
    x = np.random.default_rng(2).integers(60, 190, (24, 24, 3), dtype=np.uint8)
    first, again, other = (grainless(x, 6.0, k) for k in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32
