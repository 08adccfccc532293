"""Training: objectives, schedules, optimisers and one resumable loop."""

from scorelet.training.config import TrainConfig, read_config, write_config
from scorelet.training.logs import read_log
from scorelet.training.loop import Progress, Trainer
from scorelet.training.objectives import Loss, Objective, blind_denoising, denoising_loss
from scorelet.training.optimizers import Muon, make_optimizers, orthogonal_factor
from scorelet.training.schedules import rate_factor

__all__ = [
    "Loss",
    "Muon",
    "Objective",
    "Progress",
    "TrainConfig",
    "Trainer",
    "blind_denoising",
    "denoising_loss",
    "make_optimizers",
    "orthogonal_factor",
    "rate_factor",
    "read_config",
    "read_log",
    "write_config",
]
