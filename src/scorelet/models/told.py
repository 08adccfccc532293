"""What is asked f(y, sigma, cond=, label=) in the place of a denoiser: laws, functions, modules."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.models.denoiser import Denoiser
from scorelet.models.joint_energy import JointEnergy

Told = nn.Module | Callable[..., Any]
"""A denoiser, a `JointEnergy`, or a function that is called as a denoiser."""


def as_denoiser(model: Told) -> Told:
    """Return what denoises: of a joint law its denoiser, others as they are.

    Functions f(y, sigma, cond=, label=), and modules that are called so, pass.

    Raises:
        InputError: it cannot be called so, as a name, or a network that is told no noise level;
            torch may have compiled it. Or it is a law of labels only.
    """
    inner = unwrapped(model)
    if isinstance(inner, JointEnergy):
        return inner.denoiser()
    if not isinstance(inner, Denoiser) and not _is_called_so(inner):
        raise InputError(
            f"A {type(model).__name__} is no Denoiser, which is called f(y, sigma, cond=, label=): "
            "scorelet.load gives that of a name or a file; a network that gives the noise of an "
            "image becomes one by scorelet.models.ResidualDenoiser."
        )
    return model


def _is_called_so(model: object) -> bool:
    module = isinstance(model, nn.Module)
    called = model.forward if module else model
    if not callable(called):
        return False
    try:
        form = signature(called)
    except ValueError:  # compiled ones may not say how they are called
        return True
    try:
        form.bind(None, None, cond=None, label=None)
    except TypeError:
        return False
    return not module or "sigma" in form.parameters  # a network may call the second otherwise
