"""Steps of a run, see `scorelet.tasks.steps`."""

from scorelet.tasks.steps import OnStep, Steps

__all__ = ["OnStep", "Steps"]
