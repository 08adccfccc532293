"""Tables with named columns as files: CSV, or Parquet."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scorelet.core.errors import MissingExtraError
from scorelet.core.words import readable
from scorelet.tasks.array_files import writing

SUFFIXES = (".csv", ".parquet")

Columns = Mapping[str, Sequence[Any]]
"""Values by the name of their column, all of one length."""


def check_table(target: Path) -> None:
    """Refuse a table before anything is computed, if what would write it is not installed.

    Raises:
        MissingExtraError: Parquet without pyarrow.
    """
    if target.suffix.lower() == ".parquet":
        _parquet()


def write_table(target: Path, columns: Columns) -> None:
    """Write a table, whole or not at all; the suffix chooses the kind.

    Raises:
        ArrayFileError: it cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    with writing(target) as temporary:
        if target.suffix.lower() == ".parquet":
            arrow, parquet = _parquet()
            whole = {name: [_in_unicode(value) for value in v] for name, v in columns.items()}
            parquet.write_table(arrow.table(whole), temporary)
            return
        with temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))


def _in_unicode(value: Any) -> Any:  # noqa: ANN401 - whatever a table holds
    """Write out the bytes of a file's name that are no text, which Parquet refuses."""
    return readable(value) if isinstance(value, str) else value


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "features") from None
    return pyarrow, parquet
