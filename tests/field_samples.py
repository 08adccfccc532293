"""Fields with known laws that several tests use."""

import math

import numpy as np
import torch

from scorelet.core.random import generator


def smooth_power(size, width=3.0):
    """P(w) = exp(-width^2 |w|^2) / (0.01 + |w|^2), mean 1: fields without small scales."""
    w = 2 * math.pi * torch.fft.fftfreq(size, dtype=torch.float64)
    square = w[:, None] ** 2 + w**2
    power = torch.exp(-(width**2) * square) / (0.01 + square)
    return power / power.mean()


def gaussian(power, count, seed=0):
    """Periodic Gaussian fields (count, h, w) of known power."""
    white = torch.randn(count, *power.shape, generator=generator(seed), dtype=torch.float64)
    return torch.fft.ifft2(torch.fft.fft2(white) * power.sqrt()).real


def log_normal(power, count, seed=0):
    """exp of `gaussian`, skewed."""
    return torch.exp(0.7 * gaussian(power, count, seed))


def white(count, *shape, seed=0):
    return torch.randn(count, *shape, generator=generator(seed), dtype=torch.float64)


def normal_tail(z):
    """Probability that a normal variable exceeds z."""
    return math.erfc(z / math.sqrt(2)) / 2


def save(path, array):
    np.save(path, np.asarray(array))
    return path
