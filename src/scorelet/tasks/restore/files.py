"""`restore` for files and folders."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scorelet.core.arrays import plain_array
from scorelet.core.paths import as_path
from scorelet.data import (
    check_target,
    from_unit,
    is_lossy,
    read_picture,
    what_it_holds,
    write_pages,
)
from scorelet.data.pictures.formats.base import SIXTEEN
from scorelet.data.pictures.lost import lost
from scorelet.tasks.conditions import Conditions
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.journal import digest
from scorelet.tasks.listener import NOBODY, Listener
from scorelet.tasks.planning import FileTask, plan_tasks, with_beside
from scorelet.tasks.restore.drawing import Pixels, restored
from scorelet.tasks.restore.settings import RestoreSettings
from scorelet.tasks.restore.ways.base import BlurKernel, Mask

SUFFIX = "_restored"
"""What results are called that have no name given."""
_SAMPLES = r"_(\d{3,}|deviation)"
"""What `_beside` adds to names."""


def restore_files(
    paths: Sequence[str | Path],
    output: str | Path | None = None,
    *,
    settings: RestoreSettings,
    resume: bool = False,
    overwrite: bool = False,
    listener: Listener = NOBODY,
) -> Iterator[Outcome]:
    """Restore files and folders into files; yield what became of each, in order.

    With `settings.samples` above 1 each sample is written, too, as NAME_000 and so on, and their
    deviation as NAME_deviation, see `deviation_samples`, a PNG where the kind of the mean holds no
    16 bits; the mean comes last.

    Args:
        paths: files and folders of pictures.
        output: see `plan_tasks`; by default beside the source with "_restored" in the name.
        settings: how; a mask may be a folder, see `RestoreSettings`.
        resume: keep what an interrupted job with the same settings has finished.
        overwrite: replace files that exist.
        listener: is told how it goes on.

    Raises:
        InputError: nothing to do, targets that exist, an unknown model, another job at work.
    """
    roots = [as_path(path) for path in paths]
    masks = _masks(settings, roots)
    model = settings.ready()
    model.denoiser.check_label(settings.label)
    planned = plan_tasks(paths, output, suffix=SUFFIX, beside=_SAMPLES, say=listener.left_out)
    tasks = with_beside(planned, partial(_beside, settings=settings))
    listener.files(len(tasks))
    targets = {task.target for task in tasks}

    def work(task: FileTask, publish: Publish) -> dict[str, Any]:
        own = replace(settings, mask=masks.of(task.source)) if masks else settings
        report = _restore_file(task, own, publish, listener)
        report["warnings"] += _left_behind(task, targets)
        return report

    yield from run_tasks(
        tasks,
        work,
        verb="restore",
        settings={name: getattr(settings, name) for name in _DECIDES}
        | {"mask": masks.digest() if masks else _content(settings.mask)}
        | {"kernel": _content(settings.kernel), "model": model.digest, "dtype": model.dtype},
        resume=resume,
        overwrite=overwrite,
        journal=len(roots) > 1 or roots[0].is_dir(),
    )


_DECIDES = (
    *("task", "factor", "shrunk", "blur", "edges", "ratio", "projections", "share"),
    *("sigma", "quality", "samples", "label", "seed"),
)
"""What results depend on, beside the picture, the model and the content of mask and kernel."""


def _masks(settings: RestoreSettings, roots: Sequence[Path]) -> Conditions | None:
    """Return the folder of masks, if it is one and there may be several pictures."""
    if not isinstance(settings.mask, str | Path):
        return None
    path = as_path(settings.mask, name="mask")
    several = len(roots) > 1 or roots[0].is_dir()
    return Conditions(path, roots, what="mask") if several and path.is_dir() else None


def _content(given: Mask | BlurKernel | None) -> str | None:
    """Return what tells whether a mask or a kernel is the same; of no file its name."""
    if given is None:
        return None
    if isinstance(given, str | Path):
        path = as_path(given)
        return digest(path) if path.is_file() else str(path)
    array = plain_array(given)
    told = array.shape, array.dtype.str, array.tolist()
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _beside(target: Path, settings: RestoreSettings) -> list[Path]:
    """Return what is written beside the mean: each sample, and in full their deviation."""
    if settings.samples is None or settings.samples == 1:
        return []
    samples = [target.with_stem(f"{target.stem}_{k:03d}") for k in range(settings.samples)]
    suffix = target.suffix if SIXTEEN in what_it_holds(target) else ".png"
    return [*samples, target.with_name(f"{target.stem}_deviation{suffix}")]


def _left_behind(task: FileTask, targets: Collection[Path]) -> list[str]:
    """Name the first sample of an earlier job with more samples: it is none of these.

    A result of another file of this job, among its targets, may have such a name, too.
    """
    more = task.target.with_stem(f"{task.target.stem}_{len(task.beside) - 1:03d}")
    if not task.beside or more in targets or not more.exists():
        return []
    return [f"{more} was there before, and is no sample of this job"]


def deviation_samples(deviation: Pixels, dtype: np.dtype) -> Pixels:
    """Return what is written of the deviation of pictures of a dtype.

    Of integers it is in thousandths of a level of 8 bits, as integers of 16 bits, and so up to
    65.535: most of it is below one level. Of floats it is in their unit.

    >>> deviation_samples(np.array([0, 0.5, 100]) / 255, np.dtype(np.uint8)).tolist()
    [0, 500, 65535]
    """
    if dtype.kind == "f":
        return deviation.astype(dtype)
    return from_unit(deviation * (255_000 / 65_535), np.uint16)


def _restore_file(
    task: FileTask, settings: RestoreSettings, publish: Publish, listener: Listener
) -> dict[str, Any]:
    """Restore one file; return its report."""
    prepared = settings.prepare(read_picture(task.source, gaps=True))
    picture = prepared.picture
    some = np.broadcast_to(picture.pixels[:1, :1], (*prepared.size, picture.pixels.shape[2]))
    large = prepared.result(some)
    check_target(task.target, large, pages=1)

    def write(path: Path, pixels: Pixels, alpha: Pixels | None) -> None:
        one = replace(large, pixels=pixels, alpha=alpha)
        write_pages(path, [one], publish=lambda temporary: publish.file(path, temporary))

    def keep(number: int, sample: Pixels) -> None:
        if task.beside:
            write(task.beside[number], from_unit(sample, picture.pixels.dtype), large.alpha)

    found = restored(prepared, settings, keep=keep, progress=listener.part)
    if task.beside:
        write(task.beside[-1], deviation_samples(found.deviation, picture.pixels.dtype), None)
    height, width = found.picture.pixels.shape[:2]
    loss = is_lossy(task.target, picture.metadata) and settings.way.keeps
    report = {
        "outputs": [str(path) for path in (task.target, *task.beside)],
        "height": height,
        "width": width,
        "samples": settings.count,
        "steps": found.steps,
        "deviation": float(found.deviation.mean()) * 255,
        "sigma": found.sigma,
        "sigma_8bit": found.sigma * 255,
        "blur": found.blur,
        "warnings": [*found.warnings, *([_LOSS] if loss else [])],
        "notes": [asdict(note) for note in (*picture.notes, *lost(task.target, picture))],
    }
    write_pages(task.target, [found.picture], publish=lambda temporary: publish(temporary, report))
    return report


_LOSS = (
    "the result is compressed with loss: pixels and means of blocks that are known hold only "
    "nearly; take a name that ends in .png"
)
