"""Count what lies between the shell and the file: files and functions of scorelet that run.

    python scripts/count_reading.py denoise photo.png -o clean.png

Functions that run while modules are imported, comprehensions and lambdas do not count.
"""

import sys
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

import scorelet
from scorelet.cli.main import run

ROOT = Path(scorelet.__file__).parent


class Trace:
    """Remembers which functions of the package have been called, by file."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = defaultdict(set)

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:  # noqa: ANN401
        """Take in one event of the interpreter."""
        code = frame.f_code
        if event != "call" or code.co_name.startswith("<") or not _is_ours(code.co_filename):
            return
        caller = frame.f_back
        while caller is not None:
            if caller.f_code.co_name == "<module>" and _is_ours(caller.f_code.co_filename):
                return
            caller = caller.f_back
        self.found[str(Path(code.co_filename).relative_to(ROOT))].add(code.co_qualname)


def _is_ours(filename: str) -> bool:
    return filename.startswith(f"{ROOT}/")


def main() -> None:
    """Run a command under the trace and print what it passed."""
    trace = Trace()
    sys.setprofile(trace)
    status = run(sys.argv[1:])
    sys.setprofile(None)
    for name, functions in sorted(trace.found.items()):
        print(f"{name}: {', '.join(sorted(functions))}")
    functions = sum(map(len, trace.found.values()))
    print(f"{len(trace.found)} files, {functions} functions; exit status {status}")


if __name__ == "__main__":
    main()
