"""Measure a model on data, what depends on the model; or samples of one."""

from scorelet.tasks.evaluate import cascades as _cascades  # noqa: F401 - registers itself
from scorelet.tasks.evaluate import classifiers as _classifiers  # noqa: F401 - registers itself
from scorelet.tasks.evaluate import joint as _joint  # noqa: F401 - registers itself
from scorelet.tasks.evaluate.denoisers import evaluate_pictures, mean_psnr
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.evaluate.samples import evaluate_samples
from scorelet.tasks.evaluate.verb import evaluate

__all__ = [
    "EvaluateSettings",
    "evaluate",
    "evaluate_pictures",
    "evaluate_samples",
    "mean_psnr",
    "measure",
]
