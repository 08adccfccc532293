"""Networks and pictures as attacks take them: frozen, in evaluation; tensors in [0, 1]."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.analysis.robustness import check_pictures
from scorelet.core.copying import copied
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.typing import Logits
from scorelet.data.labelled import LabelledImages
from scorelet.data.labelled.files import has_parts
from scorelet.data.labelled.mixing import is_grouped, mixed_order
from scorelet.data.locate import locate
from scorelet.models import Classifier, JointEnergy
from scorelet.tasks.evaluate.classifiers import numbered
from scorelet.tasks.fitting import Changes, load_fitted
from scorelet.tasks.robust.guarded import check_built, guarded
from scorelet.tasks.robust.settings import RobustSettings
from scorelet.zoo import load_as, viewed

Model = str | Path | nn.Module
Data = str | Path | LabelledImages | Sequence[Tensor]
_NO_TEST = (
    "the data have no part test, so that pictures of all of them are attacked: if the model was "
    "trained on them, others are less robust"
)


@dataclass(frozen=True)
class Shown:
    """Pictures to be attacked.

    Attributes:
        x: (n, channel, height, width) in [0, 1], on the CPU.
        labels: (n,), numbers of the model's classes.
        notes: sentences without a full stop on how they were read.
    """

    x: Tensor
    labels: Tensor
    notes: tuple[str, ...] = ()


def attacked_network(model: Model, device: str) -> nn.Module:
    """Return a copy of a classifier, frozen, in evaluation, guarded, on its device.

    Args:
        model: path, built-in name or Hub id of a classifier or a joint law; or a module that maps
            pictures to logits.
        device: auto, cpu, cuda or mps.

    Raises:
        InputError: a model that has no logits, or cannot be copied.
    """
    if isinstance(model, str | Path):
        model = load_as(Classifier, model, verb="robust")
    model = viewed(Classifier, model)
    check_built(model)
    network = copied(model).to(choose_device(device))
    network = network if joint_law(network) else guarded(network)
    return network.eval().requires_grad_(False)


def joint_law(network: nn.Module) -> JointEnergy | None:
    """Return the joint law that a network is a view of, if it is one."""
    inner = network.network if isinstance(network, Classifier) else network
    return inner if isinstance(inner, JointEnergy) else None


def voter(network: nn.Module, sigma: float) -> Callable[[Tensor], Logits]:
    """Return logits of noisy pictures: a joint law is told their noise level."""
    joint = joint_law(network)
    return network if joint is None else lambda y: joint.class_logits(y, sigma)


def shown_pictures(data: Data, network: nn.Module, settings: RobustSettings) -> Shown:
    """Return the first pictures of a set, as the network takes them.

    Those of a set that is sorted by class are of all classes.

    Raises:
        InputError: data that cannot be used, or with classes that the model does not know.
        ArrayFileError: an npz file that cannot be used.
    """
    if not isinstance(data, str | Path | LabelledImages):
        return Shown(*_pair(data, settings.limit))
    images = _labelled(data, network, settings)
    known = network.classes if isinstance(network, Classifier) else None
    labels = torch.from_numpy(images.y) if known is None else numbered(images, known)
    notes = [note.removesuffix(".") for note in images.notes]
    if isinstance(data, str | Path) and settings.part == "test" and not has_parts(locate(data)):
        notes.append(_NO_TEST)
    return Shown(_channels(images.images(0, len(images)), network), labels, tuple(notes))


def other_pictures(
    data: Data, network: nn.Module, settings: RobustSettings
) -> tuple[Tensor, tuple[str, ...]]:
    """Return as many pictures of a set as are shown, whatever their classes; or of a folder.

    Those of files are brought to the size that a classifier takes; with sentences without a full
    stop on how they were read.
    """
    if not isinstance(data, str | Path | LabelledImages):
        x, _ = _pair(data, settings.limit)
        return _channels(x, network), ()
    images = _labelled(data, network, settings, labels=False)
    x, notes = images.images(0, len(images)), [note.removesuffix(".") for note in images.notes]
    if isinstance(network, Classifier) and network.size not in (None, images.size):
        notes.append(f"all are {_sides(images.size)}, and brought to {_sides(network.size)}")
        x = network.fitted(x)
    return _channels(x, network), tuple(f"of the outliers {note}" for note in notes)


def _pair(data: Sequence[Tensor], limit: int) -> tuple[Tensor, Tensor]:
    """Return at most so many pictures, without a graph, and labels, on the CPU."""
    if len(data) != 2:
        raise InputError(f"data has the length {len(data)}: expected two, pictures and labels.")
    x, labels = data[0].detach(), data[1]
    check_pictures(x, labels)
    known, some = labels.cpu().long().numpy(), np.arange(min(limit, len(x)))
    if len(x) > limit and is_grouped(known):
        some = np.sort(mixed_order(known - known.min())[:limit])
    places = torch.from_numpy(some).to(x.device)
    return x[places].cpu(), labels[places.to(labels.device)].cpu().long()


def _labelled(
    data: str | Path | LabelledImages,
    network: nn.Module,
    settings: RobustSettings,
    *,
    labels: bool = True,
) -> LabelledImages:
    if isinstance(data, str | Path):
        if not isinstance(network, Classifier):
            raise InputError(
                "A network without names of classes takes pictures and labels as tensors: give "
                "these, or a classifier of scorelet."
            )
        changes = Changes(network)
        images = load_fitted(data, network, part=settings.part, labels=labels, seen=changes)
        images = images.mixed().first(settings.limit).readable()
        return replace(images, notes=(*images.notes, *changes.notes()))
    return data.mixed().first(settings.limit).readable()


def _sides(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _channels(x: Tensor, network: nn.Module) -> Tensor:
    """Repeat gray pictures for a classifier of colours."""
    takes = network.channels if isinstance(network, Classifier) else None
    grow = takes is not None and x.shape[1] == 1 and 1 not in takes
    return x.expand(-1, 3, -1, -1).contiguous() if grow else x
