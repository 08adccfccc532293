"""scorelet field fit, scorelet field sample, scorelet field certify."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from scorelet.cli.field_tables import certified, chains, fitted, paid
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, sides
from scorelet.core.paths import as_path, exists
from scorelet.core.words import counted


def add_to(app: App) -> None:
    """Add the commands to `scorelet field`."""
    for command in (fit, sample, certify):
        app.command(command)


def fit(
    data: PathLike,
    /,
    *,
    output: Annotated[PathLike, Parameter(name=["--output", "-o"])],
    wavelet: str = "db4",
    bands: str = "octave",
    basis: str = "spline",
    knots: Whole = 12,
    placement: str = "quantile",
    reach: Whole = 4,
    pixels: str = "finer",
    moments: Annotated[bool, Parameter(negative="--no-moments")] = True,
    smooth: Annotated[bool, Parameter(negative="--no-smooth")] = True,
    mask: PathLike | None = None,
    border: str = "auto",
    transform: str = "auto",
    even: Annotated[bool | None, Parameter(negative="--no-even")] = None,
    steps: Whole = 400,
    precondition: Annotated[bool | None, Parameter(negative="--no-precondition")] = None,
    prewhiten: Annotated[bool | None, Parameter(negative="--no-prewhiten")] = None,
    enforce: Flag = False,
    report: PathLike | None = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Fit an energy to fields, one scale after the other, and find the steps of its chains.

    Reads npy, npz and netCDF-3; HDF5, netCDF-4 and FITS with pip install 'scorelet[fields]'. One
    array of several is FILE:NAME. NaN are gaps, which are filled. The fit is one linear system for
    each band of details; then chains give it the moments of the fields.

    For example:

        scorelet field fit maps.npy -o model.safetensors --report report.html

        scorelet field fit density.npy --transform log --border mirror -o density.safetensors

        scorelet field fit sky.npz:kappa --mask sky.npz:mask --bands half -o kappa.safetensors

    Args:
        data: file or folder of fields.
        output: NAME.safetensors.
        wavelet: orthogonal: db4, haar, sym8 and so on.
        bands: octave, half or quarter: how wide the bands of details are; auto: for each octave
            the widest ones whose conditional laws are log-concave at held-out fields.
        basis: of the potentials: spline or sigmoid.
        knots: of each potential.
        placement: of the knots: quantile or linspace.
        reach: pixels at most so far apart are coupled.
        pixels: on which the potentials of coarse fields act: finer, those of the grid of one octave
            more, or own.
        moments: after score matching, move parameters until samples have the moments of the fields.
        smooth: potentials are as far from quadratic ones as fields that are left out in turn call
            for, which few fields need.
        mask: file of an array, true or 1 where pixels are no data, as in NumPy's masked arrays: one
            picture for all fields, or one for each (`restore` takes true for known pixels).
        border: periodic; for fields cut out of something larger: mirror continues them, window
            fills a strip along the border; auto looks at the step across the border.
        transform: of single pixels, undone in samples: none; log for positive fields; asinh for
            heavy tails; auto takes asinh where it makes the law of pixels far more normal.
        even: a field and its negative are equally likely; left out, the fields decide. Fields at
            another level than 0 are not even: take their mean away first.
        steps: of the chain of each band, when samples are drawn.
        precondition: chains of all bands move in coordinates in which the mean Hessian is 1; left
            out, those of bands whose spectrum is steep.
        prewhiten: amplify frequencies of little power before the fit, and damp samples as much;
            left out, where power falls by orders of magnitude within an octave, as after a beam.
        enforce: take the best energy whose conditional laws are log-concave everywhere, and say
            what that costs; without moments.
        report: NAME.html, one file: samples beside the fields, potentials, curvatures, chains, and
            what is certified.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.field import fit as run
    from scorelet.tasks.field_model import Certificate, FieldModel
    from scorelet.tasks.field_model.said import said_of_potentials
    from scorelet.tasks.progress import Bar

    model = FieldModel(
        wavelet,
        bands=bands,
        basis=basis,
        knots=knots,
        placement=placement,
        reach=reach,
        pixels=pixels,
        moments=moments,
        smooth=smooth,
        border=border,
        transform=transform,
        even=even,
        steps=steps,
        precondition=precondition,
        prewhiten=prewhiten,
        enforce=enforce,
    )
    with Bar("fitting", 0, quiet=shared.quiet) as bar:
        document = run(
            data,
            output,
            model=model,
            mask=mask,
            report=report,
            overwrite=overwrite,
            progress=bar.follow,
        )
    for text in document["field"]["warnings"]:
        shared.warn(text)
    for text in document["field"]["remarks"]:
        shared.say(text)
    shared.say(
        "\n".join([fitted(document), *said_of_potentials(document["bands"])]) + paid(document)
    )
    shared.say(Certificate(**document["certificate"]).verdict)
    shared.say(f"{document['field']['count']} fields -> {output}, {document['seconds']:.1f} s")
    _say_report(document, shared)
    shared.emit(document)
    return 0


def sample(
    model: str,
    /,
    *,
    count: Annotated[Whole, Parameter(name=["--count", "-n"])],
    output: Annotated[PathLike, Parameter(name=["--output", "-o"])],
    seed: Whole = 0,
    steps: Whole | None = None,
    size: str | None = None,
    coarse: PathLike | None = None,
    report: PathLike | None = None,
    data: PathLike | None = None,
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Draw samples of a fitted energy, from coarse to fine, in the units of the data.

    The table has autocorrelation times tau, in steps, from the second half of the first chains;
    they come out too short if they exceed a tenth of it. States: how many independent ones a chain
    has been through. R-hat: near 1 where chains have settled.

    Sample number i is the same whatever the count. With --resume a run that was interrupted goes
    on, and gives the samples that it would have given.

    For example:

        scorelet field sample model.safetensors -n 100 --seed 2 -o samples.npy

        scorelet field sample model.safetensors -n 99 -o y.npy --report y.html --data maps.npy

        scorelet field sample model.safetensors -n 4 --size 128x256 -o wide.npy

        scorelet field sample model.safetensors -n 8 --coarse low.npy -o fine.npy

    Args:
        model: file of scorelet field fit, or a built-in name.
        count: number of samples.
        output: NAME.npy; NAME.npz, NAME.h5 or NAME.fits, which keep name and unit of the fields.
        seed: any non-negative integer.
        steps: of the chain of each band; those of the fit if left out.
        size: HxW, or the side of a square; that of the data if left out. Larger fields have
            independent values at distances beyond the size of the data.
        coarse: file of coarse fields, whose sides are those of the data over a power of two, in its
            units: samples continue them to fine scales, one after the other and again.
        report: NAME.html, one file: the samples, their statistics and chains, and what is certified
            of the model.
        data: fields that the report compares samples with.
        resume: take over what an interrupted run has done.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.field import sample as run
    from scorelet.tasks.progress import Bar

    path = as_path(model, name="model")
    name = path if exists(path) else model
    with Bar("sampling", count, quiet=shared.quiet) as bar:
        document = run(
            name,
            count,
            output,
            seed=seed,
            steps=steps,
            size=sides(size),
            coarse=coarse,
            report=report,
            data=data,
            resume=resume,
            overwrite=overwrite,
            progress=bar.follow,
        )
    height, width = document["size"]
    shared.say(chains(document))
    for text in document["warnings"]:
        shared.warn(text)
    drawn = f"{counted(count, 'sample')} of {height}x{width}"
    shared.say(f"{drawn} -> {output}, {document['seconds']:.1f} s")
    _say_report(document, shared)
    shared.emit(document)
    return 0


def certify(
    model: str,
    data: PathLike | None = None,
    /,
    *,
    shared: Shared = DEFAULTS,
) -> int:
    """Say how log-concave the conditional laws of a model are, where it was computed.

    For each band: the least and the largest eigenvalue of the Hessian at fields that were held out
    of the fit, or at fields of a file, less and plus the residual of the iteration that finds them;
    and the uniform bound, which holds at all fields. Of a model whose fields were transformed or
    prewhitened these are the laws of the fields so made. The exit status is 0 whatever the verdict.

    For example:

        scorelet field certify model.safetensors

        scorelet field certify model.safetensors more.npy --json

    Args:
        model: file of scorelet field fit, or a built-in name.
        data: file of fields to look at.
    """
    from scorelet.tasks.field import certify as run
    from scorelet.tasks.progress import Bar

    path = as_path(model, name="model")
    name = path if exists(path) else model
    with Bar("certifying", 0, quiet=shared.quiet or data is None) as bar:
        document = run(name, data, progress=bar.follow)
    for text in document["warnings"]:
        shared.warn(text)
    shared.show(document, f"{certified(document)}\n{document['verdict']}\n{document['precision']}")
    return 0


def _say_report(document: dict[str, Any], shared: Shared) -> None:
    if document["report"]:
        shared.say(f"report: {document['report']}")
