"""Models that are seen as denoisers: in memory verbs do with them what they do with their files."""

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Denoiser, NetworkJointEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.networks import BFCNN
from scorelet.networks.grad_res_net import GradResNet
from scorelet.wavelets import PacketPlan, WaveletPacket
from scorelet.zoo.kind import KINDS, kind_of

pytestmark = pytest.mark.usefixtures("float32")

PIXELS = torch.randint(60, 200, (12, 16, 16), generator=generator(0)).numpy().astype(np.uint8)


def joint():
    return NetworkJointEnergy(GradResNet(channels=1, classes=3, width=1 / 8), "abc")


def cascade():
    """Its factors shrink to a mean, so that restorations end."""
    low, network = BFCNN(1, width=4, depth=3), BFCNN(4, width=4, depth=3, outputs=3)
    coarse = ScaledDenoiser(low, Scales(1.0, 0.02), channels=1)
    details = ScaledDenoiser(network, Scales(0.0, 0.02), channels=3, cond_channels=1)
    return Multiscale(WaveletPacket("haar", PacketPlan.wavelet(1)), coarse, [details])


MODELS = {"joint-energy": joint, "multiscale": cascade}


def made(name, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return MODELS[name]().eval()


def denoised(model, _other):
    return sl.denoise(PIXELS[0], model=model, sigma=0.1).image


def restored(model, _other):
    return sl.restore(PIXELS[0], task="superres", model=model, quality="fast").image


def basis(model, _other):
    return sl.basis("0.png", model=model, k=2, sigma=0.1).document["values"]


def audited(model, other):
    found = sl.audit("x.npy", models=(model, other), held_out=4, samples=0)
    return found.document["rows"][0]["psnr_held_out"]


def test_all_kinds_with_such_a_view_are_here():
    for name in MODELS:
        assert kind_of(made(name)).name == name
    assert {kind.name for kind in KINDS.values() if Denoiser in kind.views} == set(MODELS)


@pytest.mark.parametrize("verb", [denoised, restored, basis, audited])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_memory_does_what_its_file_does(name, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "0.png", PIXELS[0])
    np.save("x.npy", PIXELS)
    models = [made(name, seed) for seed in (1, 2)]
    for number, model in enumerate(models):
        sl.save(model, f"{number}.safetensors")
    expected = verb("0.safetensors", "1.safetensors")
    np.testing.assert_equal(verb(*models), expected)


@pytest.mark.parametrize("verb", [denoised, restored])
def test_other_modules_are_refused(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "0.png", PIXELS[0])
    with pytest.raises(
        InputError, match=r"model is of the type BFCNN: .*a Denoiser\. A network that gives"
    ):
        verb(BFCNN(1, width=4, depth=3), None)


def test_basis_takes_modules_and_functions_that_give_the_clean_picture(tmp_path):
    """Of y / 2 + its mean / 4: eigenvalues 3/4 and 1/2."""
    path = write_png(tmp_path / "0.png", PIXELS[0])
    network = torch.nn.Conv2d(1, 1, 1, bias=False)
    torch.nn.init.constant_(network.weight, 0.5)
    of_module = sl.basis(path, model=network, k=2, sigma=0.1, crop=4)
    assert of_module.document["model"] == "Conv2d"
    np.testing.assert_allclose(of_module.document["values"], [0.5, 0.5], rtol=1e-5)
    of_function = sl.basis(path, model=lambda y: y / 2 + y.mean() / 4, k=2, sigma=0.1, crop=4)
    np.testing.assert_allclose(of_function.document["values"], [0.75, 0.5], rtol=1e-5)
    with pytest.raises(InputError, match=r"Conv2d fails on noisy images alone.*; it wants 3 chan"):
        sl.basis(path, model=torch.nn.Conv2d(3, 3, 1), k=2, sigma=0.1, crop=4)
