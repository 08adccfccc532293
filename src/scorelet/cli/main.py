"""Entry point: parse, run, turn errors into one sentence and an exit status.

Exit status: 0 all done; 1 some inputs failed, the others are done and the failed ones named;
2 usage, nothing done, or the output cannot be written; 130 interrupted; 141 nobody reads the output
any more; 143 ended by SIGTERM.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from inspect import signature
from itertools import pairwise
from typing import Any

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter, UnknownOptionError

from scorelet.cli import (
    audit,
    basis,
    classify,
    denoise,
    evaluate,
    explain_attack,
    field,
    field_model,
    fisher,
    info,
    models,
    noise,
    reproduce,
    restore,
    robust,
    sample,
    scatter,
    train,
    weights,
)
from scorelet.cli.options import (
    NOBODY_READS,
    complain,
    complain_about_output,
    is_about_output,
    let_go,
    prepare_streams,
)
from scorelet.core.ending import STATUS, Ended, end_if_told, heed_sigterm
from scorelet.core.errors import ScoreletError
from scorelet.core.own_code import import_code

_INTERRUPTED = "Interrupted."
_NO_PIPES = (
    "- is no name of a file, and pipes are neither read nor written: save the picture to disk, and "
    "choose the names of files."
)

app = App(
    name="scorelet",
    help="Probability models of images and fields. Start with:  scorelet denoise PHOTO.png\n\n"
    "With --debug an error shows where it came from.",
    version=lambda: version("scorelet"),
    default_parameter=Parameter(
        json_list=False,  # '[Set 1] a.png' is a name
        json_dict=False,
        negative_iterable=(),  # no --empty-models
    ),
)
for command in (
    denoise.denoise,
    restore.restore,
    sample.sample,
    noise.noise,
    classify.classify,
    evaluate.evaluate,
    scatter.scatter,
    fisher.fisher,
    robust.robust,
    explain_attack.explain_attack,
    basis.basis,
    audit.audit,
    reproduce.reproduce,
    info.info,
):
    app.command(command)
app.command(train.train, usage="Usage: scorelet train [OPTIONS] CONFIG [CFG...]")
app.command(models.models, usage="Usage: scorelet models [OPTIONS] [NAME]")
field_model.add_to(field.app)
app.command(field.app)
app.command(weights.app)


def main(tokens: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit status.

    A polite kill (SIGTERM) ends it as an error would: temporary files are removed.
    """
    heed_sigterm()
    prepare_streams()
    sys.exit(let_go(run(sys.argv[1:] if tokens is None else tokens)))


def run(tokens: list[str]) -> int:
    """Run one command; return its exit status.

    Args:
        tokens: the words after ``scorelet``; ``--debug`` among them shows tracebacks.
    """
    debug = "--debug" in tokens
    _set_up_logging(debug=debug)
    tokens = [token for token in tokens if token != "--debug"]
    interrupted = _INTERRUPTED
    try:
        command, bound, *_ = app.parse_args(tokens, exit_on_error=False, print_error=False)
        for name in getattr(bound.arguments.get("shared"), "own_code", ()):
            import_code(name)
        if _keeps(command, bound.arguments):
            interrupted = "Interrupted; what was finished is kept."
        return int(command(*bound.args, **bound.kwargs) or 0)
    except CycloptsError as error:
        chain = " ".join(("scorelet", *(error.command_chain or ()), "--help"))
        said = f"{' '.join(str(error).split())} See {chain}."
        complain(_NO_PIPES if _names_a_pipe(error) else said)
        return 2
    except (KeyboardInterrupt, SystemExit) as stop:
        return _stopped(stop, interrupted)
    except BrokenPipeError:
        return NOBODY_READS
    except Exception as error:
        end_if_told()
        return _end_at(error, debug=debug)


def _names_a_pipe(error: CycloptsError) -> bool:
    """Whether what is refused is a "-" in the place of a file that is read or written."""
    if isinstance(error, UnknownOptionError):
        return "-" in (error.token.keyword, error.token.value)
    if isinstance(error, MissingArgumentError) and error.keyword in ("-o", "--output"):
        tokens = error.unused_tokens or []
        return (error.keyword, "-") in pairwise(tokens)
    return False


def _keeps(command: Callable[..., Any], given: Mapping[str, Any]) -> bool:
    """Whether --resume goes on with what a command has done before it is interrupted.

    A training says it itself.
    """
    if command is train.train:
        return False
    if command is audit.audit and "models" in given:  # nothing is trained
        return False
    if command is robust.robust and "output" not in given:  # parts lie beside the report
        return False
    if command in (denoise.denoise, restore.restore):
        return _are_several(given.get("paths", ()))
    return "resume" in signature(command).parameters


def _are_several(paths: Sequence[str]) -> bool:
    """Whether a job is of many files, of which finished ones are kept, or of one."""
    return len(paths) > 1 or any(os.path.isdir(os.path.expanduser(path)) for path in paths)


def _stopped(stop: KeyboardInterrupt | SystemExit, interrupted: str) -> int:
    """Say what an interruption, or a polite kill, leaves; return the exit status of the first."""
    if isinstance(stop, KeyboardInterrupt):
        complain(str(stop) or interrupted, head="")
        return 130
    if isinstance(stop, Ended):
        complain(stop.said, head="")
    elif stop.code == STATUS and interrupted != _INTERRUPTED:
        complain(interrupted, head="")
    raise stop


def _end_at(error: Exception, *, debug: bool) -> int:
    """Say what went wrong in one sentence; return the exit status."""
    if debug:
        raise error
    if isinstance(error, RuntimeError) and "allocate memory" in str(error):  # torch's, on a CPU
        complain("out of memory: choose less at once, as a smaller --tile or a smaller picture.")
    elif isinstance(error, ScoreletError | MemoryError):
        complain(str(error) or "out of memory: choose less at once, as a smaller --tile.")
    elif isinstance(error, OSError) and is_about_output(error):
        complain_about_output(error)
    else:
        complain(
            f"{type(error).__name__}: {error}. This is a bug in scorelet: please report it with "
            "the output of the same command and --debug."
        )
    return 2


def _set_up_logging(*, debug: bool) -> None:
    """Let --debug show the tracebacks of errors that tasks turn into sentences."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("scorelet").setLevel(logging.DEBUG if debug else logging.WARNING)
