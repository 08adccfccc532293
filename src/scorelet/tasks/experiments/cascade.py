"""The task `cascade`: blind denoisers of the scales of whole pictures, which generate together.

Without details it is one denoiser of whole pictures, which learns in the same way: what a cascade
is compared with.
"""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.random import Noise
from scorelet.data.whole_pictures import WholePictures
from scorelet.models import Denoiser, LogUniformNoise, ResidualDenoiser
from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.guided import MOST, SHARE, GaussianGuidedDenoiser, gaussian_moments
from scorelet.models.multiscale import Multiscale
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.tasks.experiments.base import Experiment, export_model
from scorelet.tasks.experiments.networks import ModelConfig, check_channels, make_denoising_network
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.picture_arrays import images_of, load_picture_array
from scorelet.training import Best, ConfigSection, Learner, LoopConfig, Validate
from scorelet.training.multiscale import (
    CascadeObjective,
    FactorNoise,
    factor_error,
    factor_names,
    parts_of,
)
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.transform import OrthogonalWavelet, check_sides

BATCH = 250
"""Pictures at a time in validation, and where variances are measured."""
LEVELS = 6
"""Noise levels of validation, geometric from the least to the largest."""


class FactorConfig(ModelConfig):
    """The network of a factor, and the noise that it learns to remove."""

    sigma: tuple[Annotated[float, Field(gt=0)], float] = Field(
        description="least and largest noise level, log-uniform, in the unit of the factor: pixels "
        "in [0, 1] for the low band, details in the same unit"
    )
    share: float = Field(default=1.0, gt=0, le=1, description="of the batch that it sees")
    bound: float = Field(
        default=3.0,
        gt=0,
        description="so many deviations of the data are what the network is shown at most; beyond "
        "them noise is scaled down",
    )
    form: Literal["bounded", "scaled", "residual"] = Field(
        default="bounded",
        description="`bounded` is blind, and its low band begins with a linear estimate; `scaled` "
        "is told the noise level and sees exactly as far as its network; `residual` is y - n(y), "
        "homogeneous if the network is, and has no bound. Networks of the last two see images and "
        "the low band that details are told, and nothing else",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "FactorConfig":
        if not self.sigma[0] < self.sigma[1]:
            raise ValueError("sigma must be two noise levels, 0 < low < high")
        return self


class WholeConfig(ConfigSection):
    """Pictures of one size."""

    train: list[str] = Field(
        min_length=1, description="folders, or array files, FILE:NAME for one array of several"
    )
    channels: Literal[1, 3] = Field(default=1, description="3 repeats gray, 1 takes luma of colour")
    side: int | None = Field(default=None, ge=2, description="of squares, in pixels")
    hold_out: int = Field(default=0, ge=0, description="the last so many are for validation")
    flip: bool = Field(default=False, description="mirror half of the pictures, left to right")


class CascadeConfig(LoopConfig):
    """A cascade of denoisers, coarse to fine."""

    task: Literal["cascade"] = "cascade"
    wavelet: str = "haar"
    low: FactorConfig
    details: list[FactorConfig] = Field(
        description="of each level, coarse to fine: as many as there are levels; none: `low` is "
        "of the pictures themselves"
    )
    data: WholeConfig


def build(config: CascadeConfig) -> Experiment:
    """Make the experiment; `best` goes by the mean loss over levels and scales.

    Raises:
        InputError: data that are not there or cannot be halved so often, an unknown architecture or
            wavelet, or a network of other channels.
    """
    pictures, held = _pictures(config)
    model, variances = _model(config, pictures)
    factors = [
        FactorNoise(LogUniformNoise(*part.sigma), variance, part.share)
        for part, variance in zip([config.low, *config.details], variances, strict=True)
    ]
    return Experiment(
        learner=Learner(model, CascadeObjective(factors)),
        data=WholePictures(
            pictures, length=config.steps * config.batch, seed=config.seed, flip=config.data.flip
        ),
        export=export_model,
        validate=_validation(held, factors) if len(held) else None,
        best=Best("loss", larger=False) if len(held) else None,
    )


def _pictures(config: CascadeConfig) -> tuple[np.ndarray, np.ndarray]:
    """Return what is learnt from, and what is validated on."""
    data = config.data
    parts = [load_picture_array(s, channels=data.channels, side=data.side) for s in data.train]
    if len({(part.shape[1:], part.dtype) for part in parts}) > 1:
        kinds = ", ".join(f"{part.dtype} {part.shape[1]}x{part.shape[2]}" for part in parts)
        raise InputError(f"The sources hold pictures of several kinds, {kinds}: give data.side.")
    pictures = np.concatenate(parts)
    kept = len(pictures) - config.data.hold_out
    if kept < 1:
        raise InputError(
            f"{config.data.hold_out} of {len(pictures)} pictures cannot be held out: some must be "
            "left to learn from."
        )
    if config.details:
        check_sides(pictures.shape[1:3], len(config.details))
    return pictures[:kept], pictures[kept:]


def _model(
    config: CascadeConfig, pictures: np.ndarray
) -> tuple[Multiscale[Denoiser] | Denoiser, list[float]]:
    """Return the model, and the variances of what its factors see of pictures."""
    if not config.details:
        x = images_of(pictures)
        variances = _variances(x, [], flip=config.data.flip)
        return _coarse(config, x, variances[0]), variances
    levels, channels = len(config.details), pictures.shape[3]
    units = Normalization("mean", levels=levels, channels=channels)
    wavelet = OrthogonalWavelet(config.wavelet, levels)
    parts = [pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH)]
    coefficients = [units.normalize(wavelet.analyze(images_of(part))) for part in parts]
    low = torch.cat([part.low for part in coefficients])
    spread = [[float(d.square().mean()) for d in part.details] for part in coefficients]
    variances = _variances(low, spread, flip=config.data.flip)
    details = [_details(config, k, low, variances[k]) for k in range(1, 1 + len(config.details))]
    record = {
        "size": list(pictures.shape[1:3]),
        "channels": channels,
        "range": [0, 1],
        "sigma": [list(part.sigma) for part in (config.low, *config.details)],
    }
    transform = WaveletPacket(config.wavelet, PacketPlan.wavelet(levels))
    coarse = _coarse(config, low, variances[0])
    model = Multiscale(transform, coarse, details, normalization=units, record=record)
    return model, variances


