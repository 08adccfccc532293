"""scorelet evaluate."""

from typing import Annotated

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
    figures are means over pictures. Needs pip install 'scorelet[train]', for SSIM.

    For example:

        scorelet evaluate --model photo --data examples/clean --limit 3

        scorelet evaluate --data photos/set12 --sigma 15,25,50 --json

    Args:
        data: a folder of pictures, or the name of one under $SCORELET_DATA.
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
    if not shared.json:
        shared.say(_table(result))
    shared.emit(result)
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


def _table(result: dict) -> str:
    colour = "gray" if result["channels"] == 1 else "colour"
    head = f"{result['model']} on {result['data']}: {result['pictures']} {colour} pictures"
    lines = [head, " sigma   PSNR dB        SSIM"]
    lines += [
        f"{row['sigma']:6.1f}   {row['psnr']:5.2f} ± {row['psnr_error']:4.2f}   {row['ssim']:6.4f}"
        for row in result["rows"]
    ]
    return "\n".join(lines)
