"""Which Markov chain drew each field of a file: what tells what is independent."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data.fields.array_files import check_member
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.errors import reading

ENTRY = "chain"
"""Name of the array in a .npz file, integers (n)."""


def load_chains(path: str | Path) -> Int[Tensor, " n"] | None:
    """Return the number of the chain of each field; None if the file does not say.

    Args:
        path: as for `load_fields`; only a .npz file says.

    Raises:
        InputError: numbers that are no integers, or in another shape than (n).
        ArrayFileError: the file is damaged.
    """
    file, _ = split_name(path)
    if file.is_dir() or file.suffix.lower() != ".npz":
        return None
    with (
        reading(file, kind=ArrayFileError, what="array"),
        zipfile.ZipFile(file) as archive,
        np.load(file, allow_pickle=False) as arrays,
    ):
        if ENTRY not in arrays.files:
            return None
        check_member(archive, ENTRY)
        chain = arrays[ENTRY]
    if chain.ndim != 1 or chain.dtype.kind not in "iu":
        raise InputError(
            f"{file} says by {ENTRY!r} which chain drew each field, in {chain.dtype.name} of shape "
            f"{chain.shape}: expected integers, one for each field."
        )
    return torch.from_numpy(chain.astype(np.int64))
