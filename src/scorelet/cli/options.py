"""Options that several commands share, and how results and messages leave the process."""

import json
import sys
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Group, Parameter

SHARED = Group("Shared options", sort_key=100)

Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")
@dataclass(frozen=True)
class Shared:
    """What every command understands."""

    json: Annotated[bool, Parameter(negative="", group=SHARED)] = False
    """One JSON document on stdout; messages stay on stderr."""
    quiet: Annotated[bool, Parameter(negative="", group=SHARED)] = False
    """No progress bar and no messages but warnings and errors."""
    device: Annotated[str, Parameter(group=SHARED)] = "auto"
    """auto, cpu, cuda or mps."""

    def say(self, text: str) -> None:
        """Print a line for people: on stdout, or on stderr beside JSON; nothing when quiet."""
        if not self.quiet:
            print(text, file=sys.stderr if self.json else sys.stdout)

    def warn(self, text: str, *, kind: str = "warning") -> None:
        """Print a warning, or an error, on stderr."""
        print(f"{kind}: {text}", file=sys.stderr)

    def emit(self, document: Any) -> None:  # noqa: ANN401 - any JSON document
        """Print the JSON document, if it was asked for."""
        if self.json:
            json.dump(document, sys.stdout, indent=2, allow_nan=False)
            sys.stdout.write("\n")


DEFAULTS = Shared()
