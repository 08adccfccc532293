"""Scattering coefficients of pictures and fields as a table: npz, Parquet or CSV."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.habits import answers
from scorelet.core.options import check_fields, checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Say
from scorelet.tasks.array_files import check_output, writing
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.planning import FileTask
from scorelet.tasks.scatter_input import iter_inputs, plan_inputs
from scorelet.tasks.table_files import check_table, write_table
from scorelet.wavelets import Path as ScatteringPath
from scorelet.wavelets import Scattering2d
from scorelet.wavelets.paths import path_count

SUFFIXES = (".npz", ".parquet", ".csv")
MOST_PATHS = 100_000
"""Coefficients for each position; more are refused before any filter is made."""


@dataclass(frozen=True)
class ScatterSettings:
    """What is computed.

    Args:
        J: number of octaves.
        L: number of angles.
        order: of the longest paths, 1 to 3.
        boundary: reflect or periodic.
        pool: "mean" averages each coefficient over the picture, so that pictures of different
            sizes fit one table; "none" keeps every position and needs pictures of one size.
        channels: 1 takes luma, 3 repeats gray pictures. What is transparent is white.
        device: auto, cpu, cuda or mps.
    """

    J: int = 3
    L: int = 8
    order: int = 2
    boundary: str = "reflect"
    pool: str = "mean"
    channels: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check types, and what the transform itself does not."""
        check_fields(self)
        if self.pool not in ("mean", "none"):
            raise InputError(f"pool is {self.pool!r}: it must be mean or none.")
        if self.channels not in (1, 3):
            raise InputError(f"channels is {self.channels}: it must be 1 or 3.")
        known = self.J > 0 and self.L > 0 and 0 < self.order < 4  # the transform refuses others
        if known and path_count(self.J, self.L, self.order) > MOST_PATHS:
            raise InputError(
                f"J is {self.J} and L is {self.L}: that is more than {MOST_PATHS:,} "
                "coefficients; choose fewer octaves or angles."
            )


@dataclass
class FeatureTable:
    """Features, one row for each picture (page).

    Attributes:
        rows: features of each, float32, or float64 of fields that are.
        names: of the rows: the file, and its page if it has several.
        shape: (path, height, width) of coefficients of one channel, known from the first on.
    """

    rows: list[np.ndarray] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    shape: tuple[int, ...] | None = None


def scatter_files(
    paths: list[Path],
    output: Path,
    *,
    settings: ScatterSettings = ScatterSettings(),
    overwrite: bool = False,
    plan: Callable[[int], None] | None = None,
    say: Say = lambda _text: None,
) -> Iterator[Outcome]:
    """Scatter pictures and fields into one table; yield what became of each file.

    The table is written when the last is done, if any is: rows in the order of the files.

    Args:
        paths: files and folders of pictures, in [0, 1]; and array files of fields in their own
            unit, or FILE:NAME for one array of several, as `field` reads them.
        output: NAME.npz, with the arrays ``features`` (picture, column), ``columns`` and ``files``,
            and for each column its ``channel``, ``order``, ``scales``, ``angles`` (-1 for none) and
            ``position`` (row, column; -1 for the mean); or NAME.parquet or NAME.csv, with a column
            ``file`` and one for each feature.
        settings: what is computed.
        overwrite: replace `output`.
        plan: called with the number of files before the first is worked on.
        say: called with sentences without a full stop, about files that are left out.

    Raises:
        InputError: nothing to do, options that cannot be used, or an output that exists.
    """
    check_output(output, overwrite=overwrite, suffixes=SUFFIXES)
    check_table(output)
    transform = Scattering2d(
        settings.J, settings.L, order=settings.order, boundary=settings.boundary
    )
    choose_device(settings.device)
    tasks = plan_inputs(paths, say=say)
    if plan:
        plan(len(tasks))
    table = FeatureTable()
    yield from run_tasks(
        [replace(task, target=output) for task in tasks],
        lambda task, _publish: _scatter_file(task, transform, settings, table, _publish),
        verb="scatter",
        settings={},
        overwrite=True,  # of the output, which was checked above
        journal=False,
    )
    if table.rows:
        _write(output, table, transform.paths, settings)


