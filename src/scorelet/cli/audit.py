"""scorelet audit."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Fractions, PathLike, Shared, Whole
from scorelet.cli.tables import ConsoleTable


def audit(
    *,
    data: str,
    sizes: str | None = None,
    models: tuple[str, str] | None = None,
    train: tuple[str, str] | None = None,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    folder: PathLike | None = None,
    held_out: Whole = 64,
    channels: Literal[1, 3] = 1,
    side: Whole | None = None,
    samples: Whole = 16,
    sigmas: Fractions | None = None,
    steps: Whole | None = None,
    width: Whole | None = None,
    seed: Whole = 0,
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Find out whether denoisers learn the density of pictures, or know them by heart.

    Two small networks are trained on halves of the pictures that have none in common, for each
    size. Whether training pictures come back better than others, whether the two are the same
    function, and whether samples are copies says where memorisation ends. Or two models that are
    there are compared.

    For example:

        scorelet audit --data faces80:a --side 32 --sizes 10,100,1000 -o audit.html

        scorelet audit --data new/ --models a.safetensors b.safetensors --train olda/ oldb/

    Args:
        data: pictures of one size: a folder, an npy or npz file (FILE:NAME for one array), or the
            name of one under $SCORELET_DATA. With --models, pictures that neither has seen.
        sizes: of each half, rising numbers with commas between them; 10,100,1000 by default.
        models: two denoisers: paths, built-in names or Hub ids. Nothing is trained then, so that
            --sizes, --folder, --steps, --width and --resume are refused.
        train: what each of the two models was trained on, as data; left out if it is not known.
        output: NAME.html, a report with pictures and figures.
        folder: for trainings and finished steps; runs/audit by default.
        held_out: so many pictures no network is trained on.
        channels: 1 makes pictures gray, 3 keeps colour.
        side: bring pictures to squares of so many pixels.
        samples: pairs of samples; 0 draws none.
        sigmas: noise levels in 8-bit units (25 means 25/255) with commas between them, those that
            the models are for; 255,143,76.5,46,25.5 by default.
        steps: of each training, the same for all sizes; 2000 by default.
        width: channels of the network's finest level; 16 by default.
        seed: of halves, weights, noise and samples.
        resume: go on with a run that was interrupted.
        overwrite: begin anew where a run is, and replace an existing report.
    """
    from pathlib import Path

    from scorelet.tasks.array_files import PAGES, check_output
    from scorelet.tasks.audit import AuditSettings, audit_models, audit_twins
    from scorelet.tasks.audit.settings import network_of_twins, noise_levels
    from scorelet.tasks.audit.verb import FOLDER, Told
    from scorelet.tasks.progress import Bar

    trainings = {"--sizes": sizes, "--folder": folder, "--steps": steps, "--width": width}
    trainings |= {"--resume": resume, "--overwrite": overwrite and output is None}
    _refuse_misplaced(models, train, trainings)
    if output is not None:
        check_output(output, overwrite=overwrite or resume, suffixes=PAGES)
    settings = AuditSettings(
        _sizes(sizes),
        held_out,
        channels,
        side,
        samples,
        noise_levels(_levels(sigmas, shared)),
        network_of_twins(steps, width),
        device=shared.device,
        seed=seed,
    )

    def tell(name: str, *, seconds: float, kept: bool) -> None:
        shared.say(f"{name}: {seconds:.1f} s{' (kept from before)' if kept else ''}")

    bar = Bar("sampling", 0, quiet=shared.quiet or models is None)
    warn = _each_once(shared)  # of files before the work, which may take hours
    told = Told(shared.say, warn, tell, bar.follow, shared.quiet)
    with bar:
        if models is not None:
            found = audit_models(data, models, settings, train=train, told=told)
        else:
            place = folder or Path(FOLDER)
            found = audit_twins(
                data, place, settings, resume=resume, overwrite=overwrite, told=told
            )
    if output is not None:
        found.save(output, overwrite=overwrite or resume)
    for warning in found.document["warnings"]:
        warn(warning)
    shared.show(found.document, _as_text(found.document))
    if output is not None:
        shared.say(f"-> {output}")
    return 0


def _each_once(shared: Shared) -> Callable[[str], None]:
    """Return what says a warning, unless it has said the same before."""
    said: set[str] = set()

    def warn(text: str) -> None:
        if text not in said:
            said.add(text)
            shared.warn(f"{text}.")

    return warn


def _sizes(words: str | None) -> tuple[int, ...]:
    from scorelet.core.errors import InputError
    from scorelet.tasks.audit.settings import SIZES

    if words is None:
        return SIZES
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError:
        raise InputError(f"--sizes {words}: use whole numbers with commas, as 10,100.") from None


def _levels(words: str | None, shared: Shared) -> list[float] | None:
    from scorelet.cli.evaluate import parse_levels

    if words is None:
        return None
    return [shared.eight_bits(level, "--sigmas") for level in parse_levels(words, "--sigmas")]


def _refuse_misplaced(
    models: tuple[str, str] | None, train: tuple[str, str] | None, trainings: Mapping[str, object]
) -> None:
    """Refuse options of trainings beside models, and those of models without them."""
    from scorelet.core.errors import InputError
    from scorelet.tasks.audit.given import refuse_options_of_twins

    if models is not None:
        refuse_options_of_twins("--models", trainings)
    elif train is not None:
        raise InputError("--train names the pictures of two models: give --models, too.")


def _as_text(document: dict[str, Any]) -> str:
    from scorelet.tasks.audit.rows import HEAD, lines

    table = ConsoleTable(HEAD, lines(document["rows"]), frozenset({0, 1})).text()
    return f"{document['conclusion']}\n{table}"
