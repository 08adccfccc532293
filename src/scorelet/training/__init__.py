"""Training: objectives, schedules, optimisers and one resumable loop."""

from scorelet.training.best import Best
from scorelet.training.config import (
    ConfigSection,
    LoopConfig,
    Names,
    one_or_more,
    write_config,
)
from scorelet.training.learner import Learner
from scorelet.training.logs import read_log
from scorelet.training.loop import AfterStep, Export, StepReport, Trainer, Validate
from scorelet.training.objectives import (
    Batch,
    Loss,
    Objective,
    blind_denoising,
    classification,
    classification_loss,
    clean_denoising,
    denoising_loss,
    distillation,
    drowning,
)
from scorelet.training.optimizers import Muon, make_optimizers, orthogonal_factor
from scorelet.training.schedules import rate_factor

__all__ = [
    "AfterStep",
    "Batch",
    "Best",
    "ConfigSection",
    "Export",
    "Learner",
    "LoopConfig",
    "Loss",
    "Muon",
    "Names",
    "Objective",
    "StepReport",
    "Trainer",
    "Validate",
    "blind_denoising",
    "classification",
    "classification_loss",
    "clean_denoising",
    "denoising_loss",
    "distillation",
    "drowning",
    "make_optimizers",
    "one_or_more",
    "orthogonal_factor",
    "rate_factor",
    "read_log",
    "write_config",
]
