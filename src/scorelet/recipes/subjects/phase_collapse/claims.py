"""What the paper says, with criteria that were written before the runs."""

from itertools import pairwise

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, Criterion, at_least, within
from scorelet.recipes.subjects.phase_collapse.comparisons import (
    ALIKE,
    COLLAPSE,
    EVEN,
    FROZEN,
    LEARNED,
    LINEAR,
    NEARLY_LINEAR,
    PLAIN,
    RECTIFIED,
)
from scorelet.recipes.subjects.phase_collapse.learning import MORE
from scorelet.recipes.subjects.phase_collapse.settings import Settings
from scorelet.recipes.subjects.phase_collapse.texture_claims import signs, textures

POSTER = "poster of the paper, table of errors"
_POINTS = "points of accuracy"


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found, floor = textures(), at_least(settings.budget.floor)
    if scale == "smoke":
        return found + signs()
    if "cst" in settings.network.kept:
        found += _collapse(floor)
    if "cst" in settings.network.plain:
        found += _against_others(floor, settings.network.kept)
    found += _design(floor)
    if scale in ("small", "paper"):
        found += _depth(floor, settings.network.depths)
    found += _rectifiers(floor, settings.residual.rectifiers)
    return found + (_speed() if settings.speed else ())


def _collapse(floor: Criterion) -> tuple[Claim, ...]:
    control = {"cst with skip": floor}
    return (
        Claim(
            "With skip, the modulus beats the soft threshold",
            "collapse gain",
            POSTER,
            _POINTS,
            at_least(COLLAPSE),
            published=14.8,
            given=control,
        ),
        Claim(
            "With skip, the soft threshold makes so many times the errors of the modulus",
            "collapse factor",
            POSTER,
            "times",
            at_least(1.4),
            published=2.92,
            given=control,
        ),
    )


def _against_others(floor: Criterion, kept: tuple[str, ...]) -> tuple[Claim, ...]:
    table = "table 2 of the paper, whose figures could not be read"
    return (
        Claim(
            "With skip, the modulus beats every function that keeps the phase",
            "smallest gain",
            table,
            _POINTS,
            at_least(0),
            given={f"{rho} with skip": floor for rho in kept},
        ),
        Claim(
            "Without skip the gap between modulus and soft threshold is larger",
            "gap growth",
            table,
            _POINTS,
            at_least(0),
            given={"cst with skip": floor, "cst without skip": floor},
        ),
        Claim(
            "Without skip, a network of soft thresholds does about as well as a linear classifier",
            "kept against linear",
            "control: pixels and least squares",
            _POINTS,
            within(0, NEARLY_LINEAR),
            note="N divides by a norm at each pixel, so the network is not linear",
            given={LINEAR: floor},
        ),
    )


def _design(floor: Criterion) -> tuple[Claim, ...]:
    return (
        Claim(
            "Skip connections help",
            "skip gain",
            POSTER,
            _POINTS,
            at_least(0),
            published=4.0,
            given={PLAIN: floor},
        ),
        Claim(
            "Matrices that learn beat random ones that do not",
            "learned gain",
            f"{POSTER}: fixed and learned scattering, the latter without skip",
            _POINTS,
            at_least(LEARNED),
            published=16.0,
            given={FROZEN: floor},
        ),
    )


def _depth(floor: Criterion, depths: tuple[int, ...]) -> tuple[Claim, ...]:
    steps = tuple(
        Claim(
            f"{after} blocks beat {before}",
            f"depth {before} to {after}",
            "abstract, in words: collapses are iterated",
            _POINTS,
            at_least(0),
            given={f"depth {before}": floor},
        )
        for before, after in pairwise(depths)
    )
    return (
        *steps,
        Claim(
            "With the modulus, class means move apart from block to block",
            "growth mod",
            "abstract, in words",
            "times tr Σ_B / tr Σ_W, last block over first",
            at_least(1.5),
        ),
        Claim(
            f"They do so {MORE:g} times as much as with the soft threshold",
            "growth mod over cst",
            "abstract, in words",
            f"growth with the modulus, less {MORE:g} times that with the soft threshold",
            at_least(0),
            given={"cst with skip": floor},
        ),
    )


def _rectifiers(floor: Criterion, names: tuple[str, ...]) -> tuple[Claim, ...]:
    where = "table 3 of the paper, in words on the poster"
    even, odd = (
        {f"ResNet {n}": floor for n in names if (n in EVEN) is which} for which in (True, False)
    )
    return (
        Claim(
            "A bias-free residual network does as well with |x| as with ReLU",
            "relu less abs",
            where,
            _POINTS,
            within(0, ALIKE),
            given=even,
        ),
        Claim(
            "Both do better than soft thresholds and tanh",
            "rectifiers",
            where,
            _POINTS,
            at_least(RECTIFIED),
            note="the smallest of all differences",
            given=odd,
        ),
    )


def _speed() -> tuple[Claim, ...]:
    return (
        Claim(
            "Wavelets by short kernels are faster than in the Fourier domain",
            "wavelet speed",
            "control: the same operator by FFT, forward and backward",
            "times, in CPU seconds",
            at_least(5),
        ),
    )
