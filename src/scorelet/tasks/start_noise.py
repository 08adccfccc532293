"""Whether samples of a cascade start from enough noise: said in training, and when they are drawn.

The shares that they lose: `scorelet.sampling.reverse.start`.
"""

ENOUGH = 3.0
"""Deviations of what varies most: from noise of this level the flow loses a tenth of its variance.
"""
_LOST = 1 / (1 + ENOUGH**2)


def starts_too_low(name: str, largest: float, deviation: float, lost: float) -> str | None:
    """Return two sentences, the last one without a full stop, if samples start from too little.

    Args:
        name: of what is drawn.
        largest: σ.
        deviation: √w of what varies most there.
        lost: the share of w that is lost.
    """
    if not lost > _LOST:
        return None
    return (
        f"The noise of {name} ends at {largest:.3g}, and what varies most there has deviation "
        f"{deviation:.3g}: samples, which start from that noise, lose about {100 * lost:.0f} % of "
        f"its variance. To draw samples let its sigma end at {ENOUGH * deviation:.2g} or above in "
        "training, or take churn (churn=1), which brings more of it back"
    )
