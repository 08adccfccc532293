"""What stands on a page beside text: lines, rules, shapes, charts and dots."""

import numpy as np

from scorelet.data.pictures.drawn.page import Page


def draw_lines(page: Page) -> None:
    """Straight lines, most of them one pixel wide."""
    width = 1 if page.rng.random() < 0.7 else page.number(1, 6)
    for _ in range(int(page.rng.integers(1, 12))):
        page.pen.line([page.point(), page.point()], fill=page.colour(), width=width)


def draw_rules(page: Page) -> None:
    """A grid or stripes of lines along the axes."""
    step, width = page.number(2, 40), 1 if page.rng.random() < 0.8 else 2
    left, top, right, bottom = page.box(page.side)
    ink, side = page.colour(), page.rng.random()
    if side < 0.7:
        for x in range(left, right, step):
            page.pen.line([x, top, x, bottom], fill=ink, width=width)
    if side > 0.3:
        for y in range(top, bottom, step):
            page.pen.line([left, y, right, y], fill=ink, width=width)


def draw_shapes(page: Page) -> None:
    """Rectangles, discs, rings and polygons."""
    for _ in range(int(page.rng.integers(1, 10))):
        fill = page.colour() if page.rng.random() < 0.6 else None
        edge = page.colour() if fill is None or page.rng.random() < 0.3 else None
        kind, box = page.rng.integers(4), page.box(page.side // 2)
        if kind == 0:
            page.pen.rectangle(box, fill=fill, outline=edge, width=page.number(1, 4))
        elif kind == 1:
            page.pen.ellipse(box, fill=fill, outline=edge, width=page.number(1, 4))
        elif kind == 2:
            page.pen.rounded_rectangle(box, 6, fill=fill, outline=edge)
        else:
            corners = [page.point() for _ in range(int(page.rng.integers(3, 7)))]
            page.pen.polygon(corners, fill=fill, outline=edge)


def draw_chart(page: Page) -> None:
    """Axes, ticks and curves, bars or dots."""
    rng, side = page.rng, page.side
    left, top, right, bottom = page.box(side)
    right, bottom = left + max(20, right - left), top + max(20, bottom - top)
    axis = page.colour()
    page.pen.line([(left, top), (left, bottom), (right, bottom)], fill=axis)
    count = int(rng.integers(4, 40))
    x = np.linspace(left, right, count)
    for _ in range(int(rng.integers(1, 4))):
        walk = np.cumsum(rng.standard_normal(count))
        walk = (walk - walk.min()) / (np.ptp(walk) + 1e-9)
        y = bottom - walk * (bottom - top)
        ink, kind = page.colour(), rng.integers(3)
        points = list(zip(x.tolist(), y.tolist(), strict=True))
        if kind == 0:
            page.pen.line(points, fill=ink, width=page.number(1, 4))
        for a, b in points if kind else []:
            bar = [a, b, a + 0.6 * (right - left) / count, bottom] if kind == 1 else None
            page.pen.rectangle(bar or [a - 1, b - 1, a + 1, b + 1], fill=ink)
    for a in x[:: max(1, count // 6)].tolist():
        page.pen.line([a, bottom, a, bottom + 3], fill=axis)


def draw_dots(page: Page) -> None:
    """Points and small specks far from one another."""
    rng = page.rng
    ink = page.colour()
    for _ in range(int(rng.integers(3, 60))):
        x, y = page.point()
        r = page.number(0, 3)
        page.pen.rectangle([x, y, x + r, y + r], fill=ink)
        if rng.random() < 0.3:
            ink = page.colour()
