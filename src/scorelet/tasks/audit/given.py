"""Models that are given to an audit: files, names, denoisers, and networks of others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError, one_line
from scorelet.core.network import equal_weights
from scorelet.core.paths import as_path
from scorelet.core.typing import Image, NoiseLevel
from scorelet.data import channels_taken
from scorelet.models import Denoiser
from scorelet.models.denoiser import Locality
from scorelet.zoo import load_as, viewed

Model = str | Path | nn.Module


class OthersDenoiser(Denoiser):
    """A blind denoiser f(y) = n(y), n a network of others.

    Args:
        network: maps noisy images to clean ones, (batch, channel, height, width).
    """

    blind = True

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.locality = Locality.of(network)

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Tensor | None
    ) -> Tensor:
        try:
            found = self.network(y.clone())  # it may write over what it is given
        except (InputError, torch.OutOfMemoryError):
            raise
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            raise InputError(
                f"{type(self.network).__name__} fails on noisy images alone, float32 of shape "
                f"{tuple(y.shape)}: give a Denoiser of your own that calls it ({one_line(error)})."
            ) from error
        if not isinstance(found, Tensor):
            raise InputError(
                f"{type(self.network).__name__} returns a {type(found).__name__}: give a module "
                "that returns the clean images alone."
            )
        return found


def as_denoiser(model: Model) -> Denoiser:
    """Return what is given, or what a file or name holds, as a denoiser; others' are wrapped."""
    model = viewed(Denoiser, model)
    if isinstance(model, Denoiser):
        return model
    if isinstance(model, nn.Module):
        return OthersDenoiser(model)
    return load_as(Denoiser, model, verb="audit")


def refuse_other_channels(model: Model, denoiser: Denoiser, channels: int) -> None:
    """Refuse a denoiser that does not take pictures of so many channels.

    Raises:
        InputError: such a one; the sentence says which option brings pictures to its channels.
    """
    taken = channels_taken(channels, denoiser.channels)
    if taken != channels:
        what = "gray pictures" if channels == 1 else "pictures in colour"
        raise InputError(
            f"{name_of(model)} does not take {what}: give --channels {taken} (in Python "
            f"channels={taken})."
        )


def name_of(model: Model) -> str:
    """Name a model in words."""
    return type(model).__name__ if isinstance(model, nn.Module) else str(model)


def refuse_one_model(models: Sequence[Model]) -> None:
    """Refuse one model that is given twice."""
    first, second = (m if isinstance(m, nn.Module) else str(as_path(m)) for m in models)
    if first is second or (isinstance(first, str) and first == second):
        raise InputError(
            f"{name_of(models[0])} is given twice: a model agrees with itself; give two models."
        )


def refuse_options_of_twins(models: str, options: Mapping[str, object]) -> None:
    """Refuse what would have no effect beside models that are there.

    Args:
        models: how the option for models is called.
        options: what trainings are told, by name; None or False: not given.

    Raises:
        InputError: one of the options is given.
    """
    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        names = " and ".join([", ".join(given[:-1]), given[-1]] if given[1:] else given)
        verb = "have" if given[1:] else "has"
        raise InputError(
            f"{names} {verb} no effect with {models}, where nothing is trained: leave "
            f"{'them' if given[1:] else 'it'} out, or train twins without {models}."
        )


def warn_of_copies(a: Denoiser, b: Denoiser) -> list[str]:
    """Warn of copies of one model."""
    if type(a) is not type(b) or not equal_weights(a, b):
        return []
    return ["both models have the same weights: that they agree shows nothing"]
