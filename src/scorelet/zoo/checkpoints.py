"""Denoisers as files: weights, what builds them, and where they come from."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError
from scorelet.models import ChannelDenoiser, Denoiser, ResidualDenoiser
from scorelet.networks import ARCHITECTURES

KIND = "blind-denoiser"


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
    networks: dict[int, nn.Module],
    builds: dict[int, tuple[str, dict[str, Any]]],
    *,
    calibration: dict[int, list[list[float]]] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write residual networks by channel count into one file.

    Args:
        path: target, ``.safetensors``.
        networks: channel count → network.
        builds: channel count → (architecture, options) for `build_network`.
        calibration: channel count → rows [raw, sigma] of the noise estimator, if measured.
        dtype: of the stored weights; float16 halves the file.
    """
    tensors = {
        f"{channels}.{name}": tensor.to(dtype) if tensor.is_floating_point() else tensor
        for channels, network in networks.items()
        for name, tensor in network.state_dict().items()
    }
    parts = {str(c): {"architecture": a, "options": o} for c, (a, o) in builds.items()}
    curves = {str(c): curve for c, curve in (calibration or {}).items()}
    save_tensors(path, tensors, {"kind": KIND, "networks": parts, "calibration": curves})


def load_denoiser(path: Path) -> Denoiser:
    """Read a file of `save_denoiser`; weights become float32, the model is in evaluation mode.

    Raises:
        CheckpointError: missing, damaged, a pickle, or not a denoiser of this version.
    """
    tensors, header = load_tensors(path)
    if header.get("kind") != KIND:
        raise CheckpointError(f"{path} holds no denoiser that this version of scorelet knows.")
    parts = {
        channels: ResidualDenoiser(_network(path, channels, part, tensors))
        for channels, part in header["networks"].items()
    }
    if len(parts) == 1:
        return next(iter(parts.values())).eval()
    return ChannelDenoiser({int(c): part for c, part in parts.items()}).eval()


def load_calibration(path: Path) -> dict[int, list[list[float]]]:
    """Return the noise estimator's rows [raw, sigma] by channel count; empty if not measured."""
    _, header = load_tensors(path)
    return {int(c): curve for c, curve in header.get("calibration", {}).items()}


def load_network(path: Path, channels: int) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
    """Return architecture, options and weights of one network of a file."""
    tensors, header = load_tensors(path)
    part = header.get("networks", {}).get(str(channels))
    if part is None:
        raise CheckpointError(f"{path} holds no network for {channels} channels.")
    start = f"{channels}."
    weights = {n[len(start) :]: t.float() for n, t in tensors.items() if n.startswith(start)}
    return part["architecture"], part["options"], weights


def _network(
    path: Path, channels: str, part: dict[str, Any], tensors: dict[str, Tensor]
) -> nn.Module:
    try:
        network = build_network(part["architecture"], part["options"])
        start = f"{channels}."
        network.load_state_dict(
            {n[len(start) :]: t.float() for n, t in tensors.items() if n.startswith(start)}
        )
    except (InputError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path} does not fit this version of scorelet: {reason}") from error
    return network
