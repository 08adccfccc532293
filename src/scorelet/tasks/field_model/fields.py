"""Fields as users hold them, and the blocks in which they are fitted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError
from scorelet.core.progress import Progress
from scorelet.core.typing import Fields
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.masked import MaskedFields, as_mask
from scorelet.data.fields.source import FieldsInMemory, FieldSource, open_fields
from scorelet.tasks.field_model.census import BATCH_PIXELS
from scorelet.tasks.field_model.prepared import PreparedFields
from scorelet.tasks.field_model.survey import Survey
from scorelet.training.score_matching import GROUPS


def as_source(x: Any, mask: Any = None) -> FieldSource:  # noqa: ANN401 - what users hold
    """Return fields of a file, which may be larger than memory, an array or a tensor.

    Args:
        x: the fields.
        mask: true where they are no data, see `as_mask`; None: nowhere.

    Raises:
        InputError: as `as_fields` and `as_mask`; a mask that does not fit them.
    """
    source = open_fields(x) if isinstance(x, str | Path) else FieldsInMemory(_real_fields(x))
    return source if mask is None else MaskedFields(source, as_mask(mask))


def as_fields(x: Any) -> Fields:  # noqa: ANN401 - what users hold
    """Return fields (n, h, w) of a file, an array or a tensor; NaN where they are not known.

    Raises:
        InputError: complex numbers, booleans, infinite values, or other dimensions.
    """
    fields = load_fields(x, gaps=True) if isinstance(x, str | Path) else _real_fields(x)
    if bool(fields.isinf().any()):
        raise InputError("The fields hold infinite values: replace them first, by NaN if unknown.")
    return fields


def _real_fields(x: Any) -> Fields:  # noqa: ANN401 - what users hold
    """Return fields (n, h, w) of an array or a tensor, finite or not; (h, w) is one field."""
    array = plain_array(x, what="set of fields")
    if array.dtype.kind not in "fiu":
        of_complex = "take .real and .imag as two arrays"
        hint = of_complex if array.dtype.kind == "c" else "convert them by .astype('float32')"
        raise InputError(f"The fields are {array.dtype.name}: expected real numbers; {hint}.")
    exact = array.dtype.kind == "f" and array.itemsize <= 8
    fields = torch.from_numpy(array if exact else array.astype(np.float64))
    if fields.ndim == 4 and fields.shape[1] == 1:
        fields = fields[:, 0]
    if fields.ndim == 2:
        fields = fields[None]
    if fields.ndim != 3 or fields.numel() == 0:
        raise InputError(
            f"The fields have shape {tuple(array.shape)}: expected (n, h, w) or (h, w), none of "
            "them 0."
        )
    return fields.float() if fields.dtype == torch.float16 else fields


def blocks(
    fields: PreparedFields, count: int, survey: Survey, progress: Progress | None
) -> Iterator[tuple[int, Tensor]]:
    """Yield the first `count` fields, standardised, (batch, 1, h, w), with numbers of groups."""
    groups = min(GROUPS, count)
    most = max(1, BATCH_PIXELS // survey.fields[0].numel())
    for group in range(groups):
        first, last = group * count // groups, (group + 1) * count // groups
        for start in range(first, last, most):
            rows = range(start, min(start + most, last))
            yield group, survey.standardised(fields.read(rows))
        if progress:
            progress(last, count)
