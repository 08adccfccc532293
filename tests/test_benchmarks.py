"""What benchmarks say of other packages: how each was called stands in its row."""

import inspect
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from scorelet.recipes import find_recipe
from scorelet.recipes.subjects.harmonic_generalization.claims import FIGURE_1, FIGURE_2

ROOT = Path(__file__).parents[1]


def test_linear_filters_are_judged_by_the_claims_on_twins():
    """The stored table has all of them, with their names and criteria, as the recipe has."""
    stored = json.loads((ROOT / "docs/results/linear_twins.json").read_text(encoding="utf-8"))
    (rows,) = (run["claims"] for run in stored["runs"] if run["part"] == "twins")
    claims = find_recipe("harmonic_generalization").setup("small").claims
    expected = [claim for claim in claims if claim.where in (FIGURE_1, FIGURE_2)]
    assert [row["name"] for row in rows] == [claim.name for claim in expected]
    for row, claim in zip(rows, expected, strict=True):
        assert row["criterion"].startswith(claim.criterion.text)
        assert row["networks"] is not None


@pytest.fixture
def quality(program):
    return program("benchmarks", "denoise_quality")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("level", [10.0, 15.0, 25.0, 50.0, 75.0])
def test_every_argument_of_a_method_is_recorded(quality, channels, level):
    peers = quality.denoise_peers
    for name, method in peers.METHODS.items():
        _, _, *options = inspect.signature(method).parameters
        assert list(peers.parameters(name, channels, level)) == options
        assert method.__doc__


def test_the_strength_of_opencv_falls_with_the_noise(quality):
    """Above sigma 40 one times sigma, which tutorials name, costs 0.5 dB and more."""
    h = [quality.denoise_peers.parameters("OpenCV NL means", 1, s)["h"] for s in range(10, 100, 5)]
    assert all(a >= b for a, b in pairwise(h))
    assert h[0] == 0.9
    assert max(h[7:]) < 0.82  # sigma 45 and more


@pytest.mark.slow
def test_a_row_has_parameters_and_an_unbiased_error(quality):
    pictures = [np.full((8, 8, 1), level, np.uint8) for level in (0, 128)]
    row = quality._method_row("noisy picture", 1, pictures, 25.0)
    assert row["parameters"] == "none"
    one, two = (quality._method_row("noisy picture", 1, [p], 25.0) for p in pictures)
    assert one["psnr_error"] is two["psnr_error"] is None
    assert row["psnr_error"] > 0
    missing = quality._words({"h": 0.8, "patch": 5})
    assert missing == "h 0.8, patch 5"
