"""What every transition kernel is: a state that is made once, and a step with explicit noise."""

from collections.abc import Iterator
from typing import Protocol, TypeVar, runtime_checkable

from torch import Generator, Tensor

State = TypeVar("State")
Info = TypeVar("Info", covariant=True)


@runtime_checkable
class Target(Protocol):
    """A density p ~ exp(-E) on batches (batch, channel, height, width)."""

    def energy(self, x: Tensor) -> Tensor:
        """E of each, (batch,)."""
        ...

    def force(self, x: Tensor) -> Tensor:
        """+grad E, the shape of x."""
        ...


@runtime_checkable
class Kernel(Protocol[State, Info]):
    """A Markov chain as a pair of functions; a batch holds independent chains."""

    def init(self, x: Tensor) -> State:
        """Return the state at x, with what a step needs to know about x."""
        ...

    def step(self, state: State, *, rng: Generator) -> tuple[State, Info]:
        """Return the next state, and what happened."""
        ...


def run(
    kernel: Kernel[State, Info], state: State, steps: int, *, rng: Generator
) -> Iterator[tuple[State, Info]]:
    """Yield state and information after each of `steps` steps; thinning is the caller's."""
    for _ in range(steps):
        state, info = kernel.step(state, rng=rng)
        yield state, info
