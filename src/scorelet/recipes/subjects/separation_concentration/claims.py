"""What the paper says, with criteria that were written before the runs."""

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, Criterion, at_least, at_most, within
from scorelet.recipes.subjects.separation_concentration.comparisons import (
    ALIKE,
    BLOCKS,
    FREE,
    FUNCTIONS,
    LEARNED,
    PARSEVAL,
    SCATTERED,
    TREE,
)
from scorelet.recipes.subjects.separation_concentration.fixed_claims import (
    ACCURACY,
    POINTS,
    POSTER,
    PUBLISHED,
    cifar,
    mixtures,
    stability,
    textures,
)
from scorelet.recipes.subjects.separation_concentration.settings import Settings


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    found, floor = mixtures(settings.samples), at_least(settings.budget.floor)
    if settings.fixed.train:
        found += textures(settings.fixed) if scale == "smoke" else cifar(floor, settings.fixed)
    found += _singular_values(floor)
    if scale == "smoke":
        return found
    found += _trained(floor, settings)
    if settings.patches.atoms:
        found += _two_layers(floor)
    return found + (stability() if settings.stable else ())


def _trained(floor: Criterion, settings: Settings) -> tuple[Claim, ...]:
    tree = Claim(
        "S_T, a learned matrix and a linear classifier on scattering coefficients",
        "tree",
        POSTER,
        ACCURACY,
        at_least(SCATTERED),
        published=PUBLISHED,
        note=f"{settings.tree.images:,} training images" if settings.tree.images else "",
    )
    small = settings.tree.pool == 1  # CIFAR-10
    return (
        *((tree,) if small else ()),
        Claim(
            "Matrices between the wavelets (S_P) beat one after them (S_T)",
            "blocks gain",
            "in words: learned projections at every scale",
            POINTS,
            at_least(LEARNED),
            given={TREE: floor},
        ),
        *_concentrated(floor),
        Claim(
            "The Parseval step costs or gives little accuracy",
            "parseval gain",
            "control: the step taken out",
            POINTS,
            within(0, PARSEVAL),
            given={BLOCKS: floor, FREE: floor},
        ),
        Claim(
            "The Fisher ratio rises from block to block of S_P",
            "smallest step",
            "in words: separability rises with depth",
            "smallest step of the Fisher ratio without bias",
            at_least(0),
        ),
    )


def _concentrated(floor: Criterion) -> tuple[Claim, ...]:
    return (
        Claim(
            "Concentration by a frame (S_C) does not lose accuracy",
            "concentration gain",
            "abstract, in words: it takes S_P to the level of ResNet-18",
            POINTS,
            at_least(0),
            given={BLOCKS: floor},
        ),
        Claim(
            "and raises the Fisher ratio of the last block",
            "last ratio gain",
            "in words: thresholds reduce the variance within classes",
            "Fisher ratio without bias, S_C less S_P",
            at_least(0),
            given={BLOCKS: floor},
        ),
    )


def _singular_values(floor: Criterion) -> tuple[Claim, ...]:
    unit = "largest over smallest singular value of a matrix, of all seeds"
    return (
        Claim(
            "Without the Parseval step singular values of P spread",
            "spread without",
            "control: the step taken out",
            unit,
            at_least(2),
            given={FREE: floor},
        ),
        Claim(
            "With it they stay together",
            "spread with",
            "control",
            unit,
            at_most(2),
            given={BLOCKS: floor},
        ),
    )


def _two_layers(floor: Criterion) -> tuple[Claim, ...]:
    where = "tables of two-layer networks, whose figures could not be read"
    none, soft, relu, absolute = (f"two layers, {name}" for name in FUNCTIONS.values())
    return (
        Claim(
            "Two layers: a soft threshold helps",
            "soft threshold gain",
            where,
            POINTS,
            at_least(0),
            given={none: floor},
        ),
        Claim(
            "Two layers: ReLU helps more",
            "ReLU over threshold",
            where,
            POINTS,
            at_least(0),
            given={soft: floor},
        ),
        Claim(
            "Two layers: ReLU and absolute value do alike",
            "ReLU less absolute",
            where,
            POINTS,
            within(0, ALIKE),
            given={relu: floor, absolute: floor},
        ),
        Claim(
            "Two layers: ReLU raises the Fisher ratio",
            "two-layer ratio gain",
            "theorem of section 2, in words",
            "Fisher ratio without bias, ReLU less identity",
            at_least(0),
            given={none: floor},
        ),
    )
