"""A numba type for sixteen float32 numbers that are worked on at once.

LLVM is left no choice: `lanes + lanes` is one vector instruction where the processor has vectors
of 512 bits, two where it has 256, four where it has 128. Loops that hope to be vectorised come
out several times slower when the compiler cannot prove that arrays do not overlap.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types

import operator
from inspect import unwrap
from typing import Any, no_type_check

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

WIDTH = 16


_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_FLAGS = ("contract", "nsz")  # a product and a sum may become one instruction


def kernel(function):
    """Compile a function that allocates nothing.

    Without numba's run-time it counts no references to arrays, which cost more than the
    arithmetic: two atomic additions for each array of each call.
    """
    return njit(nogil=True, cache=True, _nrt=False)(unwrap(function))


def piece(function):
    """Compile likewise what is put in the place of each call."""
    return njit(nogil=True, cache=True, _nrt=False, forceinline=True)(unwrap(function))


class LanesType(types.Type):
    """Sixteen float32 numbers in a register."""

    def __init__(self) -> None:
        super().__init__(name="Lanes16f32")


LANES = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _VECTOR)


@no_type_check
def _pointer(context, builder, signature, arguments):
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    first = builder.gep(array.data, [arguments[1]])
    return builder.bitcast(first, _VECTOR.as_pointer())


@no_type_check
def _load(typing, array, index):
    """Return array[index : index + 16] of a contiguous float32 array as lanes."""

    def generate(context, builder, signature, arguments):
        return builder.load(_pointer(context, builder, signature, arguments), align=4)

    return LANES(array, types.intp), generate


@no_type_check
def _store(typing, array, index, value):
    """Write lanes to array[index : index + 16]."""

    def generate(context, builder, signature, arguments):
        target = _pointer(context, builder, signature, arguments)
        builder.store(arguments[2], target, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


@no_type_check
def _splat(builder, scalar):
    zero = ir.Constant(ir.IntType(32), 0)
    vector = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, zero)
    pattern = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(vector, ir.Constant(_VECTOR, ir.Undefined), pattern)


@no_type_check
def _splat_lanes(typing, scalar):
    """Return lanes that all hold `scalar`."""

    def generate(context, builder, signature, arguments):
        return _splat(builder, arguments[0])

    return LANES(types.float32), generate


@no_type_check
def _root(typing, value):
    """Return the square roots of lanes."""

    def generate(context, builder, signature, arguments):
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        name = f"llvm.sqrt.v{WIDTH}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return LANES(LANES), generate


load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
splat: Any = intrinsic(_splat_lanes)
root: Any = intrinsic(_root)


@no_type_check
def _binary(name):
    @intrinsic
    def operate(typing, left, right):
        def generate(context, builder, signature, arguments):
            vectors = [
                value if kind == LANES else _splat(builder, value)
                for value, kind in zip(arguments, signature.args, strict=True)
            ]
            return getattr(builder, name)(*vectors, flags=_FLAGS)

        kinds = [kind if kind == LANES else types.float32 for kind in (left, right)]
        return LANES(*kinds), generate

    return operate


@no_type_check
def _define(operation, name) -> None:
    instruction = _binary(name)

    @overload(operation, inline="never")
    def overloaded(left, right):
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
