"""One picture in memory: units, shapes, types."""

import os
import subprocess
import sys

import numpy as np
import pytest

from picture_samples import picture
from scorelet.core.errors import InputError
from scorelet.data import (
    Picture,
    from_unit,
    to_unit,
)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_units_invert_each_other_for_every_integer(dtype):
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    unit = to_unit(every)
    assert unit.dtype == np.float32
    assert (unit.min(), unit.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(from_unit(unit, dtype), every)


def test_from_unit_clips_and_rounds_integers_but_not_floats():
    x = np.array([-3.0, 0.4999 / 255, 0.5001 / 255, 7.0])
    assert from_unit(x, np.uint8).tolist() == [0, 0, 1, 255]
    assert from_unit(x, "float32").tolist() == x.astype(np.float32).tolist()
    assert to_unit(x) is x
    half = from_unit(np.ones(2, np.float16), np.uint16)
    assert half.tolist() == [65535, 65535]


def test_units_refuse_what_they_cannot_express():
    with pytest.raises(InputError, match="1 NaN"):
        from_unit(np.array([0.0, np.nan]), np.uint8)
    with pytest.raises(InputError, match="int32"):
        from_unit(np.zeros(1), np.int32)
    with pytest.raises(InputError, match="int64"):
        to_unit(np.zeros(1, np.int64))


def test_picture_checks_its_arrays():
    assert picture((2, 3), dtype="u2").scale == 65535.0
    assert picture((2, 3), dtype="f4").scale == 1.0
    for shape in [(2, 3), (2, 3, 2), (2, 3, 4), (0, 3, 1)]:
        with pytest.raises(InputError, match="shape"):
            Picture(np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match="int32"):
        Picture(np.zeros((2, 3, 1), np.int32))
    with pytest.raises(InputError, match="Alpha"):
        Picture(np.zeros((2, 3, 1), np.uint8), np.zeros((2, 3), np.uint16))


@pytest.mark.slow
def test_reading_pictures_imports_neither_torch_nor_the_codecs():
    heavy = {"torch", "tifffile", "imagecodecs"}
    program = f"import sys, scorelet.data.pictures.files; print({heavy} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "set()"
