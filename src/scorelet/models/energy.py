"""Energies: densities up to a constant, p(x) = exp(-U(x)) / Z, with their gradients.

Symbols: x in R^d, U energy, F = +grad U force, s = grad log p = -F score, H Hessian of U. The signs
are those of this library everywhere: the force is the gradient itself, the score its negative.
"""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from torch import Tensor
from torch.func import grad, jvp

from scorelet.core.derivatives import differentiating
from scorelet.core.errors import InputError


@runtime_checkable
class Energy(Protocol):
    """A density on batches (batch, channel, height, width); no two samples see each other.

    Reference ensembles with a formula, lattice potentials, and densities of noisy images obey it,
    and a class of a user's own that has the three methods does.
    """

    def energy(self, x: Tensor) -> Tensor:
        """U of each sample, (batch,)."""
        ...

    def force(self, x: Tensor) -> Tensor:
        """F = +grad U, the shape of x."""
        ...

    def score(self, x: Tensor) -> Tensor:
        """s = grad log p = -F, the shape of x."""
        ...


@runtime_checkable
class CurvedEnergy(Energy, Protocol):
    """An energy whose Hessian can be applied."""

    def hessian_vec(self, x: Tensor, v: Tensor) -> Tensor:
        """H(x) v of each sample, the shape of x."""
        ...


@runtime_checkable
class PairedEnergy(Energy, Protocol):
    """An energy whose value and force share most of their work."""

    def energy_and_force(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return U of each sample, (batch,), and F, the shape of x."""
        ...


def energy_and_force(energy: Energy, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return U and F; at the cost of one where the energy is a `PairedEnergy`."""
    if isinstance(energy, PairedEnergy):
        return energy.energy_and_force(x)
    return energy.energy(x), energy.force(x)


class FunctionEnergy:
    """The energy of a function; its derivatives are automatic.

    Args:
        function: U, from (batch, channel, height, width) to (batch,), of operations that
            `torch.func` can differentiate; no sample may depend on another one.

    Its methods raise InputError for what is no batch of floating-point fields, and for a function
    that gives no number for each.
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self._function = function

    def energy(self, x: Tensor) -> Tensor:
        """Return U of each sample, (batch,)."""
        check_fields(x)
        return energies_of(x, self._function(x))

    def force(self, x: Tensor) -> Tensor:
        """Return F = +grad U; under `torch.no_grad`, too."""
        check_fields(x)
        with differentiating():
            return grad(lambda u: energies_of(u, self._function(u)).sum())(x)

    def score(self, x: Tensor) -> Tensor:
        """Return -F."""
        return -self.force(x)

    def hessian_vec(self, x: Tensor, v: Tensor) -> Tensor:
        """Return H(x) v, the derivative of the force along v."""
        check_fields(x)
        check_fields(v)
        with differentiating():
            return jvp(self.force, (x.contiguous(),), (v,))[1]  # jvp refuses expanded tensors


def energies_of(x: Tensor, found: object) -> Tensor:
    """Return the energies that a function found; raise InputError unless it is one of each field.

    One number for all fields, or one for each pixel, would have the force of the right energy.
    """
    if not isinstance(found, Tensor) or found.shape != x.shape[:1]:
        got = f"of shape {tuple(found.shape)}" if isinstance(found, Tensor) else repr(found)
        raise InputError(
            f"The energy of {len(x)} fields is {got}: expected a tensor of shape ({len(x)},), "
            "one number for each, as the sum over all axes but the first."
        )
    return found


def check_fields(x: object) -> None:
    """Raise InputError unless x is a batch of floating-point fields."""
    if not isinstance(x, Tensor):
        raise InputError(f"Fields must be a tensor of floating point, got {type(x).__name__}.")
    if x.ndim != 4 or not x.is_floating_point():
        raise InputError(
            f"Fields must be floating point and (batch, channel, height, width), got "
            f"{x.dtype} of shape {tuple(x.shape)}."
        )
