"""What this installation is and what it runs on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.words import counted
from scorelet.data.locate import ENVIRONMENT
from scorelet.zoo import names
from scorelet.zoo.registry import WEIGHTS

PACKAGES = ("scorelet", "torch", "numpy", "pillow", "tifffile", "imagecodecs", "accelerate")


def info(device: str = "auto") -> dict[str, Any]:
    """Return versions, device, dtype of convolutions, threads and folders.

    Args:
        device: auto, cpu, cuda or mps.
    """
    import torch

    place = choose_device(device)
    return {
        "versions": package_versions(),
        "platform": platform.platform(),
        "device": str(place),
        "convolutions_in": str(inference_dtype(place)).removeprefix("torch."),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "models": names(),
        "model_folder": str(WEIGHTS),
        "data_folder": os.environ.get(ENVIRONMENT, f"not set ({ENVIRONMENT})"),
    }


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of what results depend on."""
    return {"python": platform.python_version()} | {p: _version(p) for p in PACKAGES}


def machine() -> str:
    """Return the processor, and how many threads torch runs on it, in a few words."""
    import torch

    return f"{_processor()}, {counted(torch.get_num_threads(), 'thread')}"


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(errors="replace").splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
