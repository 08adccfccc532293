"""Whatever users hold becomes a plain array with the same numbers."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from samples import environment
from scorelet.core.arrays import plain_array
from scorelet.core.errors import InputError

A = np.arange(24, dtype="f4").reshape(4, 6)


def assert_plain(got, expected):
    assert type(got) is np.ndarray
    assert got.flags.c_contiguous
    assert got.flags.aligned
    assert got.flags.writeable
    assert got.dtype.isnative
    np.testing.assert_array_equal(got, expected)


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, "u1")
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize(
    "made",
    [
        lambda a: a.view(np.matrix),
        lambda a: a.T.copy().view(np.matrix).T,
        lambda a: np.asfortranarray(a),
        lambda a: a.astype(">f4"),
        lambda a: a[::-1, ::-1][::-1, ::-1],
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: np.ma.MaskedArray(a),
        lambda a: a.tolist(),
        lambda a: torch.from_numpy(a.copy()),
        lambda a: torch.from_numpy(a.T.copy()).T,
        lambda a: torch.from_numpy(a.copy()).requires_grad_(),
        lambda a: torch.from_numpy(a).bfloat16(),
        lambda a: torch.from_numpy(a).to_sparse(),
        lambda a: Image.fromarray(a),
        read_only,
        unaligned,
    ],
)
def test_same_numbers_in_plain_memory(made):
    assert_plain(plain_array(made(A)), A)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    array=hnp.arrays(
        st.sampled_from(["<u2", ">u2", "<f8", ">f8", "u1", "?", ">c8"]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        elements=st.integers(0, 1),
    ),
    data=st.data(),
)
def test_any_axes_steps_and_byte_order(array, data):
    order = data.draw(st.permutations(range(array.ndim)))
    step = data.draw(st.sampled_from([1, 2, -1, -2]))
    view = array.transpose(order)[..., ::step] if array.ndim else array
    assert_plain(plain_array(view), view)


def test_a_plain_array_is_not_copied_and_others_are_not_changed():
    plain = A.copy()
    assert plain_array(plain) is plain
    locked = read_only(A)
    plain_array(locked)[:] = 0
    np.testing.assert_array_equal(locked, A)
    wide = np.broadcast_to(A[:1], A.shape)
    got = plain_array(wide)
    got[0, 0] = 7
    assert got[1, 0] == 0


def test_a_map_of_memory(tmp_path):
    np.save(tmp_path / "a.npy", A)
    assert_plain(plain_array(np.load(tmp_path / "a.npy", mmap_mode="r")), A)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8"])
def test_masked_floats_become_nan(dtype):
    got = plain_array(np.ma.masked_less(A.astype(dtype), 3))
    assert np.isnan(got.ravel()[:3]).all()
    np.testing.assert_array_equal(got.ravel()[3:], A.ravel()[3:])


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ma.masked_less(A.astype(int), 3), r"masked at 3 of 24 places.*\.filled\(value\)"),
        (np.array(["a"]), r"holds str.*expected numbers"),
        (np.array([{}], object), "holds object"),
        (np.zeros(2, [("a", "f4")]), "expected numbers"),
        ([[1, 2], [3]], "a list that is no table of numbers"),
        ({"a": 1}, "is dict: expected an array"),
        (b"P5", r"is bytes: .*PIL\.Image\.open"),
        (io.BytesIO(b"P5"), r"is BytesIO: .*PIL\.Image\.open"),
        (["a.png", "b.png"], "is a list of paths"),
        ([Path("a.png")], "is a list of paths"),
        (Image.new("CMYK", (2, 2)), r"is in CMYK.*convert\('RGB'\)"),
    ],
)
def test_what_is_no_array_of_numbers(x, words):
    with pytest.raises(InputError, match=words) as caught:
        plain_array(x, what="picture of mine")
    assert "picture of mine" in str(caught.value) or "CMYK" in str(caught.value)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F"])
def test_pictures_of_pillow(mode):
    image = Image.fromarray((A * 10).astype("u1")).convert(mode)
    target = {"1": "L", "P": "RGB"}.get(mode, mode)
    got = plain_array(image)
    assert_plain(got, np.array(image.convert(target)))
    assert got.shape[:2] == (4, 6)
    assert got.dtype == {"I;16": "u2", "I": "i4", "F": "f4"}.get(mode, "u1")


@pytest.mark.parametrize(
    ("mode", "channels", "colour"),
    [("P", 4, 0), ("1", 2, 0), ("L", 2, 50), ("RGB", 4, (50, 50, 50))],
)
def test_a_transparent_colour_becomes_opacity(tmp_path, mode, channels, colour):
    image = Image.fromarray((A * 10).astype("u1")).convert(mode)
    image.save(tmp_path / "a.png", transparency=colour)
    with Image.open(tmp_path / "a.png") as image:
        got = plain_array(image)
    assert got.shape == (4, 6, channels)
    assert set(got[..., -1].ravel()) == {0, 255}


@pytest.mark.slow
def test_neither_torch_nor_pillow_is_imported_for_it():
    program = (
        "import sys; from scorelet.core.arrays import plain_array; plain_array([1.0]);"
        "print({'torch', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == "set()"
