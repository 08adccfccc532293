"""A kind of model and a task that scorelet does not know, by its public interfaces.

Channels x ~ N(0, v) and y = x + s z with a level s that is always the same: the estimate of least
error is v/(v + s²) y, a gain for each channel, which training finds.

scorelet train CONFIG.yaml --import toy_shrinkage.py; the same under torchrun.
"""

from typing import Literal

import torch
from torch import nn
from torch.utils.data import StackDataset

from scorelet import zoo
from scorelet.core.random import generator
from scorelet.models import Denoiser, Locality
from scorelet.tasks import experiments
from scorelet.training import Learner, LoopConfig, denoising_loss

VARIANCES = (0.01, 0.04, 0.16)


class Shrinkage(Denoiser):
    blind, channels, locality = True, (3,), Locality(receptive_radius=0)

    def __init__(self, gain):
        super().__init__()
        self.gain = nn.Parameter(gain)

    def _denoise(self, y, sigma, cond, label):
        return self.gain[:, None, None] * y


def build(header, tensors):
    zoo.check_tensors(tensors, {"gain": (3,)})
    return Shrinkage(tensors["gain"]).eval()


class ShrinkageConfig(LoopConfig):
    task: Literal["shrinkage"] = "shrinkage"
    level: float


def experiment(config):
    def objective(model, batch, noise):
        level = torch.full((len(batch["clean"]),), config.level)
        noisy = batch["clean"] + config.level * noise.normal(batch["clean"])
        return denoising_loss(model(noisy), batch["clean"], level)

    scale = torch.tensor(VARIANCES).sqrt()[:, None, None]
    data = StackDataset(clean=scale * torch.randn(2400, 3, 8, 8, generator=generator(7)))
    learner = Learner(Shrinkage(torch.ones(3)), objective)
    return experiments.Experiment(learner, data, experiments.export_model)


experiments.register(ShrinkageConfig, experiment)
zoo.register(
    zoo.Kind("shrinkage", Shrinkage, lambda model: ({}, {"gain": model.gain}), build, ("denoise",))
)
