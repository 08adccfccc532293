"""Frames that stay tight while their network learns."""

from pydantic import Field
from torch import nn

from scorelet.networks.parseval import parseval_step, polar_retraction, tight_weights
from scorelet.training.config import ConfigSection
from scorelet.training.loop import AfterStep


class ParsevalConfig(ConfigSection):
    """How frames are kept tight."""

    beta: float = Field(
        default=5e-4, ge=0, lt=0.5, description="of a step W + beta (W - W Wt W); 0: none"
    )
    every: int = Field(
        default=10, ge=1, description="steps between two that are taken, each of every * beta"
    )
    exact: bool = Field(
        default=False, description="the nearest tight frame instead, by singular values"
    )


def parseval_steps(config: ParsevalConfig) -> AfterStep:
    """Return what the trainer calls after each step."""

    def after_step(step: int, learner: nn.Module) -> None:
        if step % config.every:
            return
        for weight in tight_weights(learner):
            if config.exact:
                polar_retraction(weight)
            elif config.beta:
                parseval_step(weight, config.every * config.beta)

    return after_step
