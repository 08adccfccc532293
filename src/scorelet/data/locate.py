"""Where data lies: a path as it is, or a name under ``$SCORELET_DATA``."""

import os
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path

ENVIRONMENT = "SCORELET_DATA"


def locate(name: str | Path) -> Path:
    """Return the file or folder called `name`.

    A path that exists wins; then ``$SCORELET_DATA/name``, with or without ``.npz``/``.npy``.

    Raises:
        InputError: no path at all, or nothing there; says where it looked.
    """
    direct = as_path(name, name="name of the data")
    if direct.exists():
        return direct
    root = os.environ.get(ENVIRONMENT)
    if root:
        for suffix in ("", ".npz", ".npy"):
            candidate = Path(root).expanduser() / f"{name}{suffix}"
            if candidate.exists():
                return candidate
    place = f"or under {root}" if root else f"and the variable {ENVIRONMENT} is not set"
    raise InputError(
        f"There is no data {str(name)!r} here {place}: give a path or set {ENVIRONMENT}."
    )
