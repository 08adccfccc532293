"""The folder of a run: its files of weights and state, and who may have it."""

import math
import shutil
from contextlib import suppress
from pathlib import Path

from scorelet.core.checkpoint import is_safetensors
from scorelet.core.errors import InputError, ScoreletError
from scorelet.core.files import atomic_path, remove_leftovers

STATE, WEIGHTS, BEST = "state.safetensors", "weights.safetensors", "best.safetensors"
"""To resume; to use, the averaged weights; those that were best in validation."""
BEFORE = "before.safetensors"
"""While a run lasts: the weights of the save before the last, which may have diverged already."""
CONFIG = "config.yaml"
"""What the run was asked for."""


def claim_folder(folder: Path, *, used: bool) -> None:
    """Make the folder of a run.

    Args:
        folder: where.
        used: whether it holds a run that is not to go on.

    Raises:
        InputError: it is in use, or cannot be a folder.
    """
    if used:
        raise InputError(
            f"{folder} holds a run already: add --resume to go on, or choose another output folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be a folder for the run ({error.strerror}): choose another output."
        ) from error


def refuse_lost_state(folder: Path) -> None:
    """Refuse to train where weights lie that no state belongs to: they would be written over.

    Raises:
        InputError: they do.
    """
    if (folder / STATE).exists():
        return
    for path in (folder / WEIGHTS, folder / BEST):
        if path.exists():
            raise InputError(
                f"{path} would be written over, and {folder} holds no state to go on from: choose "
                f"another output folder, with start_from: {path} to begin from these weights, or "
                "remove them."
            )


def remove_partial_files(folder: Path) -> None:
    """Remove what a killed process has left of the files that it was writing."""
    for name in (STATE, WEIGHTS, BEFORE, BEST, CONFIG):
        remove_leftovers(folder / name)
    for partial in folder.glob(".tmp??????"):  # safetensors writes one of its own
        with suppress(OSError):  # what is no file, or may not be read, is of somebody else
            if partial.is_file() and is_safetensors(partial):
                partial.unlink()


def keep_weights(folder: Path) -> None:
    """Keep the saved weights of a run beside those that are about to be saved."""
    if (folder / STATE).exists() and (folder / WEIGHTS).exists():
        with atomic_path(folder / BEFORE) as temporary:
            shutil.copyfile(folder / WEIGHTS, temporary)


def refuse_divergence(folder: Path, step: int, loss: float, norm: float) -> None:
    """Stop a run whose loss or gradient is no number any more, and say what to do.

    A run is resumed with its own learning rate only, so that another one needs another folder.

    Raises:
        ScoreletError: `loss` or the gradient's `norm` is NaN or infinite.
    """
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise diverged(
            folder, f"In step {step} the loss is {loss} and its gradient has norm {norm}"
        )


def diverged(folder: Path, what: str) -> ScoreletError:
    """Return the error of a run that cannot go on.

    Args:
        folder: of the run.
        what: has happened, the beginning of a sentence.
    """
    if not (folder / STATE).exists():
        advice = "lower the learning rate, or mend the data, and begin again (no state was saved)"
        return ScoreletError(f"{what}: {advice}.")
    before = folder / BEFORE
    older = f"from {before}, saved earlier," if before.exists() else "anew,"
    return ScoreletError(
        f"{what}: lower the learning rate in another output folder, with start_from "
        f"{folder / WEIGHTS} of each network to begin from the last saved weights, or {older} if "
        "these have diverged already; or, if the data were wrong, mend them and --resume from the "
        "last saved state."
    )
