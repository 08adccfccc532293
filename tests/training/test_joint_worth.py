"""The score of p(c | y) in the objective of joint laws: the score s of p(y) is held fixed."""

import torch
import torch.nn.functional as F
from torch import nn

from laws.denoiser_laws import assert_close
from scorelet.core.random import Noise
from scorelet.models import JointEnergy
from scorelet.training.joint import JointObjective
from training.test_joint import LAW, batch_of, planar_mixture


class Powers(JointEnergy):
    """A known law of which the density and the posterior are taken to powers that are learnt."""

    def __init__(self, known):
        super().__init__()
        self.known, self.labels = known, known.labels
        self.density = nn.Parameter(torch.tensor(0.8).double())
        self.sharpness = nn.Parameter(torch.tensor(1.5).double())

    def _logits(self, y, sigma):
        logits = self.known.logits(y, sigma)
        posterior = (self.sharpness * logits.log_softmax(1)).log_softmax(1)
        return self.density * logits.logsumexp(1, keepdim=True) + posterior


def test_what_a_class_is_worth_does_not_teach_the_score_of_images():
    """Its derivative in what makes s is 0, in what makes p(c | y) it is that of a fixed s."""
    known, count, share = planar_mixture(), 200, 0.5
    model, batch = Powers(known), batch_of(known, count, 0)
    batch["x"], noise = batch["x"].double(), Noise(3, range(count))
    objective = JointObjective(LAW, 0.0, 3.0, posterior=2.0, posterior_share=share)
    loss = objective(model, batch, noise).value
    sigma, z = LAW.quantile(noise.uniform(batch["x"], use=1)), noise.normal(batch["x"])
    told, level = noise.uniform(batch["x"], use=2) < share, sigma[:, None, None, None]
    y = batch["x"] + level * z
    s = model.density * known.score(y, sigma)
    log_p = (model.sharpness * known.logits(y, sigma).log_softmax(1)).log_softmax(1)
    scores = (known.denoise_all(y, sigma) - y[:, None]) / level[:, None].square()
    own = scores[torch.arange(count), batch["label"]]
    gradient = model.sharpness * (own - torch.einsum("nc,nc...->n...", log_p.exp(), scores))
    left = z + level * s.detach()
    worth = (left.square() - (left + level * gradient).square()).sum((1, 2, 3)) / 2
    error = (z + level * s).square().mean((1, 2, 3))
    due = error[~told].sum() / (count * (1 - share)), worth[told].sum() / (count * share)
    expected = F.nll_loss(log_p, batch["label"]) + 3.0 * due[0] - 2.0 * due[1]
    assert_close(loss, expected, 1e-9)
    for part in (model.density, model.sharpness):
        found, exact = (
            torch.autograd.grad(v, part, retain_graph=True)[0] for v in (loss, expected)
        )
        assert_close(found, exact, 1e-9)
