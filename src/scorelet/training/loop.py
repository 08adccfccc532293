"""One training loop for every model, on accelerate: one process or many, any precision.

A step is a function of (state, seed, step number): batches come from the step number, random
numbers from (seed, step, process). So a run that was killed goes on as if nothing had happened.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from scorelet.core.errors import InputError, MissingExtraError, ScoreletError
from scorelet.core.random import generator
from scorelet.training.averaging import averaged
from scorelet.training.config import TrainConfig
from scorelet.training.logs import RunLog
from scorelet.training.objectives import Batch, Objective
from scorelet.training.optimizers import make_optimizers
from scorelet.training.schedules import rate_factor
from scorelet.training.state import load_state, read_facts, save_state

if TYPE_CHECKING:
    from accelerate import Accelerator

STATE = "state.safetensors"
FREE = ("steps", "output", "log_every", "save_every", "validate_every", "tensorboard")
"""What a resumed run may change: it alters the rest of the run, not what was done."""


@dataclass(frozen=True)
class Progress:
    """What a caller sees after every step."""

    step: int
    steps: int
    loss: float | None
    """Mean loss since the last log line; None between two lines."""


Validate = Callable[[int, nn.Module], dict[str, float]]
Export = Callable[[int, nn.Module], None]


class Trainer:
    """Run a `TrainConfig`: `for progress in Trainer(...).run(): ...`.

    Args:
        config: the run.
        model: what learns; its averaged copy is `self.average`.
        data: patch k of the run at index k; a global batch is `batch` consecutive items.
        objective: maps (model, batch, generator) to a `Loss`.
        validate: called with step and averaged model every `validate_every` steps, on the main
            process; what it returns is logged.
        export: called with step and averaged model at every save, before the state is written.
        resume: go on from the folder's state; without it a folder with a state is an error.

    Raises:
        InputError: the batch cannot be shared by the processes, the folder is in use, or its
            state is of a run with other settings (but those of `FREE`).
    """

    def __init__(
        self,
        config: TrainConfig,
        model: nn.Module,
        data: Dataset,
        objective: Objective,
        *,
        validate: Validate | None = None,
        export: Export | None = None,
        resume: bool = False,
    ) -> None:
        self.config, self.data, self.objective = config, data, objective
        self.validate, self.export = validate, export
        self.accelerator = _accelerator()
        if config.data.batch % self.accelerator.num_processes:
            raise InputError(
                f"A batch of {config.data.batch} cannot be shared by "
                f"{self.accelerator.num_processes} processes: choose a multiple."
            )
        model = model.to(self.accelerator.device)
        model = model.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
        self.average = averaged(model, config.optimizer.ema).eval()
        optimizers = make_optimizers(model, config.optimizer)
        self.rates = [group["lr"] for o in optimizers for group in o.param_groups]
        self.state_path = Path(config.output) / STATE
        self.step, self.sums = 0, _Sums()
        self._restore(model, optimizers, resume=resume)
        self.optimizers = optimizers
        self.plain = model
        self.model = self.accelerator.prepare(model)

    def run(self) -> Iterator[Progress]:
        """Yield after every step until the last; saves, validates and logs on the way."""
        log = None
        if self.accelerator.is_main_process:
            log = RunLog(self.config.output, step=self.step, tensorboard=self.config.tensorboard)
        try:
            yield from self._steps(log)
        finally:
            if log:
                log.close()

    def _steps(self, log: RunLog | None) -> Iterator[Progress]:
        clock = time.perf_counter()
        for batch in self._batches():
            loss, norm = self._one_step(batch)
            self.sums.add(loss, time.perf_counter() - clock)
            mean = None
            if self._due(self.config.log_every):
                mean = self._over_processes(self.sums.loss / self.sums.steps)
                if log:
                    self._write(log, mean, norm)
                self.sums = _Sums()
            if log:
                self._validate_and_save(log)
            yield Progress(self.step, self.config.steps, mean)
            clock = time.perf_counter()  # neither saving nor the caller's work counts

    def _one_step(self, batch: Batch) -> tuple[float, float]:
        """Move the weights; return the loss of this process and the norm of the gradient."""
        config, accelerator = self.config, self.accelerator
        factor = rate_factor(self.step, config.steps, config.schedule)
        groups = [group for o in self.optimizers for group in o.param_groups]
        for group, rate in zip(groups, self.rates, strict=True):
            group["lr"] = rate * factor
        rng = generator(config.seed, self.step, accelerator.process_index)
        with self._precision():
            loss = self.objective(self.model, batch, rng).value
        accelerator.backward(loss)
        norm = accelerator.clip_grad_norm_(self.model.parameters(), config.optimizer.clip)
        value, length = float(loss.detach()), float(norm)
        if not (math.isfinite(value) and math.isfinite(length)):
            raise ScoreletError(
                f"In step {self.step + 1} the loss is {value} and its gradient has norm {length}: "
                "lower the learning rate and --resume from the last saved state, which is good."
            )
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.average.update_parameters(self.plain)
        self.step += 1
        return value, length

    def _precision(self) -> torch.autocast:
        """Not accelerate's own, which is fixed once for all runs of a Python process."""
        bfloat16 = self.config.precision == "bf16"
        return torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=bfloat16)

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def _over_processes(self, value: float) -> float:
        """Mean over the processes, which all come here in the same step."""
        mine = torch.tensor(value, device=self.accelerator.device)
        return float(self.accelerator.reduce(mine, "mean"))

    def _write(self, log: RunLog, loss: float, norm: float) -> None:
        seconds = self.sums.seconds
        pixels = self.sums.steps * self.config.data.batch * self.config.data.patch**2
        log.write(
            self.step,
            loss=loss,
            gradient_norm=norm,
            rate=self.optimizers[0].param_groups[0]["lr"],
            megapixels_per_second=round(pixels / seconds / 1e6, 4),
            seconds=round(seconds, 2),
        )

    def _validate_and_save(self, log: RunLog) -> None:
        """Save the state last: a run that is killed before does the rest of its step again."""
        if self.validate and self._due(self.config.validate_every):
            with self._precision(), torch.no_grad():
                log.write(self.step, **self.validate(self.step, self.average.module))
        if self._due(self.config.save_every):
            if self.export:
                self.export(self.step, self.average.module)
            save_state(
                self.state_path,
                {
                    "step": self.step,
                    "sums": asdict(self.sums),
                    "config": self.config.model_dump(mode="json"),
                },
                model=self.plain,
                average=self.average,
                optimizers=self.optimizers,
            )

    def _batches(self) -> Iterator[Batch]:
        shares = _shares(self.config, self.step, self.accelerator)
        loader = DataLoader(self.data, batch_sampler=shares, num_workers=self.config.data.workers)
        for batch in loader:
            yield {name: self._place(tensor) for name, tensor in batch.items()}

    def _place(self, tensor: Tensor) -> Tensor:
        layout = torch.channels_last if tensor.ndim == 4 else torch.preserve_format
        return tensor.to(self.accelerator.device, memory_format=layout)

    def _restore(
        self, model: nn.Module, optimizers: list[torch.optim.Optimizer], *, resume: bool
    ) -> None:
        if self.state_path.exists() and not resume:
            raise InputError(
                f"{self.state_path.parent} holds a run already: add --resume to go on, or choose "
                "another output folder."
            )
        Path(self.config.output).mkdir(parents=True, exist_ok=True)
        if not self.state_path.exists():
            return
        facts = read_facts(self.state_path)
        _refuse_other_settings(facts["config"], self.config.model_dump(mode="json"))
        load_state(self.state_path, model=model, average=self.average, optimizers=optimizers)
        self.step, self.sums = int(facts["step"]), _Sums(**facts["sums"])


