"""The sections of the report: samples, curvatures, mixing, learning curves."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.core.typing import Fields
from scorelet.plots import curves_figure, fields_figure, png
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.report import figure

Row = Mapping[str, Any]


def lattice_section(name: str, found: Row, sets: Mapping[str, Fields] | None) -> Section:
    """Show samples of a model beside fields, and the ratio of their spectra."""
    scales = Table(
        ["pixels", "deviation of samples over that of fields"],
        [
            (f"{side:g}", figure(value, error))
            for side, value, error in zip(
                *(found["scales"][key] for key in ("places", "values", "errors")), strict=True
            )
        ],
    )
    parts: list[Part] = [Text(found["verdict"])]
    if sets:
        parts.append(Picture(png(fields_figure(sets)), "Fields and samples."))
    parts += [_ratios(found["spectrum"]), scales]
    return Section(name, parts)


def other_section(name: str, found: Row) -> Section:
    """Show the spectrum of samples of another law over its own, and their moments."""
    rows = [
        (f"{key}, ratio", figure(*found[key])) for key in ("skewness", "kurtosis") if key in found
    ]
    rows.append(("total variation", figure(found["total_variation"])))
    rows.append(("white noise: total variation", figure(found["noise_variation"])))
    table = Table(["", "samples"], rows)
    return Section(name, [Text(found["verdict"]), _ratios(found["spectrum"]), table])


def _ratios(spectrum: Row) -> Picture:
    drawn = curves_figure(
        spectrum["places"],
        {"samples / fields": (spectrum["values"], spectrum["errors"])},
        labels=("|k| (cycles per side)", "ratio of power"),
        levels={"equal": 1.0},
    )
    return Picture(png(drawn), "Ratio of radial spectra.")


def curvature_section(rows: Sequence[Row]) -> Section:
    """Show extreme eigenvalues of the Hessians of the exact action."""
    head = ["law", "band", "least", "largest", "positive"]
    cells = [
        (
            row["preset"],
            row["band"],
            figure(row["least"], row["error"]),
            figure(row["largest"]),
            f"{100 * row['positive']:.0f} %",
        )
        for row in rows
    ]
    text = (
        "Mean extreme eigenvalues of the Hessian of the exact action at fields of the law, in the "
        "top of the finest octave; none: of whole fields."
    )
    return Section("Curvatures", [Text(text), Table(head, cells, frozenset({0, 1}))])


def mixing_section(rows: Sequence[Row]) -> Section:
    """Show e-folding times of direct and of conditional chains."""
    sides = [row["side"] for row in rows]
    curves = {
        kind: (
            [_number(row[f"{kind}_time"]) * row[f"{kind}_step"] for row in rows],
            [_number(row[f"{kind}_error"]) * row[f"{kind}_step"] for row in rows],
        )
        for kind in ("direct", "conditional")
    }
    drawn = curves_figure(
        sides, curves, labels=("side (pixels)", "e-folding time (Langevin)"), log=True
    )
    drawn.axes[0].set_yscale("log")
    head = ["side", "direct, steps", "details, steps", "ratio"]
    cells = [
        (
            str(row["side"]),
            figure(row["direct_time"], row["direct_error"]),
            figure(row["conditional_time"], row["conditional_error"]),
            figure(_number(row["direct_time"]) / row["conditional_time"]),
        )
        for row in rows
    ]
    return Section("Mixing", [Picture(png(drawn), "E-folding times."), Table(head, cells)])


def curve_section(rows: Sequence[Row]) -> Section:
    """Show how excess and the error of forces fall."""
    counts = [row["fields"] for row in rows]
    nothing = [0.0] * len(rows)
    curves = {
        "expected excess of the loss": ([row["excess"] for row in rows], nothing),
        "relative error of forces": ([row["force_error"] for row in rows], nothing),
    }
    drawn = curves_figure(counts, curves, labels=("fields", "finest band"), log=True)
    drawn.axes[0].set_yscale("log")
    return Section("Learning curves", [Picture(png(drawn), "Errors by the number of fields.")])


def _number(value: float | None) -> float:
    return math.nan if value is None else value
