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
    return _whole(f"flat-{field}", training, low, seed, steps)


def _whole(
    name: str, training: Training, low: dict[str, Any], seed: int, steps: Steps
) -> tuple[Denoiser, int]:
    folder, count = _trained(name, training, low, [], seed, steps)
    return load_as(Denoiser, folder / WEIGHTS, verb="denoise").eval(), count


def flat_with_level(
    training: Training, field: int, seed: int, steps: Steps
) -> tuple[Denoiser, int]:
    """Return as `flat` one that sees the noise level, as the low band of cascades does."""
    low = _factor(_spaced(training, field, 2, 1), training, training.sigma) | {"shows_level": True}
    return _whole(f"level-{field}", training, low, seed, steps)


def guided(training: Training, side: int, seed: int, steps: Steps) -> tuple[Denoiser, int]:
    """Return the U-Net that corrects the best linear estimate from all pixels, without scales.

    It is that of low bands. Convolutions without biases stay at the estimate (`models.guided`).
    """
    return _whole("guided", training, _guided_unet(side, training.sigma), seed, steps)


def low_band(training: Training, field: int, side: int, seed: int, steps: Steps) -> Path:
    """Return the file of a cascade whose low band all others have: trained with details of a field.

    They then differ in their details alone, which are all trained in the same way, each after it.
    The details of this one are not used: those of small fields end up worse beside a low band that
    learns, too.
    """
    name = f"low-of-{training.levels}"
    low = _low(training, side // 2**training.levels)
    folder, _ = _trained(name, training, low, _details(training, field), seed, steps)
    return folder / WEIGHTS


def cascade(
    training: Training, field: int, side: int, seed: int, steps: Steps, low_of: Path | None = None
) -> tuple[Multiscale[Denoiser], int]:
    """Return the cascade whose details have a receptive field, and its number of weights.

    All its scales see as many places in a step: coarse ones more pictures.

    Args:
        training: as for all.
        field: in pixels.
        side: of the pictures.
        seed: of the training.
        steps: of the run.
        low_of: the file of the cascade whose low band it has; None: it learns its own.
    """
    low = _low(training, side // 2**training.levels)
    if low_of is not None:
        low |= {"share": 0.0, "start_from": str(low_of)}
    name = f"scales-{field}-of-{training.levels}"
    folder, count = _trained(name, training, low, _details(training, field), seed, steps)
    return load_as(Multiscale, folder / WEIGHTS, verb="sample").eval(), count


def _details(training: Training, field: int) -> list[dict[str, Any]]:
    levels = training.levels
    return [
        _factor(_spaced(training, field, 4, 3), training, _levels(training, level))
        | {"share": 4.0 ** (level - levels)}
        for level in range(levels, 0, -1)
    ]


def _low(training: Training, side: int) -> dict[str, Any]:
    """Return the factor of low bands of a side."""
    sigma = _levels(training, training.levels)
    if training.low == "published":
        return _factor({"channels": 1, "depth": 20, "first_layer_linear": True}, training, sigma)
    return _guided_unet(side, sigma)


def _guided_unet(side: int, sigma: tuple[float, float]) -> dict[str, Any]:
    """Return the factor of images of a side; those of an odd one cannot be halved."""
    return {
        "architecture": "DiffusionUNet",
        "options": {
            "channels": 3,
            "width": 32,
            "multipliers": [1, 2] if side % 2 == 0 else [2],
            "blocks": 1,
        },
        "sigma": sigma,
        "form": "scaled",
        "guided": True,
        "shows_level": True,
    }


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
            "batch": training.finest * 4 ** (len(details) - 1) if details else training.batch,
            "seed": seed,
            "output": folder,
            "log_every": max(1, training.steps // 50),
            "save_every": max(1, training.steps // 8),
            "tensorboard": False,
        }
    )
    done = steps(f"train-{name}", lambda: train_once(config, name, quiet=steps.quiet))
    return folder, int(done["parameters"])
