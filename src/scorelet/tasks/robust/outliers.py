"""Pictures of another kind: what tells them from those that are attacked."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness import logit_scores, separation
from scorelet.analysis.robustness.outliers import with_noise
from scorelet.core.errors import InputError
from scorelet.models import JointEnergy, NetworkJointEnergy
from scorelet.tasks.ready_classifier import check_answers
from scorelet.tasks.robust.parts import Tensors
from scorelet.tasks.robust.settings import RobustSettings
from scorelet.tasks.robust.shown import joint_law

DENSITY, GAUSSIAN = "log-density", "log-density of Gaussian pixels"


@torch.no_grad()
def scores(network: nn.Module, x: Tensor, settings: RobustSettings, *, start: int) -> Tensors:
    """Return all scores of pictures, by name: the higher the more usual.

    Those of the logits; of a joint law that has learnt a density its own, and where it begins with
    Gaussian pixels that of these.

    Args:
        network: that classifies.
        x: pictures on its device.
        settings: noise level of densities, and the seed.
        start: place of the first picture in its set, which its noise depends on.

    Raises:
        InputError: logits that are not finite.
    """
    logits = network(x.clone())  # which it may write to
    try:
        check_answers(logits)
    except InputError as error:
        raise InputError(f"Where outliers are told: {error}") from error
    found = logit_scores(logits)
    if (joint := _density(network)) is not None:
        level = settings.outlier_sigma
        y = with_noise(x, level, seed=settings.seed, start=start)
        found[DENSITY] = joint.log_density(y, level)
        if isinstance(joint, NetworkJointEnergy) and joint.has_gaussian:
            found[GAUSSIAN] = joint.gaussian_log_density(y, level)
    return {name: score.cpu() for name, score in found.items()}


def outlier_table(usual: Tensors, others: Tensors, sigma: float) -> dict[str, Any]:
    """Return how well each score tells outliers, with errors; `sigma` where there are densities."""
    level = {"sigma": sigma} if DENSITY in usual else {}
    rows = [{"score": name, **asdict(separation(usual[name], others[name]))} for name in others]
    return {"pictures": len(others["energy"]), **level, "rows": rows}


def check_outliers(x: Tensor, others: Tensor, network: nn.Module) -> None:
    """Refuse outliers of another shape where densities are compared.

    Raises:
        InputError: such ones.
    """
    if _density(network) is not None and others.shape[1:] != x.shape[1:]:
        own, other = (tuple(pictures.shape[1:]) for pictures in (x, others))
        raise InputError(
            f"The outliers have the shape {other} and the pictures {own}: densities are compared "
            "of pictures of one shape only."
        )


def _density(network: nn.Module) -> JointEnergy | None:
    """Return the joint law that a network is a view of, if it has a density."""
    joint = joint_law(network)
    return joint if joint is not None and joint.denoises else None
