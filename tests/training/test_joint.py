"""The objective of joint laws: its identities, and what it finds where the law is known."""

import math
import subprocess
import sys
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from laws.denoiser_laws import assert_close
from samples import environment
from scorelet.core.random import Noise, generator
from scorelet.models import (
    JointEnergy,
    LogUniformNoise,
    MixtureJointEnergy,
    NetworkJointEnergy,
    QuadraticNoise,
    UniformNoise,
)
from scorelet.networks.grad_res_net import GradResNet
from scorelet.training.joint import JointObjective

LAW = LogUniformNoise(0.1, 2.0)
STEPS, BATCH = 600, 512


def planar_mixture():
    """Three classes in the plane, as images of two channels and one pixel."""
    means = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]]).double()
    return MixtureJointEnergy(
        torch.tensor([0.5, 0.3, 0.2]).double(),
        means[:, :, None, None],
        (0.35**2 * torch.eye(2).double()).expand(3, 2, 2),
        torch.arange(3),
    )


class Plane(nn.Module):
    """An energy and three logits of points of the plane and a noise level."""

    classes, accepts, options = 3, (2,), {}

    def __init__(self, activation):
        super().__init__()
        parts = [nn.Linear(4, 64), activation(), nn.Linear(64, 64), activation(), nn.Linear(64, 64)]
        self.trunk = nn.Sequential(*parts, activation())
        self.logits = nn.Linear(64, 3)

    def forward(self, u, sigma):
        return self.heads(u, sigma)[1]

    def heads(self, u, sigma):
        level = torch.stack([0.5 * sigma.log(), sigma / (1 + sigma)], 1)
        features = self.trunk(torch.cat([u.flatten(1), level], 1))
        return features.square().mean(1) / 2, self.logits(features)


def batch_of(joint, count, seed):
    x, label = joint.sample(count, rng=generator(seed))
    return {"x": x.float(), "label": label}


