"""Laws that ensembles of fields obey."""

import torch
from torch import Tensor

from scorelet.data.fields.ensembles import Ensemble


def transform_power(x: Tensor) -> Tensor:
    """|X(k)|^2 of fields (n, 1, L, L), (n, L, L) float64, X orthonormal."""
    return torch.fft.fft2(x[:, 0].double(), norm="ortho").abs().square()


def rings(size: int) -> Tensor:
    """The number round(|k|) of each frequency, (L, L)."""
    k = torch.fft.fftfreq(size, dtype=torch.float64) * size
    return torch.hypot(k[:, None], k[None, :]).round().long()


def ring_means(power: Tensor) -> Tensor:
    """Means over rings of frequencies of (..., L, L) tables: (..., rings)."""
    ring = rings(power.shape[-1]).flatten()
    count = torch.bincount(ring).double()
    sums = torch.zeros(*power.shape[:-2], len(count), dtype=torch.float64)
    return sums.index_add_(-1, ring, power.flatten(-2)) / count


def assert_power(ensemble: Ensemble, *, n: int, size: int, mean: float = 0.0, seed: int = 0):
    """Ring means of n samples are those of the formula within 4.5 standard errors.

    The errors are estimated from the fields; float32 fields have a relative rounding of 1e-7.
    """
    found = ring_means(transform_power(ensemble.sample(n, size, seed) - mean))
    expected = ring_means(ensemble.power(size))
    error = found.std(0) / n**0.5
    gap = (found.mean(0) - expected).abs()
    floor = 1e-12 * float(expected.max())
    assert (gap <= 4.5 * error + floor).all(), gap / error


def assert_samples_depend_on_their_index_only(ensemble: Ensemble, size: int):
    """Bitwise: whatever else is drawn in the call, and in which order."""
    whole = ensemble.sample(5, size, 3)
    parts = [ensemble.sample(k, size, 3, start=s) for s, k in ((3, 2), (0, 1), (1, 2))]
    assert torch.equal(torch.cat([parts[1], parts[2], parts[0]]), whole)
    assert not torch.equal(ensemble.sample(1, size, 4), whole[:1])
    assert len({field.numpy().tobytes() for field in whole}) == 5
