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

from scorelet.wavelets.vectors import (
    NARROW,
    VECTOR_BYTES,
    copy_narrow,
    copy_one,
    copy_wide,
    fir_narrow,
    fir_one,
    fir_wide,
    fir_zip_narrow,
    fir_zip_one,
    fir_zip_wide,
    item_size,
    kernel,
    read,
    unzip_narrow,
    unzip_one,
    unzip_wide,
    write,
)

TICKET, THREAD, CHUNKS, COUNT, HEIGHT, WIDTH, LEVELS, PLACE = range(8)
BAND, SCRATCH, SCRATCH_BYTES, TAPS, POINTERS = range(10, 15)
"""What the integers of a job are.

Counters of chunks and of threads; chunks, pictures; shape of a picture, levels; the start of a
split, or of a merge the first coarse place and the steps to it of even and odd results (three
integers); coarse lines that are worked on together; address and bytes of the scratch memory of each
thread; address of the taps; addresses of x (n, h, w), of the coarsest low band (n, h', w') and of
the details (n, 3, h_j, w_j) from fine to coarse. Lines have no height and one detail band.
"""


@kernel
def _wrap(index, n):
    """Index modulo n; a few steps are faster than a division."""
    while index < 0:
        index += n
    while index >= n:
        index -= n
    return index


@kernel
def _moved4(addresses, offset):
    a, b, c, d = addresses
    return a + offset, b + offset, c + offset, d + offset


@kernel
def _moved2(addresses, offset):
    a, b = addresses
    return a + offset, b + offset


@kernel
def _copy(source, target, n, taps):
    """Copy n numbers upwards; the target may begin below the source and overlap it."""
    size = item_size(taps[0])
    wide = VECTOR_BYTES // size
    done = 0
    while done + wide <= n:
        copy_wide(source + done * size, target + done * size, taps[0])
        done += wide
    while done + NARROW <= n:
        copy_narrow(source + done * size, target + done * size, taps[0])
        done += NARROW
    while done < n:
        copy_one(source + done * size, target + done * size, taps[0])
        done += 1


@kernel
def _copy_wrapped(source, target, n, count, start, taps):
    """target[k] = source[(k + start) mod n] for k < count."""
    size = item_size(taps[0])
    first = min(max(-start, 0), count)
    last = max(first, min(n - start, count))
    for k in range(first):
        write(target + size * k, read(source + size * _wrap(k + start, n), taps[0]))
    _copy(source + size * (first + start), target + size * first, last - first, taps)
    for k in range(last, count):
        write(target + size * k, read(source + size * _wrap(k + start, n), taps[0]))


@kernel
def _unzip(source, even, odd, n, taps):
    """Part 2n numbers into those of even and of odd place; the last vector overlaps."""
    size = item_size(taps[0])
    wide = VECTOR_BYTES // size
    if n >= wide:
        for k in range(0, n - wide + 1, wide):
            unzip_wide(source + 2 * k * size, even + k * size, odd + k * size, taps[0])
        if n % wide:
            k = n - wide
            unzip_wide(source + 2 * k * size, even + k * size, odd + k * size, taps[0])
    elif n >= NARROW:
        for k in range(0, n - NARROW + 1, NARROW):
            unzip_narrow(source + 2 * k * size, even + k * size, odd + k * size, taps[0])
        if n % NARROW:
            k = n - NARROW
            unzip_narrow(source + 2 * k * size, even + k * size, odd + k * size, taps[0])
    else:
        for k in range(n):
            unzip_one(source + 2 * k * size, even + k * size, odd + k * size, taps[0])


@kernel
def _unzip_wrapped(source, even, odd, first, last, shift, n, taps):
    """even[k], odd[k] = pair k + shift, modulo n pairs, for first <= k < last."""
    size = item_size(taps[0])
    for k in range(first, last):
        pair = source + 2 * size * _wrap(k + shift, n)
        write(even + size * k, read(pair, taps[0]))
        write(odd + size * k, read(pair + size, taps[0]))


@kernel
def _filter(inputs, pitch, outputs, n, taps):
    """Apply `fir` to n entries: the last vector overlaps the one before."""
    size = item_size(taps[0])
    wide = VECTOR_BYTES // size
    if n >= wide:
        for k in range(0, n - wide + 1, wide):
            fir_wide(_moved4(inputs, k * size), pitch, _moved2(outputs, k * size), taps)
        if n % wide:
            k = n - wide
            fir_wide(_moved4(inputs, k * size), pitch, _moved2(outputs, k * size), taps)
    elif n >= NARROW:
        for k in range(0, n - NARROW + 1, NARROW):
            fir_narrow(_moved4(inputs, k * size), pitch, _moved2(outputs, k * size), taps)
        if n % NARROW:
            k = n - NARROW
            fir_narrow(_moved4(inputs, k * size), pitch, _moved2(outputs, k * size), taps)
    else:
        for k in range(n):
            fir_one(_moved4(inputs, k * size), pitch, _moved2(outputs, k * size), taps)


