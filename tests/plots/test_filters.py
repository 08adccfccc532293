"""Filters as pictures."""

import torch

from scorelet.plots.filters import filters_figure


def test_filters_are_drawn_with_their_largest_entry_positive():
    filters = torch.eye(9)[:3].reshape(3, 3, 3)
    figure = filters_figure({"layer 1": -2 * filters, "layer 2": filters[:2]})
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(figure.axes) == 6
    assert len(pictures) == 5
    for k, picture in enumerate(pictures[:3]):
        assert picture.ravel().tolist() == [float(j == k) for j in range(9)]
