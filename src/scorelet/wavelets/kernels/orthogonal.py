"""Compiled analysis and synthesis of lines and pictures: every picture goes through L2 once.

What numba compiles has numba's types: addresses, counts and places are 64-bit integers.

Symbols: h, g low-pass and high-pass taps, M = half their number; s, place of their first tap;
a, d low and high band. Along one axis of even length L, with all indices modulo L,

    a[k] = sum_i h[i] x[2k + i + s],     d[k] = sum_i g[i] x[2k + i + s],

so with even and odd parts e[m] = x[2m + s], o[m] = x[2m + 1 + s] and even and odd taps h0, h1,

    a[k] = sum_m h0[m] e[k + m] + h1[m] o[k + m]              (contiguous: vectors need no gather)

and the adjoint, which is the inverse, is of the same form with a and d in the place of e and o.

A level of a picture takes a few lines at a time: along columns its lines are filtered where they
lie, into low and high lines that stay in the nearest cache; these are parted into even and odd
numbers all at once, and filtered along rows. Addresses are in bytes; `size` is that of one number.
"""

from scorelet.core.compiled import inlined, part
from scorelet.wavelets.kernels.lines import (
    copy,
    extend,
    filter_line,
    filter_zip_line,
    lines_from,
    merge_line,
    split_line,
    unzip_line,
    wrap,
)
from scorelet.wavelets.kernels.vectors import item_size

TICKET, THREAD, CHUNKS, COUNT, HEIGHT, WIDTH, LEVELS, PLACE = range(8)
SCRATCH, SCRATCH_BYTES, TAPS, POINTERS = range(10, 14)
"""What the integers of a job are.

Counters of chunks and of threads; chunks, pictures; shape of a picture, levels; the start of a
split, or of a merge the first coarse place and the steps to it of even and odd results (three
integers); address and bytes of the scratch memory of each thread; address of the taps; addresses of
x (n, h, w), of the coarsest low band (n, h', w') and of the details (n, 3, h_j, w_j) from fine to
coarse. Lines have height 1 and one detail band.
"""


TOGETHER = 512
"""Numbers of the lines that are worked on together, about."""
SHORT = 256
"""Numbers of a line up to which pictures are split along columns first."""
WIDE_LINES = 32
"""Coarse lines that are worked on together in the pictures of longer lines."""


