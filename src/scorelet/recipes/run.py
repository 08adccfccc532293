"""Run a recipe: measure, judge the claims, write results.json and report.html."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from scorelet.core.errors import InputError
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.recipes import subjects
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.report import report
from scorelet.tasks.array_files import write_page
from scorelet.tasks.info import machine, package_versions
from scorelet.tasks.locks import Locks
from scorelet.tasks.steps import OnStep, Steps, claim_steps
from scorelet.training.processes import make_accelerator

RESULTS, REPORT = "results.json", "report.html"


def recipe_names() -> list[str]:
    """Return the names of all recipes."""
    return sorted(module.name for module in iter_modules(subjects.__path__))


def find_recipe(subject: str) -> Recipe[Any]:
    """Return the recipe of a subject.

    Raises:
        InputError: there is none of that name.
    """
    if subject not in recipe_names():
        raise InputError(f"Unknown subject {subject!r}: use one of {', '.join(recipe_names())}.")
    return import_module(f"{subjects.__name__}.{subject}").RECIPE


@checked
def reproduce(
    subject: str,
    output: str | Path | None = None,
    *,
    scale: str = "smoke",
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    on_step: OnStep | None = None,
    quiet: bool = True,
) -> dict[str, Any]:
    """Measure the claims of a published result again.

    Args:
        subject: one of `recipe_names`.
        output: folder for results.json and report.html; SUBJECT_SCALE by default.
        scale: smoke (minutes at most, no data set), small (up to six and a half hours on one
            core), medium (larger, where small is too small), paper, or imagenet (published
            configurations).
        seed: any non-negative integer.
        resume: go on with a run that was interrupted.
        overwrite: begin anew where results, or steps of another run, are.
        on_step: is told about each step.
        quiet: draw no progress bars of trainings.

    Returns:
        subject, scale, command, seed, machine, versions, date, seconds, data, settings, and claims:
        each with name, where, published, measured, error, unit, criterion, holds, note; that is
        results.json, with tables of the subject beside them. Besides, output and report: where the
        two files are.

    Raises:
        InputError: unknown subject or scale, or a folder that holds something else or in which
            another run is at work.
        ArrayFileError: the folder cannot be written.
        MissingExtraError: networks are trained, and the package for that is not installed.
    """
    recipe = find_recipe(subject)
    setup = recipe.setup(scale)
    if seed < 0:
        raise InputError(f"The seed is {seed}: expected at least 0.")
    if recipe.trains:
        make_accelerator()
    folder = as_path(f"{subject}_{scale}" if output is None else output, name="output")
    run = {"subject": subject, "scale": scale, "seed": seed, "settings": asdict(setup.settings)}
    results = (folder / RESULTS, folder / REPORT)
    with Locks("steps") as locks:
        kept = claim_steps(folder, run, results, resume=resume, overwrite=overwrite, locks=locks)
        steps = Steps(kept, on_step=on_step, quiet=quiet)
        findings = recipe.measure(setup.settings, seed, steps)
        document = _document(recipe, setup, findings, run, steps.seconds)
        write_page(folder / REPORT, report(recipe, document, findings))
        write_page(folder / RESULTS, json.dumps(document, indent=2, allow_nan=False) + "\n")
    return document | {"output": str(folder / RESULTS), "report": str(folder / REPORT)}


def _document(
    recipe: Recipe[Any], setup: Setup[Any], findings: Findings, run: dict[str, Any], seconds: float
) -> dict[str, Any]:
    command = f"scorelet reproduce {recipe.subject} --scale {run['scale']}"
    return {
        "subject": recipe.subject,
        "scale": run["scale"],
        "command": command + (f" --seed {run['seed']}" if run["seed"] else ""),
        "seed": run["seed"],
        "machine": machine(),
        "versions": package_versions(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "seconds": round(seconds, 1),
        "data": findings.data,
        "settings": run["settings"],
        "claims": [claim.judge(findings.measured) for claim in setup.claims],
        **{name: [dict(row) for row in rows] for name, rows in findings.tables.items()},
    }
