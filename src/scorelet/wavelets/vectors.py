"""Vector instructions for numba: what its automatic vectoriser does not reach by itself.

A loop that reads a dozen lines of memory and writes two is not vectorised by LLVM, because it would
have to prove that none of them overlap. Here the vectors are written out. Memory is named by
addresses (integers, in bytes), so that slices cost nothing and no index is checked: callers must
know their bounds.

Symbols: V, entries in one vector; `zero`, a number of the dtype that is meant.
"""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BYTES = 64
"""Of wide vectors; LLVM cuts them into what the processor has."""

NARROW = 4
"""Entries of narrow vectors."""

Width = Callable[[Any], int]
"""Entries of a vector, by the type of a number."""


OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}


def kernel(function: Callable[..., Any]) -> Any:
    """Mark a loop that is compiled into the C function that calls it, which is kept on disk."""
    return njit(**OPTIONS)(unwrap(function))  # in tests, annotations are checked by a wrapper


def instruction(function: Callable[..., Any]) -> Any:
    """Mark a generator of LLVM instructions; numba's own decorator hides what it returns."""
    return intrinsic(function)


@instruction
def read(typing: Any, address: Any, zero: Any) -> Any:
    """Return the number at `address`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        return builder.load(_pointer(builder, arguments[0], kind), align=_size(kind))

    return zero(address, zero), generate


@instruction
def write(typing: Any, address: Any, value: Any) -> Any:
    """Store `value` at `address`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[1].type
        builder.store(arguments[1], _pointer(builder, arguments[0], kind), align=_size(kind))
        return context.get_dummy_value()

    return types.void(address, value), generate


@instruction
def item_size(typing: Any, zero: Any) -> Any:
    """Return the bytes of one number, a constant."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, _size(arguments[0].type))

    return types.intp(zero), generate


@instruction
def read_tuple(typing: Any, address: Any, zeros: Any) -> Any:
    """Return the numbers at `address`, as many and of the same type as `zeros`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type.dtype)
        start = _pointer(builder, arguments[0], kind)
        places = [builder.gep(start, [ir.IntType(64)(k)]) for k in range(zeros.count)]
        numbers = [builder.load(place) for place in places]
        return context.make_tuple(builder, signature.return_type, numbers)

    return zeros(address, zeros), generate


@instruction
def take_ticket(typing: Any, address: Any) -> Any:
    """Return the integer at `address` and add one to it, in one step that threads do in turns."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        counter = builder.inttoptr(arguments[0], integer.as_pointer())
        return builder.atomic_rmw("add", counter, integer(1), "monotonic")

    return types.int64(address), generate


@instruction
def address_of(typing: Any, pointer: Any) -> Any:
    """Return a C pointer as an integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return types.int64(pointer), generate


def _copy(width: Width) -> Any:
    @instruction
    def copy(typing: Any, source: Any, target: Any, zero: Any) -> Any:
        """Copy V entries."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = arguments[2].type
            _store(builder, _load(builder, arguments[0], kind, width(kind)), arguments[1])
            return context.get_dummy_value()

        return types.void(source, target, zero), generate

    return copy


def _unzip(width: Width) -> Any:
    @instruction
    def unzip(typing: Any, source: Any, even: Any, odd: Any, zero: Any) -> Any:
        """Part 2V entries of `source` into those of even and of odd place."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = arguments[3].type
            n = width(kind)
            pair = _load(builder, arguments[0], kind, 2 * n)
            for place in (0, 1):
                part = _shuffle(builder, pair, pair, range(place, 2 * n, 2))
                _store(builder, part, arguments[1 + place])
            return context.get_dummy_value()

        return types.void(source, even, odd, zero), generate

    return unzip


def _fir(width: Width) -> Any:
    @instruction
    def fir(typing: Any, inputs: Any, pitch: Any, outputs: Any, taps: Any) -> Any:
        """Filter two pairs of inputs into two outputs, V entries each.

        outputs[k] = sum_m taps[2k][m] inputs[2k][m pitch] + taps[2k+1][m] inputs[2k+1][m pitch],
        k = 0, 1; `taps` is one flat tuple of 4 M numbers, `pitch` is in bytes.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            addresses = cgutils.unpack_tuple(builder, arguments[2])
            for value, address in zip(_sums(builder, arguments, width), addresses, strict=True):
                _store(builder, value, address)
            return context.get_dummy_value()

        return types.void(inputs, pitch, outputs, taps), generate

    return fir


def _fir_zip(width: Width) -> Any:
    @instruction
    def fir_zip(typing: Any, inputs: Any, pitch: Any, output: Any, taps: Any) -> Any:
        """Filter like `fir`; store the two results in turns, 2V entries at one address."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            first, second = _sums(builder, arguments, width)
            n = first.type.count
            order = [k + n * place for k in range(n) for place in (0, 1)]
            _store(builder, _shuffle(builder, first, second, order), arguments[2])
            return context.get_dummy_value()

        return types.void(inputs, pitch, output, taps), generate

    return fir_zip


def _sums(builder: Any, arguments: Any, width: Width) -> list[Any]:
    """The two sums of `fir`. Its four chains of products are independent until the end."""
    inputs = cgutils.unpack_tuple(builder, arguments[0])
    pitch = arguments[1]
    taps = cgutils.unpack_tuple(builder, arguments[3])
    kind, half = taps[0].type, len(taps) // 4
    n = width(kind)
    chains = []
    for k, address in enumerate(inputs):
        total = None
        for m in range(half):
            place = builder.add(address, builder.mul(pitch, pitch.type(m)))
            factor = _broadcast(builder, taps[k * half + m], n)
            product = builder.fmul(_load(builder, place, kind, n), factor, flags=("contract",))
            total = product if m == 0 else builder.fadd(total, product, flags=("contract",))
        chains.append(total)
    return [builder.fadd(chains[k], chains[k + 1]) for k in (0, 2)]


def _pointer(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


def _size(kind: Any) -> int:
    return 4 if isinstance(kind, ir.FloatType) else 8


def _load(builder: Any, address: Any, kind: Any, n: int) -> Any:
    vector = ir.VectorType(kind, n)
    return builder.load(_pointer(builder, address, vector), align=_size(kind))


def _store(builder: Any, vector: Any, address: Any) -> None:
    align = _size(vector.type.element)
    builder.store(vector, _pointer(builder, address, vector.type), align=align)


def _shuffle(builder: Any, first: Any, second: Any, order: Any) -> Any:
    index = ir.IntType(32)
    places = [ir.Constant(index, k) for k in order]
    mask = ir.Constant(ir.VectorType(index, len(places)), places)
    return builder.shuffle_vector(first, second, mask)


def _broadcast(builder: Any, value: Any, n: int) -> Any:
    vector = ir.VectorType(value.type, n)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
    return _shuffle(builder, single, single, [0] * n)


def _wide(kind: Any) -> int:
    return VECTOR_BYTES // _size(kind)


def _narrow(_: Any) -> int:
    return NARROW


def _one(_: Any) -> int:
    return 1


copy_wide, copy_narrow, copy_one = map(_copy, (_wide, _narrow, _one))
unzip_wide, unzip_narrow, unzip_one = map(_unzip, (_wide, _narrow, _one))
fir_wide, fir_narrow, fir_one = map(_fir, (_wide, _narrow, _one))
fir_zip_wide, fir_zip_narrow, fir_zip_one = map(_fir_zip, (_wide, _narrow, _one))
