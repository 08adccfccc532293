"""A model of fields, fitted: what is decided, the linear systems, certificate, pilots, record."""

import math
import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.core.progress import Progress
from scorelet.core.typing import Fields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.data.fields.prewhitening import prewhitening_of
from scorelet.data.fields.source import FieldSource
from scorelet.models.field_energy import ConditionalEnergy, FieldEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import calibrate, chained, is_elongated, mean_curvatures
from scorelet.tasks.field_model.census import (
    FieldWarning,
    said_of_values,
    some,
    spread,
    take_census,
)
from scorelet.tasks.field_model.certificate import MOST_FIELDS, certify_model
from scorelet.tasks.field_model.correcting import correct
from scorelet.tasks.field_model.fields import blocks
from scorelet.tasks.field_model.likeness import compared_powers
from scorelet.tasks.field_model.matching import is_matched, match_cascade, missed_moments
from scorelet.tasks.field_model.planning import SUBDIVISIONS, choose_bands, plan_bands
from scorelet.tasks.field_model.preparation import choose_preparation
from scorelet.tasks.field_model.preparation import describe as describe_preparation
from scorelet.tasks.field_model.prepared import PreparedFields
from scorelet.tasks.field_model.said import said_of_moments
from scorelet.tasks.field_model.scale import preparation_of
from scorelet.tasks.field_model.survey import Survey, survey_fields, survey_rows
from scorelet.training.moment_matching import Matched
from scorelet.training.score_matching import (
    BandFit,
    CascadeFit,
    CascadePlan,
    Family,
    fit_cascade,
    fit_free_energies,
)
from scorelet.training.score_matching.solve import jackknife_errors

HELD_SHARE = 20  # one field of so many is held out, at most 64, if there are enough
_MOST_HELD = 64
_CURVE = 61
_QUANTILES = (
    "The pixel values of samples are mapped by a rising, piecewise linear function, so that they "
    "have the quantiles of those of the fields."
)
_FILTER = (
    "In the units of the data the shape of the power spectrum of samples was off: before that map "
    "they pass an isotropic filter, which multiplies amplitudes by {:.2g} to {:.2g}."
)
_BEFORE = (
    "Energies, potentials and certificates are those of the fitted law, which samples have before "
    "these corrections."
)
_STEEP = "The power of the fields falls by orders of magnitude within an octave. "
_PREWHITENED = (
    "Where their power is weak fields are amplified before the fit, and samples damped by as much. "
    "Potentials and certificates are those of the amplified fields, and samples cannot go on from "
    "coarse fields. --no-prewhiten fits the fields as they are."
)
_PIXELS = 1 << 23  # are looked at to see whether fields are periodic


@dataclass(frozen=True)
class Choice:
    """What a user chooses, see `FieldModel`."""

    wavelet: str
    bands: str
    family: Family
    even: bool | None
    steps: int
    moments: bool
    border: str
    transform: str
    precondition: bool | None = None
    prewhiten: bool | None = None


