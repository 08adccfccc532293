"""Whether samples of a cascade start from enough noise: said in training, and when they are drawn.

They start from noise of the largest level σ around the mean: of what varies by w, the exact flow
brings w σ²/(w + σ²) back.
"""

ENOUGH = 3.0
"""Deviations of what varies most: from noise of this level samples lose a tenth of its variance."""


def starts_too_low(name: str, largest: float, deviation: float) -> str | None:
    """Return two sentences, the last one without a full stop, if samples start from too little.

    Args:
        name: of what is drawn.
        largest: σ.
        deviation: √w of what varies most there.
    """
    if largest >= ENOUGH * deviation:
        return None
    lost = 100 / (1 + (largest / deviation) ** 2)
    return (
        f"The noise of {name} ends at {largest:.3g}, and what varies most there has deviation "
        f"{deviation:.3g}: samples, which start from that noise, lose about {lost:.0f} % of its "
        f"variance. To draw samples let its sigma end at {ENOUGH * deviation:.2g} or above in "
        "training"
    )
