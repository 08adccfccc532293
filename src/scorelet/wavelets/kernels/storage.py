"""Vectors of float32 that lie in memory as float32 or bfloat16, and tuples of vectors.

`kept` says how: a number of numpy, float32 or, for the bits of a bfloat16, uint16.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from scorelet.wavelets.kernels.vectors import (
    _FLAGS,
    Vector,
    _load,
    _meant,
    _splat,
    _step,
    instruction,
)

_BITS, _HALF = ir.IntType(32), ir.IntType(16)


@instruction
def lanes_of(typing: Any, lanes: Any) -> Any:
    """Return the type of vectors of as many float32 numbers as the tuple has entries."""
    kind = Vector(types.float32, lanes.count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_dummy_value()

    return types.TypeRef(kind)(lanes), generate


@instruction
def read(typing: Any, address: Any, like: Any, kept: Any) -> Any:
    """Return the vector that lies at `address`, as float32."""
    kind = _meant(like)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = context.get_value_type(kind)
        if kept == types.float32:
            return _load(builder, arguments[0], vector)
        pointer = builder.inttoptr(arguments[0], ir.VectorType(_HALF, kind.count).as_pointer())
        bits = builder.zext(builder.load(pointer, align=2), ir.VectorType(_BITS, kind.count))
        return builder.bitcast(builder.shl(bits, _every(16, kind.count)), vector)

    return kind(address, like, kept), generate


@instruction
def write(typing: Any, address: Any, value: Any, kept: Any) -> Any:
    """Put a vector of float32 at `address`; bfloat16 is rounded to the nearest, ties to even."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place, vector = arguments[:2]
        if kept == types.float32:
            builder.store(vector, builder.inttoptr(place, vector.type.as_pointer()), align=4)
            return context.get_dummy_value()
        count = value.count
        bits = builder.bitcast(vector, ir.VectorType(_BITS, count))
        odd = builder.and_(builder.lshr(bits, _every(16, count)), _every(1, count))
        rounded = builder.add(builder.add(bits, odd), _every(0x7FFF, count))
        kind = ir.VectorType(_HALF, count)
        half = builder.trunc(builder.lshr(rounded, _every(16, count)), kind)
        builder.store(half, builder.inttoptr(place, kind.as_pointer()), align=2)
        return context.get_dummy_value()

    return types.void(address, value, kept), generate


@instruction
def expect_read(typing: Any, address: Any) -> Any:
    """Ask the cache for the line at `address`; nothing happens where there is no memory."""
    return types.void(address), _expecting(writing=False)


@instruction
def expect_write(typing: Any, address: Any) -> Any:
    """Ask the cache for the line at `address` to write to it: the store then need not wait."""
    return types.void(address), _expecting(writing=True)


def _expecting(*, writing: bool) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", (pointer.type,), kind)
        builder.call(prefetch, [pointer, number(int(writing)), number(3), number(1)])
        return context.get_dummy_value()

    return generate


@instruction
def at_least(typing: Any, vector: Any, least: Any) -> Any:
    """Return the larger entries of two vectors; the second's where the first's is no number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        larger = builder.fcmp_ordered(">", *arguments)
        return builder.select(larger, *arguments)

    return vector(vector, least), generate


@instruction
def where_positive(typing: Any, vector: Any, value: Any) -> Any:
    """Return the entries of `value` where those of `vector` exceed 0, and 0 elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(arguments[0].type, None)
        positive = builder.fcmp_ordered(">", arguments[0], zero)
        return builder.select(positive, arguments[1], zero)

    return vector(vector, value), generate


@instruction
def zeros(typing: Any, like: Any, many: Any) -> Any:
    """Return as many vectors of zeros as the tuple `many` has entries."""
    result = types.UniTuple(_meant(like), many.count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(context.get_value_type(_meant(like)), None)
        return context.make_tuple(builder, result, [zero] * many.count)

    return result(like, many), generate


@instruction
def load_vectors(typing: Any, address: Any, like: Any, many: Any) -> Any:
    """Return as many vectors of float32 as `many` has entries, one behind the other in memory."""
    result = types.UniTuple(_meant(like), many.count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, size = context.get_value_type(_meant(like)), 4 * _meant(like).count
        places = [_step(builder, arguments[0], k * size) for k in range(many.count)]
        vectors = [_load(builder, place, kind) for place in places]
        return context.make_tuple(builder, result, vectors)

    return result(address, like, many), generate


@instruction
def store_vectors(typing: Any, address: Any, vectors: Any) -> Any:
    """Write vectors of float32 one behind the other."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        for k, vector in enumerate(cgutils.unpack_tuple(builder, arguments[1])):
            place = _step(builder, arguments[0], k * 4 * vectors.dtype.count)
            builder.store(vector, builder.inttoptr(place, vector.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(address, vectors), generate


@instruction
def add_products(typing: Any, vectors: Any, factor: Any, numbers: Any) -> Any:
    """Return vectors[k] + factor * number k of those at the address `numbers`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums = [
            _multiplied(builder, arguments[1], arguments[2], k, vector)
            for k, vector in enumerate(cgutils.unpack_tuple(builder, arguments[0]))
        ]
        return context.make_tuple(builder, vectors, sums)

    return vectors(vectors, factor, numbers), generate


@instruction
def weighted_sum(typing: Any, vectors: Any, numbers: Any) -> Any:
    """Return the sum of vectors[k] times number k of those at the address `numbers`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        total = None
        for k, vector in enumerate(cgutils.unpack_tuple(builder, arguments[0])):
            total = _multiplied(builder, vector, arguments[1], k, total)
        return total

    return vectors.dtype(vectors, numbers), generate


@instruction
def entry_sum(typing: Any, vector: Any) -> Any:
    """Return the sum of a vector's entries, in pairs."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [builder.extract_element(arguments[0], _BITS(k)) for k in range(vector.count)]
        while len(parts) > 1:
            half = len(parts) // 2
            parts = [builder.fadd(a, b) for a, b in zip(parts[:half], parts[half:], strict=True)]
        return parts[0]

    return vector.number(vector), generate


def _multiplied(builder: Any, vector: Any, numbers: Any, k: int, total: Any) -> Any:
    number = _load(builder, _step(builder, numbers, 4 * k), ir.FloatType())
    product = builder.fmul(vector, _splat(builder, number, vector.type.count), flags=_FLAGS)
    return product if total is None else builder.fadd(total, product, flags=_FLAGS)


def _every(value: int, count: int) -> Any:
    return ir.Constant(ir.VectorType(_BITS, count), [value] * count)
