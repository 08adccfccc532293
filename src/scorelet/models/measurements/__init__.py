"""Linear measurements of images: what is known of a picture that is to be restored."""

from scorelet.models.measurements.base import Measurement, Observation
from scorelet.models.measurements.blocks import BlockMeans
from scorelet.models.measurements.blur import Blur
from scorelet.models.measurements.blurs import gaussian_kernel, named_blur
from scorelet.models.measurements.cut_blur import CutBlur
from scorelet.models.measurements.matrix import MatrixSensing
from scorelet.models.measurements.periodic_blur import PeriodicBlur
from scorelet.models.measurements.pixels import KnownPixels
from scorelet.models.measurements.sensing import RandomSensing
from scorelet.models.measurements.spectrum import LowFrequencies

__all__ = [
    "BlockMeans",
    "Blur",
    "CutBlur",
    "KnownPixels",
    "LowFrequencies",
    "MatrixSensing",
    "Measurement",
    "Observation",
    "PeriodicBlur",
    "RandomSensing",
    "gaussian_kernel",
    "named_blur",
]
