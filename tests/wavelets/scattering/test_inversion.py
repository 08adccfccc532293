"""The example that inverts scattering: descent reaches the coefficients, at J = 1 the picture."""

import importlib.util
from pathlib import Path

import pytest
import torch

from scorelet.wavelets import Scattering2d

EXAMPLE = Path(__file__).parents[3] / "examples" / "invert_scattering.py"


def example():
    spec = importlib.util.spec_from_file_location("invert_scattering", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_descent_finds_a_picture_with_these_coefficients():
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    x = ((rows - 14) ** 2 + (columns - 17) ** 2 < 60).float() * 0.6 + 0.2
    transform = Scattering2d(1)
    target = transform(x)
    found = example().invert(transform, target, shape=(32, 32), steps=300)
    assert float((transform(found) - target).norm() / target.norm()) < 1e-2
    assert float((found - x).norm() / x.norm()) < 0.1
