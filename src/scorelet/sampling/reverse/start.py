"""What samples lose that start from noise around the mean, not from images that noise was added to.

Symbols: w variance of a Gaussian, √w its deviation; σ the largest noise level. The exact flow
takes a variance of σ² at the start, where w + σ² would be right, by the factor w / (w + σ²) to w
σ² / (w + σ²): the share w / (w + σ²) = 1 / (1 + σ²/w) of w is lost. Steps that add noise,
ancestral ones or churn, bring some of it back.
"""

from dataclasses import replace

from scorelet.sampling.reverse.diffusion import ReversePlan
from scorelet.sampling.reverse.exact import discrete_law

_STEPS = 400
"""So many that their law is that of small ones."""


def lost_by_flow(largest: float, deviation: float) -> float:
    """Return the share of w that the exact flow loses.

    Args:
        largest: σ.
        deviation: √w.

    >>> lost_by_flow(3.0, 1.0)
    0.1
    """
    return 1 / (1 + (largest / deviation) ** 2)


def lost_by(plan: ReversePlan, deviation: float) -> float:
    """Return the share that the sampler of a plan loses in many small steps, without restraint.

    Args:
        plan: of which sampler, churn and noise levels count.
        deviation: √w.
    """
    many = replace(plan, steps=_STEPS, restraint=0.0)
    (found,) = discrete_law([deviation**2], many, centred=True).variance
    return 1 - float(found) / deviation**2
