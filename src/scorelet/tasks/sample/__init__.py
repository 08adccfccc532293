"""The verb sample: pictures from a model of denoisers, coarse to fine."""

from scorelet.tasks.sample.settings import Samples, SampleSettings
from scorelet.tasks.sample.verb import sample

__all__ = ["SampleSettings", "Samples", "sample"]
