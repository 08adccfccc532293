"""scorelet restore."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

import scorelet as sl
from samples import names, noisy, read_png, write_png, write_smoother
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet


@pytest.fixture
def words(tmp_path):
    write_png(tmp_path / "small.png", noisy(8, 10, sigma=2))
    model = write_smoother(tmp_path / "model.safetensors")
    return ["restore", tmp_path / "small.png", "--model", model, "--quality", "fast"]


@pytest.mark.slow
def test_a_picture_becomes_larger(shell, words, tmp_path):
    status, out, err = shell(*words, "--task", "superres", "--factor", 3)
    assert (status, err) == (0, "")
    assert "30x24 pixels, 1 sample of 39 network calls" in out
    assert read_png(tmp_path / "small_restored.png").shape == (24, 30, 3)


@pytest.mark.slow
def test_kernels_have_names(shell, words, tmp_path):
    status, out, err = shell(*words, "--task", "superres", "--shrunk", "bicubic")
    assert (status, err) == (0, "")
    assert "20x16 pixels, 1 sample of 39 network calls, noise of 0.3" in out
    np.save(tmp_path / "k.npy", np.ones((2, 2)) / 4)
    found = []
    for told in (["--blur", "box:2"], ["--kernel", tmp_path / "k.npy"]):
        status, _, err = shell(*words, "--task", "deblur", "--overwrite", *told)
        assert (status, err) == (0, "")
        found.append(read_png(tmp_path / "small_restored.png"))
    assert np.array_equal(*found)
    status, _, err = shell(*words, "--task", "deblur", "--blur", "motion")
    assert (status, "motion:LENGTH:ANGLE" in err) == (2, True)


@pytest.mark.slow
def test_what_the_model_has_not_learnt_is_said(shell, tmp_path):
    torch.manual_seed(0)
    network = GradResNet(width=0.125, classes=2)
    joint = NetworkJointEnergy(network, "ab", mean=(0.5,) * 3, size=(16, 16), most=0.5)
    sl.save(joint, tmp_path / "joint.safetensors")
    write_png(tmp_path / "small.png", noisy(16, 16, sigma=2))
    words = ["restore", tmp_path / "small.png", "--model", tmp_path / "joint.safetensors"]
    words += ["--quality", "fast", "--overwrite"]
    deblur = ["--task", "deblur", "--blur", "1"]
    status, out, err = shell(*words, *deblur, "--edges", "mirrored")
    assert status == 0
    assert "another size" not in err
    assert "39 network calls, noise of " in out
    status, _, err = shell(*words, *deblur)
    assert status == 0
    assert "another size" not in err  # it sees windows of what lies beyond the picture, too
    status, _, err = shell(*words, "--task", "superres", "--factor", "2", "--sigma", "200")
    assert status == 0
    assert (
        "small.png: the model learnt pictures of another size: 16x16, and here it is 32x32" in err
    )
    assert "the noise is stronger than any that the model learnt: sigma is 200.0" in err


def test_what_of_a_file_is_not_restored_is_said_once(shell, words, tmp_path):
    one = b"P6 8 8 255\n" + bytes(range(192))
    for name in ("a.ppm", "b.ppm"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(one + one)
    status, out, err = shell("restore", tmp_path / "in", *words[2:], "--task", "superres", "--json")
    assert status == 0
    assert err.count("left out") == 1
    assert "a.ppm holds more pictures than the first" in err
    assert "1 more file is alike" in err
    assert [note["kind"] for note in json.loads(out)["files"][0]["notes"]] == ["left out"]


@pytest.mark.slow
def test_a_warning_of_several_files_is_written_out_once(shell, words, tmp_path):
    one, *others = [tmp_path / "in" / f"{name}.jpg" for name in ("a", "b", "c")]
    for path in (one, *others):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(noisy(16, 16, sigma=2)).save(path)
    words = ["restore", tmp_path / "in", *words[2:], "--task", "superres"]
    status, _, err = shell(*words, "-o", tmp_path / "out/")
    first, rest = err.splitlines()
    assert status == 0
    assert first.startswith(f"warning: {one}: the result is compressed with loss: pixels")
    assert rest == (
        f"warning: 2 more: the result is compressed with loss ({others[0]}, {others[1]})."
    )


@pytest.mark.slow
def test_samples_and_their_deviation_are_written(shell, words, tmp_path):
    target = tmp_path / "out" / "large.png"
    target.parent.mkdir()
    status, out, _ = shell(*words, "--task", "superres", "-n", 2, "-o", target, "--json")
    report = json.loads(out)["files"][0]
    assert status == 0
    assert names(target.parent) == [
        "large.png",
        "large_000.png",
        "large_001.png",
        "large_deviation.png",
    ]
    assert len(report["outputs"]) == 4
    target.unlink()
    status, _, err = shell(*words, "--task", "superres", "-n", 2, "-o", target)
    assert (status, "large_000.png and 2 more exist already" in err) == (2, True)
    assert not target.exists()
    shell(*words, "--task", "superres", "-n", 2, "-o", target, "--overwrite")
    samples = [read_png(target.parent / f"large_00{k}.png").astype(float) for k in (0, 1)]
    assert abs(read_png(target).astype(float) - np.mean(samples, 0)).max() <= 1


@pytest.mark.slow
def test_known_pixels_stay(shell, words, tmp_path):
    mask = np.full((8, 10, 1), 255, np.uint8)
    mask[3:5, 4:7] = 0
    write_png(tmp_path / "mask.png", mask)
    status, _, err = shell(*words, "--task", "inpaint", "--mask", tmp_path / "mask.png")
    assert (status, err) == (0, "")
    before, after = (read_png(tmp_path / f"small{end}.png") for end in ("", "_restored"))
    known = mask[..., 0] > 0
    assert np.array_equal(before[known], after[known])
    assert not np.array_equal(before[~known], after[~known])


def test_a_mask_of_another_size_is_named_as_the_picture_is(shell, words, tmp_path):
    write_png(tmp_path / "mask.png", np.full((10, 8, 1), 255, np.uint8))
    status, _, err = shell(*words, "--task", "inpaint", "--mask", tmp_path / "mask.png")
    assert status == 2
    assert "The mask has 8x10 pixels, the picture 10x8 pixels (width x height): " in err


def test_a_mask_of_zeros_and_ones_is_met_with_a_sentence(shell, words, tmp_path):
    mask = np.ones((8, 10, 1), np.uint8)
    mask[3:5] = 0
    write_png(tmp_path / "mask.png", mask)
    status, _, err = shell(*words, "--task", "inpaint", "--mask", tmp_path / "mask.png")
    assert status == 2
    assert "holds 0 and 1 of 255, which is black everywhere: write known pixels as 255" in err


@pytest.mark.slow
def test_a_folder_and_a_folder_of_masks(shell, words, tmp_path):
    """Each picture is filled where its own mask is black; an interrupted job goes on."""
    for k in range(2):
        write_png(tmp_path / "in" / f"{k}.png", noisy(8, 10, sigma=2, seed=k))
        mask = np.full((8, 10, 1), 255, np.uint8)
        mask[k : k + 2, 4:7] = 0
        write_png(tmp_path / "masks" / f"{k}.png", mask)
    call = ["restore", tmp_path / "in", *words[2:], "--task", "inpaint", "--json"]
    call += ["--mask", tmp_path / "masks", "-o", tmp_path / "out"]
    status, out, _ = shell(*call)
    assert (status, len(json.loads(out)["files"])) == (0, 2)
    for k in range(2):
        before, after = (read_png(tmp_path / folder / f"{k}.png") for folder in ("in", "out"))
        filled = (before != after).any(-1)
        assert filled[k : k + 2, 4:7].any()
        filled[k : k + 2, 4:7] = False
        assert not filled.any()
    (tmp_path / "out" / "1.png").unlink()
    status, out, _ = shell(*call, "--resume")
    assert (status, names(tmp_path / "out")[-2:]) == (0, ["0.png", "1.png"])
    (tmp_path / "masks" / "1.png").unlink()
    status, _, err = shell(*call, "--overwrite")
    assert (status, "has no mask for 1: give a picture of the same name" in err) == (1, True)


@pytest.mark.slow
def test_projections_are_all_that_is_used(shell, words, tmp_path):
    """With as many projections as pixels the picture is known; with fewer it is another one."""
    for ratio in ("1", "0.3"):
        target = tmp_path / f"{ratio}.png"
        status, _, err = shell(*words, "--task", "sensing", "--ratio", ratio, "-o", target)
        assert (status, err) == (0, "")
    before = read_png(tmp_path / "small.png")
    assert np.array_equal(read_png(tmp_path / "1.png"), before)
    assert not np.array_equal(read_png(tmp_path / "0.3.png"), before)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--task", "superres", "--factor", "1"], "factor is 1"),
        (["--task", "polish"], "polish"),
        (["--task", "superres", "--sigma", "-1"], "--sigma is -1: it must be 0 or more"),
        (
            ["--task", "sensing"],
            "sensing needs ratio (--ratio), how much of the picture is used, above 0 and up to 1.",
        ),
        (["--task", "spectral", "--share", "1.5"], "above 0 and up to 1; it is 1.5."),
        (["--task", "superres", "--projections", "3"], "belongs to sensing"),
        (["--task", "deblur"], "too few edges to tell its blur by: give blur"),
        (["--task", "deblur", "--blur", "1", "--edges", "black"], "black"),
        (["--task", "superres", "--edges", "mirrored"], "edges belongs to deblur"),
        (["--task", "inpaint", "--mask", "nowhere.png"], "nowhere.png"),
        (["--task", "deblur", "--kernel", "nowhere.npy"], "nowhere.npy"),
    ],
)
def test_bad_words(shell, words, more, said, tmp_path):
    status, _, err = shell(*words, *more)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1
    assert names(tmp_path) == ["model.safetensors", "small.png"]


@pytest.fixture
def job(words, tmp_path):
    """Two pictures in a folder, two samples of each."""
    for k, name in enumerate(("a", "b")):
        write_png(tmp_path / "in" / f"{name}.png", noisy(8, 10, sigma=2, seed=k))
    return ["restore", tmp_path / "in", *words[2:], "-n", 2, "-o", tmp_path / "out"]


@pytest.mark.slow
def test_a_job_that_goes_on_leaves_files_of_others_alone(shell, job, tmp_path):
    own = noisy(5, 6, sigma=2)
    write_png(tmp_path / "out" / "a_000.png", own)
    for more in ([], ["--resume"]):
        status, _, err = shell(*job, "--task", "superres", *more)
        assert (status, "a_000.png exists already" in err) == (2, True)
    assert np.array_equal(read_png(tmp_path / "out" / "a_000.png"), own)


@pytest.mark.slow
def test_samples_that_are_gone_or_changed_are_made_again(shell, job, tmp_path):
    shell(*job, "--task", "superres")
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.png")}
    assert len(made) == 8
    (tmp_path / "out" / "a_001.png").unlink()
    (tmp_path / "out" / "b_deviation.png").unlink()
    status, out, _ = shell(*job, "--task", "superres", "--resume", "--json")
    assert status == 0
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.png")}
    _, out, _ = shell(*job, "--task", "superres", "--resume")
    assert out.count("kept from before") == 2


@pytest.mark.slow
def test_edges_are_unknown_or_mirrored(shell, words, tmp_path):
    """And a job that goes on has the same ones."""
    found = []
    for edges in ([], ["--edges", "unknown"], ["--edges", "mirrored"]):
        status, _, err = shell(*words, "--task", "deblur", "--blur", 0.7, "--overwrite", *edges)
        assert (status, err) == (0, "")
        found.append(read_png(tmp_path / "small_restored.png"))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.slow
def test_what_a_job_goes_on_with_has_the_same_mask_and_kernel(shell, job, tmp_path):
    kernel = tmp_path / "kernel.npy"
    for size, kept in ((3, 0), (3, 2), (5, 0)):
        np.save(kernel, np.full((size, size), 1 / size**2, np.float32))
        _, out, _ = shell(*job, "--task", "deblur", "--kernel", kernel, "--resume")
        assert out.count("kept from before") == kept
    _, out, _ = shell(
        *job, "--task", "deblur", "--kernel", kernel, "--edges", "mirrored", "--resume"
    )
    assert out.count("kept from before") == 0
    masks = tmp_path / "masks"
    masked = [*job[:-1], tmp_path / "filled", "--task", "inpaint", "--mask", masks, "--resume"]
    for row, kept in ((2, 0), (2, 2), (4, 0)):
        mask = np.full((8, 10, 1), 255, np.uint8)
        mask[row] = 0
        for name in ("a", "b"):
            write_png(masks / f"{name}.png", mask)
        _, out, _ = shell(*masked)
        assert out.count("kept from before") == kept
    before, after = (read_png(tmp_path / folder / "a.png") for folder in ("in", "filled"))
    assert set(np.nonzero((before != after).any(-1))[0]) == {4}


@pytest.mark.slow
def test_samples_of_one_picture_that_are_called_as_the_result_of_another(shell, job, tmp_path):
    """Neither of the two is restored, and the others are."""
    write_png(tmp_path / "in" / "a_000.png", noisy(5, 6, sigma=2))
    status, _, err = shell(*job, "--task", "superres")
    assert status == 1
    assert err.count("would both become") == 2
    made = ["b.png", "b_000.png", "b_001.png", "b_deviation.png"]
    assert [name for name in names(tmp_path / "out") if name.endswith(".png")] == made


def test_samples_of_one_picture_are_not_inputs(shell, job, tmp_path):
    write_png(tmp_path / "in" / "a_000.png", noisy(5, 6, sigma=2))
    status, _, err = shell(*job[:-1], tmp_path / "in", "--task", "superres", "--overwrite")
    assert status == 2
    assert "a_000.png beside it would be one the next time" in err
    one = ["restore", tmp_path / "in" / "a.png", tmp_path / "in" / "a_000.png", *job[2:-2]]
    status, _, err = shell(*one, "--task", "superres", "-o", tmp_path / "in", "--overwrite")
    assert status == 2
    assert "choose another -o" in err
    assert not (tmp_path / "out").exists()


def test_a_result_that_its_kind_cannot_hold_is_refused_before_the_work(shell, words, tmp_path):
    target = tmp_path / "long.webp"
    write_png(tmp_path / "small.png", noisy(1, 1030, sigma=2))
    more = ["--task", "superres", "--factor", 16, "-o", target, "--json"]
    status, _, err = shell(*words, *more)
    assert (status, "16480" in err) == (2, True)
    assert err.count("\n") == 1


@pytest.mark.slow
def test_a_folder_in_which_one_picture_is_sharp_ends_with_one(shell, words, tmp_path):
    grays = np.random.default_rng(0).uniform(0.1, 0.9, (6, 6, 3)).repeat(24, 0).repeat(24, 1)
    for name, blur in (("sharp", 0), ("soft", 1.5)):
        pixels = 255 * ndimage.gaussian_filter(grays, (blur, blur, 0))
        pixels += np.random.default_rng(1).standard_normal(pixels.shape)
        write_png(tmp_path / "in" / f"{name}.png", np.rint(pixels).astype(np.uint8))
    words = ["restore", tmp_path / "in", *words[2:], "-o", tmp_path / "out"]
    status, out, err = shell(*words, "--task", "deblur", "--json")
    assert status == 1
    assert "sharp.png" in err
    assert "No blur was found" in err
    assert names(tmp_path / "out")[-1] == "soft.png"
    (report,) = (one for one in json.loads(out)["files"] if one.get("blur"))
    assert report["blur"] == pytest.approx(1.5, rel=0.08)


@pytest.mark.slow
def test_noise_that_is_kept_is_said(shell, tmp_path):
    write_png(tmp_path / "a.png", noisy(64, 64, sigma=10.0))
    words = ("restore", tmp_path / "a.png", "-o", tmp_path / "b.png", "--task", "superres")
    status, _, told = shell(*words, "--quality", "fast")
    assert status == 0
    assert "is kept: give sigma" in " ".join(told.split())


def test_noise_of_a_picture_of_12_bits_is_given_as_it_is_said(shell, tmp_path):
    pixels = np.uint16(noisy(64, 64, sigma=10.0).astype(int) * 257 // 16)
    write_png(tmp_path / "a.png", pixels)
    words = ("restore", tmp_path / "a.png", "--task", "superres", "--quality", "fast")
    _, _, told = shell(*words, "-o", tmp_path / "b.png")
    level = re.search(r"give sigma ([0-9.]+)", " ".join(told.split()))[1]
    status, _, told = shell(*words, "-o", tmp_path / "c.png", "--sigma", level)
    assert status == 0
    assert "next to nothing" not in told
