"""Batches of gradients that `torch.autograd.grad(..., is_grads_batched=True)` hands to a backward.

There, and in `torch.autograd.functional.jacobian(vectorize=True)`, a gradient, or in forward mode a
tangent, is a stand-in for many tensors, without memory that a kernel could read;
`torch.func.vmap`, which functions of autograd have rules for, is another mechanism. `with_batches`
shows a function what is behind it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from scorelet.core.plain import has_memory


def with_batches(
    function: Callable[..., tuple[Tensor, ...]], *tensors: Tensor
) -> tuple[Tensor, ...]:
    """Return function(*tensors), where stand-ins become one more axis in front.

    Args:
        function: takes tensors with any leading axes, as many for all, and returns such tensors.
        tensors: what it takes.
    """
    level = torch._C._vmapmode_increment_nesting() - 1
    torch._C._vmapmode_decrement_nesting()
    # with memory they are no stand-ins, though those of forward mode may have tangents that are
    if level == 0 or all(has_memory(tensor) for tensor in tensors):
        return function(*tensors)
    # one level: a tensor that is no stand-in gets an axis of length 1
    shown = [torch._remove_batch_dim(tensor, level, 1, 0) for tensor in tensors]
    count = max(len(tensor) for tensor in shown)
    results = function(*(tensor.expand(count, *tensor.shape[1:]) for tensor in shown))
    return tuple(torch._add_batch_dim(result, 0, level) for result in results)
