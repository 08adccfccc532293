"""Models that `scorelet denoise` cannot use."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from denoise_samples import errors, write_and_get
from samples import names, noisy, write_model, write_png


class Trap:
    """A pickle of it makes a folder when it is opened."""

    def __reduce__(self):
        return os.mkdir, ("trap",)


def weights_cut_short(path):
    write_model(path)
    path.write_bytes(path.read_bytes()[:-100])


BAD_MODELS = {
    "cut.safetensors": (weights_cut_short, "damaged"),
    "noise.safetensors": (lambda path: path.write_bytes(bytes(range(256)) * 9), "damaged"),
    "empty.safetensors": (lambda path: path.touch(), "damaged"),
    "foreign.safetensors": (
        lambda path: safetensors_of(path, {"weight": torch.zeros(3)}),
        "does not say of which kind",
    ),
    "pickle.safetensors": (lambda path: path.write_bytes(pickle.dumps(Trap())), "is a pickle"),
    "model.pt": (lambda path: torch.save({"weight": Trap()}, path), "is a pickle"),
    "none.safetensors": (lambda path: None, "no checkpoint"),
}


def safetensors_of(path, tensors):
    from safetensors.torch import save_file

    save_file(tensors, path)


@pytest.mark.parametrize("name", BAD_MODELS)
def test_weights_that_cannot_be_used(shell, name):
    write, words = BAD_MODELS[name]
    write(Path(name))
    write_and_get("a.png")
    before = names(".")
    status, stdout, stderr = shell("a.png", "--model", name)
    assert (status, stdout) == (2, "")
    (sentence,) = errors(stderr)
    assert name in sentence
    assert words in sentence
    assert names(".") == before
    assert not Path("trap").exists()


def test_a_gray_model_does_the_gray_pictures(shell):
    write_png(Path("in/a.png"), noisy(9, 9, 3))
    write_png(Path("in/b.png"), noisy(9, 9, 1))
    model = write_model(Path("gray.safetensors"), channels=1)
    status, _, stderr = shell("in", "--model", model)
    assert status == 1
    assert errors(stderr) == [
        "in/a.png: The image has 3 channels: this denoiser takes 1; choose another."
    ]
    assert names("in_denoised") == ["b.png"]


def test_a_model_that_nobody_knows(shell):
    write_and_get("a.png")
    status, _, stderr = shell("a.png", "--model", "foto")
    assert status == 2
    assert "Unknown model 'foto'" in errors(stderr)[0]
    assert "photo" in errors(stderr)[0]
    assert names(".") == ["a.png"]
