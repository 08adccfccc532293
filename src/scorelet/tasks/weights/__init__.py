"""The verbs of weights, with the words of the shell: `sl.weights.spectrum`, `.compare`,
`.resample`."""

from scorelet.tasks.weights.compare import compare
from scorelet.tasks.weights.resample import resample
from scorelet.tasks.weights.spectrum import spectrum

__all__ = ["compare", "resample", "spectrum"]
