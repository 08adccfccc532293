"""Devices and dtypes by name."""

import pytest
import torch

from scorelet.core import device as policy
from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be a machine with so many CUDA devices, with or without Apple's."""

    def pretend(*, cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(0, False, "cpu"), (0, True, "mps"), (2, False, "cuda"), (1, True, "cuda")],
)
def test_auto_takes_the_best_that_is_there(machine, cuda, mps, expected):
    machine(cuda=cuda, mps=mps)
    assert choose_device() == choose_device("auto") == torch.device(expected)


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:1", "mps"])
def test_a_device_that_is_there_is_taken(machine, name):
    machine(cuda=2, mps=True)
    assert choose_device(name) == torch.device(name)


@pytest.mark.parametrize("name", ["tpu", "gpu", "", "cuda:x", "cuda:-1", "CPU"])
def test_an_unknown_name_is_one_sentence(machine, name):
    machine(cuda=1)
    with pytest.raises(InputError, match=r"^Unknown device '.*': use auto, cpu, cuda or mps\.$"):
        choose_device(name)


@pytest.mark.parametrize(("name", "cuda"), [("cuda", 0), ("mps", 1), ("cuda:2", 2), ("meta", 1)])
def test_a_device_that_is_not_there_is_one_sentence(machine, name, cuda):
    machine(cuda=cuda)
    with pytest.raises(InputError, match=rf"^This machine has no usable device '{name}': .*\.$"):
        choose_device(name)


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_the_environment_decides_the_dtype_on_every_device(monkeypatch, name, device):
    monkeypatch.setenv("SCORELET_DTYPE", name)
    assert inference_dtype(torch.device(device)) == getattr(torch, name)


@pytest.mark.parametrize("name", ["float64", "half", "Float32", "int8"])
def test_an_unknown_dtype_is_one_sentence(monkeypatch, name):
    monkeypatch.setenv("SCORELET_DTYPE", name)
    with pytest.raises(InputError, match=r"^SCORELET_DTYPE='.*': use float32, .* or float16\.$"):
        inference_dtype(torch.device("cpu"))


@pytest.mark.parametrize(
    ("device", "faster", "expected"),
    [
        ("cuda", False, torch.float16),
        ("mps", True, torch.float32),
        ("cpu", True, torch.bfloat16),
        ("cpu", False, torch.float32),
    ],
)
def test_otherwise_the_device_and_a_measurement_decide(monkeypatch, device, faster, expected):
    monkeypatch.delenv("SCORELET_DTYPE", raising=False)
    monkeypatch.setattr(policy, "_bfloat16_is_faster", lambda: faster)
    assert inference_dtype(torch.device(device)) == expected


def test_a_processor_without_bfloat16_is_not_measured(monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    monkeypatch.setattr(policy, "_convolution", None)  # would fail if it were called
    assert policy._bfloat16_is_faster.__wrapped__() is False
