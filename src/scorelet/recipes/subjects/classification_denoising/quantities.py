"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.classification_denoising.networks import LABELLING
from scorelet.recipes.subjects.classification_denoising.settings import Settings


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    found = {f"accuracy {name}" for name in LABELLING}
    for norm in settings.attacks.decisive:
        found |= {f"robust {norm} {name}" for name in LABELLING}
        found |= {f"robust gain {norm}", f"robust gain over noisy labels {norm}"}
    return frozenset(found) | {
        *("clean gain", "noisy gain", "gain over noisy labels"),
        *("worst denoising", "least worth", "variance ratio"),
        *("information ratio", "information of labels", "smoother"),
        *("mixture identity", "attack identity", "joint asymmetry", "direct asymmetry"),
    }