@cache
def fitted(activation, head):
    torch.manual_seed(0)
    known = planar_mixture()
    model = NetworkJointEnergy(
        Plane(activation), "abc", head=head, mean=(0.0, 0.0), variance=1.6, least=0.1
    )
    objective = JointObjective(LAW, clean=0.0, weight=0.5)
    optimizer = torch.optim.Adam(model.parameters(), 8e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        loss = objective(model, batch_of(known, BATCH, step), Noise(0, range(BATCH), step=step))
        optimizer.zero_grad()
        loss.value.backward()
        optimizer.step()
        schedule.step()
    return known, model


def excess(known, model, sigma):
    """Excess of the squared error over that of the exact denoiser, and the KL of posteriors."""
    x, _ = known.sample(4000, rng=generator(99))
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    y = x + sigma * noise
    with torch.no_grad():
        exact, found = known.denoise(y, sigma), model.denoise(y.float(), sigma).double()
        p, q = known.posterior(y, sigma), model.posterior(y.float(), sigma).double()
    gap = (found - exact).square().sum() / (x - exact).square().sum()
    return float(gap), float((p * (p.log() - q.log())).nan_to_num().sum(1).mean())


@pytest.mark.slow
def test_smooth_networks_find_the_posterior_and_the_denoiser_of_a_known_law():
    for head in ("logits", "reference"):
        known, model = fitted(nn.GELU, head)
        for sigma in (0.1, 0.3, 1.0, 2.0):
            gap, kl = excess(known, model, sigma)
            assert gap < 0.02, (head, sigma)
            assert kl < 3e-3, (head, sigma)
    # logits of rectifiers have a gradient that takes finitely many values, and do not learn it
    known, rectified = fitted(nn.ReLU, "logits")
    _, smooth = fitted(nn.GELU, "logits")
    for sigma in (0.3, 1.0, 2.0):
        assert excess(known, rectified, sigma)[0] > 5 * excess(known, smooth, sigma)[0]


@pytest.mark.slow
def test_errors_of_noise_are_errors_of_the_image():
    """|z + sigma s|^2 = |x - D|^2 / sigma^2, and the weight counts it so."""
    known, count = planar_mixture(), 4000
    batch = {
        key: t.double() if t.is_floating_point() else t
        for key, t in batch_of(known, count, 0).items()
    }
    noise = Noise(3, range(count))
    for power in (-2.0, 0.0):
        for target in ("marginal", "conditional"):
            objective = JointObjective(LAW, 0.0, 1.0, power, target)
            whole = objective(known, batch, noise).value
            entropy = JointObjective(LAW, 0.0, 0.0)(known, batch, noise).value
            sigma = LAW.quantile(noise.uniform(batch["x"], use=1))
            y = batch["x"] + sigma[:, None, None, None] * noise.normal(batch["x"])
            label = batch["label"] if target == "conditional" else None
            error = (batch["x"] - known.denoise(y, sigma, label)).square().mean((1, 2, 3))
            assert_close(whole - entropy, (sigma**power * error).mean(), 1e-9)
            assert_close(entropy, F.cross_entropy(known.logits(y, sigma), batch["label"]), 1e-9)


def test_the_loss_is_the_sum_of_its_weighted_parts():
    """Of half clean images; with weight 0 of the entropy those are not even looked at."""
    known, count = planar_mixture(), 64
    batch = batch_of(known, count, 0)
    batch["x"], noise = batch["x"].double(), Noise(3, range(count))

    def loss(entropy, weight):
        return JointObjective(LAW, 0.5, weight, entropy=entropy)(known, batch, noise)

    entropies, errors = loss(1.0, 0.0).value, loss(0.0, 2.0)
    assert_close(loss(0.3, 2.0).value, 0.3 * entropies + errors.value, 1e-12)
    assert set(errors.terms) == {f"noise/{k}" for k in range(4)}
    assert_close(errors.value / 2, sum(errors.terms.values()) / 4, 1e-12)
    noisy = noise.uniform(batch["x"], use=1) >= 0.5
    assert 0 < int(noisy.sum()) < count
    batch["x"][~noisy] = torch.nan
    assert_close(loss(0.0, 2.0).value, errors.value, 1e-12)


@pytest.mark.slow
def test_what_a_class_is_worth_is_its_exact_budget():
    """E worth = E sum_c p(c | y) |D_c - D_u|^2 / (2 sigma^2)."""
    known, count = planar_mixture(), 20_000
    batch = batch_of(known, count, 0)
    batch["x"] = batch["x"].double()
    law = UniformNoise(0.8, 0.8)
    objective = JointObjective(law, 0.0, 1.0, posterior=2.0, posterior_share=0.5)
    noise = Noise(3, range(count))
    terms = objective(known, batch, noise).terms
    worth = sum(float(terms[f"worth/{k}"]) for k in range(4)) / 4
    y = batch["x"] + 0.8 * noise.normal(batch["x"])
    apart = (known.denoise_all(y, 0.8) - known.denoise(y, 0.8)[:, None]).square().flatten(2).sum(2)
    exact = (known.posterior(y, 0.8) * apart).sum(1) / (2 * 0.8**2)
    spread = float(exact.std()) / math.sqrt(count / 2)
    assert worth == pytest.approx(float(exact.mean()), abs=8 * spread)
    assert worth > 20 * spread


@pytest.mark.parametrize("clean", [0.0, 0.5])
def test_the_loss_is_a_mean_over_the_images_that_learn_each_score(clean):
    """Those that learn p(c | y) do not learn s: both sums are divided by what is due to them."""
    known, count, share = planar_mixture(), 4000, 0.25
    batch = batch_of(known, count, 0)
    batch["x"] = batch["x"].double()
    objective = JointObjective(LAW, clean, 3.0, posterior=2.0, posterior_share=share)
    noise = Noise(3, range(count))
    loss = objective(known, batch, noise)
    u, told = noise.uniform(batch["x"], use=1), noise.uniform(batch["x"], use=2) < share
    noisy, due = u >= clean, count * (1 - clean)
    sigma, z = LAW.quantile((u - clean).clamp(min=0) / (1 - clean)), noise.normal(batch["x"])
    y = batch["x"] + sigma[:, None, None, None] * z
    left = z + sigma[:, None, None, None] * known.score(y, sigma)
    with_class = z + sigma[:, None, None, None] * known.score(y, sigma, batch["label"])
    error = left.square().mean((1, 2, 3))
    worth = (left.square() - with_class.square()).sum((1, 2, 3)) / 2
    noise_mean = error[noisy & ~told].sum() / (due * (1 - share))
    worth_mean = worth[noisy & told].sum() / (due * share)
    logits = torch.where(noisy[:, None], known.logits(y, sigma), known.logits(batch["x"], 0.0))
    entropies = F.cross_entropy(logits, batch["label"], reduction="none")
    assert_close(loss.value, entropies.mean() + 3.0 * noise_mean - 2.0 * worth_mean, 1e-9)
    entropy_mean = entropies[noisy].sum() / due
    for name, mean in (("noise", noise_mean), ("worth", worth_mean), ("entropy", entropy_mean)):
        logged = sum(float(loss.terms[f"{name}/{k}"]) for k in range(4)) / 4
        assert logged == pytest.approx(float(mean), rel=1e-6)


class Sharpened(JointEnergy):
    """A known law whose posterior is taken to a power; its density is as it was."""

    def __init__(self, known, power):
        super().__init__()
        self.known, self.power, self.labels = known, power, known.labels

    def _logits(self, y, sigma):
        logits = self.known.logits(y, sigma)
        posterior = (self.power * logits.log_softmax(1)).log_softmax(1)
        return logits.logsumexp(1, keepdim=True) + posterior


@pytest.mark.slow
@pytest.mark.parametrize("power", [-2.0, -1.0])
def test_the_true_posterior_is_worth_most(power):
    """What another posterior loses is E w |sigma (g' - g)|^2 / 2, of the gradients of both."""
    known, count = planar_mixture(), 20_000
    batch = batch_of(known, count, 0)
    batch["x"] = batch["x"].double()
    objective = JointObjective(LAW, 0.0, 1.0, power, posterior=1.0, posterior_share=1 - 1e-9)
    noise = Noise(3, range(count))

    def worth(model):
        terms = objective(model, batch, noise).terms
        return sum(float(terms[f"worth/{k}"]) for k in range(4)) / 4

    sigma = LAW.quantile(noise.uniform(batch["x"], use=1))
    level = sigma[:, None, None, None]
    y, right = batch["x"] + level * noise.normal(batch["x"]), batch["label"]
    own = known.posterior_gradient(y, sigma, right)
    for sharpness in (0.5, 2.0):
        other = Sharpened(known, sharpness)
        assert_close(other.score(y, sigma), known.score(y, sigma), 1e-9)
        apart = (level * (other.posterior_gradient(y, sigma, right) - own)).square().flatten(1)
        lost = sigma ** (power + 2) * apart.sum(1) / 2
        # products of these gradients with the noise have a variance of about twice their mean
        error = 4 * float((2 * lost).mean() / count) ** 0.5
        assert worth(known) - worth(other) == pytest.approx(float(lost.mean()), abs=error)
        assert float(lost.mean()) > 2 * error


def test_clean_images_are_only_labelled():
    known, count = planar_mixture(), 4000
    batch = batch_of(known, count, 0)
    loss = JointObjective(LAW, clean=0.5)(known.float(), batch, Noise(3, range(count)))
    hits = (known.logits(batch["x"], 0.0).argmax(1) == batch["label"]).float().mean()
    assert float(loss.terms["accuracy/clean"]) == pytest.approx(float(hits), abs=0.05)
    noise = [float(loss.terms[f"noise/{k}"]) for k in range(4)]
    # d/2 log-likelihood: the error of predicted noise falls from 1 where noise cannot be told
    assert noise[0] > noise[3]
    only = JointObjective(LAW, clean=1.0, weight=0.0)(known, batch, Noise(3, range(count)))
    assert set(only.terms) == {"accuracy/clean"}


@pytest.mark.parametrize(("clean", "share"), [(1 - 1e-9, 0.25), (0.0, 1 - 1e-9), (0.0, 1e-9)])
def test_a_group_without_images_adds_nothing(clean, share):
    model = NetworkJointEnergy(GradResNet(2, 3, width=0.125), "abc", mean=(0.0,), variance=1.6)
    batch = {"x": torch.rand(2, 2, 8, 8), "label": torch.arange(2)}
    objective = JointObjective(LAW, clean, posterior=1.0, posterior_share=share)
    loss = objective(model, batch, Noise(0, range(2)))
    loss.value.backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())
    told, scored = (
        any(float(loss.terms[f"{name}/{k}"]) != 0 for k in range(4)) for name in ("worth", "noise")
    )
    assert (told, scored) == (clean == 0 and share > 0.5, clean == 0 and share < 0.5)


