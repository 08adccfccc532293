"""The report of a model of fields, as HTML: what it draws, what it is, what is known of it."""

import warnings
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from scorelet.analysis.field_statistics import (
    STATISTICS,
    NotPeriodicWarning,
    StatisticKind,
    gaussian_reference,
)
from scorelet.analysis.field_statistics.sets import FieldSet, SetComparison, compare_sets
from scorelet.analysis.field_statistics.table import spectra
from scorelet.analysis.field_statistics.verdicts import summary
from scorelet.core.errors import InputError
from scorelet.core.typing import Fields
from scorelet.plots import fields_figure, png, statistic_figure
from scorelet.plots.field_models import curvatures_figure, potentials_figure, traces_figure
from scorelet.plots.report import Facts, Mark, Part, Picture, Section, Table, Text, number, render
from scorelet.tasks.field_model.certificate import Certificate
from scorelet.tasks.field_model.said import said_of_potentials
from scorelet.tasks.field_model.scale import label_of, label_of_potentials, preparation_of
from scorelet.tasks.field_model.watch import unsettled
from scorelet.tasks.field_report import statistic_sections, value_table, verdicts_section

NAMES = "data", "samples", "control"
MOST = 1000
"""Fields of each set that statistics look at."""

_POTENTIALS = (
    "The energy of a pixel whose neighbours are 0, for each scale, coarse to fine: −log of a "
    "density, so in units of the temperature. A pixel of a coarse field is the mean of the pixels "
    "of the data that it stands for. A constant and a linear function are left out: details do not "
    "show them. Bands are two standard errors of score matching, by a jackknife over 20 groups of "
    "the fields; moments that were matched afterwards make errors larger by about a twentieth."
)
_CURVATURES = (
    "Eigenvalues of the Hessian of the energy in the details of each band, given the coarse field; "
    "their density at the fields that were looked at. Directions with a negative eigenvalue are "
    "ridges of the energy: beside them there may be several states, between which chains cross "
    "slowly."
)
_BANDS = (
    "Least and largest: means over the fields. Condition: largest over least, which decides how "
    "slow a chain is. Uniform: a bound of the least eigenvalue that holds at all fields, also at "
    "those that nobody has seen; where it is positive, the divergence from the law of the data "
    "that the finite number of fields costs is about the bound that is given, in nats, for the "
    "parameters of score matching, before moments and quantiles were matched. The uniform bound is "
    "pessimistic: no field has its least curvature in all pixels."
)
_CHAINS = (
    "Details of a band are drawn by Langevin dynamics with a Metropolis decision (MALA), from 0. "
    "The autocorrelation times τ, of the energy and of one detail, are in steps; states is how "
    "many independent ones a chain has been through. R-hat compares the two halves of what counts; "
    "even for a chain that has settled it exceeds 1, by about τ over the number of steps. Times of "
    "more than a tenth of what counts come out too short: longer chains (--steps) show them."
)


@dataclass(frozen=True)
class Sampled:
    """What was drawn for a report.

    Args:
        fields: samples (n, h, w).
        chains: what their chains are worth, see `ChainWatch.bands`; None if nobody watched.
    """

    fields: Fields
    chains: list[dict[str, Any]] | None


def report(
    record: dict[str, Any],
    certificate: Certificate,
    sampled: Sampled,
    *,
    facts: dict[str, str],
    data: Fields | None = None,
) -> str:
    """Return the HTML text.

    Args:
        record: of the model.
        certificate: of the model.
        sampled: its samples.
        facts: where the model and the fields are.
        data: fields to compare samples with; None shows the samples alone.
    """
    window = "hann" if preparation_of(record["field"]).cut_out else "none"
    samples = sampled.fields[:MOST]
    opening: list[Part] = [Text(certificate.verdict, "lead")]
    opening += [Text(text, "warning") for text in record["field"].get("warnings", [])]
    opening += [Text(text) for text in record["field"].get("remarks", [])]
    opening.append(Facts(facts | _facts(record)))
    sets = {"samples": samples} if data is None else {"data": data[:MOST], "samples": samples}
    try:
        if data is None:
            sections = _alone(samples, window)
        else:
            found = compare_sets(FieldSet(sets["data"]), FieldSet(samples), window=window)
            sections = [verdicts_section(found), *statistic_sections(found, NAMES)]
            opening[1:1] = _compared(found)
    except InputError as error:  # fields that are too small, say: the rest stands
        sections = [Section("Statistics", [Text(f"Left out: {error}")])]
    figure = fields_figure(sets, label=str(label_of(record["field"])))
    opening.append(Picture(png(figure), "The first fields of each set."))
    own = [_potentials(record), _certificate(certificate)]
    own += [_chains(sampled.chains)] if sampled.chains else []
    return render("Model of fields", opening, [*own, *sections])


