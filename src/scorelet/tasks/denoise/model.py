"""The model, read once."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from scorelet.core.device import choose_device, inference_dtype
from scorelet.models import Denoiser
from scorelet.tasks.denoise.settings import Settings
from scorelet.tasks.inference import computes_in, prepare
from scorelet.zoo import load_as, locate_weights


@dataclass(frozen=True)
class Model:
    """A denoiser ready for inference.

    Attributes:
        denoiser: prepared.
        digest: SHA-256 of its weights, which tells models apart.
        dtype: of its convolutions; of its images, if it is no network that was cast.
    """

    denoiser: Denoiser
    digest: str
    dtype: str


def load_model(settings: Settings) -> Model:
    """Return the model of the settings; the last two files are kept, until they change.

    Raises:
        InputError: an unknown model, device or dtype, or a model that is no denoiser.
        CheckpointError: weights that are missing, damaged or unsafe.
    """
    dtype = inference_dtype(choose_device(settings.device), settings.dtype)
    if isinstance(settings.model, Denoiser):
        return _ready(settings.model, settings.device, dtype)
    path = _located(settings.model)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _loaded(path, changed, settings.device, dtype)


_located = lru_cache(maxsize=16)(locate_weights)  # so that a Hub is asked once


@lru_cache(maxsize=2)
def _loaded(path: Path, _changed: int, device: str, dtype: torch.dtype) -> Model:
    return _ready(load_as(Denoiser, path, verb="denoise"), device, dtype)


def _ready(denoiser: Denoiser, device: str, dtype: torch.dtype) -> Model:
    digest = hashlib.sha256(type(denoiser).__name__.encode())
    for name, tensor in sorted(denoiser.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    ready = prepare(denoiser, device=device, dtype=dtype)
    return Model(ready, digest.hexdigest(), computes_in(ready))