def _of_arrays(paths: object = None, *_args: object, **_options: object) -> str:
    """Return what is said where numbers are given for files."""
    first = paths[0] if isinstance(paths, list | tuple) and paths else paths
    if not isinstance(first, np.ndarray | Tensor):
        return ""
    return (
        f"paths is of the type {type(first).__name__}: a table is made of files. Coefficients of "
        "tensors are scorelet.wavelets.Scattering2d(J)(x), with x = torch.from_numpy(array) of an "
        "array; or save it as NAME.npy, and give that."
    )


@answers(_of_arrays)
@checked
def scatter(
    paths: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    settings: ScatterSettings = ScatterSettings(),
    overwrite: bool = False,
) -> dict[str, Any]:
    """Scatter pictures and fields into one table; return what became of them.

    Arguments and errors as in `scatter_files`; one path may stand alone. For arrays and tensors
    there is `scorelet.wavelets.Scattering2d`.

    Returns:
        files (input, pages), failed (input, error), and output, None if no picture could be read.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    target = as_path(output, name="output")
    outcomes = list(
        scatter_files(
            [as_path(path) for path in several], target, settings=settings, overwrite=overwrite
        )
    )
    return summarize(outcomes, target)


def summarize(outcomes: Iterable[Outcome], output: Path) -> dict[str, Any]:
    """Return what became of pictures as a JSON document, see `scatter`."""
    outcomes = list(outcomes)
    done = [{"input": str(o.task.source), **(o.report or {})} for o in outcomes if o.error is None]
    failed = [{"input": str(o.task.source), "error": o.error} for o in outcomes if o.error]
    return {"files": done, "failed": failed, "output": str(output) if done else None}


def _scatter_file(
    task: FileTask,
    transform: Scattering2d,
    settings: ScatterSettings,
    table: FeatureTable,
    _publish: Publish,
) -> dict[str, Any]:
    """Add all pages of a file to the table, or none."""
    found, sizes = [], []
    for x in iter_inputs(task.source, settings.channels):
        sizes.append(x.shape[1:])
        found.append(_coefficients(x, transform, settings))
    for coefficients in found:
        if table.shape is None:
            table.shape = tuple(coefficients.shape[1:])
        if tuple(coefficients.shape[1:]) != table.shape:
            raise InputError(
                f"{task.source} gives {_size(coefficients.shape)} positions for each path, but the "
                f"pictures before give {_size(table.shape)}: use pictures of one size, or --pool "
                "mean."
            )
    for number, coefficients in enumerate(found):
        table.rows.append(coefficients.numpy().reshape(-1))
        table.names.append(f"{task.source}" + (f":{number + 1}" if len(found) > 1 else ""))
    return {"pages": [{"height": height, "width": width} for height, width in sizes]}


def _coefficients(x: Tensor, transform: Scattering2d, settings: ScatterSettings) -> Tensor:
    """Return (channel, path, height, width), height and width 1 where they are pooled."""
    with torch.inference_mode():
        result = transform(x.to(choose_device(settings.device))).cpu()
    return result.mean((-2, -1), keepdim=True) if settings.pool == "mean" else result


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[-2]}x{shape[-1]}"


def _write(
    output: Path, table: FeatureTable, paths: tuple[ScatteringPath, ...], settings: ScatterSettings
) -> None:
    assert table.shape is not None
    _, height, width = table.shape
    places = [(-1, -1)] if settings.pool == "mean" else list(np.ndindex(height, width))
    columns = [
        (channel, path, place)
        for channel in range(settings.channels)
        for path in paths
        for place in places
    ]
    names = [_name(channel, path, place, settings) for channel, path, place in columns]
    features = np.stack(table.rows)
    if output.suffix.lower() != ".npz":
        write_table(output, {"file": table.names, **dict(zip(names, features.T, strict=True))})
        return
    with writing(output) as temporary:
        np.savez_compressed(
            temporary,
            features=features,
            columns=np.array(names),
            files=np.array(table.names),
            channel=np.array([channel for channel, _, _ in columns]),
            order=np.array([path.order for _, path, _ in columns]),
            scales=np.array([_padded(path.scales) for _, path, _ in columns]),
            angles=np.array([_padded(path.angles) for _, path, _ in columns]),
            position=np.array([place for _, _, place in columns]),
        )


def _name(
    channel: int, path: ScatteringPath, place: tuple[int, int], settings: ScatterSettings
) -> str:
    first = f"c{channel}_" if settings.channels > 1 else ""
    return first + path.name + ("" if place[0] < 0 else f"_y{place[0]}_x{place[1]}")


def _padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers, *[-1] * (3 - len(numbers)))
