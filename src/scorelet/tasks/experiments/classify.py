"""The task `classify`: a network learns the classes of labelled pictures by cross-entropy."""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.network import Network
from scorelet.data.labelled import LabelledImages, LabelledSamples, load_labelled
from scorelet.models import Classifier
from scorelet.networks import FixedFeatures
from scorelet.networks.parseval import tight_weights
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.feature_samples import FeatureSamples, on_features
from scorelet.tasks.experiments.networks import ModelConfig, check_channels, make_network
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.fitting import pixels_fitter
from scorelet.training import (
    Best,
    ConfigSection,
    Learner,
    LoopConfig,
    Validate,
    classification,
    classification_loss,
)
from scorelet.training.parseval import ParsevalConfig, parseval_steps

BATCH = 250
"""Pictures at a time in validation."""
Side = Annotated[int, Field(ge=1)]


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
    size: tuple[Side, Side] | None = Field(
        default=None, description="height and width to which pictures in folders are brought"
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


class ClassifyConfig(LoopConfig):
    """A classifier of pictures."""

    task: Literal["classify"] = "classify"
    model: ModelConfig
    data: LabelledConfig
    parseval: ParsevalConfig = ParsevalConfig()
    label_smoothing: float = Field(
        default=0.0, ge=0, lt=1, description="share of the target that all classes have alike"
    )


def build(config: ClassifyConfig) -> Experiment:
    """Make the experiment; `best` goes by the accuracy of the validation.

    Raises:
        InputError: data that are not there or have fewer than two classes, an unknown
            architecture, or one that does not classify these pictures.
    """
    network = make_network(config.model, seed=config.seed)
    train, held = _labelled(config.data)
    model = _classifier(network, train, config)
    objective = classification(config.label_smoothing)
    samples: LabelledSamples | FeatureSamples = LabelledSamples(
        train,
        length=config.steps * config.batch,
        seed=config.seed,
        padding=config.data.padding,
        flip=config.data.flip,
        area=config.data.area,
    )
    prepare = None
    if config.data.cache:
        samples = FeatureSamples(samples, _fixed(network, config))
        objective, prepare = on_features(config.label_smoothing), samples.prepare
    return Experiment(
        learner=Learner(model, objective),
        data=samples,
        prepare=prepare,
        export=export_model,
        validate=_validation(held) if held else None,
        best=Best("accuracy") if held else None,
        after_step=parseval_steps(config.parseval) if tight_weights(network) else None,
        notes=train.notes + _unseen(train),
    )


def _labelled(data: LabelledConfig) -> tuple[LabelledImages, LabelledImages | None]:
    """Return what is learnt from, and what is validated on."""

    fit = None if data.size is None else pixels_fitter(data.size, data.fit)
    train = load_labelled(
        data.source, channels=data.channels, fit=fit, originals=data.area is not None
    )
    held = None
    if data.hold_out:
        train, held = train.hold_out(data.hold_out)
    elif data.test:
        held = load_labelled(data.source, part="test", channels=data.channels, fit=fit)
        if held.classes != train.classes:
            raise InputError(
                f"The parts of {data.source} have other classes: {', '.join(train.classes[:10])} "
                f"to train, {', '.join(held.classes[:10])} to test."
            )
    train = train if data.limit is None else train.first(data.limit)
    return (train.readable() if data.cache else train), held and held.readable()


def _unseen(train: LabelledImages) -> tuple[str, ...]:
    """Say which classes have no picture to learn from, for want of one or by limit and hold_out."""
    counts = np.bincount(train.y, minlength=len(train.classes))
    missing = [name for name, count in zip(train.classes, counts, strict=True) if not count]
    if not missing:
        return ()
    named = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
    return (
        f"{len(missing)} of {len(train.classes)} classes have no picture to learn from: {named}.",
    )


def _classifier(network: nn.Module, images: LabelledImages, config: ClassifyConfig) -> Classifier:
    """Return the classifier, if the network fits the pictures."""
    name = config.model.architecture
    if not isinstance(network, Network) or network.classes is None:
        raise InputError(f"{name} returns images, not logits: choose an architecture of classes.")
    if network.classes != len(images.classes):
        raise InputError(
            f"{name} has {network.classes} logits and {config.data.source} {len(images.classes)} "
            "classes: change model.options."
        )
    what = f"those of {config.data.source}"
    check_channels(network, config.model, images.channels, what=what)
    _check_size(network, images, config)
    return Classifier(network, images.classes, size=images.size, fit=config.data.fit)


@torch.no_grad()
def _check_size(network: nn.Module, images: LabelledImages, config: ClassifyConfig) -> None:
    """Show the network a picture, which it may be too small or of the wrong size for."""
    blank = torch.zeros(1, images.channels, *images.size)
    try:
        network.eval()(blank)
    except (RuntimeError, InputError) as error:
        height, width = images.size
        raise InputError(
            f"{config.model.architecture} does not take the pictures of {config.data.source}, "
            f"which are {height}x{width}: change model.options, or data.size."
        ) from error
    finally:
        network.train()


def _fixed(network: nn.Module, config: ClassifyConfig) -> FixedFeatures:
    if not isinstance(network, FixedFeatures):
        raise InputError(
            f"{config.model.architecture} learns all of its features: set data.cache: false."
        )
    return network


def _validation(held: LabelledImages) -> Validate:
    labels = torch.from_numpy(held.y)

    def validate(_step: int, learner: nn.Module) -> dict[str, float]:
        model = model_of(learner, Classifier)
        device = next(model.parameters()).device
        logits = torch.cat(
            [
                model(held.images(start, start + BATCH).to(device)).float().cpu()
                for start in range(0, len(held), BATCH)
            ]
        )
        loss = classification_loss(logits, labels)
        accuracy = float(loss.terms["accuracy"])
        return {"accuracy": round(accuracy, 6), "nll": round(float(loss.value), 6)}

    return validate


register(ClassifyConfig, build)
