"""Instructions on vectors: what numpy says, for both number types and all widths."""

import numpy as np
import pytest

from scorelet.core.compiled import compiled, inlined
from scorelet.wavelets.kernels.vectors import (
    address_of,
    entries,
    fir,
    interleave,
    item_size,
    load,
    load_tuple,
    narrow,
    root,
    single,
    splat,
    store,
    take_ticket,
    unzip,
    wide,
)


@inlined
def operate(x, y, out, number, like):
    """Do every operation on vectors of one width; return it."""
    place, step = address_of(out), entries(like) * item_size(number)
    a, b = load(address_of(x), like), load(address_of(y), like)
    even, odd = unzip(a, b)
    first, second = interleave(a, b)
    for result in (a + b, a - b, a * b, a / b, root(a), splat(number, like)):
        store(place, result)
        place += step
    for result in (a + number, number - a, even, odd, first, second):
        store(place, result)
        place += step
    return entries(like)


OPERATE = {
    "wide": compiled(lambda x, y, out, number: operate(x, y, out, number, wide(number))),
    "narrow": compiled(lambda x, y, out, number: operate(x, y, out, number, narrow(number))),
    "single": compiled(lambda x, y, out, number: operate(x, y, out, number, single(number))),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", OPERATE)
def test_every_operation_is_numpys(width, dtype):
    """A product and a sum may become one instruction, so to one rounding."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.5, 2, (2, 16)).astype(dtype)
    number, out = dtype(3), np.zeros((12, 16), dtype)
    count = OPERATE[width](x, y, out.ravel(), number)
    assert count == {"wide": 64 // x.itemsize, "narrow": 4, "single": 1}[width]
    a, b = x[:count], y[:count]
    pairs, turns = np.concatenate([a, b]), np.stack([a, b], 1).ravel()
    expected = [a + b, a - b, a * b, a / b, np.sqrt(a), 0 * a + 3, a + 3, 3 - a]
    expected += [pairs[::2], pairs[1::2], turns[:count], turns[count:]]
    found = out.ravel()[: 12 * count].reshape(12, count)
    np.testing.assert_allclose(found, expected, rtol=2 * np.finfo(dtype).eps)
    assert not out.ravel()[12 * count :].any()


@compiled
def filter_pairs(x, taps, zeros, out):
    place, size = address_of(x), item_size(x[0])
    numbers = load_tuple(address_of(taps), zeros)
    inputs = place, place + 40 * size, place + 80 * size, place + 120 * size
    first, second = fir(inputs, 2 * size, numbers, wide(x[0]))
    store(address_of(out), first)
    store(address_of(out) + entries(first) * size, second)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fir_is_two_pairs_of_sums(dtype):
    rng = np.random.default_rng(0)
    x, taps = rng.standard_normal(160).astype(dtype), rng.standard_normal((4, 3)).astype(dtype)
    count = 64 // x.itemsize
    out = np.zeros((2, count), dtype)
    filter_pairs(x, taps.ravel(), (dtype(0),) * 12, out.ravel())
    parts = [
        sum(taps[k, m] * x[40 * k + 2 * m :][:count].astype(np.float64) for m in range(3))
        for k in range(4)
    ]
    expected = np.stack([parts[0] + parts[1], parts[2] + parts[3]])
    np.testing.assert_allclose(out, expected, atol=8 * np.finfo(dtype).eps)


@compiled
def draw(counter, times):
    total = 0
    for _ in range(times):
        total += take_ticket(address_of(counter))
    return total


def test_tickets_are_counted():
    counter = np.array([5])
    assert draw(counter, 4) == 5 + 6 + 7 + 8
    assert counter[0] == 9
