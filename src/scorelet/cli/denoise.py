"""scorelet denoise."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from scorelet.cli.jobs import Watch, finish, parse_tile
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, complain
from scorelet.cli.warned import Warned
from scorelet.core.errors import InputError

if TYPE_CHECKING:
    from scorelet.tasks.jobs import Outcome


def denoise(
    paths: list[str],
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    model: str = "photo",
    sigma: float | None = None,
    strength: float = 1.0,
    label: str | None = None,
    cond: PathLike | None = None,
    tile: str = "auto",
    dtype: str = "auto",
    nodata: Annotated[str, Parameter(allow_leading_hyphen=True)] = "auto",
    noise: str = "auto",
    noise_law: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    self_ensemble: Flag = False,
    form: Annotated[str | None, Parameter(name="--format")] = None,
    quality: Whole | None = None,
    dry_run: Flag = False,
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Take the noise out of photographs.

    Reads PNG, TIFF, JPEG, WebP, BMP and Netpbm, 8 and 16 bit and floating point, of any size, AVIF
    and HEIC (pip install 'scorelet[heif]'), which become PNG, and camera raw files (pip install
    'scorelet[raw]'), which become TIFF, or DNG with -o NAME.dng; writes the same kind and depth,
    with alpha, colour profile and EXIF; counts of few photons become 32-bit floats in TIFF. Prints
    the noise level that it found, and warns when the noise is not white.

    For example:

        scorelet denoise night.png -o clean.png

        scorelet denoise holiday/ -o holiday_clean/ --resume

        scorelet denoise counts.tif --noise poisson --noise-law 1,0

        scorelet denoise small.png --model cifar10-joint --sigma 25 --label cat -o as_cat.png

    Args:
        paths: pictures and folders of pictures.
        output: file, or folder (NAME/); by default NAME_denoised beside the input.
        model: built-in name (see scorelet models), .safetensors path or Hub id.
        sigma: noise level in 8-bit units (25 means 25/255), for models that are not blind; of
            camera noise the level of white noise that drowns it, about four times a pixel's.
        strength: how much of the found noise is taken out, 0 to 1.
        label: class of the pictures, its name or number from 0 on, for models that know classes.
        cond: what a conditional model is told: a picture of the same size, or a folder with one for
            each picture, of the same name.
        tile: side in pixels, auto, or none for the whole picture at once.
        dtype: of the convolutions: auto, float32, bfloat16 or float16.
        nodata: value of pixels that are no data, auto (found in floats, as -9999) or none.
        noise: white, camera (finished pictures of cameras), poisson (counts of photons), or auto,
            by what is measured.
        noise_law: A,B of the variance A x + B for --noise poisson, in the unit of the samples (1,0
            for counts of photons); by default it is measured.
        self_ensemble: take the mean of eight answers, to the picture in all orientations: 0.05 to
            0.1 dB better, eight times as long; where the model is a cascade, of four, to the
            picture moved by a pixel: 0.06 to 0.5 dB better with faces, four times as long.
        form: png, tiff, jpeg, webp, bmp, pnm, or dng of raw files: of results that are not named;
            their suffixes, as jpg, mean the same.
        quality: of JPEG and lossy WebP, 1 to 100; by default these are copied if no pixel changed,
            and else a JPEG is written in finer steps than it came with, lossy WebP at 100; other
            pictures have 95 as JPEG.
        dry_run: print the noise level only, write nothing.
        resume: keep what an interrupted job of several files has finished; what was made with other
            settings is made anew.
        overwrite: replace existing files, even the input.
    """
    from scorelet.tasks.denoise import DenoiseSettings, Target, denoise_files, measure_files
    from scorelet.tasks.progress import Bar

    if sigma is not None and not 0 <= sigma < float("inf"):
        raise InputError(f"--sigma {sigma:g}: give 0 or more in 8-bit units (25 means 25/255).")
    settings = DenoiseSettings(
        model=model,
        sigma=None if sigma is None else shared.eight_bits(sigma),
        strength=strength,
        label=label,
        tile=parse_tile(tile),
        device=shared.device,
        dtype=dtype,
        nodata=parse_nodata(nodata),
        cond=cond,
        noise=noise,
        noise_law=parse_law(noise_law),
        self_ensemble=self_ensemble,
    )
    start = time.perf_counter()
    outcomes, said = [], Said(shared)
    with Bar("denoising", 0, quiet=shared.quiet) as bar:
        listener = Watch(bar, shared)
        if dry_run:
            job = measure_files(paths, settings=settings, listener=listener)
        else:
            job = denoise_files(
                paths,
                output,
                settings=settings,
                target=Target(form, quality),
                resume=resume,
                overwrite=overwrite,
                listener=listener,
            )
        for outcome in job:
            outcomes.append(outcome)
            listener.done(outcome.task.source.name)
            said.outcome(outcome)
    said.rest()
    return finish(outcomes, time.perf_counter() - start, shared)


def parse_nodata(text: str) -> "float | Literal['auto'] | None":
    """Turn auto, none or a number into the nodata of `DenoiseSettings`."""
    if text.lower() == "auto":
        return "auto"
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--nodata {text}: use auto, none or a number.") from None


def parse_law(text: str | None) -> tuple[float, float] | None:
    """Turn A,B into two numbers."""
    if text is None:
        return None
    try:
        a, b = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--noise-law {text}: give two numbers, as 1,0.") from None
    return a, b


class Said:
    """What was said of files."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._warned = Warned(shared)
        self._notes: list[tuple[Path, dict[str, str]]] = []

    def outcome(self, outcome: "Outcome") -> None:
        """Print what became of a file."""
        if outcome.error:
            complain(outcome.error)
            return
        assert outcome.report is not None
        kept = " (kept from before)" if outcome.resumed else ""
        target = f" -> {outcome.report['output']}{kept}" if "output" in outcome.report else ""
        pages = outcome.report["pages"]
        for number, page in enumerate(pages):
            name = f"{outcome.task.source}" + (f" page {number + 1}" if len(pages) > 1 else "")
            self.shared.say(f"{name}: sigma {_level(page)}, {_noise(page)}{target}")
            if page.get("found"):
                self.shared.say(f"{name}: {page['found']}")
            for warning in page["warnings"]:
                self._warned.warn(name, warning)
            self._notes += [(outcome.task.source, note) for note in page["notes"]]

    def rest(self) -> None:
        """Print what has been counted."""
        from scorelet.data.pictures.notes import kept_sentences

        for sentence in kept_sentences(self._notes):
            self.shared.warn(sentence)
        self._warned.rest()


def _noise(page: dict[str, Any]) -> str:
    """Write what noise was taken, and why."""
    return f"{page['noise']} noise ({page['reason']})"


def _level(page: dict[str, Any]) -> str:
    """Write the noise level in 8-bit units; for floating point in the unit of the file."""
    if page["dtype"].startswith("float"):
        return f"{page['sigma']:.3g} (in the unit of the file)"
    return f"{page['sigma_8bit']:.1f}"
