"""Weights whose law is known: the identity and a few directions that were "learned"."""

from functools import cache

import torch

from scorelet.analysis.weight_covariance import Spectrum, learned_part, weight_spectrum
from scorelet.analysis.weight_covariance.similarity import with_covariance

INPUTS, NEURONS, SPIKES = 1280, 512, 20
VALUES = 40 * torch.exp(-torch.arange(SPIKES, dtype=torch.float64) / 8)


def rng(seed):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=rng(seed), dtype=dtype)


def orthogonal(rows, columns=None, seed=0, dtype=torch.float64):
    return torch.linalg.qr(normal(rows, columns or rows, seed=seed, dtype=dtype))[0]


def planted_rows(seed, *, directions=0):
    """512 x 1280 rows of covariance identity + spikes 40 exp(-i/8), i < 20."""
    law = Spectrum(VALUES, orthogonal(INPUTS, SPIKES, seed=1000 + directions), NEURONS)
    return with_covariance(normal(NEURONS, INPUTS, seed=seed), law)


@cache
def planted(seed, directions=0):
    """What is found to be learned in `planted_rows`."""
    return learned_part(weight_spectrum(planted_rows(seed, directions=directions)))