def test_clean_images_are_labelled_at_the_least_level_while_it_learns():
    model = NetworkJointEnergy(
        GradResNet(2, 3, width=0.125), "abc", mean=(0.0,), variance=1.6, label_level=0.5
    )
    batch = {"x": torch.rand(4, 2, 8, 8), "label": torch.arange(4) % 3}
    loss = JointObjective(LAW, clean=1.0, weight=0.0)(model, batch, Noise(0, range(4)))
    exact = F.cross_entropy(model.class_logits(batch["x"], model.least), batch["label"])
    assert_close(loss.value, exact, 1e-6)


def test_where_no_image_is_noisy_each_weight_has_a_gradient():
    """Processes wait for all of them, and a share of few images may be clean by chance."""
    model = NetworkJointEnergy(GradResNet(2, 3, width=0.125), "abc", mean=(0.0,), variance=1.6)
    batch = {"x": torch.rand(2, 2, 8, 8), "label": torch.arange(2)}
    loss = JointObjective(LAW, clean=1 - 1e-9)(model, batch, Noise(0, range(2)))
    loss.value.backward()
    assert all(p.grad is not None for p in model.parameters())
    alone = F.cross_entropy(model.class_logits(batch["x"]), batch["label"])
    assert_close(loss.value, alone, 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("posterior", [0.0, 2.0])
def test_a_sample_does_not_depend_on_its_batch(posterior):
    """The gradient of a batch is the mean of those of its halves."""
    torch.manual_seed(0)
    model = NetworkJointEnergy(GradResNet(2, 3, width=0.125), "abc", mean=(0.0,), variance=1.6)
    model = model.double()
    batch = {"x": torch.rand(8, 2, 8, 8).double(), "label": torch.arange(8) % 3}
    objective = JointObjective(LAW, posterior=posterior, posterior_share=0.5)

    def gradient(rows):
        part = {key: t[rows] for key, t in batch.items()}
        loss = objective(model, part, Noise(5, list(range(8))[rows])).value
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])

    halves = (gradient(slice(0, 4)) + gradient(slice(4, 8))) / 2
    assert_close(halves, gradient(slice(0, 8)), 1e-9)


