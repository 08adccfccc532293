"""Compare two files of fields: read, measure, write a report."""

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import STATISTICS, Comparison
from scorelet.analysis.field_statistics.one_unit import are_eight_bits
from scorelet.analysis.field_statistics.sets import (
    FieldSet,
    Line,
    OnStatistic,
    SetComparison,
    compare_sets,
)
from scorelet.analysis.field_statistics.verdicts import neighbour_verdict, summary, verdict
from scorelet.core.errors import InputError
from scorelet.core.numbers import Factor
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.typing import Fields
from scorelet.core.words import counted
from scorelet.data.fields.arrays import FieldShapeError, load_fields
from scorelet.data.fields.chains import load_chains
from scorelet.data.fields.labels import read_remarks
from scorelet.data.fields.preparation import patches as cut
from scorelet.data.fields.source import FieldsInMemory
from scorelet.tasks.array_files import check_output, write_page
from scorelet.tasks.field_model.census import take_census

_MAPS = 10  # of each set, with which a verdict is possible


@checked
def compare(  # noqa: PLR0913 - an argument for each option of the shell
    data: str | Path,
    other: str | Path,
    output: str | Path | None = None,
    *,
    window: str = "none",
    spacing: Factor | None = None,
    patches: int | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    on_statistic: OnStatistic | None = None,
) -> dict[str, Any]:
    """Compare two files of fields; write a report.

    Args:
        data: the reference, see `load_fields`. If a .npz file has an array ``chain`` (n), integers
            that say which Markov chain drew each field, chains are taken as what is independent;
            so are maps that are cut into patches, if there are 10 of each set.
        other: what is compared with it. Where one file holds pictures of 8 bits and the other
            pictures in [0, 1], 255 is read as 1, which is said.
        output: NAME.html, one file with everything in it; None writes nothing.
        window: none for periodic fields, hann for fields that were cut out.
        spacing: side of a pixel in a unit of length: wave numbers are in radians per unit, powers
            densities and distances in units; None: in cycles per side and pixels.
        patches: cut all fields into squares of so many pixels first; those with NaN are left out.
        limit: only the first so many fields of each, before they are cut.
        overwrite: replace an existing report.
        on_statistic: is told the name of each statistic that is done.

    Returns:
        data, other (path, fields, chains, maps, size), window, spacing, warnings, summary,
        statistics and neighbours: what stands in the report, as numbers and sentences. Copies are
        not looked for (neighbours is None) among deviations that are 20 times those of the other.

    Raises:
        InputError: files that cannot be compared.
        ArrayFileError: a file cannot be read or written.
    """
    target = None if output is None else as_path(output, name="output")
    if target is not None:
        check_output(target, overwrite=overwrite, suffixes=(".html",))
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}: at least one field must be compared.")
    said: list[str] = []
    sets = [_prepared(path, patches, limit, said) for path in (data, other)]
    sets = _independent(_in_one_unit(sets, (data, other), said), said)
    found = compare_sets(*sets, window=window, spacing=spacing, on_statistic=on_statistic)
    found.messages[:0] = said
    document = describe(found, {"data": data, "other": other}, sets)
    document |= {"window": window, "spacing": spacing}
    if target is not None:
        from scorelet.tasks.field_report import report

        text = report(document, found, sets)
        write_page(target, text)
        document["output"] = str(target)
    return document


def describe(
    found: SetComparison, paths: dict[str, str | Path], sets: list[FieldSet]
) -> dict[str, Any]:
    """Return what was found as a JSON document."""
    document: dict[str, Any] = {
        key: {
            "path": str(path),
            "fields": len(s.fields),
            "chains": None if s.chain is None or s.cut else s.blocks,
            "maps": s.blocks if s.cut else None,
            "size": list(s.fields.shape[1:]),
        }
        for (key, path), s in zip(paths.items(), sets, strict=True)
    }
    document["warnings"] = found.messages
    document["summary"] = summary(found)
    document["statistics"] = {name: _entry(name, line) for name, line in found.lines.items()}
    near = found.neighbours
    document["neighbours"] = near and {"verdict": neighbour_verdict(near), **_numbers(near)}
    return document


def _entry(name: str, line: Line) -> dict[str, Any]:
    """Return one statistic as a part of the document."""
    axis = line.data.axis
    return {
        "title": STATISTICS[name].title,
        "verdict": verdict(name, line),
        "differs": None if line.comparison.undecided else line.comparison.differs,
        **_numbers(line.comparison),
        "control": _numbers(line.control_comparison),
        "x": axis.x.tolist(),
        "x_label": axis.label,
        "x_unit": axis.unit,
        "points": list(axis.names),
        "curves": list(line.data.labels),
        "unit": line.data.unit,
        **{
            key: {"values": _plain(s.values), "errors": _plain(s.errors)}
            for key, s in (("data", line.data), ("other", line.other))
        },
        "gaussian": None if line.gaussian is None else _plain(line.gaussian),
    }


