"""Text: lines of words in the types that come with matplotlib, some with coloured fringes."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scorelet.data.pictures.drawn.page import Colour, Page

LETTERS = "aaabcdeeeefghiijklmnnooprrssttuuvwxyzABCDEFGHKLMNOPRSTUVW0123456789.,:;-+=()%/&#@!?"
_TEXT_FONTS = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "cmr", "cmss", "cmtt")


def draw_text(page: Page) -> None:
    """Lines of words in one type, left to right or in one column; some with coloured fringes."""
    rng = page.rng
    face = _font(int(rng.integers(len(_fonts()))), page.number(7, 44))
    step = max(4, int(face.size * rng.uniform(1.0, 1.8)))
    x, y = (int(n) for n in rng.integers(-page.side // 8, page.side // 2, 2))
    ink, several = page.colour(), rng.random() < 0.3
    fringed = rng.random() < 0.2
    for row in range(int(rng.integers(1, 24))):
        line = _words(rng, int(rng.integers(1, 8)))
        place = (x, y + row * step)
        colour = page.colour() if several else ink
        (_fringed if fringed else _plain)(page, place, line, face, colour)


def _plain(
    page: Page, place: tuple[int, int], line: str, face: ImageFont.FreeTypeFont, ink: Colour
) -> None:
    page.pen.text(place, line, fill=ink, font=face)


def _fringed(
    page: Page, place: tuple[int, int], line: str, face: ImageFont.FreeTypeFont, ink: Colour
) -> None:
    """Each colour of a screen's pixel has its own place: coverage is moved by thirds of a pixel."""
    mask = Image.new("L", (page.side, page.side))
    ImageDraw.Draw(mask).text(place, line, fill=255, font=face)
    thirds = mask.resize((3 * page.side, page.side), Image.Resampling.BICUBIC)
    mask = np.asarray(thirds, dtype=np.float32) / 255
    mask = (np.roll(mask, 1, 1) + mask + np.roll(mask, -1, 1)) / 3
    cover = mask.reshape(page.side, page.side, 3)
    under = np.asarray(page.canvas, dtype=np.float32)
    mixed = under + cover * (np.array(ink, dtype=np.float32) - under)
    page.canvas.paste(Image.fromarray(mixed.round().clip(0, 255).astype(np.uint8)))


def _words(rng: np.random.Generator, count: int) -> str:
    lengths = rng.integers(1, 10, count)
    letters = rng.choice(list(LETTERS), int(lengths.sum()))
    ends = np.cumsum(lengths)
    return " ".join("".join(part) for part in np.split(letters, ends[:-1]))


@cache
def _fonts() -> tuple[Path, ...]:
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts/ttf"
    return tuple(path for path in sorted(folder.glob("*.ttf")) if path.stem.startswith(_TEXT_FONTS))


@cache
def _font(number: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_fonts()[number], size)
