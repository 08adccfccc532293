"""Vectors of numbers in numba: what its automatic vectoriser does not reach by itself.

A loop that reads a dozen lines of memory and writes two is not vectorised by LLVM, because it would
have to prove that none of them overlap. Here it is left no choice: `a + b` of two vectors is one
instruction where the processor has vectors of that size, two or four where it has shorter ones.

Memory is named by addresses (integers, in bytes), so that slices cost nothing and no index is
checked: callers must know their bounds. What is read there is said by `like`: a number, a vector,
or the type of either.
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

VECTOR_BYTES = 64
"""Of wide vectors; LLVM cuts them into what the processor has."""

NARROW = 4
"""Entries of narrow vectors."""

_FLAGS = ("contract", "nsz")  # a product and a sum may become one instruction


class Vector(types.Type):
    """The type of so many numbers in a register.

    Args:
        number: type of one, float32 or float64.
        count: how many.
    """

    def __init__(self, number: Any, count: int) -> None:
        super().__init__(name=f"vector of {count} {number}")
        self.number, self.count = number, count


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        number = manager[kind.number].get_value_type()
        super().__init__(manager, kind, ir.VectorType(number, kind.count))


FLOAT = types.float32
LANE_COUNT = VECTOR_BYTES // 4
LANES = Vector(FLOAT, LANE_COUNT)
"""The type of sixteen float32 numbers."""


def instruction(function: Any) -> Any:
    """Mark a generator of LLVM instructions; numba's own decorator hides what it returns."""
    return intrinsic(function)


