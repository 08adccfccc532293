"""Figures show the numbers that they are given."""

import numpy as np
import pytest
import torch

from field_samples import gaussian, smooth_power
from scorelet.analysis.field_statistics import STATISTICS, gaussian_reference
from scorelet.plots import fields_figure, png, statistic_figure

POWER = smooth_power(32)
FIRST, SECOND = (gaussian(POWER, 10, seed) for seed in (0, 1))


def lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.get_lines()}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["power", "minkowski", "structure"])
def test_values_and_differences(name):
    kind = STATISTICS[name]
    a = kind.measure(FIRST)
    b = kind.measure(SECOND, like=a)
    reference = gaussian_reference(POWER, a)
    figure = statistic_figure({"one": a, "two": b}, reference=reference, log=kind.log)
    grid = figure.axes
    columns = min(len(a.values), 3)
    for curve in range(len(a.values)):
        upper = grid[2 * columns * (curve // columns) + curve % columns]
        lower = grid[2 * columns * (curve // columns) + curve % columns + columns]
        kept = a.axis.x > 0 if a.axis.log else torch.full_like(a.axis.x, True, dtype=torch.bool)
        drawn = [line.get_ydata() for line in upper.get_lines() if len(line.get_xdata()) > 2]
        np.testing.assert_allclose(drawn[0], a.values[curve, kept].numpy())
        np.testing.assert_allclose(drawn[1], b.values[curve, kept].numpy())
        if reference is not None:
            np.testing.assert_allclose(lines(upper)["Gaussian"][:, 1], reference[curve, kept])
        error = (a.errors[curve].square() + b.errors[curve].square()).sqrt()[kept]
        gap = (b.values[curve] - a.values[curve])[kept] / error
        shown = lower.get_lines()[-1].get_ydata()
        good = gap.isfinite().numpy()
        np.testing.assert_allclose(shown[good], gap.numpy()[good])
    assert png(figure).startswith(b"\x89PNG")


@pytest.mark.slow
def test_numbers_stand_at_every_panel_and_the_band_is_named():
    """Five curves in three columns: below the third there is none."""
    first = STATISTICS["structure"].measure(FIRST)
    second = STATISTICS["structure"].measure(SECOND, like=first)
    axes = statistic_figure({"one": first, "two": second}).axes
    lower = [*axes[3:6], *axes[9:11]]
    assert all(panel.get_xlabel() == "r (pixels)" for panel in lower)
    assert all(panel.xaxis.get_tick_params()["labelbottom"] for panel in lower)
    within = [panel for panel in lower if panel.get_ylim()[1] < 10]
    assert within
    assert all(panel.get_yticks().tolist() == [-5, 0, 5] for panel in within)
    texts = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert texts == ["one", "two", "± 2 errors"]


def test_fields_share_the_colours_of_the_first_set():
    figure = fields_figure({"a": FIRST, "b": 10 * SECOND[:2]})
    shown = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(shown) == 4 + 2
    assert len({image.get_clim() for image in shown}) == 1
    np.testing.assert_array_equal(shown[4].get_array(), 10 * SECOND[0].numpy())
