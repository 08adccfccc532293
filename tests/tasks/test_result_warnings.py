"""What is doubtful about a result is warned of in Python, too, at the line that called the verb."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import scorelet as sl
from classifiers import colour_classifier
from samples import write_png
from scorelet.core.errors import ResultWarning


@pytest.fixture
def folder(tmp_path):
    for name in "ab":
        write_png(tmp_path / f"in/{name}.png", np.full((16, 16), 100, np.uint8))
    return tmp_path / "in"


def _warned(call):
    """Return what a call returns, and the texts that were warned of."""
    with pytest.warns(ResultWarning) as caught:
        found = call()
    return found, [str(warning.message) for warning in caught]


def test_a_level_that_a_picture_cannot_have_is_warned_of():
    ramp = np.tile(np.arange(32, dtype=np.uint8), (32, 1))
    out, texts = _warned(lambda: sl.denoise(ramp, sigma=25.0))
    assert texts == [f"{text}." for text in out.warnings]
    assert any("cannot have so much noise" in text for text in texts)


@pytest.mark.slow
def test_a_warning_is_of_the_line_that_called(tmp_path):
    """In a program of its own: here types are checked, which are calls between."""
    lines = (
        "import numpy as np, scorelet as sl",
        "ramp = np.tile(np.arange(32, dtype=np.uint8), (32, 1))",
        "sl.denoise(ramp, sigma=25)",
    )
    (tmp_path / "a.py").write_text("\n".join(lines))
    run = subprocess.run(
        [sys.executable, tmp_path / "a.py"], capture_output=True, text=True, check=True
    )
    assert f"{tmp_path / 'a.py'}:3: ResultWarning: " in run.stderr


def test_each_picture_of_a_batch_and_of_a_folder_is_warned_of(folder):
    ramp = np.tile(np.arange(32, dtype=np.uint8), (2, 32, 1))[..., None]
    for source in (ramp, folder):
        outs, texts = _warned(lambda given=source: sl.denoise(given, sigma=25.0))
        assert texts == [f"{text}." for out in outs for text in out.warnings]
        assert len(texts) >= len(outs) == 2


def test_what_restore_says_of_a_result_is_warned_of():
    holes = np.random.default_rng(0).random((16, 16))
    holes[4:8, 4:12] = -9999
    out, texts = _warned(lambda: sl.restore(holes, task="inpaint", quality="fast"))
    assert texts == [f"{text}." for text in out.warnings]
    assert "hold exactly -9999" in texts[0]


def test_floats_of_another_unit_are_warned_of_by_classify(folder):
    bright = np.full((8, 8, 3), 200.0)
    found, texts = _warned(lambda: sl.classify(bright, model=colour_classifier()))
    (note,) = (note for note in found.notes if note.kind == "range")
    assert texts == [f"the picture {note.text}."]


def test_nothing_is_warned_of_where_nothing_is_doubtful(folder):
    gray = np.full((32, 32), 128, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sl.denoise(gray).warnings == ()
        assert sl.restore(gray / 255, task="superres", quality="fast").warnings == ()
        assert len(sl.classify(folder, model=colour_classifier())) == 2
