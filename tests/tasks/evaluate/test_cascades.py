"""Cascades are measured as the denoisers that they are."""

import pytest

from samples import noisy, write_png
from scorelet import zoo
from scorelet.models import Denoiser, ShiftedDenoiser
from scorelet.tasks.evaluate import evaluate

pytestmark = pytest.mark.usefixtures("float32")


@pytest.mark.parametrize("ensemble", [False, True])
def test_a_cascade_is_measured_as_the_denoiser_that_it_is(tmp_path, ensemble):
    """Its self-ensemble is the mean over shifts."""
    write_png(tmp_path / "a.png", noisy(33, 41, 1))
    cascade = zoo.load_as(Denoiser, "faces", verb="denoise").eval()
    found = evaluate(tmp_path, model="faces", sigmas=[25.0], self_ensemble=ensemble)
    same = ShiftedDenoiser(cascade) if ensemble else cascade
    assert found["rows"] == evaluate(tmp_path, model=same, sigmas=[25.0])["rows"]
    (said,) = found["warnings"]
    assert said.startswith("the model learnt pictures of another size: 80x80, and here it is 33x41")


def test_pictures_of_the_size_that_a_model_learnt_are_not_spoken_of(tmp_path):
    for name, shape in (("a", (80, 80)), ("b", (80, 96)), ("c", (80, 80))):
        write_png(tmp_path / f"{name}.png", noisy(*shape, 1))
    (said,) = evaluate(tmp_path, model="faces", sigmas=[25.0])["warnings"]
    assert "80x96 (height x width)" in said
    assert said.endswith("so with 1 of 3 pictures")
    (tmp_path / "b.png").unlink()
    assert evaluate(tmp_path, model="faces", sigmas=[25.0])["warnings"] == []
