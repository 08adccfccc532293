"""A denoiser ready for inference, read once."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from scorelet.core.device import choose_device, inference_dtype
from scorelet.core.errors import InputError
from scorelet.core.options import check_types
from scorelet.models import Denoiser
from scorelet.tasks.inference import computes_in, prepare
from scorelet.zoo import load_as, local_weights, locate_weights, viewed


@dataclass(frozen=True)
class ReadyDenoiser:
    """A denoiser ready for inference.

    Attributes:
        denoiser: prepared.
        digest: SHA-256 of its weights, which tells models apart.
        dtype: of its convolutions; of its images, if it is no network that was cast.
    """

    denoiser: Denoiser
    digest: str
    dtype: str


def denoiser_given(model: str | Path | nn.Module) -> str | Path | Denoiser:
    """Return a name or a path, or what is in memory as the denoiser that a file of it gives.

    Raises:
        InputError: a module that is no denoiser, and is not seen as one.
    """
    found = viewed(Denoiser, model)
    if isinstance(found, nn.Module) and not isinstance(found, Denoiser):
        raise InputError(
            f"model is of the type {type(found).__name__}: expected a text, a path or a Denoiser. "
            "A network that gives the clean picture becomes one by a subclass of "
            "scorelet.models.Denoiser, and one that gives the noise by "
            "scorelet.models.ResidualDenoiser."
        )
    check_types({"model": found}, {"model": str | Path | Denoiser})
    return found


def ready_denoiser(
    model: str | Path | Denoiser, *, device: str = "auto", dtype: str = "auto", verb: str
) -> ReadyDenoiser:
    """Return a model ready for inference; the last three files are kept, until they change.

    Args:
        model: built-in name, path or Hub id; or a denoiser.
        device: auto, cpu, cuda or mps.
        dtype: of the convolutions: auto, float32, bfloat16 or float16.
        verb: what it is wanted for, for sentences about models that are no denoiser.

    Raises:
        InputError: an unknown model, device or dtype, or a model that is no denoiser.
        CheckpointError: weights that are missing, damaged or unsafe.
    """
    kind = inference_dtype(choose_device(device), dtype)
    if isinstance(model, Denoiser):
        return _ready(model, device, kind)
    path = local_weights(model) or _fetched(model)
    return _loaded(path, _edition(path), device, kind, verb)


_fetched = lru_cache(maxsize=16)(locate_weights)  # so that a Hub is asked once


def _edition(path: Path) -> tuple[int, ...]:
    """Return what tells a file from another one that had or gets its name; () if it is not there.

    The time of its last change is copied with a file; that of its last change of any kind is not.
    """
    try:
        found = path.stat()
    except OSError:  # said when it is read
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=3)
def _loaded(
    path: Path, _edition: tuple[int, ...], device: str, dtype: torch.dtype, verb: str
) -> ReadyDenoiser:
    return _ready(load_as(Denoiser, path, verb=verb), device, dtype)


def _ready(denoiser: Denoiser, device: str, dtype: torch.dtype) -> ReadyDenoiser:
    digest = hashlib.sha256(type(denoiser).__name__.encode())
    for name, tensor in sorted(denoiser.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    ready = prepare(denoiser, device=device, dtype=dtype)
    return ReadyDenoiser(ready, digest.hexdigest(), computes_in(ready))
