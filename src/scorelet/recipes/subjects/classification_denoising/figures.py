"""The sections of the report: tables, curves, and what an attack looks like to a denoiser."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from scorelet.analysis.jacobian import jacobian_basis
from scorelet.analysis.robustness import AttackSetup, explain
from scorelet.data.labelled import LabelledImages
from scorelet.models import NetworkJointEnergy
from scorelet.plots import curves_figure, png
from scorelet.plots.attack_explained import attack_figure
from scorelet.plots.eigenvectors import vectors_figure
from scorelet.plots.report import Picture, Section, Table, Text
from scorelet.recipes.hits import accuracy
from scorelet.recipes.report import figure
from scorelet.recipes.subjects.classification_denoising import findings
from scorelet.recipes.subjects.classification_denoising.measures import DENSITY_LEVEL, STRONG, noisy
from scorelet.recipes.subjects.classification_denoising.networks import (
    ALONE,
    BF_CNN,
    DENOISER,
    JOINT,
    LINEAR,
)
from scorelet.recipes.subjects.classification_denoising.settings import SIGMAS
from scorelet.tasks.explain_attack import attack_panels

LEVELS = (0.0, *SIGMAS)
_VECTORS = 12


def labels_section(found: Mapping[str, findings.Records]) -> Section:
    """Accuracy by noise level, with likelihood and calibration."""
    rows, curves = label_rows(found), {}
    for name in found:
        values = [accuracy(findings.hits_at(found[name], k)) for k in range(len(LEVELS))]
        curves[name] = ([v.value for v in values], [v.error or 0 for v in values])
    head = ["network", "noise level", "accuracy (%)", "standard error"]
    head += ["-log p (nats)", "calibration error"]
    cells = [tuple(cell(value) for value in row.values()) for row in rows]
    return Section(
        "Labels by noise level",
        [
            Picture(
                png(curves_figure(LEVELS, curves, labels=("noise level", "accuracy (%)"))),
                "Accuracy of the networks by noise level.",
            ),
            Table(head, cells),
            Text(
                "The network that saw no noise is told the least level, and sees its pictures as "
                "those of the true one; the others are told that. ResNet-18 has as many channels "
                "(blocks, stem and norms of the usual one), saw the same clean pictures, and is "
                "told nothing.",
                "note",
            ),
        ],
    )


def label_rows(found: Mapping[str, findings.Records]) -> list[dict[str, Any]]:
    """Return a row for each network and level: accuracy in percent, nats, calibration error."""
    rows = []
    for name in found:
        for k, sigma in enumerate(LEVELS):
            hits = accuracy(findings.hits_at(found[name], k))
            rows.append(
                {
                    "network": name,
                    "sigma": sigma,
                    "accuracy": round(hits.value, 2),
                    "accuracy_error": None if hits.error is None else round(hits.error, 2),
                    "nll": round(_mean(found[name], "nll", k), 4),
                    "calibration": round(_mean(found[name], "calibration", k), 4),
                }
            )
    return rows


def denoising_section(found: Mapping[str, findings.Records]) -> Section:
    """PSNR by noise level, told the class or not, beside networks that only denoise."""
    rows = denoising_rows(found)
    cells = [tuple(cell(value) for value in row.values()) for row in rows]
    return Section(
        "Denoising by noise level",
        [
            Table(
                ["noise level", "joint (dB)", "told the class (dB)", "same, no labels (dB)",
                 "U-Net (dB)", "BF-CNN (dB)", "linear (dB)", "worth of the class", "classes apart"],
                cells,
            ),
            Text(
                "Without labels: the same network, trained by the denoising error alone on the "
                "noisy half of the same batches. The U-Net and BF-CNN saw noise on all of them, in "
                "as many steps. Linear is the best filter of all pixels and colours.",
                "note",
            ),
            Text(
                "The last two columns are mean squares per number, times a million; by the law of "
                "total variance they agree if the network's classes are right.",
                "note",
            ),
        ],
    )  # fmt: skip


def denoising_rows(found: Mapping[str, findings.Records]) -> list[dict[str, float]]:
    """Return a row for each level."""
    errors, own = findings.denoisers(found), findings.denoisers(found, "conditional")[JOINT]
    apart = findings.denoisers(found, "apart")[JOINT]
    return [
        {
            "sigma": sigma,
            "joint": _decibels(errors[JOINT][k]),
            "told": _decibels(own[k]),
            "alone": _decibels(errors[ALONE][k]),
            "direct": _decibels(errors[DENOISER][k]),
            "bf_cnn": _decibels(errors[BF_CNN][k]),
            "linear": _decibels(errors[LINEAR][k]),
            "worth": round(1e6 * float((errors[JOINT][k] - own[k]).mean()), 3),
            "apart": round(1e6 * float(apart[k].mean()), 3),
        }
        for k, sigma in enumerate(SIGMAS)
    ]


def explained_section(joint: NetworkJointEnergy, images: LabelledImages, eps: float) -> Section:
    """What an attack looks like to a denoiser, and what the denoiser keeps there."""
    sigma, level = STRONG, joint.clean_level
    labels, x, y = noisy(images.first(100), sigma)[0]
    with torch.no_grad():
        k = first_right(joint(x).argmax(1) == labels)
    picture, label, y = x[k : k + 1], labels[k : k + 1], y[k : k + 1]
    attack = explain(joint, picture, label, sigma=level, eps=eps, setup=AttackSetup("l2"))
    numbers = (attack.labels, attack.rival, attack.taken, attack.found)
    names = (joint.classes[int(number[0])] for number in numbers)
    basis = jacobian_basis(joint.denoiser(), y, _VECTORS, sigma, probes=4)
    vectors = basis.vectors.reshape(_VECTORS, *y.shape[1:]).permute(0, 2, 3, 1)
    return Section(
        "What an attack looks like to a denoiser",
        [
            Text(
                "The gradient of log p(c | y) is the difference of two denoisers: that of class c "
                "and that of any class."
            ),
            Picture(png(attack_figure(attack_panels(attack, *names))), "An attack, explained."),
            Text(f"Leading eigenvectors of the Jacobian of the denoiser at noise level {sigma:g}:"),
            Picture(
                png(vectors_figure(basis.values.tolist(), vectors.numpy())),
                "Eigenvectors of the denoiser's Jacobian as pictures.",
            ),
        ],
    )


def first_right(right: torch.Tensor) -> int:
    """Return the number of the first picture that is labelled right; 0 if none is."""
    return int(right.int().argmax())


def density_section(sigmas: Sequence[float], found: Sequence[float]) -> Section:
    """The density of pictures under growing noise."""
    curve = curves_figure(
        sigmas,
        {f"at level {DENSITY_LEVEL:g}": (list(found), [0.0] * len(found))},
        labels=("noise that was added", "log p per number, less that of clean pictures (nats)"),
    )
    return Section(
        "The density of pictures with more and more noise",
        [
            Picture(png(curve), "Mean log-density by the noise that was added."),
            Text("Densities are comparable at one level of the model only.", "note"),
        ],
    )


def _decibels(errors: torch.Tensor) -> float:
    return round(-10 * float(errors.mean().log10()), 3)


def _mean(records: findings.Records, key: str, number: int) -> float:
    return sum(record[key][number] for record in records) / len(records)


def cell(value: Any) -> str:  # noqa: ANN401 - a text or a number
    """Return a cell of a table."""
    return value if isinstance(value, str) else figure(value)