def _facts(record: dict[str, Any]) -> dict[str, str]:
    field, family = record["field"], record["family"]
    held = f", and {field['held_out']} held out" if field["held_out"] else ""
    return {
        "fitted to": f"{field['count']} fields{held}",
        "pixels": "x".join(str(n) for n in field["size"]),
        "mean, deviation": f"{field['mean']:.5g}, {field['deviation']:.5g}",
        "border, transform": f"{field.get('border', 'periodic')}, {field.get('transform', 'none')}",
        "wavelet, bands": f"{family['wavelet']}, {family['bands']}",
        "parameters": str(sum(band["parameters"] for band in record["bands"])),
    }


def _compared(found: SetComparison) -> list[Part]:
    return [
        Text(f"Samples beside the data: {summary(found)}", "lead"),
        *(Text(text, "warning") for text in found.messages),
    ]


def _alone(samples: Fields, window: str) -> list[Section]:
    """Return the statistics of samples, beside those of Gaussian fields of the same power."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotPeriodicWarning)
        powers = spectra(samples, window=window)
        kinds = STATISTICS.values()
        return [_one(kind, samples, powers[kind.spectrum], window) for kind in kinds]


def _one(kind: StatisticKind, samples: Fields, power: Tensor, window: str) -> Section:
    try:
        found = kind.measure(samples, window=window)
        reference = gaussian_reference(power, found)
    except InputError as error:
        return Section(kind.title, [Text(f"Left out: {error}")])
    if found.axis.names:
        return Section(kind.title, [value_table({"samples": found}, reference)])
    figure = statistic_figure({"samples": found}, reference=reference, log=kind.log)
    caption = f"{kind.title} of the samples. {kind.note}".rstrip()
    return Section(kind.title, [Picture(png(figure), caption)])


def _potentials(record: dict[str, Any]) -> Section:
    bands = [{"size": band["size"], **band["potential"]} for band in record["bands"]]
    picture = Picture(
        png(potentials_figure(bands, label=label_of_potentials(record["field"]))),
        "Potentials of all scales.",
    )
    done = [Text(text) for text in said_of_potentials(record["bands"])]
    return Section("Potentials", [Text(_POTENTIALS), *done, picture])


def _certificate(certificate: Certificate) -> Section:
    head = ["pixels", "verdict", "least", "largest", "condition", "positive", "uniform", "bound"]
    rows = [
        (
            "x".join(str(n) for n in band["size"]),
            _verdict(band),
            f"{band['least_mean']:.3g}",
            f"{band['largest_mean']:.3g}",
            number(band["kappa"]),
            f"{100 * band['share_positive']:.0f} %",
            f"{band['alpha_uniform']:.3g}",
            "–" if band["kl_bound"] is None else f"{band['kl_bound']:.2g} nats",
        )
        for band in certificate.bands
    ]
    parts: list[Part] = [Text(certificate.verdict), Table(head, rows, frozenset({0, 1}))]
    if all("spectrum" in band for band in certificate.bands):
        picture = Picture(png(curvatures_figure(certificate.bands)), "Spectra of Hessians.")
        parts += [Text(_CURVATURES), picture]
    parts += [Text(text) for text in certificate.limits]
    parts.append(Text(_BANDS, "note"))
    holds = certificate.holds_uniformly
    mark = Mark("certified", "good") if holds else Mark("not certified", "open")
    return Section("What is certified, and what is not", parts, mark)


def _verdict(band: dict[str, Any]) -> Mark:
    if band["holds_uniformly"]:
        return Mark("log-concave everywhere", "good")
    if band["holds_at_fields"]:
        return Mark("log-concave at the fields", "open")
    return Mark("not log-concave", "bad")


def _chains(chains: list[dict[str, Any]]) -> Section:
    head = ["pixels", "step", "acceptance", "steps", "τ energy", "τ detail", "states", "R-hat"]
    rows = [
        (
            "x".join(str(n) for n in band["size"]),
            f"{band['epsilon']:.2g}",
            f"{100 * band['acceptance']:.0f} %",
            str(band["steps"]),
            *(number(band[key]) for key in ("tau_energy", "tau_detail", "states")),
            number(band["r_hat"], ".2f"),
        )
        for band in chains
    ]
    picture = Picture(png(traces_figure(chains)), "Energies of chains.", "Energies of five chains.")
    said = [Text(text, "warning") for text in unsettled(chains)]
    return Section("Chains", [*said, Text(_CHAINS), Table(head, rows), picture])
