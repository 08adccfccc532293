"""The verb: a model by name or as it is, data by name, one document."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.foreign_classifier import SIZE_ALONE, foreign_classifier
from scorelet.tasks.inference import TileSide
from scorelet.tasks.networks import Part
from scorelet.zoo import load


@checked
def evaluate(  # noqa: PLR0913 - as many as the command has options
    data: str | Path,
    *,
    model: object = "photo",
    sigmas: Sequence[float] | None = None,
    channels: int | None = None,
    limit: int | None = None,
    label: int | str | None = None,
    cond: str | Path | None = None,
    hold_out: int | None = None,
    device: str = "auto",
    dtype: str = "auto",
    tile: TileSide = "auto",
    self_ensemble: bool = False,
    arch: str | None = None,
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Measure a model on data.

    Denoisers are measured on clean pictures, to which noise is added
    (`scorelet.tasks.evaluate.denoisers`); classifiers on labelled pictures
    (`scorelet.tasks.evaluate.classifiers`).

    Args:
        data: what the model is measured on: a folder or file, or the name of one under
            ``$SCORELET_DATA``.
        model: built-in name, path or Hub id; with `arch` a file of weights; or a model.
        sigmas, channels, limit, label, cond, hold_out, device, dtype, tile, self_ensemble: see
            `EvaluateSettings`.
        arch: what builds the network of a classifier of others, see `open_network`; its classes
            are those of the data.
        size: (height, width) to which pictures of folders are brought for it.

    Returns:
        The entries of `measure`, after model and data.

    Raises:
        InputError: options that cannot be used, no data, or a model that cannot be evaluated.
        CheckpointError: weights that cannot be used.
        ImageFileError: a picture that cannot be read.
    """
    levels = None if sigmas is None else tuple(sigmas)
    settings = EvaluateSettings(
        sigmas=levels,
        channels=channels,
        limit=limit,
        label=label,
        cond=cond,
        hold_out=hold_out,
        device=device,
        dtype=dtype,
        tile=tile,
        self_ensemble=self_ensemble,
    )
    name = str(model) if isinstance(model, str | Path) else type(unwrapped(model)).__name__
    notes: list[str] = []
    if arch is not None:
        part: Part = "train" if hold_out else "test"
        model = foreign_classifier(model, arch, data, part=part, size=size, say=notes.append)
    elif size is not None:
        raise InputError(SIZE_ALONE)
    elif isinstance(model, str | Path):
        model = load(model)
    found = measure(unwrapped(model), data, settings)
    if notes:
        found["warnings"] = [*notes, *found.get("warnings", [])]
    built = {"arch": arch} if size is None else {"arch": arch, "size": list(size)}
    head = {"model": name, "data": str(data)} | (built if arch is not None else {})
    return head | found
