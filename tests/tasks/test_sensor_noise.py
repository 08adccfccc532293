"""Camera raw files: noise is measured on the sensor, as denoise does."""

import json

import numpy as np
import pytest

import scorelet as sl
from raw_samples import dng, exposed, interpolated, monochrome, sampled, scene
from scorelet.core.errors import ImageFileError
from scorelet.tasks.noise_report import report, sentence

pytest.importorskip("rawpy")
LAW = (4e-3, 1.6e-4)


@pytest.mark.slow
def test_the_law_is_that_of_the_sensor(tmp_path):
    """Not that of the developed picture, whose curve and interpolation change it."""
    noisy, clean = exposed(scene(256, 384))
    path = tmp_path / "a.dng"
    dng(path, sampled(noisy))
    found = sl.noise(path)
    true = LAW[0] * clean.mean() + LAW[1]
    assert found.shape == (256, 384, 1)
    assert found.sensor.sigma**2 == pytest.approx(true, rel=0.2)
    assert found.sensor.sigma == sl.denoise(path).sigma
    for colour in "RGB":
        law = found.sensor.law.noise[colour]
        assert law.a * clean.mean() + law.b == pytest.approx(true, rel=0.25)
    document = json.loads(json.dumps(found.document, allow_nan=False))
    assert (document["sigma"], document["level"]) == (found.sensor.sigma, 255 * found.sensor.sigma)
    assert document["sensor"]["measured"]
    said = sentence(document)
    assert said.startswith(f"sigma {document['level']:.1f} on the sensor, RGGB mosaic, variance by")
    assert "its light x, measured on it: R " in said
    assert said.split("sensor, ")[1] in report([{"input": "a.dng", "pages": [document]}])


def test_a_law_of_the_file_is_taken(tmp_path):
    noisy, clean = exposed(scene(32, 48))
    dng(tmp_path / "a.dng", sampled(noisy), noise=LAW)
    monochrome(tmp_path / "gray.dng", np.full((32, 32), 900))
    found = sl.noise(tmp_path / "a.dng")
    assert found.sensor.sigma**2 == pytest.approx(LAW[0] * clean.mean() + LAW[1], rel=0.05)
    line = "4.00e-03 x + 1.60e-04"
    said = f"as the file says: R {line}, G {line}, B {line}"
    assert sentence(found.document).endswith(said)
    still = sl.noise(tmp_path / "gray.dng").document
    assert (still["sigma"], still["sensor"]["order"]) == (None, "L")
    assert sentence(still) == "no noise that can be measured, a sensor without colours"


def test_where_the_mosaic_says_nothing_the_developed_picture_is_measured_and_said(tmp_path):
    noisy, _ = exposed(scene(48, 48))
    dng(tmp_path / "small.dng", sampled(noisy))
    interpolated(tmp_path / "linear.dng", sampled(noisy))
    for name in ("small.dng", "linear.dng"):
        found = sl.noise(tmp_path / name)
        assert (found.sensor, found.developed, found.shape) == (None, True, (48, 48, 3))
        assert "of the picture that LibRaw develops: nothing can be" in sentence(found.document)


def test_a_damaged_file_is_refused(tmp_path):
    dng(tmp_path / "a.dng", sampled(exposed(scene(48, 48))[0]))
    (tmp_path / "a.dng").write_bytes((tmp_path / "a.dng").read_bytes()[:-1000])
    with pytest.raises(ImageFileError, match="truncated camera raw file"):
        sl.noise(tmp_path / "a.dng")
