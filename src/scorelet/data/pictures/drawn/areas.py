"""What fills a page or a part of it: leaves, tiles and gradients."""

import numpy as np
from PIL import Image

from scorelet.data.pictures.drawn.page import Page, any_colour


def draw_leaves(page: Page) -> None:
    """Discs of all sizes that hide one another, each of its own colour or with a fine texture."""
    rng, side = page.rng, page.side
    centre = np.array(any_colour(rng))
    spread = rng.uniform(5, 120)
    count = int(rng.integers(60, 500))
    radius = (0.25 * side) * rng.random(count) ** 2 + 1.5
    for r in np.sort(radius)[::-1].tolist():
        x, y = rng.uniform(-r, side + r, 2).tolist()
        ink = tuple((centre + rng.normal(0, spread, 3)).clip(0, 255).astype(int).tolist())
        page.pen.ellipse([x - r, y - r, x + r, y + r], fill=ink)


def draw_tiles(page: Page) -> None:
    """A small pattern of few colours, repeated: dithers, weaves, pixel art, checkers."""
    rng = page.rng
    cells = int(rng.integers(2, 9))
    colours = np.array([page.colour() for _ in range(int(rng.integers(2, 5)))], dtype=np.uint8)
    tile = colours[rng.integers(len(colours), size=(cells, cells))]
    zoom = page.number(1, 12)
    left, top, right, bottom = page.box(page.side)
    shape = (max(1, bottom - top), max(1, right - left))
    times = [-(-n // (cells * zoom)) for n in shape]
    big = np.tile(tile.repeat(zoom, 0).repeat(zoom, 1), (*times, 1))[: shape[0], : shape[1]]
    page.canvas.paste(Image.fromarray(np.ascontiguousarray(big)), (left, top))


def draw_gradient(page: Page) -> None:
    """Colours that go over into one another, over the page or a part of it."""
    rng = page.rng
    whole = [0, 0, page.side, page.side]
    left, top, right, bottom = page.box(page.side) if rng.random() < 0.5 else whole
    rows, columns = np.mgrid[0 : max(1, bottom - top), 0 : max(1, right - left)].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    if rng.random() < 0.3:
        y, x = rng.uniform(0, page.side, 2)
        along = np.hypot(rows - y, columns - x)
    if rng.random() < 0.15:
        along = np.sin(along * rng.uniform(0.02, 0.8))
    along = (along - along.min()) / (np.ptp(along) + 1e-6)
    a, b = (np.array(page.colour(), dtype=np.float32) for _ in range(2))
    mixed = (a + along[..., None] * (b - a)).round().astype(np.uint8)
    page.canvas.paste(Image.fromarray(mixed), (left, top))
