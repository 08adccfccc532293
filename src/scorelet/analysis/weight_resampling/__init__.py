"""New networks drawn from the law of a trained network's weights."""

from scorelet.analysis.weight_resampling.drawing import DrawnLayer, DrawnNetwork, draw_network
from scorelet.analysis.weight_resampling.laws import LAWS, Law
from scorelet.analysis.weight_resampling.refit import refit

__all__ = ["LAWS", "DrawnLayer", "DrawnNetwork", "Law", "draw_network", "refit"]