@instruction
def wide(typing: Any, number: Any) -> Any:
    """Return the type of wide vectors of such numbers."""
    return _type_of(Vector(number, 8 * VECTOR_BYTES // number.bitwidth), number)


@instruction
def narrow(typing: Any, number: Any) -> Any:
    """Return the type of narrow vectors of such numbers."""
    return _type_of(Vector(number, NARROW), number)


@instruction
def single(typing: Any, number: Any) -> Any:
    """Return the type of vectors of one number."""
    return _type_of(Vector(number, 1), number)


def _type_of(kind: Any, number: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_dummy_value()

    return types.TypeRef(kind)(number), generate


@instruction
def entries(typing: Any, like: Any) -> Any:
    """Return how many numbers a vector has, a constant."""
    return _constant(_meant(like).count, like)


@instruction
def item_size(typing: Any, number: Any) -> Any:
    """Return the bytes of one number, a constant."""
    return _constant(number.bitwidth // 8, number)


def _constant(value: int, argument: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, value)

    return types.intp(argument), generate


@instruction
def address_of(typing: Any, memory: Any) -> Any:
    """Return a C pointer, or that of an array, as an integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = arguments[0]
        if isinstance(memory, types.Array):
            pointer = context.make_array(memory)(context, builder, pointer).data
        return builder.ptrtoint(pointer, ir.IntType(64))

    return types.int64(memory), generate


@instruction
def load(typing: Any, address: Any, like: Any) -> Any:
    """Return the number or the vector at `address`."""
    kind = _meant(like)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(builder, arguments[0], context.get_value_type(kind))

    return kind(address, like), generate


@instruction
def load_tuple(typing: Any, address: Any, like: Any) -> Any:
    """Return the numbers at `address`, as many and of the same type as those of the tuple."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(like.dtype)
        places = [_step(builder, arguments[0], k * _size(kind)) for k in range(like.count)]
        numbers = [_load(builder, place, kind) for place in places]
        return context.make_tuple(builder, like, numbers)

    return like(address, like), generate


@instruction
def store(typing: Any, address: Any, value: Any) -> Any:
    """Write a number or a vector to `address`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place, kind = arguments[0], arguments[1].type
        pointer = builder.inttoptr(place, kind.as_pointer())
        builder.store(arguments[1], pointer, align=_size(kind))
        return context.get_dummy_value()

    return types.void(address, value), generate


@instruction
def take_ticket(typing: Any, address: Any) -> Any:
    """Return the integer at `address` and add one to it, in one step that threads do in turns."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        counter = builder.inttoptr(arguments[0], integer.as_pointer())
        return builder.atomic_rmw("add", counter, integer(1), "monotonic")

    return types.int64(address), generate


@instruction
def splat(typing: Any, number: Any, like: Any) -> Any:
    """Return a vector whose entries all are `number`."""
    kind = _meant(like)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0], kind.count)

    return kind(kind.number, like), generate


@instruction
def root(typing: Any, vector: Any) -> Any:
    """Return the square roots of the entries."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, name = arguments[0].type, f"llvm.sqrt.v{vector.count}f{vector.number.bitwidth}"
        function = ir.FunctionType(kind, [kind])
        return builder.call(
            cgutils.get_or_insert_function(builder.module, function, name), arguments
        )

    return vector(vector), generate


@instruction
def unzip(typing: Any, first: Any, second: Any) -> Any:
    """Part two vectors that follow each other into their entries of even and of odd place."""
    return _shuffled(first, [range(place, 2 * first.count, 2) for place in (0, 1)])


@instruction
def interleave(typing: Any, even: Any, odd: Any) -> Any:
    """Return the two vectors that `unzip` parts into these."""
    n = even.count
    order = [k + n * place for k in range(n) for place in (0, 1)]
    return _shuffled(even, [order[:n], order[n:]])


def _shuffled(kind: Any, orders: Any) -> Any:
    result = types.UniTuple(kind, 2)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        parts = [_shuffle(builder, *arguments, order) for order in orders]
        return context.make_tuple(builder, result, parts)

    return result(kind, kind), generate


@instruction
def fir(typing: Any, inputs: Any, pitch: Any, taps: Any, like: Any) -> Any:
    """Filter two pairs of inputs, the four given by addresses, into a pair of vectors.

    sum_m taps[2k][m] inputs[2k][m pitch] + taps[2k+1][m] inputs[2k+1][m pitch], k = 0, 1; `taps` is
    one flat tuple of 4 M numbers, `pitch` is in bytes.
    """
    result = types.UniTuple(_meant(like), 2)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        addresses, numbers = (cgutils.unpack_tuple(builder, arguments[k]) for k in (0, 2))
        half, kind = len(numbers) // 4, context.get_value_type(_meant(like))
        chains = [
            _chain(builder, address, arguments[1], numbers[k * half : (k + 1) * half], kind)
            for k, address in enumerate(addresses)
        ]
        sums = [builder.fadd(chains[k], chains[k + 1], flags=_FLAGS) for k in (0, 2)]
        return context.make_tuple(builder, result, sums)

    return result(inputs, pitch, taps, like), generate


def _chain(builder: Any, address: Any, pitch: Any, taps: Any, kind: Any) -> Any:
    """One sum of `fir`; the four are independent until the end."""
    total = None
    for m, tap in enumerate(taps):
        place = builder.add(address, builder.mul(pitch, pitch.type(m)))
        factor = _splat(builder, tap, kind.count)
        product = builder.fmul(_load(builder, place, kind), factor, flags=_FLAGS)
        total = product if total is None else builder.fadd(total, product, flags=_FLAGS)
    return total


def _binary(name: str) -> Any:
    @instruction
    def operate(typing: Any, left: Any, right: Any) -> Any:
        vector = left if isinstance(left, Vector) else right
        kinds = [kind if kind == vector else vector.number for kind in (left, right)]

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            vectors = [
                value if kind == vector else _splat(builder, value, vector.count)
                for value, kind in zip(arguments, kinds, strict=True)
            ]
            return getattr(builder, name)(*vectors, flags=_FLAGS)

        return vector(*kinds), generate

    return operate


def _define(operation: Any, name: str) -> None:
    """Let an operator of Python take two vectors of the same type, or a vector and a number."""
    operate = _binary(name)

    @overload(operation, inline="never")
    def overloaded(left, right):  # noqa: ANN001, ANN202 - numba compares it with the lambda
        kinds = {kind for kind in (left, right) if not isinstance(kind, types.Number)}
        if len(kinds) == 1 and isinstance(kinds.pop(), Vector):
            return lambda left, right: operate(left, right)
        return None


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")


def _meant(like: Any) -> Any:
    """The numba type that `like` stands for."""
    return getattr(like, "instance_type", like)


def _size(kind: Any) -> int:
    """Bytes of one number, by the LLVM type of it or of a vector."""
    return 4 if getattr(kind, "element", kind) == ir.FloatType() else 8


def _step(builder: Any, address: Any, offset: int) -> Any:
    return builder.add(address, address.type(offset))


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=_size(kind))


def _shuffle(builder: Any, first: Any, second: Any, order: Any) -> Any:
    index = ir.IntType(32)
    places = [ir.Constant(index, k) for k in order]
    mask = ir.Constant(ir.VectorType(index, len(places)), places)
    return builder.shuffle_vector(first, second, mask)


def _splat(builder: Any, number: Any, count: int) -> Any:
    vector = ir.VectorType(number.type, count)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
    return _shuffle(builder, first, first, [0] * count)
