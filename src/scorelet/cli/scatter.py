"""scorelet scatter."""

import time
from typing import Annotated

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, complain


def scatter(
    paths: list[PathLike],
    /,
    *,
    output: Annotated[PathLike, Parameter(name=["--output", "-o"])],
    scales: Annotated[Whole, Parameter(name=["--scales", "-J"])] = 3,
    angles: Annotated[Whole, Parameter(name=["--angles", "-L"])] = 8,
    order: Whole = 2,
    boundary: str = "reflect",
    pool: str = "mean",
    channels: Whole = 1,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Write scattering coefficients of pictures or fields as a table with named columns.

    Coefficients say how much of a picture moves at which scale and angle, and how that varies at
    larger scales; they change little when the picture is shifted or bent. A column S2_j0t3_j2t5 is
    order 2, scale 0 and angle 3, then scale 2 and angle 5.

    For example:

        scorelet scatter textures/ -J 4 -o features.npz

        scorelet scatter digits/ -J 2 --pool none -o features.parquet

        scorelet scatter maps.npy --boundary periodic -o features.csv

    Args:
        paths: pictures and folders of pictures; npy, npz, HDF5 or FITS files of fields (of one
            array FILE:NAME), each field a row, in their own unit.
        output: NAME.npz, NAME.csv, or NAME.parquet where pyarrow is installed.
        scales: octaves: coefficients are averaged over about 2^J pixels.
        angles: in a half circle.
        order: largest number of wavelets in a path, 1 to 3.
        boundary: reflect, or periodic for pictures that are tori.
        pool: mean over the picture, or none to keep every position (pictures of one size).
        channels: 1 for luma, 3 for colour.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.scatter import ScatterSettings, scatter_files, summarize

    settings = ScatterSettings(
        J=scales,
        L=angles,
        order=order,
        boundary=boundary,
        pool=pool,
        channels=channels,
        device=shared.device,
    )
    start, outcomes = time.perf_counter(), []
    bar = Bar("scattering", 0, quiet=shared.quiet)
    with bar:
        for outcome in scatter_files(
            paths,
            output,
            settings=settings,
            overwrite=overwrite,
            plan=bar.expect,
            say=lambda text: shared.warn(f"{text}."),
        ):
            bar.advance(outcome.task.source.name)
            if outcome.error:
                complain(outcome.error)
            outcomes.append(outcome)
    document, seconds = summarize(outcomes, output), time.perf_counter() - start
    done, failed = document["files"], document["failed"]
    shared.emit(document | {"seconds": round(seconds, 2)})
    where = f" -> {output}" if done else ""
    shared.say(f"{len(done)} done, {len(failed)} failed, {seconds:.1f} s{where}")
    if failed:
        return 1 if done else 2
    return 0
