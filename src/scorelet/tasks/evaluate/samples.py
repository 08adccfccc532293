"""How good samples are: power by octave, kernel distance and copies, beside halves of the data."""

import math
from pathlib import Path
from typing import Any

from torch import Tensor

from scorelet.core.paths import as_path
from scorelet.tasks.array_files import check_output
from scorelet.tasks.evaluate.measure import EvaluateSettings
from scorelet.tasks.evaluate.sample_findings import Findings, measure_samples
from scorelet.tasks.evaluate.sample_input import read_input
from scorelet.tasks.evaluate.sample_sheet import SUFFIXES, write_sheet
from scorelet.tasks.evaluate.sample_tones import Figure
from scorelet.tasks.evaluate.sample_words import times_halves, verdict
from scorelet.tasks.picture_arrays import Source
from scorelet.tasks.sample.settings import Samples

Row = dict[str, Any]
Cell = Figure | float | None


def evaluate_samples(
    samples: Source | Samples,
    data: Source,
    settings: EvaluateSettings,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Measure samples of any generator beside pictures of its data.

    Args:
        samples: a folder of pictures, an array file (n, channels, height, width) or (n, height,
            width[, channels]), such an array, or what `scorelet.sample` has drawn; 8 bits, or
            floats with values around [0, 1].
        data: pictures, given likewise; or the name of one under ``$SCORELET_DATA``, see
            `scorelet.tasks.picture_arrays.load_picture_array`. Best what the generator has learnt
            from, as copies are found there only.
        settings: channels (None: those of the samples) and limit, of both sets; progress.
        output: NAME.png, a contact sheet of the samples that are nearest to pictures of the data,
            each with that picture on its right; None writes nothing.
        overwrite: replace an existing file.

    Returns:
        One document for JSON with the names of samples and data, count (of samples), pictures (of
        the data), size, channels, times_halves (the kernel distance over that of halves of the
        data), copies, copies_from (the cosine above which a sample is one), rows (measure, samples,
        data, which is what its halves or its pictures are to each other, and errors),
        nearest_cosines and nearest_pictures (numbers from 0 on) by sample, verdict, warnings, and
        output if there is one.

    Raises:
        InputError: sets that cannot be compared, or an output that cannot be written.
        ImageFileError, ArrayFileError: files that cannot be read.
    """
    if isinstance(samples, Samples):
        samples = samples.images
    target = None if output is None else as_path(output, name="output")
    if target is not None:
        check_output(target, overwrite=overwrite, suffixes=SUFFIXES)
    given = read_input(samples, data, settings)
    found = measure_samples(given, settings.progress)
    near = found.likeness
    if target is not None:
        write_sheet(target, given, near.samples, overwrite=overwrite)
    height, width, own = given.samples.shape[1:]
    document = {
        "samples": _name(samples),
        "data": _name(data),
        "count": len(given.samples),
        "pictures": len(given.data),
        "size": [height, width],
        "channels": own,
        "times_halves": times_halves(found),
        "copies": near.copies(near.samples),
        "copies_from": near.threshold,
        "repeats": near.copies(near.one_another),
        "rows": _rows(found),
        "nearest_cosines": near.samples.cosine.tolist(),
        "nearest_pictures": near.samples.index.tolist(),
        "verdict": verdict(found),
        "warnings": given.warnings,
    }
    return document if target is None else document | {"output": str(target)}


def _rows(found: Findings) -> list[Row]:
    near = found.likeness
    rows = [
        _row(f"power, {o.least:g} to {o.end:g} cycles a side", o.samples, o.halves)
        for o in found.octaves
    ]
    for name, d in (
        ("kernel distance", found.distance),
        ("kernel distance, no bias", found.unbiased),
    ):
        rows.append(_row(name, (d.samples, d.samples_spread), (d.halves, d.halves_spread)))
    sets = near.samples.cosine, near.real.cosine
    copies, repeats, real = (
        100 * near.copies(n) / len(n.cosine) for n in (near.samples, near.one_another, near.real)
    )
    rows += [
        _row("nearest picture, mean cosine", *(_mean(cosines) for cosines in sets)),
        _row("nearest picture, largest cosine", *(float(cosines.max()) for cosines in sets)),
        _row("copies, %", copies, real),
        _row("repeats of other samples, %", repeats, real),
        _row("pairs, mean cosine", found.pairs, found.real_pairs),
    ]
    for own, real in zip(found.tones.channels, found.real_tones.channels, strict=True):
        rows.append(_row(f"{own.name}, mean", own.mean, real.mean))
        rows.append(_row(f"{own.name}, deviation between pictures", own.spread, real.spread))
    flat = (100 * tones.flat / tones.count for tones in (found.tones, found.real_tones))
    rows.append(_row("of one colour, %", *flat))
    if found.outside is not None:
        rows.append(_row("outside [0, 1], %", 100 * found.outside, None))
    return rows


def _row(measure: str, samples: Cell, data: Cell) -> Row:
    row: Row = {"measure": measure}
    for name, cell in (("samples", samples), ("data", data)):
        if isinstance(cell, tuple):
            row[name], row[f"{name}_error"] = cell
        else:
            row[name] = cell
    return row


def _mean(cosines: Tensor) -> Figure:
    return float(cosines.mean()), float(cosines.std()) / math.sqrt(len(cosines))


def _name(source: Source) -> str:
    return str(source) if isinstance(source, str | Path) else "in memory"
