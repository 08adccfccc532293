"""A model that can be drawn from; of a cascade its plans, its sizes, its coarse pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.core.numbers import is_whole
from scorelet.core.words import often
from scorelet.models import Denoiser
from scorelet.models.cascade_record import learnt_levels, recorded_numbers, recorded_pairs
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import Levels, factor_level, is_local, trained_size
from scorelet.models.schedules import NoiseSchedule, OrnsteinUhlenbeck, VarianceExploding
from scorelet.sampling.reverse import ReversePlan, sampler_named
from scorelet.sampling.reverse.start import lost_by
from scorelet.tasks.sample.scales import Number
from scorelet.tasks.sample.settings import Model, Size
from scorelet.tasks.sample.whole import channels_of
from scorelet.tasks.start_noise import starts_too_low
from scorelet.zoo import load, load_as, viewed

LOW_STEPS, DETAIL_STEPS = 32, 12
"""Steps where no number is given."""
LEVELS_POWER = 7.0
"""Of the levels of a model that names those it knows; Karras et al. 2022, arXiv 2206.00364."""
TIMES_POWER = 2.0
"""Of the times of other models, whose data have variance near 1."""


def load_model(model: Model) -> Multiscale[Denoiser] | Denoiser:
    """Return a cascade whose factors are denoisers, or a denoiser of whole pictures.

    Raises:
        InputError: an unknown name, a model of another kind, energies as factors, or bands that are
            no octaves.
        CheckpointError: weights that cannot be read.
    """
    loaded = load(model) if isinstance(model, str | Path) else model
    if not isinstance(loaded, Multiscale):
        whole = viewed(Denoiser, loaded)
        if isinstance(model, str | Path) and not isinstance(whole, Denoiser):
            return load_as(Denoiser, model, verb="sample")  # refuses it, and names its verbs
        return whole
    factors = loaded.factors
    if not all(isinstance(factor, Denoiser) for factor in factors):
        name = model if isinstance(model, str | Path) else "The model"
        raise InputError(
            f"{name} is made of energies, which Markov chains sample: use it with scorelet field "
            "sample."
        )
    Levels.of(loaded)
    return loaded


def plans_of(
    model: Multiscale[Denoiser],
    *,
    steps: int | Sequence[int | None] | None,
    sampler: str,
    churn: Sequence[float | None] | None = None,
) -> list[ReversePlan]:
    """Return a plan for each factor, the low band first.

    A model that has learnt between two noise levels names them in its record, as `sigma`; the
    sampler knows the level of every step, and asks no network for it. So it may name restraints,
    as `restraint`, and pairs of churn and its largest level, as `churn`, see `ReversePlan`.

    Args:
        model: the cascade.
        steps: of all factors, or of each; None: 32 for the low band, 12 for details.
        sampler: its name.
        churn: of each factor, up to the level that the model names; None: as the model says.

    Raises:
        InputError: an unknown sampler, no step, or a record that has something else than these for
            each scale.
    """
    counts = _or_usual(steps, [LOW_STEPS, *(DETAIL_STEPS for _ in model.details)])
    levels = learnt_levels(model)
    restraints = recorded_numbers(model, "restraint") or [0.0] * len(model.factors)
    churns = recorded_pairs(model, "churn") or [(0.0, math.inf)] * len(model.factors)
    shares = _or_usual(churn, [share for share, _ in churns])
    plans = []
    for number, count in enumerate(counts):
        schedule: NoiseSchedule = OrnsteinUhlenbeck()
        if levels:
            schedule = VarianceExploding(*reversed(levels[number]))
        power = LEVELS_POWER if isinstance(schedule, VarianceExploding) else TIMES_POWER
        restraint, share, (_, most) = restraints[number], shares[number], churns[number]
        plan = ReversePlan(count, schedule, sampler_named(sampler), power, restraint, share, most)
        plans.append(plan)
    return plans


def _or_usual(given: Number | Sequence[Number | None] | None, usual: list[Number]) -> list[Number]:
    """Return one number for each scale: what is given of all or of each, else what is usual."""
    each = given if isinstance(given, Sequence) else [given] * len(usual)
    return [known if own is None else own for own, known in zip(each, usual, strict=True)]


def spreads_of(model: Multiscale[Denoiser]) -> list[float]:
    """Return what a model names as `spread` in its record, see `Cascade`; nothing of nothing.

    Raises:
        InputError: something else than a number for each scale.
    """
    return recorded_numbers(model, "spread")


def channels_in(model: Multiscale[Denoiser]) -> int:
    """Return how many channels samples have; those of the low band if the model does not say.

    Raises:
        InputError: its record says something else than a number of channels.
    """
    known = model.record.get("channels")
    if known is None:
        return channels_of(model.coarse)  # ty: ignore[invalid-argument-type]
    if not is_whole(known, least=1):
        raise InputError(
            f"The record of the model has {known!r} channels: expected a whole number from 1 on."
        )
    return int(known)


def whole_size(model: Multiscale[Denoiser], size: Size | None) -> Size:
    """Return the size of samples that are drawn from the low band on.

    Raises:
        InputError: sides that cannot be halved J times, a size that the model does not know, or
            none at all.
    """
    trained = trained_size(model)
    wanted = size or trained
    if wanted is None:
        raise InputError(
            "The model does not say how large its pictures are: give size (--size HxW)."
        )
    multiple = 2**model.levels
    if wanted[0] % multiple or wanted[1] % multiple:
        raise InputError(
            f"size is {wanted[0]}x{wanted[1]}: both sides must be divisible by {multiple}, as the "
            f"model halves them {often(model.levels)}."
        )
    if trained is not None and wanted != trained:
        _check_local(model, wanted, trained)
    return wanted


def _check_local(model: Multiscale[Denoiser], size: Size, trained: Size) -> None:
    """Refuse another size than that of training if a factor sees whole pictures.

    A coarse picture is offered if details see less.
    """
    local = [is_local(model, number, trained) for number in range(len(model.factors))]
    if all(local):
        return
    divided = 1 << factor_level(model, local.index(False))
    coarse = ", or give a coarse picture (--coarse)" if all(local[1:]) else ""
    raise InputError(
        f"size is {size[0]}x{size[1]}, and the model knows pictures of {trained[0]}x{trained[1]}: "
        f"what it has learnt of their {trained[0] // divided}x{trained[1] // divided} coefficients "
        f"is about the whole picture. Leave size out{coarse}."
    )


def largest_level(model: Multiscale[Denoiser], coarse: Size) -> int:
    """Return over how many levels a coarse picture can be continued; J if over none."""
    levels = range(model.levels, 0, -1)
    return next((level for level in levels if _continues(model, coarse, level)), model.levels)


def _continues(model: Multiscale[Denoiser], coarse: Size, level: int) -> bool:
    """Whether the result has the size of training, or details over so many levels are local."""
    trained = trained_size(model)
    whole = coarse[0] << level, coarse[1] << level
    return trained is None or whole == trained or _local_levels(model, trained) >= level


def _local_levels(model: Multiscale[Denoiser], trained: Size) -> int:
    """Return over how many levels, from the finest on, details see less than whole pictures."""
    finer = [is_local(model, number, trained) for number in range(model.levels, 0, -1)]
    return finer.index(False) if False in finer else model.levels


def check_coarse(model: Multiscale[Denoiser], coarse: Size, level: int) -> None:
    """Raise InputError if a coarse picture cannot be continued over so many levels.

    The sentence says what it can be continued to, and which coarse pictures can so far.
    """
    trained = trained_size(model)
    if trained is None or _continues(model, coarse, level):
        return
    far = _local_levels(model, trained)
    whole = f"{trained[0] >> level}x{trained[1] >> level}"
    less = f"; yours can become {coarse[0] << far}x{coarse[1] << far} (size, --size)" if far else ""
    raise InputError(
        f"The coarse picture is {coarse[0]}x{coarse[1]}, and what the model has learnt is about "
        f"whole pictures of {trained[0]}x{trained[1]}: give one of {whole}{less}."
    )


def coarse_remark(model: Multiscale[Denoiser], coarse: Size, size: Size) -> str | None:
    """Return what to say of a coarse picture that is as large as whole ones of a scale.

    Continued to another size than that of training it meets factors of other scales, which have
    seen such a picture as a part of a larger one.
    """
    trained = trained_size(model)
    if trained is None or size == trained:
        return None
    for level in range(1, model.levels + 1):
        if (coarse[0] << level, coarse[1] << level) == trained:
            whole = f"{trained[0]}x{trained[1]}"
            return (
                f"a coarse picture of {coarse[0]}x{coarse[1]} is as large as a whole one of "
                f"{whole} made {2**level} times smaller, and to {size[0]}x{size[1]} it is "
                "continued as a part of a larger one: if it is a whole one, give size "
                f"{whole} (--size {whole})"
            )
    return None


def start_remarks(
    model: Multiscale[Denoiser], plans: Sequence[ReversePlan], scales: Sequence[str]
) -> list[str]:
    """Return a sentence without a full stop for each scale drawn from too little noise.

    Only where the record of the model has `sigma`, and as `deviations` those of what varies most.

    Args:
        model: the cascade.
        plans: of all scales.
        scales: names of those that are drawn, the finest last.

    Raises:
        InputError: a record that has something else than these for each scale.
    """
    deviations, sigma = recorded_numbers(model, "deviations"), learnt_levels(model)
    if not (deviations and sigma):
        return []
    count = len(scales)
    drawn = zip(scales, plans[-count:], sigma[-count:], deviations[-count:], strict=True)
    found = [
        starts_too_low(name, level[1], own, lost_by(plan, own)) for name, plan, level, own in drawn
    ]
    return [text for text in found if text]
