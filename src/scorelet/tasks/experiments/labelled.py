"""Labelled pictures of a run: where they come from, how they are varied, what is held out."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator
from torch import nn

from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, LabelledSamples, load_labelled
from scorelet.data.labelled.files import has_parts
from scorelet.data.locate import locate
from scorelet.tasks.experiments.networks import ModelConfig, check_channels
from scorelet.tasks.fitting import pixels_fitter
from scorelet.training import ConfigSection, LoopConfig

Side = Annotated[int, Field(ge=1)]


def _both_sides(value: object) -> object:
    """Take one number for both sides of a square."""
    return (value, value) if isinstance(value, int) else value


Size = Annotated[tuple[Side, Side], BeforeValidator(_both_sides)]


class LabelledConfig(ConfigSection):
    """Labelled pictures, and how they are varied."""

    source: str = Field(
        description="npz with x_train, y_train, or a folder of classes, under $SCORELET_DATA or a "
        "path"
    )
    limit: int | None = Field(default=None, ge=1, description="use only the first so many pictures")
    hold_out: int = Field(
        default=0,
        ge=0,
        description="the last so many training pictures (of folders: so many of all classes) are "
        "for validation",
    )
    test: bool = Field(
        default=False, description="validate on the part `test` of the source instead"
    )
    channels: Literal[1, 3] = Field(default=3, description="of pictures in folders")
    size: Size | None = Field(
        default=None,
        description="height and width to which pictures in folders are brought, one number for "
        "squares",
    )
    fit: Literal["crop", "stretch"] = Field(
        default="crop", description="how: the central part, or the whole picture stretched"
    )
    padding: int = Field(default=0, ge=0, description="random shifts by up to so many pixels")
    flip: bool = Field(default=False, description="mirror half of the pictures, left to right")
    area: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="show random parts of this share of the area at least (0.08 is usual for "
        "photographs), brought to the size of the pictures; of folders those of the pictures as "
        "they are, which are then read whenever they are shown",
    )
    cache: bool = Field(
        default=False,
        description="compute what a network has fixed (ScatteringHead: its coefficients) once for "
        "every picture, and mirrored if flip; takes memory, and no padding or area",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "LabelledConfig":
        if self.hold_out and self.test:
            raise ValueError("validate on a hold-out or on the part test, not on both")
        return self


def labelled_parts(data: LabelledConfig) -> tuple[LabelledImages, LabelledImages | None]:
    """Return what is learnt from, and what is validated on."""

    fit = None if data.size is None else pixels_fitter(data.size, data.fit)
    train = load_labelled(
        data.source, channels=data.channels, fit=fit, originals=data.area is not None
    )
    held = None
    if data.hold_out:
        train, held = train.hold_out(data.hold_out, field="data.hold_out")
    elif data.test:
        _check_parts(data.source)
        held = load_labelled(data.source, part="test", channels=data.channels, fit=fit)
        held = _numbered_alike(held, train, data.source)
    train = train if data.limit is None else train.first(data.limit)
    return (train.readable() if data.cache else train), held and held.readable()


def _check_parts(source: str) -> None:
    """Refuse a folder of classes as a part `test`: it is all that is learnt from."""
    if not has_parts(locate(source)):
        raise InputError(
            f"{source} is a folder of classes without a part test (data.test): give a folder that "
            "has the folders train and test, or hold pictures out by data.hold_out."
        )


def _numbered_alike(held: LabelledImages, train: LabelledImages, source: str) -> LabelledImages:
    """Return the part `test`, which may lack classes, with the classes that are learnt.

    Raises:
        InputError: it has others.
    """
    if not set(held.classes) <= set(train.classes):
        raise InputError(
            f"The parts of {source} have other classes: {', '.join(train.classes[:10])} to train, "
            f"{', '.join(held.classes[:10])} to test."
        )
    numbers = np.array([train.classes.index(name) for name in held.classes])
    return replace(held, y=numbers[held.y], classes=train.classes)


def labelled_samples(
    images: LabelledImages, config: LoopConfig, data: LabelledConfig
) -> LabelledSamples:
    """Return the samples of a run, each a function of (seed, index)."""
    return LabelledSamples(
        images,
        length=config.steps * config.batch,
        seed=config.seed,
        padding=data.padding,
        flip=data.flip,
        area=data.area,
    )


def in_folders(data: LabelledConfig) -> bool:
    """Tell whether the pictures are files, which `channels` and `size` change."""
    return locate(data.source).is_dir()


def check_taken(
    network: nn.Module, config: ModelConfig, images: LabelledImages, data: LabelledConfig
) -> None:
    """Refuse a network that does not take the channels of these pictures.

    Raises:
        InputError: it takes others.
    """
    what, fixed = f"those of {data.source}", not in_folders(data)
    check_channels(network, config, images.channels, what=what, fixed=fixed)


def check_classes(network: nn.Module, images: LabelledImages, architecture: str) -> None:
    """Refuse a network without a logit for each class.

    Raises:
        InputError: it has another number of logits, or none.
    """
    logits = getattr(network, "classes", None)
    if logits is None:
        raise InputError(
            f"{architecture} returns images, not logits: choose an architecture of classes."
        )
    if logits != len(images.classes):
        raise InputError(
            f"{architecture} has {logits} logits, and the pictures are of {len(images.classes)} "
            f"classes: set model.options.classes to {len(images.classes)}."
        )


def left_out(train: LabelledImages, held: LabelledImages | None) -> tuple[str, ...]:
    """Say what is left out of what is learnt from and validated on: what both say, once."""
    return tuple(dict.fromkeys(train.notes + (held.notes if held else ())))


def unseen_classes(train: LabelledImages) -> tuple[str, ...]:
    """Say which classes have no picture to learn from, for want of one or by limit and hold_out."""
    counts = np.bincount(train.y, minlength=len(train.classes))
    missing = [name for name, count in zip(train.classes, counts, strict=True) if not count]
    if not missing:
        return ()
    named = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
    return (
        f"{len(missing)} of {len(train.classes)} classes have no picture to learn from: {named}.",
    )
