"""What `evaluate` does with a model: one function for each class of models."""

from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.core.progress import Progress
from scorelet.tasks.inference import TileSide
from scorelet.zoo import Kind, kind_of


@dataclass(frozen=True)
class EvaluateSettings:
    """How to measure; whoever cannot use an option that was given refuses it.

    Args:
        sigmas: noise levels in 8-bit units; None: those that are usual.
        channels: 1 makes pictures gray, 3 colour; None takes what they are.
        limit: only the first so many pictures; None: all. Folders of classes are mixed evenly.
        label: class that a denoiser is told, its number or name, if it knows classes.
        cond: what a conditional denoiser is told: a picture, or a folder that has one for each
            picture of the data, under the same name; None: nothing.
        hold_out: the last so many training pictures in the place of the test pictures, for
            classifiers.
        device: auto, cpu, cuda or mps.
        dtype: of convolutions and products: auto (what is fast here), float32, bfloat16 or float16.
        tile: side of a tile in pixels, "auto", or None for whole pictures.
        self_ensemble: of a denoiser measure the mean of its own answers, see
            `scorelet.models.TurnedDenoiser` and, for cascades, `scorelet.models.ShiftedDenoiser`.
        progress: is told how many units of the work are done, and how many there are.
    """

    sigmas: tuple[float, ...] | None = None
    channels: int | None = None
    limit: int | None = None
    label: int | str | None = None
    cond: str | Path | None = None
    hold_out: int | None = None
    device: str = "auto"
    dtype: str = "auto"
    tile: TileSide = "auto"
    self_ensemble: bool = False
    progress: Progress | None = None

    def __post_init__(self) -> None:
        """Check types, and ranges."""
        check_fields(self)
        if self.channels not in (None, 1, 3):
            raise InputError(f"channels is {self.channels}: use 1 for gray or 3 for colour.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit is {self.limit}: at least one picture must be measured.")
        if self.hold_out is not None and self.hold_out < 1:
            raise InputError(f"hold-out is {self.hold_out}: it must be at least one picture.")


@singledispatch
def measure(
    model: object,
    data: str | Path,
    settings: EvaluateSettings,
) -> dict[str, Any]:
    """Return what is measured of a model on data, as one document that JSON can hold.

    A kind of model of your own is measured by a function of yours, for its class and those that
    descend from it: ``@measure.register`` above ``def _(model: Mine, data, settings)``.

    Of the entries the shell shows numbers and words as lines, ``rows`` (mappings of names to
    numbers) as a table, and ``warnings`` (sentences without a full stop) as such. ``NAME_error``
    is the standard error of ``NAME``. Other entries are for JSON.

    Raises:
        InputError: no function is registered for the model's class.
    """
    if (kind := _kind(model)) and kind.measured:
        raise InputError(
            f"evaluate does not measure {kind.words}, which is measured by {kind.measured}."
        )
    raise InputError(
        f"A {type(model).__name__} cannot be evaluated: register a function for it with "
        "scorelet.tasks.evaluate.measure."
    )


def _kind(model: object) -> Kind[Any] | None:
    try:
        return kind_of(model)
    except InputError:  # of a class that nobody has registered
        return None
