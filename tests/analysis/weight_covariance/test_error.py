"""The error of a covariance: thin factors give what the matrices themselves do."""

import math

import pytest
import torch

from planted_weights import normal
from scorelet.analysis.weight_covariance import covariance_error
from scorelet.core.errors import InputError


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize(("neurons", "others"), [(5, 7), (5, 60), (60, 50)])
def test_thin_factors_and_matrices_agree(neurons, others, dtype):
    rows, reference = (normal(n, 20, seed=n, dtype=dtype) for n in (neurons, others))
    ours, theirs = (w.mH @ w / len(w) for w in (rows, reference))
    norms = [torch.linalg.matrix_norm(m, 2) for m in (ours - theirs, theirs)]
    assert covariance_error(rows, reference) == pytest.approx(float(norms[0] / norms[1]))


def test_known_covariances():
    rows = normal(9, 6)
    assert covariance_error(rows, rows) == pytest.approx(0, abs=1e-12)
    assert covariance_error(math.sqrt(3) * rows, rows) == pytest.approx(2)
    assert covariance_error(torch.zeros(2, 6), rows) == pytest.approx(1)
    assert covariance_error(rows.float(), rows) == pytest.approx(0, abs=1e-6)


def test_weights_that_cannot_be_compared():
    with pytest.raises(InputError, match="5 and 6 inputs"):
        covariance_error(normal(4, 5), normal(4, 6))
    with pytest.raises(InputError, match="all 0"):
        covariance_error(normal(4, 5), torch.zeros(4, 5))
    with pytest.raises(InputError, match="NaN or infinite"):
        covariance_error(torch.full((4, 5), math.nan), normal(4, 5))
