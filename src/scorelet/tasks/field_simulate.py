"""Draw fields of reference ensembles into files."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.data.fields.chains import ENTRY
from scorelet.data.fields.ensembles import Ensemble, EnsembleWarning
from scorelet.data.pictures.formats.png import png_bytes
from scorelet.plots.contact_sheet import check_sheet, contact_sheet, sheet_bytes
from scorelet.sampling import ensemble
from scorelet.tasks.array_files import SUFFIXES, check_output, check_space, write_array, writing

SHEET = ".png"
OnDrawn = Callable[[int], None]
"""Is told how many fields are done."""


@checked
def simulate(
    name: str,
    count: int,
    output: str | Path,
    *,
    size: int,
    seed: int = 0,
    params: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: OnDrawn | None = None,
) -> dict[str, Any]:
    """Draw `count` fields of an ensemble into a file, (n, L, L) float32.

    The file is written whole or not at all: nothing is kept of what is interrupted.

    Args:
        name: one of `scorelet.sampling.ensemble_kinds`.
        count: n, number of fields.
        output: NAME.npy; NAME.npz, which holds what was drawn as well, and, for fields of Markov
            chains, the array ``chain`` (n), the number of the chain of each; or NAME.png, a contact
            sheet.
        size: L, side in pixels.
        seed: any non-negative integer; field i depends on (seed, i) and the parameters only.
        params: of the ensemble, by name; the others have defaults. For phi4 also preset.
        overwrite: replace an existing file.
        progress: is told how many fields are done.

    Returns:
        output, ensemble, description, params, n, size, seed, chains (how many drew the fields),
        warnings (in what fields of that size are not those of the formula), seconds.

    Raises:
        InputError: anything that cannot be drawn; nothing has been written then.
        ArrayFileError: the file cannot be written, or does not fit on the disk.
    """
    start, target = time.perf_counter(), as_path(output, name="output")
    check_output(target, overwrite=overwrite, suffixes=(*SUFFIXES, SHEET))
    _check_numbers(count, size, seed)
    law = ensemble(name, **(params or {}))
    facts = {"ensemble": name, "description": law.describe(), "params": dict(params or {})}
    record = {**facts, "n": count, "size": size, "seed": seed}
    law.check(count, size, seed)
    _check_output_size(target, count, size)
    _write(target, law, record, progress, overwrite=overwrite)
    chains = len(np.unique(law.chains(range(count))))
    seconds = round(time.perf_counter() - start, 2)
    facts = {"chains": chains, "warnings": law.doubts(size), "seconds": seconds}
    return {"output": str(target), **record, **facts}


def _check_numbers(count: int, size: int, seed: int) -> None:
    if count < 1 or size < 1 or seed < 0:
        raise InputError(
            f"Asked for {count} fields of side {size} from seed {seed}: give at least one field, "
            "a side of at least 1 and a seed of at least 0."
        )


def _check_output_size(target: Path, count: int, size: int) -> None:
    if target.suffix.lower() == SHEET:
        check_sheet(count, size, size)
        check_space(target, sheet_bytes(count, size, size))
    else:
        check_space(target, 4 * count * size**2)


def _write(
    target: Path,
    law: Ensemble,
    record: dict[str, Any],
    progress: OnDrawn | None,
    *,
    overwrite: bool,
) -> None:
    count, size = record["n"], record["size"]
    pieces = _pieces(law, count, size, record["seed"], progress)
    first = next(pieces)  # what cannot be drawn is refused before the disk is touched
    if target.suffix.lower() == SHEET:
        _write_sheet(target, np.concatenate([first, *pieces]), overwrite=overwrite)
        return
    numbers = np.arange(count)
    chains = law.chains(range(count))
    extra = {} if np.array_equal(chains, numbers) else {ENTRY: chains}
    write_array(
        target,
        chain([first], pieces),
        (count, size, size),
        description=record,
        extra=extra,
        overwrite=overwrite,
    )


def _write_sheet(target: Path, fields: np.ndarray, *, overwrite: bool) -> None:
    encoded = png_bytes(contact_sheet(fields))
    with writing(target, overwrite=overwrite) as temporary:
        temporary.write_bytes(encoded)


def _pieces(
    law: Ensemble, count: int, size: int, seed: int, progress: OnDrawn | None
) -> Iterator[np.ndarray]:
    length = law.chunk_length(size)
    for start in range(0, count, length):
        wanted = min(length, count - start)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", EnsembleWarning)  # `simulate` returns them
                fields = law.sample(wanted, size, seed, start=start)
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            raise InputError(
                f"A field of side {size} does not fit into the memory: choose a smaller one."
            ) from error
        if not torch.isfinite(fields).all():
            raise InputError(
                f"Fields {start} to {start + wanted - 1} hold values that are not finite: expected "
                "finite numbers; choose other parameters."
            )
        yield fields[:, 0].numpy()
        if progress:
            progress(start + wanted)
