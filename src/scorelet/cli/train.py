"""scorelet train."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Shared, complain
from scorelet.core.errors import InputError
from scorelet.core.words import counted


def train(
    config: str,
    *overrides: Annotated[str, Parameter(allow_leading_hyphen=True, name="CFG")],
    resume: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Train a model from a YAML file, or from a configuration of the package.

    The run folder gets the weights, a log of JSON lines, TensorBoard events and a state from
    which --resume goes on exactly. In several processes:
    torchrun --nproc_per_node 2 -m scorelet train CONFIG

    For example:

        scorelet train my.yaml

        scorelet train photo --cfg.steps 500 --cfg.output runs/try

        scorelet train mine.yaml --import mine.py

    Args:
        config: a YAML file, whose fields docs/train.md describes; or a name: camera,
            cifar10-denoiser, cifar10-joint, cifar10-scattering, faces, grain, local-celeba160,
            local-celebahq320, photo, pixel-celebahq128, scattering-cifar10, wavelet-celebahq128.
        overrides: fields to change, as --cfg.optimizer.rate 1e-3.
        resume: go on from the state in the run folder.
    """
    from scorelet.tasks.experiments import read_config
    from scorelet.tasks.train import train as run
    from scorelet.training.processes import leave_processes

    settings = read_config(config, parse_overrides(overrides))
    with _what_is_kept(settings.output):
        weights = run(
            settings,
            resume=resume,
            device=shared.device,
            quiet=shared.quiet,
            say=shared.say,
            warn=shared.warn,
        )
    leave_processes()
    if os.environ.get("RANK", "0") == "0":  # of several processes, one tells the result
        shared.say(f"weights: {weights}")
        shared.emit({"weights": str(weights), "steps": settings.steps})
    return 0


@contextmanager
def _what_is_kept(folder: Path) -> Generator[None]:
    """Say at an interruption, or a polite kill, from which step the run goes on."""
    from scorelet.core.ending import STATUS
    from scorelet.training.run_folder import STATE
    from scorelet.training.state import steps_saved

    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != STATUS:
            raise
        step = steps_saved(folder / STATE)
        kept = f"{folder} holds {counted(step, 'step')}: --resume goes on from there."
        said = f"Interrupted; {kept if step else 'no state of the run was saved.'}"
        if isinstance(stop, SystemExit):
            if os.environ.get("RANK", "0") == "0":  # torchrun ends the others so if one fails
                complain(said, head="")
            raise
        raise KeyboardInterrupt(said) from None


def parse_overrides(tokens: tuple[str, ...]) -> dict[str, Any]:
    """Turn ("--cfg.steps", "500", "--cfg.seed=1") into {"steps": 500, "seed": 1}, by YAML."""
    values: dict[str, Any] = {}
    words = iter(tokens)
    for word in words:
        name, equals, text = word.partition("=")
        if not name.startswith("--cfg."):
            raise InputError(f"Unknown option {word!r}: fields are changed as --cfg.steps 500.")
        if not equals:
            text = next(words, None)
            if text is None:
                raise InputError(f"{word} needs a value, as --cfg.steps 500.")
        _refuse_replaced(name, values)
        values[name.removeprefix("--cfg.")] = _value(name, text)
    return values


def _refuse_replaced(name: str, given: dict[str, Any]) -> None:
    """Refuse a field that is given twice, and a section after one of its fields."""
    whole = name.removeprefix("--cfg.")
    lost = next((field for field in given if f"{field}.".startswith(f"{whole}.")), None)
    if lost is None:
        return
    what = "is given twice" if lost == whole else f"would replace --cfg.{lost}, given before it"
    raise InputError(
        f'{name} {what}: keep one of them; several values are a list in quotes, as "[a, b]".'
    )


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - what YAML makes of it
    import yaml

    from scorelet.tasks.experiments.unique_keys import parse_yaml

    try:
        return parse_yaml(text)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except yaml.YAMLError:
        raise InputError(
            f'{name} {text} is no value of YAML: give a list in quotes, as {name} "[a, b]".'
        ) from None
