"""One data set of an HDF5 or netCDF file, through links to others, too."""

from collections import deque
from itertools import accumulate
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError, MissingExtraError
from scorelet.data.fields.array_choice import choose, choose_grid
from scorelet.data.fields.netcdf3 import NetCDF3
from scorelet.data.pictures.errors import RefusedError


def open_hdf5(file: Path, name: str | None) -> Any:  # noqa: ANN401 - h5py or `Variable`
    """Return a data set; its file is open as long as somebody has it.

    Which kind of file it is, its first bytes say.

    Raises:
        InputError: several data sets and no choice, none of that name, or a link to nothing.
    """
    tree = _opened(file)
    if name is not None:
        name = name.strip("/")
        _refuse_broken(file, tree, name)
        item = _linked(tree, name)
        if _is_grid(item):
            return item
    grids, broken = _grids(tree)
    if name is None and not grids and broken:
        _refuse_broken(file, tree, broken[0])
    if name is None:
        kinds = {n: grid.dtype.kind for n, grid in grids.items()}
        return grids[choose_grid(file, kinds, {n: grid.size for n, grid in grids.items()})]
    return grids[choose(file, list(grids), name)]


def _opened(file: Path) -> Any:  # noqa: ANN401 - h5py or `NetCDF3`
    with file.open("rb") as stream:
        first = stream.read(4)
    if first in (b"CDF\1", b"CDF\2"):
        return NetCDF3(file)
    if first[:2] == b"\xcd\xf3":
        raise RefusedError(
            "is a CDF of space physics, which is not netCDF: convert it to netCDF-4, or save the "
            "array as npy."
        )
    if first == b"CDF\5":
        raise RefusedError(
            "is netCDF-3 with sizes of 64 bits: expected netCDF-4, which is HDF5; convert it by "
            "`nccopy -k nc4 OLD NEW`, or save the array as npy."
        )
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "fields") from error
    return h5py.File(file, "r")


def files_of(dataset: Any) -> list[Path]:  # noqa: ANN401 - h5py
    """Return the files that hold the numbers of a data set: of a virtual one all that it joins.

    Raises:
        InputError: one is not there, in whose place HDF5 would read the same number everywhere.
    """
    own = Path(dataset.file.filename)
    joined = dataset.virtual_sources() if dataset.is_virtual else []
    names = sorted({s.file_name for s in joined if s.file_name != "." and "%" not in s.file_name})
    found = [next(filter(Path.exists, (own.parent / n, Path(n))), None) for n in names]
    if None in found:
        raise InputError(
            f"{own}:{dataset.name.strip('/')} joins arrays of {len(names)} other files, of which "
            f"{names[found.index(None)]} is not there: bring all of them to where they were."
        )
    return [own, *filter(None, found)]


def _grids(tree: Any) -> tuple[dict[str, Any], list[str]]:  # noqa: ANN401 - h5py
    """Return data sets with the dimensions of fields by name, and names of links to nothing.

    Each is there once: what soft and external links lead to only where no group holds it; so
    circles of links end. What others name as their coordinates or bounds is left out.
    """
    found, broken, seen, beside = {}, [], set(), set()
    held, linked = deque([("", tree["/"])]), deque()
    while held or linked:
        if held:
            path, item = held.popleft()
        else:
            path = linked.popleft()
            item = _linked(tree, path)
        if item is None:
            broken.append(path)
        if item is None or item in seen:
            continue
        seen.add(item)
        beside |= _beside(path, item)
        if _is_grid(item):
            found[path] = item
        for key in item if hasattr(item, "keys") else ():
            below = f"{path}/{key}".strip("/")
            if _link(item, key) is None:
                held.append((below, item[key]))
            else:
                linked.append(below)
    return {path: grid for path, grid in found.items() if path not in beside}, broken


def _beside(path: str, item: Any) -> set[str]:  # noqa: ANN401 - h5py
    """Return paths of what belongs to a data set, by the CF conventions, sections 5 and 7."""
    if not hasattr(item, "shape"):
        return set()
    said = [item.attrs.get(key, "") for key in ("coordinates", "bounds", "climatology")]
    texts = [text.decode(errors="replace") if isinstance(text, bytes) else text for text in said]
    names = [name for text in texts if isinstance(text, str) for name in text.split()]
    group = path.rpartition("/")[0]
    return {f"{group}/{name}".strip("/") for name in names}


def _linked(tree: Any, path: str) -> Any:  # noqa: ANN401 - h5py
    """Return what a path leads to, through links; None if there is nothing."""
    try:
        return tree[path]
    except (KeyError, OSError, RuntimeError, ValueError):
        return None


def _link(group: Any, key: str) -> Any:  # noqa: ANN401 - h5py
    """Return a link to another place or file; None if the group itself holds what it names."""
    link = group.get(key, getlink=True)
    return link if hasattr(link, "path") else None


def _refuse_broken(file: Path, tree: Any, path: str) -> None:  # noqa: ANN401 - h5py
    """Raise InputError if a path is, or goes through, a link to nothing."""
    for part in accumulate(path.split("/"), "{}/{}".format):
        if _linked(tree, part) is not None:
            continue
        link = _link(tree, part)
        if link is None:
            return
        target = f"{link.path} of {link.filename}" if hasattr(link, "filename") else link.path
        raise InputError(
            f"{file}:{part} is a link to {target}, where nothing can be opened: expected an array; "
            "name the array itself, or bring the file back that held it."
        )


def _is_grid(item: Any) -> bool:  # noqa: ANN401 - h5py
    """Return whether it is a data set that has the dimensions of fields."""
    return len(getattr(item, "shape", None) or ()) >= 2
