"""What is shown of the rows of an audit: in its report, in the shell, and by a recipe."""

from collections.abc import Sequence

from torch import Tensor

from scorelet.analysis.memorization import Shown, at_middle
from scorelet.analysis.memorization.by_heart import ALIKE
from scorelet.analysis.memorization.curves import LARGE_GAP, SMALL_GAP
from scorelet.analysis.memorization.verdict import SAME
from scorelet.tasks.audit.singles import Row, What, counts
from scorelet.tasks.audit.words import pictures_of

Curves = tuple[Sequence[float], Sequence[float] | None]

HEAD = (
    *("", "verdict", "gap (dB)", "V", "twins", "nearest", "nearest of held out"),
    *("copies", "by heart"),
)
"""Columns of the table."""
COLUMNS = (
    "Gap: by how many dB training pictures come back from noise better than held-out ones; from "
    f"{LARGE_GAP:g} dB on it is memory, up to {SMALL_GAP:g} dB there is none. V: the mean square "
    "difference of the two networks' answers to the same noisy pictures over their mean power, "
    f"each answer without its mean: 0 is one function, up to {SAME:g} counts as one, and 1 or more "
    "are unrelated pictures. Three are medians of cosines between pictures without their "
    "means, 1 if they are alike but for brightness and contrast: of the two samples of one noise "
    "(twins), of a sample and the most similar picture that its network has learned (nearest), and "
    "of held-out pictures and the most similar learned ones (nearest of held out): so near come "
    "pictures that were not copied. Copies: samples whose nearest picture has a cosine above "
    f"{ALIKE:g}, and is half as far as that of any held-out picture, or nearer. By heart: measured "
    f"training pictures that come back better than by the other network, by {LARGE_GAP:g} dB more "
    "than any held-out picture does. Of two given models gap, nearest, copies and by heart are "
    "those of the first and of the second, and where held-out pictures are of another kind the gap "
    "is that to training pictures of the other network, which are held out from this one; – where "
    "these are of another kind, too, or it may have seen them."
)
"""What they mean."""
NAMES = {
    "near_first": "nearest learned by the first",
    "first": "sample of the first",
    "second": "sample of the second",
    "near_second": "nearest learned by the second",
}


def lines(rows: Sequence[Row]) -> list[list[str]]:
    """Return the lines of the table, in the order of `HEAD`."""
    return [[title(row), row["verdict"], *_cells(row)] for row in rows]


def title(row: Row) -> str:
    """Name a row."""
    return "two models" if row["size"] is None else pictures_of(row["size"])


def curves(rows: Sequence[Row]) -> dict[str, Curves]:
    """Return PSNR by level, of held-out and of training pictures, by title."""
    return {
        title(row): (
            row["psnr_held_out"]["mean"],
            None if row["psnr_train"] is None else row["psnr_train"]["mean"],
        )
        for row in rows
    }


def cosines(rows: Sequence[Row]) -> dict[str, Curves]:
    """Return cosines of samples with those of the twin and with training pictures, by title."""
    return {
        title(row): (row["pair_cosines"], row["nearest_cosines"])
        for row in rows
        if row["pair_cosines"] is not None
    }


def named(shown: Shown) -> dict[str, Tensor]:
    """Return pictures of a row by titles, in the order in which they are drawn."""
    return {NAMES[name]: shown[name] for name in NAMES if name in shown}


def with_error(value: float | None, error: float | None, digits: int) -> str:
    """Write a number with its error; a dash where it is not known."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def _cells(row: Row) -> list[str]:
    """Write the numbers of a row: gap, V, medians of the cosines."""
    level = at_middle(row["variance"])
    each = row["each"] if row["size"] is None and row["gap"] is not None else [row]
    return [
        ", ".join(with_error(one["counted_gap"], one["counted_gap_error"], 2) for one in each),
        with_error(level["value"], level["error"], 3),
        _median(row["pair"]),
        ", ".join(_median(one["nearest"]) for one in each),
        _median(row["nearest_of_held_out"]),
        _singles(row, "copies"),
        _singles(row, "known"),
    ]


def _singles(row: Row, what: What) -> str:
    """Count samples that are copies, or training pictures by heart: of two given models of each."""
    found = counts(row["each"], what)
    if row["size"] is not None and None not in found:
        found = [tuple(map(sum, zip(*found, strict=True)))]
    if not any(found):
        return "–"
    return ", ".join("–" if count is None else f"{count[0]} of {count[1]}" for count in found)


def _median(quartiles: list[float] | None) -> str:
    return "–" if quartiles is None else f"{quartiles[1]:.2f}"
