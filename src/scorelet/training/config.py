"""The part of a configuration that every training run has: steps, optimiser, schedule, output.

Every field has a unit or a range in its description; unknown fields are errors, so a misspelt
option is never silent. What is trained adds its own fields: see `scorelet.tasks.experiments`.
"""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scorelet.core.paths import as_path


def _folder(value: object) -> object:
    """Bring a path through the door; YAML takes what is empty for None."""
    value = "" if value is None else value
    return as_path(value, name="output") if isinstance(value, str | Path) else value


def one_or_more(value: object) -> object:
    """Take one entry for a list of it, so that `--cfg.data.train DIR` needs no brackets."""
    return [value] if isinstance(value, str | dict) else value


Names = Annotated[list[str], BeforeValidator(one_or_more)]
"""Names, or one alone."""


class ConfigSection(BaseModel):
    """A part of a configuration: frozen, without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class OptimizerConfig(ConfigSection):
    """How weights move."""

    name: Literal["adamw", "muon", "sgd"] = "adamw"
    rate: float = Field(
        default=1e-3, gt=0, lt=1e12, description="peak learning rate of AdamW or SGD"
    )
    betas: tuple[float, float] = Field(
        default=(0.9, 0.99), description="decays of AdamW's two moments, each from 0 to below 1"
    )
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of SGD")
    nesterov: bool = Field(default=False, description="SGD: look ahead along the momentum")
    matrix_rate: float = Field(
        default=0.02, gt=0, lt=1e12, description="peak rate of Muon's matrices"
    )
    least_channels: int = Field(
        default=17, ge=2, description="of both sides of what Muon moves; AdamW moves what has fewer"
    )
    weight_decay: float = Field(default=0.0, ge=0)
    decay_vectors: bool = Field(
        default=False, description="let biases, gains and norms decay too, not matrices only"
    )
    clip: float | None = Field(
        default=1.0, gt=0, description="largest norm of the whole gradient; null: never cut"
    )
    ema: float = Field(default=0.999, ge=0, lt=1, description="decay of the averaged weights")

    @model_validator(mode="after")
    def _consistent(self) -> "OptimizerConfig":
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be two decays from 0 to below 1, not {list(self.betas)}")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov looks ahead along a momentum above 0")
        return self


class ScheduleConfig(ConfigSection):
    """How the learning rate moves: a warm-up, linear but for `one-cycle`, then the named shape."""

    shape: Literal["cosine", "linear", "step", "constant", "one-cycle"] = "cosine"
    warmup: int = Field(default=200, ge=0, description="steps")
    every: int = Field(default=10_000, ge=1, description="`step`: steps between two drops")
    factor: float = Field(default=0.5, gt=0, le=1, description="`step`: what a drop multiplies by")
    start: float = Field(
        default=0.04, gt=0, le=1, description="`one-cycle`: share of the peak in the first step"
    )
    end: float = Field(
        default=4e-6, ge=0, le=1, description="`one-cycle`: share of the peak in the last step"
    )


class LoopConfig(ConfigSection):
    """What the loop needs to know of a run; a configuration of a task inherits these fields."""

    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    steps: int = Field(ge=1, description="optimiser steps in all")
    batch: int = Field(default=16, ge=1, description="samples a step, over all processes")
    accumulate: int = Field(
        default=1, ge=1, description="parts of a batch that are computed one by one: less memory"
    )
    precision: Literal["no", "bf16"] = Field(
        default="no", description="bf16: products in bfloat16, weights and their sums in float32"
    )
    seed: int = Field(default=0, ge=0, lt=2**63)
    output: Annotated[Path, BeforeValidator(_folder)] = Field(
        description="folder for log, checkpoints and weights"
    )
    log_every: int = Field(default=100, ge=1, description="steps")
    save_every: int = Field(default=500, ge=1, description="steps")
    validate_every: int = Field(default=2000, ge=1, description="steps")
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="stop soon after the start if the steps that are left would take longer",
    )
    workers: int = Field(default=0, ge=0, description="processes that prepare samples")
    tensorboard: bool = True


def write_config(config: LoopConfig) -> str:
    """Return the whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
