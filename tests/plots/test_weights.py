"""Figures of weights: all that is found is within the axes."""

import math

import pytest
import torch

from scorelet.plots import png
from scorelet.plots.weights import (
    activations_figure,
    cosines_figure,
    ranks_figure,
    similarity_figure,
    spectra_figure,
)


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        ([(0.7, 0.05), (None, None)], -0.1, 1.15),
        ([(2.6, 0.4), (1.3, None)], -0.1, 3.0),
        ([(-0.2, 0.3), (0.5, 0.1)], -0.5, 1.15),
    ],
)
def test_no_similarity_and_no_bar_is_outside_the_figure(found, low, high):
    (axes,) = similarity_figure(["a", "b"], found, [(0.0, 0.01), (None, None)]).axes
    limits = axes.get_ylim()
    assert limits[0] <= low
    assert limits[1] >= high
    assert math.dist(limits, (low, high)) < 0.1


def test_bars_of_chance_are_inside_the_figure_and_no_deviation_has_no_bar():
    (axes,) = similarity_figure(
        ["a", "b"], [(0.7, 0.05), (0.9, None)], [(0.0, 0.3), (0.1, 0.2)]
    ).axes
    assert axes.get_ylim()[0] <= -0.6
    bars = [line.get_segments() for line in axes.collections]
    drawn = [[s for s in one if len(s) and not any(map(math.isnan, s.ravel()))] for one in bars]
    assert [len(one) for one in drawn] == [1, 2]


def test_the_line_at_1_is_that_of_the_ceiling():
    (axes,) = similarity_figure(["a"], [(0.7, 0.05)], [(0.0, 0.04)]).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert set(labels) == {"unrelated, two deviations", "the first, and networks drawn from it"}


def test_the_legend_of_similarity_is_not_on_its_lines():
    figure = similarity_figure(["a", "b"], [(0.7, 0.05), (0.9, 0.1)], [(0.0, 0.04), (0.0, 0.05)])
    png(figure)
    (axes,) = figure.axes
    box = axes.get_legend().get_window_extent()
    assert box.y0 >= axes.bbox.y1
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_layers_without_a_finding_have_their_place():
    names, found = ["a", "b", "c"], [(None, None), (0.7, 0.05), (None, None)]
    for figure in (
        similarity_figure(names, found, [(None, None), (0.0, 0.04), (None, None)]),
        activations_figure(names, [(None, None, None), (1.0, 1.0, 0.4), (None, None, None)]),
        ranks_figure(names, [0, 1, 0], [None, 1.0, None]),
    ):
        assert figure.axes[0].get_xlim() == (-0.5, 2.5)


@pytest.mark.parametrize(("kept", "rank"), [(2, 1.4), (0, None)])
def test_directions_are_counted_in_whole_numbers(kept, rank):
    (axes,) = ranks_figure(["a", "b"], [kept, 0], [rank, None]).axes
    assert all(float(place).is_integer() for place in axes.get_yticks())


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (9, 2)])
def test_numbers_of_directions_are_whole(shape):
    (axes,) = cosines_figure([("a", torch.rand(shape), 20, (1.2, 1.0))]).axes
    for axis in (axes.xaxis, axes.yaxis):
        assert all(float(place).is_integer() for place in axis.get_majorticklocs())


@pytest.mark.parametrize("count", [1, 3, 6])
def test_labels_of_directions_stand_beside_the_first_and_below_the_last(count):
    layers = [(f"{k}", torch.rand(4, 8), 20, (1.2, 1.0)) for k in range(count)]
    figure = cosines_figure(layers)
    png(figure)
    axes = [panel for panel in figure.axes if panel.get_visible()]
    named = [k for k, panel in enumerate(axes) if panel.get_ylabel() == "direction of the first"]
    assert named == list(range(0, count, 4))
    named = [k for k, panel in enumerate(axes) if panel.get_xlabel() == "direction of the second"]
    assert named == list(range(max(0, count - 4), count))
    box = axes[0].yaxis.label.get_window_extent()
    assert axes[0].get_window_extent().x0 - box.x1 < 50  # pixels of a figure of 1100


def test_signals_are_drawn_beside_their_means():
    (axes,) = activations_figure(["a", "b"], [(1.0, 1.0, 0.4), (0.9, None, 0.6)]).axes
    means = axes.get_lines()[2]
    assert means.get_label() == "their means alone"
    assert means.get_ydata().tolist() == [0.4, 0.6]


@pytest.mark.parametrize("count", [1, 3, 5])
def test_labels_of_spectra_are_within_the_figure(count):
    figure = spectra_figure([(f"{k}", torch.tensor([3.0, 2.0, 0.1]), 2.5) for k in range(count)])
    png(figure)
    for text in figure.texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1


def test_spectra_have_the_same_scales_and_ranks_all_names():
    spectra = [(f"{k}", torch.tensor([3.0**k, 1.0]), 2.0) for k in (1, 2, 3)]
    panels = spectra_figure(spectra).axes
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels[:3]}) == 1
    low, high = panels[0].get_ylim()
    assert low < 1 < 27 < high
    names = [f"layer{k}" for k in range(54)]
    (axes,) = ranks_figure(names, [1] * 54, [1.0] * 54).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert axes.get_xticklabels()[0].get_rotation_mode() == "anchor"
