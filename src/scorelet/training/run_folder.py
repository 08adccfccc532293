"""The folder of a run: its files of weights and state, and who may have it."""

from pathlib import Path

from scorelet.core.errors import InputError

STATE, WEIGHTS, BEST = "state.safetensors", "weights.safetensors", "best.safetensors"
"""To resume; to use, the averaged weights; those that were best in validation."""


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
