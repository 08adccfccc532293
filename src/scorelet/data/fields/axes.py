"""Which axes of an HDF5 or netCDF-4 array are those of fields, by what the file says of them.

Dimension scales have names, and by the CF conventions, section 4, an attribute axis, standard_name
or units; a dimension may have a label. Rows and columns stay as they are stored, (lon, lat) too:
masks, coarse fields and arrays in the user's own hands have the same order.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

_KINDS = {
    "space": re.compile(
        "x|y|nx|ny|[nr]?lat|latitude|[nr]?lon|longitude|rows?|col(umn)?s?|width|"
        "south|north|west|east|easting|northing|ra|dec"
    ),
    "other": re.compile(
        "t|n|time|samples?|members?|reali[sz]ation|ensemble|number|batch|step|snapshots?|frames?|"
        "fields?|maps?|draw|chain|run|record"
    ),
    "colour": re.compile("channels?|colou?rs?|rgba?"),
}


def axis_names(dataset: Any) -> list[str]:  # noqa: ANN401 - h5py
    """Return what axes are called: by their labels, their scales, or else by their numbers."""
    called = [next(_names(dimension), "") for dimension in dataset.dims]
    return [name or f"axis {k + 1}" for k, name in enumerate(called)]


def axis_order(dataset: Any) -> list[int]:  # noqa: ANN401 - h5py
    """Return the axes of an array of three or more, those of its fields last.

    What is said to be no space, or where nothing is said has no limit, comes first; so does a
    height or level beside two axes that are said to be horizontal. Where it is not clear
    which two are space, or one is of colours, all stays as stored. Of the others those of length 1
    are the last.
    """
    numbers = list(range(len(dataset.shape)))
    kinds = [_kind(*pair) for pair in zip(dataset.dims, dataset.maxshape, strict=True)]
    space = [k for k in numbers if kinds[k] == "space"]
    if len(space) != 2:
        space = [k for k in numbers if kinds[k] != "other"]
    if len(space) != 2 or "colour" in kinds:
        return numbers
    others = [k for k in numbers if k not in space]
    return sorted(others, key=lambda k: dataset.shape[k] == 1) + space


def said_of_order(name: str, names: Sequence[str], order: Sequence[int]) -> list[str]:
    """Return a sentence on axes that were moved."""
    if list(order) == sorted(order):
        return []
    moved = [names[k] for k in order]
    return [
        f"{name} is stored as ({', '.join(names)}) and read as ({', '.join(moved)}): fields are "
        f"({', '.join(moved[-2:])})."
    ]


def _kind(dimension: Any, limit: int | None) -> str:  # noqa: ANN401 - h5py
    """Return one of `_KINDS`, or nothing if that is not said."""
    words = {word for text in _said(dimension) for word in re.split(r"[^a-z]+", text.lower())}
    kinds = [kind for kind, known in _KINDS.items() if any(map(known.fullmatch, words))]
    if len(kinds) == 1:
        return kinds[0]
    return "other" if not kinds and limit is None else ""


def _names(dimension: Any) -> Iterator[str]:  # noqa: ANN401 - h5py
    if dimension.label:
        yield dimension.label
    for scale in dimension.values():
        yield (scale.name or "").rpartition("/")[2]


def _said(dimension: Any) -> Iterator[str]:  # noqa: ANN401 - h5py
    """Yield what a dimension and its scales are called; units of CF are words of their own."""
    yield from _names(dimension)
    for scale in dimension.values():
        yield from (_text(scale, key) for key in ("standard_name", "axis"))
        unit = _text(scale, "units")
        yield {"degrees_north": "lat", "degrees_east": "lon"}.get(unit, "")
        yield "time" if " since " in unit else ""


def _text(scale: Any, key: str) -> str:  # noqa: ANN401 - h5py
    value = scale.attrs.get(key, "")
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
