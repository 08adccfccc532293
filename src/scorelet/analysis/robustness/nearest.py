"""The nearest picture with another label: fast minimum-norm attack (FMN), by foolbox.

Symbols: m(x) = z_y(x) - max_{c ≠ y} z_c(x) margin, d_k = |x_k - x|, g = |∇m| in the dual norm.

    x_{k+1} = Π_k(x_k - η_k ∇m / |∇m|_2),    Π_k the projection to the ball of radius e_k and [0, 1]

e_k is d_k + |m| / g until another label is found, the distance of the boundary of a linear
classifier; then it shrinks by a share γ_k where x_k has another label, and grows by it where not; η
and γ fall along a cosine. What is kept is the nearest x_k with another label, an upper bound of the
distance of the boundary.

We project to radii that are larger by `BEYOND`: on the boundary itself labels are rounding, and
there steps would stay. foolbox 3.3.4 does not project at all in l2.

References: Pintor, Roli, Brendel, Biggio, NeurIPS 2021, arXiv 2102.12827; of a linear classifier
the distance is that of Moosavi-Dezfooli, Fawzi, Frossard, CVPR 2016, arXiv 1511.04599, section 2.
"""

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.ball import Norm, size
from scorelet.analysis.robustness.libraries import library
from scorelet.analysis.robustness.setup import AttackSetup
from scorelet.core.typing import Image, Labels

BEYOND = 1e-3


def fmn(
    network: nn.Module, x: Image, labels: Labels, eps: int | float, setup: AttackSetup
) -> Image:
    """Return the nearest pictures with another label, wherever they are; `x` where none is found.

    Arguments and errors as in `scorelet.analysis.robustness.pgd.pgd`; of `setup` the norm and the
    number of steps. The radius plays no part.
    """
    del eps
    foolbox = library("foolbox", "attacks")
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device=x.device)
    steps = _projecting(foolbox, setup.norm)(steps=setup.steps)
    return steps.run(model, x, foolbox.Misclassification(labels))


def _projecting(foolbox: ModuleType, norm: Norm) -> Any:  # noqa: ANN401 - a class of foolbox
    """Return foolbox's attack of a norm, with our projection in the place of its own."""
    base = foolbox.attacks.LInfFMNAttack if norm == "linf" else foolbox.attacks.L2FMNAttack

    class Nearest(base):
        def project(self, x: Any, x0: Any, epsilon: Any) -> Any:  # noqa: ANN401
            radius = (1 + BEYOND) * epsilon.raw[:, None, None, None]
            return x0 + type(x)(_within((x - x0).raw, radius, norm))

    return Nearest


def _within(change: Tensor, radius: Tensor, norm: Norm) -> Tensor:
    if norm == "linf":
        return torch.minimum(torch.maximum(change, -radius), radius)
    length = size(change, norm)[:, None, None, None]
    return change * (radius / length.clamp(min=1e-30)).clamp(max=1)
