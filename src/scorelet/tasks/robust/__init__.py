"""The verb robust: what a classifier withstands, as a table with errors, and as a report."""

from scorelet.tasks.robust.parts import Target
from scorelet.tasks.robust.settings import RobustSettings
from scorelet.tasks.robust.verb import Robustness, robust, robustness

__all__ = ["RobustSettings", "Robustness", "Target", "robust", "robustness"]
