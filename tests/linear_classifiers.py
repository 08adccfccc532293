"""Linear classifiers, whose robust accuracy has a closed form.

Logits are W (x - 1/2). Where the box is far, the label a of a picture changes within a ball of
radius ε exactly if ε |w_a - w_c|_dual > (w_a - w_c) (x - 1/2) for another class c: the dual norm of
linf is that of l1, l2 is its own.
"""

import torch
from torch import nn

SHAPE = (1, 8, 8)


class Linear(nn.Module):
    def __init__(self, classes=4, seed=0, scale=1.0):
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(scale * torch.randn(classes, 64, generator=rng))

    def forward(self, x):
        return (x - 0.5).flatten(1) @ self.weight.T


class InPlace(Linear):
    """The same logits, by operations that write to what they are given."""

    def forward(self, x):
        return x.sub_(0.5).flatten(1) @ self.weight.T


def pictures(count=48, seed=1, spread=0.1):
    """Pictures around 1/2, so far from the borders that the box does not matter."""
    rng = torch.Generator().manual_seed(seed)
    return (0.5 + spread * torch.randn(count, *SHAPE, generator=rng)).clamp(0.2, 0.8)


def labelled(count=24):
    """Pictures of two classes that `Linear(2)` tells apart, but for every sixth."""
    x = pictures(count)
    labels = Linear(2)(x).detach().argmax(1)
    labels[::6] = 1 - labels[::6]
    return x, labels


def margins(network, x, labels, norm):
    """The radius at which each label changes, (batch,)."""
    logits, weight = network(x).detach(), network.weight.detach()
    apart = weight[labels][:, None] - weight
    dual = apart.abs().sum(2) if norm == "linf" else apart.square().sum(2).sqrt()
    gaps = logits.gather(1, labels[:, None]) - logits
    ratio = torch.where(dual > 0, gaps / dual.clamp(min=1e-12), torch.inf)
    return ratio.amin(1)


class Masked(nn.Module):
    """The same labels, and a gradient that is zero wherever it exists."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x).detach() + 0 * x.sum((1, 2, 3))[:, None]
