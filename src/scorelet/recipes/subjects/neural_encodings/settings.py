"""What the recipe measures at each scale."""

from dataclasses import dataclass

from scorelet.networks.vgg import VGG11
from scorelet.recipes.base import Scale
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.trainings import Budget


@dataclass(frozen=True)
class Shape:
    """Of all networks.

    Attributes:
        kernel: side of the filters, learned and frozen.
        stages, width: see `scorelet.networks.VGG`.
        filters: that are frozen.
    """

    kernel: int = 5
    stages: tuple[tuple[int, ...], ...] = VGG11
    width: float = 0.25
    filters: int = 5


@dataclass(frozen=True)
class RandomLabels:
    """Networks that learn labels which mean nothing.

    Attributes:
        images: pictures, the first so many; they are not varied.
        epochs: of the training.
    """

    images: int
    epochs: int


@dataclass(frozen=True)
class Comparing:
    """How networks are compared.

    Attributes:
        aligned: training pictures that rotations are fitted to.
        held_out: test pictures on which aligned signals are compared.
        copies: turn all channels that filters make of one together (A ⊗ 1), or each by itself. In
            short trainings (4000 images, 6 epochs, two seeds) the latter brought signals closer,
            on other pictures too.
        noise: what counts as learned is above the noise of the initialisation (init) or that of the
            layer itself (bulk). Large steps make weights noisier than they began: after those
            trainings the variance of the bulk was 1.2 to 2.3 times the initial one.
        draws: of random networks, for floors, ceilings and deviations.
        settled: training pictures on which norms of composed networks are measured.
        tested: test pictures that those classify.
    """

    aligned: int
    held_out: int
    copies: bool = False
    noise: str = "bulk"
    draws: int = 10
    settled: int = 1000
    tested: int = 2500


@dataclass(frozen=True)
class Settings:
    """Everything that decides about a run.

    Attributes:
        budget: of all trainings. Without decay, which would shrink the noise that weights began as.
        shape: of all networks.
        random: networks of random labels.
        beside: other labelled pictures, brought to the size of the first ones.
        comparing: see there.
        spatial: first and last layer whose spatial filters are compared.
        low: first and last layer where networks are said to be alike.
        side: of textures, if those are drawn.
    """

    budget: Budget
    shape: Shape
    random: RandomLabels
    beside: str
    comparing: Comparing
    spatial: tuple[int, int] = (2, 5)
    low: tuple[int, int] = (2, 4)
    side: int = 16

    @property
    def depth(self) -> int:
        """Layers but the classifier."""
        return sum(len(stage) for stage in self.shape.stages)


SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        Budget(DRAWN, 480, 120, epochs=3, rate=0.1, floor=25.0, batch=24, weight_decay=0.0),
        Shape(kernel=5, stages=((8,), (16, 16)), width=1.0),
        RandomLabels(240, 6),
        DRAWN,
        Comparing(240, 60, draws=4, settled=120, tested=120),
        spatial=(2, 3),
        low=(2, 3),
    ),
    "small": Settings(
        Budget(
            "cifar10", 10_000, 5_000, epochs=14, rate=0.05, padding=4, seeds=3,
            batch=64, weight_decay=0.0,
        ),
        Shape(),
        RandomLabels(3000, 50),
        "tiny-imagenet30",
        Comparing(3500, 500),
    ),
    "paper": Settings(
        Budget(
            "cifar10", None, 5_000, epochs=90, drop=30, rate=0.005, padding=4, seeds=3,
            batch=128, weight_decay=0.0,
        ),
        Shape(width=1.0),
        RandomLabels(50_000, 360),
        "imagenet",
        Comparing(10_000, 1000, tested=5000),
    ),
}  # fmt: skip