def fit_model(
    choice: Choice, source: FieldSource, progress: Progress | None = None
) -> Multiscale[ConditionalEnergy]:
    """Return the model of fields (n, h, w), with its record.

    Raises:
        InputError: fields that cannot be fitted.
    """
    fields, prepared, strange = _prepare(choice, source)
    count = source.shape[0]
    held = min(_MOST_HELD, count // HELD_SHARE)
    kept = count - held
    survey = survey_fields(fields, kept, even=choice.even)
    others = survey.fields[:MOST_FIELDS]
    if held:
        others = survey.standardised(fields.read(range(kept, min(count, kept + MOST_FIELDS))))
    plan = _plan(choice, survey)
    found = fit_cascade(
        plan,
        choice.family,
        lambda: blocks(fields, kept, survey, progress),
        survey.fields,
        even=survey.even,
    )
    model, bands = _finish(choice, survey, found)
    grid = survey.fields.shape[-2:]
    coarsest = grid[0] >> model.levels, grid[1] >> model.levels
    for band, m in zip(bands, mean_curvatures(model, survey.fields), strict=True):
        band["mean_curvature"] = m
    curvatures = [
        band["mean_curvature"] if _is_preconditioned(choice, factor, band) else None
        for factor, band in zip(chained(model), bands, strict=True)
    ]
    schedules = calibrate(model, choice.steps, shape=coarsest, curvatures=curvatures)
    model.record = {
        "field": {
            "size": list(source.shape[1:]),
            "count": kept,
            "held_out": held,
            "mean": survey.mean,
            "deviation": survey.deviation,
            "power": float(survey.fields.square().mean()),
            "kurtosis": float(survey.fields.pow(4).mean() / survey.fields.square().mean() ** 2),
            "even": survey.even,
            "dtype": str(source.dtype).removeprefix("torch."),
            **prepared,
            "remarks": [
                *prepared["remarks"],
                *said_of_moments(bands),
            ],
            "warnings": [*prepared["warnings"], *strange],
        },
        "family": _describe_family(choice, plan),
        "chains": {"steps": choice.steps, "schedules": [asdict(s) for s in schedules]},
        "bands": bands,
    }
    z = fields.transformed(survey_rows(fields, kept))
    preparation = preparation_of(model.record["field"])
    model.record["field"]["powers"] = compared_powers(preparation, z)
    if not prepared["prewhitening"]:
        z = survey.mean + survey.deviation * survey.fields[:, 0]
    if prepared["transform"] != "none":
        others = _corrected(model, choice, z, others, survey, progress)
    certificate = certify_model(
        model,
        others,
        fields="held-out" if held else "fitted",
        excess=[band["excess"] for band in bands],
        transform=prepared["transform"],
        prewhitened=bool(prepared["prewhitening"]),
    )
    model.record["certificate"] = {
        "fields": certificate.fields,
        "transform": certificate.transform,
        "prewhitened": certificate.prewhitened,
        "bands": certificate.bands,
    }
    for text in [*strange, *said_of_moments(bands)]:
        warnings.warn(text, FieldWarning, stacklevel=3)
    return model


def _corrected(
    model: Multiscale[ConditionalEnergy],
    choice: Choice,
    z: Fields,
    others: Tensor,
    survey: Survey,
    progress: Progress | None,
) -> Tensor:
    """Return standardised fields as the model has them, after its record has what corrects samples.

    Args:
        z: transformed fields: as the model has them, or if they are prewhitened of their own size.
        others: standardised, before that.
    """
    field = model.record["field"]
    if not (found := correct(model, choice.steps, z, progress)):
        return others
    field |= {**found, "remarks": [*field["remarks"], *_said_of_corrections(field | found)]}
    if field["prewhitening"]:
        return others
    transform = preparation_of(field).transform
    assert isinstance(transform, QuantileMatched)
    return survey.standardised(transform.line(survey.mean + survey.deviation * others)[:, 0])


def _said_of_corrections(field: dict[str, Any]) -> list[str]:
    """Return what samples go through, a sentence each."""
    said = [_QUANTILES]
    if line := field.get("samples_filter"):
        gains = [math.exp(gain) for gain in line["log_gains"]]
        said.append(_FILTER.format(min(gains), max(gains)))
    return [*said, _BEFORE] if field["prewhitening"] else said


def _prepare(
    choice: Choice, source: FieldSource
) -> tuple[PreparedFields, dict[str, Any], list[str]]:
    """The fields as they are fitted, what the record says of that, and of their values."""
    census = take_census(source)
    looked = some(source, max(16, _PIXELS // math.prod(source.shape[1:])))
    warned = census.placeholders()
    for text in warned:  # now, since the fit may fail for it
        warnings.warn(text, FieldWarning, stacklevel=4)
    preparation, said = choose_preparation(
        looked, census, border=choice.border, transform=choice.transform, even=choice.even
    )
    fields = PreparedFields(source, preparation, census)
    if choice.prewhiten is not False:
        rows = spread(fields.count, max(16, _PIXELS // fields.pixels))
        found = prewhitening_of(fields.read(rows), always=bool(choice.prewhiten))
        if found:
            said.append(_PREWHITENED if choice.prewhiten else _STEEP + _PREWHITENED)
            preparation = replace(preparation, prewhitening=found)
            fields = fields.prewhitened(found)
    return fields, describe_preparation(preparation, said, warned), said_of_values(looked)


def _plan(choice: Choice, survey: Survey) -> CascadePlan:
    if choice.bands == "auto":
        return choose_bands(choice.wavelet, choice.family, survey.fields, even=survey.even)
    size = int(survey.fields.shape[-2]), int(survey.fields.shape[-1])
    return plan_bands(choice.wavelet, size, SUBDIVISIONS[choice.bands])


def _describe_family(choice: Choice, plan: CascadePlan) -> dict[str, Any]:
    return {
        "wavelet": choice.wavelet,
        "bands": choice.bands,
        "moments": choice.moments,
        "precondition": choice.precondition,
        "subdivisions": list(plan.subdivisions),
        **asdict(choice.family),
    }


def _finish(
    choice: Choice, survey: Survey, found: CascadeFit
) -> tuple[Multiscale[ConditionalEnergy], list[dict[str, Any]]]:
    """The model, with moments of the fields and with free energies; what is said of its bands."""
    matched: list[Matched] = []
    chosen = [fit.smoothing for fit in found.bands]
    if choice.moments and not choice.family.concave:
        found, matched = match_cascade(found, survey.fields)
    missed = [] if matched else missed_moments(found, survey.fields)
    model = found.model
    free = fit_free_energies(model.details, survey.fields, choice.family, even=survey.even)
    bands = [_describe(fit, survey) for fit in found.bands]
    for band, weight in zip(bands, chosen, strict=True):
        band["stiffened"] = band["smoothing"] > weight
    for band, result in zip(bands, matched, strict=False):
        band["moments"] = {
            "rounds": result.rounds,
            "gain": result.gain,
            "before": result.before,
            "after": result.after,
        }
    for band, size in zip(bands, missed, strict=False):
        band["moments_missed"] = size
    return Multiscale(model.transform, model.coarse, model.details, free=free), bands


def _is_preconditioned(choice: Choice, factor: ConditionalEnergy, band: dict[str, Any]) -> bool:
    """Whether chains of a band move where it is round: as was asked for, or as it needs."""
    if choice.precondition is not None:
        return choice.precondition
    size = int(band["size"][0]), int(band["size"][1])
    return is_elongated(factor, size, band["mean_curvature"]) and _settles(band)


def _settles(band: dict[str, Any]) -> bool:
    """Whether samples of a band that has been brought to the moments of the fields have them."""
    return is_matched(band.get("moments", {}).get("after", 0.0))


def _describe(fit: BandFit, survey: Survey) -> dict[str, Any]:
    solution = fit.solution
    return {
        "size": list(fit.moments.size),
        "parameters": len(solution.theta),
        "loss": solution.loss,
        "condition": solution.condition if solution.condition < float("inf") else None,
        "excess": solution.variance / (2 * solution.count),
        "tails_held": fit.held,
        "smoothing": fit.smoothing,
        **({} if fit.paid is None else {"loss_paid": fit.paid}),
        "potential": _potential(fit, survey),
    }


def _potential(fit: BandFit, survey: Survey) -> dict[str, list[float]]:
    """The potential of a pixel at one scale, with errors, in the units of the data.

    A pixel of x_j, or of x_j on the grid of x_i, is 2^j or 2^i times the mean of the pixels that it
    stands for. A constant and a linear
    function, which the details do not show, are taken out.
    """
    knots = fit.moments.potential.knots
    t = torch.linspace(float(knots[0]), float(knots[-1]), _CURVE, dtype=torch.float64)
    inner = t[1:-1]  # sigmoids end at the first and the last knot
    curves = torch.stack([_curve(energy, inner) for energy in fit.replicas])
    finer = fit.moments.finer
    side = fit.moments.size[0] * (1 if finer is None else finer.period)
    gain = side / survey.fields.shape[-2]
    return {
        "t": (survey.mean + survey.deviation * gain * inner).tolist(),
        "v": _curve(fit.factor.field, inner).tolist(),
        "error": jackknife_errors(curves).nan_to_num(0).tolist(),
    }


def _curve(energy: FieldEnergy, t: Tensor) -> Tensor:
    v = energy.gauge_fixed(t)
    linear = torch.stack([torch.ones_like(t), t], 1)
    return v - linear @ torch.linalg.lstsq(linear, v[:, None]).solution[:, 0]
