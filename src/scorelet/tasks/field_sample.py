"""Draw samples of a model of fields into a file; an interrupted run goes on where it was.

Pieces that are done lie in a hidden folder beside the output until the whole is written. A sample
depends on (model, seed, number) only, so a run that is resumed gives the same samples.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress
from scorelet.data.fields.arrays import load_fields, split_name
from scorelet.tasks.array_files import LABELLED, check_output, check_space, write_array
from scorelet.tasks.field_model.census import BATCH_PIXELS
from scorelet.tasks.field_model.drawn import write_sampled
from scorelet.tasks.field_model.fields import as_source
from scorelet.tasks.field_model.likeness import unlike_fields
from scorelet.tasks.field_model.model import FieldModel
from scorelet.tasks.field_model.refining import far_coarse
from scorelet.tasks.field_model.report import MOST, Sampled
from scorelet.tasks.field_model.said import said_of_missed
from scorelet.tasks.field_model.scale import needs_double
from scorelet.tasks.field_model.sizes import check_size_of
from scorelet.tasks.field_model.watch import unsettled
from scorelet.tasks.field_pieces import Pieces, digest
from scorelet.tasks.locks import Locks
from scorelet.zoo import locate_weights


@checked
def sample(  # noqa: PLR0913 - as many as the command has options
    model: str | Path,
    count: int,
    output: str | Path,
    *,
    seed: int = 0,
    steps: int | None = None,
    size: tuple[int, int] | None = None,
    coarse: str | Path | None = None,
    report: str | Path | None = None,
    data: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Draw `count` fields of a model into a file, (n, h, w) float32, or float64 where they need it.

    Args:
        model: NAME.safetensors of `scorelet field fit`, or a built-in name.
        count: n, number of samples.
        output: NAME.npy; NAME.npz, NAME.h5 or NAME.fits also hold name and unit of the fields.
        seed: any non-negative integer; sample i depends on (model, seed, i) only.
        steps: of the chain of each band; those of the fit if None.
        size: (h, w); that of the data if None, see `FieldModel.sample`.
        coarse: file of coarse fields, which samples continue to fine scales; see
            `FieldModel.sample`.
        report: NAME.html: the samples, their statistics and chains, and what is certified of the
            model; None writes nothing.
        data: fields that the report compares samples with; None shows the samples alone.
        resume: take over what an interrupted run of the same command has done.
        overwrite: replace an existing file.
        progress: is told how many samples are done.

    Returns:
        What JSON holds, by name (output, report, model, coarse if given, n, size, seed, steps,
        seconds, warnings, chains), and of the chains of each band size, epsilon, acceptance, steps,
        tau_energy and tau_detail (autocorrelation times in steps), states (independent ones in a
        chain) and r_hat; of the first 16 chains, see `ChainWatch.bands`.

    Raises:
        InputError: anything that cannot be drawn; another job is at work on the same output; what
            is to be resumed is a run with another model or other options; data without a report,
            or that the samples would replace.
        ArrayFileError, CheckpointError: a file that cannot be read or written.
    """
    start, target = time.perf_counter(), as_path(output, name="output")
    check_output(target, overwrite=overwrite, suffixes=LABELLED)
    if count < 1 or seed < 0:
        raise InputError(
            f"Asked for {count} samples from seed {seed}: give at least one sample, and a seed of "
            "at least 0."
        )
    page = _checked_page(report, data, target, overwrite=overwrite)
    loaded = FieldModel.load(model)
    if steps is not None:
        loaded = loaded.with_steps(steps)
    height, width = check_size_of(loaded.model, size or loaded.size)
    check_space(target, 8 * count * height * width)
    below = None if coarse is None else load_fields(coarse)
    record = {"n": count, "size": [height, width], "seed": seed, "steps": loaded.steps}
    key = {"model": digest(locate_weights(model).read_bytes()), **record}
    if below is not None:
        key["coarse"] = digest(below.numpy().tobytes())
    pieces = Pieces(target, key)
    named = {"output": str(target), "report": page and str(page), "model": str(model)}
    if coarse is not None:
        named["coarse"] = str(coarse)
    most = max(1, BATCH_PIXELS // (height * width))
    label = loaded.label
    description = {**named, **record, "chains": loaded.chains, **asdict(label)}
    shape = count, height, width
    first: list[np.ndarray] = []
    with pieces, Locks("field-sample") as locks:
        pieces.open(locks, resume=resume)
        drawn = pieces.all(loaded, record, below, most, progress)
        write_array(
            target,
            _kept(drawn, first),
            shape,
            description=description,
            label=label,
            overwrite=overwrite,
            kind="f8" if needs_double(loaded.record["field"]) else "f4",
        )
        fields, chains = torch.from_numpy(np.concatenate(first)[:MOST]), pieces.chains()
        known = loaded.record["field"]
        said = unlike_fields(known, fields) if below is None else far_coarse(loaded.model, below)
        said = [*unsettled(chains), *said_of_missed(loaded.record["bands"]), *said]
        if page is not None:
            facts = {"model": str(model), "samples": str(target)}
            facts |= {} if data is None else {"data": str(data)}
            write_sampled(page, loaded, Sampled(fields, chains), data, facts)
        pieces.remove()
    told = [{key: value for key, value in band.items() if key != "traces"} for band in chains]
    seconds = round(time.perf_counter() - start, 2)
    return {**named, **record, "chains": told, "warnings": said, "seconds": seconds}


def _checked_page(
    report: str | Path | None, data: str | Path | None, target: Path, *, overwrite: bool
) -> Path | None:
    """Return the path of a report whose fields are there, before anything is drawn.

    Raises:
        InputError: fields without a report, that the samples would replace, or that are not there.
        ArrayFileError: a file that cannot be read.
    """
    if report is None:
        if data is not None:
            raise InputError("--data is what a report compares samples with: give --report, too.")
        return None
    page = as_path(report, name="report")
    check_output(page, overwrite=overwrite, suffixes=(".html",))
    if data is not None:
        as_source(data)
        if (file := split_name(data)[0]).is_file() and target.exists() and file.samefile(target):
            raise InputError(
                f"The samples would replace {file}, which they are compared with: choose another "
                "-o."
            )
    return page


def _kept(pieces: Iterator[np.ndarray], first: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Pass pieces on; keep the first `MOST` fields."""
    for piece in pieces:
        if sum(map(len, first)) < MOST:
            first.append(piece)
        yield piece
