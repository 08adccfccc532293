"""Compare two sets of fields: every statistic, a control, a verdict, a report."""

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import (
    STATISTICS,
    Comparison,
    Statistic,
    compare_neighbours,
    compare_statistics,
    gaussian_reference,
    nearest_neighbours,
    phase_randomized,
    power_map,
)
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.preparation import patches as cut
from scorelet.tasks.array_files import check_output, writing

Progress = Callable[[str], None]
"""Is told which statistic is done."""


@dataclass(frozen=True)
class Line:
    """One statistic of the data, of what is compared, and of the control.

    Attributes:
        data, other, control: the statistic.
        gaussian: values of a Gaussian field with the power of the data, if known.
        comparison: other with data.
        control_comparison: control with data.
    """

    data: Statistic
    other: Statistic
    control: Statistic
    gaussian: Tensor | None
    comparison: Comparison
    control_comparison: Comparison


@dataclass(frozen=True)
class FieldComparison:
    """Everything that `compare_fields` found.

    Attributes:
        lines: by name of the statistic.
        neighbours: nearest neighbours of the other fields among the data; None for a single field.
        control: the data with random phases.
        messages: warnings, each once.
    """

    lines: dict[str, Line]
    neighbours: Comparison | None
    control: Fields
    messages: list[str] = field(default_factory=list)


def compare_fields(
    data: Fields, other: OtherFields, *, window: str = "none", progress: Progress | None = None
) -> FieldComparison:
    """Measure all statistics of two sets of fields, and of the data with random phases.

    Args:
        data: (n, h, w).
        other: (m, h, w).
        window: none for periodic fields, hann for fields that were cut out.
        progress: is told the name of each statistic that is done.

    Raises:
        InputError: the sizes differ, or fields cannot be measured.
    """
    if data.shape[1:] != other.shape[1:]:
        raise InputError(
            f"The sets have fields of {_size(data)} and {_size(other)} pixels: expected one size; "
            "cut both with --patches, or crop or average the larger ones."
        )
    control = phase_randomized(data, rng=generator(0))
    lines, messages = {}, _too_few(data, other)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        power = power_map(data, window=window)
        for name in STATISTICS:
            try:
                lines[name] = _measure(name, (data, other, control), window, power)
            except InputError as error:
                messages.append(f"{STATISTICS[name].title} is left out: {error}")
            if progress:
                progress(name)
    if not lines:
        raise InputError(messages[-1])
    neighbours = compare_neighbours(nearest_neighbours(other, data)) if len(data) > 1 else None
    messages += dict.fromkeys(str(w.message) for w in caught if w.category is not RuntimeWarning)
    return FieldComparison(lines, neighbours, control, list(messages))


def compare(
    data: str | Path,
    other: str | Path,
    output: str | Path | None = None,
    *,
    window: str = "none",
    patches: int | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare two files of fields; write a report.

    Args:
        data: the reference, see `load_fields`.
        other: what is compared with it.
        output: NAME.html, one file with everything in it; None writes nothing.
        window: none for periodic fields, hann for fields that were cut out.
        patches: cut all fields into squares of so many pixels first.
        limit: only the first so many fields of each.
        overwrite: replace an existing report.
        progress: is told the name of each statistic that is done.

    Returns:
        data, other (path, fields, size), window, warnings, summary, statistics and neighbours:
        what stands in the report, as numbers and sentences.

    Raises:
        InputError: files that cannot be compared.
        ArrayFileError: a file cannot be read or written.
    """
    target = None if output is None else Path(output)
    if target is not None:
        check_output(target, overwrite=overwrite, suffixes=(".html",))
    if limit is not None and limit < 1:
        raise InputError(f"limit is {limit}: at least one field must be compared.")
    sets = [_prepared(path, patches, limit) for path in (data, other)]
    found = compare_fields(*sets, window=window, progress=progress)
    document = describe(found, {"data": data, "other": other}, sets) | {"window": window}
    if target is not None:
        from scorelet.tasks.field_report import report

        text = report(document, found, sets)
        with writing(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        document["output"] = str(target)
    return document


def describe(
    found: FieldComparison, paths: dict[str, str | Path], sets: list[Tensor]
) -> dict[str, Any]:
    """Return what was found as a JSON document."""
    from scorelet.tasks.field_verdicts import neighbour_verdict, summary, verdict

    document: dict[str, Any] = {
        key: {"path": str(path), "fields": len(x), "size": list(x.shape[1:])}
        for (key, path), x in zip(paths.items(), sets, strict=True)
    }
    document["warnings"] = found.messages
    document["summary"] = summary(found)
    document["statistics"] = {
        name: {
            "title": STATISTICS[name].title,
            "verdict": verdict(name, line),
            "differs": line.comparison.differs if line.comparison.decidable else None,
            **_numbers(line.comparison),
            "control": _numbers(line.control_comparison),
            "x": line.data.axis.x.tolist(),
            "x_label": line.data.axis.label,
            "x_unit": line.data.axis.unit,
            "points": list(line.data.axis.names),
            "curves": list(line.data.labels),
            "unit": line.data.unit,
            **{
                key: {"values": _plain(s.values), "errors": _plain(s.errors)}
                for key, s in (("data", line.data), ("other", line.other))
            },
            "gaussian": None if line.gaussian is None else _plain(line.gaussian),
        }
        for name, line in found.lines.items()
    }
    near = found.neighbours
    document["neighbours"] = near and {"verdict": neighbour_verdict(near), **_numbers(near)}
    return document


def _prepared(path: str | Path, patches: int | None, limit: int | None) -> Fields:
    x = load_fields(path)
    x = x if patches is None else cut(x, patches)
    return x[:limit]


def _measure(name: str, sets: tuple[Tensor, ...], window: str, power: Tensor) -> Line:
    measure = STATISTICS[name].measure
    data = measure(sets[0], window=window)
    other, control = (measure(x.to(sets[0]), window=window, like=data) for x in sets[1:])
    return Line(
        data,
        other,
        control,
        gaussian_reference(power, data),
        compare_statistics(data, other),
        compare_statistics(data, control),
    )


def _too_few(data: Fields, other: OtherFields) -> list[str]:
    if min(len(data), len(other)) > 1:
        return []
    return [
        "A set has one field, so there are no errors over fields: give more fields, or cut them by "
        "--patches SIDE."
    ]


def _size(x: Fields) -> str:
    return f"{x.shape[1]}x{x.shape[2]}"


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
    if isinstance(value, float) and not torch.tensor(value).isfinite():
        return None
    return value
