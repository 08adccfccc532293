"""What the paper says, with criteria that were written before the runs."""

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, at_least, at_most, within
from scorelet.recipes.drawn_sets import TEXTURES
from scorelet.recipes.subjects.separation_concentration.settings import Fixed, Settings

PUBLISHED = 72.3
"""Accuracy in percent of scattering with a learned projection and a linear head on CIFAR-10."""

_POSTER = "poster of the paper on phase collapse, table, row of scattering: error 27.7 %"
_WORDS = "sections 1 and 2 of the paper, in words"
_ACCURACY, _POINTS = "% accuracy", "points of accuracy"


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found = _mixtures()
    if settings.fixed.train:
        found += _textures(settings.fixed) if scale == "smoke" else _cifar(settings.fixed)
    found += _singular_values()
    if scale == "smoke":
        return found
    found += _trained(settings)
    if settings.patches.atoms:
        found += _two_layers()
    return found + (_stability() if settings.stable else ())


def _mixtures() -> tuple[Claim, ...]:
    return (
        Claim(
            "A rectified frame separates classes whose means are equal",
            "mixture separation",
            "abstract, in words; the mixture is ours",
            "times the Fisher ratio of x without its floor, or 0.001 if that is less",
            at_least(100),
        ),
        Claim(
            "A redundant frame separates more than a basis",
            "mixture redundancy",
            "control: the same classes",
            "Fisher ratio, frame less basis",
            at_least(0.2),
        ),
        Claim(
            "A soft threshold does not separate them",
            "mixture threshold",
            "abstract, in words: it nearly keeps the means",
            "Fisher ratio without its floor",
            at_most(0.01),
        ),
        Claim(
            "A soft threshold in a basis concentrates a sparse mean",
            "concentration variance",
            "abstract, in words; classical risk of soft thresholds",
            "variance within the class, after over before",
            at_most(0.1),
        ),
        Claim(
            "and displaces it little",
            "concentration displacement",
            "abstract, in words",
            "of its norm",
            at_most(0.25),
        ),
        Claim(
            "In a frame of four times the dimension it displaces it more",
            "redundant displacement",
            "control: the same noise; frames cost bias",
            "of its norm",
            at_least(0.4),
        ),
    )


def _textures(fixed: Fixed) -> tuple[Claim, ...]:
    chance, most = 100 / len(TEXTURES), max(fixed.train)
    return (
        Claim(
            "Scattering beats pixels",
            f"gain {most}",
            _WORDS,
            _POINTS,
            at_least(50),
            note="textures instead of photographs, for which nothing is published",
        ),
        Claim(
            "Where classes have equal means, pixels are worth little",
            f"pixels {most}",
            "control: class means are equal by construction, so least squares has zero weights",
            _ACCURACY,
            at_most(2 * chance),
            note=(
                f"Chance is {chance:.1f} %. Weights fitted to few pictures are noise, and pictures "
                "that are large under noise differ from those that are not: hence twice chance."
            ),
        ),
    )


def _cifar(fixed: Fixed) -> tuple[Claim, ...]:
    most = max(fixed.train)
    return (
        Claim("Scattering beats pixels", f"gain {most}", _WORDS, _POINTS, at_least(15)),
        Claim(
            f"A linear head on fixed scattering coefficients of {most:,} images",
            f"scattering {most}",
            _POSTER,
            _ACCURACY,
            at_least(60),
            published=PUBLISHED,
            note=(
                f"{most:,} training images instead of 50,000, no augmentation, a ridge head in the "
                "place of a learned projection with a normalisation, and a test on lossless "
                "training images instead of the test set"
            ),
        ),
        Claim(
            "Scattering with the fewest images beats pixels with the most",
            "fewer images",
            "control: known invariances take the place of data",
            _POINTS,
            at_least(0),
        ),
    )


def _trained(settings: Settings) -> tuple[Claim, ...]:
    more = "S_T, more images" if settings.tree.images else "S_T"
    tree = Claim(
        "S_T, a learned matrix and a linear classifier on scattering coefficients",
        more,
        _POSTER,
        _ACCURACY,
        at_least(68, errors=0),
        published=PUBLISHED,
    )
    small = settings.tree.pool == 1  # CIFAR-10
    return (
        *((tree,) if small else ()),
        Claim(
            "Matrices between the wavelets (S_P) beat one after them (S_T)",
            "blocks gain",
            "in words: learned projections at every scale",
            _POINTS,
            at_least(3),
        ),
        Claim(
            "Concentration by a frame (S_C) does not lose accuracy",
            "concentration gain",
            "abstract, in words: it takes S_P to the level of ResNet-18",
            _POINTS,
            at_least(0),
        ),
        Claim(
            "and raises the Fisher ratio of the last block",
            "last ratio gain",
            "in words: thresholds reduce the variance within classes",
            "Fisher ratio without bias, S_C less S_P",
            at_least(0),
        ),
        Claim(
            "The Parseval step costs or gives little accuracy",
            "parseval gain",
            "control: the step taken out",
            _POINTS,
            within(0, 2, errors=0),
        ),
        Claim(
            "The Fisher ratio rises from block to block of S_P",
            "smallest step",
            "in words: separability rises with depth",
            "smallest step of the Fisher ratio without bias",
            at_least(0),
        ),
    )


def _singular_values() -> tuple[Claim, ...]:
    return (
        Claim(
            "Without the Parseval step singular values of P spread",
            "spread without",
            "control: the step taken out",
            "largest over smallest singular value of a matrix",
            at_least(2),
        ),
        Claim(
            "With it they stay together",
            "spread with",
            "control",
            "largest over smallest singular value of a matrix",
            at_most(2),
        ),
    )


def _two_layers() -> tuple[Claim, ...]:
    where = "tables of two-layer networks, whose figures could not be read"
    return (
        Claim(
            "Two layers: a soft threshold helps", "soft threshold gain", where, _POINTS, at_least(0)
        ),
        Claim("Two layers: ReLU helps more", "ReLU over threshold", where, _POINTS, at_least(0)),
        Claim(
            "Two layers: ReLU and absolute value do alike",
            "ReLU less absolute",
            where,
            _POINTS,
            within(0, 3),
        ),
        Claim(
            "Two layers: ReLU raises the Fisher ratio",
            "two-layer ratio gain",
            "theorem of section 2, in words",
            "Fisher ratio without bias, ReLU less identity",
            at_least(0),
        ),
    )


def _stability() -> tuple[Claim, ...]:
    where = "control: theory of scattering, in words"
    return (
        Claim(
            "Coefficients change less than pixels when a picture is shifted by a pixel or two",
            "shift stability",
            where,
            "times, the smaller of both ratios, J = 3",
            at_least(2.5),
        ),
        Claim(
            "Changes grow in proportion to a dilation",
            "dilation linearity",
            where,
            "change by 10 % over five times that by 2 %, J = 3",
            within(0.85, 0.25),
            note="at 10 % it begins to saturate",
        ),
        Claim(
            "Shifts change pixels and coefficients as much as in another implementation",
            "stability elsewhere",
            "control: another implementation, 90 test images of CIFAR-10",
            "% of difference, the largest of shifts by 1, 2, 4 and of pixels, J = 2, J = 3",
            at_most(15),
        ),
        Claim(
            "A larger J is more stable",
            "scale stability",
            where,
            "times, the smallest ratio of J = 2 to J = 3 over all deformations",
            at_least(1),
        ),
    )