def lines_together(lines: int, width: int) -> int:
    """How many coarse lines of a picture are worked on together."""
    return max(1, min(lines, TOGETHER // width))


_together = part(lines_together)


@part
def _split_short(source, low, details, shape, job, buffer, taps):
    """One level of a picture of short lines: along columns and then along rows.

    A few coarse lines at a time: their low and high lines are written with room for what filters
    need before and behind, as `split_line` describes it, and parted into pairs all at once.
    """
    (h, w), start, reach = shape, job[PLACE], len(taps) // 4
    size, odd_start, half = item_size(taps[0]), start & 1, w // 2
    shift = (start - odd_start) // 2
    count = half + reach - 1 + odd_start
    full, coarse, padded = size * w, size * half, size * count
    area = coarse * (h // 2)
    together = _together(h // 2, w)
    even = buffer + 4 * padded * together
    odd = even + 2 * padded * together
    for top in range(0, h // 2, together):
        n = min(together, h // 2 - top)
        line = buffer - 2 * shift * size
        for k in range(n):
            place = lines_from(source, 2 * (top + k) + start, 2 * reach, h, full, even, taps)
            outputs = (line + 2 * k * padded, line + 2 * (n + k) * padded)
            filter_line(((place, place + full, place, place + full), 2 * full, outputs), w, taps)
        for k in range(2 * n):
            extend(line + 2 * k * padded, shift, 0, half, 2, taps)
            extend(line + 2 * k * padded, half, count + shift, half, 2, taps)
        unzip_line((buffer, even, odd), 2 * n * count, taps)
        e, o = even, odd
        if odd_start:
            e, o = odd, even + size
        for k in range(n):
            at = (top + k) * coarse
            left, right = e + k * padded, o + k * padded
            outputs = (low + at, details + area + at)
            filter_line(((left, right, left, right), size, outputs), half, taps)
            left, right = left + n * padded, right + n * padded
            outputs = (details + at, details + 2 * area + at)
            filter_line(((left, right, left, right), size, outputs), half, taps)


@part
def _split_wide(source, low, details, shape, job, buffer, taps):
    """`_split_short` for pictures of long lines: along rows and then along columns.

    Lines that filters along columns read would be far apart, at places that share little of the
    nearest cache. So rows are split first, into the planes (e, o) x (low, high) of a buffer; and
    many lines at a time, since a filter that goes on reads those behind it.
    """
    (h, w), band = shape, WIDE_LINES
    size, more = item_size(taps[0]), len(taps) // 4 - 1
    coarse = size * (w // 2)
    area = coarse * (h // 2)
    plane = coarse * (min(band, h // 2) + more)
    for top in range(0, h // 2, band):
        count = min(band, h // 2 - top)
        done = more if top > 0 else 0
        for k in range(2 * done, 2 * (count + more)):
            row = source + size * w * wrap(2 * top + k + job[PLACE], h)
            place = buffer + (k % 2) * plane + (k // 2) * coarse
            split_line(row, place, place + 2 * plane, w, job[PLACE], buffer + 4 * plane, taps)
        at, n = top * coarse, count * (w // 2)
        left, right = (buffer, buffer + plane), (buffer + 2 * plane, buffer + 3 * plane)
        filter_line((left + left, coarse, (low + at, details + at)), n, taps)
        outputs = (details + area + at, details + 2 * area + at)
        filter_line((right + right, coarse, outputs), n, taps)
        if top + count < h // 2:
            for place in range(buffer, buffer + 4 * plane, plane):
                copy(place + count * coarse, place, more * (w // 2), taps)


@part
def _split_picture(source, low, details, shape, job, buffer, taps):
    """One level of one picture; details H, V, D follow each other."""
    if shape[1] <= SHORT:
        _split_short(source, low, details, shape, job, buffer, taps)
    else:
        _split_wide(source, low, details, shape, job, buffer, taps)


@part
def _merge_picture(target, low, details, shape, job, buffer, taps):
    """Adjoint of `_split_picture`: columns of (a, H) and (V, D), then rows."""
    (h, w), (base, even, odd) = shape, _shift(job)
    size, half, reach = item_size(taps[0]), w // 2, len(taps) // 4 + max(even, odd)
    count = half + reach - 1
    full, coarse, padded = size * w, size * half, size * count
    area = coarse * (h // 2)
    together = _together(h // 2, w)
    right = buffer + 2 * padded * together
    wrapped = right + 2 * padded * together
    for top in range(0, h // 2, together):
        n = min(together, h // 2 - top)
        for line, first, second in (
            (buffer - base * size, low, details),
            (right - base * size, details + area, details + 2 * area),
        ):
            for k in range(n):
                start = top + k + base
                a = lines_from(first, start, reach, h // 2, coarse, wrapped, taps)
                d = lines_from(second, start, reach, h // 2, coarse, wrapped + reach * coarse, taps)
                e, o, place = coarse * even, coarse * odd, line + 2 * k * padded
                inputs = (a + e, d + e, a + o, d + o)
                filter_line((inputs, coarse, (place, place + padded)), half, taps)
            for k in range(2 * n):
                extend(line + k * padded, base, 0, half, 1, taps)
                extend(line + k * padded, half, count + base, half, 1, taps)
        for k in range(2 * n):
            left, e, o = k * padded, size * even, size * odd
            a, d = buffer + left, right + left
            row = target + full * (2 * top + k)
            filter_zip_line(((a + e, d + e, a + o, d + o), row), half, taps)


@inlined
def _split_one(source, low, high, shape, job, buffer, taps):
    """One level of one line, called like one of a picture."""
    split_line(source, low, high, shape[1], job[PLACE], buffer, taps)


@inlined
def _merge_one(target, low, high, shape, job, buffer, taps):
    """Adjoint of `_split_one`."""
    merge_line(low, high, target, shape[1], _shift(job), buffer, taps)


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
