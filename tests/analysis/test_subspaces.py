"""Principal cosines and pairs of directions."""

import pytest
import torch

from planted_weights import orthogonal
from scorelet.analysis.subspaces import matched_cosine, principal_cosines


def test_principal_cosines_do_not_depend_on_the_basis():
    basis = orthogonal(9, 3)
    turned = basis @ orthogonal(3, seed=2)
    torch.testing.assert_close(principal_cosines(basis, turned), torch.ones(3).double())
    torch.testing.assert_close(principal_cosines(basis[:, :2], turned), torch.ones(2).double())


def test_one_direction_turned_by_an_angle():
    basis = torch.eye(6).double()
    other = basis[:, :3].clone()
    angle = torch.tensor(0.4).double()
    other[:, 2] = angle.cos() * basis[:, 2] + angle.sin() * basis[:, 4]
    found = principal_cosines(basis[:, :3], other)
    torch.testing.assert_close(found, torch.stack([angle * 0 + 1, angle * 0 + 1, angle.cos()]))


def test_pairs_are_found_in_any_order():
    order = torch.randperm(5)
    assert matched_cosine(torch.eye(5).double()[order]) == pytest.approx(1)
    assert matched_cosine(torch.tensor([[0.2, 0.9], [0.3, 0.8]])) == pytest.approx(0.6)
