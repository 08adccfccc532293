"""Twenty pages for tests of denoisers: slides, charts, forms, code, line drawings; seeded.

None of the code, the types or the layouts is the training's (`scorelet.data.pictures.drawn`):
half of the pages are drawn by matplotlib, half with Pillow's own type.
"""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 256
WORDS = [
    "noise",
    "is",
    "what",
    "remains",
    "when",
    "everything",
    "that",
    "can",
    "be",
    "said",
    "about",
    "a",
    "picture",
    "has",
    "been",
    "said",
    "and",
    "a",
    "denoiser",
    "which",
    "has",
    "never",
    "seen",
    "a",
    "printed",
    "page",
    "takes",
    "a",
    "letter",
    "for",
    "grain",
    "Total",
    "1,204.50",
    "EUR",
    "Figure",
    "3",
    "shows",
    "p(x)",
    "=",
    "0.05",
    "+-",
    "0.01",
    "mm",
    "against",
    "time;",
    "see",
    "Table",
    "2",
    "(left)",
    "for",
    "n",
    "=",
    "128",
]
INKS = ("crimson", "navy", "darkgreen", "darkorange", "purple", "teal", "black", "deeppink")


def rendered_pages(count: int = 20, *, seed: int = 0) -> list[np.ndarray]:
    """Return pages (256, 256, 3) of uint8, of ten kinds in turn."""
    kinds = (_letter, _curves, _form, _bars, _code, _map, _slide, _scatter, _drawing, _table)
    return [kinds[k % len(kinds)](np.random.default_rng((seed, k))) for k in range(count)]


def _sheet(paper: str = "white") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("RGB", (SIDE, SIDE), paper)
    return sheet, ImageDraw.Draw(sheet)


def _sentence(rng: np.random.Generator, words: int) -> str:
    start = int(rng.integers(len(WORDS)))
    return " ".join(WORDS[(start + k) % len(WORDS)] for k in range(words))


def _ink(rng: np.random.Generator) -> str:
    return str(rng.choice(INKS))


def _letter(rng: np.random.Generator) -> np.ndarray:
    """Paragraphs in which single words have a colour."""
    sheet, pen = _sheet(str(rng.choice(["white", "ivory", "honeydew"])))
    size = int(rng.integers(9, 15))
    face = ImageFont.load_default(size)
    y = 8
    while y < SIDE - size:
        x = 8.0
        for word in _sentence(rng, 9).split():
            pen.text((x, y), word, font=face, fill=_ink(rng) if rng.random() < 0.3 else "black")
            x += pen.textlength(word + " ", font=face)
        y += size + 4
    return np.asarray(sheet)


def _form(rng: np.random.Generator) -> np.ndarray:
    """Boxes with frames of one pixel, ticks and labels."""
    sheet, pen = _sheet("#f6f6fa")
    face = ImageFont.load_default(10)
    for row in range(7):
        top = 6 + 35 * row
        pen.rectangle([10, top, 120, top + 26], outline=_ink(rng))
        pen.text((14, top + 7), _sentence(rng, 2), font=face, fill="black")
        pen.rectangle([136, top + 6, 148, top + 18], outline="black", fill="white")
        if rng.random() < 0.5:
            pen.line([136, top + 6, 148, top + 18], fill="red")
            pen.line([148, top + 6, 136, top + 18], fill="red")
        pen.text((156, top + 7), _sentence(rng, 2), font=face, fill=_ink(rng))
    return np.asarray(sheet)


def _code(rng: np.random.Generator) -> np.ndarray:
    """A dark editor."""
    sheet, pen = _sheet("#1e1e2e")
    face = ImageFont.load_default(11)
    for row in range(17):
        x = 6 + 14 * int(rng.integers(4))
        for word in _sentence(rng, int(rng.integers(1, 6))).split():
            colour = str(rng.choice(["#89b4fa", "#a6e3a1", "#f38ba8", "#cdd6f4", "#f9e2af"]))
            pen.text((x, 4 + 15 * row), word, font=face, fill=colour)
            x += int(pen.textlength(word + " ", font=face))
    return np.asarray(sheet)


