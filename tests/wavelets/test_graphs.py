"""Transforms that have made no filter yet become one graph, for any number of pictures."""

import subprocess
import sys

import pytest

from samples import environment

TRANSFORMS = [
    "Scattering2d(1, 2)",
    "Scattering2d(1, 2, average=False)",
    "ScatteringCovariance(1, 1)",
    "MorletTransform2d(3)",
]
PROGRAM = """
import sys
import torch
from torch.export import Dim, export
from scorelet.wavelets import MorletTransform2d, Scattering2d, ScatteringCovariance

def new():
    return eval(sys.argv[1])

def agree(found, expected):
    one = isinstance(expected, torch.Tensor)
    for a, b in zip(*(((found,), (expected,)) if one else (found, expected)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)

transform = new()
compiled = torch.compile(transform, fullgraph=True, backend="aot_eager")
for shape in ((3, 8, 8), (3, 12, 8), (7, 8, 12)):
    x = torch.rand(shape)
    agree(compiled(x), transform(x))
torch._dynamo.reset()
symbols = torch.compile(transform, dynamic=True, backend="aot_eager")
x = torch.rand(3, 8, 8)
agree(symbols(x), transform(x))
old = torch.__version__.startswith("2.9.")  # exports modules of others with strict=True only
for strict in (True,) if old else (False, True):
    transform = new()
    batch = ({0: Dim("batch")},)
    program = export(transform, (torch.rand(3, 8, 8),), dynamic_shapes=batch, strict=strict)
    for count in (2, 7, 50):
        x = torch.rand(count, 8, 8)
        agree(program.module()(x), transform(x))
"""


@pytest.mark.slow
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_new_transform_is_one_graph_for_any_number_of_pictures(transform):
    """In a process of its own, because what checks annotations in tests cannot be traced."""
    subprocess.run([sys.executable, "-c", PROGRAM, transform], env=environment(), check=True)


OTHERS = """
import torch
from scorelet.wavelets import MorletTransform2d, Scattering2d, ScatteringCovariance

x = torch.rand(2, 8, 8)
for several in (
    [Scattering2d(1, 2, order=1), Scattering2d(1, 3), Scattering2d(1, 3, boundary="periodic")],
    [MorletTransform2d(4, kind="half"), MorletTransform2d(4, kind="half", full_angles=True)],
    [ScatteringCovariance(1, 1), ScatteringCovariance(2, 1), ScatteringCovariance(1, 2)],
):
    compiled = torch.compile(lambda f, x: f(x), fullgraph=True, backend="aot_eager")
    for transform in several:
        torch.testing.assert_close(compiled(transform, x), transform(x), rtol=1e-5, atol=1e-5)
"""


@pytest.mark.slow
def test_a_graph_is_for_transforms_of_the_same_options():
    """Filters are constants of a graph: one with other filters is given another graph."""
    subprocess.run([sys.executable, "-c", OTHERS], env=environment(), check=True)
