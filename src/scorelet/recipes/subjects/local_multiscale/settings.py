"""What the recipe measures at each scale."""

from dataclasses import dataclass, replace
from typing import Literal

from scorelet.models.gaussian import LARGEST_COVARIANCE
from scorelet.recipes.base import Scale
from scorelet.recipes.faces import FACES


def spacing(field: int, depth: int) -> int:
    """Return every how many layers a 3x3 convolution stands, so that a network sees `field` pixels.

    The published networks have 21 layers: 20, 9 (there 8), 4, 2, 1 for 5, 9, 13, 23, 43 pixels.
    """
    inner = (field - 5) // 2
    return (depth - 2) // inner if inner else depth - 1


@dataclass(frozen=True)
class Pictures:
    """What networks learn from, gray squares of one size.

    Attributes:
        source: `faces80` (means of 2x2 pixels at half its side; persons are in one part only), the
            name of a law that is drawn, or a folder of pictures under $SCORELET_DATA.
        side: in pixels.
        train, test: so many of each part, or as many as there are.
    """

    source: str
    side: int
    train: int
    test: int


@dataclass(frozen=True)
class Training:
    """How every network is trained, flat or of scales: all alike.

    Attributes:
        levels: J of the cascades. Only the low band sees all of the picture: it must be large
            enough to say what is where.
        width: of the networks.
        steps, batch: of Muon; the batch is that of pixels.
        finest: batch of the finest details; with four times the other, all networks see as many
            places in a step.
        rate: of matrices; vectors, the gains of normalisations that start near 0, have `gains`.
        form: of all denoisers, see the task cascade: `residual` is the published one; `scaled` is
            told the noise level, and learns strong noise in a short training.
        sigma: least and largest noise level in pixels, log-uniform; at level j both are divided by
            2^j, and the largest is raised to `start`.
        start: least of the largest levels that factors of a cascade learn: samplers start there.
        depth: layers of all networks but that of the low band.
        low: `published` is a network of 20 layers that sees all of the low band; `guided` a U-Net
            that corrects the best linear estimate from all of it.
        precision: of the products.
    """

    levels: int
    width: int
    steps: int
    batch: int
    finest: int
    rate: float = 0.02
    gains: float = 0.01
    form: Literal["residual", "scaled"] = "scaled"
    sigma: tuple[float, float] = (0.01, 2.0)
    start: float = 1.0
    depth: int = 21
    low: Literal["published", "guided"] = "guided"
    precision: str = "no"


@dataclass(frozen=True)
class Sampling:
    """Super-resolution and synthesis, by the cascade of one receptive field.

    Attributes:
        field: its receptive field in pixels.
        factors: of super-resolution, powers of two.
        count: test pictures that are enlarged, and samples that are drawn.
        steps: of the reverse diffusion at each scale; None: those of `scorelet sample`.
        beta, end: of the published ascent, beside it.
    """

    field: int
    factors: tuple[int, ...]
    count: int
    steps: int | None = None
    beta: float = 0.5
    end: float = 0.005


@dataclass(frozen=True)
class Settings:
    """Everything that decides about the run.

    Attributes:
        pictures, training, sampling: see there.
        fields: receptive fields in pixels, rising; of flat networks, and of details at all scales.
        decibels: input PSNR of the curves.
        linear: exponents of the closed-form table.
        filters: noise level of the filters that are looked at.
    """

    pictures: Pictures
    training: Training
    sampling: Sampling
    fields: tuple[int, ...]
    decibels: tuple[int, ...] = (-6, 0, 5, 10, 15, 20, 25, 30)
    linear: tuple[float, ...] = (3.0,)
    filters: float = 0.5

    @property
    def linear_of_all(self) -> bool:
        """Whether pictures are so small that the covariance of all their pixels is known."""
        return self.pictures.side**2 <= LARGEST_COVARIANCE

    @property
    def has_controls(self) -> bool:
        """Whether flat networks that cascades are compared with, too, can be trained."""
        return self.linear_of_all and self.training.form == "scaled"

    @property
    def drawn_levels(self) -> int:
        """J of the cascade that draws: super-resolution begins at one of its low bands."""
        return max(self.training.levels, max(self.sampling.factors).bit_length() - 1)


_PAPER = Settings(
    Pictures("celeba", 160, 200_000, 1000),
    Training(2, 64, 250_000, 128, 128, form="residual", low="published", precision="bf16"),
    Sampling(13, (4,), 256),
    (5, 9, 13, 23, 43),
    linear=(2.0, 3.0),
)

_SMALL = Settings(
    Pictures(FACES, 40, 10_000, 1000),
    Training(1, 32, 2200, 32, 4 * 32, precision="bf16"),
    Sampling(9, (4, 8), 256),
    (5, 9, 13, 43),
    linear=(2.0, 3.0),
)
_MEDIUM = replace(
    _SMALL,
    pictures=replace(_SMALL.pictures, side=80),
    training=replace(_SMALL.training, levels=2),
    sampling=replace(_SMALL.sampling, factors=(4,)),
)
"""Windows of few pixels see a smaller part of a larger face."""

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        Pictures("c_alpha_regular", 16, 400, 64),
        Training(1, 16, 150, 16, 4 * 16, depth=6),
        Sampling(5, (4,), 16, steps=6),
        (5, 13),
        decibels=(-6, 0, 10, 20, 30),
    ),
    "small": _SMALL,
    "medium": _MEDIUM,
    "paper": _PAPER,
    "imagenet": replace(_PAPER, pictures=Pictures("imagenet/test", 160, 49_000, 1000)),
}
