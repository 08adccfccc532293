"""Figures of an audit: every cosine is drawn, and sets of all sizes alike."""

import pytest

from scorelet.plots.memorisation import histograms_figure


@pytest.mark.parametrize("near", [[1.0000004] * 24, [-0.7, *[0.9] * 23]])
def test_every_cosine_is_in_a_histogram_whose_heights_are_shares(near):
    (axes,) = histograms_figure({"10 pictures": ([0.3] * 12, near)}).axes
    heights = [sum(bar.get_height() for bar in bars) for bars in axes.containers]
    assert heights == pytest.approx([1, 1])
    low, high = axes.get_xlim()
    for bars in axes.containers:  # none is cut
        drawn = [bar for bar in bars if bar.get_height()]
        assert low <= min(bar.get_x() for bar in drawn) + 1e-9
        assert high >= max(bar.get_x() + bar.get_width() for bar in drawn) - 1e-9
    assert low == pytest.approx(-0.2 if min(near) > 0 else -0.72)
    assert axes.get_ylabel() == "share"
