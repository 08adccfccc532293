"""Tight frames: the Parseval step's recursion and fixed points, the polar retraction."""

import pytest
import torch

from scorelet.networks.parseval import parseval_step, polar_retraction


def with_singular_value(s: float, rows: int = 6, columns: int = 10) -> torch.Tensor:
    torch.manual_seed(0)
    return s * torch.nn.init.orthogonal_(torch.empty(rows, columns, dtype=torch.float64))


@pytest.mark.parametrize(("rows", "columns"), [(6, 10), (10, 6)])
def test_orthonormal_rows_or_columns_stay(rows, columns):
    w = with_singular_value(1.0, rows, columns)
    before = w.clone()
    parseval_step(w)
    assert torch.allclose(w, before, atol=1e-12)


@pytest.mark.parametrize("s", [0.0, 0.5, 0.9, 1.3])
def test_singular_values_follow_the_recursion(s):
    w = with_singular_value(s)
    parseval_step(w, 0.01)
    expected = 1.01 * s - 0.01 * s**3
    assert torch.allclose(torch.linalg.svdvals(w), torch.full((6,), expected).double(), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("s", "end"), [(0.5, 0.933), (0.9, 0.994), (1.1, 1.004), (1.3, 1.010)])
@pytest.mark.parametrize("every", [1, 10])
def test_three_thousand_steps(s, end, every):
    """E8; one step of 10 β every 10 is the same flow."""
    w = with_singular_value(s)
    for _ in range(3000 // every):
        parseval_step(w, every * 5e-4)
    assert abs(float(torch.linalg.svdvals(w).mean()) - end) < 2e-3


def test_the_retraction_is_the_nearest_matrix():
    w = torch.randn(4, 7, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(w, full_matrices=False)
    polar_retraction(w)
    assert torch.allclose(w, left @ right, atol=1e-6)
    assert torch.allclose(w @ w.T, torch.eye(4), atol=1e-6)
