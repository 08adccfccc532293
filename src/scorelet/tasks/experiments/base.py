"""What an experiment is: all that a run needs beside the loop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from torch import nn
from torch.utils.data import Dataset

from scorelet.training import AfterStep, Best, Export, LoopConfig, Trainer, Validate
from scorelet.zoo import save

Model = TypeVar("Model", bound=nn.Module)


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
    sources: tuple[Path, ...] = ()
    """Files and folders that the data are read from."""

    def trainer(self, config: LoopConfig, *, resume: bool = False, device: str = "auto") -> Trainer:
        """Return the loop that runs it.

        Args:
            config: the run.
            resume: go on from the state in the run folder.
            device: where, see `scorelet.training.Trainer`.

        Raises:
            InputError: as `scorelet.training.Trainer`.
        """
        return Trainer(
            config,
            self.learner,
            self.data,
            validate=self.validate,
            best=self.best,
            export=self.export,
            after_step=self.after_step,
            sources=self.sources,
            resume=resume,
            device=device,
        )


def model_of(learner: nn.Module, model_type: type[Model]) -> Model:
    """Return the model of a `scorelet.training.Learner`, as what it is."""
    model = learner.model
    assert isinstance(model, model_type)
    return model


def export_model(learner: nn.Module, path: Path) -> None:
    """Write the model of a `scorelet.training.Learner`; the `export` of most experiments."""
    save(learner.model, path)
