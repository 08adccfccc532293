"""Devices and dtypes by name."""

import pytest
import torch

from scorelet.core import device as policy
from scorelet.core.device import choose_device, in_precision, inference_dtype
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
def test_otherwise_the_device_and_the_processor_decide(monkeypatch, device, faster, expected):
    monkeypatch.delenv("SCORELET_DTYPE", raising=False)
    monkeypatch.setattr(policy, "_bfloat16_is_faster", lambda: faster)
    assert inference_dtype(torch.device(device)) == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse2 avx512f avx512_bf16 amx_bf16", True),
        ("fpu sse2 avx512_bf16", True),
        ("fpu sse2 avx2 avx512f avx512_vnni", False),
        ("", False),
    ],
)
def test_bfloat16_is_taken_where_there_are_instructions_for_it(
    tmp_path, monkeypatch, flags, expected
):
    listing = tmp_path / "cpuinfo"
    listing.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: spectre_v1\n")
    found = policy._processor_flags(listing)
    assert found == set(flags.split())
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: True)
    monkeypatch.setattr(policy, "_processor_flags", lambda: found)
    assert policy._bfloat16_is_faster() is expected


def test_systems_without_a_listing_take_float32(tmp_path):
    assert policy._processor_flags(tmp_path / "none") == frozenset()


def test_an_option_overrides_the_environment(monkeypatch):
    monkeypatch.setenv("SCORELET_DTYPE", "bfloat16")
    cpu = torch.device("cpu")
    assert inference_dtype(cpu, "float32") == torch.float32
    assert inference_dtype(cpu, "auto") == torch.bfloat16
    with pytest.raises(InputError, match=r"^dtype='half': use float32, bfloat16 or float16\.$"):
        inference_dtype(cpu, "half")


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (torch.float32, torch.complex64),
        (torch.float64, torch.complex128),
        (torch.bfloat16, torch.complex64),
    ],
)
def test_complex_numbers_stay_complex_in_any_precision(dtype, kind):
    module = torch.nn.Linear(2, 2).double()
    module.phases = torch.nn.Parameter(torch.full((3,), 1 + 2j, dtype=torch.complex128))
    module.register_buffer("turns", torch.tensor([1j]))
    module.register_buffer("count", torch.tensor(7))
    assert in_precision(module, torch.device("cpu"), dtype) is module
    kinds = {name: value.dtype for name, value in module.state_dict().items()}
    assert kinds == {
        "weight": dtype,
        "bias": dtype,
        "phases": kind,
        "turns": kind,
        "count": torch.int64,
    }
    assert module.phases.tolist() == [1 + 2j] * 3


class Turned(torch.nn.Linear):
    """Moves a tensor that is neither parameter nor buffer with the others."""

    def __init__(self):
        super().__init__(2, 2)
        self.turn = torch.eye(2)

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        self.turn = fn(self.turn)
        return self


def test_what_a_module_moves_itself_is_in_the_precision_too():
    module = Turned()
    module(torch.ones(1, 2)).sum().backward()
    in_precision(module, torch.device("cpu"), torch.float64)
    assert module.turn.dtype == module.weight.dtype == module.weight.grad.dtype == torch.float64
