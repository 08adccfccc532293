"""scorelet noise."""

import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, complain

if TYPE_CHECKING:
    from scorelet.tasks.jobs import Outcome


def noise(
    paths: list[PathLike],
    /,
    *,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Say how much noise pictures have, and of what kind.

    Prints for each the standard deviation sigma, whether the noise is white, its variance as a
    function of brightness x and the range of x that holds for, and the quality of a JPEG. Sigma is
    in 8-bit units and x in [0, 1]; floats beyond [0, 1] are in a unit of their own, and so are
    sigma, x and the variance: "(own unit)". Of camera raw files the sensor is measured: x is its
    light, 0 at black and 1 where it saturates. No model is used.

    For example:

        scorelet noise night.png

        scorelet noise holiday/ -o noise.html

    Args:
        paths: pictures and folders of pictures.
        output: NAME.html, a report with figures, or NAME.json.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.noise import noise_files, summarize
    from scorelet.tasks.progress import Bar

    start = time.perf_counter()
    outcomes: list[Outcome] = []
    bar = Bar("measuring", 0, quiet=shared.quiet)
    with bar:
        for outcome in noise_files(
            paths,
            output,
            overwrite=overwrite,
            plan=bar.expect,
            say=lambda text: shared.warn(f"{text}."),
        ):
            bar.advance(outcome.task.source.name)
            outcomes.append(outcome)
            if outcome.error:
                complain(outcome.error)
            elif not shared.json:
                _print(outcome)
    for sentence in _notes(outcomes):
        shared.warn(sentence)
    document, seconds = summarize(outcomes, output), time.perf_counter() - start
    shared.emit(document | {"seconds": round(seconds, 2)})
    done, failed = len(document["files"]), len(document["failed"])
    where = f" -> {document['output']}" if document["output"] else ""
    if len(outcomes) > 1 or where:
        shared.say(f"{done} done, {failed} failed, {seconds:.1f} s{where}")
    return 0 if not failed else 1 if done else 2


def _notes(outcomes: "list[Outcome]") -> list[str]:
    """Return what is to be said of files, each kind of it once."""
    from scorelet.data.pictures.notes import kept_sentences

    return kept_sentences(
        (outcome.task.source, note)
        for outcome in outcomes
        if outcome.report
        for page in outcome.report["pages"]
        for note in page["notes"]
    )


def _print(outcome: "Outcome") -> None:
    """Print a line for each page: what was asked for, with --quiet too."""
    from scorelet.tasks.noise_report import sentence

    assert outcome.report is not None
    pages = outcome.report["pages"]
    for number, page in enumerate(pages, 1):
        name = f"{outcome.task.source}" + (f" page {number}" if len(pages) > 1 else "")
        print(f"{name}: {sentence(page)}")
