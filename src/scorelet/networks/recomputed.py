"""Parts of a network that keep what they were given, and compute the rest again when needed.

torch's checkpoint does so for one derivative. Where a gradient is differentiated once more, the
pass that makes it computes a part again, and its graph keeps all of that until the last pass. Here
the derivative of a part is a checkpoint, too: what is kept are the inputs of parts and the
gradients between them, whichever pass it is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.func import functional_call
from torch.utils.checkpoint import checkpoint

from scorelet.core.plain import functions_at_work


def recomputed(part: nn.Module, *inputs: Tensor) -> Tensor:
    """Return part(*inputs), which can be differentiated twice by torch's autograd.

    Elsewhere, as under `torch.func` and `torch.compile`, the part is called as usual.

    Args:
        part: a function of its inputs and weights, without randomness and buffers that change.
        inputs: tensors.
    """
    if functions_at_work() or torch.compiler.is_compiling():
        return part(*inputs)
    weights, count = dict(part.named_parameters()), len(inputs)

    def run(*tensors: Tensor) -> Tensor:
        given, own = tensors[:count], tensors[count:]
        return functional_call(part, dict(zip(weights, own, strict=True)), given)

    return _Recomputed.apply(run, *inputs, *weights.values())


class _Recomputed(Function):
    @staticmethod
    def forward(ctx: Any, run: Callable[..., Tensor], *tensors: Tensor) -> Tensor:  # noqa: ANN401
        ctx.run = run
        ctx.save_for_backward(*tensors)
        device = tensors[0].device.type
        ctx.cast = device, torch.get_autocast_dtype(device), torch.is_autocast_enabled(device)
        return run(*tensors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # ty: ignore[incompatible-method-override]  # noqa: ANN401
        wanted, again = ctx.needs_input_grad[1:], torch.is_grad_enabled()

        def slopes(gradient: Tensor, *tensors: Tensor) -> Sequence[Tensor]:
            # aliases: what an input was made of is no path to another one
            with torch.enable_grad(), torch.autocast(*ctx.cast):
                own = [tensor.view_as(tensor) for tensor in tensors]
                y = ctx.run(*own)
            sources = [tensor for tensor, needed in zip(own, wanted, strict=True) if needed]
            return torch.autograd.grad(
                y, sources, gradient, create_graph=again, allow_unused=True, materialize_grads=True
            )

        if again:
            found = checkpoint(
                slopes, gradient, *ctx.saved_tensors, use_reentrant=False, preserve_rng_state=False
            )
        else:
            found = slopes(gradient, *ctx.saved_tensors)
        rest = iter(found)
        return None, *(next(rest) if needed else None for needed in wanted)
