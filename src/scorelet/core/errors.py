"""Errors and warnings that users meet.

An error is one sentence with what was got, what is expected and what to do.
"""

import warnings
from collections.abc import Iterable

_CALLS = 3
"""Calls between a program and a warning: `checked`, the verb, `warn_of`."""


class ScoreletError(Exception):
    """Base of every error that scorelet raises on purpose; the shell prints its text only."""


class InputError(ScoreletError, ValueError):
    """An argument, array or option that cannot be used."""


class NotFiniteError(InputError):
    """Images that a network answers with NaN or infinite numbers."""


class ImageFileError(ScoreletError, OSError):
    """A picture that cannot be read or written."""


class ArrayFileError(ScoreletError, OSError):
    """An array of fields that cannot be read or written."""


class CheckpointError(ScoreletError, OSError):
    """Weights that are missing, damaged, of an unknown kind or not safe to open."""


class ResultWarning(UserWarning):
    """What is doubtful about a result, as the shell prints it; it is in the result, too.

    Python shows each text once for each line of a program. `warnings.filterwarnings("ignore",
    category=ResultWarning)` silences all of them.
    """


def warn_of(texts: Iterable[str]) -> None:
    """Warn of a result at the line that called the verb, which calls this and is `checked`.

    Args:
        texts: sentences without a full stop.
    """
    for text in texts:
        warnings.warn(f"{text}.", ResultWarning, stacklevel=_CALLS + 1)


def one_line(error: BaseException, *, limit: int = 300) -> str:
    """Return the text of somebody else's error without line breaks, cut after `limit` letters.

    Of an error without a text it is the name of its class.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else f"{text[:limit].rstrip()} ..."


def mixes_dtypes(error: BaseException) -> bool:
    """Whether torch complains of an image and weights of different dtypes."""
    said = str(error)
    return any(words in said for words in ("scalar type", "should be the same", "same dtype"))


class MissingExtraError(ScoreletError, ImportError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This needs the package {package}: install it with  pip install 'scorelet[{extra}]'"
        )
