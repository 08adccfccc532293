"""What the paper says, with criteria that were written before the runs.

Claims on untrained donors came after the run of `small` that is stored, which did not measure them.
"""

from scorelet.recipes.base import Scale
from scorelet.recipes.claims import Claim, Criterion, at_least, at_most, within
from scorelet.recipes.subjects.neural_encodings.encodings import TOP
from scorelet.recipes.subjects.neural_encodings.findings import PAIRS_SHARE
from scorelet.recipes.subjects.neural_encodings.learning import (
    GAINED,
    JOINT,
    LOST,
    UNIVERSAL,
    WHITE,
)
from scorelet.recipes.subjects.neural_encodings.sets import FIRST, RANDOM, RANDOM_A, SECOND
from scorelet.recipes.subjects.neural_encodings.settings import Settings

FIGURE_1, FIGURE_2 = "section 2.2 of the paper, figure 1", "section 3.1 of the paper, figure 2"
FIGURE_3, FIGURE_4 = "section 3 of the paper, figure 3", "section 3 of the paper, figure 4"
SECTION = "section 2.3 of the paper, in words"
_COSINE = "mean cosine of three principal angles; 0.29 is chance"
_POINTS = "points of accuracy"
_UNTRAINED = "control: alignment helps layers that have learned nothing, too"
_SHUFFLED = "A network and a copy with its neurons shuffled are the same, once aligned"


def claims(scale: Scale, settings: Settings) -> tuple[Claim, ...]:
    """Return the claims of a scale."""
    if scale == "smoke":
        return (*_controls(), _exchanged())
    first, last = settings.low
    low = f"layers {first} to {last}"
    floor = at_least(settings.budget.floor)
    return (
        *_controls(),
        *_spatial(settings),
        *_frozen(floor),
        *_seeds(low, floor),
        *_data(settings, low, floor),
        *_labels(floor),
        *_ranks(low, floor),
        _exchanged(),
        *_transfer(first),
    )


def _controls() -> tuple[Claim, ...]:
    where = "control: weights drawn from a law that is known"
    return (
        Claim("Two networks of one law are alike", "same law", where, "S", within(0.92, 0.05)),
        Claim("Networks of unrelated laws are not", "other law", where, "S", within(0, 0.03)),
        Claim(_SHUFFLED, "shuffled", "control", "mean |cos|, least layer", at_least(0.999)),
    )


def _spatial(settings: Settings) -> tuple[Claim, ...]:
    layers = f"layers {settings.spatial[0]} to {settings.spatial[1]}"
    floor = at_least(settings.budget.floor)
    return (
        Claim(
            f"Leading spatial filters are the same in {layers}",
            "layers alike", FIGURE_1, _COSINE, at_least(0.8, errors=0),
        ),
        Claim(
            "Five of them hold most of the variance of all filters",
            "share of five", FIGURE_1, "share", at_least(0.6, errors=0),
            note=f"of {settings.shape.kernel ** 2} dimensions, {layers}",
        ),
        Claim(
            "Hermite-Gaussian functions are nearly these",
            "share of the formula", "control",
            "share of the variance that the five learned hold, both above that of white filters",
            at_least(0.8, errors=0), given={JOINT: floor},
        ),
        Claim(
            "They are the same for other pictures",
            "data alike", FIGURE_1, _COSINE, at_least(0.7, errors=0),
        ),
        Claim(
            "They are the same for random labels",
            "labels alike", FIGURE_1, _COSINE, at_least(0.7, errors=0),
            given={f"{JOINT} {RANDOM_A}": floor},
        ),
    )  # fmt: skip


def _frozen(floor: Criterion) -> tuple[Claim, ...]:
    return (
        Claim(
            "A network whose spatial filters are frozen loses little",
            "lost", SECTION, _POINTS, at_most(LOST), given={JOINT: floor},
            note="to a network of the same widths that learns its filters",
        ),
        Claim(
            "Filters from a trained network are worth more than random ones",
            "gained", "control: white noise, orthonormal", _POINTS, at_least(GAINED),
            given={WHITE: floor},
        ),
    )  # fmt: skip


