"""What an experiment is: all that a run needs beside the loop."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.utils.data import Dataset

from scorelet.training import AfterStep, Best, Export, Validate


@dataclass(frozen=True)
class Experiment:
    """What a run is made of; the fields are the arguments of `scorelet.training.Trainer`."""

    learner: nn.Module
    """Maps (batch, generator) to a `Loss`; `scorelet.training.Learner` for one model."""
    data: Dataset
    """Sample k of the run at index k, a dict of tensors, for as many as the run takes."""
    export: Export
    """Writes the model of the averaged learner to a path."""
    validate: Validate | None = None
    best: Best | None = None
    after_step: AfterStep | None = None
    prepare: Callable[[Callable[[int, int], None]], None] | None = None
    """Work before the first step, told whom to call with (units done, units)."""
    notes: tuple[str, ...] = ()
    """Sentences for the user, as on pictures that were left out."""
