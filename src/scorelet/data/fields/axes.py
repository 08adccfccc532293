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
    "swath": re.compile("(scan)?lines?|scans?|pixels?|[a-z]*tracks?"),
    "line": re.compile("rows?|(scan)?lines?|scans?"),
    "sample": re.compile("samples?"),
    "other": re.compile(
        "t|time|samples?|members?|reali[sz]ation|ensemble|batch|step|snapshots?|frames?|"
        "fields?|maps?|draw|chain|run|record"
    ),
    "colour": re.compile("channels?|colou?rs?|rgba?"),
}
"""What an axis is, by words of its names; `swath` is space, too, where nothing else is."""
_WHOLE = re.compile("n|number")
"""Names of samples that are words of counts, too: number of scans."""


def axis_names(dataset: Any) -> list[str]:  # noqa: ANN401 - h5py
    """Return what axes are called: by their labels, their scales, or else by their numbers."""
    called = [next(_names(dimension), "") for dimension in dataset.dims]
    return [name or f"axis {k + 1}" for k, name in enumerate(called)]


def axis_order(dataset: Any) -> list[int]:  # noqa: ANN401 - h5py
    """Return the axes of an array of three or more, those of its fields last.

    What is said to be no space, or where nothing is said has no limit, comes first; so does what
    stands beside two axes that are said to be horizontal, as a height or a channel. Where it is not
    clear which two are space, or pictures have their colours last, all stays as stored. Of
    the others those of length 1 are the last.
    """
    numbers = list(range(len(dataset.shape)))
    kinds = [_kinds(*pair) for pair in zip(dataset.dims, dataset.maxshape, strict=True)]
    colours = any(_is(found, "colour") for found in kinds)
    space = _said_space(kinds)
    if len(space) != 2 and not colours:
        space = [k for k in numbers if not _is(kinds[k], "other")]
    if len(space) != 2 or (colours and len(numbers) > 3):
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


def _said_space(kinds: Sequence[set[str]]) -> list[int]:
    """Return the axes that are said to be horizontal: two, if it is clear which.

    Samples of a scan line, which is said before them, are its pixels.
    """
    sure = [k for k, found in enumerate(kinds) if _is(found, "space")]
    wide = [k for k, found in enumerate(kinds) if _is(found, "space", "swath")]
    samples = [k for k, found in enumerate(kinds) if "sample" in found]
    if len(wide) == len(samples) == 1 and "line" in kinds[wide[0]] and wide[0] < samples[0]:
        return wide + samples
    return sure if len(sure) == 2 else wide


def _is(found: set[str], *kinds: str) -> bool:
    """Whether an axis is said to be of one of these kinds, and of no other one."""
    plain = found - {"line", "sample"}
    return bool(plain) and plain.issubset(kinds)


def _kinds(dimension: Any, limit: int | None) -> set[str]:  # noqa: ANN401 - h5py
    """Return all of `_KINDS` that are said; what nothing is said of and has no limit is other."""
    texts = [text.lower() for text in _said(dimension)]
    words = {word for text in texts for word in re.split(r"[^a-z]+", text)}
    found = {kind for kind, known in _KINDS.items() if any(map(known.fullmatch, words))}
    if any(map(_WHOLE.fullmatch, texts)) or (not found and limit is None):
        found.add("other")
    return found


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
