"""The verb weights resample: a new network drawn from the law of a trained one's weights."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment import registered_layers
from scorelet.analysis.labelled_batches import labelled_batches
from scorelet.analysis.layer_spectrum import layer_spectrum
from scorelet.analysis.weight_resampling import DrawnNetwork, Law, draw_network, refit
from scorelet.core.brief import Brief
from scorelet.core.checkpoint import save_tensors
from scorelet.core.errors import InputError, ScoreletError, one_line
from scorelet.core.files import check_regular
from scorelet.core.options import check_fields, checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress
from scorelet.core.words import counted, listed, too_few
from scorelet.data.labelled import LabelledImages
from scorelet.data.locate import locate
from scorelet.models import Classifier
from scorelet.tasks.array_files import check_output
from scorelet.tasks.evaluate.classifiers import numbered
from scorelet.tasks.networks import (
    Model,
    Opened,
    PictureChoice,
    Unlabelled,
    open_network,
    open_pictures,
    open_unlabelled,
    said_of,
)
from scorelet.tasks.weights.noise import other_bulks, zeros
from scorelet.zoo import save

SUFFIXES = (".safetensors",)
NO_LOGITS = "the network does not answer with logits, (pictures, classes): there is no accuracy"


@dataclass(frozen=True)
class ResampleSettings:
    """How a network is drawn.

    Args:
        arch: see `open_network`.
        law: empirical, shrunk or white, see `scorelet.analysis.weight_resampling.laws`.
        rank: keep so many eigenvalues of each layer; None: all.
        refit: fit the last layer to the labels of the pictures.
        seed: of the weights.
        device: auto, cpu, cuda or mps.
    """

    arch: str | None = None
    law: str = "empirical"
    rank: int | None = None
    refit: bool = False
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check_fields(self)
        Law(self.law, self.rank)
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}: it must not be negative.")


@dataclass(frozen=True, repr=False)
class Resampled(Brief):
    """A network that was drawn.

    Attributes:
        document: for JSON: model, data, pictures, law, rank, seed, penalty of the refit (None
            without), accuracy (None without a test part): trained, drawn, refitted; warnings and
            ``layers``: name, neurons, similarity, samples, needed, directions.
        model: what was given, with the new network in it.
        drawn: what it was made from.
    """

    document: dict[str, Any]
    model: Any
    drawn: DrawnNetwork

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a checkpoint of the same kind as the reference's, or the weights of a module.

        Raises:
            InputError: another suffix, or a file that exists already.
            CheckpointError: it cannot be written.
        """
        target = as_path(path)
        source = Path(self.document["model"])
        check_output(target, overwrite=overwrite, suffixes=SUFFIXES, source=source)
        check_regular(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(self.model, Classifier):
            save(self.model, target)
        else:
            save_tensors(target, self.drawn.network.state_dict(), {})


@checked
def resample(  # noqa: PLR0913 - as many as the shell has options
    model: Model,
    *,
    data: Unlabelled,
    arch: str | None = None,
    size: tuple[int, int] | None = None,
    limit: int | None = 2000,
    law: str = "empirical",
    rank: int | None = None,
    refit: bool = False,
    seed: int = 0,
    device: str = "auto",
) -> Resampled:
    """Draw a new network, without training, from the law of a trained one's weights.

    Weights of each layer but the last are independent Gaussian rows with the covariance that the
    trained network has there, in coordinates that are aligned with it on the training pictures.

    Args:
        model: path, built-in name or Hub id; with `arch` a file of weights; or a module.
        data: npz with x_train, y_train, x_test, y_test, a folder of classes (without refit of
            pictures, too), or the name of one under ``$SCORELET_DATA``; or pictures in memory: a
            `scorelet.LabelledImages` or, without refit, a tensor or array of floats (n, channel,
            height, width) with values in [0, 1], signals (n, channel, length) and volumes too. The
            training part is shown; accuracies are those of the test part, where there is one.
        arch, law, rank, refit, seed, device: see `ResampleSettings`.
        size, limit: of pictures that are shown, and as many for the accuracy; see `PictureChoice`.

    Raises:
        InputError: a network with parts that cannot be drawn, data and options that cannot be used.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    settings = ResampleSettings(arch, law, rank, refit, seed, device)
    return resampling(model, data, settings, PictureChoice("train", size, limit))


def resampling(
    model: Model,
    data: Unlabelled,
    settings: ResampleSettings,
    shown: PictureChoice,
    *,
    progress: Progress | None = None,
) -> Resampled:
    """Do what `resample` says; `progress` is called with (layers done, layers)."""
    opened = open_network(model, settings.arch, device=settings.device)
    images, notes = open_unlabelled(data, opened.model, shown, labels=settings.refit)
    if settings.refit and isinstance(images, Tensor):
        raise InputError(
            "refit needs labels, and the data are pictures alone: give a "
            "scorelet.LabelledImages, or leave refit out."
        )
    if settings.refit and isinstance(images, LabelledImages):
        images = _numbered(images, opened.model)
    test, untested = _test_part(data, opened, shown)
    law = Law(settings.law, settings.rank)
    drawn = draw_network(opened.network, images, seed=settings.seed, law=law, progress=progress)
    trained = _accuracy(opened.network, test)
    accuracy = {"trained": trained, "drawn": _accuracy(drawn.network, test)}
    penalty = None
    if settings.refit:
        if not isinstance(drawn.last, nn.Linear):
            raise InputError("The last layer is no linear layer: nothing can be fitted anew.")
        penalty = refit(drawn.network, drawn.last, images)
        accuracy["refitted"] = _accuracy(drawn.network, test)
    document = {
        "model": opened.title,
        "data": said_of(data, shown.part)["data"],
        "pictures": len(images),
        **{name: getattr(settings, name) for name in ("law", "rank", "seed")},
        "penalty": penalty,
        "accuracy": None if trained is None else accuracy,
        "layers": [vars(layer) for layer in drawn.layers],
        "warnings": [
            *opened.notes,
            *notes,
            *untested,
            *([NO_LOGITS] if test is not None and trained is None else []),
            *_few(drawn, len(images)),
            *drawn.warnings,
            *_other_noise(opened.network, drawn, settings.law),
        ],
    }
    return Resampled(document, _with_network(opened.model, drawn.network), drawn)


def _test_part(
    data: Unlabelled, opened: Opened, shown: PictureChoice
) -> tuple[LabelledImages | None, list[str]]:
    """Return the test part of a named set, or None and why it cannot be used.

    A set in memory, or a folder that is not divided, has none, of which nothing is said. Labels are
    numbers of the model's classes, if it knows any.
    """
    if not isinstance(data, str | Path) or not _has_test(locate(data)):
        return None, []
    try:
        test = open_pictures(data, opened.model, PictureChoice("test", shown.size, shown.limit))
        test = _numbered(test, opened.model)
    except (ScoreletError, OSError) as error:
        return None, [f"no accuracy is told: {one_line(error).rstrip('.')}"]
    return test, []


def _numbered(images: LabelledImages, model: object) -> LabelledImages:
    """Give labels as numbers of the model's classes, if it knows any; refuse others."""
    if not isinstance(model, Classifier):
        return images
    return replace(images, y=numbered(images, model.classes).numpy(), classes=model.classes)


def _has_test(path: Path) -> bool:
    return (path / "test").is_dir() or path.is_file()


@torch.no_grad()
def _accuracy(net: nn.Module, images: LabelledImages | None) -> float | None:
    if images is None:
        return None
    place = next((t for t in net.parameters()), torch.zeros(()))
    hits = 0
    _, batches = labelled_batches(images)
    for x, y in batches():
        logits = net(x.to(place))
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            return None
        hits += int((logits.argmax(1).cpu() == y).sum())
    return hits / len(images)


def _with_network(model: object, network: nn.Module) -> object:
    if not isinstance(model, Classifier):
        return network
    return Classifier(
        network, model.classes, size=model.size, fit=model.fit, channels=model.channels
    ).eval()


def _few(drawn: DrawnNetwork, pictures: int) -> list[str]:
    few = [layer for layer in drawn.layers if layer.samples < layer.needed]
    if not few:
        return []
    worst = max(few, key=lambda layer: layer.needed / layer.samples)
    need = -(-pictures * worst.needed // worst.samples)
    return [
        f"{too_few(pictures, 'picture')} to align {listed([layer.name for layer in few])}: "
        f"{worst.name} has {counted(worst.samples, 'sample')} and needs {worst.needed}; "
        f"give {counted(need, 'picture')}"
    ]


def _other_noise(network: nn.Module, drawn: DrawnNetwork, law: str) -> list[str]:
    """The law shrunk takes the initial variance for that of the noise."""
    if law != "shrunk":
        return []
    names = {layer.name for layer in drawn.layers if layer.neurons}
    layers = [layer for layer in registered_layers(network) if layer.name in names]
    spectra = [layer_spectrum(layer, "init") for layer in layers]
    empty, shown = zeros(spectra), other_bulks(spectra)
    said = []
    if empty:
        said.append(
            f"all weights of {listed(empty)} are 0, and the law shrunk draws those of an "
            "initialisation there: take the law empirical"
        )
    if shown:
        said.append(
            f"the bulk of {shown} has not the variance of an initialisation, which is 1 and which "
            "the law shrunk draws: take the law empirical for networks that were initialised "
            "otherwise, or trained with weight decay"
        )
    return said
