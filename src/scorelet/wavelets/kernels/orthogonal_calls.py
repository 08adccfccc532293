"""The compiled transforms as C functions that share pictures or lines over threads.

A job is a block of integers: counters, shapes and addresses. Every thread that is called with it
takes chunks of pictures from a counter until there are none. One C function is compiled for each
number of taps and each dtype, and kept on disk.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from numba import carray
from numpy.typing import NDArray
from torch import Tensor

from scorelet.core.compiled import c_function
from scorelet.core.parallel import run_in_threads
from scorelet.wavelets.filters import Filters
from scorelet.wavelets.kernels.orthogonal import (
    CHUNKS,
    COUNT,
    HEIGHT,
    LEVELS,
    PLACE,
    POINTERS,
    SCRATCH,
    SCRATCH_BYTES,
    TAPS,
    THREAD,
    TICKET,
    WIDE_LINES,
    WIDTH,
    analyze_lines,
    analyze_pictures,
    lines_together,
    synthesize_lines,
    synthesize_pictures,
)
from scorelet.wavelets.kernels.vectors import address_of, load_tuple, take_ticket

Direction = Literal["analyze", "synthesize"]

ANALYZE_PICTURES, SYNTHESIZE_PICTURES, ANALYZE_LINES, SYNTHESIZE_LINES = range(4)
MOST_INTEGERS = 64
"""Of a job; 2^49 numbers have fewer levels than there is room for."""

CHUNKS_PER_THREAD = 4
SMALL = 1 << 14
"""Numbers below which one thread is faster than several."""


def run_job(
    direction: Direction,
    filters: Filters,
    tensors: Sequence[Tensor],
    shape: tuple[int, int],
    *,
    ndim: int,
) -> None:
    """Transform pictures or lines, reading and writing contiguous tensors.

    Args:
        direction: "analyze" reads the first tensor and writes the others, "synthesize" the reverse.
        filters: of the wavelet.
        tensors: x, the coarsest low band, then details from fine to coarse; float32 or float64.
        shape: height and width of a picture of x; a line has height 1.
        ndim: 2 for pictures, 1 for lines.
    """
    x = tensors[0]
    height, width = shape
    count = x.numel() // (height * width)
    threads = 1 if x.numel() < SMALL else min(torch.get_num_threads(), count)
    values, places = _taps(direction, filters, x.dtype)
    size = _scratch_size(filters, height, width, len(tensors) - 2)
    scratch = _memory(threads * size, x)
    job = np.zeros(MOST_INTEGERS, np.int64)
    job[CHUNKS] = 1 if threads == 1 else min(count, CHUNKS_PER_THREAD * threads)
    job[COUNT], job[HEIGHT], job[WIDTH], job[LEVELS] = count, height, width, len(tensors) - 2
    job[PLACE : PLACE + 3] = places
    job[SCRATCH], job[SCRATCH_BYTES] = scratch.data_ptr(), size * x.element_size()
    job[TAPS] = values.ctypes.data
    job[POINTERS : POINTERS + len(tensors)] = [t.data_ptr() for t in tensors]
    program = 2 * (2 - ndim) + (direction == "synthesize")
    function = _compiled(program, len(values), values.dtype.name)
    run_in_threads(function.address, job.ctypes.data, threads=threads)


def _memory(count: int, like: Tensor) -> Tensor:
    return like.new_empty(count)


@cache
def _taps(
    direction: Direction, filters: Filters, dtype: torch.dtype
) -> tuple[NDArray[Any], tuple[int, int, int]]:
    """The taps of a direction, flat, and its places: a start, or that of a merge and two steps."""
    kind = np.float32 if dtype == torch.float32 else np.float64
    if direction == "analyze":
        return filters.split_taps.ravel().astype(kind), (filters.start, 0, 0)
    even, odd = filters.merge_starts
    base = min(even, odd)
    return filters.merge_taps.ravel().astype(kind), (base, even - base, odd - base)


def _scratch_size(filters: Filters, height: int, width: int, levels: int) -> int:
    """Two coarse pictures, and what the level takes that takes most; in numbers."""
    reach = filters.half + 1
    most = 2 * width * (min(WIDE_LINES, height) + reach) + 2 * width + 4 * reach
    for level in range(levels):
        lines, pairs = height >> (level + 1), width >> (level + 1)
        together = lines_together(lines, 2 * pairs)
        padded = 4 * together * (pairs + reach)
        # padded lines; the same parted into pairs, or lines that go round
        most = max(most, padded + max(padded, 4 * reach * pairs))
    return height * width // 2 + most


@cache
def _compiled(program: int, taps: int, dtype: str) -> Any:
    """Return the C function for so many taps; compiled once, in two or three seconds."""
    return _build(program, (getattr(np, dtype)(0),) * taps)


def _build(program: int, zeros: tuple[Any, ...]) -> Any:
    """Compile void job(void *); branches on `program` are decided by the compiler."""

    def scorelet_wavelet_job(block: Any) -> None:
        job = carray(block, MOST_INTEGERS, np.int64)
        scratch = job[SCRATCH] + take_ticket(address_of(block) + 8 * THREAD) * job[SCRATCH_BYTES]
        taps = load_tuple(job[TAPS], zeros)
        while True:
            chunk = take_ticket(address_of(block) + 8 * TICKET)
            if chunk >= job[CHUNKS]:
                break
            first = job[COUNT] * chunk // job[CHUNKS]
            last = job[COUNT] * (chunk + 1) // job[CHUNKS]
            if program == ANALYZE_PICTURES:
                analyze_pictures(job, first, last, scratch, taps)
            elif program == SYNTHESIZE_PICTURES:
                synthesize_pictures(job, first, last, scratch, taps)
            elif program == ANALYZE_LINES:
                analyze_lines(job, first, last, scratch, taps)
            else:
                synthesize_lines(job, first, last, scratch, taps)

    return c_function(scorelet_wavelet_job)
