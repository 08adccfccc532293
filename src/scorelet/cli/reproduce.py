"""scorelet reproduce."""

from typing import Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole
from scorelet.core.errors import InputError


def reproduce(
    subject: str,
    /,
    *,
    scale: str = "smoke",
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    seed: Whole = 0,
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Measure the claims of a published result again.

    Writes results.json and report.html: every claim with the published figure, the measured one
    and its error, and whether it holds by a criterion that is part of the program. The exit status
    is 0 whenever all was measured; whether claims hold is in the text and in the JSON.

    For example:

        scorelet reproduce separation_concentration --scale smoke -o out

    Args:
        subject: of the publication; an unknown one gets the list.
        scale: smoke takes minutes at most and no data set, small up to six and a half hours on
            one core, medium a larger one where that is too small, paper is the published
            configuration, imagenet that of a larger set where there is one.
        output: folder; SUBJECT_SCALE by default.
        seed: any non-negative integer.
        resume: go on with a run that was interrupted.
        overwrite: begin anew where a run is already.
    """
    from scorelet.core.device import choose_device
    from scorelet.recipes import reproduce as run

    if choose_device(shared.device) != choose_device():
        raise InputError(
            f"The device is {shared.device!r}, and results are reproduced on the one that auto "
            f"chooses, here {choose_device()}: leave it out."
        )

    def tell(name: str, *, seconds: float, kept: bool) -> None:
        shared.say(f"{name}: {seconds:.1f} s{' (kept from before)' if kept else ''}")

    document = run(
        subject,
        output,
        scale=scale,
        seed=seed,
        resume=resume,
        overwrite=overwrite,
        on_step=tell,
        quiet=shared.quiet,
    )
    shared.show(document, _summary(document))
    shared.say(f"report: {document['report']}")
    return 0


def _summary(document: dict[str, Any]) -> str:
    from scorelet.recipes.report import figure, verdict

    lines = [f"measured on {document['data']}"]
    for claim in document["claims"]:
        published = "" if claim["published"] is None else f", published {claim['published']:g}"
        lines.append(
            f"{'holds' if claim['holds'] else 'DOES NOT HOLD'}: {claim['name']}: "
            f"{figure(claim['measured'], claim['error'])}{published} {claim['unit']} "
            f"({claim['criterion']})"
        )
    return "\n".join([*lines, verdict(document)])
