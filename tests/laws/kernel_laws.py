"""Laws of transition kernels."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.sampling import Kernel, run


@contextmanager
def on_threads(count: int) -> Generator[None]:
    """Let torch use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def assert_a_chain_depends_on_its_number_only(kernel: Kernel, x: Tensor, steps: int) -> None:
    """Bitwise: whatever the batch, the order in it, the threads, and where a run is cut."""

    def ends(samples: list[int]) -> Tensor:
        state = kernel.init(x[samples])
        *_, (state, _) = run(kernel, state, steps, noise=Noise(5, samples))
        return state.x

    everyone = list(range(len(x)))
    with on_threads(2):
        together = ends(everyone)
    with on_threads(1):
        assert torch.equal(ends(everyone), together)
        assert torch.equal(ends(everyone[:1]), together[:1])
    mixed = everyone[::-2]
    assert torch.equal(ends(mixed), together[mixed])

    state, noise = kernel.init(x), Noise(5, everyone)
    *_, (state, _) = run(kernel, state, steps // 2, noise=noise)
    *_, (state, _) = run(kernel, state, steps - steps // 2, noise=noise.at(steps // 2))
    assert torch.equal(state.x, together)
    assert not (together == x).all(0).any()
