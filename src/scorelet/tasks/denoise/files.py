"""`denoise` for files and folders: page by page each file is read, planned, run and written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path, exists
from scorelet.data import (
    SUFFIXES,
    Note,
    Picture,
    check_target,
    count_pages,
    locate,
    what_it_holds,
    write_pages,
)
from scorelet.data.pictures.lost import lost
from scorelet.tasks.conditions import Conditions
from scorelet.tasks.denoise.pages import denoised_pages
from scorelet.tasks.denoise.settings import SETTINGS, TARGET, Denoised, DenoiseSettings, Target
from scorelet.tasks.jobs import Outcome, Publish, run_tasks
from scorelet.tasks.listener import NOBODY, Listener
from scorelet.tasks.planning import FileTask, plan_tasks
from scorelet.tasks.ready_denoiser import ReadyDenoiser

SUFFIX = "_denoised"
"""What results are called that have no name given."""


def denoise_files(
    paths: Sequence[str | Path],
    output: str | Path | None = None,
    *,
    settings: DenoiseSettings = SETTINGS,
    target: Target = TARGET,
    resume: bool = False,
    overwrite: bool = False,
    listener: Listener = NOBODY,
) -> Iterator[Outcome]:
    """Denoise files and folders into files; yield what became of each, in order.

    Args:
        paths: files and folders of pictures.
        output: see `plan_tasks`; by default beside the source with "_denoised" in the name.
        settings: how to denoise.
        target: how to write.
        resume: keep what an interrupted job with the same settings has finished.
        overwrite: replace files that exist, the inputs included if they are the outputs.
        listener: is told how it goes on.

    Raises:
        InputError: nothing to do, targets that exist, an unknown model, another job at work.
    """
    if output is None and len(paths) == 2:
        _refuse_forgotten_option(*map(as_path, paths))
    job = _job(settings, paths, listener)
    model, told = job.model, job.told
    tasks = plan_tasks(paths, output, suffix=SUFFIX, form=target.form, say=listener.left_out)
    listener.files(len(tasks))
    journal = len(paths) > 1 or as_path(paths[0]).is_dir()
    yield from run_tasks(
        tasks,
        lambda task, publish: _denoise_file(task, job, target, publish),
        verb="denoise",
        settings={
            "model": model.digest,
            "sigma": settings.sigma,
            "strength": settings.strength,
            "label": settings.label,
            "dtype": model.dtype,
            "nodata": settings.nodata,
            "cond": told.digest() if told and journal else None,
            "quality": target.quality,
            "noise": settings.noise,
            "noise_law": settings.noise_law,
            "self_ensemble": settings.self_ensemble,
            "camera": settings.may_be_camera and settings.camera().digest,
            "grain": settings.may_be_camera and settings.grain().digest,
        },
        resume=resume,
        overwrite=overwrite,
        journal=journal,
    )


def measure_files(
    paths: Sequence[str | Path],
    *,
    settings: DenoiseSettings = SETTINGS,
    listener: Listener = NOBODY,
) -> Iterator[Outcome]:
    """Find the noise of files and folders, as `denoise_files` would, and write nothing."""
    job = _job(settings, paths, listener)
    tasks = plan_tasks(paths, None, suffix=SUFFIX, say=listener.left_out)
    listener.files(len(tasks))

    def measure(task: FileTask, _publish: Publish) -> dict[str, Any]:
        return _report([_page_report(out) for out in job.pages(task)], job)

    yield from run_tasks(tasks, measure, verb="denoise", settings={}, writes=False)


@dataclass(frozen=True)
class _Job:
    """What all files of a job have in common."""

    model: ReadyDenoiser
    settings: DenoiseSettings
    told: Conditions | None
    listener: Listener

    def pages(
        self, task: FileTask, check: Callable[[Picture], None] | None = None
    ) -> Iterator[Denoised]:
        """Denoise the pages of a file, for what its target can hold."""
        return denoised_pages(
            task.source,
            self.model.denoiser,
            self.settings,
            cond=self.told.of(task.source) if self.told else None,
            can=what_it_holds(task.target),
            check=check,
            listener=self.listener,
        )


def _job(settings: DenoiseSettings, paths: Sequence[str | Path], listener: Listener) -> _Job:
    model = settings.ready()
    model.denoiser.check_label(settings.label)
    return _Job(model, settings, _conditions(settings, paths), listener)


def _conditions(settings: DenoiseSettings, paths: Sequence[str | Path]) -> Conditions | None:
    """Return the files of conditions, if there are any."""
    if settings.cond is None:
        return None
    return Conditions(locate(settings.cond), [as_path(path) for path in paths])


def _refuse_forgotten_option(source: Path, other: Path) -> None:
    """Refuse a second path that is not there and has a picture's name: a target, likely."""
    if exists(source) and not exists(other) and other.suffix.lower() in SUFFIXES:
        raise InputError(
            f"There is no file {other}: if it is to be the result, write -o {other}; if it is a "
            "picture to be read, check the path."
        )


def _denoise_file(task: FileTask, job: _Job, target: Target, publish: Publish) -> dict[str, Any]:
    """Denoise all pages of a file; return its report."""
    pages: list[dict[str, Any]] = []
    report = _report(pages, job)
    count = count_pages(task.source)

    def check(page: Picture) -> None:
        check_target(task.target, page, pages=count, quality=target.quality)

    def pictures() -> Iterator[Picture]:
        for out in job.pages(task, check):
            pages.append(_page_report(out, lost(task.target, out.picture)))
            yield out.picture

    write_pages(
        task.target,
        pictures(),
        quality=target.quality,
        publish=lambda temporary: publish(temporary, report),
    )
    return report


def _report(pages: list[dict[str, Any]], job: _Job) -> dict[str, Any]:
    return {
        "convolutions_in": job.model.dtype,
        "self_ensemble": job.settings.self_ensemble,
        "pages": pages,
    }


def _page_report(out: Denoised, more: tuple[Note, ...] = ()) -> dict[str, Any]:
    pixels = out.picture.pixels
    return {
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "dtype": str(pixels.dtype),
        "sigma": out.sigma,
        "sigma_8bit": None if pixels.dtype.kind == "f" else out.sigma * 255,
        "noise": out.noise,
        "reason": out.reason,
        "found": out.found,
        "told": out.told,
        "warnings": list(out.warnings),
        "notes": [asdict(note) for note in (*out.picture.notes, *more)],
    }
