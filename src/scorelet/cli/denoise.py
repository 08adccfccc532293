"""scorelet denoise."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Shared, complain
from scorelet.core.errors import InputError

if TYPE_CHECKING:
    from scorelet.tasks.inference import TileSide
    from scorelet.tasks.jobs import Outcome


def denoise(
    paths: list[Path],
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    model: str = "photo",
    sigma: float | None = None,
    strength: float = 1.0,
    tile: str = "auto",
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Take the noise out of photographs.

    Reads PNG, TIFF, JPEG, WebP, BMP and Netpbm, 8 and 16 bit and floating point, of any size;
    writes the same kind and depth, with alpha, colour profile and EXIF. Prints the noise level
    that it found, and warns when the noise is not white.

    For example:

        scorelet denoise night.png -o clean.png

        scorelet denoise holiday/ -o holiday_clean/ --resume

    Args:
        paths: pictures and folders of pictures.
        output: file, or folder (NAME/); by default NAME_denoised beside the input.
        model: built-in name (see scorelet models), .safetensors path or Hub id.
        sigma: noise level in 8-bit units (25 means 25/255), for models that are not blind.
        strength: how much of the found noise is taken out, 0 to 1.
        tile: side in pixels, auto, or none for the whole picture at once.
        resume: keep what an interrupted job has finished.
        overwrite: replace existing files, even the input.
    """
    from scorelet.tasks.denoise import Settings, denoise_files
    from scorelet.tasks.progress import Bar

    if sigma is not None and not 0 <= sigma < float("inf"):
        raise InputError(f"--sigma {sigma:g}: give 0 or more in 8-bit units (25 means 25/255).")
    settings = Settings(
        model=model,
        sigma=None if sigma is None else sigma / 255,
        strength=strength,
        tile=parse_tile(tile),
        device=shared.device,
    )
    start = time.perf_counter()
    outcomes = []
    alone = len(paths) == 1 and not paths[0].is_dir()
    bar = Bar("denoising", 0, quiet=shared.quiet)

    def tiles(done: int, count: int) -> None:
        if alone:
            bar.expect(count)
            bar.reach(done)

    with bar:
        for outcome in denoise_files(
            paths,
            output,
            settings=settings,
            resume=resume,
            overwrite=overwrite,
            plan=None if alone else bar.expect,
            on_tile=tiles,
        ):
            outcomes.append(outcome)
            if not alone:
                bar.advance(outcome.task.source.name)
            _tell(outcome, shared)
    return _finish(outcomes, time.perf_counter() - start, shared)


def parse_tile(text: str) -> "TileSide":
    """Turn auto, none or a number into the tile of `Settings`."""
    if text == "auto":
        return "auto"
    if text == "none":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"--tile {text}: use auto, none or a side in pixels.")
    return int(text)


def _tell(outcome: "Outcome", shared: Shared) -> None:
    if outcome.error:
        complain(outcome.error)
        return
    assert outcome.report is not None
    kept = " (kept from before)" if outcome.resumed else ""
    pages = outcome.report["pages"]
    for number, page in enumerate(pages):
        name = f"{outcome.task.source}" + (f" page {number + 1}" if len(pages) > 1 else "")
        shared.say(f"{name}: sigma {_level(page)} -> {outcome.task.target}{kept}")
        for warning in page["warnings"]:
            shared.warn(f"{name}: {warning}.")


def _level(page: dict[str, Any]) -> str:
    """Write the noise level in 8-bit units; for floating point in the unit of the file."""
    if page["dtype"].startswith("float"):
        return f"{page['sigma']:.3g} (in the unit of the file)"
    return f"{page['sigma_8bit']:.1f}"


def _finish(outcomes: "list[Outcome]", seconds: float, shared: Shared) -> int:
    failed = [{"input": str(o.task.source), "error": o.error} for o in outcomes if o.error]
    done = [o.report for o in outcomes if o.report is not None]
    document: dict[str, Any] = {"files": done, "failed": failed, "seconds": round(seconds, 2)}
    shared.emit(document)
    if len(outcomes) > 1:
        shared.say(f"{len(done)} done, {len(failed)} failed, {seconds:.1f} s")
    if failed:
        return 1 if done else 2
    return 0
