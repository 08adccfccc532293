"""Pieces of a set of samples that are done, in a hidden folder beside the file that they are for.

The folder is the same for all runs with that output, and says which one they are of.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.errors import InputError
from scorelet.core.files import atomic_path, write_text
from scorelet.core.progress import Progress
from scorelet.core.typing import Fields
from scorelet.tasks.field_model.drawn import chains_of
from scorelet.tasks.field_model.model import FieldModel
from scorelet.tasks.field_model.watch import ChainWatch
from scorelet.tasks.locks import Locks


class Pieces:
    """What is done of a run; `with` removes the folder if nothing is.

    Args:
        target: the file that samples are for.
        key: of the run, for JSON: all that samples depend on.
    """

    def __init__(self, target: Path, key: dict[str, Any]) -> None:
        name = digest(target.name.encode())[:16]
        self.target, self.key = target, key
        self.folder = target.absolute().parent / f".{target.stem[:40]}-{name}.pieces"
        self._run = self.folder / "run.json"
        self._chains = self.folder / "chains.json"

    def __enter__(self) -> "Pieces":
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):  # something is done, or another job's lock is there
            self.folder.rmdir()

    def open(self, locks: Locks, *, resume: bool) -> None:
        """Make the folder this job's own; empty it unless its run is resumed.

        Raises:
            InputError: another job has it, or the run that is to be resumed is another one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        locks.take(self.folder)
        before = _read(self._run)
        if resume and before == self.key:
            return
        if resume and before is not None:
            raise InputError(
                f"What is done of {self.target} is of a run with another model or other options: "
                "repeat its command, or begin again without --resume."
            )
        for path in self.folder.glob("[!.]*"):
            path.unlink()

    def chains(self) -> list[dict[str, Any]]:
        """Return what the first chains are worth, see `ChainWatch.bands`; nothing if damaged."""
        found = _read(self._chains)
        return found if isinstance(found, list) else []

    def _done(self, path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
        """Return fields of a piece; None if it is not there, damaged, or not what is wanted."""
        try:
            with path.open("rb") as file:
                fields = np.lib.format.read_array(file, allow_pickle=False)
        except (OSError, ValueError):
            return None
        return fields if fields.shape == shape and fields.dtype.kind == "f" else None

    def all(
        self,
        model: FieldModel,
        record: dict[str, Any],
        coarse: Fields | None,
        most: int,
        progress: Progress | None,
    ) -> Iterator[np.ndarray]:
        """Yield all pieces in order, from the folder or from chains.

        The first is drawn again if what its chains are worth is lost.
        """
        count, seed, size = record["n"], record["seed"], tuple(record["size"])
        for first in range(0, count, most):
            wanted = min(most, count - first)
            path = self.folder / f"{first:09d}.npy"
            fields = self._done(path, (wanted, *size)) if first or self.chains() else None
            if fields is None:
                watch = ChainWatch()
                drawn = model.sample(
                    wanted,
                    seed=seed,
                    start=first,
                    size=size,
                    coarse=coarse,
                    on_step=watch,
                    check=False,
                )
                if first == 0:
                    write_text(self._run, json.dumps(self.key))
                    write_text(self._chains, json.dumps(chains_of(model, watch, size)))
                fields = drawn.numpy()
                with atomic_path(path) as temporary:
                    np.save(temporary, fields)
            yield fields
            if progress:
                progress(first + wanted, count)

    def remove(self) -> None:
        """Forget what is done."""
        shutil.rmtree(self.folder, ignore_errors=True)


def digest(content: bytes) -> str:
    """Return what tells contents apart."""
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> object:
    """Return what a file of JSON says; None if it is not there, or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
