"""Pages that a program draws: text, lines, charts, shapes, gradients, in full and fine colour.

Photographs that were stored as JPEG have halved chroma, and few hard edges of one pixel. A
denoiser that saw nothing else takes fine colour for noise. These pages have both, and every one
is a function of a generator only.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from scorelet.data.pictures.drawn.areas import draw_gradient, draw_leaves, draw_tiles
from scorelet.data.pictures.drawn.marks import (
    draw_chart,
    draw_dots,
    draw_lines,
    draw_rules,
    draw_shapes,
)
from scorelet.data.pictures.drawn.page import Page
from scorelet.data.pictures.drawn.text import draw_text

Draw = Callable[[Page], None]

_KINDS: tuple[tuple[Draw, float], ...] = (
    (draw_text, 0.36),
    (draw_lines, 0.14),
    (draw_rules, 0.09),
    (draw_shapes, 0.13),
    (draw_chart, 0.08),
    (draw_leaves, 0.05),
    (draw_tiles, 0.06),
    (draw_dots, 0.05),
    (draw_gradient, 0.04),
)
_SHARES = [share for _, share in _KINDS]


def draw_page(rng: np.random.Generator, side: int) -> np.ndarray:
    """Draw a page (side, side, 3) of uint8.

    One in ten is empty, a colour or a gradient. The others carry one to nine kinds of things; three
    in ten are drawn twice as large and reduced, so that all their edges are smooth.
    """
    scale = 2 if rng.random() < 0.3 else 1
    page = Page(side * scale, rng)
    if rng.random() < 0.4:
        draw_gradient(page)
    if rng.random() > 0.1:
        kinds = rng.choice(len(_KINDS), int(rng.integers(1, 10)), p=_SHARES)
        for kind in kinds:
            _KINDS[kind][0](page)
    picture = page.canvas
    if scale == 2:
        picture = picture.resize((side, side), Image.Resampling.BOX)
    return np.asarray(picture)
