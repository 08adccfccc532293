"""Attacks of AutoAttack, by pyautoattack: APGD, Square, and all four.

APGD by itself ascends the log-odds against the label, as `pgd`, whose gradient does not vanish.
AutoAttack standard is APGD on the cross-entropy, APGD on the targeted difference of logits, FAB
towards each of nine classes, and Square, each on what the ones before have left.

References: Croce, Hein, ICML 2020, arXiv 2003.01690; Andriushchenko, Croce, Flammarion, Hein,
ECCV 2020, arXiv 1912.00049 (Square).
"""

import logging
import sys
from types import ModuleType

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.libraries import library
from scorelet.analysis.robustness.odds import odds_against
from scorelet.analysis.robustness.setup import AttackSetup, seeded
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, Logits

NORMS = {"linf": "Linf", "l2": "L2"}
TARGETED = 4
"""Classes that the targeted difference of logits needs."""

LOGGER = logging.getLogger("auto-attack")
LEAST = 5
"""Pixels a side that Square divides into tiles for l2."""


class Ascended:
    """A network as APGD asks those for loss and gradient that are none of torch."""

    def __init__(self, network: nn.Module, temperature: int | float | None) -> None:
        self.predict, self.temperature = network, temperature

    def get_logits_loss_grad_xent(self, x: Image, labels: Labels) -> tuple[Logits, Tensor, Image]:
        """Return logits, the log-odds against the labels (batch,), and their gradient in `x`."""
        with torch.enable_grad():
            logits = self.predict(x)
            loss = odds_against(logits, labels, self.temperature)
            (gradient,) = torch.autograd.grad(loss.sum(), x)
        return logits.detach(), loss.detach(), gradient


def apgd(
    network: nn.Module, x: Image, labels: Labels, eps: int | float, setup: AttackSetup
) -> Image:
    """Return pictures attacked by APGD; arguments and errors as in `pgd`."""
    with seeded(setup.seed, device=x.device) as seed:
        attack = _library().autopgd_base.APGDAttack(
            Ascended(network, setup.temperature),
            n_iter=setup.steps,
            norm=NORMS[setup.norm],
            n_restarts=setup.restarts,
            eps=eps,
            seed=seed,
            device=x.device,
            is_tf_model=True,  # so that it asks for loss and gradient
            logger=LOGGER,
        )
        return attack.perturb(x, labels)


def square(
    network: nn.Module, x: Image, labels: Labels, eps: int | float, setup: AttackSetup
) -> Image:
    """Return pictures attacked by Square, which asks for logits only; as `apgd`."""
    _check_sides(x, setup)
    with seeded(setup.seed, device=x.device) as seed, torch.no_grad():
        attack = _library().square.SquareAttack(
            network,
            norm=NORMS[setup.norm],
            n_queries=setup.queries,
            eps=eps,
            n_restarts=1,
            seed=seed,
            device=x.device,
            resc_schedule=True,
        )
        return attack.perturb(x, labels)


def autoattack(
    network: nn.Module, x: Image, labels: Labels, eps: int | float, setup: AttackSetup
) -> Image:
    """Return pictures attacked by AutoAttack standard: 100 steps, 5000 queries, whatever `setup`.

    With fewer than ten classes each of the others is a target; with fewer than four the targeted
    difference of logits does not exist, and APGD on the cross-entropy starts five times instead.
    """
    _check_sides(x, setup)
    with torch.no_grad():
        classes = network(x[:1]).shape[1]
    trace = sys.gettrace()  # the library sets and forgets it
    with seeded(setup.seed, device=x.device) as seed:
        attack = _library().AutoAttack(
            lambda y: network(y).float(),  # the library's own arrays are
            device=x.device,
            eps=eps,
            norm=NORMS[setup.norm],
            seed=seed,
        )
        attack.apgd_targeted.n_target_classes = min(9, classes - 1)
        attack.fab.n_target_classes = min(9, classes - 1)
        if classes < TARGETED:
            attack.attacks_to_run = ["apgd-ce", "fab-t", "square"]
            attack.apgd.n_restarts = 5
        try:
            found, _ = attack.run_standard_evaluation(x.float(), labels, batch_size=len(x))
        finally:
            sys.settrace(trace)
    return found


def _check_sides(x: Image, setup: AttackSetup) -> None:
    if setup.norm == "l2" and min(x.shape[2:]) < LEAST:
        raise InputError(
            f"The pictures are {x.shape[2]}x{x.shape[3]}, and Square in the norm l2 needs "
            f"{LEAST} pixels a side: use the norm linf, or pgd or apgd."
        )


def _library() -> ModuleType:
    LOGGER.setLevel(logging.ERROR)  # masked gradients are said by `masking`, in a sentence
    return library("pyautoattack", "autopgd_base", "square")
