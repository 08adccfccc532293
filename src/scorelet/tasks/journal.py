"""What a job of many files has finished, beside its results, one JSON line for each.

The line of a result is written when the result is whole under a temporary name, and tells its
SHA-256; then the result gets its name. So whenever a job is killed, a target is finished exactly if
its content is the one that its last line tells.
"""

import errno
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from scorelet.core.errors import InputError

NAME = ".scorelet-{verb}.jsonl"
Line = dict[str, Any]
_KEYS = {"target", "settings", "source", "made", "report"}


class Journal:
    """The journals of the folders that a job writes to; each is read once.

    Args:
        verb: names the files.
        settings: what results depend on, beside their sources.
    """

    def __init__(self, verb: str, settings: dict[str, Any]) -> None:
        self.name = NAME.format(verb=verb)
        self.settings = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        self._lines = cache(lambda folder: _read(folder / self.name))
        self._read_once = cache(lambda target, *_state: digest_or_none(target))

    def report(
        self, source: Path, target: Path, beside: Sequence[Path] = ()
    ) -> dict[str, Any] | None:
        """Return the report of a target that is finished: of this source, with these settings.

        If source and target are one file, what counts is that the result is in its place.

        Args:
            source, target: files.
            beside: what is made with the target, and must be finished, too.
        """
        if not target.is_file() or not source.is_file():
            return None
        last, *others = (self._finished(path) for path in (target, *beside))
        if last is None or None in others:
            return None
        if not source.samefile(target):
            content = digest_or_none(source)
            if any(line is None or line["source"] != content for line in (last, *others)):
                return None
        return last["report"]

    def _finished(self, target: Path) -> Line | None:
        """Return the line of a file that is as it was made, with these settings."""
        lines = self._lines(target.parent)[target.name]
        if not lines or lines[-1]["settings"] != self.settings:
            return None
        return lines[-1] if lines[-1]["made"] == self._content(target) else None

    def made(self, target: Path) -> bool:
        """Whether a job has made the target that is there, from whatever and however."""
        content = self._content(target)
        return any(line["made"] == content for line in self._lines(target.parent)[target.name])

    def _content(self, target: Path) -> str | None:
        """The digest of a result, which is read once as long as it is the same file, unchanged."""
        try:
            now = target.stat()
        except OSError:
            return None
        state = now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
        return self._read_once(target, *state)

    def check(self, target: Path) -> None:
        """Refuse a journal beside `target` to which no line can be added, before work is done.

        Raises:
            InputError: it cannot be read or written, or something else has its name.
        """
        self._lines(target.parent)
        path = target.parent / self.name
        if path.exists() and not os.access(path, os.W_OK):
            raise InputError(_unusable(path, "written", os.strerror(errno.EACCES)))

    def add(self, target: Path, source: str, made: str, report: dict[str, Any]) -> None:
        """Append a line; `source` and `made` are digests.

        Raises:
            InputError: the journal cannot be written.
        """
        line = {
            "target": target.name,
            "settings": self.settings,
            "source": source,
            "made": made,
            "report": report,
        }
        path = target.parent / self.name
        try:
            with path.open("ab+") as stream:
                stream.write(_line_break(stream) + json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise InputError(_unusable(path, "written", error.strerror)) from error


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_or_none(path: Path) -> str | None:
    """The digest of a file; None, which equals no digest, if it is none or cannot be read."""
    try:
        return digest(path) if path.is_file() else None
    except OSError:
        return None


def _read(path: Path) -> defaultdict[str, list[Line]]:
    lines: defaultdict[str, list[Line]] = defaultdict(list)
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    except OSError as error:
        raise InputError(_unusable(path, "read", error.strerror)) from error
    for row in text.splitlines():
        try:
            line = json.loads(row)
        except json.JSONDecodeError:  # the last line of a killed job
            continue
        if isinstance(line, dict) and line.keys() >= _KEYS:
            lines[line["target"]].append(line)
    return lines


def _unusable(path: Path, verb: str, reason: str | None) -> str:
    return (
        f"The journal {path} cannot be {verb} ({reason}): change its permissions or remove it, or "
        "choose another -o."
    )


def _line_break(journal: BinaryIO) -> bytes:
    """Return what ends the last line of a journal, where a killed job has not."""
    if journal.seek(0, os.SEEK_END) == 0:
        return b""
    journal.seek(-1, os.SEEK_END)
    return b"" if journal.read(1) == b"\n" else b"\n"
