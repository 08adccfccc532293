"""Experiments: what can be trained. Each is one file that registers its configuration by name."""

from scorelet.tasks.experiments import cascade as _cascade  # noqa: F401 - registers itself
from scorelet.tasks.experiments import classify as _classify  # noqa: F401 - registers itself
from scorelet.tasks.experiments import denoise as _denoise  # noqa: F401 - registers itself
from scorelet.tasks.experiments import denoise_set as _denoise_set  # noqa: F401 - registers itself
from scorelet.tasks.experiments import joint as _joint  # noqa: F401 - registers itself
from scorelet.tasks.experiments import pictures as _pictures  # noqa: F401 - registers itself
from scorelet.tasks.experiments.base import Experiment, export_model, model_of
from scorelet.tasks.experiments.reading import read_config, shipped
from scorelet.tasks.experiments.registry import build, register

__all__ = ["Experiment", "build", "export_model", "model_of", "read_config", "register", "shipped"]
