"""What the recipe measures at each scale."""

from dataclasses import dataclass

from scorelet.recipes.base import Scale
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.trainings import Budget

KEPT = ("cst", "tanh", "ms", "mc", "pow")
"""Non-linearities that keep the phase."""
RECTIFIERS = ("relu", "abs", "soft", "soft fixed", "tanh")


@dataclass(frozen=True)
class Textures:
    """Two stationary Gaussian laws that differ in direction only.

    Attributes:
        train, test: number of pictures of each part.
        side: in pixels.
    """

    train: int = 3000
    test: int = 1000
    side: int = 32


@dataclass(frozen=True)
class Network:
    """Of a learned scattering, its options but for what is compared.

    Attributes:
        sizes: outputs of the matrices at width 1.
        width: multiplies them.
        angles, factorize: see `scorelet.networks.LearnedScattering`.
        kept: phase-preserving functions that are trained beside the modulus.
        plain: those of them that are trained without skip, too.
        depths: numbers of blocks that are compared; the last has all.
    """

    sizes: tuple[int, ...]
    width: float
    angles: int
    factorize: int
    kept: tuple[str, ...]
    depths: tuple[int, ...]
    plain: tuple[str, ...] = ("cst",)


@dataclass(frozen=True)
class Residual:
    """Of a residual network without biases.

    Attributes:
        blocks, widths, stem: see `scorelet.networks.ResNet`.
        rate, drop, epochs: of its training.
        rectifiers: non-linearities that are compared; none: nothing is trained.
    """

    blocks: tuple[int, ...]
    widths: tuple[int, ...]
    stem: str
    rate: float
    epochs: int
    rectifiers: tuple[str, ...] = RECTIFIERS


@dataclass(frozen=True)
class Settings:
    """Everything that decides about a run.

    Attributes:
        textures: see there.
        budget: of all trainings.
        network, residual: what is trained.
        speed: pictures of 32 pixels whose wavelets are timed; 0: none.
        shown: classes that the pictures of class clouds show.
        profiled: test pictures in profiles by depth.
        parts: into which those are dealt, for errors.
    """

    textures: Textures
    budget: Budget
    network: Network
    residual: Residual
    speed: int
    shown: tuple[int, ...] = (0, 1, 2)
    profiled: int = 5000
    parts: int = 5


SIX = (64, 128, 256, 512, 512, 512)
EIGHT = (*SIX, 512, 512)
ELEVEN = (32, 64, 64, 128, 256, 512, 512, 512, 512, 512, 256)

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        Textures(train=2000, test=1000),
        Budget(DRAWN, 240, 120, epochs=4, batch=24, rate=0.05, floor=25.0),
        # no multiples of 4, so that no kernels are compiled, which a short run would wait for
        Network((6, 10, 10), 1.0, 4, 1, kept=("cst",), depths=(1, 3)),
        Residual((1, 1), (8, 8), "cifar", rate=0.05, epochs=4, rectifiers=("relu", "soft fixed")),
        speed=0,
        profiled=120,
        parts=2,
    ),
    "small": Settings(
        Textures(),
        Budget("cifar10", 10_000, 5_000, epochs=8, batch=32, rate=0.01, seeds=3),
        Network(SIX, 1 / 8, 4, 0, kept=KEPT, depths=(2, 4, 6)),
        Residual((1, 1, 1), (16, 16, 16), "cifar", rate=0.025, epochs=16),  # 0.1 for 128 images
        speed=32,
        shown=(0, 1, 6),
    ),
    "paper": Settings(
        Textures(),
        Budget("cifar10", None, None, epochs=300, drop=70, padding=4, seeds=3),
        Network(EIGHT, 1.0, 4, 0, kept=KEPT, depths=(2, 4, 6, 8), plain=KEPT),
        Residual((3, 3, 3), (16, 32, 64), "cifar", rate=0.1, epochs=300),
        speed=32,
        shown=(0, 1, 6),
    ),
    "imagenet": Settings(
        Textures(),
        Budget("imagenet", None, None, epochs=150, drop=45, size=(224, 224), floor=1.0),
        Network(ELEVEN, 1.0, 8, 1, kept=(), depths=(11,), plain=()),
        Residual((2, 2, 2, 2), (64, 128, 256, 512), "imagenet", rate=0.1, epochs=90),
        speed=32,
        profiled=50_000,
    ),
}
