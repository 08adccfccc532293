"""Projected gradient ascent of the log-odds against the label, by foolbox.

    x_0 at random in the ball;  x_{k+1} = Π(x_k + η_k sign ∇ m(x_k)), for l2 along ∇ / |∇|,

Π the projection to the ball and to [0, 1]; m as in `scorelet.analysis.robustness.odds`. Every x_k
counts, not the last one only. Of n steps the first one crosses the ball, the last ones are short,

    η_k = 2 ε (1 - k / n).

References: Madry, Makelov, Schmidt, Tsipras, Vladu, ICLR 2018, arXiv 1706.06083.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import nn

from scorelet.analysis.robustness.libraries import library
from scorelet.analysis.robustness.odds import odds_against
from scorelet.analysis.robustness.setup import AttackSetup, seeded
from scorelet.analysis.robustness.witness import Witness
from scorelet.core.typing import Image, Labels


def pgd(
    network: nn.Module, x: Image, labels: Labels, eps: int | float, setup: AttackSetup
) -> Image:
    """Return the worst step of all that changed a label, and the last one where none did.

    Args:
        network: pictures to logits, in evaluation.
        x: (batch, channel, height, width) in [0, 1].
        labels: (batch,), the true ones.
        eps: radius, positive.
        setup: how.

    Raises:
        MissingExtraError: foolbox is not installed.
    """
    witness = Witness(network, x, labels, eps, setup.norm).eval()
    last = x
    for start in range(setup.restarts):
        last = ascent(witness, x, labels, eps, setup, start=start)
        with torch.no_grad():
            witness(last)
        if bool(witness.broken.all()):
            break
    return torch.where(witness.broken[:, None, None, None], witness.kept, last)


def ascent(
    network: nn.Module,
    x: Image,
    labels: Labels,
    eps: int | float,
    setup: AttackSetup,
    *,
    start: int,
) -> Image:
    """Return the last step of PGD from one random start; arguments and errors as in `pgd`."""
    foolbox = library("foolbox", "attacks")
    kind = _ascending_odds(foolbox, setup)
    steps = kind(rel_stepsize=1, steps=setup.steps, random_start=True)
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device=x.device)
    with seeded(setup.seed, start, device=x.device):
        return steps.run(model, x, foolbox.Misclassification(labels), epsilon=eps)


def _ascending_odds(foolbox: ModuleType, setup: AttackSetup) -> Callable[..., Any]:
    """Return foolbox's PGD of a norm, with our loss and our steps in the place of its own."""
    base = foolbox.attacks.LinfPGD if setup.norm == "linf" else foolbox.attacks.L2PGD

    class Ascent(base):
        def get_loss_fn(self, model: Any, labels: Any) -> Callable[[Any], Any]:  # noqa: ANN401
            def loss(x: Any) -> Any:  # noqa: ANN401
                odds = odds_against(model(x).raw, labels.raw, setup.temperature)
                return type(x)(odds.sum())

            return loss

        def get_optimizer(self, x: Any, stepsize: float) -> Callable[[Any], Any]:  # noqa: ANN401
            del x
            shares = iter(_shares(setup))
            return lambda gradient: next(shares) * stepsize * gradient

    return Ascent


def _shares(setup: AttackSetup) -> list[int | float]:
    """Return the lengths of the steps, as shares of ε."""
    count = setup.steps
    if setup.step is not None:
        return [setup.step] * count
    return [2 * (1 - k / count) for k in range(count)]
