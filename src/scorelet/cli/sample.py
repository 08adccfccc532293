"""scorelet sample."""

from typing import Annotated, Literal

from cyclopts import Parameter

from scorelet.cli.options import (
    DEFAULTS,
    Flag,
    PathLike,
    Shared,
    Whole,
    one_or_several,
    sides,
)


def sample(
    *,
    model: str = "faces",
    count: Annotated[Whole, Parameter(name=["--n", "-n"])] = 16,
    output: Annotated[str, Parameter(name=["--output", "-o"])],
    size: str | None = None,
    steps: str | None = None,
    coarse: PathLike | None = None,
    sampler: Literal[
        "heun", "dpmpp-2m", "ddim", "flow", "euler-maruyama", "ancestral-large", "ancestral-small"
    ] = "heun",
    churn: str | None = None,
    label: str | None = None,
    seed: Whole = 0,
    first: Whole = 0,
    batch: Whole | None = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Draw pictures from a model, coarse to fine; or the finer scales of a picture of yours.

    The model is a cascade of denoisers: one of the low band, and for each finer scale one of the
    details, which is told the coarser picture. Or it is a denoiser of whole pictures, that of
    photographs for example: its samples are what it takes to be one. Sample i is a function of the
    model, the seed and i.

    For example:

        scorelet sample -n 16 -o grid.png

        scorelet sample -n 4 --coarse small.png -o large.png

        scorelet sample -n 4 --model photo --size 128x128 -o textures.png

    Args:
        model: built-in name, .safetensors path or Hub id of a cascade of denoisers, or of a
            denoiser of whole pictures.
        count: how many samples.
        output: NAME.png, a contact sheet; NAME.npy, an array (n, channel, height, width); or a
            folder (NAME/), which gets sample i as sample_i.png, with three digits at least, as soon
            as its batch is drawn. Other kinds of pictures are not written.
        size: HxW in pixels; by default that of the pictures that the model has learnt from; needed
            where the model does not say it.
        steps: of the sampler, one number for all scales, or one for each, coarse to fine, as
            64,24,24; 32 for the low band, 12 for details and 64 for whole pictures by default.
        coarse: a small picture, or an array file such as NAME.npy, that the samples continue: it is
            their low band, which of models of the Haar wavelet is means of blocks of their pixels.
        sampler: how a step is made; all but heun, which asks the network twice, ask it once, and of
            these dpmpp-2m needs the fewest steps.
        churn: share of a step, from 0 to 1, as much noise as of which is added again after it, one
            number or one for each scale; what the model names by default, 0 for none.
        label: class, its name or number, for models that know classes: cifar10-joint.
        seed: a whole number from 0 to 2^63 - 1.
        first: number of the first sample: for the others of a set that was interrupted, or for a
            part of one that several machines draw.
        batch: how many samples are drawn at once; by default as many as have the pixels of 16 of
            80x80, one at least.
        overwrite: replace existing files.
    """
    from scorelet.core.words import counted
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.sample import SampleSettings
    from scorelet.tasks.sample.verb import drawn

    settings = SampleSettings(
        model,
        count,
        size=sides(size),
        steps=one_or_several(steps, "--steps", int),
        seed=seed,
        coarse=coarse,
        sampler=sampler,
        device=shared.device,
        label=label,
        first=first,
        churn=one_or_several(churn, "--churn", float),
        batch=batch,
    )
    with Bar("sampling", 0, quiet=shared.quiet) as bar:
        document = drawn(settings, output, overwrite=overwrite, progress=bar.follow)
    for warning in document["warnings"]:
        shared.warn(f"{warning}.")
    height, width = document["size"]
    shared.say(
        f"{counted(count, 'sample')} of {height}x{width} (height x width), "
        f"{counted(document['calls'], 'network call')} each, "
        f"{document['seconds']:.1f} s -> {output}"
    )
    shared.emit(document)
    return 0