def _slide(rng: np.random.Generator) -> np.ndarray:
    """A coloured title bar, large words, a disc and arrows."""
    sheet, pen = _sheet("white")
    pen.rectangle([0, 0, SIDE, 44], fill=_ink(rng))
    pen.text((10, 8), _sentence(rng, 2), font=ImageFont.load_default(24), fill="white")
    for row in range(3):
        pen.ellipse([12, 66 + 34 * row, 20, 74 + 34 * row], fill=_ink(rng))
        words = _sentence(rng, 3)
        pen.text((30, 60 + 34 * row), words, font=ImageFont.load_default(17), fill="black")
    pen.ellipse([150, 160, 240, 250], fill=_ink(rng), outline="black")
    pen.line([20, 240, 150, 205], fill=_ink(rng), width=3)
    return np.asarray(sheet)


def _drawing(rng: np.random.Generator) -> np.ndarray:
    """Lines of one pixel in all directions, without smoothing; hatched boxes."""
    sheet, pen = _sheet("white")
    for _ in range(40):
        pen.line(rng.integers(0, SIDE, 4).tolist(), fill=_ink(rng))
    for _ in range(3):
        x, y = rng.integers(10, 180, 2).tolist()
        pen.rectangle([x, y, x + 60, y + 50], fill="white", outline="black")
        for k in range(0, 60, int(rng.integers(3, 7))):
            pen.line([x + k, y, x + k, y + 50], fill=_ink(rng))
    return np.asarray(sheet)


def _figure(draw, rng: np.random.Generator) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.56, 2.56), dpi=100, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.tick_params(labelsize=6)
    draw(axes)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return np.asarray(Image.open(stream).convert("RGB"))


def _curves(rng: np.random.Generator) -> np.ndarray:
    def draw(axes):
        x = np.linspace(0, 10, 200)
        for k in range(4):
            style = str(rng.choice(["-", "--", ":"]))
            y = np.sin(x * rng.uniform(0.5, 3) + k) * rng.uniform(0.3, 1)
            axes.plot(x, y, style, color=_ink(rng), lw=rng.uniform(0.5, 1.5), label=f"run {k}")
        axes.legend(fontsize=6)
        axes.grid(lw=0.4)
        axes.set_title(_sentence(rng, 4), fontsize=7)

    return _figure(draw, rng)


def _bars(rng: np.random.Generator) -> np.ndarray:
    def draw(axes):
        inks = [_ink(rng) for _ in range(12)]
        axes.bar(np.arange(12), rng.random(12), color=inks, edgecolor="black", lw=0.5)
        axes.set_ylabel(_sentence(rng, 2), fontsize=7)

    return _figure(draw, rng)


def _map(rng: np.random.Generator) -> np.ndarray:
    def draw(axes):
        y, x = np.mgrid[-2:2:60j, -2:2:60j]
        height = np.sin(2 * x + rng.uniform(0, 3)) * np.cos(y * rng.uniform(1, 3)) + x * y / 4
        axes.contourf(x, y, height, 12, cmap=str(rng.choice(["turbo", "viridis", "coolwarm"])))
        axes.contour(x, y, height, 12, colors="black", linewidths=0.4)

    return _figure(draw, rng)


def _scatter(rng: np.random.Generator) -> np.ndarray:
    def draw(axes):
        for marker in "o+x":
            axes.plot(*rng.standard_normal((2, 60)), marker, color=_ink(rng), ms=2.5, mew=0.5)
        axes.set_facecolor(str(rng.choice(["white", "#eaeaf2", "lightyellow"])))

    return _figure(draw, rng)


def _table(rng: np.random.Generator) -> np.ndarray:
    """Rows of alternating colour with small numbers."""
    sheet, pen = _sheet("white")
    face = ImageFont.load_default(9)
    for row in range(18):
        top = 2 + 14 * row
        if row % 2:
            pen.rectangle([2, top, SIDE - 3, top + 13], fill="#dde8ff")
        for column in range(5):
            number = f"{rng.uniform(-999, 999):.2f}"
            ink = "red" if number.startswith("-") else "black"
            pen.text((6 + 50 * column, top + 1), number, font=face, fill=ink)
    for column in range(1, 5):
        pen.line([2 + 50 * column, 2, 2 + 50 * column, SIDE - 3], fill="gray")
    return np.asarray(sheet)
