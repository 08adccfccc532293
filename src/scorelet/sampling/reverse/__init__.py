"""Reverse diffusion: samplers, their exact laws on Gaussians, and how many steps are needed."""

from scorelet.sampling.reverse.diffusion import ReversePlan, ReverseState, draw, reverse
from scorelet.sampling.reverse.exact import DiscreteLaw, discrete_law
from scorelet.sampling.reverse.planner import (
    MEASURES,
    detail_variances,
    pixel_variances,
    sampling_error,
    steps_needed,
)
from scorelet.sampling.reverse.samplers import SAMPLERS, Sampler, sampler_named

__all__ = [
    "MEASURES",
    "SAMPLERS",
    "DiscreteLaw",
    "ReversePlan",
    "ReverseState",
    "Sampler",
    "detail_variances",
    "discrete_law",
    "draw",
    "pixel_variances",
    "reverse",
    "sampler_named",
    "sampling_error",
    "steps_needed",
]
