"""Code of the user's own, run because the user named it: it registers kinds, tasks and measures.

Nothing is imported that a model, a configuration or data name: what runs is what was typed.
"""

import importlib
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from scorelet.core.errors import InputError, one_line
from scorelet.core.paths import as_path


def import_code(name: str) -> None:
    """Run a file of Python, or import a module, once in a process.

    A file becomes the module of its name, and modules beside it can be imported by it, as if it
    had been started by ``python FILE``.

    Args:
        name: the path of a file that ends in ``.py``, or the dotted name of a module that Python
            finds.

    Raises:
        InputError: nothing there, a name that another module has, or code that raises.
    """
    path = as_path(name, name="module")
    try:
        if path.suffix == ".py":
            _run_file(path.resolve())
        else:
            importlib.import_module(name)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{name} cannot be imported: {type(error).__name__}: {one_line(error)}."
        ) from error


def _run_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"There is no file {path}: give a .py file or the name of a module.")
    known = sys.modules.get(path.stem)
    if known is not None:
        if getattr(known, "__file__", None) == str(path):
            return
        raise InputError(f"A module {path.stem} is loaded already: give {path} another name.")
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.append(folder)  # at the end: it takes no other module's place
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[path.stem] = module  # so that processes of a data loader find its classes
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
