"""Labels under attack: curves by radius, and what attacks of other kinds leave where claims are."""

from collections.abc import Mapping
from typing import Any

import torch

from scorelet.plots import curves_figure, png
from scorelet.plots.report import Picture, Section, Table, Text
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import accuracy, mean_of, unpacked
from scorelet.recipes.subjects.classification_denoising import findings
from scorelet.recipes.subjects.classification_denoising.figures import cell
from scorelet.recipes.subjects.classification_denoising.networks import LABELLING
from scorelet.recipes.subjects.classification_denoising.settings import Attacks

_SHOWN = {"linf": "L∞ radius, in 8-bit units", "l2": "L2 radius"}
_GUIDED = "APGD-CE"
Others = Mapping[str, Mapping[str, findings.Records]]
"""Attack → network → records by norm; attacks that do not follow the network's own gradient."""


def attacks_section(
    found: Mapping[str, findings.Records],
    strongest: Mapping[str, findings.Records],
    others: Others,
    settings: Attacks,
) -> Section:
    """Accuracy under attack: curves by PGD, a table of what APGD and other attacks leave."""
    parts: list[Any] = []
    for norm, radii in settings.radii.items():
        unit = 255 if norm == "linf" else 1
        curves = {name: _robust_curve(found[name], norm, len(radii)) for name in LABELLING}
        drawn = curves_figure(
            [0, *(unit * eps for eps in radii)], curves, labels=(_SHOWN[norm], "accuracy (%)")
        )
        parts.append(Picture(png(drawn), f"Accuracy under attacks in {norm} balls."))
    rows = _decisive_rows(strongest, others, settings)
    parts += [
        Table(
            ["network", "attack", "norm", "radius", "accuracy (%)", "standard error"],
            [tuple(cell(value) for value in row.values()) for row in rows],
        ),
        Text(
            f"Curves: PGD of {settings.steps} steps from {settings.restarts} random starts. Table: "
            f"APGD of {settings.apgd} steps on the cross-entropy; of the first seed, Square, which "
            f"follows no gradient, of {settings.queries} queries, and pictures that PGD made for "
            f"another network. {settings.images} pictures; the level is that of clean pictures. "
            "`scorelet robust` has stronger attacks.",
            "note",
        ),
        _masking(strongest, others),
    ]
    return Section("Attacks", parts)


def robust_rows(
    found: Mapping[str, findings.Records],
    strongest: Mapping[str, findings.Records],
    others: Others,
    settings: Attacks,
) -> list[dict[str, Any]]:
    """Return a row for each network, norm and radius by PGD, then those of other attacks."""
    rows = []
    for name in LABELLING:
        for norm, radii in settings.radii.items():
            curve = zip((0.0, *radii), *_robust_curve(found[name], norm, len(radii)), strict=True)
            rows += [_robust_row(name, "PGD", norm, *each) for each in curve]
    return rows + _decisive_rows(strongest, others, settings)


def _decisive_rows(
    strongest: Mapping[str, findings.Records], others: Others, settings: Attacks
) -> list[dict[str, Any]]:
    """Return a row for each attack, network and norm, at the radius that claims are about."""
    rows = []
    for by, found in ({_GUIDED: strongest} | dict(others)).items():
        for name, records in found.items():
            for norm, eps in settings.decisive.items():
                hits = accuracy(torch.stack([unpacked(record[norm]) for record in records]))
                value, error = float(hits.value), hits.error or 0.0
                rows.append(_robust_row(name, by, norm, eps, value, error))
    return rows


def _masking(strongest: Mapping[str, findings.Records], others: Others) -> Text:
    """Say whether gradients were masked, where attacks that follow none are the better ones."""
    better = findings.better_blind(strongest, others)
    if better:
        return Text(
            f"Broken by more than {_GUIDED}: {', '.join(better)}. The gradient that it followed "
            "was masked there, and its accuracies are too high.",
            "warning",
        )
    return Text(
        f"Nowhere do these others break more than {_GUIDED}, beyond chance: no sign of masked "
        "gradients.",
        "note",
    )


def _robust_row(
    name: str, by: str, norm: str, eps: float, accuracy: float, error: float
) -> dict[str, Any]:
    return {
        "network": name,
        "attack": by,
        "norm": norm,
        "eps": round(eps, 6),
        "accuracy": round(accuracy, 2),
        "accuracy_error": round(error, 2),
    }


def _robust_curve(
    records: findings.Records, norm: str, count: int
) -> tuple[list[float], list[float]]:
    clean = torch.stack([unpacked(record["clean"]) for record in records])
    rest = [torch.stack([unpacked(r[norm][k]) for r in records]) for k in range(count)]
    values: list[Measured] = [mean_of(100 * hits) for hits in (clean, *rest)]
    return [float(v.value) for v in values], [float(v.error or 0) for v in values]
