"""The noise law of a sensor: var(y | x) = a x + b of the light x, for each colour.

It is read from the file (NoiseProfile of a DNG), or measured on the planes of the mosaic, of which
each is a picture of one colour with white noise.
"""

import math
from dataclasses import dataclass

import numpy as np

from scorelet.analysis.block_dct import cut
from scorelet.analysis.noise_kind import NoiseKind, noise_kind
from scorelet.core.errors import InputError
from scorelet.data.pictures.sensor import MONOCHROME, Mosaic, places
from scorelet.models import PoissonGaussianNoise

PEDESTAL = 0.25
"""What is added to light before its noise is measured, so that none is cut off at black: more than
the noise in the dark of any sensor that pictures are taken with."""
APART = 1.3
"""Ratio of variances up to which colours may differ: what is above is texture."""
STILL = 0.05
"""Share of blocks that may change in a frame without noise: hot pixels stay."""
PLAUSIBLE = 1e-9, 1.0
"""Least and largest variance of white that a file is believed."""


@dataclass(frozen=True)
class SensorLaw:
    """The noise of a sensor.

    Attributes:
        noise: the law of each colour of the order, as {"R": ...}.
        measured: on the picture; if not, it was read from the file.
    """

    noise: dict[str, PoissonGaussianNoise]
    measured: bool

    def level(self, mosaic: Mosaic) -> float:
        """Return the root of the mean variance over the sensor."""
        light = float(np.clip(mosaic.light, 0, 1).mean())
        return math.sqrt(
            sum(
                mosaic.order.count(colour) / len(mosaic.order) * (one.a * light + one.b)
                for colour, one in self.noise.items()
            )
        )


def kind_of_sensor(order: str) -> str:
    """Name a sensor by the order of its colours."""
    return "a sensor without colours" if order == MONOCHROME else f"{order} mosaic"


def law_words(laws: dict[str, tuple[float, float]], *, measured: bool) -> str:
    """Say by how much the variance grows with the light x: a and b of each colour.

    >>> law_words({"R": (1e-3, 2e-5), "G": (1e-3, 1e-5)}, measured=True)
    'measured on it: R 1.00e-03 x + 2.00e-05, G 1.00e-03 x + 1.00e-05'
    """
    lines = ", ".join(
        f"{'' if colour == MONOCHROME else colour + ' '}{a:.2e} x + {b:.2e}"
        for colour, (a, b) in laws.items()
    )
    return f"{'measured on it' if measured else 'as the file says'}: {lines}"


def law_of(mosaic: Mosaic) -> SensorLaw | None:
    """Return the law of a mosaic's noise, from its file if that says it.

    A law of the file by which white has no noise, or more than it has light, is not believed.

    Returns:
        None for dark, empty and saturated frames, in which next to nothing changes.

    Raises:
        InputError: neither does the file say it, nor can it be measured on so small a picture.
    """
    colours = sorted(set(mosaic.order), key="RGBL".index)
    if mosaic.noise and all(_plausible(*pair) for pair in mosaic.noise):
        pairs = [mosaic.noise[min("RGB".find(c), len(mosaic.noise) - 1)] for c in colours]
        laws = [PoissonGaussianNoise(a, b) for a, b in pairs]
        return SensorLaw(dict(zip(colours, laws, strict=True)), measured=False)
    found = {colour: _measured(mosaic, colour) for colour in colours}
    known = {colour: law for colour, law in found.items() if law is not None}
    if not known:
        if _is_still(mosaic):
            return None
        raise InputError(
            "The noise of the sensor cannot be measured on so small a picture, and its file does "
            "not say it: develop it to a 16-bit TIFF, and denoise that."
        )
    return SensorLaw(_agreed(known, colours), measured=True)


def _is_still(mosaic: Mosaic) -> bool:
    """Whether at most `STILL` of the 8x8 blocks of each plane change."""
    changing = [
        (np.ptp(cut(mosaic.light[place][..., None]), axis=(1, 2)) > 0).mean()
        for place, _ in places(mosaic.order)
    ]
    return bool(max(changing) <= STILL)


def _agreed(
    known: dict[str, PoissonGaussianNoise], colours: list[str]
) -> dict[str, PoissonGaussianNoise]:
    """Return a law for every colour: before white balance a sensor has one, and texture adds to it.

    A colour of which nothing was measured, or more than `APART` times the smallest, gets
    the smallest.
    """
    least = min(known.values(), key=_size)
    return {
        colour: law if (law := known.get(colour)) and _size(law) <= APART * _size(least) else least
        for colour in colours
    }


def _plausible(a: float, b: float) -> bool:
    return a >= 0 and b >= 0 and PLAUSIBLE[0] < a + b < PLAUSIBLE[1]


def _size(law: PoissonGaussianNoise) -> float:
    """Return the variance at middle gray, a sixth of white."""
    return law.a / 6 + law.b


def _measured(mosaic: Mosaic, colour: str) -> PoissonGaussianNoise | None:
    """Return the mean of the laws of the planes of a colour, two of green, one of others.

    Returns:
        None: too little can be measured.
    """
    planes = [mosaic.light[place] for place, name in places(mosaic.order) if name == colour]
    kinds = [noise_kind(((plane + PEDESTAL) / (1 + PEDESTAL))[..., None]) for plane in planes]
    laws = [_law(kind) for kind in kinds if kind is not None]
    if not laws:
        return None
    return PoissonGaussianNoise(*(float(values) for values in np.mean(laws, axis=0)))


def _law(kind: NoiseKind) -> tuple[float, float]:
    """Return a and b of light from those of a plane with pedestal; neither is below 0.

    With y' = (y + p) / (1 + p), var(y) = (1 + p)^2 (a' y' + b'). A negative part is an
    extrapolation beyond the brightness that was seen: the line then starts at 0, or is flat, with
    the variance of the middle.
    """
    scale = 1 + PEDESTAL
    a, b = kind.a * scale, kind.a * scale * PEDESTAL + kind.b * scale**2
    middle = max((kind.low + kind.high) / 2 * scale - PEDESTAL, 1e-6)
    variance = max(a * middle + b, 1e-12)
    if a < 0:
        return 0.0, variance
    if b < 0:
        return variance / middle, 0.0
    return a, b
