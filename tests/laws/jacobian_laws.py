"""Every way that torch has of making a Jacobian gives the same matrix.

Symbols: f a map of a tensor x of n numbers to m of them, J its Jacobian, (m, n).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.autograd.functional import hessian, hvp, jacobian, vhp
from torch.func import grad, jacfwd, jacrev, jvp, linearize, vjp, vmap
from torch.func import hessian as func_hessian

Map = Callable[[Tensor], Tensor]
"""From a tensor of any shape to a vector."""


def basis(x: Tensor) -> Tensor:
    """The unit vectors of the space of x, (n, *shape)."""
    return torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)


def explicit(f: Map, x: Tensor, step: float) -> Tensor:
    """J by central differences along the unit vectors: exact, up to rounding, where f is linear."""
    columns = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in basis(x)]
    return torch.stack(columns, -1)


def _dual(f: Map, x: Tensor, tangent: Tensor) -> Tensor:
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(f(forward_ad.make_dual(x, tangent))).tangent


def _pulled(f: Map, x: Tensor, *, at_once: bool) -> Tensor:
    y, pull = vjp(f, x)
    rows = torch.eye(len(y), dtype=x.dtype)
    return vmap(pull)(rows)[0] if at_once else torch.stack([pull(row)[0] for row in rows])


def _batch_of_gradients(f: Map, x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = torch.eye(len(y), dtype=x.dtype)
    return torch.autograd.grad(y, leaf, rows, is_grads_batched=True)[0]


def _pushed(f: Map, x: Tensor, *, at_once: bool) -> Tensor:
    def push(tangent: Tensor) -> Tensor:
        return jvp(f, (x,), (tangent,))[1]

    directions = basis(x)
    return (vmap(push)(directions) if at_once else torch.stack([push(e) for e in directions])).T


JACOBIANS: dict[str, Callable[[Map, Tensor], Tensor]] = {
    "functional.jacobian": jacobian,
    "functional.jacobian, vectorized": lambda f, x: jacobian(f, x, vectorize=True),
    "functional.jacobian, forward": lambda f, x: jacobian(
        f, x, vectorize=True, strategy="forward-mode"
    ),
    "functional.jacobian, with a graph": lambda f, x: jacobian(
        f, x, vectorize=True, create_graph=True
    ).detach(),
    "is_grads_batched": _batch_of_gradients,
    "forward_ad": lambda f, x: torch.stack([_dual(f, x, e) for e in basis(x)], -1),
    "jacrev": lambda f, x: jacrev(f)(x),
    "jacrev in parts": lambda f, x: jacrev(f, chunk_size=5)(x),
    "jacfwd": lambda f, x: jacfwd(f)(x),
    "vjp": lambda f, x: _pulled(f, x, at_once=False),
    "vjp under vmap": lambda f, x: _pulled(f, x, at_once=True),
    "jvp": lambda f, x: _pushed(f, x, at_once=False),
    "jvp under vmap": lambda f, x: _pushed(f, x, at_once=True),
    "linearize": lambda f, x: vmap(linearize(f, x)[1])(basis(x)).T,
}
"""J(f, x), by name; rows and columns may keep the shapes of f(x) and x."""


HESSIANS: dict[str, Callable[[Map, Tensor], Tensor]] = {
    "functional.hessian": hessian,
    "functional.hessian, vectorized": lambda f, x: hessian(f, x, vectorize=True),
    "functional.hessian, forward": lambda f, x: hessian(
        f, x, vectorize=True, outer_jacobian_strategy="forward-mode"
    ),
    "functional.hvp": lambda f, x: torch.stack([hvp(f, x, e)[1] for e in basis(x)]),
    "functional.vhp": lambda f, x: torch.stack([vhp(f, x, e)[1] for e in basis(x)]),
    "func.hessian": lambda f, x: func_hessian(f)(x),
    "jacrev of jacrev": lambda f, x: jacrev(jacrev(f))(x),
    "jacrev of jacfwd": lambda f, x: jacrev(jacfwd(f))(x),
    "jacfwd of jacfwd": lambda f, x: jacfwd(jacfwd(f))(x),
    "jvp of grad under vmap": lambda f, x: vmap(lambda e: jvp(grad(f), (x,), (e,))[1])(basis(x)),
}
"""The Hessian of a number f(x), by name."""


def assert_jacobian(way: str, f: Map, x: Tensor, expected: Tensor, tol: float) -> None:
    """One way of `JACOBIANS` gives the matrix `expected` (m, n), relative to its norm."""
    _assert_close(JACOBIANS[way](f, x), expected, tol)


def assert_hessian(way: str, f: Map, x: Tensor, tol: float) -> None:
    """One way of `HESSIANS` gives the Jacobian of the gradient of f, a number, in float64."""

    def slope(x: Tensor) -> Tensor:
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(f(leaf), leaf)[0].flatten()

    _assert_close(HESSIANS[way](f, x), explicit(slope, x.double(), 1e-5), tol)


def _assert_close(found: Tensor, expected: Tensor, tol: float) -> None:
    difference = found.reshape(expected.shape).double() - expected
    assert difference.norm() <= tol * expected.norm()
