"""Pictures that fill a small part of their range are sought in a unit of their own.

The noise levels of a sampler mean pictures in [0, 1]: the last one, 0.015, is all the contrast of a
picture from 0 to 1/64, as of 10 bits in a file of 16. So a picture x is sought as (x - o) / u, with
o the least known sample and u the range of them, where that is less than half of [0, 1]. What is
measured of it is linear, and then so is what is measured of (x - o) / u.

Pictures of 8 bits stay as they are: rounding has taken what the unit would keep. Models that are
not blind may mean their numbers absolutely, as in `tasks.denoise`.
"""

from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from scorelet.data import Picture, to_unit
from scorelet.models.measurements import Observation

_SMALL = 0.5
"""Ranges below it are a small part of [0, 1]."""


@dataclass(frozen=True)
class Unit:
    """A unit in which a picture is sought.

    Attributes:
        offset: o, in [0, 1] units.
        size: u.
    """

    offset: float = 0.0
    size: float = 1.0

    def shown(self, picture: Picture) -> Picture:
        """Return a picture in this unit, of floats; gaps may be anything."""
        pixels = to_unit(picture.pixels)
        return replace(picture, pixels=(pixels - np.float32(self.offset)) / np.float32(self.size))

    def back(self, x: Tensor) -> Tensor:
        """Return pixels in [0, 1] units."""
        return x if self == UNIT else x * self.size + self.offset

    def observed(self, observation: Observation) -> Observation:
        """Return what was observed of a picture in this unit, of the same in [0, 1] units."""
        if self == UNIT:
            return observation
        how, value = observation.measurement, observation.value
        gray = value.new_full((1, value.shape[1], *how.size), self.offset)
        return Observation(how, value * self.size + how.measure(gray))


UNIT = Unit()
"""That of [0, 1] images."""


def unit_of(known: np.ndarray, *, least: float = 0.0) -> Unit:
    """Return the unit for a picture.

    Args:
        known: samples, (pixels, channels).
        least: size of the unit, at least: a model knows noise up to a level in the unit shown.
    """
    if known.dtype == np.uint8:
        return UNIT
    ends = to_unit(np.array([known.min(), known.max()]))
    low, range_ = float(ends[0]), float(ends[1]) - float(ends[0])
    size = max(range_, least)
    return Unit(low, size) if range_ > 0 and size < _SMALL else UNIT
