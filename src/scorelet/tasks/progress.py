"""Progress bars on stderr, and nothing when nobody looks."""

import sys


class Bar:
    """A progress bar with a note at its end.

    Args:
        title: what is going on.
        total: number of units; 0 until it is known, then only the time is shown.
        start: units that are done already.
        quiet: draw nothing.
    """

    def __init__(self, title: str, total: int, *, start: int = 0, quiet: bool = False) -> None:
        self.title, self.total, self.start, self.quiet = title, total, start, quiet
        self._bar = None

    def __enter__(self) -> "Bar":
        if not self.quiet and sys.stderr.isatty():
            self._bar, self._task = _rich_bar(self.title, self.total, self.start)
            self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar:
            self._bar.stop()

    def expect(self, total: int, title: str = "") -> None:
        """Set the number of units, when it becomes known, and what is going on from now on."""
        if self._bar:
            named = {"description": title} if title else {}
            self._bar.update(self._task, total=total or None, **named)
            self._count()

    def reach(self, done: int) -> None:
        """Say how many units are done in all."""
        if self._bar:
            self._bar.update(self._task, completed=done)
            self._count()

    def follow(self, done: int, total: int, title: str = "") -> None:
        """Say how many units of how many are done, as `scorelet.core.progress.Progress` does."""
        self.expect(total, title)
        self.reach(done)

    def advance(self, note: str = "", *, units: int = 1) -> None:
        """Move on; a note stays until the next one."""
        if self._bar:
            self._bar.update(self._task, advance=units, **({"note": note} if note else {}))
            self._count()

    def _count(self) -> None:
        """Show how many of how many, once that is known."""
        assert self._bar is not None
        task = self._bar.tasks[0]
        if task.total:
            self._bar.update(self._task, counted=f"{task.completed:.0f}/{task.total:.0f}")


def _rich_bar(title: str, total: int, start: int):  # noqa: ANN202 - rich is imported late
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),  # [ may begin a name
        console=Console(stderr=True),
    )
    counted = f"{start}/{total}" if total else ""
    return bar, bar.add_task(title, total=total or None, completed=start, note="", counted=counted)
