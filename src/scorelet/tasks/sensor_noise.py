"""The noise of a camera raw file, on the mosaic of its sensor: what `denoise` goes by."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scorelet.core.errors import ScoreletError
from scorelet.data.pictures.formats.libraw import open_raw
from scorelet.data.pictures.limits import limits
from scorelet.tasks.denoise.raw.law import SensorLaw, law_of


@dataclass(frozen=True)
class SensorNoise:
    """The noise of a sensor in one raw file.

    Attributes:
        shape: (height, width) of the mosaic, which is not turned upright.
        order: colours of its first 2x2 pixels, row by row; "L" of a sensor without colours.
        sigma: root of the mean variance over the sensor, in the unit of the light: 0 is black,
            1 is where the sensor saturates. 0 where next to nothing changes.
        law: a and b of the variance a x + b of the light x by colour; None where sigma is 0.
    """

    shape: tuple[int, int]
    order: str
    sigma: float
    law: SensorLaw | None

    @property
    def document(self) -> dict[str, Any]:
        """For JSON: order, measured (false: read from the file), laws {colour: {a, b}}."""
        law = self.law
        laws = {} if law is None else law.noise
        return {
            "order": self.order,
            "measured": law is None or law.measured,
            "laws": {colour: {"a": one.a, "b": one.b} for colour, one in laws.items()},
        }


def sensor_noise(path: Path) -> SensorNoise | None:
    """Find the noise of a raw file as `denoise` does.

    Returns:
        None: a mosaic that is not denoised either, or too small, or a file that cannot be read.
    """
    try:
        with open_raw(path, limits()) as raw:
            mosaic = raw.mosaic()
        law = law_of(mosaic)
    except ScoreletError:
        return None
    height, width = mosaic.light.shape
    sigma = 0.0 if law is None else law.level(mosaic)
    return SensorNoise((height, width), mosaic.order, sigma, law)
