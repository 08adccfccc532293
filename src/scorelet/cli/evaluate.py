"""scorelet evaluate."""

import math
from typing import Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Shared


def evaluate(
    *,
    data: str,
    model: str = "photo",
    sigmas: Annotated[str, Parameter(name="--sigma")] = "15,25,50",
    channels: int | None = None,
    limit: int | None = None,
    shared: Shared = DEFAULTS,
) -> int:
    """Measure PSNR and SSIM of a model on clean pictures, by noise level.

    White noise is added without clipping, from seed = index of the picture; results are clipped;
    figures are means over pictures, ± their standard errors. Needs pip install 'scorelet[train]',
    for SSIM. In JSON a figure that is infinite or unknown is null.

    For example:

        scorelet evaluate --model photo --data examples/clean --limit 3

        scorelet evaluate --data photos/set12 --sigma 15,25,50 --json

    Args:
        data: a picture or a folder of pictures, or the name of one under $SCORELET_DATA.
        model: built-in name, .safetensors path or Hub id.
        sigmas: noise levels in 8-bit units.
        channels: 1 makes the pictures gray, 3 colour; by default what the first one is.
        limit: only the first so many pictures.
    """
    from scorelet.tasks.evaluate import evaluate as run

    levels = parse_levels(sigmas)
    result = run(
        data, model=model, sigmas=levels, channels=channels, limit=limit, device=shared.device
    )
    for warning in result["warnings"]:
        shared.warn(f"{warning}.")
    shared.show(_finite(result), _table(result))
    return 0


def parse_levels(text: str) -> list[float]:
    """Turn "15,25,50" into numbers.

    Raises:
        InputError: not numbers of at least 0.
    """
    from scorelet.core.errors import InputError

    try:
        levels = [float(part) for part in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 <= level < float("inf") for level in levels):
        raise InputError(f"--sigma {text}: give noise levels in 8-bit units, as 15,25,50.")
    return levels


def _table(result: dict[str, Any]) -> str:
    colour = "gray" if result["channels"] == 1 else "colour"
    several = "s" if result["pictures"] > 1 else ""
    head = f"{result['model']} on {result['data']}: {result['pictures']} {colour} picture{several}"
    lines = [head, " sigma   PSNR dB        SSIM"]
    for row in result["rows"]:
        figures = _cell(row["psnr"], "5.2f"), _cell(row["psnr_error"], "4.2f")
        lines.append("{:6.1f}   {} ± {}   {}".format(row["sigma"], *figures, _cell(row["ssim"])))
    return "\n".join(lines)


def _cell(value: float | None, form: str = "6.4f") -> str:
    return "–".rjust(int(form[0])) if value is None else format(value, form)


def _finite(result: dict[str, Any]) -> dict[str, Any]:
    """Replace what JSON cannot express, the infinite PSNR of a perfect result, by null."""
    rows = [
        {k: v if v is None or math.isfinite(v) else None for k, v in row.items()}
        for row in result["rows"]
    ]
    return result | {"rows": rows}
