"""scorelet restore."""

from typing import Annotated, Literal

from cyclopts import Parameter

from scorelet.cli.denoise import parse_tile
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole


def restore(
    source: PathLike,
    /,
    *,
    task: Literal["superres", "inpaint", "deblur"],
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    factor: Whole | None = None,
    mask: PathLike | None = None,
    blur: float | None = None,
    kernel: PathLike | None = None,
    sigma: float = 0.0,
    quality: Literal["fast", "full"] = "full",
    samples: Annotated[Whole | None, Parameter(name=["--samples", "-n"])] = None,
    model: str = "photo",
    label: Whole | None = None,
    seed: Whole = 0,
    tile: str = "auto",
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Enlarge, fill or deblur a picture, with a denoiser as the prior.

    What the picture says is kept: block means, known pixels, the blurred picture. The rest is
    sampled from what the denoiser takes for a clean picture. Without -n the mean of 8 samples is
    written (of 1 with --quality fast); with -n N also each sample, and their standard deviation.

    For example:

        scorelet restore small.png --task superres --factor 4 -o large.png

        scorelet restore holes.png --task inpaint --mask mask.png -o filled.png

        scorelet restore soft.png --task deblur --blur 2 --sigma 2 -o sharp.png

    Args:
        source: a picture; floats count in [0, 1].
        task: superres, inpaint or deblur.
        output: a picture; by default NAME_restored beside the input.
        factor: of superres: how often larger each side becomes, 2 by default.
        mask: of inpaint: a picture of the same size, white where pixels are known.
        blur: of deblur: standard deviation of a Gaussian blur in pixels.
        kernel: of deblur: the blur as an .npy file, symmetric, of sum 1.
        sigma: noise of the picture in 8-bit units; 0 takes every pixel as exact.
        quality: fast takes 40 network calls, full 132 for each of 8 samples.
        samples: how many samples to write beside their mean.
        model: built-in name, .safetensors path or Hub id of a denoiser.
        label: class of the picture, for models that know classes.
        seed: of the samples.
        tile: side in pixels, auto, or none for the whole picture at once.
        overwrite: replace existing files.
    """
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.restore import RestoreSettings, restore_file

    target = source.with_stem(f"{source.stem}_restored") if output is None else output
    settings = RestoreSettings(
        task, factor, mask, blur, kernel, sigma / 255, quality, samples, model, label, seed,
        parse_tile(tile), shared.device,
    )  # fmt: skip
    with Bar("restoring", 0, quiet=shared.quiet) as bar:

        def progress(done: int, total: int) -> None:
            bar.expect(total)
            bar.reach(done)

        report = restore_file(source, target, settings, overwrite=overwrite, progress=progress)
    shared.emit(report)
    shared.say(
        f"{source}: {report['width']}x{report['height']} pixels, {report['samples']} samples of "
        f"{report['steps']} network calls -> {target}"
    )
    return 0
