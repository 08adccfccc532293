"""The task `cascade`: denoisers of the scales of whole pictures, which generate together.

Without details it is one denoiser of whole pictures, which learns in the same way: what a cascade
is compared with.
"""

import numpy as np
import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.progress import Say
from scorelet.core.random import Noise
from scorelet.core.words import counted
from scorelet.data.fields.arrays import split_name
from scorelet.data.whole_pictures import WholePictures
from scorelet.models import Denoiser, LogUniformNoise
from scorelet.models.multiscale import Multiscale
from scorelet.sampling.reverse.start import lost_by_flow
from scorelet.tasks.experiments.base import Experiment, export_model
from scorelet.tasks.experiments.cascade_config import CascadeConfig
from scorelet.tasks.experiments.cascade_model import BATCH, cascade_model, least_pictures
from scorelet.tasks.experiments.cascade_networks import factor_networks
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.picture_arrays import images_of, load_picture_array
from scorelet.tasks.start_noise import starts_too_low
from scorelet.training import Best, Learner, Validate
from scorelet.training.multiscale import (
    CascadeObjective,
    FactorNoise,
    factor_error,
    factor_names,
    parts_of,
)
from scorelet.wavelets.orthogonal.transform import check_sides

LEVELS = 6
"""Noise levels of validation, geometric from the least to the largest."""
HELD_OUT = "held_out_loss"
"""In the log the mean of the validation over levels and scales; `loss` is the sum of training."""


def build(config: CascadeConfig) -> Experiment:
    """Make the experiment; `best` goes by the mean loss over levels and scales.

    Raises:
        InputError: data that are not there, too few or cannot be halved so often, an unknown
            architecture or wavelet, or a network of other channels.
    """
    left_out: list[str] = []
    said: list[str] = []
    networks = factor_networks(config, said.append)
    pictures, held = _pictures(config, left_out.append)
    model, variances, to_reach = cascade_model(config, pictures, networks)
    factors = [
        FactorNoise(LogUniformNoise(*part.sigma), variance, part.share)
        for part, variance in zip([config.low, *config.details], variances, strict=True)
    ]
    return Experiment(
        learner=Learner(model, CascadeObjective(factors, config.batch)),
        data=WholePictures(
            pictures, length=config.steps * config.batch, seed=config.seed, flip=config.data.flip
        ),
        export=export_model,
        validate=_validation(held, factors) if len(held) else None,
        best=Best(HELD_OUT, larger=False) if len(held) else None,
        notes=(*said, *(f"{text}." for text in left_out), *_start_too_low(factors, to_reach)),
        sources=tuple(split_name(source)[0] for source in config.data.train),
    )


def _start_too_low(factors: list[FactorNoise], to_reach: list[float]) -> list[str]:
    """Return a sentence for each factor whose samples, by the flow, start from too little noise."""
    found = []
    for name, factor, variance in zip(factor_names(len(factors)), factors, to_reach, strict=True):
        largest, deviation = float(factor.law.quantile(torch.ones(1))), variance**0.5
        lost = lost_by_flow(largest, deviation)
        if text := starts_too_low(name, largest, deviation, lost):
            found.append(f"{text}.")
    return found


def _pictures(config: CascadeConfig, say: Say) -> tuple[np.ndarray, np.ndarray]:
    """Return what is learnt from, and what is validated on; say which files are left out."""
    data = config.data
    parts = [
        load_picture_array(
            source, channels=data.channels, side=data.side, say=say, field="data.side"
        )
        for source in data.train
    ]
    if len({(part.shape[1:], part.dtype) for part in parts}) > 1:
        kinds = ", ".join(f"{part.dtype} {part.shape[1]}x{part.shape[2]}" for part in parts)
        raise InputError(f"The sources hold pictures of several kinds, {kinds}: give data.side.")
    pictures = np.concatenate(parts)
    kept, least = len(pictures) - data.hold_out, least_pictures(config)
    if kept < least:
        raise InputError(_too_few(config, len(pictures), least))
    if config.details:
        check_sides(pictures.shape[1:3], len(config.details), field="data.side")
    return pictures[:kept], pictures[kept:]


def _too_few(config: CascadeConfig, count: int, least: int) -> str:
    """Return the sentence on pictures of which too few are left to learn from."""
    kept, most = max(count - config.data.hold_out, 0), count - least
    what = "whitening" if config.whiten else "a mean and a variance"
    do = "give more pictures" if most < 0 else f"choose data.hold_out from 0 to {most}"
    or_plain = ", or leave out whiten" if config.whiten and count > 1 else ""
    return (
        f"Of {counted(count, 'picture')} {kept} are left to learn from, and {what} takes {least} "
        f"at least: {do}{or_plain}."
    )


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
        return {HELD_OUT: round(float(errors.mean()), 6), **means}

    return validate


register(CascadeConfig, build)
