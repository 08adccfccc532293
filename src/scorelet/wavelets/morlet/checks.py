"""What is no batch of pictures, said in one sentence."""

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.plain import is_traced


def check_pictures(x: Tensor, *, complex_too: bool = False) -> None:
    """Refuse what is no batch of finite pictures, real or `complex_too`, in one sentence.

    `torch.jit.trace` is refused, too: filters of a grid are kept, so that a second trace of one
    transform would differ from the first.
    """
    if torch._C._get_tracing_state() is not None:
        raise InputError(
            "torch.jit.trace cannot follow transforms that keep their filters: use torch.export or "
            "torch.compile."
        )
    number = isinstance(x, Tensor) and (x.is_floating_point() or (complex_too and x.is_complex()))
    if not number:
        kind = str(x.dtype) if isinstance(x, Tensor) else type(x).__name__
        hint = "for 8-bit pictures x.float() / 255"
        if not isinstance(x, Tensor):
            hint = "of an array of floats torch.from_numpy(x), of 8 bits torch.from_numpy(x) / 255"
        elif x.is_complex():
            hint = "take x.real and x.imag one after the other, or x.abs()"
        raise InputError(f"The input is {kind}: expected a tensor of floats; {hint}.")
    if x.ndim < 2 or x.numel() == 0:
        raise InputError(
            f"The input has shape {tuple(x.shape)}: expected (..., height, width) and at least one "
            "picture."
        )
    if is_concrete(x) and not bool(torch.isfinite(x).all()):
        count = int((~torch.isfinite(x)).sum())
        raise InputError(
            f"{count} of {x.numel()} values are NaN or infinite: replace them before scattering."
        )


def is_concrete(x: Tensor) -> bool:
    """Tell whether the values of x can be looked at: not while tracing or under torch.func."""
    if is_traced() or x.is_meta:
        return False
    dual = torch.autograd.forward_ad.unpack_dual(x).tangent is not None
    return not dual and not torch._C._functorch.is_functorch_wrapped_tensor(x)
