"""The files that a run learns from: a run that goes on sees by them whether they have changed."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scorelet.data.pictures.folders import list_folder


def contents(sources: Sequence[Path]) -> dict[str, Any]:
    """Return how many files there are, and a checksum of their names and sizes.

    Args:
        sources: files, and folders of pictures.
    """
    lines = [line for source in sources for line in _lines(source)]
    return {"files": len(lines), "checksum": zlib.crc32("\n".join(lines).encode())}


def changed_sentence(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Say that the files of a run have changed; arguments as `contents` returns them.

    >>> from scorelet.training.sources import changed_sentence
    >>> changed_sentence({"files": 3, "checksum": 5}, {"files": 4, "checksum": 6})[:71]
    'The data are others than when the run was saved (4 files now, 3 before)'
    """
    then, there = before["files"], now["files"]
    how = f"{there} files now, {then} before" if then != there else "in names or sizes"
    return (
        f"The data are others than when the run was saved ({how}): it goes on with these, and not "
        "to the weights of an uninterrupted run."
    )


def _lines(source: Path) -> list[str]:
    if source.is_file():
        return [f"{source.name} {source.stat().st_size}"]
    pictures = list_folder(source).pictures
    return [f"{p.relative_to(source).as_posix()} {p.stat().st_size}" for p in pictures]
