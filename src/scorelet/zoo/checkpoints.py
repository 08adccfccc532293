"""Denoisers as files: weights, what builds them, and where they come from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError, one_line
from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.networks import ARCHITECTURES

KIND = "blind-denoiser"

Curve = Sequence[Sequence[float]]


def build_network(architecture: str, options: dict[str, Any]) -> nn.Module:
    """Build an untrained network by the name of its class in `scorelet.networks`.

    Raises:
        InputError: unknown name, or options that its constructor refuses.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise InputError(f"Unknown architecture {architecture!r}: choose one of {known}.")
    try:
        return ARCHITECTURES[architecture](**options)
    except (TypeError, ValueError) as error:
        raise InputError(f"{architecture} does not take {options}: {error}.") from error


def save_denoiser(
    path: Path,
    network: nn.Module,
    *,
    calibration: dict[str, Curve] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the network of a `ResidualDenoiser` with what builds it again.

    Args:
        path: target, ``.safetensors``.
        network: an instance of a class in `scorelet.networks.ARCHITECTURES`.
        calibration: kind of picture → curve of the noise estimate (`ResidualMeter`), if measured.
        dtype: of the stored weights; float16 halves the file.
    """
    tensors = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    header = {
        "kind": KIND,
        "architecture": type(network).__name__,
        "options": network.options,
        "calibration": {
            kind: [list(row) for row in curve] for kind, curve in (calibration or {}).items()
        },
    }
    save_tensors(path, tensors, header)


def load_denoiser(path: Path) -> Denoiser:
    """Read a file of `save_denoiser`; weights become float32, the model is in evaluation mode.

    Raises:
        CheckpointError: missing, damaged, a pickle, or not a denoiser of this version.
    """
    network, _ = _load(path)
    return ResidualDenoiser(network, channels=getattr(network, "accepts", None)).eval()


def load_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file of `save_denoiser` in float32, by name.

    Raises:
        CheckpointError: as `load_denoiser`.
    """
    return _load(path)[0].state_dict()


def load_calibration(path: Path) -> dict[str, Curve]:
    """Return the curves of the noise estimate by kind of picture, if they were measured.

    Raises:
        CheckpointError: as `load_denoiser`.
    """
    _, header = load_tensors(path)
    return dict(header.get("calibration", {}))


def _load(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    tensors, header = load_tensors(path)
    if header.get("kind") != KIND:
        raise CheckpointError(f"{path} holds no denoiser that this version of scorelet knows.")
    try:
        network = build_network(str(header["architecture"]), dict(header["options"]))
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not fit this version of scorelet: {one_line(error)}"
        ) from error
    return network, header