@kernel
def _filter_zip(inputs, output, n, taps):
    """Apply `fir_zip` to n entries along a line."""
    size = item_size(taps[0])
    wide = VECTOR_BYTES // size
    if n >= wide:
        for k in range(0, n - wide + 1, wide):
            fir_zip_wide(_moved4(inputs, k * size), size, output + 2 * k * size, taps)
        if n % wide:
            k = n - wide
            fir_zip_wide(_moved4(inputs, k * size), size, output + 2 * k * size, taps)
    elif n >= NARROW:
        for k in range(0, n - NARROW + 1, NARROW):
            fir_zip_narrow(_moved4(inputs, k * size), size, output + 2 * k * size, taps)
        if n % NARROW:
            k = n - NARROW
            fir_zip_narrow(_moved4(inputs, k * size), size, output + 2 * k * size, taps)
    else:
        for k in range(n):
            fir_zip_one(_moved4(inputs, k * size), size, output + 2 * k * size, taps)


@kernel
def _split_line(source, low, high, n, start, buffer, taps):
    """One level of one line of n numbers; s <= 0.

    Pairs (x[2q], x[2q + 1]) are parted first, with as many before and behind as filters need; if s
    is odd, e is the odd place of pair m + (s - 1) / 2 and o the even place of the pair behind it.
    """
    size, odd_start = item_size(taps[0]), start & 1
    shift, half = (start - odd_start) // 2, n // 2
    count = half + len(taps) // 4 - 1 + odd_start
    second = buffer + size * count
    _unzip_wrapped(source, buffer, second, 0, -shift, shift, half, taps)
    _unzip(source, buffer - size * shift, second - size * shift, min(half, count + shift), taps)
    _unzip_wrapped(source, buffer, second, half - shift, count, shift, half, taps)
    e, o = buffer, second
    if odd_start:
        e, o = second, buffer + size
    _filter((e, o, e, o), size, (low, high), half, taps)


