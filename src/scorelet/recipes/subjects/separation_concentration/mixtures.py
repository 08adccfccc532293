"""Two mechanisms of one layer on Gaussian mixtures, where everything is known.

Separation: classes ±m_c + noise have the mean 0, so nothing linear parts them. Concentration: a
soft threshold of λ deviations in a frame F, x ↦ Fᵀ ρ_λ(F x), takes out noise, which is spread over
all coefficients, and keeps a mean that has few.
"""

import torch
from torch import Tensor

from scorelet.analysis.fisher import fisher_ratio
from scorelet.analysis.fisher_moments import ClassMoments
from scorelet.core.random import generator
from scorelet.networks.concentration import shrink

DIMENSION, ATOMS, LENGTH = 16, 128, 3.0
FEATURES = ("x", "soft threshold", "|O x|", "ReLU(±O x)", "ReLU(±F x)")
"""O an orthonormal basis, F a tight frame of `ATOMS` atoms."""

_SPACE, _LARGE, _VALUE, _SAMPLES = 256, 5, 8.0, 4000
_THRESHOLD = 1.5  # deviations of the noise in the frame


def signed_classes(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw x = s m_c + noise, (2 count, 16), s = ±1 at random, |m_c| = 3; and the classes c."""
    rng = generator(seed, 3)
    means = torch.randn(2, DIMENSION, generator=rng, dtype=torch.float64)
    means *= LENGTH / means.norm(dim=1, keepdim=True)
    y = torch.arange(2 * count) % 2
    sign = torch.randint(2, (len(y), 1), generator=rng) * 2 - 1
    noise = torch.randn(len(y), DIMENSION, generator=rng, dtype=torch.float64)
    return sign * means[y] + noise, y


def features_of(x: Tensor, seed: int) -> dict[str, Tensor]:
    """Return what the classes are seen by."""
    basis, frame = (tight_frame(n, DIMENSION, seed) for n in (DIMENSION, ATOMS))
    u, v = x @ basis.mT, x @ frame.mT
    values = (x, shrink(u, "soft", _THRESHOLD), u.abs(), _both(u), _both(v))
    return dict(zip(FEATURES, values, strict=True))


def separation(count: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Return the Fisher ratio of each kind of features of `signed_classes`."""
    x, y = signed_classes(count, seed)
    found = {}
    for name, features in features_of(x, seed).items():
        moments = ClassMoments([count, count], features.shape[1])
        moments.update(features, y)
        fisher = fisher_ratio(moments)
        found[name] = {"ratio": fisher.ratio, "floor": fisher.floor, "rank": fisher.rank}
    return found


def concentration(redundancy: int, seed: int) -> dict[str, float]:
    """Threshold noise around a mean that is sparse in a frame of so many times the dimension.

    Returns:
        variance: within the class, after over before; displaced: |E y - μ| / |μ|.
    """
    rng, atoms = generator(seed, 4, redundancy), redundancy * _SPACE
    frame = tight_frame(atoms, _SPACE, seed)
    coefficients = torch.zeros(atoms, dtype=torch.float64)
    chosen = torch.randperm(atoms, generator=rng)[:_LARGE]
    coefficients[chosen] = _VALUE * redundancy**0.5
    mean = frame.mT @ coefficients
    x = mean + torch.randn(_SAMPLES, _SPACE, generator=rng, dtype=torch.float64)
    u = x @ frame.mT
    deviation = frame.norm(dim=1)
    y = (deviation * shrink(u / deviation, "soft", _THRESHOLD)) @ frame
    return {
        "variance": float(y.var(0).mean()),
        "displaced": float((y.mean(0) - mean).norm() / mean.norm()),
    }


def tight_frame(atoms: int, dimension: int, seed: int) -> Tensor:
    """Return a random F, (atoms, dimension), with Fᵀ F = 1."""
    rng = generator(seed, 5, atoms)
    return torch.linalg.qr(torch.randn(atoms, dimension, generator=rng, dtype=torch.float64)).Q


def _both(u: Tensor) -> Tensor:
    """Rectify a frame and its negative."""
    return torch.cat([u, -u], 1).relu() / 2**0.5
