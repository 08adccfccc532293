"""What a run of the task `denoise` is made of."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from scorelet.tasks.experiments.followed_channels import with_channels
from scorelet.tasks.experiments.networks import ModelConfig
from scorelet.training import ConfigSection, LoopConfig, Names, one_or_more

SIGMA = (0.0, 75.0)
"""The usual range of noise levels, in 8-bit units."""


class SourceConfig(ConfigSection):
    """Where patches come from: a folder of pictures, or pages that are drawn."""

    folder: str | None = Field(default=None, description="under $SCORELET_DATA or a path")
    drawn: bool = Field(default=False, description="pages of text, lines, charts and shapes")
    share: float = Field(default=1.0, gt=0, description="of the patches, relative to the others")
    halved: bool = Field(
        default=False, description="means of 2x2 pixels: colour as fine as brightness"
    )
    grainless: float = Field(
        default=0.0,
        ge=0,
        le=50,
        description="white noise of this level, in 8-bit units, is added to the pictures and taken "
        "out again by the model `photo`, and with it their own grain: 0 leaves them as they are",
    )
    mixed: float = Field(
        default=0.0, ge=0, le=1, description="share of the patches whose channels are mixed"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "SourceConfig":
        if (self.folder is None) != self.drawn:
            raise ValueError("a source is either a folder or drawn: true")
        if self.drawn and (self.halved or self.mixed or self.grainless):
            raise ValueError(
                "halved, mixed and grainless belong to a folder, pages are drawn as they are"
            )
        return self


class LevelConfig(ConfigSection):
    """A share of the patches with noise levels uniform between two bounds."""

    share: float = Field(default=1.0, gt=0, description="of the patches, relative to the others")
    sigma: tuple[float, float] = Field(description="least and largest level, in 8-bit units")

    @model_validator(mode="after")
    def _consistent(self) -> "LevelConfig":
        _check_levels(self.sigma)
        return self


class PatchesConfig(ConfigSection):
    """Pictures, cut into patches; white noise is added without clipping, or a camera takes them."""

    train: list[SourceConfig] = Field(
        min_length=1, description="sources of patches; the name of a folder is one with share 1"
    )
    exclude: Names = Field(default=[], description="file names to leave out, as set/name.png")
    validation: Names = Field(default=[], description="folders, evaluated as they are")
    channels: Literal[1, 3] = Field(
        default=1,
        description="3 repeats gray pictures, 1 takes luma of colour; if nothing is said, 3 where "
        "the network takes that, else 1",
    )
    gray: float = Field(
        default=0.0, ge=0, le=1, description="share of colour patches that are made gray"
    )
    camera: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of the patches that a simulated camera takes: noise of a sensor, "
        "developed and stored as JPEG; the others get white noise",
    )
    patch: int = Field(
        default=96,
        ge=8,
        description="side of a square patch in pixels; smaller pictures are mirrored up to it",
    )
    sigma: tuple[float, float] = Field(
        default=SIGMA, description="least and largest noise level, in 8-bit units"
    )
    law: Literal["uniform", "quadratic", "log-uniform"] = Field(
        default="uniform",
        description="of the noise level: `quadratic` is the largest times the square of a uniform "
        "number, `log-uniform` has every octave as often",
    )
    levels: list[LevelConfig] = Field(
        default=[], description="several ranges of levels with shares, in the place of sigma, law"
    )

    @field_validator("train", mode="before")
    @classmethod
    def _name_folders(cls, sources: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        sources = one_or_more(sources)
        if not isinstance(sources, list):
            return sources
        return [{"folder": s} if isinstance(s, str) else s for s in sources]

    @model_validator(mode="after")
    def _consistent(self) -> "PatchesConfig":
        low, _ = self.sigma
        _check_levels(self.sigma)
        if (self.law == "quadratic" and low > 0) or (self.law == "log-uniform" and low == 0):
            raise ValueError("the law quadratic starts at noise level 0, log-uniform above it")
        if self.levels and (self.sigma != SIGMA or self.law != "uniform"):
            raise ValueError("levels take the place of sigma and law: leave these out")
        return self


class DrownConfig(ConfigSection):
    """What the network learns in the place of clean pictures: what a denoiser of white noise makes
    of the patch after more white noise drowns its own. The network is told the level of that.
    """

    teacher: str = Field(default="photo", description="a blind denoiser, by name or path")
    sigma: tuple[float, float] = Field(
        default=(2.0, 64.0), description="levels, log-uniform, in 8-bit units"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "DrownConfig":
        _check_levels(self.sigma)
        if not self.sigma[0] > 0:
            raise ValueError("drown.sigma starts above 0")
        return self


class TeachConfig(ConfigSection):
    """What the network learns in the place of clean pictures: the mean of what a denoiser makes of
    the patch in several orientations.
    """

    teacher: str = Field(default="photo", description="a blind denoiser, by name or path")
    turns: Literal[1, 2, 4, 8] = Field(
        default=2, description="orientations in a step, other ones in each"
    )


class DenoiseConfig(LoopConfig):
    """A blind denoiser of pictures."""

    task: Literal["denoise"] = "denoise"
    model: ModelConfig
    drown: DrownConfig | None = None
    data: PatchesConfig
    teach: TeachConfig | None = None
    sigma_weight: float = Field(
        default=1.0,
        ge=0,
        description="the loss of a patch is divided by (sigma + 2/255) to this power",
    )
    evenness: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="and by its own error, beside what is usual at its sigma, to this power: with "
        "1 a decibel of each patch counts alike",
    )

    @field_validator("data")
    @classmethod
    def _in_colour(cls, data: PatchesConfig, info: Any) -> PatchesConfig:  # noqa: ANN401 - pydantic's
        """Let channels follow the network, which sees a level beside them if drown tells one."""
        if "model" in info.data:
            told = info.data.get("drown") is not None
            data = with_channels(data, (info.data["model"], 3 + told))
        _check_colour(data)
        return data

    @model_validator(mode="after")
    def _measurable(self) -> "DenoiseConfig":
        if self.drown and self.data.validation:
            raise ValueError(
                "drown has no clean pictures to be measured by: leave data.validation out"
            )
        if self.drown and self.teach:
            raise ValueError("drown and teach each say what is learnt: leave one out")
        return self

    @model_validator(mode="before")
    @classmethod
    def _move_batch(cls, tree: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Take `batch` and `workers` from data, where they stood before there were tasks."""
        if not isinstance(tree, dict) or not isinstance(tree.get("data"), dict):
            return tree
        moved = {k: v for k, v in tree["data"].items() if k in ("batch", "workers")}
        for name in moved:
            if name in tree:
                raise ValueError(f"{name} and data.{name} mean the same: leave data.{name} out")
        return tree | moved | {"data": {k: v for k, v in tree["data"].items() if k not in moved}}


def _check_colour(data: PatchesConfig) -> None:
    if data.channels == 3:
        return
    if data.camera:
        raise ValueError("a camera takes pictures in colour, it needs channels: 3")
    if data.gray:
        raise ValueError("gray is a share of colour patches, it needs channels: 3")
    if any(source.drawn or source.mixed for source in data.train):
        raise ValueError("drawn pages and mixed channels have colour, they need channels: 3")


def _check_levels(sigma: tuple[float, float]) -> None:
    low, high = sigma
    if not 0 <= low <= high:
        raise ValueError("sigma must be two noise levels, 0 <= low <= high")
