"""What the recipe measures at each scale."""

from dataclasses import dataclass

from scorelet.recipes.base import Scale
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.trainings import Budget


@dataclass(frozen=True)
class Kernel:
    """Random features of Gaussian inputs whose power falls as 1 over their number.

    Attributes:
        widths: numbers of features.
        inputs: points; each has 32 numbers.
        draws: sets of weights at each width, in as many parts as `parts`, for an error.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048)
    inputs: int = 200
    draws: int = 16
    parts: int = 4


@dataclass(frozen=True)
class Tutorial:
    """The two small networks of the authors' tutorial.

    Attributes:
        budget: of their trainings.
        seeds: of each network.
        sizes, convolutions: see `scorelet.networks.Perceptron` and `StridedCNN`.
        width: of both.
        widths: others, at which the perceptron is trained once; all ascending, with `width`.
        ranks: eigenvalues that are kept in its first and second layer.
        fitted: training pictures for rotations and for classifiers that are fitted anew.
    """

    budget: Budget
    seeds: int = 3
    sizes: tuple[int, ...] = (512, 256)
    convolutions: tuple[int, ...] = (32, 64)
    width: float = 1.0
    widths: tuple[float, ...] = (0.25, 4.0)
    ranks: tuple[int, int] = (50, 15)
    fitted: int = 10_000


@dataclass(frozen=True)
class Family:
    """Learned scatterings of several widths or seeds.

    Attributes:
        budget: of their trainings.
        hidden, skip, norm: see `scorelet.networks.rainbow.rainbow_scattering`.
        widths: of the networks, ascending.
        reference: width of the network that those of other widths are compared with; None: there
            is none.
        seeds: of the largest of `widths`.
        fitted: training pictures for rotations and for classifiers that are fitted anew.
    """

    budget: Budget
    hidden: int
    widths: tuple[float, ...]
    reference: float | None = None
    seeds: int = 1
    skip: bool = False
    norm: bool = False
    fitted: int = 4000

    @property
    def main(self) -> float:
        """The largest of the widths."""
        return self.widths[-1]


@dataclass(frozen=True)
class Residual:
    """Residual networks with norms after the non-linearity, of several widths.

    Attributes:
        budget: of their trainings.
        blocks, sizes, stem: see `scorelet.networks.ResNet`, whose widths `sizes` are.
        widths: of the networks, ascending; another seed of the last is the reference.
        fitted: training pictures for rotations.
    """

    budget: Budget
    blocks: tuple[int, ...]
    sizes: tuple[int, ...]
    widths: tuple[float, ...]
    stem: str = "cifar"
    fitted: int = 4000


@dataclass(frozen=True)
class Settings:
    """Everything that decides about the run.

    Attributes:
        kernel: random features.
        tutorial: perceptron and convolutional network; None: not measured.
        widths: scatterings that are aligned to a reference and drawn anew, by width.
        law: scatterings of several seeds: what their weights have in common, and their laws.
        deep: scatterings of which one is looked into: movement, ranks; None: those of `law`.
            Trainings are named by depth, in which these differ from all others.
        residual: see there; None: not measured.
        shares: of the inputs of a layer: so many eigenvectors are kept.
        share: the one of them that the claim is about.
        curve: ranks that are kept of the second matrix.
        matched: leading eigenvectors of two seeds that are compared.
    """

    kernel: Kernel
    tutorial: Tutorial | None
    widths: Family
    law: Family
    residual: Residual | None
    deep: Family | None = None
    shares: tuple[float, ...] = (0.02, 0.04, 0.1, 0.2)
    share: float = 0.1
    curve: tuple[int, ...] = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 60)
    matched: int = 10

    def __post_init__(self) -> None:
        if self.deep is not None:
            others = {self.law.hidden, self.widths.hidden}
            assert self.deep.hidden not in others, "trainings are named by depth"

    @property
    def single(self) -> Family:
        """The family of which one network is looked into: `deep`, or else `law`."""
        return self.deep or self.law


_SMOKE = Budget(
    DRAWN, 600, 300, epochs=6, batch=24, rate=0.005, drop=6, weight_decay=0.0, flip=False
)
_TUTORIAL = Budget(
    "cifar10", None, 10_000, epochs=5, rate=0.01, drop=5, weight_decay=0.0, flip=False
)
_SMALL = Budget("cifar10", 40_000, 10_000, epochs=8, rate=0.01, drop=6, weight_decay=0.0)
_DEEP = Budget("cifar10", 10_000, 10_000, epochs=10, rate=0.01, drop=7, weight_decay=0.0)
_RESIDUAL = Budget("cifar10", 40_000, 10_000, epochs=8, rate=0.1, drop=5)
_PAPER = Budget("cifar10", None, None, epochs=150, rate=0.01, drop=50, padding=4)
_PAPER_LAW = Budget(
    "cifar10", None, None, epochs=150, rate=0.01, drop=50, padding=4, weight_decay=0.0
)
_PAPER_RESIDUAL = Budget("cifar10", None, None, epochs=90, batch=256, rate=0.1, drop=30, padding=4)

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        Kernel(),
        None,
        Family(_SMOKE, 3, (1 / 16,), fitted=600),
        Family(_SMOKE, 3, (1 / 16,), seeds=2, fitted=600),
        None,
        curve=(),
        matched=2,
    ),
    "small": Settings(
        Kernel(),
        Tutorial(_TUTORIAL),
        Family(_SMALL, 3, (1 / 8, 1 / 4, 1 / 2), reference=1.0),
        Family(_SMALL, 3, (1 / 2,), seeds=8),
        Residual(_RESIDUAL, (1, 1, 1), (64, 128, 256), (1 / 8, 1 / 4, 1 / 2)),
        deep=Family(_DEEP, 7, (1 / 2,)),
    ),
    "paper": Settings(
        Kernel(),
        Tutorial(_TUTORIAL),
        Family(
            _PAPER, 7, (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0), reference=8.0, skip=True, norm=True
        ),
        Family(_PAPER_LAW, 7, (1.0,), seeds=50),
        Residual(_PAPER_RESIDUAL, (2, 2, 2, 2), (64, 128, 256, 512), (1 / 8, 1 / 4, 1 / 2, 1.0)),
    ),
}