def _variances(low: Tensor, details: list[list[float]], *, flip: bool) -> list[float]:
    """Return v of low bands around their mean, and of details, of which parts have been measured.

    Raises:
        InputError: one of them is 0.
    """
    mean = (low.mean(0) + low.mean(0).flip(-1)) / 2 if flip else low.mean(0)
    spread = np.mean(details, 0).tolist() if details else []
    variances = [float((low - mean).square().mean()), *spread]
    if not min(variances) > 0:
        raise InputError("A band of the pictures does not vary: there is nothing to learn.")
    return variances


def _moments(low: Tensor) -> tuple[float, float]:
    """Return mean and deviation of all numbers of low bands: about those of every level."""
    return float(low.mean()), float(low.std())


def _details(config: CascadeConfig, number: int, low: Tensor, variance: float) -> Denoiser:
    """Return the factor of the details of a level, which is told the low band."""
    part, channels = config.details[number - 1], low.shape[1]
    network = _network(config, part, number, 4 * channels)
    if part.form == "scaled":
        scales = Scales(0.0, variance**0.5, *_moments(low))
        return ScaledDenoiser(
            network, scales, bound=part.bound, channels=3 * channels, cond_channels=channels
        )
    if part.form == "residual":
        return ConditionalResidualDenoiser(network, channels=3 * channels, cond_channels=channels)
    return ConditionalBoundedDenoiser(
        network, part.bound * variance**0.5, channels=3 * channels, cond_channels=channels
    )


def _coarse(config: CascadeConfig, low: Tensor, variance: float) -> Denoiser:
    """Return the factor of low bands; where their covariance is a small matrix, it guides it."""
    channels = low.shape[1]
    if config.low.form == "scaled":
        network, scales = _network(config, config.low, 0, channels), Scales(*_moments(low))
        return ScaledDenoiser(network, scales, bound=config.low.bound, channels=channels)
    if config.low.form == "residual":
        return ResidualDenoiser(_network(config, config.low, 0, channels))
    network = _network(config, config.low, 0, 2 * channels)
    bound = config.low.bound * variance**0.5
    low = torch.cat([low, low.flip(-1)]) if config.data.flip else low
    if SHARE <= low[0].numel() <= MOST:
        return GaussianGuidedDenoiser(network, *gaussian_moments(low), bound=bound)
    return CentredDenoiser(network, low.mean(0, keepdim=True), bound)


def _network(config: CascadeConfig, part: FactorConfig, number: int, channels: int) -> nn.Module:
    network = make_denoising_network(part, seed=config.seed + number)
    what = f"the images of factor {number}, with what is shown beside them,"
    check_channels(network, part, channels, what=what)
    return network


def _validation(held: np.ndarray, factors: list[FactorNoise]) -> Validate:
    x = images_of(held)
    names = factor_names(len(factors))
    shares = torch.linspace(0, 1, LEVELS)

    def validate(_step: int, learner: nn.Module) -> dict[str, float]:
        model = learner.model
        assert isinstance(model, Multiscale | Denoiser)
        device = next(model.parameters()).device
        errors = torch.zeros(len(factors), LEVELS)
        for start in range(0, len(x), BATCH):
            batch = x[start : start + BATCH].to(device)
            for k, part in enumerate(parts_of(model, batch)):
                numbers = range(start, start + len(batch))
                z = Noise(0, numbers, scale=k).normal(part.clean)
                for level, share in enumerate(shares):
                    sigma = factors[k].law.quantile(share[None]).to(batch).expand(len(batch))
                    found = factor_error(part, sigma, z, factors[k].variance)
                    errors[k, level] += found.sum().cpu() / len(x)
        means = {name: round(float(row.mean()), 6) for name, row in zip(names, errors, strict=True)}
        return {"loss": round(float(errors.mean()), 6), **means}

    return validate


register(CascadeConfig, build)
