"""Random projections of any number of features that need no memory for their matrix.

Signs, a Fourier transform, and a choice of its coefficients: together a random matrix whose rows
are orthogonal and of one length, applied in d log d.

References: Ailon, Chazelle, SIAM J. Computing 39, 2009; Tropp, Adv. Adaptive Data Analysis 3, 2011.
"""

import torch
from torch import Tensor

from scorelet.core.device import widened
from scorelet.core.random import generator

_AT_ONCE = 1 << 22  # values that are transformed at a time


class RandomProjection:
    """A random map of features to fewer with orthogonal rows of one length: signs, Fourier, choice.

    Args:
        inputs: number of features.
        outputs: number that is wanted; where there are not more features they stay as they are,
            and where there are just one or two more it may come out smaller by one.
        seed: of the signs and the choice.
    """

    def __init__(self, inputs: int, outputs: int, *, seed: int = 0) -> None:
        self.inputs, self.outputs = inputs, min(inputs, outputs)
        if inputs <= outputs:
            return
        rng = generator(seed, inputs)
        self._signs = torch.randint(0, 2, (inputs,), generator=rng) * 2.0 - 1
        # real and imaginary parts of the frequencies, but for those of two real ones
        half = torch.arange(2, inputs + 1 if inputs % 2 else inputs)
        self._chosen = half[torch.randperm(len(half), generator=rng)[:outputs]]
        self.outputs = len(self._chosen)

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (n, inputs) to (n, outputs)."""
        if self.inputs == self.outputs:
            return rows
        parts = rows.split(max(1, _AT_ONCE // self.inputs))
        return torch.cat([self._project(part) for part in parts])

    def _project(self, rows: Tensor) -> Tensor:
        working = widened(rows)
        signed = working * self._signs.to(working)
        spectrum = torch.view_as_real(torch.fft.rfft(signed, norm="ortho")).flatten(1)
        return spectrum[:, self._chosen.to(rows.device)] * 2**0.5
