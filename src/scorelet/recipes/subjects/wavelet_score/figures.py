"""The sections of the report: tables of steps, spectra, energies, networks."""

from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.core.typing import Image
from scorelet.plots import curves_figure, png
from scorelet.plots.memorisation import twins_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.wavelet_score.learned import MODELS

Row = Mapping[str, Any]
_WORDS = {"SGM": "whole", "WSGM": "by scale"}


def _table(rows: Sequence[Row], columns: Mapping[str, str], words: Sequence[str]) -> Table:
    """Show columns of rows; those of `words` hold words."""
    cells = [tuple(_cell(row.get(key)) for key in columns) for row in rows]
    return Table(
        list(columns.values()),
        cells,
        frozenset(k for k, key in enumerate(columns) if key in words),
    )


def _cell(value: Any) -> str:  # noqa: ANN401 - a number, a word, or nothing
    return value if isinstance(value, str) else figure(value)


def theory_section(
    steps: Sequence[Row], conditions: Sequence[Row], samplers: Sequence[Row], fixed: Sequence[Row]
) -> Section:
    """Show the exact tables of power laws."""
    measures = {"sup": "sup 10 %", "relative": "relative 10 %", "kl": "KL 0.01 per pixel"}
    names = {"eta": "η", "side": "side", "model": "model", "condition": "condition"}
    curves = {
        model: ([row["sup"] for row in steps if (row["eta"], row["model"]) == (2, model)],)
        for model in ("pixels", "haar", "db4")
    }
    sides = sorted({row["side"] for row in steps})
    drawn = curves_figure(
        sides,
        {model: (values, [0] * len(values)) for model, (values,) in curves.items()},
        labels=("side (pixels)", "steps"),
        log=True,
    )
    return Section(
        "Power laws, exactly",
        [
            Text("Steps for the error that the head of a column says; uniform times up to 10."),
            Picture(png(drawn), "Steps at η = 2, by sup."),
            _table(steps, names | measures, ("model",)),
            Text("Condition numbers: of fields, and of the finest details given the coarse field."),
            _table(
                conditions,
                {"eta": "η", "side": "side", "pixels": "fields", "haar": "Haar", "db4": "db4"},
                (),
            ),
            Text("Steps by sampler and times, η = 2, times up to 5, error 10 %."),
            _table(
                samplers,
                {"sampler": "sampler", "times": "times", "model": "model"}
                | {"sup": "sup", "rms": "rms of relative errors"},
                ("sampler", "times", "model"),
            ),
            Text("The error by sup of 16 uniform steps, η = 2."),
            _table(fixed, {"side": "side", "pixels": "fields", "haar": "Haar", "db4": "db4"}, ()),
        ],
    )


def errata_section(rows: Sequence[Row]) -> Section:
    """Show the first-order error beside what is printed."""
    columns = {"d": "variance d", "exact": "(h - d)/δ", "corollary": "corollary"}
    text = "The variance of samples less that of the data, by the step δ, as δ becomes small."
    named = columns | {"theorem": "theorem 1 as printed"}
    return Section("First-order error", [Text(text), _table(rows, named, ())])


def spectra_section(rows: Sequence[Row]) -> Section:
    """Show the steps of measured spectra."""
    columns = {
        "side": "side",
        "scale": "scale",
        "uniform": "uniform",
        "quadratic": "quadratic",
        "best": "best",
        "best_calls": "network calls",
        "best_plan": "by",
        "whitened_uniform": "whitened, uniform",
        "whitened_quadratic": "whitened, quadratic",
    }
    text = (
        "Exact scores of Gaussian fields with the measured spectrum; error 10 % by sup, times up "
        "to 5. Uniform and quadratic times of Euler-Maruyama; best: the fewest network calls. "
        "Bands are divided by their deviations; or they are whitened, less their linear estimate "
        "from the coarser band, by the law of other data."
    )
    return Section(
        f"Spectrum of {rows[0]['source']}",
        [Text(text), _table(rows, columns, ("scale", "best_plan"))],
    )


def linear_section(found: Mapping[str, Row]) -> Section:
    """Show the spectra of samples of energies."""
    first = found["SGM"]
    curves = {
        _WORDS[name]: (found[name]["ratios"], found[name]["errors"])
        for name in MODELS
        if found[name]["places"] == first["places"]
    }
    drawn = curves_figure(
        first["places"],
        curves,
        labels=("|k| (cycles per side)", "power of samples over that of fields"),
        levels={"equal": 1.0},
    )
    rows = [{"model": _WORDS[name], **found[name]} for name in MODELS]
    columns = {"model": "model", "variation": "total variation", "spectrum": "|k| >= 3"}
    table = _table(rows, columns | {"high": "|k| above a quarter of the side"}, ("model",))
    return Section("Energies of φ⁴", [Picture(png(drawn), "Spectra of samples."), table])


def networks_section(rows: Sequence[Row], shown: Mapping[str, Image]) -> Section:
    """Show quality by steps, and samples."""
    steps = sorted({row["steps"] for row in rows})
    quality = {
        "distance": "kernel distance",
        "worst": "largest |log₂| of power ratios by octave",
        "high": "power ratio of the highest octave",
    }
    parts: list[Part] = [Text(_sizes(rows))]
    for key, label in quality.items():
        curves = {
            _WORDS[name]: ([row[key] for row in rows if row["model"] == name], [0] * len(steps))
            for name in MODELS
        }
        drawn = curves_figure(steps, curves, labels=("steps of each scale", label), log=True)
        parts.append(Picture(png(drawn), label.capitalize() + "."))
    parts.append(Picture(png(twins_figure(dict(shown))), "Samples beside pictures."))
    columns = {"model": "model", "steps": "steps", "calls": "network calls", **quality}
    parts.append(_table(rows, columns, ("model",)))
    return Section(f"Networks on {rows[0]['source']}", parts)


def _sizes(rows: Sequence[Row]) -> str:
    sizes = {row["model"]: row["parameters"] for row in rows}
    return (
        f"{sizes['SGM']:,} weights for whole pictures; {sizes['WSGM']:,} for all scales together, "
        "networks of one kind and width."
    )
