"""Train what a configuration describes: data in, a run folder out."""

import os
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from scorelet.core.device import choose_device
from scorelet.core.ending import held_back
from scorelet.core.files import write_text
from scorelet.core.memory import keep_large_buffers
from scorelet.core.options import checked
from scorelet.core.progress import Say
from scorelet.data.pictures.folders import PictureWarning
from scorelet.tasks.experiments import build, read_config
from scorelet.tasks.locks import Locks
from scorelet.tasks.progress import Bar
from scorelet.training import LoopConfig, StepReport, Trainer, rate_factor, write_config
from scorelet.training.forecast import spoken
from scorelet.training.processes import told_of_the_others
from scorelet.training.run_folder import (
    CONFIG,
    STATE,
    WEIGHTS,
    claim_folder,
    refuse_lost_state,
)


def _silent(_text: str) -> None:
    """Say nothing."""


@checked
def train(
    config: LoopConfig | str | Path,
    *,
    resume: bool = False,
    device: str = "auto",
    quiet: bool = False,
    title: str = "training",
    say: Say = _silent,
    warn: Say = _silent,
) -> Path:
    """Train a model; return the path of its averaged weights.

    The folder `config.output` gets ``config.yaml``, ``log.jsonl``, ``tensorboard/``,
    ``state.safetensors`` (to resume), ``weights.safetensors`` (to use: the averaged weights) and,
    where there is a validation, ``best.safetensors`` (those that were best by it).

    Args:
        config: what to train: an instance of a task's configuration, the path of a YAML file, or
            the name of a configuration of the package.
        resume: go on from the state in the run folder.
        device: auto, cpu, cuda or mps. Each of several processes has its own, or the CPU.
        quiet: draw no progress bar.
        title: of the progress bar.
        say: gets a sentence about where a run goes on, and one about the time that it takes, as
            soon as it is known.
        warn: gets sentences about data that are left out or have changed, and on settings that do
            not do what they say.

    Raises:
        InputError: data or a device that are not there, an unknown architecture, a folder in use,
            one that holds weights without a state, or more steps than the run is to have.
        ScoreletError: the loss is no number any more, the run would take too long, or another of
            its processes has ended.
        KeyboardInterrupt: Ctrl-C; in one process the step is finished and the state saved before,
            if it comes once.
    """
    settings = config if isinstance(config, LoopConfig) else read_config(config)
    refuse_lost_state(Path(settings.output))
    _trained(settings, title, resume=resume, device=device, quiet=quiet, say=say, warn=warn)
    return Path(settings.output) / WEIGHTS


def _trained(
    settings: LoopConfig,
    title: str,
    *,
    resume: bool,
    device: str,
    quiet: bool,
    say: Say,
    warn: Say,
) -> Trainer:
    keep_large_buffers()
    choose_device(device)  # one that is not there is refused before pictures are read
    experiment = build(settings)
    with Locks("train") as locks:
        _take(locks, Path(settings.output))
        trainer = experiment.trainer(settings, resume=resume, device=device)
        if trainer.accelerator.is_main_process:
            for note in (*experiment.notes, *trainer.notes, *_short_run(settings)):
                warn(note)
            if resume and not trainer.step:
                warn(f"{settings.output} holds no state of a run, so that it begins anew.")
            if trainer.step:
                say(_where_it_goes_on(trainer))
            write_text(Path(settings.output) / CONFIG, write_config(settings))
        if experiment.prepare:
            _prepare(experiment.prepare, quiet=quiet or not trainer.accelerator.is_main_process)
        with told_of_the_others(trainer.accelerator):
            with _told(warn):
                _run(trainer, title, quiet=quiet, say=say)
            trainer.accelerator.wait_for_everyone()  # the main process writes last
    return trainer


def _take(locks: Locks, folder: Path) -> None:
    """Lock the folder of a run before its state is read; of several processes the first does."""
    if os.environ.get("RANK", "0") == "0":
        claim_folder(folder, used=False)
        locks.take(folder)


def _short_run(settings: LoopConfig) -> tuple[str, ...]:
    """Say that a run ends before its rate has risen, if it does."""
    steps, warmup = settings.steps, settings.schedule.warmup
    if steps >= warmup:
        return ()
    share = rate_factor(steps - 1, steps, settings.schedule)
    return (
        f"The rate rises for {warmup} steps and the run has {steps}, so that it ends at "
        f"{share:.2g} of the rate: lower schedule.warmup, or raise steps.",
    )


@contextmanager
def _told(warn: Say) -> Generator[None]:
    """Hand warnings of pictures on as sentences; others are shown as ever."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def told(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, PictureWarning):
                warn(str(message))
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = told  # ty: ignore[invalid-assignment]
        yield


def _prepare(work: Callable[[Callable[[int, int], None]], None], *, quiet: bool) -> None:
    with Bar("preparing", 0, quiet=quiet) as bar:
        work(bar.follow)


def _run(trainer: Trainer, title: str, *, quiet: bool, say: Say) -> None:
    told = False
    main = trainer.accelerator.is_main_process
    count = trainer.accelerator.num_processes
    title = title if count == 1 else f"{title} on {count} processes"
    bar = Bar(title, trainer.config.steps, start=trainer.step, quiet=quiet or not main)
    with bar, held_back(wanted=count == 1) as stop:  # several processes would have to agree
        for report in trainer.run():
            bar.advance("" if report.loss is None else f"loss {report.loss:.4f}")
            if main and not told and report.seconds_left is not None:
                say(_outlook(report))
                told = True
            if stop.came:
                trainer.save()
                break


def _where_it_goes_on(trainer: Trainer) -> str:
    steps = trainer.config.steps
    if trainer.step == steps:
        return f"all {steps} steps are done: the weights are written again"
    return f"goes on from step {trainer.step} of {steps}"


def _outlook(report: StepReport) -> str:
    left = report.steps - report.step
    return f"{left} steps left, about {spoken(report.seconds_left or 0.0)}"


def train_once(
    config: LoopConfig, title: str, *, quiet: bool, device: str = "auto"
) -> dict[str, int | float]:
    """Train, or go on with it; the state to resume from is deleted when it is done.

    Args:
        config: what to train.
        title: of the bar of progress.
        quiet: print nothing.
        device: where.

    Returns:
        parameters: of the network; seconds: of this call.
    """
    start = time.perf_counter()
    begun = (Path(config.output) / STATE).exists()
    trainer = _trained(
        config, title, resume=begun, device=device, quiet=quiet, say=_silent, warn=_silent
    )
    (Path(config.output) / STATE).unlink(missing_ok=True)
    count = sum(p.numel() for p in trainer.plain.parameters())
    return {"parameters": count, "seconds": round(time.perf_counter() - start, 1)}
