"""The objective of joint laws has its minimum at the law of the images, if a model has it."""

import pytest
import torch
from torch import nn
from torch.quasirandom import SobolEngine

from laws.denoiser_laws import assert_close
from scorelet.core.random import Noise
from scorelet.models import JointEnergy
from scorelet.training.joint import JointObjective
from training.test_joint import LAW, planar_mixture

COUNT = 2**16


class Gaussians(JointEnergy):
    """Classes that are isotropic Gaussians of the plane, with weights of their own."""

    labels = 3

    def __init__(self):
        super().__init__()
        self.means = nn.Parameter(torch.zeros(3, 2).double())
        self.log_variances = nn.Parameter(torch.zeros(3).double())
        self.log_weights = nn.Parameter(torch.zeros(3).double())

    def _logits(self, y, sigma):
        spread = self.log_variances.exp() + sigma[:, None].square()
        squares = (y.flatten(1)[:, None] - self.means).square().sum(2)
        return self.log_weights - squares / (2 * spread) - spread.log()


@pytest.mark.slow
def test_gaussian_classes_are_found(monkeypatch):
    """Classes, images, noise and levels are of a Sobol sequence, nearer to integrals."""
    known, model = planar_mixture(), Gaussians()
    points = SobolEngine(6, scramble=True, seed=0).draw(COUNT, dtype=torch.float64)
    label = torch.searchsorted(known.weights.cumsum(0), points[:, 0].contiguous())
    deviates = torch.special.ndtri(points[:, 2:])[:, :, None, None]
    batch = {"x": known.means[label] + 0.35 * deviates[:, :2], "label": label}
    monkeypatch.setattr(Noise, "normal", lambda self, like, use: deviates[:, 2:])
    monkeypatch.setattr(Noise, "uniform", lambda self, like, use: points[:, 1])
    objective, noise = JointObjective(LAW, clean=0.0), Noise(0, range(COUNT))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def value():
        optimizer.zero_grad()
        loss = objective(model, batch, noise).value
        loss.backward()
        return loss

    optimizer.step(value)
    model.requires_grad_(False)
    for found, exact in zip(model.means, known.means.flatten(1), strict=True):
        assert_close(found, exact, 0.02)
    for variance in model.log_variances.exp():
        assert float(variance) == pytest.approx(0.35**2, rel=0.02)
    for sigma in (0.1, 0.3, 1.0, 2.0):
        y = batch["x"] + sigma * deviates[:, 2:]
        gap = (model.posterior(y, sigma) - known.posterior(y, sigma)).abs().max()
        assert float(gap) < 0.02