def _prepared(
    path: str | Path, patches: int | None, limit: int | None, said: list[str]
) -> FieldSet:
    """Read fields and their chains; patches of a field belong to its chain, or to its map.

    Patches with gaps are left out; sentences on that, on what is not read as it is stored, and on
    values that may stand for no data, go to `said`.
    """
    x, chain = _loaded(path), load_chains(path)
    said += [f"{path}: {text}" for text in read_remarks(path)]
    if chain is not None and len(chain) != len(x):
        raise InputError(
            f"{path} says which chain drew {len(chain)} fields, but holds {len(x)}: expected one "
            "number for each."
        )
    x, chain = x[:limit], None if chain is None else chain[:limit]
    of_maps = False
    if patches is not None:
        pieces = cut(x, patches)
        each = len(pieces) // len(x)
        of_maps = chain is None and each > 1
        chain = torch.arange(len(x)) if of_maps else chain
        chain = None if chain is None else chain.repeat_interleave(each)
        x = pieces
    whole = x.isfinite().all((1, 2))
    if not bool(whole.all()):
        said.append(_of_gaps(path, x, whole, patches))
        x, chain = x[whole], None if chain is None else chain[whole]
    said += [f"{path}: {text}" for text in take_census(FieldsInMemory(x)).placeholders()]
    return FieldSet(x, chain, of_maps)


def _loaded(path: str | Path) -> Fields:
    """Return fields; say of pictures in colour which verb compares them.

    Raises:
        InputError, ArrayFileError: as of `load_fields`.
    """
    try:
        return load_fields(path, gaps=True)
    except FieldShapeError as error:
        if len(error.shape) == 4 and 3 in (error.shape[1], error.shape[3]):
            raise InputError(
                f"{error} Pictures in colour are compared by scorelet evaluate --samples."
            ) from None
        raise


def _in_one_unit(
    sets: list[FieldSet], paths: tuple[str | Path, str | Path], said: list[str]
) -> list[FieldSet]:
    """Read pictures of 8 bits as in [0, 1], if those of the other file are."""
    found = list(sets)
    for number, path in enumerate(paths):
        x, unit = sets[number].fields, sets[1 - number].fields
        if are_eight_bits(x, unit):
            found[number] = replace(sets[number], fields=x / 255)
            said.append(
                f"{path} holds 8 bits, {paths[1 - number]} pictures in [0, 1]: 255 is read as 1."
            )
    return found


def _independent(sets: list[FieldSet], said: list[str]) -> list[FieldSet]:
    """Take maps as what is independent, if there are enough; say it if there are not."""
    fewest = min((s.blocks for s in sets if s.cut), default=_MAPS)
    if fewest >= _MAPS:
        return sets
    said.append(
        f"A set has {counted(fewest, 'map')}, so patches are taken for independent, which those of "
        "one map are not: a difference that is found may be chance. "
        f"Give at least {_MAPS} maps of each set, and maps are what is independent."
    )
    return [replace(s, chain=None, cut=False) if s.cut else s for s in sets]


def _of_gaps(path: str | Path, x: Tensor, whole: Tensor, patches: int | None) -> str:
    """Return the sentence on patches with gaps.

    Raises:
        InputError: fields were not cut, or all patches have gaps.
    """
    if patches is None:
        raise InputError(
            f"{path} holds {int((~x.isfinite()).sum())} of {x.numel()} values that are NaN or "
            "infinite: expected finite numbers; cut fields by --patches SIDE, whose squares with "
            "gaps are left out."
        )
    if not bool(whole.any()):
        raise InputError(
            f"{path} has gaps (NaN or infinite) in all {len(x)} patches of {patches} pixels a "
            "side: choose smaller ones."
        )
    return (
        f"{path} has gaps (NaN or infinite) in {int((~whole).sum())} of {len(x)} patches, which "
        "are left out: what is compared is biased if gaps depend on what is in them."
    )


def _numbers(comparison: Comparison) -> dict[str, Any]:
    return {key: _plain(value) for key, value in asdict(comparison).items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a piece of a JSON document
    """Turn tensors into lists, and what JSON has no name for into None."""
    if isinstance(value, Tensor):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
