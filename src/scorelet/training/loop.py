"""One training loop for every model, on accelerate: one process or many, any precision.

A step is a function of (state, seed, step number): batches come from the step number, random
numbers from (seed, step, place in the batch). So a run that was killed goes on as if nothing had
happened, and several processes do what one does.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

from scorelet.core.errors import NotFiniteError
from scorelet.training.averaging import averaged
from scorelet.training.batches import Part, batches_from
from scorelet.training.best import Best, BestSoFar
from scorelet.training.config import LoopConfig
from scorelet.training.forecast import Forecast, refuse_too_long
from scorelet.training.logs import RunLog
from scorelet.training.means import RunningMeans
from scorelet.training.optimizers import make_optimizers
from scorelet.training.processes import make_accelerator, shares
from scorelet.training.run_folder import (
    BEFORE,
    BEST,
    STATE,
    WEIGHTS,
    claim_folder,
    diverged,
    keep_weights,
    refuse_divergence,
    remove_partial_files,
)
from scorelet.training.schedules import changed_rate, rate_factor
from scorelet.training.settings import refuse_fewer_steps, refuse_other_settings
from scorelet.training.sources import changed_sentence, contents
from scorelet.training.state import load_state, read_facts, save_state


@dataclass(frozen=True)
class StepReport:
    """What a caller sees after every step."""

    step: int
    steps: int
    loss: float | None
    """Mean loss since the last log line; None between two lines."""
    seconds_left: float | None
    """What the steps that are left take, without saving and validation; None: not known yet."""


Validate = Callable[[int, nn.Module], dict[str, float]]
"""Maps the step and the averaged learner to figures by name."""
Export = Callable[[nn.Module, Path], None]
"""Writes the model of the averaged learner to a path."""
AfterStep = Callable[[int, nn.Module], None]
"""Changes the learner's weights in place after a step, whose number it is told (from 1), as a
projection onto a constraint does."""


class Trainer:
    """Run a `LoopConfig`: `for report in Trainer(...).run(): ...`.

    Args:
        config: the run; configurations of tasks inherit its fields.
        learner: module that maps (batch, noise) to a `Loss`; its averaged copy is
            `self.average`.
        data: sample k of the run at index k, a dict of tensors; step n takes `batch` of them.
        validate: called every `validate_every` steps, on the main process; what it returns is
            logged, by names other than `loss` and those of the terms of training.
        best: the figure of `validate` by which ``best.safetensors`` is written.
        export: called at every save, before the state is written, and for new best figures.
        after_step: called after every step of the optimisers, before weights are averaged.
        sources: files and folders that `data` are read from; where they are others than when the
            state was saved, or the rate goes on otherwise, `notes` says so.
        resume: go on from the folder's state; without it a folder with a state is an error.
        device: auto, cpu, cuda or mps; several processes have their own, or the CPU.

    Raises:
        InputError: a device that is not there, the batch cannot be shared by the processes, the
            folder is in use, or its state is of a run with other settings (but those of
            `settings.FREE`) or of more steps.
    """

    def __init__(  # noqa: PLR0913 - what is trained, hooks, and how
        self,
        config: LoopConfig,
        learner: nn.Module,
        data: Dataset,
        *,
        validate: Validate | None = None,
        best: Best | None = None,
        export: Export | None = None,
        after_step: AfterStep | None = None,
        sources: Sequence[Path] = (),
        resume: bool = False,
        device: str = "auto",
    ) -> None:
        self.config, self.data = config, data
        self.validate, self.export, self.after_step = validate, export, after_step
        self.folder = Path(config.output)
        self.accelerator = make_accelerator(device)
        shares(config, 0, self.accelerator)  # refuses a batch that cannot be shared
        learner = learner.to(self.accelerator.device)
        learner = learner.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
        self.average = averaged(learner, config.optimizer.ema).eval()
        self.optimizers = make_optimizers(learner, config.optimizer)
        self.rates = [group["lr"] for o in self.optimizers for group in o.param_groups]
        self.plain = learner
        self.step, self.means, self.best = 0, RunningMeans(), BestSoFar(best)
        self.contents = contents(sources)
        self.notes: tuple[str, ...] = ()
        self._restore(resume=resume)
        self.forecast = Forecast(config.steps - self.step)
        self.learner = self.accelerator.prepare(learner)

    def run(self) -> Generator[StepReport]:
        """Yield after every step until the last; saves, validates and logs on the way.

        Weights of a run that goes on are written again: they may be gone or damaged, or of a later
        step than the state, if it was killed between the two.
        """
        log = None
        if self.accelerator.is_main_process:
            remove_partial_files(self.folder)
            log = RunLog(self.folder, step=self.step, tensorboard=self.config.tensorboard)
            if self.step:
                self._export_weights()
        try:
            yield from self._steps(log)
        finally:
            if log:
                log.close()

    def _steps(self, log: RunLog | None) -> Iterator[StepReport]:
        clock = time.perf_counter()
        for parts in batches_from(self.step, self.data, self.config, self.accelerator):
            values = self._one_step(parts)
            seconds = time.perf_counter() - clock
            self.means.add(values, seconds)
            if self._due(self.config.save_every):
                # all processes go on from the state of one, and so with the same sums
                self.means.sums = self._over_processes(self.means.sums)
            self._look_ahead(seconds)
            loss = None
            if self._due(self.config.log_every):
                means = self._over_processes(self.means.means())
                loss = means["loss"]
                if log:
                    self._write(log, means | {"gradient_norm": values["gradient_norm"]})
                self.means = RunningMeans()
            if log:
                self._validate_and_save(log)
            yield StepReport(self.step, self.config.steps, loss, self.forecast.seconds_left)
            clock = time.perf_counter()  # neither saving nor the caller's work counts

    def _one_step(self, parts: list[Part]) -> dict[str, float]:
        """Move the weights; return this process's loss and its terms, and the gradient's norm."""
        config = self.config
        self._set_rates()
        values = self._gradient(parts)
        clip = math.inf if config.optimizer.clip is None else config.optimizer.clip
        norm = float(self.accelerator.clip_grad_norm_(self.learner.parameters(), clip))
        refuse_divergence(self.folder, self.step + 1, values["loss"], norm)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if self.after_step:
            with torch.no_grad():
                self.after_step(self.step + 1, self.plain)
        self.average.update_parameters(self.plain)
        self.step += 1
        return values | {"gradient_norm": norm}

    def _set_rates(self) -> None:
        factor = rate_factor(self.step, self.config.steps, self.config.schedule)
        groups = [group for o in self.optimizers for group in o.param_groups]
        for group, rate in zip(groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def _gradient(self, parts: list[Part]) -> dict[str, float]:
        """Add up the gradient of the mean over the parts; return the means of what is logged."""
        means = RunningMeans()
        for number, part in enumerate(parts, start=1):
            with self._among_processes(last=number == len(parts)):
                with self._precision():
                    loss = self.learner(part.batch, part.noise)
                self.accelerator.backward(loss.value / len(parts))
            terms = {f"loss/{name}": float(term) for name, term in loss.terms.items()}
            means.add({"loss": float(loss.value.detach())} | terms, 0.0)
        return means.means()

    def _among_processes(self, *, last: bool) -> AbstractContextManager[None]:
        """Processes exchange the gradient with the last part only."""
        return nullcontext() if last else self.accelerator.no_sync(self.learner)

    def _precision(self) -> torch.autocast:
        """Not accelerate's own, which is fixed once for all runs of a Python process."""
        bfloat16 = self.config.precision == "bf16"
        return torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=bfloat16)

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def _look_ahead(self, seconds: float) -> None:
        """Stop early if the run would take too long; all processes decide alike."""
        self.forecast.add(seconds)
        if self.forecast.looks:
            left = self._over_processes({"left": self.forecast.seconds_left or 0.0})["left"]
            refuse_too_long(left, self.config.minutes, left=self.config.steps - self.step)

    def _over_processes(self, values: dict[str, float]) -> dict[str, float]:
        """Means over the processes, which all come here in the same step."""
        mine = torch.tensor(list(values.values()), device=self.accelerator.device)
        means = self.accelerator.reduce(mine, "mean")
        return dict(zip(values, means.tolist(), strict=True))

    def _write(self, log: RunLog, values: dict[str, float]) -> None:
        seconds = self.means.seconds
        log.write(
            self.step,
            **values,
            rate=self.optimizers[0].param_groups[0]["lr"],
            samples_per_second=round(self.means.steps * self.config.batch / seconds, 4),
            seconds=round(seconds, 2),
        )

    def _validate_and_save(self, log: RunLog) -> None:
        """Save the state last: a run that is killed before does the rest of its step again."""
        if self.validate and self._due(self.config.validate_every):
            figures = self._figures(self.validate)
            log.write(self.step, **figures)
            if self.best.improves(figures, self.step) and self.export:
                self.export(self.average.module, self.folder / BEST)
        if self._due(self.config.save_every):
            self.save()

    def _figures(self, validate: Validate) -> dict[str, float]:
        try:
            with self._precision(), torch.no_grad():
                return validate(self.step, self.average.module)
        except NotFiniteError as error:
            what = f"After step {self.step} the answers to the pictures of the validation are NaN "
            raise diverged(self.folder, f"{what}or infinite") from error

    def save(self) -> None:
        """Write the weights and then the state, between two steps; keep the weights of before.

        The first time the state comes first: weights alone would bar the folder to another try.
        """
        first = not (self.folder / STATE).exists()
        if first:
            (self.folder / BEFORE).unlink(missing_ok=True)  # of a run whose state was removed
        else:
            keep_weights(self.folder)
            self._export_weights()
        self._save_state()
        if first:
            self._export_weights()
        if self.step == self.config.steps:
            (self.folder / BEFORE).unlink(missing_ok=True)

    def _save_state(self) -> None:
        facts = {
            "step": self.step,
            "means": asdict(self.means),
            "best": self.best.facts(),
            "config": self.config.model_dump(mode="json"),
            "contents": self.contents,
        }
        save_state(
            self.folder / STATE,
            facts,
            learner=self.plain,
            average=self.average,
            optimizers=self.optimizers,
        )

    def _export_weights(self) -> None:
        if self.export:
            self.export(self.average.module, self.folder / WEIGHTS)

    def _restore(self, *, resume: bool) -> None:
        path = self.folder / STATE
        claim_folder(self.folder, used=path.exists() and not resume)
        if not path.exists():
            return
        facts = read_facts(path)
        refuse_fewer_steps(self.folder, facts["step"], self.config.steps)
        refuse_other_settings(facts["config"], self.config.model_dump(mode="json"))
        load_state(path, learner=self.plain, average=self.average, optimizers=self.optimizers)
        self.step, self.means = int(facts["step"]), RunningMeans(**facts["means"])
        self.best.restore(facts["best"])
        if self.step < self.config.steps:
            self.notes = tuple(self._changes(facts))

    def _changes(self, facts: dict[str, Any]) -> Iterator[str]:
        """Say what makes the rest of a run another than if it had not been interrupted."""
        before = facts.get("contents", self.contents)
        if before != self.contents:
            yield changed_sentence(before, self.contents)
        steps, config = facts["config"]["steps"], self.config
        if note := changed_rate(self.step, steps, config.steps, config.schedule):
            yield note
