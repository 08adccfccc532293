"""Measure a model on data: what is measured depends on what the model is."""

from scorelet.tasks.evaluate import classifiers as _classifiers  # noqa: F401 - registers itself
from scorelet.tasks.evaluate import joint as _joint  # noqa: F401 - registers itself
from scorelet.tasks.evaluate.denoisers import evaluate_pictures, mean_psnr
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure
from scorelet.tasks.evaluate.verb import evaluate

__all__ = ["EvaluateSettings", "evaluate", "evaluate_pictures", "mean_psnr", "measure"]
