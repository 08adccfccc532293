"""What functions with derivatives of their own share: rules for `torch.func`, and layouts."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


class Rule(Function):
    """A function of tensors whose derivatives are functions of its inputs.

    A subclass writes `forward` of torch's operations, `backward` and `jvp`; both find the inputs in
    `ctx.saved_tensors`. It then works under `torch.func.vmap` and in forward mode, too.
    """

    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ANN401
        """Keep the inputs for both modes."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)


def laid_as(g: Tensor, x: Tensor) -> Tensor:
    """Return g with the layout of x: elementwise kernels are slow across layouts."""
    if torch._C._functorch.is_batchedtensor(x) or torch._C._functorch.is_batchedtensor(g):
        return g
    if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
        return g.movedim(1, -1).contiguous().movedim(-1, 1)  # which vmap knows, too
    return g.contiguous()
