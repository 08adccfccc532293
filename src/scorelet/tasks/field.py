"""Fields: draw reference ensembles into files, and compare two sets."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ENSEMBLES, Ensemble, ensemble
from scorelet.tasks.array_files import check_output, write_array

Progress = Callable[[int], None]
"""Is told how many fields are done."""


def ensemble_names() -> list[str]:
    """Return the names that `simulate` knows."""
    return sorted({*ENSEMBLES, "phi4"})


def find_ensemble(name: str, params: Mapping[str, Any]) -> Ensemble:
    """Return the ensemble called `name`.

    Args:
        name: one of `ensemble_names`.
        params: by name; for phi4 also preset, see `Phi4.preset`.

    Raises:
        InputError: unknown name or parameter, or a value that cannot be used.
    """
    if name == "phi4":
        return _phi4(dict(params))
    if name not in ENSEMBLES:
        raise InputError(f"Unknown ensemble {name!r}: use one of {', '.join(ensemble_names())}.")
    return ensemble(name, **params)


def simulate(
    name: str,
    count: int,
    output: str | Path,
    *,
    size: int,
    seed: int = 0,
    params: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Draw `count` fields of an ensemble into a file, (n, L, L) float32.

    Args:
        name: one of `ensemble_names`.
        count: n, number of fields.
        output: NAME.npy, or NAME.npz, which holds what was drawn as well.
        size: L, side in pixels.
        seed: any non-negative integer; field i depends on (seed, i) and the parameters only.
        params: of the ensemble, by name; the others have defaults.
        overwrite: replace an existing file.
        progress: is told how many fields are done.

    Returns:
        output, ensemble, description, params, n, size, seed, seconds.

    Raises:
        InputError: anything that cannot be drawn; nothing has been written then.
        ArrayFileError: the file cannot be written.
    """
    start, target = time.perf_counter(), Path(output)
    check_output(target, overwrite=overwrite)
    if count < 1 or size < 1 or seed < 0:
        raise InputError(
            f"Asked for {count} fields of side {size} from seed {seed}: give at least one field, "
            "a side of at least 1 and a seed of at least 0."
        )
    ensemble = find_ensemble(name, params or {})
    record = {
        "ensemble": name,
        "description": ensemble.describe(),
        "params": dict(params or {}),
        "n": count,
        "size": size,
        "seed": seed,
    }
    pieces = _pieces(ensemble, count, size, seed, progress)
    first = next(pieces)  # what cannot be drawn is refused before the disk is touched
    write_array(target, chain([first], pieces), (count, size, size), description=record)
    return {"output": str(target), **record, "seconds": round(time.perf_counter() - start, 2)}


def _pieces(
    ensemble: Ensemble, count: int, size: int, seed: int, progress: Progress | None
) -> Iterator[np.ndarray]:
    length = ensemble.chunk_length(size)
    for start in range(0, count, length):
        wanted = min(length, count - start)
        try:
            fields = ensemble.sample(wanted, size, seed, start=start)
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


def _phi4(params: dict[str, Any]) -> Ensemble:
    from scorelet.sampling import Phi4

    preset = params.pop("preset", None)
    unknown = sorted(params.keys() - {"b", "a", "q"})
    if unknown or (preset and params):
        wrong = unknown[0] if unknown else "preset together with others"
        raise InputError(f"The ensemble 'phi4' has no parameter {wrong}: use b, a, q, or preset.")
    for key, value in params.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"The parameter {key} is {value!r}: expected a number.")
    return Phi4.preset(str(preset)) if preset else Phi4(**{k: float(v) for k, v in params.items()})
