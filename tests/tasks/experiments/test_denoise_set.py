"""A denoiser of the pictures of a labelled set."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.models import ResidualDenoiser, UniformNoise
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.denoise_set import DenoiseSetConfig, build
from scorelet.tasks.train import train
from scorelet.training import clean_denoising
from scorelet.zoo import load


class Half(torch.nn.Module):
    """f(y) = y/2, and it keeps what it was given."""

    def forward(self, y, sigma):
        self.sigma, self.y = sigma, y
        return y / 2


def test_the_loss_is_that_of_its_own_noise():
    x = torch.full((64, 1, 4, 4), 0.5)
    model, law = Half(), UniformNoise(0.1, 0.3)
    loss = clean_denoising(law, 0.25, 1.0)(model, {"x": x}, Noise(3, range(64)))
    clean = model.sigma == 0
    assert 0.1 < float(clean.float().mean()) < 0.45
    assert torch.equal(model.y[clean], x[clean])
    assert bool(((model.sigma[~clean] >= 0.1) & (model.sigma[~clean] <= 0.3)).all())
    spread = (model.y - x)[~clean].flatten(1).std(1) / model.sigma[~clean]
    assert float(spread.mean()) == pytest.approx(1, abs=0.05)
    errors = (model.y / 2 - x).square().mean((1, 2, 3)) / (model.sigma + 2 / 255)
    assert float(loss.value) == pytest.approx(float(errors.mean()), rel=1e-6)


def config(tmp_path, **more):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 1, 1, 1), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    y = np.arange(40) % 2
    np.savez(tmp_path / "flat.npz", x_train=x, y_train=y, x_test=x[:6], y_test=y[:6])
    tree = {
        "model": {"architecture": "BFCNN", "options": {"channels": 1, "width": 8, "depth": 3}},
        "data": {"source": str(tmp_path / "flat.npz"), "hold_out": 10},
        "noise": {"sigma": (0.1, 0.3), "clean": 0.0},
        "optimizer": {"name": "adamw", "rate": 0.01, "ema": 0.0},
        "steps": 60,
        "batch": 16,
        "output": tmp_path / "run",
        "validate_every": 60,
        "tensorboard": False,
    }
    return DenoiseSetConfig.model_validate(tree | more)


@pytest.mark.slow
def test_it_learns_and_its_file_is_a_denoiser(tmp_path):
    model = load(train(config(tmp_path), quiet=True))
    assert isinstance(model, ResidualDenoiser)
    x = torch.full((8, 1, 8, 8), 0.5)
    y = x + 0.2 * Noise(1, range(8)).normal(x)
    with torch.no_grad():
        error = float((model(y, 0.2) - x).square().mean())
    assert error < 0.5 * 0.04  # flat pictures: most of the noise goes


@pytest.mark.parametrize(("clean", "most"), [(0.0, 0.3), (1.0, 0.1)])
def test_it_knows_the_largest_level_that_it_learns(tmp_path, clean, most):
    learner = build(config(tmp_path, noise={"sigma": (0.1, 0.3), "clean": clean})).learner
    assert model_of(learner, ResidualDenoiser).most == most


def test_a_network_that_labels_is_refused(tmp_path):
    model = {"architecture": "ResNet", "options": {"channels": 1, "classes": 2}}
    with pytest.raises(InputError, match="returns logits, not images"):
        build(config(tmp_path, model=model))
