"""Tests check the annotations of the package: sizes that are to agree, and types."""

from dataclasses import dataclass

import pytest
import torch
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import TypeCheckError

from annotations import checked
from scorelet.core.per_sample import one_thread, sum_per_sample
from scorelet.core.random import generator
from scorelet.core.typing import Fields, PerSample

decorated = checked(typechecker=beartype)


@decorated
def weigh(x: Fields, weights: PerSample) -> Fields:
    return x * weights[0]


@decorated
def name(number: int, *, wrong: bool = False) -> str:
    return number if wrong else str(number)


@decorated
@dataclass(frozen=True)
class Place:
    row: int


def nested():
    @decorated
    def half(number: int) -> int:
        return number // 2

    return half


def test_sizes_of_one_name_agree():
    assert weigh(torch.ones(2, 3, 3), torch.ones(2)).shape == (2, 3, 3)
    with pytest.raises(TypeCheckError, match="weights"):
        weigh(torch.ones(2, 3, 3), torch.ones(4))


def test_types_are_those_of_arguments_and_results():
    assert name(1) == "1"
    for call in (lambda: name("1"), lambda: name(1, wrong=True), lambda: Place("1")):
        with pytest.raises(BeartypeCallHintViolation):
            call()
    assert Place(1).row == 1


def test_the_first_of_functions_in_a_function_is_checked():
    with pytest.raises(BeartypeCallHintViolation):
        nested()("1")
    assert nested().__code__ is nested().__code__  # as it is, for nothing in each call
    assert not hasattr(nested(), "__wrapped__")


def test_the_package_is_checked():
    with pytest.raises(TypeCheckError, match="values"):
        sum_per_sample("no tensor")
    with pytest.raises(BeartypeCallHintViolation):
        generator("no seed")
    with one_thread():  # a generator, of which beartype sees that it is one
        assert torch.get_num_threads() == 1
