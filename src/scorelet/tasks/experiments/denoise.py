"""The task `denoise`: a blind denoiser learns from patches of pictures with noise.

The noise is white, or what a simulated camera makes of it, or both by turns.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.core.progress import Say
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.core.words import counted
from scorelet.data import load_pictures, locate, to_unit
from scorelet.data.camera.patches import CameraPatches
from scorelet.data.pictures.drawn import draw_page
from scorelet.data.pictures.folders import left_out_of
from scorelet.data.pictures.patches import Crop, NoisyPatches, PictureCrops, half
from scorelet.data.pictures.photographs import named_pictures
from scorelet.data.pictures.turns import TurnPatches
from scorelet.models import (
    Denoiser,
    LevelMapDenoiser,
    LogUniformNoise,
    MixedNoise,
    NoiseLaw,
    QuadraticNoise,
    ResidualDenoiser,
    UniformNoise,
)
from scorelet.tasks.denoise import Denoised, denoise
from scorelet.tasks.evaluate import mean_psnr
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.denoise_config import (
    DenoiseConfig,
    DrownConfig,
    PatchesConfig,
    SourceConfig,
)
from scorelet.tasks.experiments.networks import (
    check_channels,
    check_denoises,
    make_denoising_network,
)
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.inference import prepare
from scorelet.training import (
    Best,
    Learner,
    Objective,
    Validate,
    blind_denoising,
    distillation,
    drowning,
)
from scorelet.zoo import load_as

VALIDATION_SIGMAS = (15.0, 25.0, 50.0)


def build(config: DenoiseConfig) -> Experiment:
    """Make the experiment; `best` goes by the mean PSNR of the validation.

    Raises:
        InputError: data that are not there, an unknown architecture, or one that does not denoise
            these pictures.
    """
    said: list[str] = []
    network = make_denoising_network(config.model, seed=config.seed, say=said.append)
    if config.drown:
        return _drowning(network, config, config.drown, said)
    check_channels(network, config.model, config.data.channels, what="the patches")
    check_denoises(network, config.model)
    denoiser = ResidualDenoiser(network)
    denoiser.most = _largest_level(config.data)
    broken: list[str] = []
    validate = _validation(config.data, broken.append)
    return Experiment(
        learner=Learner(denoiser, _objective(config)),
        data=noisy_patches(config, broken.append),
        export=export_model,
        validate=validate,
        best=Best("psnr") if validate else None,
        notes=(*said, *_left_out(config.data, broken)),
        sources=_folders(config.data),
    )


def _largest_level(data: PatchesConfig) -> float:
    """Return the largest level of white noise; inf if a camera takes some patches."""
    ranges = [level.sigma for level in data.levels] or [data.sigma]
    return math.inf if data.camera else max(high for _, high in ranges) / 255


def _objective(config: DenoiseConfig) -> Objective:
    """Return what is minimised: the error beside clean pictures, or beside a teacher's answers."""
    if config.teach is None:
        return blind_denoising(config.sigma_weight, config.evenness)
    teacher = _teacher(config.teach.teacher)
    return distillation(teacher, config.teach.turns, config.sigma_weight, config.evenness)


def _teacher(name: str) -> Callable[[Image], Image]:
    """Return a denoiser that answers on the device on which it is asked."""
    teacher = load_as(Denoiser, name, verb="train")
    if not teacher.blind:
        raise InputError(f"{name} must be told the noise level: a blind one can teach.")

    @cache
    def on(device: torch.device) -> Denoiser:
        return prepare(teacher, device=str(device))

    return lambda y: on(y.device)(y)


def _drowning(
    network: nn.Module, config: DenoiseConfig, drown: DrownConfig, said: Sequence[str]
) -> Experiment:
    """Make the experiment of a network that is told a level."""
    channels = config.data.channels
    if isinstance(network, Network) and network.options.get("outputs", channels + 1) != channels:
        raise InputError(
            f"A network that is told a level takes {channels + 1} channels and returns {channels}: "
            f"set channels: {channels + 1} and outputs: {channels} in model.options."
        )
    low, high = (level / 255 for level in drown.sigma)
    denoiser = LevelMapDenoiser(network, channels=config.data.channels)
    denoiser.most = high
    broken: list[str] = []
    return Experiment(
        learner=Learner(
            denoiser,
            drowning(
                _teacher(drown.teacher),
                LogUniformNoise(low, high),
                config.sigma_weight,
                config.evenness,
            ),
        ),
        data=noisy_patches(config, broken.append),
        export=export_model,
        notes=(*said, *_left_out(config.data, broken)),
        sources=_folders(config.data),
    )


