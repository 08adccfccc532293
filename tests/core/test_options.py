"""Types of options: what fits passes untouched, what does not is named in one sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from scorelet.core.errors import InputError
from scorelet.core.options import check_fields, checked


@checked
def verb(
    source: Any = None,
    *,
    sigma: float | None = None,
    count: int = 1,
    name: str = "",
    place: str | Path = ".",
    side: int | Literal["auto"] | None = None,
    flag: bool = False,
    levels: Sequence[float] | None = None,
    params: Mapping[str, Any] | None = None,
    say: Callable[[str], None] | None = None,
) -> tuple:
    return source, sigma, count, name, place, side, flag, levels, params, say


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sigma", 1), ("sigma", 0.5), ("sigma", None), ("place", "x"),
        ("place", Path("x")), ("side", "auto"), ("side", 64), ("side", None),
        ("levels", [1, 2.5]), ("levels", (1,)), ("levels", np.ones(3)),
        ("params", {"a": 1}), ("say", print), ("source", object),
    ],
)  # fmt: skip
def test_what_fits_passes(option, value):
    assert any(got is value for got in verb(**{option: value}))


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [("sigma", np.float32(0.5), float), ("count", np.int64(3), int), ("side", np.uint8(64), int)],
)
def test_numbers_of_numpy_become_those_of_python(option, value, kind):
    assert any(type(got) is kind and got == value for got in verb(**{option: value}))


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("sigma", "x", "sigma is 'x': expected a number or None."),
        ("sigma", True, "sigma is True: expected a number or None."),
        ("sigma", 1j, "sigma is of the type complex: expected a number or None."),
        ("count", 1.5, "count is 1.5: expected a whole number of at most 64 bits."),
        ("count", 10**30, f"count is {10**30}: expected a whole number of at most 64 bits."),
        ("name", None, "name is None: expected a text."),
        ("place", 3, "place is 3: expected a text or a path."),
        ("flag", 1, "flag is 1: expected True or False."),
        ("levels", 3.0, "levels is 3.0: expected None or a list, each a number."),
        ("levels", "25", "levels is '25': expected None or a list, each a number."),
        ("levels", [1, "a"], "levels[1] is 'a': expected a number."),
        ("levels", [dict], "levels[0] is of the type type: expected a number."),
        ("params", [1], "params is of the type list: expected a dictionary or None."),
        ("say", "print", "say is 'print': expected a function or None."),
        ("name", b"x" * 99, f"name is b'{'x' * 55}...: expected a text."),
    ],
)
def test_what_does_not_fit_is_named(option, value, sentence):
    with pytest.raises(InputError) as caught:
        verb(**{option: value})
    assert str(caught.value) == sentence


def test_an_unknown_option_is_pythons_own_error():
    with pytest.raises(TypeError, match="sigmas"):
        verb(sigmas=3)


def test_fields_of_records():
    @dataclass
    class Record:
        side: int

        def __post_init__(self):
            check_fields(self)

    assert Record(3).side == 3
    with pytest.raises(InputError, match=r"^side is '3': expected a whole number"):
        Record("3")
