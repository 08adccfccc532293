"""`sample` in Python: a model in, samples out."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scorelet.core.ending import STATUS, Ended, HeldBack, held_back
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import DivergenceError
from scorelet.tasks.sample.beyond import Beyond
from scorelet.tasks.sample.kept import InFile, InFolder, InMemory, Kept
from scorelet.tasks.sample.output import check_sheets, files_of, is_folder
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
    settings = SampleSettings(
        model, n, size, steps, seed, coarse, sampler, device, label, first, churn, batch
    )
    work = work_of(settings)
    work.check_memory(whole=True)
    kept = InMemory((settings.n, work.channels, *work.size))
    document = _draw(work, kept)
    return Samples(kept.images, work.pictures, document)


def drawn(
    settings: SampleSettings,
    output: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Draw samples into files, those of a folder batch by batch.

    Args:
        settings: what is drawn.
        output: as in `Samples.save`, refused before anything is drawn.
        overwrite: replace an existing file.
        progress: called with (steps done, steps in all).

    Returns:
        The document of `Samples`.

    Raises:
        DivergenceError: see `sample`; the samples before it are in `output`, if there are any.
        KeyboardInterrupt, Ended: by SIGINT and SIGTERM, which come after a step; likewise.
    """
    work = work_of(settings)
    coarse = settings.coarse
    source = Path(coarse) if isinstance(coarse, str | Path) else None
    shape = (settings.n, work.channels, *work.size)
    check_sheets(output, shape, first=settings.first, overwrite=overwrite, source=source)
    files = files_of(output, settings.first, settings.n)
    several = is_folder(output)
    work.check_memory(whole=not several)
    if several:
        kept: Kept = InFolder(files, pictures=work.pictures, overwrite=overwrite)
    else:
        kept = InFile(shape, files[0], pictures=work.pictures, overwrite=overwrite)
    return _draw(work, kept, output, progress)


def _draw(
    work: Work, kept: Kept, output: str | Path | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Draw all samples; return their document, or say what is kept."""
    settings, start = work.settings, time.perf_counter()
    failure, beyond = None, Beyond()
    try:
        with held_back(wanted=output is not None) as stop:
            try:
                _draw_all(work, kept, beyond, _on_step(work, stop, progress))
            except (DivergenceError, KeyboardInterrupt, SystemExit) as error:
                failure = error
            kept.close()
    except (KeyboardInterrupt, SystemExit) as error:
        failure = error
    if failure is not None:
        raise _saying(failure, kept.written, settings, output)
    said = beyond.said() if work.pictures else []
    return _document(work, said, time.perf_counter() - start)


def _on_step(work: Work, stop: HeldBack, progress: Progress | None) -> OnStep:
    """Return what counts steps, and ends where a signal has come."""
    total = sum(plan.steps for plan in work.used) * len(_batches(work))
    done = 0

    def on_step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)
        if stop.came is not None:
            raise KeyboardInterrupt

    return on_step


def _draw_all(work: Work, kept: Kept, beyond: Beyond, on_step: OnStep) -> None:
    with torch.no_grad():
        for numbers in _batches(work):
            part = work.draw(numbers, on_step).float().cpu().numpy()
            kept.add(part)
            beyond.add(part)


def _batches(work: Work) -> list[range]:
    """Return the numbers of the samples of each batch."""
    first, most = work.settings.first, work.batch()
    end = first + work.settings.n
    return [range(start, min(start + most, end)) for start in range(first, end, most)]


def _saying(
    failure: DivergenceError | KeyboardInterrupt | SystemExit,
    written: int,
    settings: SampleSettings,
    output: str | Path | None,
) -> BaseException:
    """Return what ends a drawing, with a sentence on what is kept."""
    samples = "sample before is" if written == 1 else f"{written} samples before are"
    before = f"The {samples} in {output}"
    if isinstance(failure, DivergenceError):
        return DivergenceError(f"{failure} {before}.") if written else failure
    if isinstance(failure, SystemExit) and failure.code != STATUS:
        return failure
    others = f"first (--first) {settings.first + written} and n (-n) {settings.n - written}"
    into = "" if output is None or is_folder(output) else " into another file"
    said = f"Interrupted. {before}; {others} draw the others{into}."
    if written == settings.n:
        said = f"Interrupted. All {written} samples are in {output}."
    said = said if written else _NOTHING
    return Ended(said) if isinstance(failure, SystemExit) else KeyboardInterrupt(said)


def _document(work: Work, said: list[str], seconds: float) -> dict[str, Any]:
    settings = work.settings
    named = isinstance(settings.model, str | Path)
    document = {
        "model": str(settings.model) if named else type(settings.model).__name__,
        "n": settings.n,
        "size": list(work.size),
        "channels": work.channels,
        "seed": settings.seed,
        "first": settings.first,
        "sampler": settings.sampler,
        "steps": [plan.steps for plan in work.used],
        "calls": sum(plan.calls for plan in work.used),
        "seconds": round(seconds, 2),
        "warnings": [*work.warnings, *said],
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
