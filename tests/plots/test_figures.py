"""Figures: names are drawn as they are, and numbers at logarithmic axes as powers."""

import io

import pytest

from scorelet.plots import png
from scorelet.plots.figures import new_figure


def titled(title):
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.loglog([1, 100], [1, 1000])
    axes.set_title(title)
    return figure


def drawn(figure):
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("name.png", "name.png"),
        ("cost$5_a$b.png", r"cost\$5_a\$b.png"),
        (r"x$\foo$.png", r"x\$\foo\$.png"),
        ("q\udce9.png", r"q\udce9.png"),
    ],
)
def test_names_are_no_formulas_and_need_not_be_text(name, escaped):
    assert png(titled(name)) == drawn(titled(escaped))
