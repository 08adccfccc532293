"""scorelet field list, scorelet field simulate, scorelet field compare."""

import math
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole
from scorelet.cli.tables import ConsoleTable
from scorelet.core.errors import InputError
from scorelet.core.words import counted

app = App(
    name="field",
    help="Draw fields of reference laws, compare sets of fields, fit energies and sample these.",
)


@app.command
def simulate(
    name: str,
    /,
    *,
    count: Annotated[Whole, Parameter(name=["--count", "-n"])],
    size: Whole,
    output: Annotated[PathLike, Parameter(name=["--output", "-o"])],
    seed: Whole = 0,
    params: Annotated[list[str] | None, Parameter(name="--param")] = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Draw fields of a reference ensemble into a file, float32.

    Field number i is the same whatever the count. Prints what was drawn; a .npz file holds it too,
    and which Markov chain drew each field, if chains did. The file is written whole or not at all.

    For example:

        scorelet field simulate phi4 -n 200 --size 32 --seed 1 -o data.npy

        scorelet field simulate power_law -n 64 --size 128 --param eta=2 -o gauss.npz

        scorelet field simulate turbulence -n 9 --size 128 -o look.png

    Args:
        name: of the ensemble, see scorelet field list.
        count: number of fields.
        size: side in pixels.
        output: NAME.npy, NAME.npz, or NAME.png, a contact sheet.
        seed: any non-negative integer.
        params: of the ensemble, as --param eta=2; repeat it for several.
        overwrite: replace an existing file.
    """
    values = parse_params(params or [])
    with _nothing_kept(output):
        from scorelet.tasks.field import simulate as run
        from scorelet.tasks.progress import Bar

        with Bar("drawing", count, quiet=shared.quiet) as bar:
            document = run(
                name,
                count,
                output,
                size=size,
                seed=seed,
                params=values,
                overwrite=overwrite,
                progress=bar.reach,
            )
    for text in document["warnings"]:
        shared.warn(text)
    shared.say(document["description"])
    drawn = f"{counted(count, 'field')} of {size}x{size}"
    shared.say(f"{drawn} -> {output}, {document['seconds']:.1f} s")
    if document["chains"] < count and output.suffix.lower() == ".npy":
        shared.say(
            f"They come from {document['chains']} Markov chains; a .npz file says which chain drew "
            "each field, and field compare uses it."
        )
    shared.emit(document)
    return 0


@contextmanager
def _nothing_kept(output: Path) -> Generator[None]:
    """Say at an interruption what became of the file."""
    try:
        yield
    except KeyboardInterrupt:
        there = "as it was" if output.exists() else "not there"
        raise KeyboardInterrupt(
            f"Interrupted; nothing of it is kept, {output} is {there}."
        ) from None


@app.command(name="list")
def list_(*, shared: Shared = DEFAULTS) -> int:
    """List the reference ensembles that can be drawn, with formulas and parameters.

    For example:

        scorelet field list
    """
    from scorelet.tasks.field import list as run

    document = run()
    shared.show(document, "\n".join(_ensemble(*item) for item in document.items()))
    return 0


def _ensemble(name: str, entry: dict[str, Any]) -> str:
    params = ", ".join(f"{key}={value}" for key, value in entry["params"].items())
    source = f" [{entry['reference']}]" if entry["reference"] else ""
    presets = [f"preset={'|'.join(entry['presets'])}"] if entry["presets"] else []
    lines = [name, f"{entry['formula']}{source}", params or "no parameters", *presets]
    return "\n    ".join(lines)


@app.command
def compare(
    data: PathLike,
    other: PathLike,
    /,
    *,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    window: str = "none",
    spacing: float | None = None,
    patches: Whole | None = None,
    limit: Whole | None = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Compare the statistics of two sets of fields.

    Reads npy, npz and netCDF-3; HDF5, netCDF-4 and FITS with pip install 'scorelet[fields]'. One
    array of several is FILE:NAME. The report has figures, errors over fields, a Gaussian control
    of the same power, and for each statistic a verdict with its threshold.

    For example:

        scorelet field compare data.npy synthetic.npy -o report.html

        scorelet field compare kappa.fits:1 maps.npz:kappa --window hann --patches 128 -o r.html

    Args:
        data: file or folder of the reference.
        other: file or folder that is compared with it.
        output: report, NAME.html; without it there is the table only.
        window: none for periodic fields, hann for fields cut out of something larger.
        spacing: side of a pixel in a unit of length, as 0.5 (Mpc): wave numbers are in radians per
            unit, powers densities, distances in units; left out, in cycles per side and pixels.
        patches: cut all fields into squares of so many pixels first; those with NaN are left out.
        limit: only the first so many fields of each, before they are cut.
        overwrite: replace an existing report.
    """
    from scorelet.analysis.field_statistics import STATISTICS
    from scorelet.tasks.field_compare import compare as run
    from scorelet.tasks.progress import Bar

    with Bar("comparing", len(STATISTICS), quiet=shared.quiet) as bar:
        document = run(
            data,
            other,
            output,
            window=window,
            spacing=spacing,
            patches=patches,
            limit=limit,
            overwrite=overwrite,
            on_statistic=bar.advance,
        )
    for text in document["warnings"]:
        shared.warn(text)
    shared.show(document, _verdicts(document))
    if output is not None:
        shared.say(f"report: {output}")
    return 0


def parse_params(texts: list[str]) -> dict[str, Any]:
    """Turn ["eta=2", "preset=soft"] into {"eta": 2, "preset": "soft"}.

    Raises:
        InputError: no name, no value, a name twice, or a number that is not finite.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"--param {text}: give a name and a value, as --param eta=2.")
        if name in values:
            raise InputError(f"--param {text}: {name} is {values[name]} already; give it once.")
        values[name] = _number_or_word(value)
        if isinstance(values[name], float) and not math.isfinite(values[name]):
            raise InputError(f"--param {text}: expected a finite number.")
    return values


def _number_or_word(text: str) -> int | float | bool | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _verdicts(document: dict[str, Any]) -> str:
    """Lay out the document of a comparison: what was compared, a table, the verdict."""
    data, other = document["data"], document["other"]
    lines = [f"{_set(data)} and {_set(other)}", _statistics(document["statistics"]).text()]
    if document["neighbours"]:
        lines.append(f"Nearest neighbours: {document['neighbours']['verdict']}")
    return "\n".join([*lines, document["summary"]])


def _statistics(entries: dict[str, Any]) -> ConsoleTable:
    rows = []
    for entry in entries.values():
        measure, size = next(iter(entry["sizes"].items()))
        rows.append(
            (
                entry["title"],
                {None: "undecided", True: "differs", False: "agrees"}[entry["differs"]],
                _number(entry["distance"]),
                _number(entry["threshold"]),
                _number(entry["control"]["distance"]),
                _percent(size),
                _percent(entry["floor"][measure]),
                measure,
            )
        )
    head = ["statistic", "verdict", "distance", "threshold", "control", "size", "by chance", ""]
    return ConsoleTable(head, rows, frozenset({0, 1, 7}), {"differs": "red", "agrees": "green"})


def _set(entry: dict[str, Any]) -> str:
    kinds = {"chains": "chain", "maps": "map"}
    of = [counted(entry[key], noun) for key, noun in kinds.items() if entry[key] is not None]
    return f"{entry['path']} ({' of '.join([counted(entry['fields'], 'field'), *of])})"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{100 * value:.3g} %"
