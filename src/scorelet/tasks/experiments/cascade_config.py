"""The configuration of the task `cascade`."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from scorelet.tasks.experiments.followed_channels import with_channels
from scorelet.tasks.experiments.networks import ModelConfig
from scorelet.training import ConfigSection, LoopConfig, Names


class FactorConfig(ModelConfig):
    """The network of a factor, and the noise that it learns to remove."""

    sigma: tuple[Annotated[float, Field(gt=0)], float] = Field(
        description="least and largest noise level, log-uniform, in the unit of the factor: pixels "
        "in [0, 1] for the low band, details in the same unit; deviations of bands with `whiten`"
    )
    share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="of the batch that it sees; 0: it stays the factor of start_from",
    )
    bound: float = Field(
        default=3.0,
        gt=0,
        description="so many deviations of the data are what the network is shown at most; beyond "
        "them noise is scaled down",
    )
    form: Literal["bounded", "scaled", "residual"] = Field(
        default="bounded",
        description="`bounded` is blind, and its low band begins with a linear estimate, or with "
        "the mean where it has more than 2,048 numbers; `scaled` "
        "is told the noise level and sees exactly as far as its network; `residual` is y - n(y), "
        "homogeneous if the network is, and has no bound. Networks of the last two see images and "
        "the low band that details are told, and nothing else",
    )
    shows_level: bool = Field(
        default=False,
        description="with `form: scaled` the network sees the noise level as one channel more, "
        "before the others, as `DiffusionUNet` wants it",
    )
    guided: bool = Field(
        default=False,
        description="with `form: scaled` the low band begins with the best linear estimate at the "
        "noise level it is told, which the network is shown before it as one image more",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "FactorConfig":
        if self.guided and self.form != "scaled":
            raise ValueError(
                "guided is for form: scaled; form: bounded begins with a linear estimate in any "
                "case, and form: residual is the network alone"
            )
        if self.shows_level and self.form != "scaled":
            raise ValueError("only form: scaled is told the noise level, and can show it")
        if not self.share and not self.start_from:
            raise ValueError(
                "with share: 0 a factor stays as it is: name its cascade by start_from"
            )
        if not self.sigma[0] < self.sigma[1]:
            raise ValueError("sigma must be two noise levels, 0 < low < high")
        return self

    def shown(self, channels: int, *, low: bool) -> int:
        """Return how many channels the network is shown of pictures of so many.

        Args:
            channels: of the pictures.
            low: it is of the low band, which a linear estimate is shown beside with form: bounded
                or guided; or of details, three bands and the low band that they are told.
        """
        images = (2 if self.form == "bounded" or self.guided else 1) if low else 4
        return images * channels + self.shows_level


class WholeConfig(ConfigSection):
    """Pictures of one size."""

    train: Names = Field(
        min_length=1, description="folders, or array files, FILE:NAME for one array of several"
    )
    channels: Literal[1, 3] = Field(
        default=1,
        description="3 repeats gray, 1 takes luma of colour; if nothing is said, 3 where all "
        "networks take what they are shown of that, else 1",
    )
    side: int | None = Field(default=None, ge=2, description="of squares, in pixels")
    hold_out: int = Field(default=0, ge=0, description="the last so many are for validation")
    flip: bool = Field(default=False, description="mirror half of the pictures, left to right")


class CascadeConfig(LoopConfig):
    """A cascade of denoisers, coarse to fine."""

    task: Literal["cascade"] = "cascade"
    wavelet: str = "haar"
    low: FactorConfig
    details: list[FactorConfig] = Field(
        description="of each level, coarse to fine: as many as there are levels; none: `low` is "
        "of the pictures themselves"
    )
    whiten: bool = Field(
        default=False,
        description="factors see bands less their best linear estimate from the coarser one, and "
        "whitened, by the cross-spectra of the data: a sampler meets one variance. Such a model "
        "draws pictures of the size of training only, and does not denoise",
    )
    scale_embedding: int = Field(
        default=0,
        ge=0,
        description="0: a network for each level; else one network for the details of all levels, "
        "which is shown so many numbers that say which one it is, as channels of their own",
    )
    data: WholeConfig

    @field_validator("data")
    @classmethod
    def _in_colour(cls, data: WholeConfig, info: Any) -> WholeConfig:  # noqa: ANN401 - pydantic's
        """Let channels follow the networks."""
        known = info.data
        if not {"low", "details", "scale_embedding"} <= known.keys():
            return data
        details = [(part, part.shown(3, low=False)) for part in known["details"]]
        embedded = [(part, shown + known["scale_embedding"]) for part, shown in details]
        return with_channels(data, (known["low"], known["low"].shown(3, low=True)), *embedded)

    @model_validator(mode="after")
    def _consistent(self) -> "CascadeConfig":
        if any(part.guided for part in self.details):
            raise ValueError("guided is for the low band: leave it out of details")
        if self.whiten and not self.details:
            raise ValueError("whiten is for the bands of a cascade: give details, or leave it out")
        if self.whiten and not all(part.share for part in (self.low, *self.details)):
            raise ValueError(
                "with whiten factors see bands whitened by the law of these pictures: none can "
                "stay that of another cascade, so that shares must be above 0"
            )
        shares = [part.share for part in (self.low, *self.details)]
        if not any(shares):
            raise ValueError("every share is 0: a factor must learn")
        if self.scale_embedding and 0 in shares[1:]:
            raise ValueError(
                "one network serves the details of all levels: none of them can stay as it starts "
                "while others learn, so that their shares must be above 0"
            )
        kinds = {(part.architecture, repr(part.options)) for part in self.details}
        if self.scale_embedding and len(kinds) != 1:
            raise ValueError(
                f"details describe {len(kinds)} networks, and one is to serve all levels: give "
                "them the same architecture and options"
            )
        return self
