"""scorelet classify."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, complain

if TYPE_CHECKING:
    from scorelet.tasks.jobs import Outcome


def classify(
    paths: list[PathLike],
    /,
    *,
    model: str,
    k: Annotated[Whole, Parameter(name=["--top", "-k"])] = 5,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    dtype: str = "auto",
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Say what pictures show: the most probable classes of a classifier or a joint law.

    Reads the pictures that scorelet denoise reads. A picture of another size is brought to that of
    the model, in the way that its file names; what was done to pictures is said once for each kind.

    For example:

        scorelet classify examples/clean/chelsea.png --model cifar10-joint

        scorelet classify holiday/ --model runs/animals/weights.safetensors -k 3

        scorelet classify holiday/ --model runs/animals/weights.safetensors -o holiday.csv

    Args:
        paths: pictures and folders of pictures.
        model: path, built-in name (cifar10-joint) or Hub id of a classifier or a joint law, which
            scorelet train makes.
        k: how many classes.
        output: NAME.csv, NAME.json, or NAME.parquet where pyarrow is installed.
        dtype: of the network's products: auto (what is fast here), float32, bfloat16 or float16.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.classify import classify_files
    from scorelet.tasks.progress import Bar

    start = time.perf_counter()
    outcomes: list[Outcome] = []
    bar = Bar("classifying", 0, quiet=shared.quiet)
    with bar:
        for outcome in classify_files(
            paths,
            output,
            model=model,
            k=k,
            device=shared.device,
            dtype=dtype,
            overwrite=overwrite,
            plan=bar.expect,
            say=lambda text: shared.warn(f"{text}."),
        ):
            bar.advance(outcome.task.source.name)
            outcomes.append(outcome)
            if outcome.error:
                complain(outcome.error)
            elif output is None and not shared.json:
                _print(outcome)
    return _finish(outcomes, output, time.perf_counter() - start, shared)


def _print(outcome: "Outcome") -> None:
    """Print the classes of each page: what was asked for, with --quiet too."""
    assert outcome.report is not None
    pages = outcome.report["pages"]
    for number, page in enumerate(pages):
        name = f"{outcome.task.source}" + (f" page {number + 1}" if len(pages) > 1 else "")
        found = ", ".join(f"{c['class']} {c['probability']:.3f}" for c in page["classes"])
        print(f"{name}: {found}")


def _finish(outcomes: "list[Outcome]", output: Path | None, seconds: float, shared: Shared) -> int:
    from scorelet.data.pictures.notes import Note, sentences

    failed = [{"input": str(o.task.source), "error": o.error} for o in outcomes if o.error]
    done = [o for o in outcomes if o.report is not None]
    notes = [
        (o.task.source, Note(kind, text))
        for o in done
        for page in (o.report or {})["pages"]
        for kind, text in page["notes"].items()
    ]
    for sentence in sentences(notes):
        shared.warn(sentence)
    document: dict[str, Any] = {
        "files": [o.report for o in done],
        "failed": failed,
        "output": str(output) if output and done else None,
        "seconds": round(seconds, 2),
    }
    shared.emit(document)
    where = f" -> {output}" if output and done else ""
    if len(outcomes) > 1 or where:
        shared.say(f"{len(done)} done, {len(failed)} failed, {seconds:.1f} s{where}")
    if failed:
        return 1 if done else 2
    return 0
