"""The sections of the report: both mechanisms in pictures, and the tables."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from scorelet.analysis.discriminant import discriminant_plane
from scorelet.plots import curves_figure, png
from scorelet.plots.collapse import clouds_figure, singular_values_figure
from scorelet.plots.network_errors import errors_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import mean_of
from scorelet.recipes.layer_tables import LayerTable, values_and_errors
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.separation_concentration.comparisons import ALL, BLOCKS, FREE, TREE
from scorelet.recipes.subjects.separation_concentration.fixed_claims import PUBLISHED
from scorelet.recipes.subjects.separation_concentration.mixtures import (
    features_of,
    signed_classes,
)
from scorelet.recipes.subjects.separation_concentration.stability import (
    COLUMNS,
    ELSEWHERE,
    ENERGIES,
)
from scorelet.recipes.subjects.separation_concentration.whole_set import KINDS, whole_rows
from scorelet.recipes.trainings import network_rows

ERRORS = {TREE: 100 - PUBLISHED, ALL: 100 - PUBLISHED, "ResNet-20": 8.8}
"""Published errors in percent on CIFAR-10 that can be read; those of S_P and S_C cannot."""
_DRAWN = 600


def mixtures_section(
    found: Mapping[str, Mapping[str, float]], noise: Mapping[int, Mapping[str, float]], seed: int
) -> Section:
    """Show classes of equal means, and what rectifiers and thresholds make of them."""
    x, y = signed_classes(_DRAWN, seed)
    panels = {}
    for name, features in features_of(x, seed).items():
        if name in ("x", "soft threshold", "ReLU(±F x)"):
            plane = discriminant_plane(features[:_DRAWN], y[:_DRAWN], ridge=0.1)
            panels[name] = ((features[_DRAWN:] @ plane).numpy(), y[_DRAWN:].numpy())
    rows = [
        (name, *(figure(row[key]) for key in ("ratio", "floor", "rank")))
        for name, row in found.items()
    ]
    concentrated = [
        (f"{redundancy} x", figure(row["variance"]), figure(row["displaced"]))
        for redundancy, row in noise.items()
    ]
    return Section(
        "Two mechanisms of one layer",
        [
            Text(
                "Separation: two classes ±m + noise have the mean 0, so nothing linear parts them, "
                "nor does a threshold, which is odd. A rectifier does. The plane of each panel "
                "comes from other samples."
            ),
            Picture(
                png(clouds_figure(panels, ["first class", "second class"])),
                "Clouds of two classes: as they are, thresholded, rectified.",
            ),
            Table(["features", "Fisher ratio", "floor", "rank"], rows),
            Text(
                "Concentration: noise around a mean of five coefficients in a frame, and a soft "
                "threshold of 1.5 deviations. Redundant frames displace the mean more."
            ),
            Table(
                ["atoms over dimension", "variance, after over before", "displacement"],
                concentrated,
            ),
        ],
    )


def accuracy_section(
    sizes: Sequence[int], measured: Mapping[str, Measured], *, published: bool
) -> Section:
    """Return accuracies of scattering and pixels by size of the training set."""
    names = ("scattering", "pixels")
    found = {name: [measured[f"{name} {count}"] for count in sizes] for name in names}
    curves = {
        name: ([m.value for m in row], [m.error or 0 for m in row]) for name, row in found.items()
    }
    levels = {"published, S_T": PUBLISHED} if published else None
    labels = "training images", "accuracy (%)"
    drawn = curves_figure(sizes, curves, labels=labels, log=True, levels=levels)
    rows = [
        (f"{count:,}", *(figure(m.value, m.error) for m in (a, b)))
        for count, a, b in zip(sizes, *found.values(), strict=True)
    ]
    parts: list[Part] = [
        Picture(png(drawn), "Accuracy of both kinds of features."),
        Table(["training images", "scattering (%)", "pixels (%)"], rows),
    ]
    if KINDS[0] in measured:
        titles = ["all training images, mirrored too", "test (%)", "held out (%)"]
        cells = [
            (
                row["coefficients"],
                figure(row["test"], row["test_error"]),
                figure(row["held_out"], row["held_out_error"]),
            )
            for row in whole_rows(measured)
        ]
        parts.append(Table(titles, cells))
    return Section("Nothing learned: accuracy by size of the training set", parts)


def table_section(accuracies: Mapping[str, Measured], ratios: Mapping[str, LayerTable]) -> Section:
    """Errors of all networks, the published ones beside them; Fisher ratios of two layers."""
    rows = [
        (name, figure(100 - found.value, found.error), figure(ERRORS.get(name)), found.note)
        for name, found in accuracies.items()
    ]
    parts: list[Part] = [
        Picture(
            png(errors_figure(network_rows(accuracies, ERRORS))),
            "Errors of all networks, and published ones.",
        ),
        Table(["network", "error here (%)", "published, CIFAR-10 (%)", "seeds"], rows),
        Text(
            "S_T: scattering, one matrix, a linear classifier. S_P: wavelets of one octave, four "
            "phases rectified, a matrix; again and again. S_C: a soft threshold in a tight frame "
            "after each. Published: S_T with all images and augmentation; a ResNet-20 has 8.8 %, "
            "which the paper says S_C reaches.",
            "note",
        ),
    ]
    if ratios:
        found = {name: mean_of(table[..., 0]) for name, table in ratios.items()}
        pairs = [(name, figure(m.value, m.error)) for name, m in found.items()]
        parts.append(Table(["two layers", "Fisher ratio without bias"], pairs))
    return Section("Errors of all networks", parts)


def depth_section(profiles: Mapping[str, LayerTable]) -> Section:
    """Fisher ratio by depth."""
    blocks = list(range(1, profiles[BLOCKS].shape[-1] + 1))
    curves = {name: values_and_errors(table) for name, table in profiles.items()}
    return Section(
        "Class separation by depth",
        [
            Picture(
                png(curves_figure(blocks, curves, labels=("block", "Fisher ratio without bias"))),
                "Fisher ratio by depth.",
                "Of means over space of each channel. Bars are standard errors, of parts of the "
                "test pictures and of seeds.",
            )
        ],
    )


def singular_section(values: Mapping[str, list[Tensor]]) -> Section:
    """Singular values of every matrix with and without the Parseval step."""
    titles = {BLOCKS: "Parseval steps", FREE: "none"}
    panels: dict[str, Mapping[str, np.ndarray]] = {
        f"block {number + 1}": {titles[name]: each[number].numpy() for name, each in values.items()}
        for number in range(len(values[BLOCKS]))
    }
    return Section(
        "Singular values of P",
        [
            Picture(png(singular_values_figure(panels)), "Singular values of every matrix P."),
            Text(
                "A step W + β (W - W Wᵀ W) after each step of training draws them to 1; without it "
                "the optimiser stretches what it likes."
            ),
        ],
    )


def stability_section(
    found: Mapping[str, Sequence[float]], energy: Mapping[str, Sequence[float]]
) -> Section:
    """Relative changes under deformations, shares of energy; in brackets what others found."""
    rows = [(name, *_beside(row, ELSEWHERE.get(name))) for name, row in found.items()]
    shares = [(name, *_beside(row, ENERGIES.get(name))) for name, row in energy.items()]
    return Section(
        "Stability to deformations",
        [
            Table(["deformation", *COLUMNS], rows),
            Text(
                "Relative change of pixels and of scattering coefficients; shifts in pixels. In "
                "brackets: another implementation, on 90 test images of CIFAR-10.",
                "note",
            ),
            Table(["energy", "order 0", "order 1", "order 2", "all, over that of x"], shares),
        ],
    )


def _beside(row: Sequence[float], others: Sequence[float] | None) -> list[str]:
    if others is None:
        return [f"{value:.3f}" for value in row]
    return [f"{value:.3f} ({other:.3f})" for value, other in zip(row, others, strict=True)]
