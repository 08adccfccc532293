"""Count what a newcomer meets from the shell to the file: the files and functions that run.

python scripts/walk.py denoise examples/noisy.png -o /tmp/clean.png --overwrite
python scripts/walk.py --list field compare a.npy b.npy -o /tmp/report.html
python scripts/walk.py --python "import torch; from scorelet.wavelets import Scattering2d; \
    Scattering2d(2)(torch.rand(1, 1, 32, 32))"

The last lines add up by folder. A function counts when it was called, once; comprehensions and
lambdas count as the function that they stand in, and code that runs when a module is imported does
not count. A file counts when one of its functions was called.
"""

import argparse
import inspect
import sys
import threading
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType

import scorelet

ROOT = Path(scorelet.__file__).parent
_NAMELESS = ("<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<module>")


class Walk:
    """The code of the package that was called."""

    def __init__(self) -> None:
        self.seen: set[CodeType] = set()

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take note of a call (the signature of `sys.setprofile`)."""
        code = frame.f_code
        if event == "call" and code not in self.seen and _is_ours(code) and not _at_import(frame):
            self.seen.add(code)

    def functions(self) -> dict[str, list[str]]:
        """Return the names of the functions by file, relative to the package."""
        found = defaultdict(list)
        for code in self.seen:
            found[str(Path(code.co_filename).relative_to(ROOT))].append(code.co_qualname)
        return {name: sorted(set(functions)) for name, functions in sorted(found.items())}


def _is_ours(code: CodeType) -> bool:
    """Whether it is a named function of the package; bodies of classes are not optimised code."""
    named = code.co_name not in _NAMELESS and code.co_flags & inspect.CO_OPTIMIZED
    return bool(named) and Path(code.co_filename).is_relative_to(ROOT)


def _at_import(frame: FrameType) -> bool:
    """Whether a module of the package is being imported."""
    above = frame.f_back
    while above is not None:
        if above.f_code.co_name == "<module>" and str(ROOT) in above.f_code.co_filename:
            return True
        above = above.f_back
    return False


def walk(words: list[str], *, python: bool = False) -> dict[str, list[str]]:
    """Run a command of the shell, or Python code, and return the functions that it called."""
    from scorelet.cli.main import main

    notes = Walk()
    threading.setprofile(notes)
    sys.setprofile(notes)
    try:
        if python:
            exec(words[0], {})  # the user's own words
        else:
            main(words)
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # ty: ignore[invalid-argument-type]
    return notes.functions()


def rooms(found: dict[str, list[str]]) -> dict[str, tuple[int, int]]:
    """Return the numbers of files and functions by folder."""
    counts: dict[str, tuple[int, int]] = {}
    for name, functions in found.items():
        room = str(Path(name).parent)
        files, before = counts.get(room, (0, 0))
        counts[room] = files + 1, before + len(functions)
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="name the functions")
    parser.add_argument("--python", action="store_true", help="the words are Python code")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    found = walk(options.words, python=options.python)
    for name, functions in found.items():
        print(f"{len(functions):4d}  {name}" + (f"  {' '.join(functions)}" if options.list else ""))
    for room, (files, functions) in rooms(found).items():
        print(f"{files:4d} files, {functions:3d} functions  {room}")
    print(f"{len(found)} files, {sum(map(len, found.values()))} functions")
