"""The plane of class means: it is Fisher's, and whitens what varies within classes."""

import pytest
import torch

from scorelet.analysis.discriminant import discriminant_plane
from scorelet.core.errors import InputError
from scorelet.core.random import generator


def test_it_is_the_plane_of_the_whitened_means():
    """Three Gaussian classes in R⁵ of one covariance Σ: the span of Σ⁻¹ (μ_c - μ)."""
    rng = generator(0)
    root = torch.randn(5, 5, generator=rng).double() + 3 * torch.eye(5)
    means = 4 * torch.randn(3, 5, generator=rng).double()
    y = torch.arange(60_000) % 3
    x = means[y] + torch.randn(len(y), 5, generator=rng).double() @ root.mT
    plane = discriminant_plane(x, y, ridge=0.0)
    covariance = root @ root.mT
    expected = torch.linalg.solve(covariance, (means - means.mean(0)).mT)
    basis = torch.linalg.qr(expected[:, :2]).Q
    outside = plane - basis @ (basis.mT @ plane)
    assert outside.norm() < 0.03 * plane.norm()
    assert torch.allclose(plane.mT @ covariance @ plane, torch.eye(2).double(), atol=0.03)


def test_two_classes_have_their_line_first():
    y = torch.arange(2000) % 2
    x = torch.randn(2000, 4, generator=generator(1)).double()
    x[:, 2] += 3.0 * y
    line, other = discriminant_plane(x, y).mT
    assert line[2].abs() > 10 * line[[0, 1, 3]].abs().max()
    gap = lambda v: (x[y == 1] @ v).mean() - (x[y == 0] @ v).mean()  # noqa: E731
    assert gap(other).abs() < 0.01 * gap(line).abs()


def test_one_feature_has_no_plane():
    y = torch.arange(20) % 2
    with pytest.raises(InputError, match="have 1 feature: a plane needs two"):
        discriminant_plane(torch.randn(20, 1, generator=generator(0)), y)
