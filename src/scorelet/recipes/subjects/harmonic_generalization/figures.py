"""The sections of the report: twins, their samples, slopes, a ray and discs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scorelet.plots import curves_figure, png
from scorelet.plots.memorisation import gap_figure, histograms_figure, twins_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.harmonic_generalization.geometry import DECIBELS, window
from scorelet.tasks.audit.measure import Shown
from scorelet.tasks.audit.report import HEAD, NAMES, cells, title

Row = Mapping[str, Any]


def twins_section(
    name: str, rows: Sequence[Row], shown: Mapping[int, Shown], sigmas: Sequence[float]
) -> Section:
    """Show what `scorelet audit` shows of twins."""
    cut = [(title(row), row["verdict"], *cells(row)) for row in rows]
    curves = {title(row): (row["psnr_held_out"]["mean"], row["psnr_train"]["mean"]) for row in rows}
    decibels = [-20 * math.log10(sigma) for sigma in sigmas]
    parts: list[Part] = [
        Text(f"{rows[0]['parameters']:,} weights."),
        Table(HEAD, cut, frozenset({0, 1})),
        Picture(png(gap_figure(decibels, curves)), "Output over input PSNR."),
    ]
    drawn = {title(row): row for row in rows if row["pair_cosines"] is not None}
    if drawn:
        sets = {key: (row["pair_cosines"], row["nearest_cosines"]) for key, row in drawn.items()}
        parts.append(Picture(png(histograms_figure(sets)), "Cosines of samples."))
    for k, row in enumerate(rows):
        if pictures := shown.get(k):
            lines = {NAMES[key]: pictures[key] for key in NAMES if key in pictures}
            parts += [Text(title(row)), Picture(png(twins_figure(lines)), "Samples of twins.")]
    return Section(name, parts)


def miniature_section(rows: Sequence[Row]) -> Section:
    """Show linear denoisers of Gaussian fields."""
    table = Table(
        ["fields", "denoiser", "V", "PSNR of new fields", "of its own"],
        [
            (
                str(row["fields"]),
                row["kind"],
                figure(row["variance"]),
                figure(row["test"]),
                figure(row["train"]),
            )
            for row in rows
        ],
        frozenset({1}),
    )
    return Section("In miniature", [table])


def slopes_section(rows: Sequence[Row]) -> Section:
    """Show slopes of networks beside those of oracles and of the theory."""
    cut = []
    for row in rows:
        alpha = row["alpha"]
        low, high = window(alpha)
        cut.append(
            (
                row["law"],
                f"{alpha:g}",
                f"{low} to {high} dB",
                figure(row.get("slope")),
                figure(row["oracle"]),
                figure(alpha / (alpha + 1)),
            )
        )
    head = ["images", "α", "window", "network", "oracle in wavelets", "α/(α + 1)"]
    text = (
        "c_alpha_regular is the class of the theory; c_alpha is algorithm 2 as it is printed, "
        "whose regions have one order of regularity less."
    )
    return Section("Slopes", [Text(text), Table(head, cut)])


def ray_section(found: Row) -> Section:
    """Show the curve on multiples of one image, and eigenvalues there."""
    nothing = [0.0] * len(DECIBELS)
    drawn = curves_figure(
        DECIBELS,
        {"network": (found["curve"], nothing)},
        labels=("input PSNR (dB)", "output PSNR (dB)"),
    )
    values = ", ".join(f"{value:.3f}" for value in found["values"])
    return Section("A ray of images", [Picture(png(drawn), "Curve."), Text(f"λ: {values}")])


def discs_section(found: Row) -> Section:
    """Show eigenvalues at discs."""
    rows = [
        (f"{k + 1}", figure(cosine), ", ".join(f"{value:.2f}" for value in values))
        for k, (cosine, values) in enumerate(zip(found["cosines"], found["values"], strict=True))
    ]
    head = ["disc", "smallest principal cosine", "λ"]
    return Section("Discs", [Table(head, rows, frozenset({2}))])
