"""The networks that verbs look into, and the pictures that they are shown."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from scorelet.analysis.robustness.pictures import check_unit
from scorelet.core.arrays import plain_array
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.network import has_network, unwrapped
from scorelet.core.paths import as_path
from scorelet.core.progress import Say
from scorelet.data.fields.array_files import array_suffix
from scorelet.data.fields.arrays import split_name
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.data.labelled.mixing import mixed_order
from scorelet.models import Classifier
from scorelet.tasks.architectures import (
    IMAGENET,
    LIBRARIES,
    build_network,
    read_state,
    standardised,
)
from scorelet.tasks.fitting import load_fitted, pixels_fitter
from scorelet.tasks.picture_arrays import images_of, load_picture_array
from scorelet.zoo import load
from scorelet.zoo.kind import KINDS

Model = str | Path | nn.Module
TORCH = (".pt", ".pth", ".bin", ".tar", ".ckpt")
"""Suffixes of files that torch.save has written."""
Part = Literal["train", "test"]


@dataclass(frozen=True)
class Opened:
    """A network and where it comes from.

    Attributes:
        network: in evaluation mode, on its device.
        title: for reports.
        model: what was loaded: a classifier, or the network itself.
        notes: what of a file was left out, sentences without a full stop.
    """

    network: nn.Module
    title: str
    model: Any
    notes: tuple[str, ...] = ()


def open_network(model: Model, arch: str | None, *, device: str = "auto") -> Opened:
    """Return the network of a checkpoint, of a file of weights, or a module itself.

    Args:
        model: path, built-in name or Hub id; with `arch` a file of weights; or a module.
        arch: what builds the network, see `scorelet.tasks.architectures`.
        device: auto, cpu, cuda or mps.

    Raises:
        InputError: a model that has no network, or an architecture that is not known.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    notes: list[str] = []
    if isinstance(model, str | Path):
        title = str(model)
        found = _own(model) if arch is None else _foreign(model, arch, notes.append)
    else:
        found = unwrapped(model)
        title = type(found).__name__
    network = found.network if _is_model(found) and has_network(found) else found
    if not isinstance(network, nn.Module):
        raise InputError(f"{title} is a {type(found).__name__}, which has no network.")
    if names := [name for name, p in network.named_parameters() if is_lazy(p)]:
        raise InputError(
            f"The size of {names[0]} of {title} is not known before the first call: call the "
            "network once, or load its weights."
        )
    if names := [name for name, p in network.named_parameters() if p.is_meta]:
        raise InputError(
            f"{names[0]} of {title} has no numbers, on the device meta: load the weights first."
        )
    if isinstance(network, torch.jit.ScriptModule):
        raise InputError(
            f"{title} is compiled by torch.jit, which lets nobody look into its layers: give the "
            "network as it was before torch.jit.script or trace."
        )
    network = unwrapped(network)
    return Opened(network.to(choose_device(device)), title, found, tuple(notes))


def _is_model(found: object) -> bool:
    """Whether it is a model of ours, and not a module of others with a part called `network`."""
    ours = type(found).__module__.startswith("scorelet.")
    return ours or any(type(found) is kind.model_type for kind in KINDS.values())


def _own(model: str | Path) -> Any:  # noqa: ANN401 - as load
    if Path(model).suffix.lower() in TORCH:
        if not Path(model).exists():
            raise InputError(f"There is no file {model}.")
        raise InputError(
            f"{model} is a file of torch's weights, which does not say its architecture: name that "
            "by --arch torchvision:NAME, timm:NAME or FILE.py:FUNCTION."
        )
    return load(model)


def _foreign(model: str | Path, arch: str, say: Say) -> nn.Module:
    path = as_path(model, name="model")
    net = build_network(arch, read_state(path, say=say), path=path, say=say)
    if arch.partition(":")[0] in LIBRARIES:
        known = getattr(net, "default_cfg", {})  # timm says it itself
        mean, deviation = (known.get(k, v) for k, v in zip(("mean", "std"), IMAGENET, strict=True))
        standardised(net, tuple(mean), tuple(deviation))
    return net


@dataclass(frozen=True)
class PictureChoice:
    """Which pictures networks are shown.

    Args:
        part: of the data, train or test.
        size: pictures of folders are brought to (height, width); None: to the size that a
            classifier says it takes, else they stay as they are.
        limit: only so many pictures, of all classes: sets that are sorted by class are mixed, and
            networks are compared and drawn by pictures in memory, or without labels, in a random
            order.
    """

    part: Part = "train"
    size: tuple[int, int] | None = None
    limit: int | None = 2000

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.part not in ("train", "test"):
            raise InputError(f"part is {self.part!r}: it must be train or test.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit is {self.limit}: at least one picture must be shown.")
        if self.size is not None and min(self.size) < 1:
            raise InputError(f"size is {self.size}: both sides must be at least 1 pixel.")


