"""How commands end that have found something: it is shown first, and then written."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from scorelet.cli.options import Shared


@runtime_checkable
class Finding(Protocol):
    """What a task returns: a document for JSON, with warnings, and a file that may be written."""

    @property
    def document(self) -> dict[str, Any]:
        """For JSON; `warnings` are sentences without a full stop."""
        ...

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the file."""
        ...


def finish(
    found: Finding, text: str, output: Path | None, shared: Shared, *, overwrite: bool
) -> None:
    """Say the warnings, show the document or the text, and write the file, if there is to be one.

    So nothing is lost where the file cannot be written, as on a full disk.
    """
    for warning in found.document["warnings"]:
        shared.warn(f"{warning}.")
    shared.show(found.document, text)
    if output is not None:
        found.save(output, overwrite=overwrite)
        shared.say(f"-> {output}")
