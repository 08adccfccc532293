"""What the verbs over files and folders share in the shell."""

from typing import TYPE_CHECKING, Any

from scorelet.cli.options import Shared
from scorelet.core.errors import InputError

if TYPE_CHECKING:
    from scorelet.tasks.jobs import Outcome
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.tiling import TileSide


def parse_tile(text: str) -> "TileSide":
    """Turn auto, none or a number into the tile of `DenoiseSettings`."""
    if text.lower() == "auto":
        return "auto"
    if text.lower() == "none":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"--tile {text}: use auto, none or a side in pixels.")
    return int(text)


class Watch:
    """Moves the bar: by its parts for one file, by files for several."""

    def __init__(self, bar: "Bar", shared: Shared) -> None:
        self.bar, self.shared, self.alone = bar, shared, True

    def files(self, count: int) -> None:
        """See `Listener`, and so below."""
        self.alone = count == 1
        if not self.alone:
            self.bar.expect(count)

    def part(self, done: int, count: int) -> None:  # noqa: D102
        if self.alone:
            self.bar.follow(done, count)

    def left_out(self, text: str) -> None:  # noqa: D102
        self.shared.warn(f"{text}.")

    def done(self, name: str) -> None:
        """Move on by a file."""
        if not self.alone:
            self.bar.advance(name)


def finish(outcomes: "list[Outcome]", seconds: float, shared: Shared) -> int:
    """Print the document, and how many files are done; return the exit status.

    It is that of an output that cannot be written where the job has ended with an error.
    """
    failed = [{"input": str(o.task.source), "error": o.error} for o in outcomes if o.error]
    done = [o.report for o in outcomes if o.report is not None]
    document: dict[str, Any] = {"files": done, "failed": failed, "seconds": round(seconds, 2)}
    shared.emit(document)
    if len(outcomes) > 1:
        shared.say(f"{len(done)} done, {len(failed)} failed, {seconds:.1f} s")
    if failed:
        return 1 if done and not outcomes[-1].ends else 2
    return 0
