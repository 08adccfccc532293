"""What the recipe measures at each scale."""

from dataclasses import dataclass
from typing import Literal

from scorelet.recipes.base import Scale
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.trainings import Budget


@dataclass(frozen=True)
class Fixed:
    """Scattering coefficients that nothing has learned, against pixels, by a linear head.

    Attributes:
        train: sizes of the training sets, each contains the smaller ones; none: not measured.
        validation, test: sizes of the parts that choose the penalty and give the accuracy.
        J, L: octaves and angles of the scattering transform, of order 2.
        engine: of the transform; "torch" compiles nothing, which a short run would wait for.
        choosing: training images that choose the penalty of a head on all of them and their
            mirror images; 0: that is not measured.
        outputs: rows of the random matrix behind which it learns once more.
    """

    train: tuple[int, ...]
    validation: int
    test: int
    J: int = 3
    L: int = 8
    engine: Literal["auto", "torch"] = "auto"
    choosing: int = 0
    outputs: int = 128


@dataclass(frozen=True)
class Blocks:
    """Of S_P and S_C: wavelets, four phases rectified, a matrix; and a frame with a threshold.

    Attributes:
        sizes: rows of the matrices.
        atoms: rows of the frames of S_C.
        angles: of the wavelets.
        concentrated: whether S_C is trained.
    """

    sizes: tuple[int, ...]
    atoms: tuple[int, ...]
    angles: int = 8
    concentrated: bool = True


@dataclass(frozen=True)
class Tree:
    """Of S_T: scattering coefficients, one matrix that learns, a linear classifier.

    Attributes:
        outputs: rows of the matrix; 0: it is not trained.
        scales: J.
        pool: side of the squares whose means the classifier sees.
        rate: of its training.
        images: that it learns in a second training; None: there is none.
        cache: keep the coefficients in memory, so pictures are not shifted.
    """

    outputs: int
    rate: float = 0.01
    scales: int = 3
    pool: int = 1
    images: int | None = None
    cache: bool = True


@dataclass(frozen=True)
class Patches:
    """Of the two-layer networks: a tight frame on patches, a function, a linear classifier.

    Attributes:
        patch, stride, atoms: see `scorelet.networks.PatchFrame`; 0 atoms: they are not trained.
        rate: of their training: lower where the classifier sees many features.
        features: what it sees, "frame" or "synthesis".
        functions: that are compared.
    """

    patch: int
    stride: int
    atoms: int
    rate: float = 0.01
    features: str = "frame"
    functions: tuple[str, ...] = ("identity", "soft", "relu0", "abs")


@dataclass(frozen=True)
class Settings:
    """Everything that decides about a run.

    Attributes:
        samples: of each class of the Gaussian mixture.
        fixed: scattering against pixels.
        budget: of all trainings.
        blocks, tree, patches: what is trained.
        beta: of the Parseval steps; published are 5e-4 at the rate 0.01, and what matters to the
            singular values is the rate over beta.
        stable: pictures whose scattering coefficients are compared with those of deformed ones.
        profiled: test pictures in profiles by depth.
        parts: into which those are dealt, for errors.
    """

    samples: int
    fixed: Fixed
    budget: Budget
    blocks: Blocks
    tree: Tree
    patches: Patches
    beta: float
    stable: int
    profiled: int = 5000
    parts: int = 5


FOUR = (64, 128, 256, 512)
SIX = (*FOUR, 512, 512)

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        4_000,
        Fixed((150, 600), 300, 600, L=4, engine="torch"),
        Budget(DRAWN, 240, 120, epochs=6, batch=24, rate=0.05, floor=25.0),
        Blocks((6, 14), (24, 56), angles=4),  # no multiples of 4: nothing is compiled
        Tree(0),
        Patches(8, 4, 32, functions=("identity", "relu0")),
        beta=0.02,
        stable=12,
        profiled=120,
        parts=2,
    ),
    "small": Settings(
        20_000,
        Fixed((1_000, 10_000), 5_000, 10_000, choosing=10_000),
        Budget("cifar10", 10_000, 10_000, epochs=10, batch=64, rate=0.05, seeds=3),
        Blocks((16, 32, 64, 128), (256, 512, 1024, 2048)),
        Tree(128, images=40_000),
        Patches(8, 4, 512, rate=0.001),
        beta=2.5e-3,
        stable=90,
    ),
    "paper": Settings(
        20_000,
        Fixed((1_000, 10_000), 5_000, 10_000, choosing=10_000),
        Budget("cifar10", None, None, epochs=300, drop=70, padding=4, seeds=3),
        Blocks(FOUR, (1024, 2048, 4096, 8192)),
        Tree(128, cache=False),
        Patches(8, 4, 8192, features="synthesis"),
        beta=5e-4,
        stable=90,
    ),
    "imagenet": Settings(
        20_000,
        Fixed((), 0, 0),
        Budget("imagenet", None, None, epochs=200, drop=60, size=(224, 224), floor=1.0),
        Blocks(SIX, (512, 1024, 1024, 2048, 2048, 2048)),
        Tree(256, scales=4, pool=5, cache=False),
        Patches(8, 4, 0),
        beta=5e-4,
        stable=0,
        profiled=50_000,
    ),
}
