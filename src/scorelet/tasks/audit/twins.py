"""Twins: networks of one kind, trained in the same way on two halves of a set."""

from pathlib import Path

import numpy as np

from scorelet.core.errors import InputError
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.audit.settings import AuditSettings, Network
from scorelet.tasks.experiments.pictures import PicturesConfig
from scorelet.tasks.train import train_once
from scorelet.training.run_folder import WEIGHTS

PICTURES = "pictures.npz"
HALVES = ("first", "second")
_SMALLEST = 4
"""Pixels a side."""


def refuse_tiny(pictures: np.ndarray) -> None:
    """Refuse pictures (n, height, width, channels) of less than four pixels a side.

    Raises:
        InputError: there is nothing to learn in them, and 1 or 3 pixels may be channels.
    """
    if min(pictures.shape[1:3]) < _SMALLEST:
        height, width = pictures.shape[1:3]
        raise InputError(
            f"The pictures are {height}x{width} pixels: twins need at least {_SMALLEST} a side."
        )


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
            **network.training(),
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
    title = f"{size} pictures, {half} half"
    return train_once(config, title, quiet=quiet, device=settings.device)


def twin_folder(folder: Path, half: str, size: int) -> Path:
    """Return the folder of one training."""
    return folder / f"{size}-{half}"


def twin_weights(folder: Path, half: str, size: int) -> Path:
    """Return the weights of one twin."""
    return twin_folder(folder, half, size) / WEIGHTS
