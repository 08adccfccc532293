"""What every transition kernel is: a state that is made once, and a step with explicit noise."""

from collections.abc import Iterator
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor

from scorelet.core.random import Noise

State = TypeVar("State")
Info = TypeVar("Info", covariant=True)


@runtime_checkable
class Kernel(Protocol[State, Info]):
    """A Markov chain as a pair of functions; a batch holds independent chains.

    What happens to a chain is a function of its state and of the noise of its own number: it does
    not depend on the batch that it is in.
    """

    def init(self, x: Tensor) -> State:
        """Return the state at x, with what a step needs to know about x."""
        ...

    def step(self, state: State, noise: Noise) -> tuple[State, Info]:
        """Return the next state, and what happened."""
        ...


def run(
    kernel: Kernel[State, Info], state: State, steps: int, *, noise: Noise
) -> Iterator[tuple[State, Info]]:
    """Yield state and information after each of `steps` steps; thinning is the caller's.

    Args:
        kernel: what moves the chains.
        state: where they are.
        steps: how many steps.
        noise: of the first step; the next one takes the noise of the next step.
    """
    for step in range(noise.step, noise.step + steps):
        state, info = kernel.step(state, noise.at(step))
        yield state, info
