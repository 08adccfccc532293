"""What a training run is made of, as a YAML file with overrides.

Every field has a unit or a range in its description; unknown fields are errors, so a misspelt
option is never silent.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scorelet.core.errors import InputError, one_line


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelConfig(_Section):
    """The network that learns."""

    architecture: str = Field(description="a name of scorelet.networks.ARCHITECTURES")
    options: dict[str, Any] = Field(default={}, description="arguments of its constructor")
    start_from: str | None = Field(
        default=None, description="weights to start from: a path; shapes that differ are skipped"
    )


class DataConfig(_Section):
    """Pictures, cut into patches; white noise is added without clipping."""

    train: list[str] = Field(description="folders of pictures, under $SCORELET_DATA or as paths")
    exclude: list[str] = Field(default=[], description="file names to leave out, as set/name.png")
    validation: list[str] = Field(default=[], description="folders, evaluated as they are")
    channels: Literal[1, 3] = 1
    gray: float = Field(
        default=0.0, ge=0, le=1, description="share of colour patches that are made gray"
    )
    patch: int = Field(default=96, ge=8, description="side of a square patch in pixels")
    batch: int = Field(default=16, ge=1, description="patches a step, over all processes")
    sigma: tuple[float, float] = Field(
        default=(0.0, 75.0), description="least and largest noise level, in 8-bit units"
    )
    law: Literal["uniform", "quadratic", "log-uniform"] = Field(
        default="uniform",
        description="of the noise level: `quadratic` is the largest times the square of a uniform "
        "number, `log-uniform` has every octave as often",
    )
    workers: int = Field(default=0, ge=0, description="processes that cut patches")

    @model_validator(mode="after")
    def _consistent(self) -> "DataConfig":
        low, high = self.sigma
        if not 0 <= low <= high:
            raise ValueError("sigma must be two noise levels, 0 <= low <= high")
        if (self.law == "quadratic" and low > 0) or (self.law == "log-uniform" and low == 0):
            raise ValueError("the law quadratic starts at noise level 0, log-uniform above it")
        if self.gray and self.channels == 1:
            raise ValueError("gray is a share of colour patches, it needs channels: 3")
        return self


class OptimizerConfig(_Section):
    """How weights move."""

    name: Literal["adamw", "muon"] = "adamw"
    rate: float = Field(default=1e-3, gt=0, description="peak learning rate of AdamW")
    betas: tuple[float, float] = Field(
        default=(0.9, 0.99), description="decays of AdamW's two moments"
    )
    matrix_rate: float = Field(default=0.02, gt=0, description="peak rate of Muon's matrices")
    weight_decay: float = Field(default=0.0, ge=0)
    clip: float = Field(default=1.0, gt=0, description="largest norm of the whole gradient")
    ema: float = Field(default=0.999, ge=0, lt=1, description="decay of the averaged weights")


class ScheduleConfig(_Section):
    """How the learning rate moves: a linear warm-up, then the named shape."""

    shape: Literal["cosine", "linear", "step", "constant"] = "cosine"
    warmup: int = Field(default=200, ge=0, description="steps")
    every: int = Field(default=10_000, ge=1, description="`step`: steps between two drops")
    factor: float = Field(default=0.5, gt=0, le=1, description="`step`: what a drop multiplies by")


class TrainConfig(_Section):
    """One training run."""

    model: ModelConfig
    data: DataConfig
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    steps: int = Field(ge=1, description="optimiser steps in all")
    sigma_weight: float = Field(
        default=1.0,
        ge=0,
        description="the loss of a patch is divided by (sigma + 2/255) to this power",
    )
    precision: Literal["no", "bf16"] = Field(
        default="no", description="bf16: products in bfloat16, weights and their sums in float32"
    )
    seed: int = Field(default=0, ge=0)
    output: Path = Field(description="folder for log, checkpoints and weights")
    log_every: int = Field(default=100, ge=1, description="steps")
    save_every: int = Field(default=500, ge=1, description="steps")
    validate_every: int = Field(default=2000, ge=1, description="steps")
    tensorboard: bool = True


def read_config(path: Path, overrides: dict[str, Any] | None = None) -> TrainConfig:
    """Read a YAML file; `overrides` maps dotted names (``optimizer.rate``) to values.

    Raises:
        InputError: missing file, bad YAML, unknown field or value out of range, named.
    """
    try:
        tree = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {one_line(error)}.") from error
    if not isinstance(tree, dict):
        raise InputError(f"{path} must hold a mapping with model, data, steps and output.")
    for name, value in (overrides or {}).items():
        _set(tree, name, value)
    try:
        return TrainConfig.model_validate(tree)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_fault(error)}.") from error


def write_config(config: TrainConfig) -> str:
    """Return the whole configuration as YAML, defaults included."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _first_fault(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    got = first["input"]
    what = "" if isinstance(got, dict) else f" (got {got!r})"  # a section says nothing
    return f"{where}: {first['msg'].removeprefix('Value error, ')}{what}"


def _set(tree: dict[str, Any], name: str, value: Any) -> None:  # noqa: ANN401 - a YAML scalar or list
    *path, last = name.split(".")
    for part in path:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            raise InputError(f"Cannot set {name}: {part} is not a section.")
    tree[last] = value
