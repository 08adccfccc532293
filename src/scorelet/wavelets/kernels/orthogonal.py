"""Compiled analysis and synthesis of lines and pictures: every picture goes through L2 once.

What numba compiles has numba's types: addresses, counts and places are 64-bit integers.

Symbols: h, g low-pass and high-pass taps, M = half their number; s, place of their first tap;
a, d low and high band. Along one axis of even length L, with all indices modulo L,

    a[k] = sum_i h[i] x[2k + i + s],     d[k] = sum_i g[i] x[2k + i + s],

so with even and odd parts e[m] = x[2m + s], o[m] = x[2m + 1 + s] and even and odd taps h0, h1,

    a[k] = sum_m h0[m] e[k + m] + h1[m] o[k + m]              (contiguous: vectors need no gather)

and the adjoint, which is the inverse, is of the same form with a and d in the place of e and o.

A level of a picture takes bands of lines: rows are split into the planes (e, o) x (low, high) of a
buffer in which lines of one plane are contiguous, so that the filter along columns is one long loop
whatever the width. Addresses are in bytes; `size` is that of one number.
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

TICKET, THREAD, CHUNKS, COUNT, HEIGHT, WIDTH, LEVELS, PLACE = range(8)
BAND, SCRATCH, SCRATCH_BYTES, TAPS, POINTERS = range(10, 15)
"""What the integers of a job are.

