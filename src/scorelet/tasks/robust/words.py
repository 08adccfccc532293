"""Rows of the tables in words, for the report and the shell."""

from typing import Any

HEAD = ("attack", "eps", "accuracy")
LEVELS = 255


def radius_text(eps: float, norm: str) -> str:
    """Write a radius: those of linf in 8-bit steps, 2/255."""
    return f"{eps * LEVELS:.4g}/{LEVELS}" if norm == "linf" and eps else f"{eps:.4g}"


def cells(row: dict[str, Any], norm: str) -> tuple[str, str, str]:
    """Write a row, as `HEAD` has it."""
    accuracy = f"{row['accuracy']:.3f} ± {row['accuracy_error']:.3f}"
    return row["attack"], radius_text(row["eps"], norm), accuracy


def parse_radius(text: str) -> float:
    """Read 2/255 or 0.5.

    Raises:
        ValueError: no such number.
    """
    above, slash, below = text.strip().partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except ZeroDivisionError:
        raise ValueError(text) from None
