"""Arrays that files hold, for what is told beside a picture."""

from pathlib import Path

import numpy as np

from scorelet.core.errors import InputError

SUFFIX = ".npy"


def saved_array(path: Path, what: str) -> np.ndarray:
    """Return the array of an .npy file; `what` it is, for messages.

    Raises:
        InputError: a file that is missing, that cannot be read, or that holds several arrays.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}: give an .npy file with the {what}.")
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as an .npy file with a {what}.") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise InputError(f"{path} may hold several arrays: save the {what} alone, as an .npy file.")
    return found
