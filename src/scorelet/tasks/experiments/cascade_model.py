"""The model of the task `cascade` before it learns: the unit of its bands, and its factors."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.models.band_whitening import BandWhitening
from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.cascade_record import know_levels
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.guided import (
    DIRECTIONS_OF_NOISE,
    LARGEST_COVARIANCE,
    GaussianGuidedDenoiser,
    ToldGuidedDenoiser,
    gaussian_moments,
)
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.tasks.experiments.cascade_config import CascadeConfig
from scorelet.tasks.experiments.cascade_kept import kept_cascades, kept_entries, with_kept
from scorelet.tasks.picture_arrays import images_of
from scorelet.training.multiscale import factor_names
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket

BATCH = 250
"""Pictures at a time."""
_ROUNDING = (8 * torch.finfo(torch.float32).eps) ** 2
"""Of the energy of all bands: what has less may be rounding of sums of a few terms."""
_FEW = 500
"""Pictures that tell the direction which varies most."""


class Seen(NamedTuple):
    """What factors see of pictures.

    Attributes:
        low: low bands, or whole pictures where there are no details.
        told: mean and deviation of all numbers of the low bands that details are told: about those
            of every level.
        variances: v of low bands around their mean, and of the details, coarse to fine.
    """

    low: Tensor
    told: tuple[float, float]
    variances: list[float]


def cascade_model(
    config: CascadeConfig, pictures: np.ndarray, networks: Sequence[nn.Module]
) -> tuple[Multiscale[Denoiser] | Denoiser, list[float], list[float]]:
    """Return the model, variances of what its factors see, and those that samples have to reach.

    The second are means over all numbers; the third of the low band that along the direction which
    varies most, and of details, which given the low band vary alike, the same means.

    Args:
        config: of the run.
        pictures: (n, height, width, channels), 8 bits or in [0, 1].
        networks: of its factors, as `factor_networks` makes them.

    Raises:
        InputError: bands that do not vary, too few pictures for their law, or an unknown wavelet.
    """
    if not config.details:
        x = images_of(pictures)
        seen = Seen(x, _moments(x), _variances(x, [], flip=config.data.flip))
        model = _coarse(config, networks[0], seen)
        model.learnt = (pictures.shape[1], pictures.shape[2])
        model.drawn_between, model.most = config.low.sigma, config.low.sigma[1]
        return model, seen.variances, _to_reach(seen)
    levels, channels = len(config.details), pictures.shape[3]
    units = Normalization("mean", levels=levels, channels=channels)
    transform = WaveletPacket(config.wavelet, PacketPlan.wavelet(levels))
    whitening = _whitening(config, Levels(transform, units), pictures) if config.whiten else []
    seen = _seen(Levels(transform, units, whitening), pictures, flip=config.data.flip)
    details = [_details(config, k, net, seen) for k, net in enumerate(networks[1:], start=1)]
    kept, parts = kept_cascades(config), (config.low, *config.details)
    size = pictures.shape[1], pictures.shape[2]
    made = [_coarse(config, networks[0], seen), *details]
    coarse, *details = with_kept(config, kept, made, size)
    record = {
        "size": list(size),
        "channels": channels,
        "range": [0, 1],
        "sigma": [list(part.sigma) for part in parts],
        "bound": [part.bound for part in parts],
        "deviations": [float(f"{variance**0.5:.4g}") for variance in _to_reach(seen)],
        **kept_entries(config, kept),
    }
    model = Multiscale(
        transform,
        coarse,
        details,
        normalization=units,
        whitening=whitening,
        record=record,
    )
    know_levels(model)
    return model, seen.variances, _to_reach(seen)


def _parts(pictures: np.ndarray) -> Iterator[Tensor]:
    for start in range(0, len(pictures), BATCH):
        yield images_of(pictures[start : start + BATCH])


def least_pictures(config: CascadeConfig) -> int:
    """Return how many pictures there must be: 2, or more than bands that whitening compares."""
    return 1 + (4 * config.data.channels if config.whiten else 1)


def _whitening(config: CascadeConfig, levels: Levels, pictures: np.ndarray) -> list[BandWhitening]:
    """Return the whitening of the low band and of the details of each level.

    Raises:
        InputError: too few pictures; mirror images have some frequencies in common with them, and
            do not count.
    """
    least = least_pictures(config)
    if len(pictures) < least:
        raise InputError(
            f"There are {len(pictures)} pictures to find the law of {least - 1} bands, mirror "
            f"images do not count: give {least} or more, or leave out whiten."
        )

    def bands(number: int) -> Iterator[tuple[Tensor, Tensor | None]]:
        for x in _parts(pictures):
            for shown in (x, x.flip(-1)) if config.data.flip else (x,):
                yield levels.bands(shown)[number]

    return [BandWhitening.fit(bands(number)) for number in range(1 + levels.count)]


def _seen(levels: Levels, pictures: np.ndarray, *, flip: bool) -> Seen:
    lows, told, spread = [], [], []
    for x in _parts(pictures):
        (low, _), *details = levels.bands(x)
        lows.append(low)
        told.append(details[0][1])
        spread.append([len(x) * float(band.square().mean()) for band, _ in details])
    low = torch.cat(lows)
    return Seen(low, _moments(torch.cat(told)), _variances(low, spread, flip=flip))


def _variances(low: Tensor, details: list[list[float]], *, flip: bool) -> list[float]:
    """Return v of low bands around their mean, and of details.

    Args:
        low: of all pictures.
        details: of each part of the pictures, by level: sums of their mean squares.
        flip: whether mirror images are learnt, too.

    Raises:
        InputError: one of them is 0, but for rounding of the pictures, mean included.
    """
    mean = (low.mean(0) + low.mean(0).flip(-1)) / 2 if flip else low.mean(0)
    spread = (np.sum(details, 0) / len(low)).tolist() if details else []
    variances = [float((low - mean).square().mean()), *spread]
    rounding = _ROUNDING * (float(low.square().mean()) + sum(spread))
    for name, variance in zip(factor_names(len(variances)), variances, strict=True):
        if not variance > rounding:
            own = " Pictures that were enlarged get their own size back by data.side."
            raise InputError(
                f"The band {name} of the pictures does not vary, but for rounding: there is "
                f"nothing to learn.{'' if name == 'low' else own}"
            )
    return variances


def _to_reach(seen: Seen) -> list[float]:
    """Return the largest eigenvalue of the covariance of some low bands, and v of details."""
    rows = (seen.low - seen.low.mean(0)).flatten(1)[:_FEW].double()
    gram = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    return [float(torch.linalg.eigvalsh(gram)[-1]) / len(rows), *seen.variances[1:]]


def _moments(low: Tensor) -> tuple[float, float]:
    """Return mean and deviation of all numbers of low bands."""
    return float(low.mean()), float(low.std())


def _details(config: CascadeConfig, number: int, network: nn.Module, seen: Seen) -> Denoiser:
    """Return the factor of the details of a level, which is told the low band."""
    part, channels = config.details[number - 1], seen.low.shape[1]
    deviation = seen.variances[number] ** 0.5
    if part.form == "scaled":
        scales = Scales(0.0, deviation, *seen.told)
        return ScaledDenoiser(
            network,
            scales,
            bound=part.bound,
            channels=3 * channels,
            cond_channels=channels,
            shows_level=part.shows_level,
        )
    if part.form == "residual":
        return ConditionalResidualDenoiser(network, channels=3 * channels, cond_channels=channels)
    return ConditionalBoundedDenoiser(
        network, part.bound * deviation, channels=3 * channels, cond_channels=channels
    )


def _coarse(config: CascadeConfig, network: nn.Module, seen: Seen) -> Denoiser:
    """Return the factor of low bands; where their covariance is a small matrix, it guides it."""
    part, low, channels = config.low, seen.low, seen.low.shape[1]
    both = torch.cat([low, low.flip(-1)]) if config.data.flip else low
    if part.guided:
        if low[0].numel() < DIRECTIONS_OF_NOISE:
            raise InputError(
                f"The low band has {counted(low[0].numel(), 'number')}, and guided takes "
                f"{DIRECTIONS_OF_NOISE} at least: use fewer levels of details, or leave it out."
            )
        moments = gaussian_moments(both)
        return ToldGuidedDenoiser(network, *moments, part.bound, shows_level=part.shows_level)
    if part.form == "scaled":
        return ScaledDenoiser(
            network,
            Scales(*_moments(low)),
            bound=part.bound,
            channels=channels,
            shows_level=part.shows_level,
        )
    if part.form == "residual":
        return ResidualDenoiser(network)
    bound = part.bound * seen.variances[0] ** 0.5
    if DIRECTIONS_OF_NOISE <= low[0].numel() <= LARGEST_COVARIANCE:
        return GaussianGuidedDenoiser(network, *gaussian_moments(both), bound)
    return CentredDenoiser(network, both.mean(0, keepdim=True), bound)
