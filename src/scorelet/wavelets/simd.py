"""A numba type for sixteen float32 numbers that are worked on at once.

LLVM is left no choice: `lanes + lanes` is one vector instruction where the processor has vectors
of 512 bits, two where it has 256, four where it has 128. Loops that hope to be vectorised come
out several times slower when the compiler cannot prove that arrays do not overlap.
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

WIDTH = 16


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what allocates nothing.

    Without numba's run-time it counts no references to arrays, which cost more than the
    arithmetic: two atomic additions for each array of each call.
    """
    return njit(nogil=True, cache=True, _nrt=False)(inspect.unwrap(function))


def piece(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile likewise, put in the place of each call."""
    inlined = njit(nogil=True, cache=True, _nrt=False, forceinline=True)
    return inlined(inspect.unwrap(function))  # what tests put around it is taken off


def instruction(maker: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a function of numba's types, which returns signature and code, into an operation."""
    return intrinsic(inspect.unwrap(maker))


_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_FLAGS = ("contract", "nsz")  # a product and a sum may become one instruction


class LanesType(types.Type):
    """Sixteen float32 numbers in a register."""

    def __init__(self) -> None:
        super().__init__(name="Lanes16f32")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:  # noqa: ANN001 - numba's types
        super().__init__(manager, kind, _VECTOR)


def _pointer(context, builder, signature, arguments):  # noqa: ANN001, ANN202
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    first = builder.gep(array.data, [arguments[1]])
    return builder.bitcast(first, _VECTOR.as_pointer())


@instruction
def load(typing, array, index):  # noqa: ANN001, ANN201
    """Return array[index : index + 16] of a contiguous float32 array as lanes."""

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        return builder.load(_pointer(context, builder, signature, arguments), align=4)

    return LANES(array, types.intp), generate


@instruction
def store(typing, array, index, value):  # noqa: ANN001, ANN201
    """Write lanes to array[index : index + 16]."""

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        target = _pointer(context, builder, signature, arguments)
        builder.store(arguments[2], target, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


def _splat(builder, scalar):  # noqa: ANN001, ANN202
    zero = ir.Constant(ir.IntType(32), 0)
    vector = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, zero)
    pattern = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(vector, ir.Constant(_VECTOR, ir.Undefined), pattern)


@instruction
def splat(typing, scalar):  # noqa: ANN001, ANN201
    """Return lanes that all hold `scalar`."""

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        return _splat(builder, arguments[0])

    return LANES(types.float32), generate


@instruction
def root(typing, value):  # noqa: ANN001, ANN201
    """Return the square roots of lanes."""

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        name = f"llvm.sqrt.v{WIDTH}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return LANES(LANES), generate


def _binary(name):  # noqa: ANN001, ANN202
    @instruction
    def operate(typing, left, right):  # noqa: ANN001, ANN202
        def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202
            vectors = [
                value if kind == LANES else _splat(builder, value)
                for value, kind in zip(arguments, signature.args, strict=True)
            ]
            return getattr(builder, name)(*vectors, flags=_FLAGS)

        kinds = [kind if kind == LANES else types.float32 for kind in (left, right)]
        return LANES(*kinds), generate

    return operate


def _define(operation, name) -> None:  # noqa: ANN001
    instruction = _binary(name)

    @overload(operation, inline="never")
    def overloaded(left, right):  # noqa: ANN001, ANN202
        if LANES in (left, right) and all(
            kind == LANES or isinstance(kind, types.Number) for kind in (left, right)
        ):
            return lambda left, right: instruction(left, right)
        return None


for _operation, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_operation, _name)
