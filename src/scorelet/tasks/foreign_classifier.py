"""Networks of others as classifiers: their classes are those of the pictures that they see."""

from pathlib import Path

import torch
from torch import Tensor

from scorelet.core.errors import InputError, one_line
from scorelet.core.progress import Say
from scorelet.core.words import counted
from scorelet.models import Classifier
from scorelet.models.classifier import refuse_single
from scorelet.tasks.networks import Data, Opened, Part, PictureChoice, open_network, open_pictures

SIZE_ALONE = "size is for networks that arch builds, and others say theirs: leave it out."


def foreign_classifier(
    model: object,
    arch: str,
    data: object,
    *,
    part: Part,
    size: tuple[int, int] | None = None,
    say: Say = lambda _text: None,
) -> Classifier:
    """Return a network whose classes are those of labelled pictures, in their order.

    Args:
        model: a file of weights.
        arch: what builds the network, see `scorelet.tasks.architectures`.
        data, part: the pictures, as `open_pictures`; one of them is shown to the network.
        size: (height, width) to which pictures of folders are brought; None: they have one size.
        say: told what of the file is left out, in a sentence without a full stop.

    Raises:
        InputError: an architecture or data that cannot be used, or a network with another number
            of logits than the data have classes.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    if not isinstance(model, str | Path):
        raise InputError(
            f"arch builds the network of a file of weights, and the model is a "
            f"{type(model).__name__}: leave arch out."
        )
    if not isinstance(data, Data):
        raise InputError(
            "A file of weights does not name its classes, and tensors do not: give a folder of "
            "classes or an npz file, or the network as a module."
        )
    opened = open_network(model, arch, device="cpu")
    for note in opened.notes:
        say(note)
    images = open_pictures(data, opened.network, PictureChoice(part, size, limit=1))
    logits = _shown(opened, images.images(0, 1))
    count = len(images.classes)
    if not isinstance(logits, torch.Tensor) or logits.shape[:-1] != (1,):
        raise InputError(
            f"{opened.title} gives {_said(logits)} for a picture, and one row of logits is "
            "expected: let arch build a network that returns these alone."
        )
    refuse_single(logits)
    if logits.shape[1] != count:
        raise InputError(
            f"{opened.title} gives {logits.shape[1]} logits for a picture, and the data have "
            f"{count} classes: show data that name all of its classes in its order, folders whose "
            "names sort so, or an npz file with the array classes."
        )
    return Classifier(opened.network, images.classes, size=size, channels=(images.channels,))


def _shown(opened: Opened, x: Tensor) -> object:
    try:
        with torch.no_grad():
            return opened.network(x)
    except Exception as error:  # networks of others fail in all kinds of ways
        channels, height, width = x.shape[1:]
        raise InputError(
            f"{opened.title} fails on a picture of {counted(channels, 'channel')} and {height}x"
            f"{width} pixels ({one_line(error)}): bring pictures of folders to its size by size, "
            "or show others."
        ) from error


def _said(answer: object) -> str:
    if not isinstance(answer, torch.Tensor):
        return f"a {type(answer).__name__}"
    return f"numbers of the shape {tuple(answer.shape)}"
