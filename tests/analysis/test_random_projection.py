"""Projections without a matrix."""

import pytest
import torch

from scorelet.analysis.random_projection import RandomProjection


@pytest.mark.parametrize("inputs", [50, 51])
def test_projections_have_orthonormal_rows(inputs):
    rows = RandomProjection(inputs, 20)(torch.eye(inputs, dtype=torch.float64)).mT
    assert rows.shape == (20, inputs)
    # the transform is exact to float64
    assert torch.allclose(rows @ rows.mT, torch.eye(20).double(), atol=1e-12)


def test_projections_of_few_features_change_nothing():
    x = torch.randn(3, 8)
    assert RandomProjection(8, 8)(x) is x
    assert RandomProjection(512, 511)(torch.zeros(1, 512)).shape == (1, 510)
