"""Which device and which dtype: one policy, decided by what a machine is, not by how busy it is."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError

Module = TypeVar("Module", bound=nn.Module)

PRECISIONS = ("auto", "float32", "bfloat16", "float16")

FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16")
"""Instructions that multiply in bfloat16, as Linux calls them: at least 1.25 times float32."""


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called `name`: auto (cuda, then mps, then cpu), cpu, cuda, cuda:1, mps.

    Raises:
        InputError: unknown name, or a device that this machine lacks.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"Unknown device {name!r}: use auto, cpu, cuda or mps.") from None
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _has_mps()}
    beyond = device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()
    if beyond or not present.get(device.type, False):
        raise InputError(f"This machine has no usable device {name!r}: use auto or cpu.")
    return device


def single_at_least(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype for sums of numbers of `dtype`: float32 for halves, else as it is."""
    return torch.promote_types(dtype, torch.float32)


def widened(x: Tensor) -> Tensor:
    """Return x in `single_at_least` of its dtype."""
    return x.to(single_at_least(x.dtype))


def in_precision(module: Module, device: torch.device, dtype: torch.dtype) -> Module:
    """Bring a module to a device and its floats to a dtype, in place; complex numbers stay complex.

    `Module.to` would take their imaginary parts away.
    """

    def moved(tensor: Tensor) -> Tensor:
        if tensor.is_complex():
            return tensor.to(device, torch.promote_types(dtype, torch.complex64))
        return tensor.to(device, dtype if tensor.is_floating_point() else None)

    return module._apply(moved)  # as `Module.to` does it


def full_precision(x: Tensor) -> torch.autocast:
    """Return a context in which `torch.autocast` has no effect on the device of x."""
    return torch.autocast(x.device.type, enabled=False)


def exactly(compute: Callable[..., Tensor], x: Tensor, *others: Tensor) -> Tensor:
    """Return `compute(x, *others)` in the dtype of x, computed in float32 at least."""
    with full_precision(x):
        return compute(*map(widened, (x, *others))).to(x.dtype)


def inference_dtype(
    device: torch.device, precision: str = "auto", *, fast: bool = True
) -> torch.dtype:
    """Return the dtype in which dense convolutions run best on `device`.

    cuda: float16; mps: float32; cpu: bfloat16 where the processor has instructions for it
    (`FAST_BFLOAT16`), else float32. So one machine always takes the same.

    Args:
        device: where convolutions run.
        precision: float32, bfloat16 or float16 override the rule; auto leaves it to the
            environment variable SCORELET_DTYPE, if it is set, and then to the rule.
        fast: whether the rule may take less than float32.

    Raises:
        InputError: an unknown name.
    """
    forced = precision if precision != "auto" else os.environ.get("SCORELET_DTYPE") or "auto"
    if forced not in PRECISIONS:
        name = "SCORELET_DTYPE" if precision == "auto" else "dtype"
        raise InputError(f"{name}={forced!r}: use float32, bfloat16 or float16.")
    if forced != "auto":
        return getattr(torch, forced)
    if not fast:
        return torch.float32
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if device.type == "cpu" and _bfloat16_is_faster() else torch.float32


def _bfloat16_is_faster() -> bool:
    """Whether the processor multiplies in bfloat16, and torch's kernels use it."""
    fast = not _processor_flags().isdisjoint(FAST_BFLOAT16)
    return fast and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@cache
def _processor_flags(listing: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the instruction sets of the processor by Linux's names; none on other systems."""
    try:
        lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = (line.partition(":")[2] for line in lines if line.startswith("flags"))
    return frozenset(next(flags, "").split())


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
