"""Where results of `scorelet denoise` go: default names, and never over what is there."""

from pathlib import Path

import numpy as np
import pytest

from denoise_samples import errors, write_and_get
from samples import names, read_png


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_the_input_is_not_written_over_unless_told(shell, more):
    samples = write_and_get("a.png")
    for target in ("a.png", "./a.png"):
        status, _, stderr = shell("a.png", "-o", target, *more)
        assert status == 2
        assert "--overwrite" in errors(stderr)[0]
        np.testing.assert_array_equal(read_png(Path("a.png")), samples)
    assert shell("a.png", "-o", "a.png", "--overwrite", *more)[0] == 0
    assert (read_png(Path("a.png")) != samples).any()
    assert names(".") == ["a.png"]


def test_other_files_are_not_written_over_unless_told(shell):
    write_and_get("a.png")
    Path("b.png").write_text("mine")
    status, _, stderr = shell("a.png", "-o", "b.png")
    assert status == 2
    assert errors(stderr)[0].startswith("b.png exists already")
    assert Path("b.png").read_text() == "mine"
    assert shell("a.png", "-o", "b.png", "--overwrite")[0] == 0
    assert read_png(Path("b.png")).shape == (30, 40, 3)


def test_default_names(shell, denoised):
    samples = write_and_get("in/deep/a.png")
    assert shell("in")[0] == 0
    assert shell("in/deep/a.png")[0] == 0
    for name in ("in_denoised/deep/a.png", "in/deep/a_denoised.png"):
        np.testing.assert_array_equal(read_png(Path(name)), denoised(samples))
