"""Large sets of fields on disk: drawn once, named by what they are.

A set is two files, ``NAME-HASH.npy`` (n, 1, L, L) float32 and ``NAME-HASH.json``, which says what
the hash is of: name and version of the formula, parameters, n, size and seed. The JSON is written
last: a set is there when both are.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scorelet.core.errors import InputError
from scorelet.core.files import atomic_path, remove_leftovers, write_text
from scorelet.core.typing import Image
from scorelet.data.fields.ensembles.base import Ensemble


def cached(ensemble: Ensemble, n: int, size: int, seed: int, folder: str | Path) -> Image:
    """Return `ensemble.sample(n, size, seed)`, from `folder` where it is already there.

    Another parameter, count, size, seed or version of the formula is another file. Fields are
    drawn and written in pieces, and read through the page cache when they are used, so a set may
    be larger than the memory. Changing the tensor does not change the file.

    Args:
        ensemble: what to draw from.
        n: number of fields.
        size: L, the side in pixels.
        seed: any non-negative integer.
        folder: made where it does not exist.

    Returns:
        (n, 1, L, L), float32.

    Raises:
        InputError: an impossible count, size or seed, or `folder` is a file.
    """
    ensemble.check(n, size, seed)
    contents = _contents(ensemble, n, size, seed)
    place = Path(folder).expanduser()
    if place.exists() and not place.is_dir():
        raise InputError(f"{place} is a file: sets of fields are kept in a folder, name another.")
    array, record = _files(place, contents)
    if not _is_whole(array, record, contents):
        array.parent.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        _draw(ensemble, contents, array)
        write_text(record, json.dumps(contents, indent=1) + "\n")
    return torch.from_numpy(np.load(array, mmap_mode="c"))


def _contents(ensemble: Ensemble, n: int, size: int, seed: int) -> dict[str, Any]:
    return {
        "ensemble": ensemble.name,
        "version": ensemble.version,
        "params": ensemble.params,
        "n": n,
        "size": size,
        "seed": seed,
    }


def _files(folder: Path, contents: dict[str, Any]) -> tuple[Path, Path]:
    text = json.dumps(contents, sort_keys=True)
    stem = f"{contents['ensemble']}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return folder / f"{stem}.npy", folder / f"{stem}.json"


def _is_whole(array: Path, record: Path, contents: dict[str, Any]) -> bool:
    """Whether both files are there and are what they should be."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
        values = np.load(array, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    shape = (contents["n"], 1, contents["size"], contents["size"])
    return found == contents and values.shape == shape and values.dtype == np.float32


def _draw(ensemble: Ensemble, contents: dict[str, Any], array: Path) -> None:
    n, size, seed = (contents[key] for key in ("n", "size", "seed"))
    remove_leftovers(array)
    with atomic_path(array) as temporary:
        values = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.float32, shape=(n, 1, size, size)
        )
        chunk = ensemble.chunk_length(size)
        for start in range(0, n, chunk):
            count = min(chunk, n - start)
            values[start : start + count] = ensemble.sample(count, size, seed, start=start).numpy()
        values.flush()
