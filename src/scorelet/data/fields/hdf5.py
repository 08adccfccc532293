"""One data set of an HDF5 or netCDF-4 file."""

from pathlib import Path
from typing import Any

from scorelet.core.errors import MissingExtraError
from scorelet.data.fields.array_choice import choose, choose_grid
from scorelet.data.pictures.errors import RefusedError


def open_hdf5(file: Path, name: str | None) -> Any:  # noqa: ANN401 - h5py
    """Return a data set; its file is open as long as somebody has it."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("h5py", "fields") from error
    with file.open("rb") as stream:
        if stream.read(3) == b"CDF":
            raise RefusedError(
                "is netCDF-3: expected netCDF-4, which is HDF5; convert it by `nccopy -k nc4 OLD "
                "NEW`, or save the array as npy."
            )
    tree = h5py.File(file, "r")
    kinds: dict[str, str] = {}
    tree.visititems(lambda n, item: kinds.update({n: _grid_kind(item, h5py.Dataset)}))
    if name is None:
        chosen = choose_grid(file, kinds)
    else:
        chosen = choose(file, [n for n, kind in kinds.items() if kind], name.strip("/"))
    return tree[chosen]


def _grid_kind(item: Any, dataset: type) -> str:  # noqa: ANN401 - h5py
    """Return the kind of numbers of a data set that has the dimensions of fields."""
    return item.dtype.kind if isinstance(item, dataset) and len(item.shape) >= 2 else ""
