"""Which sources compiled code was made of, so that code on disk is never older than they are.

A function compiled by numba takes in other functions and constants, by name, from its own file and
from what that file imports. Its edition is a hash of that file and of all files of the same package
that are imported from there, directly or not, at the top of a module. A process that is older than
a file may have its former text in memory, and has no edition.
"""

import ast
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_BEGUN = time.time_ns()


@cache
def edition(file: Path, package: str) -> str:
    """Return a hash of `file` and of what it imports from the package.

    It is "" if there is no file, or if one has changed since this process has read this module.

    Args:
        file: of a module that has been imported.
        package: first part of the names of the modules that count.
    """
    known, waiting = {}, [file]
    while waiting:
        path = waiting.pop()
        if path not in known and path.is_file():
            if _changed(path) >= _BEGUN:
                return ""
            known[path] = path.read_bytes()
            waiting += _imported(known[path], package)
    text = b"".join(hashlib.sha256(known[path]).digest() for path in sorted(known))
    return hashlib.sha256(text).hexdigest() if known else ""


def _changed(path: Path) -> int:
    """When a file was put in its place, which a copy that keeps the time of the text leaves, too.

    Windows has no such time, and that of the text is taken there.
    """
    status = path.stat()
    return status.st_mtime_ns if os.name == "nt" else status.st_ctime_ns


def _imported(source: bytes, package: str) -> Iterator[Path]:
    """Yield the files of modules that a source imports when it is imported itself."""
    for name in _names(ast.parse(source)):
        module = sys.modules.get(name)
        if module and name.partition(".")[0] == package and module.__file__:
            yield Path(module.__file__)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
