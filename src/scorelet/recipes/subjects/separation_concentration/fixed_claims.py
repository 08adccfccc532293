"""Claims about what nothing has learned: mixtures, fixed features, deformations."""

from scorelet.recipes.claims import Claim, Criterion, at_least, at_most, within
from scorelet.recipes.drawn_sets import TEXTURES
from scorelet.recipes.subjects.separation_concentration.comparisons import SCATTERED
from scorelet.recipes.subjects.separation_concentration.settings import Fixed
from scorelet.recipes.subjects.separation_concentration.whole_set import KINDS

PUBLISHED = 72.3
"""Accuracy in percent of scattering with a learned projection and a linear head on CIFAR-10."""
POSTER = "poster of the paper on phase collapse, table, row of scattering: error 27.7 %"
MANY = 20_000
"""Samples of a class from which chance, 2e-4, is a thousandth of what a frame separates."""
ACCURACY, POINTS = "% accuracy", "points of accuracy"

_WORDS = "sections 1 and 2 of the paper, in words"


def mixtures(samples: int) -> tuple[Claim, ...]:
    """Claims about Gaussian mixtures of so many samples of a class, which decide what chance is."""
    return (
        Claim(
            "A rectified frame separates classes whose means are equal",
            "mixture separation",
            "abstract, in words; the mixture is ours",
            "times the Fisher ratio of x, which is chance",
            at_least(1000 if samples >= MANY else 100),
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


def textures(fixed: Fixed) -> tuple[Claim, ...]:
    """Claims about scattering and pixels of drawn textures."""
    chance, most = 100 / len(TEXTURES), max(fixed.train)
    return (
        Claim(
            "Scattering beats pixels",
            f"gain {most}",
            _WORDS,
            POINTS,
            at_least(50),
            note="textures instead of photographs, for which nothing is published",
        ),
        Claim(
            "Where classes have equal means, pixels are worth little",
            f"pixels {most}",
            "control: class means are equal by construction, so least squares has zero weights",
            ACCURACY,
            at_most(2 * chance),
            note=(
                f"Chance is {chance:.1f} %. Weights fitted to few pictures are noise, and pictures "
                "that are large under noise differ from those that are not: hence twice chance."
            ),
        ),
    )


def cifar(floor: Criterion, fixed: Fixed) -> tuple[Claim, ...]:
    """Claims about scattering and pixels of photographs; `floor` is what pixels have to reach."""
    most = max(fixed.train)
    return (
        *(whole_set() if fixed.choosing else ()),
        Claim(
            "Scattering beats pixels",
            f"gain {most}",
            _WORDS,
            POINTS,
            at_least(15),
            given={f"pixels {most}": floor},
        ),
        Claim(
            f"A linear head on fixed scattering coefficients of {most:,} images",
            f"scattering {most}",
            POSTER,
            ACCURACY,
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
            POINTS,
            at_least(0),
            given={f"pixels {most}": floor},
        ),
    )


def whole_set() -> tuple[Claim, ...]:
    """Claims about a head on all training images and their mirror images."""
    return tuple(
        Claim(
            f"A linear head on fixed scattering coefficients of all training images{behind}",
            kind,
            POSTER,
            ACCURACY,
            at_least(SCATTERED),
            published=PUBLISHED,
            note="with mirror images; a ridge head; tested on x_test",
        )
        for kind, behind in zip(
            KINDS, ("", ", behind a random matrix across channels"), strict=True
        )
    )


def stability() -> tuple[Claim, ...]:
    """Claims about deformations."""
    where = "control: theory of scattering, in words"
    other = "control: another implementation, 90 test images of CIFAR-10"
    elsewhere = tuple(
        Claim(
            f"{kind} change pixels and coefficients as much as in another implementation",
            f"{kind.lower()} elsewhere",
            other,
            "% of difference, the largest of three sizes, of pixels, J = 2, J = 3 and its means",
            at_most(15),
        )
        for kind in ("Shifts", "Dilations", "Warps")
    )
    return (
        *elsewhere,
        Claim(
            "Orders 0, 1 and 2 have the shares of the energy that they have there",
            "energies elsewhere",
            other,
            "% of difference, the largest of three shares and of the whole, J = 2, J = 3",
            at_most(15),
        ),
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
            "A larger J is more stable",
            "scale stability",
            where,
            "times, the smallest ratio of J = 2 to J = 3 over all deformations",
            at_least(1),
        ),
    )
