"""The one place where damaged files, full disks and decoders' many exceptions become sentences."""

import errno
import logging
import re
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import numpy as np

from scorelet.core.errors import ImageFileError, InputError, ScoreletError
from scorelet.data.pictures.types import Picture

_silent: ContextVar[bool] = ContextVar("silent", default=False)
_WRITE_REASONS = {
    errno.ENOSPC: "the disk is full; expected room for the whole file: free some space",
    errno.EDQUOT: "the disk quota is used up; expected room for the whole file: free some space",
    errno.EFBIG: "the file would be larger than allowed here: choose another disk",
    errno.ENAMETOOLONG: "its name is too long; expected at most 255 bytes: choose a shorter one",
    errno.EROFS: "the disk is read-only; expected a writable folder: choose another one",
    errno.EACCES: "permission is denied; expected a writable folder: choose another one",
    errno.EPERM: "permission is denied; expected a writable folder: choose another one",
    errno.ENOENT: "its folder does not exist; expected an existing folder: create it first",
    errno.ENOTDIR: "its folder is a file; expected a folder: choose another path",
    errno.EISDIR: "there is a folder of that name; expected a file name: choose another one",
}
_HALF_WRITTEN = re.compile(r"\d+ requested and \d+ written")
"""All that NumPy says of a write that the system stopped half way; it drops the number."""


class RefusedError(Exception):
    """A reason not to read a file; the text continues a sentence that starts with its path."""


@contextmanager
def reading(
    path: Path, *, kind: type[ScoreletError] = ImageFileError, what: str = "picture"
) -> Generator[None]:
    """Turn whatever a decoder raises on `path` into one error; silence its warnings and log.

    Args:
        path: what is read.
        kind: of the error.
        what: is expected, in one word.
    """
    silence = _silent.set(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ScoreletError, MemoryError):
        raise
    except RefusedError as error:
        raise kind(f"{path} {error}") from None
    except (FileNotFoundError, NotADirectoryError):
        raise kind(
            f"{path} does not exist; expected a {what} file: check the spelling of the path."
        ) from None
    except PermissionError as error:
        raise kind(
            f"{path} may not be read (permission denied); expected a readable {what}: "
            "change its permissions."
        ) from error
    except Exception as error:  # decoders raise a dozen unrelated types on damaged files
        raise kind(
            f"{path} is damaged or truncated ({_first_line(error)}); expected a whole {what}: "
            "copy or export it again."
        ) from error
    finally:
        _silent.reset(silence)


# libpng says here what it thinks of files that it decodes: of interlaced ones, for example
logging.getLogger("imagecodecs").addFilter(lambda _record: not _silent.get())


@contextmanager
def writing(path: Path, source: "WatchedPages") -> Generator[None]:
    """Turn a failure to encode or store `path` into an ImageFileError.

    Errors raised by the caller's own page iterator pass unchanged.
    """
    try:
        yield
    except (ScoreletError, MemoryError):
        raise
    except OSError as error:
        if error is source.error:
            raise
        half = _HALF_WRITTEN.fullmatch(str(error))
        number = errno.ENOSPC if half else error.errno or 0
        reason = _WRITE_REASONS.get(number, _first_line(error))
        refused = ImageFileError(f"{path} cannot be written because {reason}.")
        refused.errno = number
        raise refused from error
    except Exception as error:
        if error is source.error:
            raise
        raise ImageFileError(
            f"{path} cannot be encoded ({_first_line(error)}); expected a picture that this kind "
            "of file can hold: choose PNG or TIFF."
        ) from error


class WatchedPages:
    """An iterator over pages that remembers the exception its source raised."""

    def __init__(self, pages: Iterable[Picture]) -> None:
        self.error: Exception | None = None
        self._pages = iter(pages)

    def __iter__(self) -> Iterator[Picture]:
        """The iterator itself."""
        return self

    def __next__(self) -> Picture:
        """The next page."""
        try:
            return next(self._pages)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise


def check_finite(samples: np.ndarray) -> None:
    """Refuse floating point samples that contain NaN or infinity."""
    if samples.dtype.kind != "f":
        return
    bad = samples.size - int(np.count_nonzero(np.isfinite(samples)))
    if bad:
        raise RefusedError(
            f"holds {bad} of {samples.size} values that are NaN or infinite; expected finite "
            "numbers: replace these values first."
        )


def check_writable(
    picture: Picture,
    kind: str,
    *,
    dtypes: tuple[str, ...],
    alpha: bool,
    side: int | None = None,
) -> None:
    """Refuse a picture that a kind of file cannot hold.

    Raises:
        InputError: its sample type is not among `dtypes`, it has alpha and `alpha` is false, or
            its height or width is above `side`.
    """
    name = picture.pixels.dtype.name
    if name not in dtypes:
        better = "PNG or TIFF" if name == "uint16" else "TIFF"
        raise InputError(
            f"A {kind} file cannot hold {name} samples; expected {' or '.join(dtypes)}: "
            f"write a {better} file, or convert the picture to {dtypes[0]} first."
        )
    if picture.alpha is not None and not alpha:
        raise InputError(
            f"A {kind} file cannot hold transparency; expected a picture without alpha: "
            "write a PNG, TIFF or WebP file, or drop the alpha."
        )
    height, width = picture.pixels.shape[:2]
    if side is not None and max(height, width) > side:
        raise InputError(
            f"A {kind} file cannot hold {width} x {height} pixels; expected at most {side} a side: "
            "write a PNG or TIFF file."
        )


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
