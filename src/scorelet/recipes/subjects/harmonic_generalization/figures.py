"""The sections of the report: twins, their samples, slopes, a ray and discs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scorelet.analysis.memorization import Shown
from scorelet.plots import curves_figure, png
from scorelet.plots.eigenvectors import pictures_figure, vectors_figure
from scorelet.plots.memorisation import gap_figure, histograms_figure, twins_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.harmonic_generalization import published
from scorelet.recipes.subjects.harmonic_generalization.eigenvectors import NOISE, RANKS
from scorelet.recipes.subjects.harmonic_generalization.geometry import DECIBELS, window
from scorelet.tasks.audit.rows import COLUMNS, HEAD, cosines, curves, lines, named, title

LISTED = 8
"""Discs that have a row of their own."""

Row = Mapping[str, Any]


def twins_section(
    name: str, rows: Sequence[Row], shown: Mapping[int, Shown], sigmas: Sequence[float]
) -> Section:
    """Show what `scorelet audit` shows of twins."""
    decibels = [-20 * math.log10(sigma) for sigma in sigmas]
    parts: list[Part] = [
        Text(f"{rows[0]['parameters']:,} weights."),
        Table(HEAD, lines(rows), frozenset({0, 1})),
        Text(COLUMNS, "note"),
        Picture(png(gap_figure(decibels, curves(rows))), "Output over input PSNR."),
    ]
    if sets := cosines(rows):
        parts.append(Picture(png(histograms_figure(sets)), "Cosines of samples."))
    for k, row in enumerate(rows):
        if pictures := shown.get(k):
            drawn = png(twins_figure(named(pictures)))
            parts += [Text(title(row)), Picture(drawn, "Samples of twins.")]
    return Section(name, parts)


def published_curves(rows: Sequence[Row], sigmas: Sequence[float]) -> Section:
    """Show curves of faces by others beside ours, at the same input PSNR; ours are interpolated."""
    decibels = [-20 * math.log10(sigma) for sigma in sigmas]
    ours = {
        row["size"]: [
            np.interp(published.INPUTS, decibels, row[name]["mean"])
            for name in ("psnr_train", "psnr_held_out")
        ]
        for row in rows
    }
    cut = []
    for size in sorted({*ours, *published.CURVES}):
        for kind, name in enumerate(("training", "held out")):
            theirs = published.CURVES.get(size)
            cut.append(
                (
                    f"{size:,}",
                    name,
                    *_decibels(None if theirs is None else theirs[kind]),
                    *_decibels(ours[size][kind] if size in ours else None),
                )
            )
    head = ["faces", "pictures"]
    head += [f"{who}, {level:g} dB" for who in ("others", "ours") for level in published.INPUTS]
    text = (
        "Output PSNR by input PSNR, at 40 x 40 pixels. The others' network has 7,659,264 weights, "
        "saw 100 million pictures, and was read from a figure to 0.3 dB "
        "(github.com/Sylvain-Topeza/inria-internship)."
    )
    return Section(
        "Beside a published reproduction", [Text(text), Table(head, cut, frozenset({1}))]
    )


def _decibels(values: Sequence[float] | np.ndarray | None) -> list[str]:
    if values is None:
        return ["–"] * len(published.INPUTS)
    return [f"{value:.1f}" for value in values]


def eigenvectors_section(found: Row, pictures: Mapping[str, np.ndarray]) -> Section:
    """Show eigenvectors of a twin at a picture that it has not seen."""
    values = found["values"]
    parts: list[Part] = [
        Text(
            f"A network of the most pictures at a held-out one with noise {NOISE:g}: it keeps "
            f"{found['effective_dim']:.0f} of {len(values)} dimensions. The paper's networks have "
            "waves along contours and in flat regions here, the faster the smaller λ."
        )
    ]
    if pictures:
        shown = [name for name in ("clean", "noisy", "denoised") if name in pictures]
        drawn = [pictures[name].clip(0, 1) for name in shown]
        ranks = [rank for rank in RANKS if rank <= len(values)]
        shown_values = [values[rank - 1] for rank in ranks]
        figure_ = vectors_figure(shown_values, pictures["vectors"], ranks=ranks)
        parts += [
            Picture(png(pictures_figure(shown, drawn)), "The picture."),
            Picture(png(figure_), "Eigenvectors."),
        ]
    cut = [
        (f"{rank}", figure(values[rank - 1]) if rank <= len(values) else "–", figure(theirs))
        for rank, theirs in published.PICTURE_FACTORS.items()
    ]
    head = ["rank", f"λ, of {len(values)}", "published, of 6,400 at another face"]
    return Section("Eigenvectors at a picture", [*parts, Table(head, cut)])


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
                figure(published.SLOPES.get(alpha)) if row["law"] == "c_alpha" else "–",
            )
        )
    head = ["images", "α", "window", "network", "oracle in wavelets", "α/(α + 1)", "published"]
    text = (
        "c_alpha_regular is the class of the theory; c_alpha is algorithm 2 as it is printed, "
        "whose regions have one order of regularity less; the published slopes are of its images, "
        "at 80 x 80 pixels."
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


def discs_section(found: Sequence[Row]) -> Section:
    """Show how far eigenvectors at discs span the tangent space, and their eigenvalues."""
    rows = [
        (
            f"radius {row['radius']:.1f}, contrast {row['contrast']:.2f}",
            figure(row["cosine"]),
            figure(row["within"]),
            _factors(row["values"]),
        )
        for row in found[:LISTED]
    ]
    rows.append(("published", "–", "–", _factors(published.DISC_FACTORS)))
    head = ["disc", "smallest principal cosine with five", "with ten", "λ"]
    told = Text(
        f"{len(rows) - 1} of the {len(found)} discs that were looked at; claims are on all."
    )
    return Section("Discs", [told, Table(head, rows, frozenset({3}))])


def _factors(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
