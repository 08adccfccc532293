"""Denoisers that are given as files, names, denoisers, or networks and functions of others."""

import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError, mixes_dtypes, one_line
from scorelet.core.typing import Image, NoiseLevel
from scorelet.models import Denoiser
from scorelet.models.denoiser import Locality
from scorelet.zoo import load_as, viewed

DenoiserLike = str | Path | nn.Module | Callable[[Tensor], Tensor]
"""A file, a name, a model, or a network or function that maps noisy images to clean ones."""


class OthersDenoiser(Denoiser):
    """A blind denoiser f(y) = n(y), n a network of others, or a function.

    Args:
        network: maps noisy images to clean ones, (batch, channel, height, width).
        of_channels: what to do where it takes other channels, with {} for their number.
    """

    blind = True

    def __init__(self, network: Callable[[Tensor], Tensor], of_channels: str) -> None:
        super().__init__()
        self.network, self.of_channels = network, of_channels
        self.locality = Locality.of(network) if isinstance(network, nn.Module) else Locality()

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Tensor | None
    ) -> Tensor:
        try:
            found = self.network(y.clone())  # it may write over what it is given
        except (InputError, torch.OutOfMemoryError):
            raise
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            raise InputError(
                f"{name_of(self.network)} fails on noisy images alone, float32 of shape "
                f"{tuple(y.shape)}: {one_line(error)}{self._remedy(error)}."
            ) from error
        if not isinstance(found, Tensor):
            raise InputError(
                f"{name_of(self.network)} returns a {type(found).__name__}: give a module or "
                "function that returns the clean images alone."
            )
        return found

    def _remedy(self, error: Exception) -> str:
        said = str(error)
        if "required positional argument" in said:
            return "; give a Denoiser of your own that calls it"
        if mixes_dtypes(error):
            return "; bring its weights to float32"
        if found := re.search(r"to have ([13]) channels", said):
            return f"; {self.of_channels.format(found[1])}"
        return ""


def as_denoiser(model: DenoiserLike, *, verb: str, of_channels: str) -> Denoiser:
    """Return what is given, or what a file or name holds, as a denoiser; others' are wrapped.

    Args:
        model: as it was given.
        verb: for sentences about files that hold no denoiser.
        of_channels: see `OthersDenoiser`.
    """
    model = viewed(Denoiser, model)
    if isinstance(model, Denoiser):
        return model
    if callable(model):
        return OthersDenoiser(model, of_channels)
    return load_as(Denoiser, model, verb=verb)


def name_of(model: DenoiserLike) -> str:
    """Name a model in words."""
    if isinstance(model, str | Path):
        return str(model)
    return getattr(model, "__name__", type(model).__name__)
