"""What was found, as a document for JSON: tables with errors, and warnings."""

import math
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.classification import (
    binomial_error,
    calibration_error,
    negative_log_likelihood,
    reliability,
)
from scorelet.analysis.robustness import ABSTAINED, beaten, stays_high
from scorelet.analysis.robustness.masking import SHARE
from scorelet.analysis.temperature import scaling
from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.tasks.ready_classifier import told_of_drawing
from scorelet.tasks.robust.chunks import OTHERS, UNKNOWN, USUAL
from scorelet.tasks.robust.outliers import outlier_table
from scorelet.tasks.robust.parts import Tensors
from scorelet.tasks.robust.words import radius_text
from scorelet.tasks.robust.work import Work

ALL = "all"
CLEAN = "none"
RADII = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Of certificates, in units of the noise level; shown are those that the votes can reach."""


def tables(work: Work, found: dict[str, Tensors]) -> dict[str, Any]:
    """Return accuracy, its error, rows by attack and radius, what else was asked for, warnings."""
    logits, labels = found["clean"]["logits"], work.shown.labels
    right = logits.argmax(1) == labels
    document: dict[str, Any] = {
        **_share(right),
        "rows": [{"attack": CLEAN, "eps": 0.0, **_share(right)}, *_rows(work, found, right)],
    }
    if nearest := [name for name, kind in work.attacks.items() if kind.nearest]:
        document["distances"] = {n: _distances(found[n]["distance"], right) for n in nearest}
    if "without" in found["clean"]:
        document["without_gradient"] = float(found["clean"]["without"].double().mean())
    if work.settings.calibration:
        document["calibration"] = {
            "negative_log_likelihood": negative_log_likelihood(logits, labels),
            "calibration_error": calibration_error(logits, labels),
            "confidence": float(logits.double().softmax(1).amax(1).mean()),
            "reliability": [asdict(found) for found in reliability(logits, labels)],
            **_scaled(logits, labels),
        }
    if work.settings.smoothing is not None:
        document["smoothing"] = _smoothing(work, found["smoothed"], labels)
    if work.others is not None:
        sigma = work.settings.outlier_sigma
        document["outliers"] = outlier_table(found[USUAL], found[OTHERS], sigma)
    document["warnings"] = [*work.shown.notes, *_warnings(work, found, right)]
    return document


def _distances(distance: Tensor, right: Tensor) -> dict[str, Any]:
    """Return the median of the n pictures that are right, its error, and each; None where unbroken.

    A standard error of the median's rank is √n / 2: that of the median is half of what lies between
    the order statistics which are so far from the middle.
    """
    own = distance[right].sort().values
    each = [_finite(one) for one in distance.where(right, 0).tolist()]
    if not (n := len(own)):
        return {"median": None, "median_error": None, "pictures": each}
    low, high = (own[round(min(max((n - 1 + k * n**0.5) / 2, 0), n - 1))] for k in (-1, 1))
    return {
        "median": _finite(float(own[(n - 1) // 2] + own[n // 2]) / 2),
        "median_error": _finite(float(high - low) / 2),
        "pictures": each,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _scaled(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """Return what a temperature changes, or None and a sentence without a full stop."""
    try:
        return {"scaling": asdict(scaling(logits, labels))}
    except InputError as error:
        return {"scaling": None, "no_scaling": str(error).removesuffix(".")}


def _share(hits: Tensor) -> dict[str, float]:
    share = float(hits.double().mean())
    return {"accuracy": share, "accuracy_error": binomial_error(share, len(hits))}


def levels(work: Work, found: dict[str, Tensors]) -> dict[str, Tensor]:
    """Return at which radius each picture breaks, for each attack, and for all if several."""
    each = {name: found[name]["level"] for name in work.attacks}
    if len(each) > 1:
        each[ALL] = torch.stack(list(each.values())).amin(0)
    return each


def _rows(work: Work, found: dict[str, Tensors], right: Tensor) -> list[dict[str, Any]]:
    return [
        {"attack": name, "eps": eps, **_share(right & (level > place))}
        for name, level in levels(work, found).items()
        for place, eps in enumerate(work.settings.radii)
    ]


def _smoothing(work: Work, votes: Tensors, labels: Tensor) -> dict[str, Any]:
    setup = work.settings.votes()
    hits = votes["label"] == labels
    radii = [times * setup.sigma for times in RADII if times * setup.sigma <= setup.farthest]
    return {
        "sigma": setup.sigma,
        "draws": setup.draws,
        "alpha": setup.alpha,
        "farthest": setup.farthest,
        "abstained": float((votes["label"] == ABSTAINED).double().mean()),
        "rows": [
            {"radius": radius, **_share(hits & (votes["radius"] >= radius))} for radius in radii
        ],
    }


def _warnings(work: Work, found: dict[str, Tensors], right: Tensor) -> list[str]:
    return [
        *told_of_drawing(found["clean"]["logits"], found["clean"]["apart"]),
        *_unlabelled(work, found),
        *_gradients(work, found),
        *_blind_wins(work, found, right),
        *_too_high(found),
    ]


def _unlabelled(work: Work, found: dict[str, Tensors]) -> list[str]:
    counts = [(name, int((found[name]["label"] == UNKNOWN).sum())) for name in work.attacks]
    return [
        f"the logits of {counted(count, 'picture')} attacked by {name} are NaN or infinite: "
        "counted as broken"
        for name, count in counts
        if count
    ]


def _gradients(work: Work, found: dict[str, Tensors]) -> list[str]:
    without = found["clean"].get("without")
    if without is None or float(without.double().mean()) <= SHARE:
        return []
    advice = "" if any(kind.blind for kind in work.attacks.values()) else "; add the attack square"
    return [
        f"the gradient is zero or not finite at {int(without.sum())} of {len(without)} pictures: "
        f"attacks that follow it may fail although pictures can be broken{advice}"
    ]


def _blind_wins(work: Work, found: dict[str, Tensors], right: Tensor) -> list[str]:
    kinds = work.attacks.items()
    guided = [found[name]["level"] for name, kind in kinds if kind.guided and not kind.blind]
    if not guided:
        return []
    best, count = torch.stack(guided).amin(0), len(work.settings.radii)
    warnings = []
    for name, kind in kinds:
        if kind.guided:
            continue
        blind = found[name]["level"]
        places = [k for k in range(count) if beaten(right & (blind <= k), right & (best <= k))]
        if places:
            norm = work.settings.norm
            radii = ", ".join(radius_text(work.settings.radii[k], norm) for k in places)
            warnings.append(
                f"{name}, which does not follow the model's gradient, breaks more pictures than "
                f"those that do, at eps {radii}: gradients are masked, or more steps are needed"
            )
    return warnings


def _too_high(found: dict[str, Tensors]) -> list[str]:
    probe = found.get("widest")
    if (
        probe is None
        or not len(probe["labels"])
        or not stays_high(probe["labels"], probe["broken"])
    ):
        return []
    left = int((~probe["broken"]).sum())
    return [
        f"{left} of {len(probe['labels'])} pictures withstand an attack whose ball holds a gray "
        "picture around each of them, which no classifier can: gradients are masked, and robust "
        "accuracy is too high"
    ]
