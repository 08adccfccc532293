"""What the recipe measures at each scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scorelet.recipes.base import Scale
from scorelet.recipes.faces import FACES

PHI4 = "phi4"


@dataclass(frozen=True)
class Theory:
    """Exact tables of Gaussian fields with power-law spectra.

    Attributes:
        exponents: η.
        sides: in pixels, rising.
        largest: side of the comparison of samplers, and the last one of details at η = 2.
    """

    exponents: tuple[int, ...]
    sides: tuple[int, ...]
    largest: int


@dataclass(frozen=True)
class Spectra:
    """Spectra that are measured on fields or faces, and steps that follow from them.

    Attributes:
        source: `phi4`, whose fields are drawn at every side, or `faces80`, whose means of blocks
            are taken.
        sides: in pixels, rising.
        count: fields or faces.
        wavelet: of the cascade, whose low band ends where a side is odd.
    """

    source: str
    sides: tuple[int, ...]
    count: int
    wavelet: str


@dataclass(frozen=True)
class Linear:
    """Exponential families for critical φ⁴: an energy for each noise level.

    Attributes:
        side, fields: that are fitted.
        samples, others: drawn by each model, and fields that they are compared with.
        levels: noise levels that are fitted, of each factor.
        steps: of each factor, Euler-Maruyama at uniform times.
    """

    side: int
    fields: int
    samples: int
    others: int
    levels: int = 24
    steps: int = 64


@dataclass(frozen=True)
class Networks:
    """Networks of one kind: one of whole pictures, and one for each scale of a cascade.

    Attributes:
        source: faces80, phi4, or pictures as in `data.train` of the task `cascade`.
        side: in pixels.
        levels: J.
        architecture, options: of all networks; channels are those of the pictures.
        sizes: further options of each factor, low band first, by model; none: all are alike.
        shows_level: whether networks see the noise level as their first channel.
        steps, batch: of each training.
        samples: drawn for each number of steps.
        grid: numbers of steps.
        images: that networks learn from, where they are drawn.
        others: that samples are compared with.
        channels: 1 or 3.
        wavelet: of the cascade.
        precision: see the configuration of every training.
        optimizer: likewise.
    """

    source: str
    side: int
    levels: int
    architecture: str
    options: Mapping[str, Any]
    steps: int
    batch: int
    samples: int
    grid: tuple[int, ...]
    images: int = 0
    others: int = 1000
    channels: int = 1
    wavelet: str = "haar"
    sizes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    shows_level: bool = False
    precision: str = "no"
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"name": "muon", "ema": 0.99})


@dataclass(frozen=True)
class Settings:
    """Everything that decides about the run.

    Attributes:
        theory, spectra, linear, networks: see there.
    """

    theory: Theory
    spectra: tuple[Spectra, ...]
    linear: Linear
    networks: tuple[Networks, ...]


def _shuffle(*widths: int) -> dict[str, Any]:
    """Options of a `ShuffleUNet` with two blocks for each level, on the way down and up."""
    few = len(widths)
    return {"widths": list(widths), "encoder": [2] * few, "decoder": [2] * (few - 1)}


_PUBLISHED = {"name": "adamw", "rate": 1e-4, "weight_decay": 0.0, "ema": 0.9999}
_GRID = (2, 4, 8, 16, 32, 64, 128, 256)


_SIZES = {
    "SGM": ({"multipliers": [1, 2, 2, 4, 4], "attention": [3, 4]},),
    "WSGM": (
        {"multipliers": [1, 2, 2, 2], "attention": [1, 2]},
        {"multipliers": [4, 4], "attention": [1]},
        {"multipliers": [2, 2, 4, 4], "attention": [2, 3]},
    ),
}
"""Of published networks, those of the configurations pixel-celebahq128 and wavelet-celebahq128."""


def _pictures(source: str) -> Networks:
    """Colour pictures as they were published: 5e5 steps, Haar, N from 2 to 1024."""
    return Networks(
        source,
        128,
        2,
        "DiffusionUNet",
        {},
        steps=500_000,
        batch=64,
        samples=30_000,
        grid=(*_GRID, 512, 1024),
        others=30_000,
        channels=3,
        sizes=_SIZES,
        shows_level=True,
        precision="bf16",
        optimizer=_PUBLISHED,
    )


_THEORY = Theory((1, 2, 3), (8, 16, 32, 64, 128), 128)
_MEASURED = (
    Spectra(PHI4, (16, 32, 64), 2000, "db4"),
    Spectra(FACES, (20, 40, 80), 5000, "haar"),
)
_LINEAR = Linear(32, 2000, 1000, 4000)
_FACES = Networks(
    FACES, 40, 2, "ShuffleUNet", _shuffle(48, 96), 6000, 64, 250, _GRID, optimizer={"name": "muon"}
)

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        Theory((1, 2), (8, 16, 32), 32),
        (Spectra(PHI4, (16, 32), 200, "db4"),),
        Linear(16, 400, 200, 600, levels=8),
        (Networks(PHI4, 16, 1, "ShuffleUNet", _shuffle(8), 20, 16, 16, (2, 4), 64, 64),),
    ),
    "small": Settings(
        _THEORY,
        _MEASURED,
        _LINEAR,
        (
            _FACES,
            Networks(
                PHI4,
                32,
                3,
                "ShuffleUNet",
                _shuffle(32, 64) | {"padding": "periodic"},
                6000,
                64,
                250,
                _GRID,
                images=4000,
                wavelet="db4",
                optimizer={"name": "muon"},
            ),
        ),
    ),
    "paper": Settings(
        _THEORY, _MEASURED, Linear(32, 10_000, 4000, 10_000), (_pictures("celeba-hq"),)
    ),
    "imagenet": Settings(_THEORY, _MEASURED, _LINEAR, (_pictures("imagenet/train"),)),
}
