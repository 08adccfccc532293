"""Whether a kernel may compute what torch would: nobody asks for derivatives, or for operations."""

import torch
from torch import Tensor
from torch.autograd import forward_ad

_DTYPES = (torch.float32, torch.float64)


def functions_at_work() -> bool:
    """Whether a transform of torch.func, or forward differentiation, calls what runs now."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


def is_traced() -> bool:
    """Whether somebody sees torch's operations, to run them again or to count them.

    So do torch.compile, torch.export, make_fx, torch.func.linearize, FakeTensorMode and
    FlopCounterMode. They do not see a kernel: its result would be memory that nothing fills.
    """
    if torch.compiler.is_compiling():
        return True
    return torch._C._len_torch_dispatch_stack() > 0 or torch._C._get_tracing_state() is not None


def is_plain(*tensors: Tensor) -> bool:
    """Whether nobody asks for operations, or for derivatives of these tensors."""
    if is_traced() or functions_at_work():
        return False
    return not (torch.is_grad_enabled() and any(t.requires_grad for t in tensors))


def has_memory(x: Tensor) -> bool:
    """Whether x is more than a stand-in, as in batches of derivatives."""
    try:
        return x.data_ptr() != 0
    except RuntimeError:
        return False


def fits_kernel(*tensors: Tensor) -> bool:
    """Whether a compiled kernel can read these tensors: 32 or 64 bits, in the memory of a CPU.

    Memory of a negative view, such as the imaginary part of a conjugate, has the other sign.
    """
    return all(
        t.device.type == "cpu" and t.dtype in _DTYPES and not t.is_neg() and has_memory(t)
        for t in tensors
    )


def runs_compiled(*tensors: Tensor) -> bool:
    """Whether a compiled kernel may take these tensors: it can read them, and they are plain."""
    return is_plain(*tensors) and fits_kernel(*tensors)
