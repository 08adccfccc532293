"""Operations whose result for one sample does not depend on the batch, bitwise, on a CPU.

A sum over everything is shared between threads where the batch is one large field, and transforms
of several fields at once differ from those of each field in the last bit. A Markov chain amplifies
such bits until two runs have nothing in common.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.functional import pad

from scorelet.core.typing import PerSample

_GROUP = 16
_SMALL = 32 * 32  # pixels; transforms of larger fields are no faster in groups


def sum_per_sample(values: Tensor) -> PerSample:
    """Sum each sample of (batch, channel, height, width): rows first, so in one order."""
    return values.sum(-1).flatten(1).sum(1)


def map_fields(transform: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Transform each field (height, width) of x, (..., height, width), by one thread.

    Small fields go in groups of one size, the last one filled up with zeros: in such a group the
    place of a field makes no difference. On other devices than a CPU all are one call.

    Args:
        transform: of fields (n, height, width), such as a Fourier transform of the last two axes.
        x: one or more fields.
    """
    if x.ndim == 2 or x.device.type != "cpu":
        return transform(x)
    fields = x.flatten(0, -3)
    group = _GROUP if fields[0].numel() <= _SMALL else 1
    filled = pad(fields, (0, 0, 0, 0, 0, -len(fields) % group))
    with one_thread():
        done = torch.cat([transform(part) for part in filled.split(group)])
    return done[: len(fields)].reshape(*x.shape[:-2], *done.shape[1:])


@contextmanager
def one_thread() -> Generator[None]:
    """Operations of this thread are not shared with others, until the block ends.

    A transform of 128 x 128 is so short that sharing it between threads makes it slower, and far
    slower where other programs have the cores, too: the threads wait for one another.

    A thread of Python that first uses torch meanwhile keeps one, too: torch's number is also the
    one that such threads begin with.
    """
    if torch.compiler.is_compiling():
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
