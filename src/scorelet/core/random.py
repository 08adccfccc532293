"""Explicit randomness: every random number comes from a generator made here.

A generator is a function of (seed, keys): the noise of picture k does not depend on which
pictures were drawn before it, nor on the batch that it is in.
"""

import numpy as np
import torch
from torch import Generator, Tensor


def generator(seed: int, *keys: int, device: torch.device | str = "cpu") -> Generator:
    """Return a generator whose stream is a function of `seed` and `keys` only.

    Args:
        seed: the user's seed, any non-negative integer.
        keys: non-negative integers below 2^32 that name the stream, for example (epoch, step).
        device: where the numbers will be drawn.

    With keys, streams are decorrelated by numpy's `SeedSequence`; without, it is `manual_seed`.
    """
    if keys:
        # as spawn_key, keys are kept apart from the seed, and (k,) from (k, 0)
        sequence = np.random.SeedSequence(seed, spawn_key=keys)
        seed = int(sequence.generate_state(1, np.uint64)[0])
    return Generator(device=device).manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)


def randn(shape: tuple[int, ...], *, rng: Generator, like: Tensor | None = None) -> Tensor:
    """Draw standard normal numbers from `rng`, with the dtype and device of `like`."""
    noise = torch.randn(shape, generator=rng, device=rng.device)
    return noise if like is None else noise.to(like)
