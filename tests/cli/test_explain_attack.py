"""The command explain-attack: what it prints and draws, and what it refuses."""

import json

import numpy as np
import pytest
import tifffile
import torch

import scorelet as sl
from classifiers import write_classifier
from samples import write_png
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.plots.attack_explained import attack_figure
from scorelet.tasks import explain_attack as task

CLASSES = ("cat", "dog", "ship")


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(0)
    network = GradResNet(width=0.125, classes=3)
    joint = NetworkJointEnergy(network, CLASSES, mean=(0.4, 0.5, 0.6), variance=0.05, size=(16, 16))
    sl.save(joint, tmp_path / "joint.safetensors")
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    write_png(tmp_path / "a.png", pixels)
    return tmp_path


@pytest.mark.slow
def test_a_drawing_and_figures(shell, files):
    words = ["explain-attack", files / "a.png", "--model", files / "joint.safetensors"]
    words += ["--label", "dog", "--eps", "4/255", "--sigma", "25.5", "--steps", 5]
    status, out, err = shell(*words, "-o", files / "why.png")
    assert (status, err) == (0, "")
    assert "p(dog)" in out
    assert "is 20x24" in out or "24x20" in out
    assert (files / "why.png").read_bytes()[:4] == b"\x89PNG"
    status, out, _ = shell(*words, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["label"] == "dog"
    assert found["probability_after"] < found["probability_before"]
    assert found["alignment"] > 0.3
    status, out, _ = shell(*words)
    taken = f"the model takes the attacked picture for {found['found']}"
    assert (taken in out) == found["broken"]
    cosine = f"its cosine with the attack is {found['alignment']:.3f}"
    assert f"difference of the denoisers: {cosine}" in out
    assert (found["eps"], found["sigma"]) == pytest.approx((4 / 255, 0.1))  # --sigma in 8 bits
    assert "at noise level 25.5/255" in out
    other = next(name for name in CLASSES if name != found["taken_for"])
    words = ["explain-attack", files / "a.png", "--model", files / "joint.safetensors"]
    words += ["--label", other, "--eps", "0", "--steps", 2]
    status, out, _ = shell(*words, "--json")
    still = json.loads(out)
    assert (still["taken_for"], still["found"]) == (found["taken_for"], found["taken_for"])
    assert not still["broken"]  # it was not right before
    assert (still["changed"], still["alignment"]) == (False, None)
    status, out, _ = shell(*words)
    taken = f"{other}, which the model takes for {found['taken_for']} as it is"
    assert f"{taken}, so that there is nothing to attack" in out
    assert "cosine" not in out
    assert "at noise level 1/255" in out


def test_a_drawing_says_of_what_it_is(files, monkeypatch):
    drawn = []

    def draw(*given):
        drawn.append(attack_figure(*given))
        return drawn[-1]

    monkeypatch.setattr(task, "attack_figure", draw)
    found = sl.explain_attack(
        files / "a.png", model=files / "joint.safetensors", eps=0.02, sigma=0.1, steps=2
    )
    label = next(name for name in CLASSES if name != found.document["taken_for"])
    found = sl.explain_attack(
        files / "a.png",
        model=files / "joint.safetensors",
        eps=0.02,
        sigma=0.1,
        steps=2,
        label=label,
    )
    found.save(files / "why.png")
    title = drawn[0].get_suptitle()
    assert title == "joint.safetensors, attacked within 5.1/255 in linf, at noise level 25.5/255"
    said = [axis.get_title() for axis in drawn[0].axes]
    assert f"p({found.document['taken_for']})" in said[0]
    assert said[3].startswith("picture, denoised:")
    assert said[7].startswith("attacked, denoised:")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--label", "horse"], "no class 'horse': use cat, dog, ship"),
        (["--eps", "-1/255"], "eps is -0.0039"),
        (["--sigma", "0"], "--sigma is 0: give a level above 0, up to 255"),
        (["--eps", "8"], "write 8/255 for 8 in 8-bit units"),
        (["--sigma", "300"], "--sigma is 300: give a level above 0, up to 255"),
        (["--eps", "much"], "--eps much: use a number or a fraction"),
        (["-o", "why.gif"], "why.gif"),
    ],
)
def test_what_it_refuses(shell, files, more, text):
    words = ["explain-attack", files / "a.png", "--model", files / "joint.safetensors"]
    status, _, err = shell(*words, *more)
    assert status == 2
    assert text in err
    assert err.count("\n") == 1


def test_the_picture_is_not_replaced_by_its_drawing(shell, files):
    before = (files / "a.png").read_bytes()
    words = ["explain-attack", files / "a.png", "--model", files / "joint.safetensors"]
    status, _, err = shell(*words, "-o", files / "a.png", "--overwrite")
    assert status == 2
    assert "a.png is what it would be made from: choose another -o" in err
    assert (files / "a.png").read_bytes() == before


def test_a_picture_in_another_unit_is_refused(shell, files):
    tifffile.imwrite(
        files / "bytes.tif",
        np.linspace(0, 255, 192, dtype=np.float32).reshape(8, 8, 3),
        photometric="rgb",
    )
    words = ["explain-attack", files / "bytes.tif", "--model", files / "joint.safetensors"]
    status, _, err = shell(*words)
    assert status == 2
    assert err.endswith(
        "bytes.tif has values from 0 to 255, but models were made for 0 to 1: "
        "divide pictures of 8 bits by 255.\n"
    )


def test_a_classifier_has_no_denoisers(shell, files):
    model = write_classifier(files / "c.safetensors")
    labels = sl.load(files / "joint.safetensors")
    labels.denoises = False
    sl.save(labels, files / "labels.safetensors")
    status, _, err = shell(
        "explain-attack", files / "a.png", "--model", files / "labels.safetensors"
    )
    assert status == 2
    assert "has learnt labels, and no denoising" in err
    assert "explaining an attack" in err
    status, _, err = shell("explain-attack", files / "a.png", "--model", model)
    assert status == 2
    assert "explain-attack takes a joint law: use it with scorelet classify" in err
    assert err.count("\n") == 1
