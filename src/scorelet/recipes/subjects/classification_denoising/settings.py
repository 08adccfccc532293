"""What the recipe trains and measures at each scale."""

from dataclasses import dataclass

from scorelet.models.joint_heads import HeadName
from scorelet.recipes.base import Scale
from scorelet.recipes.drawn_sets import DRAWN
from scorelet.recipes.trainings import training_pictures

SIGMAS = (0.05, 0.1, 0.2, 0.5)
"""Noise levels of the tables, for images in [0, 1]: 26 to 6 dB."""
LEAST, LARGEST = 1 / 255, 1.0
"""Noise levels of training."""


@dataclass(frozen=True)
class Attacks:
    """PGD on the classifiers at all radii, and other attacks at those of claims.

    Attributes:
        images: of the test pictures, the first so many.
        steps, restarts: of PGD.
        radii: by norm, increasing.
        decisive: the radius of each norm that claims are about.
        apgd: steps of APGD.
        queries: of the attack without gradients, for each picture.
    """

    images: int
    steps: int
    restarts: int
    radii: dict[str, tuple[float, ...]]
    decisive: dict[str, float]
    apgd: int = 100
    queries: int = 200


@dataclass(frozen=True)
class Settings:
    """Everything that decides about a run.

    Attributes:
        source: labelled pictures, as in `data.source` of the task joint, or "textures".
        images: trained on are the first so many; None: all.
        held_out: tested on are the last so many training pictures; None: the part test.
        denoised: test pictures that are denoised.
        width: of GradResNet.
        unet: channels of the direct denoiser, a UNet of about as many parameters.
        bf_cnn: channels of BF-CNN, likewise.
        epochs, batch: of each training.
        rate, matrix_rate: of AdamW and, for matrices, of Muon, alike for all networks.
        weight: of the denoising error beside the cross-entropy.
        head: how logits are made, as in the task joint.
        label_level: noise level that networks which learn noisy labels are told with clean ones.
        seeds: of each training.
        baselines: seeds of networks that no claim is about.
        padding, flip: how pictures are varied.
        attacks: see there.
        levels: noise levels at which what the label is worth is added up.
        timed: calls of which the cost is the median.
        chain: steps of Langevin dynamics in a step of training that is timed.
        precision: of the products.
        floor: accuracy in percent that a network has to reach for a comparison with it to count.
    """

    source: str
    images: int | None
    held_out: int | None
    denoised: int
    width: float
    unet: int
    bf_cnn: int
    epochs: int
    attacks: Attacks
    batch: int = 128
    rate: float = 6e-4
    matrix_rate: float = 8e-3
    weight: float = 12.0
    head: HeadName = "correlated"
    label_level: float | None = 0.03
    seeds: int = 1
    baselines: int = 1
    padding: int = 4
    flip: bool = True
    levels: int = 12
    timed: int = 5
    chain: int = 20
    precision: str = "bf16"
    floor: float = 30.0

    def pictures(self) -> str:
        """Say on which pictures networks are trained and tested, and for how long."""
        return training_pictures(self.source, self.images, self.held_out, self.epochs)


RADII = {"linf": (1 / 255, 2 / 255, 4 / 255, 8 / 255), "l2": (0.25, 0.5, 1.0)}
DECISIVE = {"linf": 2 / 255, "l2": 0.5}

SETTINGS: dict[Scale, Settings] = {
    "smoke": Settings(
        DRAWN, 240, 120, 30, width=1 / 8, unet=8, bf_cnn=16, epochs=4, batch=24,
        padding=0, flip=False,
        attacks=Attacks(20, 5, 1, {"l2": (0.25, 0.5)}, {"l2": 0.5}, 5, 20),
        levels=4, timed=1, chain=2, floor=20.0, precision="no",
    ),
    "small": Settings(
        "cifar10", 10_000, 5_000, 1_000, width=1 / 8, unet=10, bf_cnn=32, epochs=30, seeds=3,
        attacks=Attacks(500, 20, 1, RADII, DECISIVE),
    ),
    "paper": Settings(
        "cifar10", None, None, 10_000, width=1.0, unet=78, bf_cnn=256, epochs=200, rate=5e-4,
        seeds=3, weight=8.0, head="reference", label_level=None,
        attacks=Attacks(1_000, 40, 5, RADII, DECISIVE, queries=1_000), precision="no",
    ),
    "imagenet": Settings(
        "imagenet64", None, None, 10_000, width=1.0, unet=78, bf_cnn=256, epochs=30, rate=5e-4,
        padding=0, weight=8.0, head="reference", label_level=None,
        attacks=Attacks(1_000, 40, 5, RADII, DECISIVE, queries=1_000), floor=1.0,
    ),
}  # fmt: skip
