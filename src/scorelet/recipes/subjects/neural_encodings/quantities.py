"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.neural_encodings.learning import CONTRASTS, FROZEN, JOINT, UNIVERSAL
from scorelet.recipes.subjects.neural_encodings.sets import BESIDE, NAMES, RANDOM_A
from scorelet.recipes.subjects.neural_encodings.settings import Settings


def quantities(_settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers: the same at every scale."""
    learned = {JOINT, *FROZEN, *(f"{JOINT} {name}" for name in (BESIDE, RANDOM_A))}
    return frozenset(learned | {f"{UNIVERSAL} {name}" for name in NAMES[1:]}) | {
        *CONTRASTS,
        *("layers alike", "share of five", "share of the formula", "data alike", "labels alike"),
        *("top aligned", "top unaligned", "least S seeds", "S seeds falls"),
        *("S halves near", "S halves deep", "S beside falls", "S random", "S random pair"),
        *("seeds exchanged", "transfer gain", "transfer falls", "rank rises", "rank of classes"),
        *("seeds over untrained", "transfer over untrained"),
        *("same law", "other law", "shuffled", "clipped"),
    }
