"""Blind denoisers as files, for callers that have a network and not yet a model."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from scorelet.models import Curve, Denoiser, ResidualDenoiser
from scorelet.zoo.checkpoints import save
from scorelet.zoo.registry import load_as


def save_denoiser(
    path: Path,
    network: nn.Module,
    *,
    calibration: dict[str, Curve] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the `ResidualDenoiser` of a network, its weights in `dtype`."""
    save(ResidualDenoiser(copy.deepcopy(network).to(dtype), calibration=calibration), path)


def load_denoiser(path: Path) -> Denoiser:
    """Read a file of `save_denoiser`."""
    return load_as(Denoiser, path, verb="denoise")


def load_weights(path: Path) -> dict[str, Tensor]:
    """Return the weights of the network of a file of `save_denoiser`, by name."""
    return load_as(ResidualDenoiser, path, verb="train").network.state_dict()


def load_calibration(path: Path) -> dict[str, Curve]:
    """Return the curves of the noise estimate by kind of picture, if they were measured."""
    return dict(load_denoiser(path).calibration)