Counters of chunks and of threads; chunks, pictures; shape of a picture, levels; the start of a
split, or of a merge the first coarse place and the steps to it of even and odd results (three
integers); coarse lines that are worked on together; address and bytes of the scratch memory of each
thread; address of the taps; addresses of x (n, h, w), of the coarsest low band (n, h', w') and of
the details (n, 3, h_j, w_j) from fine to coarse. Lines have height 1 and one detail band.
"""


@part
def _wrap(index, n):
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
def _unzip(places, k, taps, like):
    """Part pairs into the numbers of even and those of odd place."""
    source, even, odd = places
    first = source + 2 * k
    second = first + entries(like) * item_size(taps[0])
    evens, odds = unzip(load(first, like), load(second, like))
    store(even + k, evens)
    store(odd + k, odds)


@_in_vectors
@inlined
def _filter(places, k, taps, like):
    """Apply `fir`, along a line or to lines that are `pitch` apart."""
    inputs, pitch, (low, high) = places
    lows, highs = fir(_moved(inputs, k), pitch, taps, like)
    store(low + k, lows)
    store(high + k, highs)


@_in_vectors
@inlined
def _filter_zip(places, k, taps, like):
    """Apply `fir` along a line; store the two results in turns."""
    inputs, output = places
    size = item_size(taps[0])
    evens, odds = fir(_moved(inputs, k), size, taps, like)
    first, second = interleave(evens, odds)
    store(output + 2 * k, first)
    store(output + 2 * k + entries(like) * size, second)


@part
def _copy(source, target, n, taps):
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
        store(target + size * k, load(source + size * _wrap(k + start, n), taps[0]))
    _copy(source + size * (first + start), target + size * first, last - first, taps)
    for k in range(last, count):
        store(target + size * k, load(source + size * _wrap(k + start, n), taps[0]))


@part
def _unzip_wrapped(source, even, odd, first, last, shift, n, taps):
    """even[k], odd[k] = pair k + shift, modulo n pairs, for first <= k < last."""
    size = item_size(taps[0])
    for k in range(first, last):
        pair = source + 2 * size * _wrap(k + shift, n)
        store(even + size * k, load(pair, taps[0]))
        store(odd + size * k, load(pair + size, taps[0]))


@part
def _split_line(source, low, high, n, start, buffer, taps):
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
    _unzip(places, min(half, count + shift), taps)
    _unzip_wrapped(source, buffer, second, half - shift, count, shift, half, taps)
    e, o = buffer, second
    if odd_start:
        e, o = second, buffer + size
    _filter(((e, o, e, o), size, (low, high)), half, taps)


@part
def _merge_line(low, high, target, n, shift, buffer, taps):
    """Adjoint of `_split_line`."""
    base, even, odd = shift
    size, more = item_size(taps[0]), len(taps) // 4 - 1 + max(even, odd)
    right = buffer + size * (n // 2 + more)
    _copy_wrapped(low, buffer, n // 2, n // 2 + more, base, taps)
    _copy_wrapped(high, right, n // 2, n // 2 + more, base, taps)
    e, o = size * even, size * odd
    inputs = (buffer + e, right + e, buffer + o, right + o)
    _filter_zip((inputs, target), n // 2, taps)


@part
def _split_picture(source, low, details, shape, job, buffer, taps):
    """One level of one picture; details H, V, D follow each other."""
    (h, w), band = shape, job[BAND]
    size, more = item_size(taps[0]), len(taps) // 4 - 1
    coarse = size * (w // 2)
    area = coarse * (h // 2)
    plane = coarse * (min(band, h // 2) + more)
    for top in range(0, h // 2, band):
        count = min(band, h // 2 - top)
        done = more if top > 0 else 0
        for k in range(2 * done, 2 * (count + more)):
            row = source + size * w * _wrap(2 * top + k + job[PLACE], h)
            place = buffer + (k % 2) * plane + (k // 2) * coarse
            _split_line(row, place, place + 2 * plane, w, job[PLACE], buffer + 4 * plane, taps)
        at, n = top * coarse, count * (w // 2)
        left, right = (buffer, buffer + plane), (buffer + 2 * plane, buffer + 3 * plane)
        _filter((left + left, coarse, (low + at, details + at)), n, taps)
        outputs = (details + area + at, details + 2 * area + at)
        _filter((right + right, coarse, outputs), n, taps)
        if top + count < h // 2:
            for place in range(buffer, buffer + 4 * plane, plane):
                _copy(place + count * coarse, place, more * (w // 2), taps)


@part
def _merge_picture(target, low, details, shape, job, buffer, taps):
    """Adjoint of `_split_picture`: rows of (a, V) and (H, D) first, then columns."""
    (h, w), band, shift = shape, job[BAND], _shift(job)
    base, even, odd = shift
    size, more = item_size(taps[0]), len(taps) // 4 - 1 + max(even, odd)
    coarse, full = size * (w // 2), size * w
    area = coarse * (h // 2)
    plane = full * (min(band, h // 2) + more)
    line = buffer + 2 * plane
    for top in range(0, h // 2, band):
        count = min(band, h // 2 - top)
        done = more if top > 0 else 0
        for k in range(done, count + more):
            at = coarse * _wrap(top + k + base, h // 2)
            place = buffer + k * full
            _merge_line(low + at, details + area + at, place, w, shift, line, taps)
            _merge_line(details + at, details + 2 * area + at, place + plane, w, shift, line, taps)
        for k in range(count):
            e, o = buffer + full * (k + even), buffer + full * (k + odd)
            row = target + full * 2 * (top + k)
            _filter(((e, e + plane, o, o + plane), full, (row, row + full)), w, taps)
        if top + count < h // 2:
            for place in range(buffer, buffer + 2 * plane, plane):
                _copy(place + count * full, place, more * w, taps)


@inlined
def _split_one(source, low, high, shape, job, buffer, taps):
    """One level of one line, called like one of a picture."""
    _split_line(source, low, high, shape[1], job[PLACE], buffer, taps)


@inlined
def _merge_one(target, low, high, shape, job, buffer, taps):
    """Adjoint of `_split_one`."""
    _merge_line(low, high, target, shape[1], _shift(job), buffer, taps)


@inlined
def _shift(job):
    return job[PLACE], job[PLACE + 1], job[PLACE + 2]


def _analysis(split):
    """Return the analysis by a function that splits one level."""

    @part
    def analyze(job, first, last, scratch, taps):
        """Split `first` to `last` (excluded), all levels of one before the next.

        Args:
            job: shapes, places and addresses, in the order of the constants above.
            first, last: which pictures or lines.
            scratch: address of the memory of this thread.
            taps: h0, h1, g0, g1 in one tuple.
        """
        for number in range(first, last):
            for level in range(job[LEVELS]):
                fine, low, details, shape = _places(job, number, level, scratch, taps)
                split(fine, low, details, shape, job, _buffer(job, scratch, taps), taps)

    return analyze


def _synthesis(merge):
    """Return the adjoint; its taps are those of the even result on a and d, then of the odd one."""

    @part
    def synthesize(job, first, last, scratch, taps):
        """Merge `first` to `last`; arguments as in the analysis."""
        for number in range(first, last):
            for level in range(job[LEVELS] - 1, -1, -1):
                fine, low, details, shape = _places(job, number, level, scratch, taps)
                merge(fine, low, details, shape, job, _buffer(job, scratch, taps), taps)

    return synthesize


@inlined
def _places(job, number, level, scratch, taps):
    """Where a level's fine and coarse bands are, and the fine shape.

    Low bands between levels are in scratch memory, at two places in turns.
    """
    size, height, width = item_size(taps[0]), job[HEIGHT], job[WIDTH]
    area = size * max(height >> (level + 1), 1) * (width >> (level + 1))
    fine, low = job[POINTERS] + size * number * height * width, job[POINTERS + 1] + number * area
    if level > 0:
        fine = scratch + ((level - 1) % 2) * _room(job, taps)
    if level < job[LEVELS] - 1:
        low = scratch + (level % 2) * _room(job, taps)
    bands = 3 if height > 1 else 1
    details = job[POINTERS + 2 + level] + bands * number * area
    return fine, low, details, (height >> level, width >> level)


@inlined
def _room(job, taps):
    """Bytes of the largest low band."""
    return item_size(taps[0]) * max(job[HEIGHT] // 2, 1) * (job[WIDTH] // 2)


@inlined
def _buffer(job, scratch, taps):
    """Scratch memory behind the low bands."""
    return scratch + 2 * _room(job, taps)


analyze_pictures, analyze_lines = _analysis(_split_picture), _analysis(_split_one)
synthesize_pictures, synthesize_lines = _synthesis(_merge_picture), _synthesis(_merge_one)