@pytest.mark.parametrize("law", [LAW, UniformNoise(0.1, 0.7), QuadraticNoise(2.0)])
def test_levels_are_quantiles(law):
    u = torch.tensor([0.1, 0.5, 0.9]).double()
    for share, sigma in zip(u, law.quantile(u), strict=True):
        assert law.cdf(float(sigma)) == pytest.approx(float(share))
    assert math.isclose(float(law.quantile(torch.rand(100_000)).mean()), law.mean, rel_tol=0.02)


PROGRAM = """
import torch
from torch.nn.functional import cross_entropy

from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet

torch.manual_seed(0)
network = GradResNet(2, 3, blocks=(1, 1), widths=(8, 8))
torch.nn.init.normal_(network.products[0].conv.weight, std=0.1)
model = NetworkJointEnergy(network, "abc", mean=(0.0,), variance=1.6).double()
y, z = torch.rand(2, 4, 2, 8, 8).double()
label, sigma = torch.arange(4) % 3, torch.tensor([0.1, 0.3, 1.0, 2.0]).double()

def loss(y, sigma):
    logits, score = model.logits_and_score(y, sigma)
    error = (z + sigma[:, None, None, None] * score).square().mean()
    return cross_entropy(logits, label) + error

def gradient(loss):
    parts = torch.autograd.grad(loss(y, sigma), list(model.parameters()))
    return [part.flatten() for part in parts]

compiled = torch.compile(loss, backend="aot_eager")
found, exact = torch.cat(gradient(compiled)), torch.cat(gradient(loss))
print(float((found - exact).norm() / exact.norm()))
"""


@pytest.mark.slow
def test_under_compile_the_loss_has_the_same_gradient():
    """In a program of its own, as the checks of shapes in tests cannot be traced.

    Not as one graph: functions with rules of their own for forward mode are left to torch as it is.
    """
    command = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert float(result.stdout) < 1e-12
