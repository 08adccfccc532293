"""Whether a kernel may compute what torch would: nobody asks for derivatives, or traces."""

import torch
from torch import Tensor
from torch.autograd import forward_ad


def functions_at_work() -> bool:
    """Whether a transform of torch.func, or forward differentiation, calls what runs now."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


def is_plain(*tensors: Tensor) -> bool:
    """Whether nobody asks for derivatives of these tensors, by autograd or by torch.func."""
    if functions_at_work():
        return False
    return not (torch.is_grad_enabled() and any(t.requires_grad for t in tensors))


def has_memory(x: Tensor) -> bool:
    """Whether x is more than a stand-in, as in tracing."""
    try:
        return x.data_ptr() != 0
    except RuntimeError:
        return False


def runs_compiled(*tensors: Tensor) -> bool:
    """Whether a compiled kernel may take these tensors: 32 or 64 bits, on a CPU, and plain."""
    if torch.compiler.is_compiling() or not is_plain(*tensors):
        return False
    return all(
        t.device.type == "cpu" and t.dtype in (torch.float32, torch.float64) and has_memory(t)
        for t in tensors
    )
