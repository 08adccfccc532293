"""Figures without a window: made, written, forgotten."""

import io
from typing import TYPE_CHECKING

from scorelet.core.words import readable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLOURS = ("#0072B2", "#D55E00", "#999999", "#009E73")
"""In order: told apart by people who see no red or no green too."""


def new_figure(width: int | float, height: int | float) -> "Figure":
    """Return an empty figure of so many inches that no window system knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plain_texts(figure: "Figure") -> None:
    """Let texts of a figure, such as names of files, be no formulas, whatever stands in them."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_text():  # numbers at axes are written while drawing
            text.set_parse_math(False)
            text.set_text(readable(text.get_text()))


def png(figure: "Figure", *, dpi: int = 100) -> bytes:
    """Return the figure as a PNG file, see `plain_texts`."""
    plain_texts(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi)
    return stream.getvalue()