def _left_out(data: PatchesConfig, broken: Sequence[str]) -> tuple[str, ...]:
    """Say of each folder which files are no pictures, and which cannot be read, each once.

    And say what was to be left out and is not there.
    """
    said = [text for each in _folders(data) if each.is_dir() for text in left_out_of(each)]
    trained = [locate(source.folder) for source in data.train if source.folder]
    there = {name for folder in trained for name in named_pictures(folder)}
    unknown = [name for name in data.exclude if name not in there]
    if unknown:
        named = ", ".join(unknown[:10]) + (", ..." if len(unknown) > 10 else "")
        what = f"{counted(len(unknown), 'name')} of no picture to learn from"
        said.append(f"data.exclude has {what} ({named}): give folder and file, as set/name.png")
    return tuple(f"{text}." for text in dict.fromkeys([*said, *broken]))


def _folders(data: PatchesConfig) -> tuple[Path, ...]:
    """Return the folders to learn from and to validate on, each once."""
    names = [source.folder for source in data.train if source.folder] + data.validation
    return tuple(locate(name) for name in dict.fromkeys(names))


def noisy_patches(config: DenoiseConfig, say: Say | None = None) -> Dataset[dict[str, Tensor]]:
    """Return the patches of a run, each a function of (seed, index).

    Args:
        config: of the run.
        say: as in `load_pictures`; gets sentences about pictures smaller than the patch, too.
    """
    data, length = config.data, config.steps * config.batch
    sources = [(source.share, _crops(source, data, say)) for source in data.train]
    white = NoisyPatches(
        sources,
        patch=data.patch,
        noise=_noise_law(data),
        length=length,
        seed=config.seed,
        gray=data.gray,
    )
    if not data.camera:
        return white
    camera = CameraPatches(
        sources, patch=data.patch, length=length, seed=config.seed, gray=data.gray
    )
    return TurnPatches([(1 - data.camera, white), (data.camera, camera)], seed=config.seed)


def _crops(source: SourceConfig, data: PatchesConfig, say: Say | None) -> Crop:
    if source.folder is None:
        return draw_page
    exclude = frozenset(data.exclude)
    folder, channels = locate(source.folder), data.channels
    pictures = load_pictures(folder, channels=channels, exclude=exclude, say=say)
    if source.halved:
        pictures = [half(picture) for picture in pictures]
    small = sum(min(picture.shape[:2]) < data.patch for picture in pictures)
    if small and say:
        are, they = ("is", "it is") if small == 1 else ("are", "they are")
        say(
            f"{small} of {counted(len(pictures), 'picture')} in {folder} {are} smaller than the "
            f"patch of {data.patch} (data.patch): {they} mirrored up to it"
        )
    if source.grainless:
        pictures = [grainless(x, source.grainless, k) for k, x in enumerate(pictures)]
    return PictureCrops(pictures, mixed=source.mixed)


def grainless(picture: np.ndarray, sigma: float, index: int) -> np.ndarray:
    """Add white noise of level sigma (8-bit units) to a picture and take it out by `photo`.

    What is weaker than the noise goes with it, as the grain of film: a denoiser that is to learn
    that grain is noise needs pictures without any. A function of (picture, sigma,
    index) and the weights of `photo`.
    """
    x = to_unit(picture).astype(np.float32)
    noise = randn(x.shape, rng=generator(index))
    y = x + sigma / 255 * noise.numpy()
    done = denoise(y, noise="white", device="cpu", dtype="float32")
    assert isinstance(done, Denoised)
    return done.image.clip(0, 1)


def _noise_law(data: PatchesConfig) -> NoiseLaw:
    if data.levels:
        bounds = [(level.sigma[0] / 255, level.sigma[1] / 255) for level in data.levels]
        shares = tuple(level.share for level in data.levels)
        return MixedNoise(shares, tuple(UniformNoise(*b) for b in bounds))
    low, high = data.sigma[0] / 255, data.sigma[1] / 255
    if data.law == "quadratic":
        return QuadraticNoise(high)
    return LogUniformNoise(low, high) if data.law == "log-uniform" else UniformNoise(low, high)


def _validation(data: PatchesConfig, say: Say) -> Validate | None:
    if not data.validation:
        return None
    folders = [locate(name) for name in data.validation]
    kinds = (1, 3) if data.gray and data.channels == 3 else (data.channels,)
    sets = {c: [p for f in folders for p in load_pictures(f, channels=c, say=say)] for c in kinds}

    def validate(_step: int, learner: nn.Module) -> dict[str, float]:
        figures = {
            f"psnr{channels}_{sigma:g}": round(
                mean_psnr(model_of(learner, ResidualDenoiser), pictures, sigma), 4
            )
            for channels, pictures in sets.items()
            for sigma in VALIDATION_SIGMAS
        }
        return {"psnr": round(sum(figures.values()) / len(figures), 4), **figures}

    return validate


register(DenoiseConfig, build)
