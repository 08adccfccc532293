"""Classifiers are measured on labelled pictures: accuracy, confusion, likelihood, calibration."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from scorelet.analysis.classification import (
    accuracy,
    binomial_error,
    calibration_error,
    confusion,
    negative_log_likelihood,
    reliability,
)
from scorelet.analysis.robustness.setup import seeded
from scorelet.core.errors import InputError
from scorelet.core.progress import Progress, told
from scorelet.core.typing import Image, Labels, Logits
from scorelet.data.labelled import LabelledImages
from scorelet.data.labelled.files import has_parts
from scorelet.data.locate import locate
from scorelet.models import Classifier
from scorelet.tasks.classify_input import GRAY_WORDS, size_words
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.fitting import Changes, load_fitted
from scorelet.tasks.ready_classifier import (
    ReadyClassifier,
    check_answers,
    ready_classifier,
    told_of_drawing,
)

BATCH = 250
"""Pictures at a time."""
TWICE = 8
"""Pictures that are shown twice, to see whether the model draws something itself."""
_NO_TEST = (
    "The data have no part test, so that all pictures are measured: if the model was trained on "
    "them, give --hold-out N, with the number that the training held out."
)


@measure.register(Classifier)
def measure_classifier(
    classifier: Classifier, data: str | Path, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return dtype, accuracy and its binomial error, likelihood (nats), calibration, confusion.

    Args:
        classifier: on any device.
        data: as in `scorelet.data.labelled.load_labelled`: its part `test`, or with `hold_out` the
            last training pictures. Classes are matched by their names; those of an npz file
            without names by their numbers, unless the model has classes of these names.
        settings: how.

    Returns:
        pictures, dtype (of the network's products), accuracy, accuracy_error,
        negative_log_likelihood, calibration_error; ``reliability``, of each interval of confidence
        low, high, pictures, confidence and accuracy; ``rows`` with the accuracy of each class;
        ``confusion``, whose row i counts for what the pictures of class i were taken; ``classes``,
        and warnings.

    Raises:
        InputError: options for other models, data without labels, or with classes that the model
            does not know.
        ArrayFileError: an npz file that cannot be used.
    """
    refuse_options(settings, ("sigmas", "channels", "label", "cond", "self_ensemble"))
    return measured_on(labelled_images(classifier, data, settings), classifier, settings)


def measured_on(
    images: LabelledImages, classifier: Classifier, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return the document of `measure_classifier` on pictures that were read."""
    labels = numbered(images, classifier.classes)
    ready = ready_classifier(classifier, device=settings.device, dtype=settings.dtype)
    logits = logits_of(ready, images, settings.progress)
    share = accuracy(logits, labels)
    return {
        "pictures": len(images),
        "dtype": ready.dtype_name,
        "accuracy": share,
        "accuracy_error": binomial_error(share, len(images)),
        "negative_log_likelihood": negative_log_likelihood(logits, labels),
        "calibration_error": calibration_error(logits, labels),
        "reliability": [asdict(found) for found in reliability(logits, labels)],
        "rows": _rows(logits, labels, classifier.classes),
        "classes": list(classifier.classes),
        "confusion": confusion(logits, labels).tolist(),
        "warnings": [note.removesuffix(".") for note in images.notes] + _drawing(ready, images),
    }


def logits_of(
    ready: ReadyClassifier, images: LabelledImages, progress: Progress | None = None
) -> Logits:
    """Return the logits of all pictures, on the CPU; a model that draws something does so anew.

    Raises:
        InputError: another channel count than the model takes, or logits that cannot be used.
    """
    with seeded(0, device=ready.device):
        parts = [_logits(ready, images, n, n + BATCH) for n in told(batches(images), progress)]
    logits = torch.cat(parts)
    check_answers(logits)
    return logits


def batches(images: LabelledImages) -> range:
    """Return where the batches of `logits_of` start."""
    return range(0, len(images), BATCH)


def _logits(ready: ReadyClassifier, images: LabelledImages, start: int, stop: int) -> Logits:
    """Return those of some pictures, on the CPU."""
    return ready.logits(shown(images, start, stop, ready.classifier)).cpu()


def shown(images: LabelledImages, start: int, stop: int, classifier: Classifier) -> Image:
    """Return some pictures in the size that a classifier takes; gray ones repeated for colours."""
    x = images.images(start, stop)
    grow = _grows(images, classifier)
    return classifier.fitted(x.expand(-1, 3, -1, -1) if grow else x)


def _grows(images: LabelledImages, classifier: Classifier) -> bool:
    return images.channels == 1 and 1 not in (classifier.channels or (1,))


def _drawing(ready: ReadyClassifier, images: LabelledImages) -> list[str]:
    with seeded(0, device=ready.device):
        one, other = (_logits(ready, images, 0, TWICE) for _ in range(2))
    return told_of_drawing(one, (other - one).abs())


def numbered(images: LabelledImages, classes: tuple[str, ...]) -> Labels:
    """Return the labels as numbers of the model's classes.

    Raises:
        InputError: a class of the data that the model does not know.
    """
    labels = torch.from_numpy(images.y)
    if set(images.classes) <= set(classes):  # names that are numbers, too: 10 sorts before 2
        return torch.tensor([classes.index(name) for name in images.classes])[labels]
    unnamed = images.classes == tuple(str(number) for number in range(len(images.classes)))
    if unnamed and len(images.classes) <= len(classes):
        return labels
    raise InputError(
        f"The data have the classes {_listed(images.classes)}, and the model knows "
        f"{_listed(classes)}: use data with its classes."
    )


def labelled_images(
    classifier: Classifier, data: str | Path, settings: EvaluateSettings
) -> LabelledImages:
    """Return the pictures that a classifier is measured on, in the size that it takes."""
    part, changes = "train" if settings.hold_out else "test", Changes(classifier)
    images = load_fitted(data, classifier, part=part, seen=changes)
    if settings.hold_out:
        _, images = images.hold_out(settings.hold_out)
    elif not has_parts(locate(data)):
        images = replace(images, notes=(*images.notes, _NO_TEST))
    images = (images if settings.limit is None else images.first(settings.limit)).readable()
    return replace(images, notes=(*images.notes, *changes.notes(), *_brought(images, classifier)))


def _brought(images: LabelledImages, classifier: Classifier) -> list[str]:
    """Return sentences on what `shown` does to pictures, which those of folders have behind them.

    They are those of `classify`.
    """
    notes = []
    if classifier.size not in (None, images.size):
        notes.append(f"Each picture {size_words(images.size, classifier)}.")
    if _grows(images, classifier):
        notes.append(f"Each picture {GRAY_WORDS}.")
    return notes


def refuse_options(settings: EvaluateSettings, names: tuple[str, ...]) -> None:
    """Raise InputError if one of the options of denoisers was given."""
    for name in names:
        if getattr(settings, name) not in (None, False):
            word = "sigma" if name == "sigmas" else name.replace("_", "-")
            raise InputError(
                f"{word} is for denoisers, and the model is a classifier: leave it out."
            )


def _rows(logits: Logits, labels: Labels, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(classes):
        own = labels == number
        count = int(own.sum())
        share = accuracy(logits[own], labels[own]) if count else None
        error = None if share is None else binomial_error(share, count)
        rows.append({"class": name, "pictures": count, "accuracy": share, "accuracy_error": error})
    return rows


def _listed(classes: tuple[str, ...]) -> str:
    return ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
