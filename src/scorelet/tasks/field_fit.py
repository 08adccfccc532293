"""Fit a model of fields to a file, and save it."""

import time
import warnings
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress
from scorelet.tasks.array_files import check_folder, check_output
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.drawn import write_report
from scorelet.tasks.field_model.model import FieldModel

SUFFIX = ".safetensors"


@checked
def fit(
    data: str | Path,
    output: str | Path,
    *,
    model: FieldModel | None = None,
    mask: str | Path | None = None,
    report: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fit a model to a file of fields and write it to NAME.safetensors.

    Args:
        data: fields, see `scorelet.data.fields.arrays.load_fields`.
        output: NAME.safetensors.
        model: with the options that are wanted; None takes the defaults.
        mask: a file, true where pixels are no data, see `scorelet.data.fields.masked.as_mask`.
        report: NAME.html: samples beside the fields, the energy, what is certified; None writes
            nothing.
        overwrite: replace an existing file.
        progress: is told how many fields are done.

    Returns:
        output, report, data, mask if there is one, seconds, and the record of the model: field,
        family, chains, bands.

    Raises:
        InputError: fields that cannot be fitted, or an output that is refused.
        ArrayFileError, CheckpointError: a file that cannot be read or written.
    """
    start, target = time.perf_counter(), as_path(output, name="output")
    if target.suffix != SUFFIX or target.is_dir():
        raise InputError(f"{target} is no name of a model: expected NAME{SUFFIX}.")
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already: choose another -o, or add --overwrite.")
    check_folder(target)
    page = None if report is None else as_path(report, name="report")
    if page is not None:
        check_output(page, overwrite=overwrite, suffixes=(".html",))
    masked = {} if mask is None else {"mask": str(mask)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FieldWarning)  # they are in the record
        fitted = (model or FieldModel()).fit(data, mask=mask, progress=progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    fitted.save(target)
    if page is not None:
        facts = {"model": str(target), "data": str(data)} | masked
        write_report(page, fitted, data, facts, mask)
    seconds = round(time.perf_counter() - start, 2)
    named = {"output": str(target), "report": page and str(page), "data": str(data)}
    return {**named, **masked, **fitted.record, "seconds": seconds}
