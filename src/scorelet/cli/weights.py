"""scorelet weights spectrum, compare, resample."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from scorelet.cli.finding import finish
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, sides
from scorelet.cli.tables import ConsoleTable

app = App(name="weights", help="Look into the weights of networks, and draw new ones from them.")

Output = Annotated[PathLike | None, Parameter(name=["--output", "-o"])]
Noise = Literal["auto", "init", "bulk"]


@app.command
def spectrum(
    model: str,
    /,
    *,
    output: Output = None,
    arch: str | None = None,
    noise: Noise = "auto",
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Say how many directions each layer of a network has learned; needs no data.

    For example:

        scorelet weights spectrum cifar10-scattering -o spectrum.html

        scorelet weights spectrum resnet18.pth --arch torchvision:resnet18

    Args:
        model: path, built-in name or Hub id; with --arch a file of weights.
        output: NAME.html, a report with figures.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network.
        noise: init: weights started as the constructors of layers draw them; bulk: the noise is
            that of the spectrum itself, for weight decay and other initialisations; auto: bulk
            where the spectrum is not that of such a start.
        overwrite: replace an existing report.
    """
    from scorelet.core.errors import InputError
    from scorelet.tasks.array_files import PAGES, check_output
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.weights.spectrum import spectra
    from scorelet.tasks.weights.spectrum_report import COLUMNS, lead, values

    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=PAGES)
    if shared.device not in ("auto", "cpu"):
        raise InputError(f"device is {shared.device!r}: spectra are computed on the cpu.")
    with Bar("looking into layers", 0, quiet=shared.quiet) as bar:
        found = spectra(model, arch=arch, noise=noise, progress=bar.follow)
    document = found.document
    rows = [[entry["name"], *values(entry)] for entry in document["layers"]]
    table = ConsoleTable(["layer", *COLUMNS], rows, frozenset({0, 1}))
    text = f"{lead(document)}\n{table.text()}"
    finish(found, text, output, shared, overwrite=overwrite)
    return 0


@app.command
def compare(
    model: str,
    other: str,
    /,
    *,
    data: str,
    output: Output = None,
    arch: str | None = None,
    other_arch: str | None = None,
    part: Literal["train", "test"] = "train",
    size: str | None = None,
    limit: Whole = 2000,
    noise: Noise = "auto",
    draws: Whole = 5,
    polar: Literal["svd", "newton-schulz"] = "svd",
    seed: Whole = 0,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Compare what two networks of one architecture have learned, layer by layer.

    Both see the same pictures, and the channels of the second are rotated to those of the first.
    The similarity S of their weights is about 0 for unrelated networks, 0.5 to 0.9 for two of one
    law.

    For example:

        scorelet weights compare a.safetensors b.safetensors --data animals/ -o compare.html

        scorelet weights compare a.pth b.pth --arch torchvision:resnet18 --data animals/ --size 224

    Args:
        model: path, built-in name or Hub id; with --arch a file of weights.
        other: the same, widths may differ.
        data: npz with x_train, y_train, an npy file of pictures, a folder of pictures or of
            classes, or the name of one under $SCORELET_DATA; labels are not used.
        output: NAME.html, a report with figures.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network.
        other_arch: the same for the other network; by default that of the first.
        part: of the data, train or test.
        size: of pictures in folders, HxW or one number; by default what a classifier takes.
        limit: only so many pictures, of all classes; a fifth of them is kept from the fit.
        noise: auto, init or bulk, see scorelet weights spectrum.
        draws: of random networks for floor, ceiling and error bars.
        polar: how rotations are computed: svd, or newton-schulz, by products.
        seed: of the draws.
        overwrite: replace an existing report.
    """
    from scorelet.tasks.array_files import PAGES, check_output
    from scorelet.tasks.networks import PictureChoice
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.weights.compare import CompareSettings, comparison
    from scorelet.tasks.weights.compare_report import COLUMNS, lead, rows

    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=PAGES)
    settings = CompareSettings(arch, other_arch, noise, draws, polar, seed, shared.device)
    shown = PictureChoice(part, sides(size), limit)
    with Bar("aligning", 0, quiet=shared.quiet) as bar:
        then = partial(bar.follow, title="comparing layers")
        found = comparison(model, other, data, settings, shown, progress=bar.follow, layered=then)
    document = found.document
    table = ConsoleTable(["layer", *COLUMNS.values()], rows(document))
    text = f"{lead(document)}\n{table.text()}"
    finish(found, text, output, shared, overwrite=overwrite)
    return 0


@app.command
def resample(
    model: str,
    /,
    *,
    data: str,
    output: Output = None,
    arch: str | None = None,
    size: str | None = None,
    limit: Whole = 2000,
    law: Literal["empirical", "shrunk", "white"] = "empirical",
    rank: Whole | None = None,
    refit: Flag = False,
    seed: Whole = 0,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Draw a new network, without training, from the law of a trained one's weights.

    Rows of each layer but the last are independent Gaussians with the covariance of the trained
    network, in coordinates that are aligned with it; norms are measured again. Prints accuracies
    on the test part, if there is one.

    For example:

        scorelet weights resample m.safetensors --data animals/ --refit --seed 1 -o new.safetensors

    Args:
        model: path, built-in name or Hub id; with --arch a file of weights.
        data: npz with x_train, y_train, a folder of classes (without --refit of pictures, too), or
            the name of one under $SCORELET_DATA.
        output: NAME.safetensors, the new network.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network.
        size: of pictures in folders, HxW or one number; by default what a classifier takes.
        limit: only so many pictures, of all classes.
        law: empirical: the covariance as it is, whose noise is drawn a second time, so that
            spectrum counts too many directions of the new network as learned; shrunk: noise and
            what was learned, without that; white: the variance only, for comparison.
        rank: keep only the so many largest eigenvalues of each layer.
        refit: fit the last layer to the labels, by logistic regression.
        seed: of the weights.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.array_files import check_output
    from scorelet.tasks.networks import PictureChoice
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.weights.resample import SUFFIXES, ResampleSettings, resampling

    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES, source=Path(model))
    settings = ResampleSettings(arch, law, rank, refit, seed, shared.device)
    shown = PictureChoice("train", sides(size), limit)
    with Bar("drawing", 0, quiet=shared.quiet) as bar:
        found = resampling(model, data, settings, shown, progress=bar.follow)
    finish(found, _drawn(found.document), output, shared, overwrite=overwrite)
    return 0


def _drawn(document: dict[str, Any]) -> str:
    rows = [
        [
            layer["name"],
            str(layer["neurons"]) if layer["neurons"] else "rotated",
            f"{layer['similarity']:.3f}",
            str(layer["samples"]),
        ]
        for layer in document["layers"]
    ]
    table = ConsoleTable(["layer", "drawn", "signals", "samples"], rows)
    lines = [f"{document['model']} drawn anew, seed {document['seed']}", table.text()]
    for name, value in (document["accuracy"] or {}).items():
        lines.append(f"accuracy, {name}: {100 * value:.1f} %")
    return "\n".join(lines)
