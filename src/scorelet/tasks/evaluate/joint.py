"""Joint laws of images and classes are measured level by level: labels, denoising with and without.

Denoisers over all classes and of the true class in dB (peak 1); see `analysis.joint_levels`.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from scorelet.analysis.denoising import standard_error
from scorelet.analysis.image_quality import decibels
from scorelet.analysis.joint_levels import joint_errors
from scorelet.core.copying import copied
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.progress import teller
from scorelet.core.random import Noise
from scorelet.core.typing import Image, Labels
from scorelet.data.labelled import LabelledImages
from scorelet.data.labelled.folders import is_flat_folder
from scorelet.data.locate import locate
from scorelet.data.pictures.kinds import is_picture_name
from scorelet.models import Classifier, NetworkJointEnergy
from scorelet.tasks.evaluate.classifiers import (
    batches,
    labelled_images,
    measured_on,
    numbered,
    refuse_options,
    shown,
)
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure

SIGMAS = (0.05 * 255, 0.1 * 255, 0.2 * 255, 0.5 * 255)
"""Usual noise levels, in 8-bit units."""
BATCH = 100
Piece = tuple[Image, Image, Labels]
"""Clean and noisy pictures, and labels."""


@measure.register(NetworkJointEnergy)
def measure_joint(
    joint: NetworkJointEnergy, data: str | Path, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return what `measure_classifier` does of clean pictures, with ``rows`` by noise level.

    Pictures without classes, a file or a folder, are denoised, and so are all pictures by a model
    that has learnt no labels: see `measure_denoiser`.

    Rows: sigma (8-bit units), accuracy and nll (nats); of a model that denoises, above level 0 also
    psnr of D_u, psnr_class of D_c, apart, the mean of Σ_c p(c | y) |D_c - D_u|², and worth, the
    error that the class takes away, over apart, with its standard error: 1 of an exact law. Noise
    of a picture is a function of its number. Rows are of float32, whatever the dtype of the other
    figures.

    Raises:
        InputError: as `measure_classifier`.
    """
    if not joint.classifies or _is_unlabelled(locate(data)):
        return measure(joint.denoiser(), data, settings)
    classifier = joint.classifier()
    if settings.label is not None:
        raise InputError(
            "Each picture of a labelled set has a class of its own, by which it is measured: "
            "leave the label out."
        )
    refuse_options(settings, ("channels", "cond", "self_ensemble"))
    images = labelled_images(classifier, data, settings)
    levels = SIGMAS if settings.sigmas is None else settings.sigmas
    count = len(batches(images)) + len(levels) * len(range(0, len(images), BATCH))
    tell = teller(settings.progress, count)
    found = measured_on(images, classifier, replace(settings, progress=lambda *_: tell()))
    device = choose_device(settings.device)
    model = copied(joint).eval().to(device)
    labels = numbered(images, joint.classes)
    at_level = partial(_noisy, images, labels.to(device), classifier, tell)
    rows = [{"sigma": s, **_at_level(model, at_level(s / 255), s / 255)} for s in levels]
    strong = [f"{s:g}" for s in levels if s / 255 > joint.most]
    if strong:
        noisy = joint.most > joint.least
        what = f"levels of {255 * joint.most:.1f} at most" if noisy else "clean pictures only"
        found["warnings"].append(
            f"noise of {', '.join(strong)} is stronger than any that the model learnt: it learnt "
            + what
        )
    return found | {"by_class": found["rows"], "rows": rows, "rows_dtype": "float32"}


def _is_unlabelled(path: Path) -> bool:
    """Whether it is a picture, or a folder of pictures without classes."""
    return is_flat_folder(path) or is_picture_name(path)


def _at_level(
    model: NetworkJointEnergy, noisy: Iterable[Piece], sigma: float
) -> Mapping[str, float | None]:
    if not model.denoises or not sigma:
        return _labels_at_level(model, noisy, sigma)
    pieces = []
    for x, y, label in noisy:
        found = joint_errors(model, x, y, sigma, label)
        parts = (found.right, found.nll, found.marginal, found.conditional, found.apart)
        pieces.append(torch.stack([part.detach().double().cpu() for part in parts]))
    each = torch.cat(pieces, 1)
    accuracy, nll, all_, own, apart = each.mean(1).tolist()
    worth = (all_ - own) / apart if apart else math.nan
    off = (each[2] - each[3] - worth * each[4]) / apart if apart else each[4]
    return {
        "accuracy": accuracy,
        "nll": nll,
        "psnr": decibels(all_),
        "psnr_class": decibels(own),
        "apart": apart,
        "worth": worth,
        "worth_error": standard_error(off.tolist()) if apart else None,
    }


@torch.no_grad()
def _labels_at_level(
    model: NetworkJointEnergy, noisy: Iterable[Piece], sigma: float
) -> dict[str, float]:
    count, hits, nll = 0, 0, 0.0
    for _, y, label in noisy:
        logits = model.class_logits(y, sigma or None)  # clean ones at the level of labels
        count += len(label)
        hits += int((logits.argmax(1) == label).sum())
        nll += float(F.cross_entropy(logits.double(), label, reduction="sum"))
    return {"accuracy": hits / count, "nll": nll / count}


def _noisy(
    images: LabelledImages,
    labels: Labels,
    classifier: Classifier,
    tell: Callable[[], None],
    sigma: float,
) -> Iterator[Piece]:
    """Yield clean and noisy pictures and their labels; the noise depends on their numbers.

    The clean ones are those of which the other figures are.
    """
    for start in range(0, len(images), BATCH):
        x = shown(images, start, start + BATCH, classifier).to(labels.device)
        y = x + sigma * Noise(0, range(start, start + len(x))).normal(x)
        yield x, y, labels[start : start + BATCH]
        tell()
