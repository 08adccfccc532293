"""Whether compiled kernels may do the work of a layer, and in which dtype."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn

from scorelet.core.plain import functions_at_work, is_traced

_PRODUCTS = ContextVar("products", default=False)


@contextmanager
def differentiated_in_images() -> Generator[None]:
    """Within it networks are called for products with their Jacobian in x, and for nothing else.

    An evaluated network may then use kernels that have no second derivative in its weights.
    """
    token = _PRODUCTS.set(True)
    try:
        yield
    finally:
        _PRODUCTS.reset(token)


def only_images_matter() -> bool:
    """Whether nobody will ask for derivatives in weights, see `differentiated_in_images`."""
    return _PRODUCTS.get()


def kernel_dtype(x: Tensor, *, training: bool) -> torch.dtype | None:
    """Return the dtype in which kernels may take x, or None where torch must do the work.

    Kernels are for CPUs, and have a first derivative and no other. They must not be used where
    something else may be wanted: by an evaluated network with gradients, by torch.func, by forward
    differentiation and by torch.compile.
    """
    if x.device.type != "cpu" or is_traced() or functions_at_work():
        return None
    if torch.is_grad_enabled() and not training:
        return None
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    return dtype if dtype in (torch.float32, torch.bfloat16) else None


def is_watched(module: nn.Module) -> bool:
    """Whether somebody's hook waits for a part of the module to be called, or for itself.

    Hooks on all modules (`torch.nn.modules.module.register_module_forward_hook`) wait for each, but
    for those that say of themselves that they need not see parts (`needs_no_parts`).
    """
    return _is_any_watched() or any(
        part._forward_hooks
        or part._forward_pre_hooks
        or part._backward_hooks
        or part._backward_pre_hooks
        for part in module.modules()
    )


def _is_any_watched() -> bool:
    place = nn.modules.module
    if not place._has_any_global_hook():
        return False
    looking = [hook for hook in place._global_forward_pre_hooks.values() if not _looks_only(hook)]
    others = place._global_forward_hooks, place._global_backward_hooks
    return bool(looking or place._global_backward_pre_hooks or any(others))


def _looks_only(hook: object) -> bool:
    return getattr(hook, "needs_no_parts", None) is True
