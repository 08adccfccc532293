"""Whatever is given for an option of a network, what it cannot be is one sentence, at once."""

import inspect
import math

import pytest
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.networks import ARCHITECTURES
from scorelet.networks.collapse_block import Block
from scorelet.zoo import build_network

NEEDED = {"ScaleShared": {"architecture": "BFCNN", "options": {"channels": 9}, "scales": 2}}
OPTIONS = [
    (name, option)
    for name in ARCHITECTURES
    for option in inspect.signature(ARCHITECTURES[name]).parameters
]
BLOCK = list(inspect.signature(Block).parameters)
UNUSED = ("shrinkage", "eight")
"""Nothing shrinks without frames."""
COUNT = "a whole number of at least 1"
WRONG = [
    -1,
    math.nan,
    8.5,
    True,
    "eight",
    b"8",
    10**30,
    1j,
    object(),
    [-1],
    [8.5],
    ["x", 1],
    {"a": 1},
]


def is_right(wrong, option, default):
    """Whether a value, made to be wrong, is right for this option."""
    if option in ("block", "options"):
        return isinstance(wrong, dict)
    if isinstance(default, bool):
        return wrong is True
    if isinstance(default, float):
        return wrong in (8.5, 10**30)
    return False


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_a_wrong_value_is_one_sentence_that_names_the_option(name, option):
    default = inspect.signature(ARCHITECTURES[name]).parameters[option].default
    for wrong in WRONG:
        if is_right(wrong, option, default):
            continue
        with pytest.raises(InputError) as caught:
            ARCHITECTURES[name](**{**NEEDED.get(name, {}), option: wrong})
        text = str(caught.value)
        assert option in text or (option == "rectifier" and repr(wrong) in text)
        assert "\n" not in text
        assert text.endswith(".")


@pytest.mark.parametrize("option", BLOCK)
def test_a_wrong_value_for_blocks_of_scattering_is_one(option):
    for wrong in WRONG:
        default = inspect.signature(Block).parameters[option].default
        if (isinstance(default, bool) and wrong is True) or (option, wrong) == UNUSED:
            continue
        with pytest.raises(InputError):
            ARCHITECTURES["LearnedScattering"](block={option: wrong})


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("UNet", {"blocks": 0}, f"blocks is 0: expected {COUNT}."),
        ("UNet", {"width": 0}, f"width is 0: expected {COUNT}."),
        ("BFCNN", {"width": 0}, f"width is 0: expected {COUNT}."),
        ("BFCNN", {"width": "eight"}, f"width is 'eight': expected {COUNT}."),
        ("BFCNN", {"depth": 1}, "depth is 1: expected a whole number of at least 2."),
        ("BFCNN", {"outputs": 0}, f"outputs is 0: expected {COUNT} or None."),
        ("ShuffleUNet", {"widths": [0, 8]}, f"widths[0] is 0: expected {COUNT}."),
        ("VGG", {"stages": [8]}, f"stages[0] is 8: expected a list, each {COUNT}."),
        ("ResNet", {"width": 0.0}, "width is 0.0: expected a number above 0."),
        (
            "ResNet",
            {"blocks": [], "widths": []},
            "blocks has 0 stages and widths 0: give one for each, at least one.",
        ),
        ("Perceptron", {"channels": 2}, "channels is 2: expected 1 or 3."),
    ],
)
def test_the_sentence_says_what_is_expected(name, options, sentence):
    with pytest.raises(InputError) as caught:
        build_network(name, options)
    assert str(caught.value) == f"{name}: {sentence}"


def test_what_torch_cannot_make_is_no_bug():
    with pytest.raises(InputError, match=r"^BFCNN does not take \{'width': 1152921504606846976"):
        build_network("BFCNN", {"width": 2**60, "depth": 2})


def test_a_network_of_your_own_that_fails_is_a_sentence(monkeypatch):
    class Own(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(width))

    monkeypatch.setitem(ARCHITECTURES, "Own", Own)
    with pytest.raises(InputError, match=r"^Own does not take \{'width': -1\}: .*negative"):
        build_network("Own", {"width": -1})
