"""What the recipe measures at each scale."""

from dataclasses import dataclass
from typing import Any

from scorelet.recipes.base import Scale
from scorelet.recipes.faces import FACES
from scorelet.tasks.audit import Network

CELEBA = "celeba80"
"""As `FACES`, but as many of CelebA as were published: 99,325 in each half, by any persons."""
FACE_SETS = (FACES, CELEBA)
LAWS = ("c_alpha_regular", "c_alpha")
"""Regular images: of the class of the theory, and of algorithm 2 as it is printed."""


@dataclass(frozen=True)
class HalvedNetwork(Network):
    """One that is trained by Adam as it is: no warm-up, averaged weights or shortened gradients.

    Attributes:
        periods: parts of the training; from one to the next the learning rate is halved.
    """

    periods: int = 10
    optimizer: str = "adamw"

    def training(self) -> dict[str, Any]:
        """Return the optimiser and the schedule, as in the configuration of a training."""
        every = -(-self.steps // self.periods)
        return {
            "optimizer": {"rate": self.rate, "betas": (0.9, 0.999), "clip": None, "ema": 0.0},
            "schedule": {"shape": "step", "warmup": 0, "every": every, "factor": 0.5},
        }


@dataclass(frozen=True)
class Twins:
    """Pairs of networks on halves that have no picture in common.

    Attributes:
        source: `faces80` (an npz file with the halves a, b and the part test, of different
            persons) or `celeba80`, or the name of a law that is drawn.
        side: of the pictures in pixels.
        sizes: of each half.
        network: of the twins; its claims are those of the recipe. At `small` it sees the whole
            picture from every pixel: one that did not drew mosaics of what it knew by heart.
        larger: another one beside it, on the sizes `beside`; None: there is none.
        held_out, samples: see `scorelet.tasks.audit.AuditSettings`.
    """

    source: str
    side: int
    sizes: tuple[int, ...]
    network: Network
    larger: Network | None = None
    beside: tuple[int, ...] = ()
    held_out: int = 64
    samples: int = 16


@dataclass(frozen=True)
class Slopes:
    """Networks on regular images that meet along contours, by their regularity.

    Attributes:
        alphas: exponents of the images.
        laws: by which recipe they are drawn: `c_alpha_regular` is the class of the theory,
            `c_alpha` algorithm 2 as it is printed, whose images are rougher.
        trained: laws on which networks are trained; of the others only the oracle is measured.
        count: training images; `test` are for the curves.
        side: in pixels.
        network: that is trained.
    """

    alphas: tuple[float, ...]
    count: int
    test: int
    side: int
    network: Network
    laws: tuple[str, ...] = LAWS
    trained: tuple[str, ...] = LAWS


@dataclass(frozen=True)
class Manifold:
    """A network on images of few dimensions: the multiples of one image, or discs.

    Attributes:
        count: training images.
        side: in pixels.
        network: that is trained.
        looked: at so many discs its eigenvectors are computed.
    """

    count: int
    side: int
    network: Network
    looked: int = 4


@dataclass(frozen=True)
class Settings:
    """Everything that decides about the run.

    Attributes:
        fields: sizes of sets of Gaussian fields from which linear denoisers are estimated.
        twins, slopes, ray, discs: see there; None: not measured.
    """

    fields: tuple[int, ...]
    twins: Twins
    slopes: Slopes
    ray: Manifold
    discs: Manifold | None


def _adamw(width: int, blocks: int, steps: int) -> Network:
    options = {"width": width, "blocks": blocks}
    return Network("UNet", options, steps, 16, rate=3e-3, optimizer="adamw")


def _muon(steps: int, *, width: int = 16, blocks: int = 2, weight: float = 1.0) -> Network:
    """The network of `_adamw(width, blocks, steps)`, moved by Muon."""
    options = {"width": width, "blocks": blocks}
    return Network("UNet", options, steps, 16, rate=3e-3, sigma_weight=weight)


_FAMILY = 2.0
"""Weight of noise levels for families of few dimensions: relative errors weigh the same in all."""


def _published(images: int) -> Network:
    """The published network and training: 1000 epochs of 250,000 // n times n images in batches.

    Adam begins with 1e-3 and halves it every 100 epochs; all noise levels weigh the same.
    """
    epoch = 250_000 // images * images
    options = {"width": 64, "blocks": 3}
    steps = 1000 * epoch // 512
    return HalvedNetwork("UNet", options, steps, 512, rate=1e-3, sigma_weight=0.0)


SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        (10, 100),
        Twins("c_alpha_regular", 16, (1, 400), _adamw(16, 1, 200), samples=12),
        Slopes((1.0, 2.0, 3.0), 0, 24, 32, _adamw(16, 1, 0), trained=()),
        Manifold(500, 16, _adamw(16, 1, 200), looked=2),
        None,
    ),
    "small": Settings(
        (10, 100, 1000),
        Twins(
            FACES,
            40,
            (10, 100, 1000, 5000),
            _muon(9000, width=8, blocks=3),
            larger=_muon(9000, blocks=3),
            beside=(10, 5000),
            samples=64,
        ),
        Slopes((1.0, 2.0, 3.0), 20_000, 60, 40, _adamw(16, 2, 12_000)),
        Manifold(10_000, 40, _muon(20_000, weight=_FAMILY)),
        Manifold(200_000, 20, _muon(200_000, weight=_FAMILY), looked=96),
    ),
    "paper": Settings(
        (10, 100, 1000),
        Twins(CELEBA, 80, (1, 10, 100, 1000, 10_000, 99_325), _published(1)),
        Slopes((1.0, 2.0, 3.0, 5.0), 100_000, 60, 80, _published(100_000), trained=("c_alpha",)),
        Manifold(100_000, 80, _published(100_000)),
        Manifold(100_000, 80, _published(100_000)),
    ),
}
