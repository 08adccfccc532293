"""The gradient of a number in the images it is made of, by the quicker of torch's two ways.

`torch.func.grad` works everywhere: inside `torch.compile` and other transforms, under
`inference_mode`. It builds a class for each call of a function with derivatives of its own, which
in a small network takes longer than the arithmetic. Otherwise the gradient is of torch's autograd;
both are the same function, to every order.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.func import grad

from scorelet.core.derivatives import differentiating
from scorelet.core.plain import functions_at_work

Valued = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From images to (the number, what else is wanted of the same pass)."""


def image_gradient(f: Valued, y: Tensor, parameters: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the gradient of the number f(y) in y, and what else f returns.

    It exists under `torch.no_grad`; otherwise it can be differentiated in y and in the parameters.
    Where f does not depend on y it is 0.

    Args:
        f: what is differentiated.
        y: images.
        parameters: all that f depends on besides, noise levels too.
    """
    if not _only_functions() and y.is_inference():
        y = y.clone()  # which a law whose parameters require gradients can be differentiated at
    tensors = (y, *parameters)
    if _only_functions() or any(t.is_inference() for t in tensors):
        with differentiating():
            return grad(f, has_aux=True)(y)
    again = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    with torch.enable_grad():
        image = y.view_as(y) if again and y.requires_grad else y.detach().requires_grad_()
        value, other = f(image)
        if value.requires_grad:
            (slope,) = torch.autograd.grad(
                value, image, create_graph=again, allow_unused=True, materialize_grads=True
            )
        else:
            slope = torch.zeros_like(y)
    return slope, other if again else other.detach()


def _only_functions() -> bool:
    return torch.compiler.is_compiling() or torch.is_inference_mode_enabled() or functions_at_work()
