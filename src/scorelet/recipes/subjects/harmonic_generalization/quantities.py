"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.harmonic_generalization.claims import BELOW, LEAD
from scorelet.recipes.subjects.harmonic_generalization.miniature import KINDS
from scorelet.recipes.subjects.harmonic_generalization.settings import Settings, Slopes


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    found = {f"{kind} {count}" for kind in KINDS for count in settings.fields}
    if settings.discs is not None:
        found |= {"disc cosine", "disc sixth"}
    return frozenset(found | _slopes(settings.slopes)) | {
        *(LEAD, "first gap", "last gap", "variance ratio"),
        *("pair rise", "pair of few", "pair of many", "pair over nearest"),
        *("nearest fall", "own over others"),
        *(BELOW, "ray slope", "ray alignment", "ray first", "ray second"),
    }


def _slopes(slopes: Slopes) -> set[str]:
    names = {"c_alpha_regular": "slope", "c_alpha": "printed slope"}
    kinds = [names[law] for law in slopes.laws if law in slopes.trained]
    kinds += ["oracle"] if "c_alpha_regular" in slopes.laws else []
    return {f"{kind} {alpha:g}" for kind in kinds for alpha in slopes.alphas}
