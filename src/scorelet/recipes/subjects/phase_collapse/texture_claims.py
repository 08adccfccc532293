"""Claims about textures, whose laws say what must come out."""

from scorelet.recipes.claims import Claim, at_least, at_most
from scorelet.recipes.drawn_sets import TEXTURES
from scorelet.recipes.subjects.phase_collapse.comparisons import FULL

ACCURACY = "% accuracy"


def textures() -> tuple[Claim, ...]:
    """Claims about two textures and fixed coefficients."""
    where = "section on class means, in words; laws and figures are ours"
    return (
        Claim(
            "Functions that keep the phase leave two textures at chance",
            "textures kept",
            where,
            ACCURACY,
            at_most(60),
            note="the best of all of them and of none; chance is 50 %",
        ),
        Claim(
            "The modulus tells them apart",
            "textures mod",
            where,
            ACCURACY,
            at_least(95),
        ),
        Claim(
            "So do rectifiers of four phases",
            "textures relu",
            where,
            ACCURACY,
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
        Claim(
            "Rectifiers of four phases: a large one, too",
            "textures relu ratio",
            where,
            "Fisher ratio without bias",
            at_least(3),
        ),
    )


def signs() -> tuple[Claim, ...]:
    """Claims about networks that learn textures of random signs."""
    where, chance = "section on class means, in words; the set is ours", 100 / len(TEXTURES)
    return (
        Claim(
            "Textures of random signs: the network of moduli learns them",
            FULL,
            where,
            ACCURACY,
            at_least(2 * chance),
            note=f"chance is {chance:.1f} %",
        ),
        Claim(
            "That of soft thresholds does not",
            "cst with skip",
            "control: what keeps the phase is odd, so with random signs every class mean is 0",
            ACCURACY,
            at_most(2 * chance),
            note="so it says nothing about photographs, for which there is the scale small",
        ),
    )
