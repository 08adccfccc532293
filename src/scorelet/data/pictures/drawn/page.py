"""The canvas of a drawn page, its colours, and where its randomness comes from."""

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


class Page:
    """A canvas, what draws on it, and where its randomness comes from."""

    def __init__(self, side: int, rng: np.random.Generator) -> None:
        self.side, self.rng = side, rng
        self.palette = [any_colour(rng) for _ in range(int(rng.integers(2, 7)))]
        self.canvas = Image.new("RGB", (side, side), _paper(rng))
        self.pen = ImageDraw.Draw(self.canvas)
        self.pen.fontmode = "1" if rng.random() < 0.25 else "L"

    def colour(self) -> Colour:
        """One of the palette, or at times any other."""
        if self.rng.random() < 0.2:
            return any_colour(self.rng)
        return self.palette[self.rng.integers(len(self.palette))]

    def number(self, low: int, high: int) -> int:
        """An integer in [low, high], small ones more often."""
        return int(low + (high - low) * self.rng.random() ** 2)

    def point(self) -> tuple[int, int]:
        """A place on the page or a little beside it."""
        x, y = self.rng.integers(-self.side // 8, self.side * 9 // 8, 2)
        return int(x), int(y)

    def box(self, largest: int) -> list[int]:
        """A rectangle with sides of at most `largest`."""
        x, y = self.point()
        return [x, y, x + 1 + self.number(1, largest), y + 1 + self.number(1, largest)]


def _paper(rng: np.random.Generator) -> Colour:
    """White, black or any colour."""
    kind = rng.random()
    if kind < 0.35:
        level = int(rng.integers(225, 256))
        return level, level, level
    if kind < 0.45:
        level = int(rng.integers(0, 40))
        return level, level, level
    return any_colour(rng)


def any_colour(rng: np.random.Generator) -> Colour:
    """Gray, a corner of the cube, or any colour."""
    kind = rng.random()
    if kind < 0.25:
        level = int(rng.integers(256))
        return level, level, level
    levels = rng.choice([0, 128, 255], 3) if kind < 0.5 else rng.integers(0, 256, 3)
    return int(levels[0]), int(levels[1]), int(levels[2])
