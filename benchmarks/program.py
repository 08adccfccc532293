"""The shape of a benchmark's program: parts, tables on the console, runs merged into a file."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Row, describe_run, merge_run
from rich.console import Console
from tables import table_of

Part = Callable[..., dict[str, Any]]
"""Called with quick=True or False, it returns tables (lists of rows) and whatever else is kept."""

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "results"


def run_parts(name: str, parts: dict[str, Part], packages: tuple[str, ...], about: str) -> int:
    """Measure the parts asked for on the command line; print tables, write them to docs/results.

    Args:
        name: of the results file.
        parts: what there is to measure.
        packages: whose versions are kept.
        about: the program's docstring.
    """
    options = _parser(name, parts, about).parse_args()
    output = options.output or (None if options.quick else FOLDER / f"{name}.json")
    console = Console()
    for part in parts if options.part == "all" else (options.part,):
        run = describe_run(name, part, packages) | {"quick": options.quick}
        run |= parts[part](quick=options.quick)
        for title, rows in _tables(run).items():
            console.print(table_of(part if title == "rows" else f"{part}: {title}", rows))
        if output:
            merge_run(output, run)
            console.print(f"{part} → {output}")
    return 0


def _tables(run: Row) -> dict[str, list[Row]]:
    return {title: rows for title, rows in run.items() if isinstance(rows, list) and rows}


def _parser(name: str, parts: dict[str, Part], about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    add = parser.add_argument
    add("--part", choices=[*parts, "all"], default="all", help="what to measure (all)")
    add("--quick", action="store_true", help="does it run: little work, nothing is written")
    add("--output", type=Path, help=f"results file (docs/results/{name}.json; quick: none)")
    return parser
