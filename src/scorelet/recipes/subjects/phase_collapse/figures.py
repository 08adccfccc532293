"""The sections of the report: the mechanism in pictures, and the tables."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.discriminant import discriminant_plane
from scorelet.analysis.fisher_profile import FisherProfile
from scorelet.data.labelled import LabelledImages
from scorelet.models import Classifier
from scorelet.networks.learned_scattering import LearnedScattering
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.plots import curves_figure, png
from scorelet.plots.collapse import clouds_figure, coefficients_figure
from scorelet.plots.network_errors import errors_figure
from scorelet.plots.report import Part, Picture, Section, Table, Text
from scorelet.plots.separation import kinds_figure
from scorelet.recipes.claims import Measured
from scorelet.recipes.layer_tables import LayerTable, values_and_errors
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.phase_collapse.comparisons import FROZEN, FULL, PLAIN
from scorelet.recipes.subjects.phase_collapse.learning import name_of
from scorelet.recipes.subjects.phase_collapse.settings import Settings, Textures
from scorelet.recipes.subjects.phase_collapse.textures import clouds
from scorelet.recipes.trainings import Trainings, network_rows

TITLES = {
    "linear": "linear",
    "cst": "soft threshold of the amplitude",
    "tanh": "tanh of the amplitude",
    "ms": "sigmoid of the amplitude",
    "mc": "phase alone",
    "pow": "saturated power of the amplitude",
    "mod": "modulus",
    "relu": "ReLU of four phases",
}
PUBLISHED = {
    "cifar10": {FROZEN: 27.7, PLAIN: 11.7, FULL: 7.7, "cst with skip": 22.5, "ResNet relu": 8.8},
    "imagenet": {FROZEN: 73.0, PLAIN: 35.9, FULL: 30.1, "ResNet relu": 30.2},
}
"""Top-1 errors in percent that can be read on the poster, by data; the last of ResNet-20 and 18."""
_SHIFT = 2
_ACROSS = [1, 3]  # of four angles: waves along the rows and along the columns


def textures_section(
    settings: Textures, seed: int, found: Mapping[str, Mapping[str, float]]
) -> Section:
    """Two textures: clouds of their coefficients, accuracies, Fisher ratios."""
    features = clouds(settings, seed)
    labels = np.arange(len(features["mod"])) % 2
    panels = {TITLES[k]: (x[:, _ACROSS].numpy(), labels) for k, x in features.items()}
    rows = [
        (
            TITLES[name],
            figure(row["accuracy"], row["error"]),
            *(figure(row[key]) for key in ("ratio", "floor", "corrected")),
        )
        for name, row in found.items()
    ]
    head = ["function", "accuracy (%)", "Fisher ratio", "floor", "without bias"]
    return Section(
        "Two textures, nothing learned",
        [
            Text(
                "Each point is a picture: means over it of the coefficients of two directions. "
                "Where phases are kept, both classes have the mean 0, and their clouds lie on top "
                "of one another. The modulus gives them different means."
            ),
            Picture(
                png(clouds_figure(panels, ["first law", "second law"])),
                "Clouds of two textures for linear coefficients, soft threshold and modulus.",
            ),
            Table(head, rows),
        ],
    )


def coefficients_section(trainings: Trainings, settings: Settings) -> Section:
    """A picture and itself shifted, before and after the collapse."""
    images = trainings.test
    x = images.images(0, 1)
    shifted = x.roll((_SHIFT, _SHIFT), (-2, -1))
    layer = MorletConv2d(
        settings.network.angles, kind="half" if settings.network.angles > 2 else "octave"
    )
    rows, parts = {}, []
    for title, picture in (("as it is", x), (f"shifted by {_SHIFT} pixels", shifted)):
        z = layer(picture)[0, 0, 1]
        parts.append(z)
        shown = picture[0].permute(1, 2, 0).squeeze(-1).numpy()
        rows[title] = (shown, z[0].numpy(), z.square().sum(0).sqrt().numpy())
    before, after = _changes(*parts)
    return Section(
        "One channel before and after the collapse",
        [
            Picture(
                png(coefficients_figure(rows)), "A picture, coefficients, moduli; and shifted."
            ),
            Text(
                f"Place by place, a shift by ({_SHIFT}, {_SHIFT}) pixels changes the coefficients "
                f"by {100 * before:.0f} % of their norm and the moduli by {100 * after:.0f} %."
            ),
        ],
    )


def _changes(z: Tensor, moved: Tensor) -> tuple[float, float]:
    """Return the relative changes of coefficients and of moduli."""
    modulus, again = (v.square().sum(0).sqrt() for v in (z, moved))
    return float((z - moved).norm() / z.norm()), float((modulus - again).norm() / modulus.norm())


def table_section(accuracies: Mapping[str, Measured], source: str) -> Section:
    """Errors of all networks, beside those that are published for the same pictures."""
    published = PUBLISHED.get(source, {})
    rows = [
        (name, figure(100 - found.value, found.error), figure(published.get(name)), found.note)
        for name, found in accuracies.items()
    ]
    return Section(
        "Errors of all networks",
        [
            Picture(
                png(errors_figure(network_rows(accuracies, published))),
                "Errors of all networks" + (", and published ones." if published else "."),
            ),
            Table(["network", "error here (%)", "published (%)", "seeds"], rows),
            Text(
                "mod: modulus; cst, tanh, ms, mc: soft threshold, tanh and sigmoid of the "
                "amplitude, and the phase alone; frozen: the matrices are random and do not learn, "
                "published for scattering of order 2. Published networks are larger, see the "
                "settings.",
                "note",
            ),
        ],
    )


def depth_section(traces: Mapping[str, LayerTable], ratios: Mapping[str, LayerTable]) -> Section:
    """Fisher ratio and trace ratio by depth, for modulus and soft threshold."""
    return Section(
        "Class means by depth",
        [
            Picture(
                _by_depth(ratios, "Fisher ratio without bias"),
                "Fisher ratio by depth for modulus and soft threshold.",
                "Of means over space of each channel: what does not depend on the place. Bars are "
                "standard errors, of parts of the test pictures and of seeds.",
            ),
            Picture(
                _by_depth(traces, "tr Σ_B / tr Σ_W"),
                "Variance of class means over variance within classes, by depth.",
            ),
        ],
    )


def _by_depth(found: Mapping[str, LayerTable], label: str) -> bytes:
    blocks = list(range(1, next(iter(found.values())).shape[-1] + 1))
    curves = {TITLES[name]: values_and_errors(table) for name, table in found.items()}
    return png(curves_figure(blocks, curves, labels=("block", label)))


def clouds_section(settings: Settings, trainings: Trainings) -> Section:
    """Classes at the last block of both networks, in the plane that separates them best."""
    depth, panels = len(settings.network.sizes), {}
    names = ["mod", *(["cst"] if "cst" in settings.network.kept else [])]
    for rho in names:
        model = trainings.model(name_of(rho, depth=depth))
        panels[f"{TITLES[rho]}, last block"] = _plane(model, trainings.test, settings.shown)
    classes = [trainings.test.classes[k] for k in settings.shown]
    return Section(
        "Classes at the last block",
        [
            Picture(png(clouds_figure(panels, classes)), "Clouds of three classes."),
            Text(
                "The plane is found on one half of these test pictures, and the other half is "
                "drawn in it. Large points are the means.",
                "note",
            ),
        ],
    )


def _plane(
    model: Classifier, images: LabelledImages, shown: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.flatnonzero(np.isin(images.y, shown))[:1200]
    x = torch.cat([images.images(k, k + 1) for k in chosen.tolist()])
    y = torch.tensor([shown.index(label) for label in images.y[chosen]])
    network = model.network
    assert isinstance(network, LearnedScattering)
    with torch.no_grad():
        u = (x - network.mean) / network.deviation
        for block in network.blocks:
            u = block(u)
    features = u.flatten(2).flatten(1).double()
    half = len(features) // 2
    plane = discriminant_plane(features[:half], y[:half], ridge=0.1)
    return (features[half:] @ plane).numpy(), y[half:].numpy()


def kinds_section(found: FisherProfile) -> Section:
    """Separation of class means by kind of channel."""
    blocks = sorted({int(layer.name.split(".")[1]) for layer in found.layers})
    values: dict[str, list[float]] = {}
    for layer in found.layers:
        for kind in layer.kinds:
            row = values.setdefault(kind.kind, [float("nan")] * len(blocks))
            row[int(layer.name.split(".")[1])] = kind.value
    what = "coefficient by coefficient" if found.pool == "flatten" else "of means over space"
    parts: list[Part] = [
        Picture(
            png(kinds_figure([f"block {k + 1}" for k in blocks], values)),
            "Separation of class means by kind of channel.",
        ),
        Text(
            f"Variance of the class means over the variance within classes, {what}, averaged over "
            "those of a kind: before ρ, the modulus, and after it."
        ),
    ]
    return Section("Separation by kind of channel", parts)
