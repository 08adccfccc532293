"""The verb: a model by name or as it is, or samples, beside data; one document."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.evaluate.samples import evaluate_samples
from scorelet.tasks.foreign_classifier import SIZE_ALONE, foreign_classifier
from scorelet.tasks.inference import TileSide
from scorelet.tasks.networks import Part
from scorelet.tasks.sample.settings import Samples
from scorelet.zoo import load


@checked
def evaluate(  # noqa: PLR0913 - as many as the command has options
    data: str | Path | Tensor | np.ndarray,
    *,
    model: object = None,
    samples: str | Path | Tensor | np.ndarray | Samples | None = None,
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
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure a model on data, or samples of a generator beside them.

    Denoisers are measured on clean pictures, to which noise is added
    (`scorelet.tasks.evaluate.denoisers`); classifiers on labelled pictures
    (`scorelet.tasks.evaluate.classifiers`); samples, of whatever model, by
    `scorelet.tasks.evaluate.samples.evaluate_samples`.

    Args:
        data: what the model is measured on: a folder or file, or the name of one under
            ``$SCORELET_DATA``; or pictures that samples are held against, in memory, too.
        model: built-in name, path or Hub id; with `arch` a file of weights; or a model. None:
            photo, if there are no samples.
        samples: in the place of a model, see `evaluate_samples`. Of the options `channels` and
            `limit` are for both.
        sigmas, channels, limit, label, cond, hold_out, device, dtype, tile, self_ensemble: see
            `EvaluateSettings`.
        arch: what builds the network of a classifier of others, see `open_network`; its classes
            are those of the data.
        size: (height, width) to which pictures of folders are brought for it.
        output, overwrite: of samples, see `evaluate_samples`.
        progress: see `EvaluateSettings`.

    Returns:
        The entries of `measure`, after model and data; or those of `evaluate_samples`.

    Raises:
        InputError: options that cannot be used, no data, a model that cannot be evaluated, or
            samples that cannot be compared.
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
        progress=progress,
    )
    if samples is not None:
        _refuse_beside_samples(
            {"model": model, "sigma": sigmas, "label": label, "cond": cond, "hold-out": hold_out}
            | {"dtype": None if dtype == "auto" else dtype, "self-ensemble": self_ensemble or None}
            | {"device": None if device == "auto" else device}
            | {"arch": arch, "size": size, "tile": None if tile == "auto" else tile}
        )
        return evaluate_samples(samples, data, settings, output=output, overwrite=overwrite)
    if output is not None or overwrite:
        raise InputError("A picture is drawn of samples, and a model is measured: leave it out.")
    if not isinstance(data, str | Path):
        raise InputError("Data in memory are for samples: for a model give the name of a file.")
    return _measure_model("photo" if model is None else model, data, settings, arch, size)


def _measure_model(
    model: object,
    data: str | Path,
    settings: EvaluateSettings,
    arch: str | None,
    size: tuple[int, int] | None,
) -> dict[str, Any]:
    name = str(model) if isinstance(model, str | Path) else type(unwrapped(model)).__name__
    notes: list[str] = []
    if arch is not None:
        part: Part = "train" if settings.hold_out else "test"
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


def _refuse_beside_samples(options: Mapping[str, object]) -> None:
    """Refuse what is about models, each by its name; None: not given."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InputError(
            f"Samples are measured without a model: leave out {' and '.join(given)}, or samples."
        )
