"""What real maps need before they are fitted, and what undoes it: logarithm, gaps, borders.

A map that was cut out of something larger jumps where its opposite sides meet. It is continued by
its mirror image to twice its sides, which has no jump; samples are drawn on that grid and cut.
Each is rolled by a shift of its own, since mirrors that all stand at one place are not stationary:
on the coarsest grids all of their pixels would be equal.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import is_periodic
from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.gaps import fill_gaps

BORDERS = "auto", "periodic", "mirror"
TRANSFORMS = "none", "log"
_SEED = 577
_LEAST_SIDE = 8  # below, nobody can tell
_FAR = 2.0  # a placeholder is so many ranges of all other pixels away


class FieldWarning(UserWarning):
    """Fields can be fitted, but something about them is strange."""


@dataclass(frozen=True)
class Preparation:
    """How fields are prepared.

    Args:
        border: periodic or mirror.
        transform: none or log.
    """

    border: str = "periodic"
    transform: str = "none"

    def apply(self, x: Fields) -> OtherFields:
        """Return periodic fields without gaps, on the grid of the model.

        Raises:
            InputError: pixels that have no logarithm, or none that is known.
        """
        if self.transform == "log":
            x = _logarithm(x)
        if bool(x.isnan().any()):
            height, width = x.shape[1:]
            x = fill_gaps(self._continued(x))[:, :height, :width].to(x.dtype)
        return self._rolled(self._continued(x))

    def undo(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Return fields (n, h, w) of the data, from those of the model."""
        x = x[:, : size[0], : size[1]]
        return x.exp() if self.transform == "log" else x

    def grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the sides of the fields of the model."""
        factor = 2 if self.border == "mirror" else 1
        return factor * size[0], factor * size[1]

    def _rolled(self, x: Tensor) -> Tensor:
        if self.border == "periodic":
            return x
        units = [Noise(_SEED, range(len(x)), scale=axis).uniform(x) for axis in range(2)]
        rows, columns = ((u * n).long() for u, n in zip(units, x.shape[1:], strict=True))
        pairs = zip(x, rows.tolist(), columns.tolist(), strict=True)
        return torch.stack([field.roll((a, b), (0, 1)) for field, a, b in pairs])

    def _continued(self, x: Tensor) -> Tensor:
        if self.border == "periodic":
            return x
        x = torch.cat([x, x.flip(1)], 1)
        return torch.cat([x, x.flip(2)], 2)


def choose_preparation(x: Fields, *, border: str, transform: str) -> tuple[Preparation, list[str]]:
    """Return how to prepare fields, and what to say of it, a sentence each.

    Args:
        x: fields (n, h, w), NaN where they are not known.
        border: periodic, mirror; auto looks at the step across the border.
        transform: none or log.
    """
    check_choice(border, transform)
    said = []
    if border == "auto":
        border = "periodic" if _looks_periodic(x) else "mirror"
        if border == "mirror":
            said.append(
                "The fields jump at their border: they are continued by their mirror image "
                "(--border periodic takes them as they are)."
            )
    gaps = int(x.isnan().sum())
    if gaps:
        said.append(
            f"{gaps} of {x.numel()} pixels are masked or NaN: they are filled by Gaussian fields "
            "of the same correlations, given what surrounds them."
        )
    if transform == "log":
        said.append("The logarithm of the fields is fitted, and undone in samples.")
    return Preparation(border, transform), said


def check_choice(border: str, transform: str) -> None:
    """Refuse unknown names.

    Raises:
        InputError: one of them.
    """
    if border not in BORDERS or transform not in TRANSFORMS:
        raise InputError(
            f"border={border!r}, transform={transform!r}: use {', '.join(BORDERS)}, and "
            f"{' or '.join(TRANSFORMS)}."
        )


def warn_of_placeholders(x: Fields) -> list[str]:
    """Warn of a value that many pixels have and that is far from all others, such as -999."""
    known = x[x.isfinite()]
    found = []
    for value in {float(known.min()), float(known.max())} if len(known) else ():
        others = known[known != value]
        count = len(known) - len(others)
        if count < 3 or not len(others):
            continue
        away = min(abs(value - float(others.min())), abs(value - float(others.max())))
        if away > _FAR * float(others.max() - others.min()):
            found.append(
                f"{count} pixels are exactly {value:g}, far from all others: if that stands for no "
                "data, replace it by NaN first."
            )
    for text in found:
        warnings.warn(text, FieldWarning, stacklevel=4)
    return found


def describe(preparation: Preparation, said: list[str], warned: list[str]) -> dict[str, Any]:
    """Return what the record of a model says of the preparation."""
    return {
        "border": preparation.border,
        "transform": preparation.transform,
        "remarks": said,
        "warnings": warned,
    }


def _looks_periodic(x: Fields) -> bool:
    if min(x.shape[1:]) < _LEAST_SIDE:
        return True
    known = x.isfinite()
    if not bool(known.all()):
        x = torch.where(known, x, x[known].mean() if bool(known.any()) else 0.0)
    return is_periodic(x)


def _logarithm(x: Fields) -> Fields:
    wrong = int((x <= 0).sum())
    if wrong:
        raise InputError(
            f"{wrong} of {x.numel()} pixels are 0 or negative and have no logarithm: fit without "
            "--transform log, or add a constant first."
        )
    return x.log()
