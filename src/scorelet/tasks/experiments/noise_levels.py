"""Noise levels of a run that adds noise to whole pictures."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scorelet.models import LogUniformNoise, QuadraticNoise, QuantileLaw, UniformNoise
from scorelet.training import ConfigSection


class NoiseConfig(ConfigSection):
    """Which pictures are noisy, and how much."""

    sigma: tuple[Annotated[float, Field(gt=0)], float] = Field(
        default=(1 / 255, 1.0), description="least and largest level, for pictures in [0, 1]"
    )
    law: Literal["log-uniform", "uniform", "quadratic"] = Field(
        default="log-uniform",
        description="of the level: `quadratic` is the largest times u^2, from 0 on",
    )
    clean: float = Field(
        default=0.5, ge=0, le=1, description="share of the pictures that stay clean"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "NoiseConfig":
        if not self.sigma[0] < self.sigma[1]:
            raise ValueError("sigma must be two noise levels, 0 < low < high")
        return self

    @property
    def most(self) -> float:
        """The largest noise level that is learnt: of clean pictures alone, the least."""
        low, high = self.sigma
        return low if self.clean == 1 else high

    def make_law(self) -> QuantileLaw:
        """Return the law of the levels."""
        low, high = self.sigma
        if self.law == "quadratic":
            return QuadraticNoise(high)
        return LogUniformNoise(low, high) if self.law == "log-uniform" else UniformNoise(low, high)
