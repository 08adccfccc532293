"""Rows of the tables in words, for the report and the shell."""

from typing import Any

from scorelet.core.words import counted

HEAD = ("attack", "eps", "accuracy")
LEVELS = 255


def radius_text(eps: float, norm: str) -> str:
    """Write a radius: those of linf in 8-bit steps, 2/255."""
    return f"{eps * LEVELS:.4g}/{LEVELS}" if norm == "linf" and eps else f"{eps:.4g}"


def level_text(sigma: float) -> str:
    """Write a noise level in 8-bit steps, 25/255."""
    return f"{sigma * LEVELS:.4g}/{LEVELS}"


def cells(row: dict[str, Any], norm: str) -> tuple[str, str, str]:
    """Write a row, as `HEAD` has it."""
    accuracy = f"{row['accuracy']:.3f} ± {row['accuracy_error']:.3f}"
    return row["attack"], radius_text(row["eps"], norm), accuracy


def distance_texts(document: dict[str, Any]) -> list[str]:
    """Say how far the nearest pictures with another label are, by each attack that finds them."""
    return [
        f"{name}: median distance of another label {_distance_text(found, document['norm'])}"
        for name, found in document.get("distances", {}).items()
    ]


def _distance_text(found: dict[str, Any], norm: str) -> str:
    if found["median"] is None:
        return "unknown, as most pictures that are right withstand"
    error = found["median_error"]
    said = radius_text(found["median"], norm)
    return said if error is None else f"{said} ± {radius_text(error, norm)}"


def scaling_text(calibration: dict[str, Any]) -> str:
    """Say what a temperature changes, or why there is none."""
    found = calibration["scaling"]
    if found is None:
        return calibration["no_scaling"]
    nll, error = (
        " to ".join(f"{found[when][name]:.4f}" for when in ("before", "after"))
        for name in ("negative_log_likelihood", "calibration_error")
    )
    return (
        f"temperature {found['temperature']:.3f} ± {found['temperature_error']:.3f}, fitted on "
        f"{found['fitted']} pictures, brings the other {found['pictures']} from {nll} nats (by "
        f"{found['gain']:.4f} ± {found['gain_error']:.4f}), calibration error {error}"
    )


OUTLIER_HEAD = ("score", "AUROC", "FPR at 95 % TPR")


def outlier_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Write a row of what tells outliers, as `OUTLIER_HEAD` has it."""
    figures = (f"{row[name]:.3f} ± {row[f'{name}_error']:.3f}" for name in ("auroc", "fpr95"))
    return row["score"], *figures


def outlier_title(found: dict[str, Any]) -> str:
    """Say what was told from what."""
    level = f", densities at noise {found['sigma']:g}" if "sigma" in found else ""
    return f"told from {counted(found['pictures'], 'outlier')}, {found['data']}{level}"


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
