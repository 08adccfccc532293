"""What a run measures: keys of its numbers, which claims name."""

from scorelet.recipes.subjects.wavelet_score.settings import Settings

_SPECTRA = ("most", "growth", "ratio", "best", "whitened", "whitened growth", "whitened ratio")
_NETWORKS = ("excess", "converged", "plateau")


def quantities(settings: Settings) -> frozenset[str]:
    """Return the keys of all numbers."""
    found = {f"{spectra.source} {key}" for spectra in settings.spectra for key in _SPECTRA}
    found |= {f"{each.source} {key}" for each in settings.networks for key in _NETWORKS}
    if 3 in settings.theory.exponents:
        found.add("steep exponent")
    return frozenset(found) | {
        *("corollary", "theorem", "pixel growth", "detail growth", "condition"),
        *("fixed details", "fixed pixels"),
        *("advantage uniform", "advantage ancestral", "advantage rms"),
        *("linear variation", "linear spectrum", "linear ratio"),
    }
