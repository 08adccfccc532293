"""What explain_attack refuses of a model, and what of it denoise says."""

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.data import read_picture
from scorelet.models import NetworkJointEnergy
from scorelet.tasks.inference import denoise_array

pytestmark = pytest.mark.usefixtures("float32")


class Smooth(nn.Module):
    """E and G are smooth; one of them may be spoilt."""

    classes, accepts = 3, (3,)

    def __init__(self, spoilt=""):
        super().__init__()
        self.options = {"spoilt": spoilt}
        self.direction = nn.Parameter(torch.linspace(-1, 1, 3 * 8 * 8).reshape(3, 8, 8))

    def heads(self, u, sigma=None):
        away = torch.tanh(u * self.direction).sum((1, 2, 3))
        energy, classes = away.square() / 100, torch.stack([away, 0 * away, -away], 1)
        spoilt = self.options["spoilt"]
        return (
            energy * torch.nan if spoilt == "energy" else energy,
            classes * torch.nan if spoilt == "classes" else classes,
        )

    def forward(self, u, sigma=None):
        return self.heads(u, sigma)[1]


def law(spoilt=""):
    return NetworkJointEnergy(Smooth(spoilt), "abc", mean=(0.5,) * 3, size=(8, 8)).eval()


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    write_png(tmp_path / "a.png", pixels)
    return tmp_path / "a.png"


@pytest.mark.parametrize("label", [None, 1])
def test_numbers_that_are_not_finite_are_refused(picture, label):
    with pytest.raises(InputError, match="logits are NaN or infinite for 1 of 1 pictures"):
        sl.explain_attack(picture, model=law("classes"), label=label, steps=1)
    with pytest.raises(InputError, match="denoised pictures are NaN or infinite"):
        sl.explain_attack(picture, model=law("energy"), label=label, steps=1)
    found = sl.explain_attack(picture, model=law(), label=label, steps=1).document
    assert all(np.isfinite(found[f"probability_{when}"]) for when in ("before", "after"))


@pytest.mark.parametrize("spoilt", ["classes", "energy"])
def test_denoise_says_that_the_model_is_at_fault(spoilt):
    y = np.linspace(0, 1, 8 * 8 * 3, dtype=np.float32).reshape(8, 8, 3)
    with pytest.raises(InputError, match=r"answer to values from 0 to 1 is NaN .* look in the"):
        denoise_array(law(spoilt).denoiser(), y, 0.1)


@pytest.mark.parametrize("attack", ["fmn", "transfer", "fgsm"])
def test_other_attacks_are_refused(picture, attack):
    words = f"has no attack '{attack}': use pgd, apgd, autoattack or square, which keep within eps"
    with pytest.raises(InputError, match=words):
        sl.explain_attack(picture, model=law(), attack=attack, steps=1)


def test_a_picture_in_memory_is_explained_as_its_file(picture, tmp_path):
    pixels = read_picture(picture).pixels
    expected = sl.explain_attack(picture, model=law(), steps=1)
    for source in (pixels, torch.from_numpy(pixels).permute(2, 0, 1) / 255, pixels[None]):
        found = sl.explain_attack(source, model=law(), steps=1)
        assert found.document == expected.document | {"source": type(source).__name__}
    found.save(tmp_path / "why.png")
    with pytest.raises(InputError, match="source holds 2 pictures: give one at a time"):
        sl.explain_attack(np.stack([pixels, pixels]), model=law())
    with pytest.raises(InputError, match=r"The picture has values from 0 to [0-9]+, but models"):
        sl.explain_attack(pixels.astype(np.float32), model=law())
