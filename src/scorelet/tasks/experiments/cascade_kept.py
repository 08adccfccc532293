"""Factors of the task `cascade` that stay as another cascade has them: those without a share."""

from typing import Any

import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.models import Denoiser
from scorelet.models.cascade_record import learnt_levels, recorded_numbers, recorded_pairs
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import is_local, trained_size
from scorelet.tasks.experiments.cascade_config import CascadeConfig, FactorConfig
from scorelet.zoo import load_as

Cascades = dict[int, Multiscale]
"""By the number of the factor that stays as the cascade has it: 0 is the low band."""


def kept_cascades(config: CascadeConfig) -> Cascades:
    """Return the cascades whose factors stay.

    Raises:
        InputError: a model that is no cascade.
        CheckpointError: one that cannot be read.
    """
    return {
        number: load_as(Multiscale, str(part.start_from), verb="start from")
        for number, part in enumerate((config.low, *config.details))
        if not part.share
    }


def with_kept(
    config: CascadeConfig, cascades: Cascades, made: list[Denoiser], size: tuple[int, int]
) -> list[Denoiser]:
    """Return the factors, those that stay as their cascades have them.

    Args:
        config: of the run.
        cascades: of the factors that stay.
        made: all factors, new.
        size: of the pictures.

    Raises:
        InputError: a cascade has no such factor, or one of another kind.
    """
    return [
        _kept(config, cascades[number], number, factor, size) if number in cascades else factor
        for number, factor in enumerate(made)
    ]


def kept_entries(config: CascadeConfig, cascades: Cascades) -> dict[str, list[Any]]:
    """Return restraints, churns and spreads that cascades name for factors that stay.

    Of other factors they are none: restraint and spread 0, churn 0 up to the largest level.

    Raises:
        InputError: a record that has something else than these for each scale.
    """
    parts, found = (config.low, *config.details), {}
    for name, read, usual in (
        ("restraint", recorded_numbers, [0.0 for _ in parts]),
        ("churn", recorded_pairs, [(0.0, part.sigma[1]) for part in parts]),
        ("spread", recorded_numbers, [0.0 for _ in parts]),
    ):
        known = {number: read(cascade, name) for number, cascade in cascades.items()}
        named = {number: entries[number] for number, entries in known.items() if entries}
        if named:
            found[name] = [named.get(number, entry) for number, entry in enumerate(usual)]
    return found


def _kept(
    config: CascadeConfig,
    cascade: Multiscale,
    number: int,
    made: Denoiser,
    size: tuple[int, int],
) -> Denoiser:
    part = (config.low, *config.details)[number]
    if len(cascade.factors) <= number:
        raise InputError(f"{part.start_from} has no factor {number}.")
    kept, levels, units = cascade.factors[number], learnt_levels(cascade), cascade.normalization
    same = {
        "another wavelet": cascade.transform.name == config.wavelet,
        "another number of levels": cascade.levels == len(config.details),
        "other bands, whitened ones,": not cascade.whitening,
        "bands in another unit": units is not None and units.options["convention"] == "mean",
        "another form": type(kept) is type(made),
        "another architecture": _description(kept) == _description(made),
        "pictures of another size": _shapes(kept) == _shapes(made)
        and _knows_size(cascade, number, size),
        "other noise levels": bool(levels) and levels[number] == tuple(part.sigma),
        "another bound": _bound(cascade, number, part) == part.bound,
    }
    if differs := [what for what, agrees in same.items() if not agrees]:
        raise InputError(
            f"Factor {number} is to stay that of {part.start_from}, which has {differs[0]} than "
            "the configuration says."
        )
    assert isinstance(kept, Denoiser)
    return kept.requires_grad_(False)


def _bound(cascade: Multiscale, number: int, part: FactorConfig) -> float:
    """Return the bound of a factor in deviations; that of `part` where none is known.

    Files that do not record it have it in the unit of the bands with `form: bounded`.
    """
    if part.form == "residual":
        return part.bound
    if known := recorded_numbers(cascade, "bound"):
        return known[number]
    kept = cascade.factors[number]
    return getattr(kept, "bound", part.bound) if part.form == "scaled" else part.bound


def _knows_size(cascade: Multiscale, number: int, size: tuple[int, int]) -> bool:
    """Whether a factor has learnt pictures of a size, or sees only windows of them."""
    trained = trained_size(cascade)
    return trained in (None, size) or is_local(cascade, number, trained)


def _shapes(factor: nn.Module) -> dict[str, torch.Size]:
    """Shapes of all that it holds: a mean or a covariance is of pictures of one size."""
    return {name: tensor.shape for name, tensor in factor.state_dict().items()}


def _description(factor: nn.Module) -> tuple[str, str]:
    """Architecture and options of the network of a factor."""
    network = getattr(factor, "network", factor)
    return type(network).__name__, repr(getattr(network, "options", None))