Data = str | Path | LabelledImages
Unlabelled = Data | Tensor | np.ndarray
"""Where labels are not used: pictures in memory, too."""


def said_of(data: object, part: Part) -> dict[str, str | None]:
    """Return what documents say of data: their name, and the part; None where there are none."""
    if not isinstance(data, str | Path):
        return {"data": "in memory", "part": None}
    return {"data": str(data), "part": None if _is_stack(data) else part}


def _is_stack(data: str | Path) -> bool:
    """Whether it is a file with one array of pictures, without labels."""
    return array_suffix(split_name(data)[0]) not in (None, ".npz")


def open_unlabelled(
    data: Unlabelled, model: object, shown: PictureChoice, *, labels: bool = False
) -> tuple[LabelledImages | Tensor, list[str]]:
    """Return the pictures that are shown, and sentences without a full stop on what was left out.

    Args:
        data: floats (n, channel, height, width) with values in [0, 1], or with as many axes of
            space as the first convolution has; a file with an array of pictures, as
            `load_picture_array` takes it; or as `open_pictures`.
        model, shown, labels: as `open_pictures`; the size is that of pictures in folders.

    Raises:
        InputError: other shapes, dtypes or values, or as `open_pictures`.
    """
    if isinstance(data, Tensor | np.ndarray):
        array = plain_array(data, what="data")
        x = torch.from_numpy(array.astype(np.float64) if array.dtype == np.longdouble else array)
        check_unit(x, space=_space(model))
        return x[_random_order(len(x))[: shown.limit]], []
    if isinstance(data, str | Path) and not labels and _is_stack(data):
        pictures = load_picture_array(data, channels=_channels(model))
        return images_of(pictures[_random_order(len(pictures))[: shown.limit]]), []
    named = not isinstance(data, LabelledImages)
    images = _read(data, model, shown, labels=labels) if named else data
    if not named or len(np.unique(images.y)) < 2:  # those of classes are mixed
        order = _random_order(len(images))
        images = replace(images, x=images.x[order], y=images.y[order])
    images = open_pictures(images, model, shown)
    return images, [note.rstrip(".") for note in images.notes]


def _random_order(count: int) -> np.ndarray:
    """The same one wherever a set is read."""
    return mixed_order(np.zeros(count, np.int64))


def open_pictures(
    data: Data, model: object, shown: PictureChoice, *, labels: bool = True
) -> LabelledImages:
    """Return the pictures that are shown.

    Args:
        data: npz with x_train, y_train, x_test, y_test, a folder of classes, or the name of one
            under ``$SCORELET_DATA``; or a labelled set.
        model: a classifier says itself which size it takes, models and networks of scorelet how
            many channels; others whose first convolution has one are shown gray pictures.
        shown: which of them.
        labels: False: they are not used, and a folder of pictures will do.

    Raises:
        InputError, ArrayFileError: as `scorelet.data.labelled.load_labelled`.
    """
    if isinstance(data, LabelledImages):
        images = data.mixed()
    else:
        images = _read(data, model, shown, labels=labels)
    return (images if shown.limit is None else images.first(shown.limit)).readable()


def _read(data: str | Path, model: object, shown: PictureChoice, *, labels: bool) -> LabelledImages:
    if shown.size is None and isinstance(model, Classifier):
        return load_fitted(data, model, part=shown.part, labels=labels)
    fit = None if shown.size is None else pixels_fitter(shown.size, "crop")
    return load_labelled(data, part=shown.part, channels=_channels(model), fit=fit, labels=labels)


def _space(model: object) -> int:
    """Return how many axes of space the first convolution has; 2 without one."""
    parts = model.modules() if isinstance(model, nn.Module) else ()
    kinds = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3}
    known = (axes for part in parts for kind, axes in kinds.items() if isinstance(part, kind))
    return next(known, 2)


def _channels(model: object) -> Literal[1, 3]:
    """1 where a model says that it takes gray pictures alone, or its first layer does; or 3."""
    known = None
    if _is_model(model):
        known = getattr(model, "accepts", None) or getattr(model, "channels", None)
    if known is None and isinstance(model, nn.Module):
        first = next((part for part in model.modules() if isinstance(part, nn.Conv2d)), None)
        known = first and (first.in_channels,)
    return 1 if known == (1,) else 3
