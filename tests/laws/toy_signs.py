"""An attack that scorelet does not know: one step of the radius along the sign of the gradient.

Of a linear classifier of two classes that is the best change in linf: exactly those labels change
whose margin is below the radius.

scorelet robust DATA --model NAME --attack signs --import toy_signs.py
"""

import torch
from torch.nn.functional import cross_entropy

from scorelet.analysis.robustness import ATTACKS, Attack


def signs(network, x, labels, eps, _setup):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(network(x), labels, reduction="sum"), x)
    return x + eps * gradient.sign()


ATTACKS["signs"] = Attack(signs, guided=True)
