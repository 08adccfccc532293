"""Lines of numbers: parted, filtered, continued round; what one level of a transform is made of.

Symbols are those of `scorelet.wavelets.kernels.orthogonal`; addresses are in bytes.
"""

from scorelet.core.compiled import inlined, part
from scorelet.wavelets.kernels.vectors import (
    NARROW,
    entries,
    fir,
    interleave,
    item_size,
    load,
    narrow,
    single,
    store,
    unzip,
    wide,
)


@part
def wrap(index, n):
    """Index modulo n; a few steps are faster than a division."""
    while index < 0:
        index += n
    while index >= n:
        index -= n
    return index


def _in_vectors(work):
    """Return a loop that does `work` on n entries, in the widest vectors that they fill."""

    @inlined
    def steps(places, n, taps, like):
        """From each k on as many entries as a vector has; the last vector overlaps."""
        size, step = item_size(taps[0]), entries(like)
        for k in range(0, n - step + 1, step):
            work(places, k * size, taps, like)
        if n % step:
            work(places, (n - step) * size, taps, like)

    @part
    def loop(places, n, taps):
        if n >= entries(wide(taps[0])):
            steps(places, n, taps, wide(taps[0]))
        elif n >= NARROW:
            steps(places, n, taps, narrow(taps[0]))
        else:
            steps(places, n, taps, single(taps[0]))

    return loop


@inlined
def _moved(addresses, offset):
    a, b, c, d = addresses
    return a + offset, b + offset, c + offset, d + offset


@_in_vectors
@inlined
def unzip_line(places, k, taps, like):
    """Part pairs into the numbers of even and those of odd place."""
    source, even, odd = places
    first = source + 2 * k
    second = first + entries(like) * item_size(taps[0])
    evens, odds = unzip(load(first, like), load(second, like))
    store(even + k, evens)
    store(odd + k, odds)


@_in_vectors
@inlined
def filter_line(places, k, taps, like):
    """Apply `fir`, along a line or to lines that are `pitch` apart."""
    inputs, pitch, (low, high) = places
    lows, highs = fir(_moved(inputs, k), pitch, taps, like)
    store(low + k, lows)
    store(high + k, highs)


@_in_vectors
@inlined
def filter_zip_line(places, k, taps, like):
    """Apply `fir` along a line; store the two results in turns."""
    inputs, output = places
    size = item_size(taps[0])
    evens, odds = fir(_moved(inputs, k), size, taps, like)
    first, second = interleave(evens, odds)
    store(output + 2 * k, first)
    store(output + 2 * k + entries(like) * size, second)


@part
def copy(source, target, n, taps):
    """Copy n numbers upwards; the target may begin below the source and overlap it."""
    done = _copy_in_steps(source, target, 0, n, taps, wide(taps[0]))
    done = _copy_in_steps(source, target, done, n, taps, narrow(taps[0]))
    _copy_in_steps(source, target, done, n, taps, single(taps[0]))


@inlined
def _copy_in_steps(source, target, done, n, taps, like):
    size = item_size(taps[0])
    while done + entries(like) <= n:
        store(target + done * size, load(source + done * size, like))
        done += entries(like)
    return done


@part
def _copy_wrapped(source, target, n, count, start, taps):
    """target[k] = source[(k + start) mod n] for k < count."""
    size = item_size(taps[0])
    first = min(max(-start, 0), count)
    last = max(first, min(n - start, count))
    for k in range(first):
        store(target + size * k, load(source + size * wrap(k + start, n), taps[0]))
    copy(source + size * (first + start), target + size * first, last - first, taps)
    for k in range(last, count):
        store(target + size * k, load(source + size * wrap(k + start, n), taps[0]))


@part
def _unzip_wrapped(source, even, odd, first, last, shift, n, taps):
    """even[k], odd[k] = pair k + shift, modulo n pairs, for first <= k < last."""
    size = item_size(taps[0])
    for k in range(first, last):
        pair = source + 2 * size * wrap(k + shift, n)
        store(even + size * k, load(pair, taps[0]))
        store(odd + size * k, load(pair + size, taps[0]))


@part
def split_line(source, low, high, n, start, buffer, taps):
    """One level of one line of n numbers; s <= 0.

    Pairs (x[2q], x[2q + 1]) are parted first, with as many before and behind as filters need; if s
    is odd, e is the odd place of pair m + (s - 1) / 2 and o the even place of the pair behind it.
    """
    size, odd_start = item_size(taps[0]), start & 1
    shift, half = (start - odd_start) // 2, n // 2
    count = half + len(taps) // 4 - 1 + odd_start
    second = buffer + size * count
    places = (source, buffer - size * shift, second - size * shift)
    _unzip_wrapped(source, buffer, second, 0, -shift, shift, half, taps)
    unzip_line(places, min(half, count + shift), taps)
    _unzip_wrapped(source, buffer, second, half - shift, count, shift, half, taps)
    e, o = buffer, second
    if odd_start:
        e, o = second, buffer + size
    filter_line(((e, o, e, o), size, (low, high)), half, taps)


@part
def merge_line(low, high, target, n, shift, buffer, taps):
    """Adjoint of `split_line`."""
    base, even, odd = shift
    size, more = item_size(taps[0]), len(taps) // 4 - 1 + max(even, odd)
    right = buffer + size * (n // 2 + more)
    _copy_wrapped(low, buffer, n // 2, n // 2 + more, base, taps)
    _copy_wrapped(high, right, n // 2, n // 2 + more, base, taps)
    e, o = size * even, size * odd
    inputs = (buffer + e, right + e, buffer + o, right + o)
    filter_zip_line((inputs, target), n // 2, taps)


@part
def extend(line, first, last, n, items, taps):
    """Continue a line of n entries of so many numbers periodically, for first <= k < last."""
    size = item_size(taps[0])
    for k in range(first, last):
        source, target = line + items * size * wrap(k, n), line + items * size * k
        for _ in range(items):
            store(target, load(source, taps[0]))
            source += size
            target += size


@part
def lines_from(source, first, count, h, pitch, buffer, taps):
    """Return where `count` lines from `first` on follow each other; copied if they go round."""
    if first >= 0 and first + count <= h:
        return source + first * pitch
    for k in range(count):
        line = source + pitch * wrap(first + k, h)
        copy(line, buffer + k * pitch, pitch // item_size(taps[0]), taps)
    return buffer
