"""Warnings of many files: each kind is written out once, and counted then."""

from scorelet.cli.options import Shared


class Warned:
    """What was warned of; a kind is what stands before the colon of a warning.

    Args:
        shared: writes it.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._again: dict[str, list[str]] = {}

    def warn(self, name: str, warning: str) -> None:
        """Write a warning of the file or page of a name; keep its name if that kind was there."""
        kind = warning.partition(":")[0]
        if kind in self._again:
            self._again[kind].append(name)
        else:
            self._again[kind] = []
            self._shared.warn(f"{name}: {warning}.")

    def rest(self) -> None:
        """Write how many more files had each kind, and which."""
        for kind, names in self._again.items():
            if names:
                several = len(names) > 2
                more = f", {names[1]}, ..." if several else "".join(f", {n}" for n in names[1:])
                self._shared.warn(f"{len(names)} more: {kind} ({names[0]}{more}).")
