"""Signs that gradients are masked: an attack that follows them then proves nothing.

- The gradient of the log-odds against the label is zero or not finite at pictures.
- An attack without gradients, or on another network, breaks more than those with gradients.
- Accuracy stays high at a radius whose ball holds the gray picture 1/2 around any picture: there
  no classifier can be right for pictures of two classes, so what is left was not found.

References: Athalye, Carlini, Wagner, ICML 2018, arXiv 1802.00420; Carlini and others 2019,
arXiv 1902.06705.
"""

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.odds import odds_against
from scorelet.core.device import widened
from scorelet.core.errors import InputError, one_line
from scorelet.core.typing import Image, Labels

CHANCE = 0.01
"""Of a warning where two attacks are alike: each radius and attack asks anew."""
SHARE = 0.01
"""Share of pictures without a gradient from which it is said."""


def without_gradient(network: nn.Module, x: Image, labels: Labels) -> Tensor:
    """Return where the gradient of the log-odds against the label is zero or not finite.

    Args:
        network: pictures to logits.
        x: (batch, channel, height, width).
        labels: (batch,).

    Returns:
        (batch,), booleans.

    Raises:
        InputError: the network's logits cannot be differentiated in the pictures.
    """
    with torch.inference_mode(mode=False):
        image, gradient = x.detach().clone().requires_grad_(), None
        logits = network(image.clone())  # which it may write to
        if logits.requires_grad:
            loss = odds_against(widened(logits), labels.clone().long()).sum()
            gradient = _gradient(loss, image)
    if gradient is None:
        raise InputError(
            "The model's logits are detached, without a gradient in the pictures, which pgd, apgd, "
            "autoattack, transfers and explain-attack follow: use the attack square of robust, "
            "which needs none."
        )
    length = gradient.flatten(1).abs().sum(1)
    return (length == 0) | ~length.isfinite()


def _gradient(loss: Tensor, image: Image) -> Image | None:
    try:
        return torch.autograd.grad(loss, image, allow_unused=True)[0]
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise InputError(
            f"The model's logits cannot be differentiated in the pictures: {one_line(error)}; use "
            "the attack square of robust, which needs no gradient."
        ) from error


def beaten(blind: Tensor, guided: Tensor) -> bool:
    """Whether an attack without the gradient breaks more pictures than one with it.

    Of the n pictures that one of the two breaks alone, so many must be those of the blind attack
    that a fair coin, thrown n times, has as many heads with a probability of at most `CHANCE`.

    Args:
        blind, guided: (pictures,), which each has broken.
    """
    from scipy.stats import binomtest

    alone, missed = int((blind & ~guided).sum()), int((guided & ~blind).sum())
    if not alone:
        return False
    return float(binomtest(alone, alone + missed, alternative="greater").pvalue) <= CHANCE


def stays_high(labels: Labels, broken: Tensor) -> bool:
    """Whether more pictures are left at the widest radius than any classifier can have.

    Args:
        labels: (pictures,), of pictures that were right.
        broken: (pictures,), at a radius `scorelet.analysis.robustness.ball.widest`.

    All those pictures' balls share the gray picture, which has one label: at most the pictures of
    the largest class can withstand.
    """
    return int((~broken).sum()) > int(labels.bincount().max())
