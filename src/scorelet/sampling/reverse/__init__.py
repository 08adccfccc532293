"""Reverse diffusion: samplers, their exact laws on Gaussians, and how many steps are needed."""

from scorelet.sampling.reverse.cascade import Cascade
from scorelet.sampling.reverse.diffusion import ReversePlan, ReverseState, draw, reverse
from scorelet.sampling.reverse.exact import DiscreteLaw, discrete_law
from scorelet.sampling.reverse.likelihood import FlowDensity, flow_log_density
from scorelet.sampling.reverse.planner import (
    MEASURES,
    detail_variances,
    pixel_variances,
    sampling_error,
    steps_needed,
    whitened_variances,
)
from scorelet.sampling.reverse.samplers import SAMPLERS, Sampler, sampler_named

__all__ = [
    "MEASURES",
    "SAMPLERS",
    "Cascade",
    "DiscreteLaw",
    "FlowDensity",
    "ReversePlan",
    "ReverseState",
    "Sampler",
    "detail_variances",
    "discrete_law",
    "draw",
    "flow_log_density",
    "pixel_variances",
    "reverse",
    "sampler_named",
    "sampling_error",
    "steps_needed",
    "whitened_variances",
]
