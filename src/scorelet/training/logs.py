"""The log of a run: one JSON document a line, and TensorBoard beside it."""

import json
from pathlib import Path
from typing import Any

from scorelet.core.errors import MissingExtraError
from scorelet.core.files import write_text


class RunLog:
    """Append measurements to ``log.jsonl``; a resumed run forgets what came after its state.

    Args:
        folder: where the log lies.
        step: steps that the run has behind it; later lines are dropped.
        tensorboard: also write TensorBoard events, under ``tensorboard/``.
    """

    def __init__(self, folder: Path, *, step: int = 0, tensorboard: bool = True) -> None:
        self.path = Path(folder) / "log.jsonl"
        kept = [line for line in read_log(self.path) if line["step"] <= step]
        write_text(self.path, "".join(json.dumps(line) + "\n" for line in kept))
        self.board = _summary_writer(Path(folder) / "tensorboard", step) if tensorboard else None

    def write(self, step: int, **values: Any) -> None:  # noqa: ANN401 - numbers by name
        """Add one line."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, **values}) + "\n")
        if self.board:
            for name, value in values.items():
                if isinstance(value, int | float):
                    self.board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush TensorBoard's events."""
        if self.board:
            self.board.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log; a last line that was cut off by a kill is left out."""
    lines = []
    if Path(path).exists():
        for text in Path(path).read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
    return lines


def _summary_writer(folder: Path, step: int) -> Any:  # noqa: ANN401 - an optional dependency's class
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("tensorboard", "train") from error
    return SummaryWriter(str(folder), purge_step=step + 1)
