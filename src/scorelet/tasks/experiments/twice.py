"""Whether a network can learn to denoise as a joint law: its score is a gradient already.

Symbols: l logits of one class, s = ∇ log p(y | class) the score, v any image. Learning needs
d<s, v>/dθ, a second derivative; and where l is piecewise linear in the image, as of ReLU, the
classes move an image by amounts that are constant around it, which learn badly.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from scorelet.core.errors import InputError, one_line
from scorelet.core.random import generator, randn
from scorelet.core.typing import Image
from scorelet.models import NetworkJointEnergy
from scorelet.models.joint_network import EnergyNetwork

_PICTURES = 2


def check_twice(model: NetworkJointEnergy, size: Sequence[int], channels: int) -> list[str]:
    """Refuse a network whose score learns nothing; return what is to be said of others.

    Args:
        model: whose network it is; on the processor.
        size, channels: of the images, two of which are drawn.

    Raises:
        InputError: the network cannot be differentiated twice, or its weights do not change the
            score.
    """
    rng = generator(0)
    shape = (_PICTURES, channels, *size)
    x, v = 0.5 + 0.25 * randn(shape, rng=rng), randn(shape, rng=rng)
    name, training = type(model.network).__name__, model.training
    model.eval()
    try:
        if not _learns(model, x, v):
            raise InputError(
                f"The weights of {name} do not change the score, which is a gradient in the "
                "image: what it computes is detached or rounded, so that it cannot learn to "
                "denoise; use functions with derivatives, or weight 0 of the denoising error."
            )
        linear = model.classifies and _piecewise_linear(model, x, v)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise InputError(
            f"{name} cannot be differentiated twice, as learning to denoise needs: "
            f"{one_line(error)}; use smooth functions of torch, or weight 0 of the denoising error."
        ) from error
    finally:
        model.train(training)
        model.zero_grad()
    if not linear:
        return []
    return [
        f"the logits of {name} are linear around each image, as of ReLU: the denoisers of its "
        "classes then differ by pieces of constants, and learn badly; smooth functions, as GELU, "
        "do better"
    ]


def _learns(model: NetworkJointEnergy, x: Image, v: Image) -> bool:
    """Go back through all of the score, also through parts that lead to no weight."""
    sigma = x.new_full((len(x),), min(max(0.1, model.least), model.most))
    with torch.enable_grad():
        _, score = model.logits_and_score(x, sigma, 0 if model.classifies else None)
        if not score.requires_grad:
            return False
        (score * v).sum().backward()
    return any(w.grad is not None and bool(w.grad.any()) for w in model.parameters())


def _piecewise_linear(model: NetworkJointEnergy, x: Image, v: Image) -> bool:
    network = model.network
    assert isinstance(network, EnergyNetwork)
    image = x.clone().requires_grad_()
    with torch.enable_grad():
        logits = network.heads(image, x.new_full((len(x),), model.least))[1]
        slope = _slope(logits[:, 0].sum(), image)
        if slope is None or not bool(slope.any()):
            return False  # weights that begin at zero say nothing of the function
        curved = _slope((slope * v).sum(), image)
    return curved is None or not bool(curved.any())


def _slope(value: Tensor, image: Image) -> Image | None:
    if not value.requires_grad:
        return None
    return torch.autograd.grad(value, image, create_graph=True, allow_unused=True)[0]