@dataclass
class _Sums:
    """What the next line of the log is made of; a run that goes on goes on with them."""

    loss: float = 0.0
    steps: int = 0
    seconds: float = 0.0

    def add(self, loss: float, seconds: float) -> None:
        self.loss, self.steps, self.seconds = (
            self.loss + loss,
            self.steps + 1,
            self.seconds + seconds,
        )


def _refuse_other_settings(saved: dict[str, Any], asked: dict[str, Any], where: str = "") -> None:
    for name, value in asked.items():
        path = f"{where}{name}"
        if path in FREE or saved.get(name) == value:
            continue
        if isinstance(value, dict):
            _refuse_other_settings(saved.get(name, {}), value, f"{path}.")
            continue
        raise InputError(
            f"The run was started with {path} {saved.get(name)!r}, not {value!r}: resume it with "
            "the same settings, or choose another output folder."
        )


def _shares(config: TrainConfig, done: int, accelerator: "Accelerator") -> Iterator[list[int]]:
    """Yield the item numbers of this process for each step that is left."""
    batch, share = config.data.batch, config.data.batch // accelerator.num_processes
    first = accelerator.process_index * share
    for step in range(done, config.steps):
        start = step * batch + first
        yield list(range(start, start + share))


def _accelerator() -> "Accelerator":
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise MissingExtraError("accelerate", "train") from error
    # accelerate joins processes on CPUs only if it is told so; else each would train alone
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    lonely = not torch.accelerator.is_available() or torch.backends.mps.is_available()
    return Accelerator(mixed_precision="no", cpu=several and lonely)
