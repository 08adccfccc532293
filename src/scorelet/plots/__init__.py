"""Arrays in, figures and reports out; matplotlib is imported when a figure is drawn."""

from scorelet.plots.curves import curves_figure
from scorelet.plots.figures import png
from scorelet.plots.statistics import fields_figure, statistic_figure

__all__ = ["curves_figure", "fields_figure", "png", "statistic_figure"]
