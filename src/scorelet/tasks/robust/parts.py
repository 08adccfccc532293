"""Parts of a long run beside its report: what is finished is not computed again.

A part is a small file of tensors, written whole or not at all. The folder says which run it belongs
to; it is removed when the report is written.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.files import write_text
from scorelet.tasks.locks import Locks

Tensors = dict[str, Tensor]
RUN = "run.json"


def fingerprint(tensors: Mapping[str, Tensor], words: Mapping[str, Any]) -> str:
    """Return a digest of tensors and of what JSON can hold."""
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().flatten()
        digest.update(flat.view(torch.uint8).numpy().tobytes())  # NumPy has no bfloat16
    return digest.hexdigest()


@dataclass(frozen=True)
class Target:
    """Where the report of a run is written.

    Args:
        output: the report; None: there is none, and nothing is kept.
        resume: go on with an interrupted run, whose result is that of one without a break.
        overwrite: replace a report, and the parts of a run.

    Raises:
        InputError: options that do not go together.
    """

    output: Path | None = None
    resume: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Check that options go together."""
        if self.output is None and self.resume:
            raise InputError("--resume needs -o: parts of a run are kept beside its report.")
        if self.resume and self.overwrite:
            raise InputError("--resume keeps what is there and --overwrite replaces it: give one.")


class Parts:
    """The parts of one run.

    Args:
        target: the report beside which they lie.
        run: digest of all that the parts depend on.
        locks: hold the folder of the parts while the run is at work.

    Raises:
        InputError: parts are there and neither resume nor overwrite was said, or they are those of
            another run, or a run is at work on them.
    """

    def __init__(self, target: Target, run: str, locks: Locks) -> None:
        output = target.output
        self.folder = None if output is None else output.with_name(f".{output.name}.parts")
        if self.folder is None:
            return
        locks.heed(self.folder)
        if self.folder.exists() and not (target.resume or target.overwrite):
            raise InputError(
                f"An interrupted run has left its parts beside {output}: go on with --resume, or "
                "begin again with --overwrite."
            )
        if self.folder.exists() and not target.resume:
            shutil.rmtree(self.folder)
        self._claim(run, locks)

    def get(self, name: str, compute: Callable[[], Tensors]) -> Tensors:
        """Return a part: read, or computed and kept."""
        part = self.read(name)
        if part is None:
            part = compute()
            if self.folder is not None:
                save_tensors(self._path(name), part, {"part": name})
        return part

    def read(self, name: str) -> Tensors | None:
        """Return a part that is there; one that is damaged is removed."""
        if self.folder is None or not self._path(name).exists():
            return None
        try:
            return load_tensors(self._path(name))[0]
        except CheckpointError:
            self._path(name).unlink()
            return None

    def remove(self) -> None:
        """Remove them all: the report is written."""
        if self.folder is not None:
            shutil.rmtree(self.folder)

    def refusal(self) -> InputError:
        """Return the error that the parts are those of another run."""
        return InputError(
            f"The parts in {self.folder} are those of a run with another model, other pictures or "
            "other options: repeat its command, or begin again with --overwrite."
        )

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{name}.safetensors"

    def _claim(self, run: str, locks: Locks) -> None:
        assert self.folder is not None
        path = self.folder / RUN
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            locks.take(self.folder)
            if not path.exists():
                write_text(path, json.dumps({"run": run}))
            before = json.loads(path.read_text(encoding="utf-8"))["run"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The parts of the run in {self.folder} cannot be read or written: remove that "
                "folder, or choose another -o."
            ) from error
        if before != run:
            raise self.refusal()
