"""Which device and which dtype: one policy, measured where a guess would be wrong."""

import os
import time
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F

from scorelet.core.errors import InputError


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


def inference_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype in which dense convolutions run best on `device`.

    cuda: float16; mps: float32; cpu: bfloat16 where a 3x3 convolution of 64 channels is measured
    at least 1.25 times as fast as in float32 (AMX and AVX512-BF16 are, plain AVX2 is not). The
    environment variable SCORELET_DTYPE (float32, bfloat16, float16) overrides the rule.
    """
    forced = os.environ.get("SCORELET_DTYPE")
    if forced:
        if forced not in ("float32", "bfloat16", "float16"):
            raise InputError(f"SCORELET_DTYPE={forced!r}: use float32, bfloat16 or float16.")
        return getattr(torch, forced)
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if device.type == "cpu" and _bfloat16_is_faster() else torch.float32


@cache
def _bfloat16_is_faster() -> bool:
    """Compare the best of alternating runs, so that a busy machine does not change the answer."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    convolutions = [_convolution(dtype) for dtype in (torch.float32, torch.bfloat16)]
    best = [float("inf")] * 2
    with torch.inference_mode():
        for _ in range(12):
            for k, convolve in enumerate(convolutions):
                start = time.perf_counter()
                convolve()
                best[k] = min(best[k], time.perf_counter() - start)
    return best[0] > 1.25 * best[1]


def _convolution(dtype: torch.dtype) -> Callable[[], torch.Tensor]:
    x = torch.ones(1, 64, 48, 48, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.ones(64, 64, 3, 3, dtype=dtype).to(memory_format=torch.channels_last)
    return lambda: F.conv2d(x, weight, padding=1)


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
