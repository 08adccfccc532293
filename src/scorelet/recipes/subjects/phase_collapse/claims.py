"""What the paper says, with criteria that were written before the runs."""

from itertools import pairwise

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, at_least, at_most, within
from scorelet.recipes.subjects.phase_collapse.settings import Settings

POSTER = "poster of the paper, table of errors"
_ACCURACY, _POINTS = "% accuracy", "points of accuracy"


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found = _textures()
    if "cst" in settings.network.kept:
        found += _collapse() + (_against_others(scale) if scale != "smoke" else ())
    found += _design(scale)
    if scale in ("small", "paper"):
        found += _depth(settings.network.depths)
    return found + _rectifiers(scale) + (_speed() if settings.speed else ())


def _textures() -> tuple[Claim, ...]:
    where = "section on class means, in words; laws and figures are ours"
    return (
        Claim(
            "Functions that keep the phase leave two textures at chance",
            "textures kept",
            where,
            _ACCURACY,
            at_most(60),
            note="the best of all of them and of none; chance is 50 %",
        ),
        Claim(
            "The modulus tells them apart",
            "textures mod",
            where,
            _ACCURACY,
            at_least(95),
        ),
        Claim(
            "So do rectifiers of four phases",
            "textures relu",
            where,
            _ACCURACY,
            at_least(95),
        ),
        Claim(
            "Phases kept: no Fisher ratio beyond that of chance",
            "textures kept ratio",
            where,
            "Fisher ratio without bias",
            at_most(0.1),
        ),
        Claim(
            "The modulus: a large Fisher ratio",
            "textures mod ratio",
            where,
            "Fisher ratio without bias",
            at_least(3),
        ),
    )


def _collapse() -> tuple[Claim, ...]:
    return (
        Claim(
            "With skip, the modulus beats the soft threshold",
            "collapse gain",
            POSTER,
            _POINTS,
            at_least(10),
            published=14.8,
        ),
        Claim(
            "With skip, the soft threshold makes so many times the errors of the modulus",
            "collapse factor",
            POSTER,
            "times",
            at_least(1.4),
            published=2.92,
        ),
    )


def _against_others(scale: Scale) -> tuple[Claim, ...]:
    return (
        Claim(
            "With skip, the modulus beats every function that keeps the phase",
            "smallest gain",
            "table 2 of the paper, whose figures could not be read",
            _POINTS,
            at_least(0),
        ),
        Claim(
            "Without skip the gap between modulus and soft threshold is larger",
            "gap growth",
            "table 2 of the paper, whose figures could not be read",
            _POINTS,
            at_least(0),
        ),
        Claim(
            "Without skip, a network of soft thresholds is little better than a linear classifier",
            "kept against linear",
            "control: pixels and least squares",
            _POINTS,
            at_most(10),
            note="N divides by a norm at each pixel, so the network is not linear",
        ),
    )


def _design(scale: Scale) -> tuple[Claim, ...]:
    skip = (
        "Skip connections help",
        "skip gain",
        POSTER,
        _POINTS,
        at_least(0),
    )
    learned = Claim(
        "Matrices that learn beat random ones that do not",
        "learned gain",
        f"{POSTER}: fixed and learned scattering, the latter without skip",
        _POINTS,
        at_least(8),
        published=16.0,
    )
    return () if scale == "smoke" else (Claim(*skip, published=4.0), learned)


def _depth(depths: tuple[int, ...]) -> tuple[Claim, ...]:
    steps = tuple(
        Claim(
            f"{after} blocks beat {before}",
            f"depth {before} to {after}",
            "abstract, in words: collapses are iterated",
            _POINTS,
            at_least(0),
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
            "They do so more than with the soft threshold",
            "growth mod over cst",
            "abstract, in words",
            "times",
            at_least(1.5),
        ),
    )


def _rectifiers(scale: Scale) -> tuple[Claim, ...]:
    if scale == "smoke":
        return ()
    where = "table 3 of the paper, in words on the poster"
    return (
        Claim(
            "A bias-free residual network does as well with |x| as with ReLU",
            "relu less abs",
            where,
            _POINTS,
            within(0, 3),
        ),
        Claim(
            "Both do better than soft thresholds and tanh",
            "rectifiers",
            where,
            _POINTS,
            at_least(5),
            note="the smallest of all differences",
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
