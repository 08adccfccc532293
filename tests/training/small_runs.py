"""A training run of a second, also as a program: one process or several, the same run.

torchrun --nproc_per_node 2 tests/training/small_runs.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from scorelet.core.checkpoint import load_tensors
from scorelet.core.random import generator, randn
from scorelet.data.labelled import LabelledImages, LabelledSamples
from scorelet.models import LogUniformNoise, NetworkJointEnergy, ResidualDenoiser
from scorelet.networks import BFCNN, ShuffleUNet
from scorelet.networks.grad_res_net import GradResNet
from scorelet.training import Learner, LoopConfig, Trainer, blind_denoising, classification
from scorelet.training.joint import JointObjective
from scorelet.training.processes import leave_processes

NETWORKS = {
    "bf-cnn": lambda: BFCNN(1, width=20, depth=4),  # with running deviations
    "shuffle-unet": lambda: ShuffleUNet(1, widths=(20, 24), encoder=(1, 1), decoder=(1,)),
}


class Blobs(Dataset):
    """Item k is a function of k; item `bad` is not a number."""

    def __init__(self, *, bad: int = -1) -> None:
        self.bad = bad

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        clean = torch.rand((1, 4, 4), generator=generator(1, index))
        clean = clean.repeat_interleave(4, 1).repeat_interleave(4, 2)
        sigma = torch.rand((), generator=generator(2, index)) * 0.3
        noise = randn((1, 16, 16), rng=generator(3, index))
        if index == self.bad:
            noise[0, 3, 3] = torch.nan
        return {"clean": clean, "noisy": clean + sigma * noise, "sigma": sigma}


def config(folder: Path, **changes) -> LoopConfig:
    """Sections are changed as in optimizer={"name": "muon"}."""
    tree = {
        "batch": 4,
        "schedule": {"warmup": 3},
        "steps": 9,
        "output": folder,
        "log_every": 2,
        "save_every": 4,
        "validate_every": 3,
        "tensorboard": False,
    }
    return LoopConfig.model_validate(tree | changes)


def trainer(
    settings: LoopConfig,
    *,
    network: str = "bf-cnn",
    seed: int = 0,
    data: Dataset | None = None,
    **options,
) -> Trainer:
    """Everything is a function of the arguments; the network's first weights of `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ResidualDenoiser(NETWORKS[network]())
    return Trainer(settings, Learner(model, blind_denoising(1.0)), data or Blobs(), **options)


def state(folder: Path) -> dict[str, torch.Tensor]:
    """Weights, averaged weights and moments of a run's state."""
    return load_tensors(folder / "state.safetensors")[0]


def classifier(settings: LoopConfig) -> Trainer:
    """A linear classifier of labelled pictures, which are shifted and mirrored."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (12, 6, 6, 1), dtype=np.uint8)
    images = LabelledImages(x, np.arange(12) % 3, ("a", "b", "c"))
    samples = LabelledSamples(images, length=100, seed=settings.seed, padding=1, flip=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 3))
    return Trainer(settings, Learner(model, classification(0.1)), samples)


def joint(settings: LoopConfig) -> Trainer:
    """A law of labelled pictures; of the four of a step, some stay clean, some are told classes."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    images = LabelledImages(x, np.arange(12) % 3, ("a", "b", "c"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = GradResNet(1, 3, blocks=(1, 1), widths=(8, 8), noise_features=8)
        for weight in network.parameters():  # as after some steps: none has a gradient of 0
            if not weight.any():
                nn.init.normal_(weight, std=0.1)
    model = NetworkJointEnergy(network, "abc", mean=(0.5,), variance=0.06)
    objective = JointObjective(LogUniformNoise(0.1, 1.0), posterior=0.5, posterior_share=0.5)
    samples = LabelledSamples(images, length=100, seed=settings.seed)
    return Trainer(settings, Learner(model, objective), samples)


RUNS = {
    "shuffle-unet 1 steps": {"steps": 1},
    "bf-cnn 1 steps": {"steps": 1},
    "shuffle-unet in parts": {"steps": 1, "accumulate": 2},
    "classifier": {"steps": 1},
    "joint": {"steps": 1, "batch": 8},
    "shuffle-unet 5 steps": {"steps": 5},
}
OTHERS = {"classifier": classifier, "joint": joint}
RESUMED = "bf-cnn resumed"
"""Stopped at a save between two lines of the log."""


def main(folder: str) -> None:
    """A few steps of each; AdamW, no clipping."""
    for name, changes in RUNS.items():
        path = Path(folder) / name
        settings = config(
            path, log_every=1, optimizer={"clip": 1e6, "weight_decay": 0.1}, **changes
        )
        if name in OTHERS:
            runner = OTHERS[name](settings)
        else:
            runner = trainer(settings, network=name.split()[0])
        for _ in runner.run():
            pass
        process = runner.accelerator.process_index
        torch.save(runner.plain.state_dict(), path / f"weights{process}.pt")
    resumed(Path(folder) / RESUMED)
    runner.accelerator.wait_for_everyone()  # one that leaves first can end the other


def resumed(folder: Path) -> None:
    """Two steps, which are saved, and a third one after that."""
    settings = config(folder, log_every=3, save_every=2, steps=3)
    runner = trainer(settings)
    for report in runner.run():
        if report.step == 2:
            break
    runner.accelerator.wait_for_everyone()  # the main process saves
    runner = trainer(settings, resume=True)
    assert runner.step == 2
    for _ in runner.run():
        pass


def threads() -> list[str]:
    """Names of the threads of this process that carry messages to others."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if "gloo" in name]


if __name__ == "__main__":
    main(sys.argv[1])
    assert threads(), "one process alone"
    leave_processes()
    assert not threads(), threads()
