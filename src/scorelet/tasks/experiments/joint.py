"""The task `joint`: one network learns to label and to denoise pictures of any noise level."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from scorelet.analysis.image_quality import decibels
from scorelet.core.errors import InputError
from scorelet.core.network import Checkpointing, EnergyWeights
from scorelet.core.random import Noise
from scorelet.core.typing import Image
from scorelet.data.labelled import LabelledImages
from scorelet.data.locate import locate
from scorelet.models import NetworkJointEnergy
from scorelet.models.joint_heads import HEADS, HeadName
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.labelled import (
    LabelledConfig,
    check_classes,
    check_taken,
    labelled_parts,
    labelled_samples,
    left_out,
    unseen_classes,
)
from scorelet.tasks.experiments.networks import ModelConfig, make_network
from scorelet.tasks.experiments.noise_levels import NoiseConfig
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.experiments.twice import check_twice
from scorelet.training import Best, Learner, LoopConfig, Validate
from scorelet.training.joint import DenoiseTarget, JointObjective

BATCH = 250
"""Pictures at a time in validation."""
DENOISED = 1000
"""Pictures that validation denoises."""
LEVEL = 0.1
"""Noise level of validation."""
_PSNR = f"psnr_{LEVEL}"


class JointConfig(LoopConfig):
    """A joint law of pictures and classes."""

    task: Literal["joint"] = "joint"
    model: ModelConfig
    data: LabelledConfig
    noise: NoiseConfig = NoiseConfig()
    head: HeadName = Field(
        default="reference", description="how logits are made of the network's heads"
    )
    lambda_ce: float = Field(
        default=1.0,
        ge=0,
        description="weight of the cross-entropy; 0: denoising alone is learnt, and no label",
    )
    lambda_dsm: float = Field(
        default=0.5,
        ge=0,
        description="weight of the denoising error beside the cross-entropy; 0: labels alone are "
        "learnt, and no denoising",
    )
    sigma_weight_power: float = Field(
        default=-2.0, description="the squared error has the weight sigma to this power"
    )
    denoise_target: DenoiseTarget = Field(
        default="marginal",
        description="which denoisers learn: over all classes, of one, both",
    )
    lambda_posterior: float = Field(
        default=0.0,
        ge=0,
        description="weight of the score of p(class | image), which learns from what it takes "
        "away of the denoising error",
    )
    posterior_share: float = Field(
        default=0.25, gt=0, lt=1, description="of the noisy pictures learn that score"
    )
    label_level: float | None = Field(
        default=None, gt=0, description="noise level at which it labels clean pictures"
    )
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    activation_checkpointing: bool = Field(
        default=False,
        description="compute the maps of blocks again in backward passes in the place of keeping "
        "them: about half of the memory, 1.7 times the time; of GradResNet",
    )

    @property
    def denoises(self) -> bool:
        """Whether the score of noisy pictures is learnt."""
        return self.lambda_dsm > 0 and self.noise.clean < 1

    @property
    def classifies(self) -> bool:
        """Whether labels are learnt."""
        return self.lambda_ce > 0

    @model_validator(mode="after")
    def _learns(self) -> "JointConfig":
        if self.classifies:
            return self
        if not self.denoises:
            raise ValueError(
                "nothing is learnt: weight 0 of the cross-entropy leaves out labels, and weight 0 "
                "of the denoising error, or noise.clean: 1, denoising; give one of both a weight"
            )
        told = (
            ("lambda_posterior: 0", self.lambda_posterior > 0),
            ("denoise_target: marginal", self.denoise_target != "marginal"),
            ("label_level: null", self.label_level is not None),
            ("label_smoothing: 0", self.label_smoothing > 0),
        )
        if wanted := [words for words, given in told if given]:
            raise ValueError(
                "weight 0 of the cross-entropy leaves labels unlearnt, which other settings use: "
                f"set {', '.join(wanted)}"
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> "JointConfig":
        if self.lambda_posterior and not self.denoises:
            raise ValueError(
                "the weight of p(class | image) needs the score of noisy pictures, which "
                "weight 0 of the denoising error and noise.clean: 1 leave unlearnt"
            )
        low, high = self.noise.sigma
        if self.label_level is not None and self.noise.clean == 1:
            raise ValueError(
                "the level of labels is one that the network has learnt, and with noise.clean: "
                "1 it learns none: leave it out"
            )
        if self.label_level is not None and not low <= self.label_level <= high:
            raise ValueError(
                "the level of labels must be one of the noise levels that are learnt, "
                f"{low:g} to {high:g}"
            )
        return self


def build(config: JointConfig) -> Experiment:
    """Make the experiment; `best` goes by the mean accuracy on clean and on noisy pictures.

    Where no labels are learnt, it goes by the PSNR of noisy ones.

    Raises:
        InputError: as the task `classify`; a network without an energy, or without checkpointing
            where that is asked for, or, where it denoises, one that cannot be differentiated twice.
    """
    said: list[str] = []
    network = make_network(config.model, seed=config.seed, say=said.append)
    train, held = labelled_parts(config.data)
    model = _model(network, train, config)
    objective = JointObjective(
        config.noise.make_law(),
        config.noise.clean,
        config.lambda_dsm if config.denoises else 0.0,
        config.sigma_weight_power,
        config.denoise_target,
        config.label_smoothing,
        config.lambda_posterior,
        config.posterior_share,
        config.lambda_ce,
    )
    if config.activation_checkpointing:
        _checkpoint(network, config.model.architecture)
    unused = objective.weight == 0 or not HEADS[config.head].uses_energy
    if unused and isinstance(network, EnergyWeights):
        for weight in network.energy_weights():
            weight.requires_grad_(False)
    if objective.weight:
        said += check_twice(model, train.size, train.channels)
    return Experiment(
        learner=Learner(model, objective),
        data=labelled_samples(train, config, config.data),
        export=export_model,
        validate=_validation(held) if held else None,
        best=Best("score" if config.classifies else _PSNR) if held else None,
        notes=(*said, *left_out(train, held), *unseen_classes(train)),
        sources=(locate(config.data.source),),
    )


def _checkpoint(network: nn.Module, name: str) -> None:
    if not isinstance(network, Checkpointing):
        raise InputError(
            f"Activation checkpointing is asked for, and {name} cannot compute its maps again: "
            "leave it out, and take accumulate: 4 for a quarter of the memory."
        )
    network.checkpointing = True


def _model(network: nn.Module, images: LabelledImages, config: JointConfig) -> NetworkJointEnergy:
    """Return the model, with the mean and the variance of the pictures."""
    check_classes(network, images, config.model.architecture)
    check_taken(network, config.model, images, config.data)
    mean, variance = _moments(images)
    fit = HEADS[config.head].fit
    pixels = None if fit is None else fit(lambda: _pieces(images), torch.tensor(mean))
    return NetworkJointEnergy(
        network,
        images.classes,
        head=config.head,
        mean=mean,
        variance=variance,
        pixels=pixels,
        least=config.noise.sigma[0],
        most=config.noise.most,
        label_level=config.label_level,
        size=images.size,
        fit=config.data.fit,
        denoises=config.denoises,
        classifies=config.classifies,
    )


def _moments(images: LabelledImages) -> tuple[list[float], float]:
    """Return the mean of each channel and the variance of pixels around it."""
    sums = np.zeros((2, images.channels))
    for x in _pieces(images):
        sums += [x.mean((2, 3)).sum(0).numpy(), x.square().mean((2, 3)).sum(0).numpy()]
    mean, square = sums / len(images)
    return mean.tolist(), float((square - mean**2).mean())


def _pieces(images: LabelledImages) -> Iterator[Image]:
    for start in range(0, len(images), BATCH):
        yield images.images(start, start + BATCH).double()


def _validation(held: LabelledImages) -> Validate:
    labels = torch.from_numpy(held.y)

    def validate(_step: int, learner: nn.Module) -> dict[str, float]:
        model = model_of(learner, NetworkJointEnergy)
        device = next(model.parameters()).device
        hits = {0.0: 0, LEVEL: 0}
        errors = []
        for start in range(0, len(held), BATCH):
            x = held.images(start, start + BATCH).to(device)
            z = Noise(0, range(start, start + len(x))).normal(x)
            for sigma in hits if model.classifies else ():
                level = sigma or model.clean_level
                said = model.class_logits(x + sigma * z, level).argmax(1).cpu()
                hits[sigma] += int((said == labels[start : start + len(x)]).sum())
            if model.denoises and start < DENOISED:
                clean = model.denoise(x + LEVEL * z, LEVEL)
                errors += (clean - x).square().mean((1, 2, 3)).tolist()
        found = {}
        if model.classifies:
            clean, noisy = (count / len(held) for count in hits.values())
            found |= {
                "score": round((clean + noisy) / 2, 6),
                "accuracy": round(clean, 6),
                f"accuracy_{LEVEL}": round(noisy, 6),
            }
        if errors:
            found[_PSNR] = round(decibels(sum(errors) / len(errors)), 4)
        return found

    return validate


register(JointConfig, build)