def _seeds(low: str, floor: Criterion) -> tuple[Claim, ...]:
    unit = f"mean |cos| of the first {TOP} eigenvectors with their partners"
    return (
        Claim(
            f"Aligned, two seeds learn the same directions ({low})",
            "top aligned", FIGURE_2, unit, at_least(0.6),
        ),
        Claim(
            "As they are, they do not",
            "top unaligned", FIGURE_2, unit, at_most(0.2), given={UNIVERSAL: floor},
        ),
        Claim(
            f"Two seeds are alike in {low}, each of them",
            "least S seeds", FIGURE_3, "S", at_least(0.6),
        ),
        Claim(
            "and less so in the last layer",
            "S seeds falls", FIGURE_3, f"S, mean of {low} less the last", at_least(0),
        ),
    )  # fmt: skip


def _data(settings: Settings, low: str, floor: Criterion) -> tuple[Claim, ...]:
    first = settings.low[0]
    learned = {UNIVERSAL: floor} | {f"{UNIVERSAL} {half}": floor for half in (FIRST, SECOND)}
    return (
        Claim(
            f"Disjoint classes are encoded as two seeds are, in layers {first} and {first + 1}",
            "S halves near", FIGURE_4, "S, difference to that of seeds", within(0, 0.2),
            given=learned,
        ),
        Claim(
            "and less alike than these in the last three",
            "S halves deep", FIGURE_4, "S, that of seeds less that of classes", at_least(0),
        ),
        Claim(
            "Networks of two data sets are less and less alike with depth",
            "S beside falls", FIGURE_4, f"S, mean of {low} less that of the last three",
            at_least(0),
        ),
    )  # fmt: skip


def _labels(floor: Criterion) -> tuple[Claim, ...]:
    learned = {f"{UNIVERSAL} {name}": floor for name in RANDOM}
    return (
        Claim(
            "True and random labels are encoded in different ways (layers 3 to 5)",
            "S random", FIGURE_4, "S", at_most(0.4), published=0.2, given=learned,
            note="published: about 0.2",
        ),
        Claim(
            "Two random labellings are more alike than that",
            "S random pair", FIGURE_4, "S, difference", at_least(0.1), given=learned,
            note=PAIRS_SHARE,
        ),
    )  # fmt: skip


def _ranks(low: str, floor: Criterion) -> tuple[Claim, ...]:
    return (
        Claim(
            f"The effective rank rises with depth, from one end of {low} to the other",
            "rank rises", FIGURE_3, "directions", at_least(0),
        ),
        Claim(
            f"Ten classes take more directions than two ({low})",
            "rank of classes", FIGURE_3, "directions, difference", at_least(0),
        ),
        Claim(
            "Layer 3 needs only three times its effective rank",
            "clipped", FIGURE_2, f"{_POINTS} lost", at_most(2), given={UNIVERSAL: floor},
        ),
    )  # fmt: skip


def _exchanged() -> Claim:
    return Claim(
        "All layers of another seed serve the classifier far better once aligned than as they are",
        "seeds exchanged", FIGURE_2, f"{_POINTS}, aligned less unaligned", at_least(10),
    )  # fmt: skip


def _transfer(first: int) -> tuple[Claim, ...]:
    where = "abstract, in words: how many layers can be transferred"
    return (
        Claim(
            f"So do {first} layers of another data set",
            "transfer gain", where, f"{_POINTS}, aligned less unaligned", at_least(10),
        ),
        Claim(
            "and better than all of its layers do",
            "transfer falls", where, f"{_POINTS}, {first} layers less all", at_least(0),
        ),
        Claim(
            f"{first} layers of another data set serve better than as many of an untrained network",
            "transfer over untrained", _UNTRAINED, f"{_POINTS}, both aligned", at_least(0),
        ),
        Claim(
            "All layers of another seed serve better than those that it had before its training",
            "seeds over untrained", _UNTRAINED, f"{_POINTS}, both aligned", at_least(10),
        ),
    )  # fmt: skip
