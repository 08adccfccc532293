"""Flat denoisers, and cascades of local ones: trained alike, one after the other."""

from pathlib import Path
from typing import Any

from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.local_multiscale.pictures import Arrays
from scorelet.recipes.subjects.local_multiscale.settings import Training, spacing
from scorelet.tasks.array_files import write_arrays
from scorelet.tasks.experiments.cascade import CascadeConfig
from scorelet.tasks.train import train_once
from scorelet.training.run_folder import WEIGHTS
from scorelet.zoo import load_as

PICTURES = "pictures.npz"


def write_pictures(folder: Path, arrays: Arrays) -> None:
    """Write what all trainings read, if it is not there."""
    path = folder / PICTURES
    if not path.exists():
        write_arrays(path, arrays)


def flat(training: Training, field: int, seed: int, steps: Steps) -> tuple[Denoiser, int]:
    """Return the denoiser of pixels of a receptive field, and its number of weights."""
    low = _factor(_spaced(training, field, 1, 1), training, training.sigma)
    folder, count = _trained(f"flat-{field}", training, low, [], seed, steps)
    return load_as(Denoiser, folder / WEIGHTS, verb="denoise").eval(), count


def cascade(
    training: Training, field: int, seed: int, steps: Steps
) -> tuple[Multiscale[Denoiser], int]:
    """Return the cascade whose details have a receptive field, and its number of weights.

    All scales see as many pixels in a step, as in the publication: coarse ones more pictures.
    """
    whole = {"channels": 1, "depth": training.low_depth, "first_layer_linear": True}
    low = _factor(whole, training, _levels(training, training.levels))
    details = [
        _factor(_spaced(training, field, 4, 3), training, _levels(training, level))
        | {"share": 4.0 ** (level - training.levels)}
        for level in range(training.levels, 0, -1)
    ]
    name = f"scales-{field}-of-{training.levels}"
    folder, count = _trained(name, training, low, details, seed, steps)
    return load_as(Multiscale, folder / WEIGHTS, verb="sample").eval(), count


def _spaced(training: Training, field: int, channels: int, outputs: int) -> dict[str, Any]:
    return {
        "channels": channels,
        "outputs": outputs,
        "depth": training.depth,
        "spacing": spacing(field, training.depth),
        "first_layer_linear": True,
    }


def _factor(
    options: dict[str, Any], training: Training, sigma: tuple[float, float]
) -> dict[str, Any]:
    return {
        "architecture": "BFCNN",
        "options": options | {"width": training.width},
        "sigma": sigma,
        "form": training.form,
    }


def _levels(training: Training, level: int) -> tuple[float, float]:
    """Return the noise levels of a level: those of the pixels in its unit, and up to the start."""
    least, largest = (sigma / 2**level for sigma in training.sigma)
    return least, max(largest, training.start)


def _trained(
    name: str,
    training: Training,
    low: dict[str, Any],
    details: list[dict[str, Any]],
    seed: int,
    steps: Steps,
) -> tuple[Path, int]:
    folder = steps.folder / name
    config = CascadeConfig.model_validate(
        {
            "low": low,
            "details": details,
            "data": {"train": [f"{steps.folder / PICTURES}:train"], "flip": True},
            "optimizer": {
                "name": "muon",
                "rate": training.gains,
                "matrix_rate": training.rate,
                "clip": 1.0,
                "ema": 0.99,
            },
            "schedule": {"shape": "linear", "warmup": max(1, training.steps // 20)},
            "precision": training.precision,
            "steps": training.steps,
            "batch": training.batch * (4 ** (len(details) - 1) if details else 1),
            "seed": seed,
            "output": folder,
            "log_every": max(1, training.steps // 50),
            "save_every": max(1, training.steps // 8),
            "tensorboard": False,
        }
    )
    done = steps(f"train-{name}", lambda: train_once(config, name, quiet=steps.quiet))
    return folder, int(done["parameters"])
