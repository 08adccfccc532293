"""scorelet restore."""

import time
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from scorelet.cli.jobs import Watch, finish, parse_tile
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, complain
from scorelet.cli.warned import Warned

if TYPE_CHECKING:
    from scorelet.tasks.jobs import Outcome


def restore(
    paths: list[str],
    /,
    *,
    task: Literal["superres", "inpaint", "deblur", "sensing", "spectral"],
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    factor: Whole | None = None,
    shrunk: Literal["mean", "bicubic", "bilinear", "lanczos", "every"] | None = None,
    mask: PathLike | None = None,
    blur: float | str | None = None,
    kernel: PathLike | None = None,
    edges: Literal["unknown", "mirrored"] | None = None,
    ratio: float | None = None,
    projections: Whole | None = None,
    share: float | None = None,
    sigma: float | None = None,
    quality: Literal["fast", "full"] = "full",
    samples: Annotated[Whole | None, Parameter(name=["--samples", "-n"])] = None,
    model: str = "photo",
    label: str | None = None,
    seed: Whole = 0,
    tile: str = "auto",
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Enlarge, fill or deblur pictures, with a denoiser as the prior.

    What a picture says is kept: block means, known pixels, the blurred picture, projections, low
    frequencies. The rest is sampled from what the denoiser takes for a clean picture. Without -n
    the mean of 8 samples is written (one sample with --quality fast); with -n 2 and more also each
    sample, and their standard deviation. That shows where the result is unsure, and is no error
    bar: measured on photographs, errors were 2 to 6 times as large, in large holes 2 to 16 times.

    For example:

        scorelet restore small.png --task superres --factor 4 -o large.png

        scorelet restore small.png --task superres --shrunk bicubic -o large.png

        scorelet restore holes.png --task inpaint --mask mask.png -o filled.png

        scorelet restore holes.png --task inpaint --mask mask.png --model cifar10-joint --label dog

        scorelet restore soft.png --task deblur -o sharp.png

        scorelet restore soft.png --task deblur --blur 2 --sigma 2 -o sharp.png

        scorelet restore moved.png --task deblur --blur motion:15:30 -o sharp.png

        scorelet restore photo.png --task sensing --ratio 0.2 --projections 1 -o sensed.png

    Args:
        paths: pictures and folders of pictures; floats count in [0, 1].
        task: superres, inpaint, deblur, sensing or spectral.
        output: file, or folder (NAME/); by default NAME_restored beside the input.
        factor: of superres: how often larger each side becomes, 2 to 16, 2 by default.
        shrunk: of superres: how the picture was made small: mean (of blocks, by default),
            bicubic, bilinear or lanczos (as Pillow does), or every (so many pixels one was kept).
        mask: of inpaint: a picture of the same size, white where pixels are known (in one colour:
            opaque where they are, transparent where they are to be filled); an .npy file with an
            array, true (or not 0) where they are known, of which one with an axis of channels
            counts by channel; or a folder with a picture of the same name for each picture.
        blur: of deblur: standard deviation of a Gaussian blur in pixels; or disc:RADIUS (out of
            focus), motion:LENGTH:ANGLE (degrees, anticlockwise from the right) or box:SIDE. Without
            blur and kernel a Gaussian is taken, as wide as the edges of the picture say.
        kernel: of deblur: the blur as an .npy file or a gray picture, divided by its sum; the
            picture was convolved with it. Of superres, in the place of --shrunk: the weights in
            pixels of the result, their middle over that of a block.
        edges: of deblur: what lies outside of the picture: unknown, as of photographs (by
            default), or mirrored, of pictures that were blurred so, by a symmetric kernel.
        ratio: of sensing: so many random projections for each pixel are all that is used of the
            picture, above 0 and up to 1.
        projections: of sensing: the seed of the projections, 0 by default.
        share: of spectral: only so much of the frequencies in each direction is used, above 0 and
            up to 1.
        sigma: noise of the picture in 8-bit units; 0 takes every pixel as exact, for deblur as
            nearly so: 0.5 is the least of 8 bits, 0.1 of 16 and of floats. By default it is found
            for deblur, and 0 for the other tasks; superres and inpaint warn of plain noise.
        quality: fast is one sample of 39 network calls, full the mean of 8.
        samples: how many samples to write beside their mean, with their deviation as
            NAME_deviation: 16 bits in thousandths of an 8-bit level (1500 is 1.5), of floats in
            their unit.
        model: built-in name, .safetensors path or Hub id of a denoiser.
        label: class of the pictures, its name or number from 0 on, for models that know
            classes.
        seed: of the samples.
        tile: side in pixels, auto, or none for the whole picture at once.
        resume: keep what an interrupted job of several files has finished; what was made with other
            settings is made anew.
        overwrite: replace existing files.
    """
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.restore import TASKS, RestoreSettings, restore_files

    least = TASKS[task].least
    settings = RestoreSettings(
        task,
        factor=factor,
        shrunk=shrunk,
        mask=mask,
        blur=blur,
        kernel=kernel,
        edges=edges,
        ratio=ratio,
        projections=projections,
        share=share,
        sigma=None if sigma is None else shared.eight_bits(sigma, least=least),
        quality=quality,
        samples=samples,
        model=model,
        label=label,
        seed=seed,
        tile=parse_tile(tile),
        device=shared.device,
    )
    start, outcomes, warned = time.perf_counter(), [], Warned(shared)
    with Bar("restoring", 0, quiet=shared.quiet) as bar:
        listener = Watch(bar, shared)
        job = restore_files(
            paths, output, settings=settings, resume=resume, overwrite=overwrite, listener=listener
        )
        for outcome in job:
            outcomes.append(outcome)
            listener.done(outcome.task.source.name)
            _say(outcome, shared, warned)
    warned.rest()
    for sentence in _notes(outcomes):
        shared.warn(sentence)
    return finish(outcomes, time.perf_counter() - start, shared)


def _say(outcome: "Outcome", shared: Shared, warned: Warned) -> None:
    """Print what became of a file."""
    from scorelet.core.words import counted

    if outcome.error:
        complain(outcome.error)
        return
    report = outcome.report
    assert report is not None
    level = f", noise of {report['sigma_8bit']:.1f}" if report.get("sigma_8bit") else ""
    kept = " (kept from before)" if outcome.resumed else ""
    shared.say(
        f"{report['input']}: {report['width']}x{report['height']} pixels, "
        f"{counted(report['samples'], 'sample')} of {counted(report['steps'], 'network call')}"
        f"{level} -> {report['output']}{kept}"
    )
    for warning in report.get("warnings", []):
        warned.warn(report["input"], warning)


def _notes(outcomes: "list[Outcome]") -> list[str]:
    """Return what is worth saying of the files, each kind of remark once."""
    from scorelet.data.pictures.notes import kept_sentences

    return kept_sentences(
        (outcome.task.source, note)
        for outcome in outcomes
        for note in (outcome.report or {}).get("notes", [])
    )
