"""The task `classify`: a network learns the classes of labelled pictures by cross-entropy."""

from typing import Literal

import torch
from pydantic import Field
from torch import nn

from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages, LabelledSamples
from scorelet.data.locate import locate
from scorelet.models import Classifier
from scorelet.networks import FixedFeatures
from scorelet.networks.parseval import tight_weights
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.feature_samples import FeatureSamples, on_features
from scorelet.tasks.experiments.labelled import (
    LabelledConfig,
    check_classes,
    check_taken,
    in_folders,
    labelled_parts,
    labelled_samples,
    left_out,
    unseen_classes,
)
from scorelet.tasks.experiments.networks import ModelConfig, make_network
from scorelet.tasks.experiments.registry import register
from scorelet.training import (
    Best,
    Learner,
    LoopConfig,
    Validate,
    classification,
    classification_loss,
)
from scorelet.training.parseval import ParsevalConfig, parseval_steps

BATCH = 250
"""Pictures at a time in validation."""


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
    said: list[str] = []
    network = make_network(config.model, seed=config.seed, say=said.append)
    train, held = labelled_parts(config.data)
    model = _classifier(network, train, config)
    objective = classification(config.label_smoothing)
    samples: LabelledSamples | FeatureSamples = labelled_samples(train, config, config.data)
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
        notes=(*said, *left_out(train, held), *unseen_classes(train)),
        sources=(locate(config.data.source),),
    )


def _classifier(network: nn.Module, images: LabelledImages, config: ClassifyConfig) -> Classifier:
    """Return the classifier, if the network fits the pictures."""
    check_classes(network, images, config.model.architecture)
    check_taken(network, config.model, images, config.data)
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
        why = f" {error}" if isinstance(error, InputError) else ""
        change = "model.options, or data.size" if in_folders(config.data) else "model.options"
        raise InputError(
            f"{config.model.architecture} does not take the pictures of {config.data.source}, "
            f"which are {height}x{width}: change {change}.{why}"
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