@kernel
def _merge_line(low, high, target, n, shift, buffer, taps):
    """Adjoint of `_split_line`."""
    base, even, odd = shift
    size, more = item_size(taps[0]), len(taps) // 4 - 1 + max(even, odd)
    right = buffer + size * (n // 2 + more)
    _copy_wrapped(low, buffer, n // 2, n // 2 + more, base, taps)
    _copy_wrapped(high, right, n // 2, n // 2 + more, base, taps)
    e, o = size * even, size * odd
    _filter_zip((buffer + e, right + e, buffer + o, right + o), target, n // 2, taps)


@kernel
def _split_picture(source, low, details, h, w, start, band, buffer, taps):
    """One level of one picture; details H, V, D follow each other."""
    size, more = item_size(taps[0]), len(taps) // 4 - 1
    coarse = size * (w // 2)
    area = coarse * (h // 2)
    plane = coarse * (min(band, h // 2) + more)
    line = buffer + 4 * plane
    for top in range(0, h // 2, band):
        count = min(band, h // 2 - top)
        done = more if top > 0 else 0
        for k in range(2 * done, 2 * (count + more)):
            row = source + size * w * _wrap(2 * top + k + start, h)
            place = buffer + (k % 2) * plane + (k // 2) * coarse
            _split_line(row, place, place + 2 * plane, w, start, line, taps)
        at = top * coarse
        n = count * (w // 2)
        outputs = (low + at, details + at)
        _filter((buffer, buffer + plane, buffer, buffer + plane), coarse, outputs, n, taps)
        right, outputs = buffer + 2 * plane, (details + area + at, details + 2 * area + at)
        _filter((right, right + plane, right, right + plane), coarse, outputs, n, taps)
        if top + count < h // 2:
            for part in range(4):
                place = buffer + part * plane
                _copy(place + count * coarse, place, more * (w // 2), taps)


@kernel
def _merge_picture(low, details, target, h, w, shift, band, buffer, taps):
    """Adjoint of `_split_picture`: rows of (a, V) and (H, D) first, then columns."""
    base, even, odd = shift
    size, more = item_size(taps[0]), len(taps) // 4 - 1 + max(even, odd)
    coarse = size * (w // 2)
    area = coarse * (h // 2)
    plane = size * w * (min(band, h // 2) + more)
    line = buffer + 2 * plane
    for top in range(0, h // 2, band):
        count = min(band, h // 2 - top)
        done = more if top > 0 else 0
        for k in range(done, count + more):
            at = coarse * _wrap(top + k + base, h // 2)
            place = buffer + k * size * w
            _merge_line(low + at, details + area + at, place, w, shift, line, taps)
            _merge_line(details + at, details + 2 * area + at, place + plane, w, shift, line, taps)
        for k in range(count):
            e = buffer + size * w * (k + even)
            o = buffer + size * w * (k + odd)
            row = target + size * w * 2 * (top + k)
            _filter((e, e + plane, o, o + plane), size * w, (row, row + size * w), w, taps)
        if top + count < h // 2:
            for part in range(2):
                place = buffer + part * plane
                _copy(place + count * size * w, place, more * w, taps)


@kernel
def analyze_pictures(job, first, last, scratch, taps):
    """Split pictures `first` to `last` (excluded), all levels of one before the next.

    Args:
        job: shapes, places and addresses, in the order of the constants above.
        first, last: which pictures.
        scratch: address of the memory of this thread.
        taps: h0, h1, g0, g1 in one tuple.
    """
    size = item_size(taps[0])
    height, width, levels = job[HEIGHT], job[WIDTH], job[LEVELS]
    room = size * (height // 2) * (width // 2)
    for picture in range(first, last):
        source = job[POINTERS] + size * picture * height * width
        h, w = height, width
        for level in range(levels):
            area = size * (h // 2) * (w // 2)
            low = job[POINTERS + 1] + picture * area
            if level < levels - 1:
                low = scratch + (level % 2) * room
            details = job[POINTERS + 2 + level] + 3 * picture * area
            buffer = scratch + 2 * room
            _split_picture(source, low, details, h, w, job[PLACE], job[BAND], buffer, taps)
            source = low
            h //= 2
            w //= 2


@kernel
def synthesize_pictures(job, first, last, scratch, taps):
    """Adjoint of `analyze_pictures`; taps of the even result on a and d, then of the odd one."""
    size = item_size(taps[0])
    height, width, levels = job[HEIGHT], job[WIDTH], job[LEVELS]
    room = size * (height // 2) * (width // 2)
    shift = (job[PLACE], job[PLACE + 1], job[PLACE + 2])
    for picture in range(first, last):
        for level in range(levels - 1, -1, -1):
            h, w = height >> level, width >> level
            area = size * (h // 2) * (w // 2)
            low = job[POINTERS + 1] + picture * area
            if level < levels - 1:
                low = scratch + ((level + 1) % 2) * room
            details = job[POINTERS + 2 + level] + 3 * picture * area
            target = job[POINTERS] + size * picture * height * width
            if level > 0:
                target = scratch + (level % 2) * room
            buffer = scratch + 2 * room
            _merge_picture(low, details, target, h, w, shift, job[BAND], buffer, taps)


@kernel
def analyze_lines(job, first, last, scratch, taps):
    """Split lines `first` to `last` (excluded); arguments as in `analyze_pictures`."""
    size = item_size(taps[0])
    length, levels = job[WIDTH], job[LEVELS]
    room = size * (length // 2)
    for number in range(first, last):
        source, n = job[POINTERS] + size * number * length, length
        for level in range(levels):
            place = size * number * (n // 2)
            low = job[POINTERS + 1] + place
            if level < levels - 1:
                low = scratch + (level % 2) * room
            high = job[POINTERS + 2 + level] + place
            _split_line(source, low, high, n, job[PLACE], scratch + 2 * room, taps)
            source = low
            n //= 2


@kernel
def synthesize_lines(job, first, last, scratch, taps):
    """Adjoint of `analyze_lines`; arguments as in `synthesize_pictures`."""
    size = item_size(taps[0])
    length, levels = job[WIDTH], job[LEVELS]
    room = size * (length // 2)
    shift = (job[PLACE], job[PLACE + 1], job[PLACE + 2])
    for number in range(first, last):
        for level in range(levels - 1, -1, -1):
            n = length >> level
            place = size * number * (n // 2)
            low = job[POINTERS + 1] + place
            if level < levels - 1:
                low = scratch + ((level + 1) % 2) * room
            high = job[POINTERS + 2 + level] + place
            target = job[POINTERS] + size * number * length
            if level > 0:
                target = scratch + (level % 2) * room
            _merge_line(low, high, target, n, shift, scratch + 2 * room, taps)
