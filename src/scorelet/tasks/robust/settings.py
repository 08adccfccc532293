"""What `robust` is asked for."""

from dataclasses import dataclass, replace
from typing import Literal

from scorelet.analysis.robustness import (
    ATTACKS,
    Attack,
    AttackSetup,
    VoteSetup,
    check_level,
    check_radius,
    known_norm,
)
from scorelet.core.errors import InputError
from scorelet.core.options import check_fields
from scorelet.tasks.foreign_classifier import SIZE_ALONE

OUTLIER_SIGMA = 0.1


@dataclass(frozen=True)
class RobustSettings:
    """What is attacked, how, and what else is measured.

    Args:
        norm: of the balls: linf (each pixel by itself) or l2 (the whole picture).
        eps: radii in the unit of pictures with values in [0, 1].
        attacks: names of `scorelet.analysis.robustness.ATTACKS`.
        part: of the data, train or test.
        limit: only the first so many pictures.
        steps: of pgd, apgd, fmn and transfer; None: 40, 100, 100 and 40.
        restarts: from how many random places these start.
        queries: of square, for each picture.
        seed: of everything that is drawn.
        calibration: also measure likelihood and calibration of the clean pictures, and what a
            temperature, fitted on half of them, changes of the others.
        smoothing: noise level of certificates by smoothing, in [0, 1]; None: none.
        draws: votes for each certificate, after 100 that choose the class.
        outlier_sigma: noise level at which densities are compared.
        device: auto, cpu, cuda or mps.
        arch: of a model that is a file of weights of others, see `open_network`; its classes are
            those of the data.
        transfer_arch: the same for the model to transfer from.
        size: (height, width) to which pictures of folders are brought for such models.

    Raises:
        InputError: a name or a number that cannot be used.
    """

    norm: str = "linf"
    eps: tuple[float, ...] = (1 / 255, 2 / 255)
    attacks: tuple[str, ...] = ("pgd",)
    part: Literal["train", "test"] = "test"
    limit: int = 200
    steps: int | None = None
    restarts: int = 1
    queries: int = 1000
    seed: int = 0
    calibration: bool = False
    smoothing: float | None = None
    draws: int = 1000
    outlier_sigma: float = OUTLIER_SIGMA
    device: str = "auto"
    arch: str | None = None
    transfer_arch: str | None = None
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check types, names and ranges."""
        check_fields(self)
        for eps in self.eps:
            check_radius(eps, known_norm(self.norm))
        if not self.eps or not self.attacks:
            raise InputError("No radius or no attack was given: expected at least one of each.")
        if wrong := [name for name in self.attacks if name not in ATTACKS]:
            raise InputError(f"There is no attack {wrong[0]!r}: use {', '.join(ATTACKS)}.")
        if self.part not in ("train", "test"):
            raise InputError(f"part is {self.part!r}: it must be train or test.")
        if self.limit < 1:
            raise InputError(f"limit is {self.limit}: at least one picture must be attacked.")
        if self.size is not None and self.arch is None and self.transfer_arch is None:
            raise InputError(SIZE_ALONE)
        check_level("outlier-sigma", self.outlier_sigma)
        self.setup(ATTACKS["pgd"])
        if self.smoothing is not None:
            check_level("smoothing", self.smoothing)
            self.votes()

    @property
    def radii(self) -> tuple[float, ...]:
        """The radii, each once, the smallest first."""
        return tuple(sorted(set(self.eps)))

    @property
    def names(self) -> tuple[str, ...]:
        """The attacks, each once."""
        return tuple(dict.fromkeys(self.attacks))

    def setup(self, attack: Attack) -> AttackSetup:
        """Return how an attack is made."""
        norm, steps = known_norm(self.norm), self.steps if self.steps is not None else attack.steps
        setup = AttackSetup(norm, restarts=self.restarts, queries=self.queries, seed=self.seed)
        return setup if steps is None else replace(setup, steps=steps)

    def votes(self) -> VoteSetup:
        """Return how votes are taken."""
        assert self.smoothing is not None
        return VoteSetup(self.smoothing, self.draws, seed=self.seed)

    def guided(self) -> tuple[str, ...]:
        """Return the attacks that follow gradients of the network itself."""
        return tuple(name for name in self.names if ATTACKS[name].guided)
