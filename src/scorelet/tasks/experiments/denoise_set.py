"""The task `denoise-set`: a blind denoiser learns from whole small pictures of a labelled set.

It sees what the tasks `classify` and `joint` see, varied in the same way, so that denoisers and
joint laws of one budget can be compared. For photographs there is the task `denoise`.
"""

from typing import Literal

from pydantic import Field
from torch import nn

from scorelet.analysis.image_quality import decibels
from scorelet.core.random import Noise
from scorelet.data.labelled import LabelledImages
from scorelet.data.locate import locate
from scorelet.models import ResidualDenoiser
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.labelled import (
    LabelledConfig,
    check_taken,
    labelled_parts,
    labelled_samples,
    left_out,
)
from scorelet.tasks.experiments.networks import (
    ModelConfig,
    check_denoises,
    make_denoising_network,
)
from scorelet.tasks.experiments.noise_levels import NoiseConfig
from scorelet.tasks.experiments.registry import register
from scorelet.training import Best, Learner, LoopConfig, Validate, clean_denoising

SIGMAS = (0.05, 0.1, 0.2)
"""Noise levels of validation."""
DENOISED = 1000
"""Pictures that validation denoises."""
_BATCH = 250


class DenoiseSetConfig(LoopConfig):
    """A blind denoiser of the pictures of a labelled set."""

    task: Literal["denoise-set"] = "denoise-set"
    model: ModelConfig
    data: LabelledConfig
    noise: NoiseConfig = NoiseConfig(clean=0.0)
    sigma_weight: float = Field(
        default=2.0,
        ge=0,
        description="the loss of a picture is divided by (sigma + 2/255) to this power",
    )


def build(config: DenoiseSetConfig) -> Experiment:
    """Make the experiment; `best` goes by the mean PSNR of the validation.

    Raises:
        InputError: data that are not there, an unknown architecture, or one that does not denoise
            these pictures.
    """
    said: list[str] = []
    network = make_denoising_network(config.model, seed=config.seed, say=said.append)
    check_denoises(network, config.model)
    train, held = labelled_parts(config.data)
    check_taken(network, config.model, train, config.data)
    denoiser = ResidualDenoiser(network)
    denoiser.most = config.noise.most
    objective = clean_denoising(config.noise.make_law(), config.noise.clean, config.sigma_weight)
    return Experiment(
        learner=Learner(denoiser, objective),
        data=labelled_samples(train, config, config.data),
        export=export_model,
        validate=_validation(held) if held else None,
        best=Best("psnr") if held else None,
        notes=(*said, *left_out(train, held)),
        sources=(locate(config.data.source),),
    )


def _validation(held: LabelledImages) -> Validate:
    def validate(_step: int, learner: nn.Module) -> dict[str, float]:
        model = model_of(learner, ResidualDenoiser)
        device = next(model.parameters()).device
        found = {}
        for sigma in SIGMAS:
            errors = []
            for start in range(0, min(len(held), DENOISED), _BATCH):
                x = held.images(start, start + _BATCH).to(device)
                y = x + sigma * Noise(0, range(start, start + len(x))).normal(x)
                errors += (model(y, sigma) - x).square().mean((1, 2, 3)).tolist()
            found[f"psnr_{sigma}"] = round(decibels(sum(errors) / len(errors)), 4)
        return {"psnr": round(sum(found.values()) / len(found), 4), **found}

    return validate


register(DenoiseSetConfig, build)
