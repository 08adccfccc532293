"""The networks in which laws of weights were studied, as options of their classes.

Learned scatterings of 3, 7 and 10 hidden layers. A width s multiplies the outputs of all matrices;
with three hidden layers those of the last matrix stay.

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, section 3 and appendix D.
"""

from typing import Any

from scorelet.core.errors import InputError
from scorelet.networks.learned_scattering import CIFAR_SIZES, IMAGENET_SIZES
from scorelet.networks.widths import at_width

Options = dict[str, Any]
_THREE = (64, 128, 256, 512)


def rainbow_scattering(
    hidden: int = 7, width: float = 1.0, *, skip: bool = False, norm: bool = True
) -> Options:
    """Return options of `LearnedScattering`.

    Args:
        hidden: layers: 3 or 7 for CIFAR-10, 10 for ImageNet, which has skip and complex weights.
        width: s, positive.
        skip: keep all linear coefficients beside the moduli; activations are complex then.
        norm: divide by the norm of the channels at each pixel, which was left out where weights
            were followed during training.

    Raises:
        InputError: another number of layers.
    """
    block = {"skip": skip, "field": "real", "initial": "uniform", "norm": norm}
    words: Options = {"block": block, "bias_free": True}
    match hidden:
        case 3:
            sizes = [*(at_width(n, width) for n in _THREE[:3]), _THREE[3]]
            return words | {"sizes": sizes, "factorize": None}
        case 7:
            return words | {"sizes": CIFAR_SIZES, "factorize": 0, "width": width}
        case 10:
            block |= {"skip": True, "field": "complex"}
            large = {"classes": 1000, "size": 224, "sizes": IMAGENET_SIZES, "factorize": 1}
            return words | large | {"width": width}
    raise InputError(f"hidden is {hidden}: use 3, 7 or 10.")
