"""Twins: networks of one kind, trained in the same way on two halves of a set."""

import time
from pathlib import Path

import numpy as np

from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.audit.settings import AuditSettings, Network
from scorelet.tasks.experiments import build
from scorelet.tasks.experiments.pictures import PicturesConfig
from scorelet.tasks.train import train_once
from scorelet.training.batches import batches_from
from scorelet.training.processes import make_accelerator
from scorelet.training.run_folder import WEIGHTS

PICTURES = "pictures.npz"
HALVES = ("first", "second")
_TIMED = 3


def write_halves(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Write the pictures of both halves and those held out, if they are not there."""
    path = folder / PICTURES
    if not path.exists():
        write_arrays(path, arrays)
    return path


def twin_config(folder: Path, half: str, size: int, settings: AuditSettings) -> PicturesConfig:
    """Return the training of one twin.

    Twins begin with different weights and see different noise, so that what they agree about comes
    from the pictures.
    """
    return picture_training(
        f"{folder / PICTURES}:{half}",
        twin_folder(folder, half, size),
        settings.network,
        channels=settings.channels,
        first=size,
        seed=2 * settings.seed + HALVES.index(half),
    )


def picture_training(
    source: str,
    output: Path,
    network: Network,
    *,
    channels: int = 1,
    first: int | None = None,
    seed: int,
) -> PicturesConfig:
    """Return the training of a network on pictures.

    Args:
        source, first, channels: see the task `pictures`.
        output: folder of the training.
        network: what is trained, and how.
        seed: of weights, order and noise.
    """
    return PicturesConfig.model_validate(
        {
            "model": {
                "architecture": network.architecture,
                "options": {"channels": channels} | network.options,
            },
            "data": {"source": source, "first": first, "channels": channels},
            "sigma_weight": network.sigma_weight,
            "optimizer": {"rate": network.rate, "ema": 0.99},
            "schedule": {"shape": "cosine", "warmup": max(1, network.steps // 20)},
            "steps": network.steps,
            "batch": network.batch,
            "seed": seed,
            "output": output,
            "log_every": max(1, network.steps // 20),
            "save_every": max(1, network.steps // 8),
            "tensorboard": False,
        }
    )


def train_twin(
    folder: Path, half: str, size: int, settings: AuditSettings, *, quiet: bool
) -> dict[str, int | float]:
    """Train one twin, or go on with it; return as `train_once`."""
    config = twin_config(folder, half, size, settings)
    return train_once(config, f"{size} pictures, {half} half", quiet=quiet)


def twin_folder(folder: Path, half: str, size: int) -> Path:
    """Return the folder of one training."""
    return folder / f"{size}-{half}"


def twin_weights(folder: Path, half: str, size: int) -> Path:
    """Return the weights of one twin."""
    return twin_folder(folder, half, size) / WEIGHTS


def seconds_per_step(config: PicturesConfig) -> float:
    """Return how long a step takes, from some that change nothing but memory."""
    accelerator = make_accelerator()
    experiment = build(config)
    learner = experiment.learner.to(accelerator.device)
    parts = batches_from(0, experiment.data, config, accelerator)
    times = []
    for _ in range(min(_TIMED, config.steps)):
        start = time.perf_counter()
        for part in next(parts):
            learner(part.batch, part.noise).value.backward()
        times.append(time.perf_counter() - start)
    return min(times)
