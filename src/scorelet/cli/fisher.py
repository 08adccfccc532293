"""scorelet fisher."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from scorelet.cli.finding import finish
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, sides
from scorelet.cli.tables import ConsoleTable


def fisher(
    *,
    model: str,
    data: str,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    arch: str | None = None,
    part: Literal["train", "test"] = "test",
    size: str | None = None,
    layers: str | None = None,
    dimension: Whole = 512,
    pool: Literal["flatten", "mean"] = "flatten",
    limit: Whole | None = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Measure how well classes are separated at every layer of a model.

    The Fisher ratio of a layer says how far class means lie apart, in units of the spread within
    classes; beside it stand its floor (what classes that do not differ would give) and two
    estimates without bias.

    For example:

        scorelet fisher --model runs/animals/weights.safetensors --data animals/ -o depth.html

        scorelet fisher --model b.pth --arch torchvision:resnet18 --data animals/ --size 224

    Args:
        model: path, built-in name or Hub id; with --arch a file of weights.
        data: npz with x_test, y_test, a folder of classes, or the name of one under $SCORELET_DATA.
        output: NAME.html, a report with figures.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network.
        part: of the data, train or test.
        size: of pictures in folders, HxW or one number; by default what a classifier takes.
        layers: names with commas between them, * and ? allowed, input and output; by default all
            without parts, and the answer of the network as output where no layer has it.
        dimension: layers with more features are projected to so many.
        pool: flatten takes every position, mean averages each channel over space or tokens.
        limit: only so many pictures, of all classes.
        overwrite: replace an existing report.
    """
    from scorelet.tasks.array_files import PAGES, check_output
    from scorelet.tasks.fisher import FisherSettings, separation
    from scorelet.tasks.networks import PictureChoice
    from scorelet.tasks.progress import Bar

    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=PAGES)
    names = None if layers is None else tuple(layers.split(","))
    settings = FisherSettings(arch, names, dimension, pool, shared.device)
    shown = PictureChoice(part, sides(size), limit)
    with Bar("measuring", 0, quiet=shared.quiet) as bar:
        found = separation(data, model, settings, shown, progress=bar.follow)
    finish(found, _as_text(found.document), output, shared, overwrite=overwrite)
    return 0


def _as_text(document: dict[str, Any]) -> str:
    from scorelet.tasks.fisher_report import COLUMNS, values

    count = f"{document['pictures']} pictures, {len(document['classes'])} classes"
    head = ["layer", *COLUMNS.values()]
    rows = [[layer["name"], *values(layer)] for layer in document["layers"]]
    title = f"{document['model']} on {document['data']}: {count}"
    return f"{title}\n{ConsoleTable(head, rows).text()}"
