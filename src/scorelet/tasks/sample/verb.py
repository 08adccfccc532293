"""`sample` in Python: a model in, samples out."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import DivergenceError
from scorelet.tasks.sample.output import check_sheets
from scorelet.tasks.sample.settings import Model, Samples, SampleSettings, Size
from scorelet.tasks.sample.work import OnStep, Work, work_of
from scorelet.zoo import viewed

_NOTHING = "Interrupted before the first samples were done: nothing was written."


@checked
def sample(  # noqa: PLR0913
    model: Model | nn.Module = "faces",
    *,
    n: int = 16,
    size: Size | None = None,
    steps: int | Sequence[int] | None = None,
    seed: int = 0,
    coarse: Any = None,  # noqa: ANN401 - paths, arrays, tensors, pictures
    sampler: str = "heun",
    device: str = "auto",
    label: int | str | None = None,
    first: int = 0,
    churn: float | Sequence[float] | None = None,
    batch: int | None = None,
) -> Samples:
    """Draw pictures from a model, or the finer scales of a coarse picture.

    Args:
        model, n, size, steps, seed, coarse, sampler, device, label, first, churn, batch: see
            `SampleSettings`.

    Raises:
        InputError: an unknown model, one of another kind, or options that cannot be used.
        ImageFileError: a coarse picture that cannot be read.
        DivergenceError: a step whose result is not finite; the sentence names scale and step.

    Example:
        >>> import torch, scorelet as sl
        >>> from scorelet.models.gaussian_details import gaussian_cascade
        >>> k = torch.fft.fftfreq(32, 1 / 32, dtype=torch.float64)
        >>> model = gaussian_cascade(1 / (1 + k[:, None] ** 2 + k**2), "haar", levels=2)
        >>> sl.sample(model, n=3, size=(32, 32)).images.shape
        (3, 1, 32, 32)
    """
    model = unwrapped(model)
    if not isinstance(model, Multiscale):
        model = viewed(Denoiser, model)
    how = sampler, device, label, first, churn, batch
    return drawn(SampleSettings(model, n, size, steps, seed, coarse, *how))


def drawn(
    settings: SampleSettings,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Samples:
    """Do what `sample` says, and write the samples.

    Args:
        settings: what is drawn.
        output: as in `Samples.save`, refused before anything is drawn; None writes nothing.
        overwrite: replace an existing file.
        progress: called with (steps done, steps in all).

    Raises:
        DivergenceError: see `sample`; the samples before it are in `output`, if there are any.
        KeyboardInterrupt: likewise.
    """
    work, start = work_of(settings), time.perf_counter()
    if output is not None:
        coarse = settings.coarse
        source = Path(coarse) if isinstance(coarse, str | Path) else None
        shape = (settings.n, work.channels, *work.size)
        check_sheets(output, shape, first=settings.first, overwrite=overwrite, source=source)
    batches = _batches(settings.first, settings.first + settings.n, work.batch())
    total = sum(plan.steps for plan in work.used) * len(batches)
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    images, failure = _draw_all(work, on_step, batches)
    if failure and (output is None or not len(images)):
        raise failure if isinstance(failure, DivergenceError) else KeyboardInterrupt(_NOTHING)
    document = _document(work, len(images), time.perf_counter() - start)
    found = Samples(images, work.pictures, document)
    if output is not None:
        found.save(output, overwrite=overwrite)
    if failure:
        written = f"The {len(images)} samples before are in {output}"
        if isinstance(failure, DivergenceError):
            raise DivergenceError(f"{failure} {written}.")
        rest = f"first (--first) {settings.first + len(images)} draws the others"
        raise KeyboardInterrupt(f"Interrupted. {written}; {rest}.")
    return found


def _batches(first: int, end: int, most: int) -> list[range]:
    """Return the numbers of the samples of each batch."""
    return [range(start, min(start + most, end)) for start in range(first, end, most)]


def _draw_all(
    work: Work, on_step: OnStep, batches: list[range]
) -> tuple[np.ndarray, DivergenceError | KeyboardInterrupt | None]:
    """Return the samples of all batches, or those before one that does not end, and why."""
    parts = [np.empty((0, work.channels, *work.size), np.float32)]
    with torch.no_grad():
        for numbers in batches:
            try:
                parts.append(work.draw(numbers, on_step).float().cpu().numpy())
            except (DivergenceError, KeyboardInterrupt) as error:
                return np.concatenate(parts), error
    return np.concatenate(parts), None


def _document(work: Work, count: int, seconds: float) -> dict[str, Any]:
    settings = work.settings
    named = isinstance(settings.model, str | Path)
    document = {
        "model": str(settings.model) if named else type(settings.model).__name__,
        "n": count,
        "size": list(work.size),
        "channels": work.channels,
        "seed": settings.seed,
        "first": settings.first,
        "sampler": settings.sampler,
        "steps": [plan.steps for plan in work.used],
        "calls": sum(plan.calls for plan in work.used),
        "seconds": round(seconds, 2),
        "warnings": list(work.warnings),
    }
    if settings.label is not None:
        document["label"] = settings.label
    if any(plan.restraint for plan in work.used):
        document["restraint"] = [plan.restraint for plan in work.used]
    if any(plan.churn for plan in work.used):
        ends = [plan.churn_max if plan.churn_max < math.inf else None for plan in work.used]
        document["churn"] = [[plan.churn, end] for plan, end in zip(work.used, ends, strict=True)]
    if any(spreads := list(work.spreads[-len(work.used) :])):
        document["spread"] = spreads
    if isinstance(settings.coarse, str | Path):
        document["coarse"] = str(settings.coarse)
    return document
