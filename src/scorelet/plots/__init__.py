"""Arrays in, figures out; matplotlib is imported when a figure is drawn."""

from scorelet.plots.figures import png
from scorelet.plots.statistics import fields_figure, statistic_figure

__all__ = ["fields_figure", "png", "statistic_figure"]
