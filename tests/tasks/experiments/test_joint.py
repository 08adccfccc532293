"""What the task joint leaves alone where a network only labels."""

import numpy as np
import pytest
import torch

from scorelet.core.checkpoint import load_tensors
from scorelet.models import NetworkJointEnergy
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.joint import JointConfig, build
from scorelet.tasks.train import train

pytestmark = pytest.mark.usefixtures("float32")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weight", "head", "learns"),
    [(0.0, "reference", False), (8.0, "reference", True), (8.0, "logits", False)],
)
def test_an_energy_that_nothing_learns_from_stays(tmp_path, weight, head, learns):
    """Its gradient is 0 but for rounding, which AdamW would make steps of full length."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (32, 8, 8, 3), np.uint8), np.arange(32) % 2
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    config = {
        "task": "joint",
        "model": {"architecture": "GradResNet", "options": {"classes": 2, "width": 0.125}},
        "data": {"source": str(tmp_path / "data.npz")},
        "noise": {"clean": 0.5},
        "head": head,
        "lambda_dsm": weight,
        "batch": 8,
        "steps": 3,
        "output": str(tmp_path / "run"),
    }
    settings = JointConfig.model_validate(config)
    network = model_of(build(settings).learner, NetworkJointEnergy).network
    assert all(w.requires_grad == learns for w in network.energy_weights())
    train(settings, quiet=True)
    kept = load_tensors(tmp_path / "run/weights.safetensors")[0]
    energy = [t for name, t in kept.items() if "products" in name and "conv" in name]
    assert len(energy) == 4
    assert all(bool(t.any()) == learns for t in energy)
    assert any("strengths" in name for name in kept)
    assert torch.stack([t.float().norm() for t in kept.values()]).isfinite().all()
