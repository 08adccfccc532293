"""Products with the Jacobian of a map at one point, without the matrix.

Symbols: f maps y in R^d to R^d, J = ∇f(y), v in R^d.

The map is called once. Its graph gives Jᵀ v; the graph of v -> Jᵀ v, which is linear, gives J v. So
whatever torch can differentiate twice will do: modules with in-place parts, hooks, functions of
one's own, and denoisers that are gradients. Where a part has no second derivative in torch, as
`Hardsigmoid`, J v comes from forward differentiation, which calls the map again for each v. The
second graph may lack such a part without a word; so both products are compared (`check_sides`).
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from scorelet.analysis.training_mode import Watch, check_unchanged
from scorelet.core.errors import InputError, mixes_dtypes, one_line
from scorelet.core.network import not_compiled
from scorelet.core.random import generator
from scorelet.networks.kernel_dtype import differentiated_in_images

Map = Callable[[Tensor], Tensor]

_CHUNK = 64
_COPIES, _NUMBERS = 32, 1 << 16
"""Copies of y in a batch at most, and numbers in all of them: what is kept grows with both."""
_PAIRS, _APART = 2, 0.02
"""Random pairs by which J v is compared with Jᵀ v, and by which share of |J v| they may differ."""
_ONCE = (
    "torch differentiates a part of f only once and not forwards, so J v cannot be had: write that "
    "part in functions of torch, or take the method full for a small y."
)
_INFERENCE = (
    "f holds tensors that were made in inference mode, through which torch does not differentiate: "
    "make or load them outside of it."
)
_AS_IT_IS = (
    "functions get y as it is: for a network that takes batches give y[None], "
    "(1, channel, height, width)"
)
INFINITE = (
    "The derivative of f at y is not finite, as that of a root or a norm at 0: move y a little."
)


class JacobianProducts:
    """J v and Jᵀ v for many v at once.

    Args:
        f: y -> same shape.
        y: the point, of any shape; d is its number of elements.
        batched: f takes batches of images like y, (1, ...), and maps each by itself: then many rows
            of the matrix come from one backward pass through copies of y.

    Attributes:
        value: f(y), without gradient.
        count: products made so far.

    Raises:
        InputError: f changes the shape, cannot be differentiated, does not depend on y, or calls a
            module that is another map in training mode, and is in it.
    """

    def __init__(self, f: Map, y: Tensor, *, batched: bool = False) -> None:
        self._map, self._batched, self._watch = f, batched, Watch()
        self._point = y.detach().clone().requires_grad_(True)
        with torch.enable_grad(), differentiated_in_images(), self._watch.over():
            self._value = _call(f, self._point)
            _check(self._value, self._point)
            self._direction = torch.zeros_like(self._value, requires_grad=True)
            self._pulled = self._differentiate(
                self._value, self._point, self._direction, create_graph=True
            )
        if not self._pulled.requires_grad:
            raise InputError(
                "The derivative of f is 0, or torch cannot differentiate it again, so J v cannot "
                "be had from Jᵀ v: leave out rounding, signs and comparisons inside f."
            )
        self.value = self._value.detach()
        self.count = 0
        self._pushes = False  # whether J v needs forward differentiation

    @property
    def point(self) -> Tensor:
        """y, without gradient."""
        return self._point.detach()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of y."""
        return tuple(self._point.shape)

    @property
    def size(self) -> int:
        """The number of elements of y, d."""
        return self._point.numel()

    def check_repeats(self) -> None:
        """Call the map again.

        Raises:
            InputError: it is one of chance, or changes with every call.
        """
        before = self._watch.buffers()
        with torch.enable_grad(), differentiated_in_images():
            again = _call(self._map, self._point).detach()
        if not _near(again, self.value):
            raise InputError(
                "f gives another result each time it is called: call .eval() on modules in "
                "training mode, draw no random numbers inside f, and keep no memory between its "
                "calls, as of the last answer (a warm start)."
            )
        check_unchanged(before)

    def check_sides(self, rng: torch.Generator) -> None:
        """Compare <u, J v> with <Jᵀ u, v> for random u, v.

        Where they differ the graph of Jᵀ v lacks a part of f, and J v comes from forward
        differentiation.

        Raises:
            InputError: they differ there, too, or are not finite.
        """
        if self._sides_agree(rng):
            return
        self._pushes = True
        try:
            agree = self._sides_agree(rng)
        except InputError as error:
            raise InputError(_ONCE) from error
        if not agree:
            raise InputError(_ONCE)

    def _sides_agree(self, rng: torch.Generator) -> bool:
        for _ in range(_PAIRS):
            u, v = signs(2, self.value, rng).split(1)
            back, forth = self.transposed(u), self.forward(v).detach()
            size = torch.maximum(norms(back), norms(forth))
            if not bool(size.isfinite().all()):
                raise InputError(INFINITE)
            if bool((inner(u, forth) - inner(back, v)).abs() > _APART * size):
                return False
        return True

    def transposed(self, vectors: Tensor) -> Tensor:
        """Return Jᵀ v for each v of ``(count, *shape)``."""
        return self._product(self._value, self._point, vectors)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return J v for each v of ``(count, *shape)``."""
        if not self._pushes:
            try:
                return self._product(self._pulled, self._direction, vectors)
            except InputError as error:
                if "is not implemented" not in str(error):
                    raise
                self.count -= len(vectors)
                self._pushes = True
        return self._pushed(vectors)

    def symmetric(self, vectors: Tensor) -> Tensor:
        """Return (J + Jᵀ) v / 2 for each v of ``(count, *shape)``."""
        return (self.forward(vectors) + self.transposed(vectors)) / 2

    def matrix(self) -> Tensor:
        """Return J, (d, d), by d products with Jᵀ."""
        chunk, pull = self._copies() or (_CHUNK, self.transposed)
        rows = []
        for start in range(0, self.size, chunk):
            stop = min(start + chunk, self.size)
            units = self.point.new_zeros(stop - start, self.size)
            units[:, start:stop].fill_diagonal_(1)
            rows.append(pull(units.reshape(-1, *self.shape)).flatten(1))
        return torch.cat(rows)

    def _copies(self) -> tuple[int, Callable[[Tensor], Tensor]] | None:
        """Return how many copies of y f was given, and Jᵀ through them; None if it must not be."""
        count = min(_COPIES, _NUMBERS // self.size)
        if not self._batched or count < 2:
            return None
        y = self.point.repeat(count, *(1 for _ in self.shape[1:])).requires_grad_(True)
        with torch.enable_grad(), differentiated_in_images():
            try:
                values = _call(self._map, y)
            except InputError:
                return None
        return (count, partial(self._through, values, y)) if self._apart(values, y) else None

    def _through(self, values: Tensor, y: Tensor, vectors: Tensor) -> Tensor:
        """Return Jᵀ v for each v of ``(count, 1, ...)``, a copy of y for each."""
        self.count += len(vectors)
        directions = torch.zeros_like(y)
        directions[: len(vectors)] = vectors.flatten(0, 1)
        return self._differentiate(values, y, directions)[: len(vectors)]

    def _apart(self, values: Tensor, y: Tensor) -> bool:
        """Whether f maps copies as it maps y, and none has a derivative in another."""
        if values.shape != y.shape or not values.requires_grad:
            return False
        first = torch.zeros_like(y)
        u = signs(1, self.value, generator(0))[0]
        first[0] = u[0]
        pulled = self._differentiate(values, y, first)
        expected = torch.zeros_like(y)
        expected[0] = self._differentiate(self._value, self._point, u)[0]
        return _near(values.detach(), self.value.expand_as(y)) and _near(pulled, expected)

    def _pushed(self, vectors: Tensor) -> Tensor:
        """Return J v by forward differentiation."""
        self.count += len(vectors)
        push = partial(torch.func.jvp, partial(_call, self._map), (self.point,))
        return torch.stack([push((v,))[1].detach() for v in vectors])

    def _product(self, outputs: Tensor, inputs: Tensor, vectors: Tensor) -> Tensor:
        self.count += len(vectors)
        if len(vectors) == 1:
            return self._differentiate(outputs, inputs, vectors[0])[None]
        try:
            return self._differentiate(outputs, inputs, vectors, is_grads_batched=True)
        except RuntimeError:  # a part without a rule for batches of gradients
            return torch.stack([self._differentiate(outputs, inputs, v) for v in vectors])

    @staticmethod
    def _differentiate(outputs: Tensor, inputs: Tensor, vectors: Tensor, **options: bool) -> Tensor:
        try:
            (found,) = torch.autograd.grad(
                outputs, inputs, vectors, retain_graph=True, materialize_grads=True, **options
            )
        except RuntimeError as error:
            if options.get("is_grads_batched"):
                raise
            raise InputError(
                f"f cannot be differentiated at y: {one_line(error)}{_remedy(error)}."
            ) from error
        return found


def _call(f: Map, y: Tensor) -> Any:  # noqa: ANN401 - maps of others return what they want
    try:
        # fused attention and compiled graphs have no second derivative
        with sdpa_kernel(SDPBackend.MATH), not_compiled():
            value = f(y.clone())  # f may write over what it is given
    except InputError:
        raise
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
        if "Inference tensors" in str(error):
            raise InputError(_INFERENCE) from error
        remedy = _remedy(error, module=isinstance(f, nn.Module))
        raise InputError(
            f"f fails on a tensor of shape {tuple(y.shape)}: {one_line(error)}{remedy}."
        ) from error
    other = isinstance(value, Tensor) and value.is_floating_point() and value.dtype != y.dtype
    return value.to(y.dtype) if other else value  # of a map with autocast inside


def _check(value: object, y: Tensor) -> None:
    if not isinstance(value, Tensor):
        raise InputError(
            f"f returns a {type(value).__name__}: give a function that returns the image in it, as "
            f"lambda y: net(y){_image_in(value)}; {_AS_IT_IS}."
        )
    if not value.is_floating_point():
        raise InputError(f"f returns {value.dtype}: give a function that returns real floats.")
    if value.shape != y.shape:
        got = tuple(value.shape)
        raise InputError(
            f"f maps {tuple(y.shape)} to {got}: expected the shape of y, as of a denoiser. Of a "
            "classifier give a function that returns an image, as the slope of a logit; with ReLU "
            "that slope is constant around y, so that its Jacobian is 0: take smooth activations."
        )
    if not value.requires_grad:
        raise InputError(
            "f(y) does not depend on y in a way that torch can differentiate: leave out detach(), "
            "no_grad(), inference_mode() and numpy inside f."
        )
    if not bool(value.isfinite().all()):
        raise InputError("f(y) holds NaN or infinite numbers.")


def _image_in(value: object) -> str:
    """Return what follows the answer of a network to get at the image in it."""
    if isinstance(value, Mapping):
        return f"[{next((key for key, x in value.items() if isinstance(x, Tensor)), 'out')!r}]"
    parts = getattr(value, "__dict__", {})
    name = next((name for name, part in parts.items() if isinstance(part, Tensor)), None)
    return "[0]" if name is None else f".{name}"


def _near(a: Tensor, b: Tensor) -> bool:
    """Whether a is b but for what sums in another order change."""
    return bool((a - b).abs().max() <= 1e-5 * b.abs().max())


def _remedy(error: Exception, *, module: bool = False) -> str:
    said = str(error)
    if "inplace" in said:
        return "; leave out what writes over a value that its own derivative needs"
    if mixes_dtypes(error):
        return (
            "; y is taken in single precision, or in double if it is: so must weights (net.float())"
        )
    if module and re.search(r"\b[35]D\b", said):
        return "; modules get images (n, c, h, w): for others give a function, as lambda y: net(y)"
    if re.search(r"\b[2-5]D\b", said):
        return f"; {_AS_IT_IS}"
    if "required positional argument" in said:
        return f"; give a function of y alone, as lambda y: net(y, sigma); {_AS_IT_IS}"
    return ""


def norms(vectors: Tensor) -> Tensor:
    """Return the Euclidean norm of each of (count, ...) vectors, in float64."""
    return vectors.flatten(1).double().norm(dim=1)


def inner(a: Tensor, b: Tensor) -> Tensor:
    """Return the inner product of each pair of vectors of (count, ...), in float64."""
    return (a.flatten(1).double() * b.flatten(1).double()).sum(1)


def signs(count: int, like: Tensor, rng: torch.Generator) -> Tensor:
    """Return ``(count, *shape)`` random signs: probes v with E v vᵀ = I."""
    shape = (count, *like.shape)
    drawn = torch.randint(0, 2, shape, generator=rng, device=rng.device)
    return (2 * drawn - 1).to(like)
