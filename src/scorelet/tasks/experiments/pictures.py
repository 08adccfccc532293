"""The task `pictures`: a blind denoiser learns whole pictures as they are, each again and again.

Where the task `denoise` cuts and turns patches so that nothing is seen twice, here a network may
learn the pictures by heart: `scorelet audit` trains twins with it.
"""

from typing import Any, Literal

from pydantic import Field, field_validator

from scorelet.core.errors import InputError
from scorelet.data.fields.arrays import split_name
from scorelet.data.whole_pictures import NoisyPictures
from scorelet.models import QuadraticNoise, ResidualDenoiser
from scorelet.tasks.experiments.base import Experiment, export_model
from scorelet.tasks.experiments.followed_channels import with_channels
from scorelet.tasks.experiments.networks import (
    ModelConfig,
    check_channels,
    check_denoises,
    make_denoising_network,
)
from scorelet.tasks.experiments.registry import register
from scorelet.tasks.picture_arrays import load_picture_array
from scorelet.training import ConfigSection, Learner, LoopConfig, blind_denoising


class WholePicturesConfig(ConfigSection):
    """Pictures of one size; white noise of the level sigma u², u uniform on [0, 1), is added."""

    source: str = Field(description="folder, or array file, perhaps FILE:NAME")
    first: int | None = Field(default=None, ge=1, description="only the first so many")
    channels: Literal[1, 3] = Field(
        default=1,
        description="3 repeats gray, 1 takes luma of colour; if nothing is said, 3 where the "
        "network takes that, else 1",
    )
    side: int | None = Field(default=None, ge=2, description="of squares, in pixels")
    sigma: float = Field(default=255.0, gt=0, description="largest noise level, in 8-bit units")


class PicturesConfig(LoopConfig):
    """A blind denoiser of whole pictures."""

    task: Literal["pictures"] = "pictures"
    model: ModelConfig
    data: WholePicturesConfig
    sigma_weight: float = Field(
        default=1.0,
        ge=0,
        description="the loss of a picture is divided by (sigma + 2/255) to this power",
    )

    @field_validator("data")
    @classmethod
    def _in_colour(cls, data: WholePicturesConfig, info: Any) -> WholePicturesConfig:  # noqa: ANN401 - pydantic's
        """Let channels follow the network."""
        return with_channels(data, (info.data["model"], 3)) if "model" in info.data else data


def build(config: PicturesConfig) -> Experiment:
    """Make the experiment.

    Raises:
        InputError: data that are not there or too few, an unknown architecture, or one that does
            not denoise these pictures.
    """
    said: list[str] = []
    network = make_denoising_network(config.model, seed=config.seed, say=said.append)
    data = config.data
    check_channels(network, config.model, data.channels, what="the pictures")
    check_denoises(network, config.model)
    left_out: list[str] = []
    pictures = load_picture_array(
        data.source,
        channels=data.channels,
        side=data.side,
        say=left_out.append,
        field="data.side",
    )
    if data.first is not None and len(pictures) < data.first:
        raise InputError(
            f"{data.source} has {len(pictures)} pictures{' that can be read' if left_out else ''}: "
            f"data.first asks for {data.first}."
        )
    samples = NoisyPictures(
        pictures[: data.first],
        noise=QuadraticNoise(data.sigma / 255),
        length=config.steps * config.batch,
        seed=config.seed,
    )
    denoiser = ResidualDenoiser(network)
    denoiser.most = data.sigma / 255
    objective = blind_denoising(config.sigma_weight)
    return Experiment(
        Learner(denoiser, objective),
        samples,
        export_model,
        notes=(*said, *(f"{text}." for text in left_out)),
        sources=(split_name(data.source)[0],),
    )


register(PicturesConfig, build)
