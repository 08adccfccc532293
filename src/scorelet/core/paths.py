"""The door for paths: every verb sends what its user typed through `as_path` before using it.

So ~ means the home folder in every option and argument, from the shell and from Python, and an
empty string, which `pathlib` takes for the current folder, is an error everywhere.
"""

import os
from pathlib import Path

from scorelet.core.errors import InputError

LONGEST = 255
"""Bytes of one name; no usual file system takes more."""


def as_path(value: str | Path, *, name: str = "path") -> Path:
    """Return a path that a user gave, with ~ expanded.

    Args:
        value: what was given; a `Path` is not empty.
        name: of the argument, for the sentence.

    Raises:
        InputError: empty, with a NUL byte, with a name that no file system takes, or with the home
            of an unknown user.
    """
    return Path(as_text(value, name=name))


def as_text(value: str | Path, *, name: str = "path") -> str:
    """Return a path like `as_path` does, as text: a slash at the end, which means a folder, stays.

    Raises:
        InputError: as `as_path`.
    """
    text = str(value)
    if not text.strip():
        raise InputError(f"The {name} is empty: give the name of a file or folder (. is this one).")
    if "\0" in text:
        raise InputError(f"The {name} {text!r} holds a NUL byte: names of files have none.")
    expanded = os.path.expanduser(text)
    if expanded.startswith("~") and not os.path.lexists(expanded):
        user = expanded.partition("/")[0]
        raise InputError(f"The {name} {text!r} starts with {user}: there is no such home folder.")
    longest = max(expanded.split("/"), key=lambda part: len(os.fsencode(part)))
    if len(os.fsencode(longest)) > LONGEST:
        raise InputError(
            f"The {name} holds a name of {len(os.fsencode(longest))} bytes, {longest[:24]!r}...: "
            f"expected at most {LONGEST}."
        )
    return expanded


def exists(path: Path) -> bool:
    """Whether there is something at a path; False for names that are too long for any file."""
    try:
        return path.exists()
    except OSError:
        return False
