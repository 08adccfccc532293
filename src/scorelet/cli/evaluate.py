"""scorelet evaluate."""

import math
from typing import Annotated, Any

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Fractions, PathLike, Shared, Whole, sides
from scorelet.cli.tables import ConsoleTable

DECIMALS = {"psnr": 2, "psnr_class": 2, "ssim": 4, "accuracy": 4}
"""Of figures whose usual number of decimals is known; others have four digits."""
UNITS = {"psnr": "psnr dB"}


def evaluate(
    *,
    data: str,
    model: str | None = None,
    samples: str | None = None,
    arch: str | None = None,
    size: str | None = None,
    sigmas: Annotated[Fractions | None, Parameter(name="--sigma")] = None,
    channels: Whole | None = None,
    limit: Whole | None = None,
    label: str | None = None,
    cond: PathLike | None = None,
    hold_out: Whole | None = None,
    dtype: str = "auto",
    self_ensemble: Flag = False,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Measure a model on data, or samples: what is measured depends on what the model is.

    Denoisers: PSNR and SSIM on clean pictures, by noise level. White noise is added without
    clipping, from seed = index of the picture; results are clipped; figures are means over
    pictures, ± their standard errors. Needs pip install 'scorelet[train]', for SSIM.

    Classifiers: accuracy ± its binomial error, also by class, negative log-likelihood in nats,
    calibration error, and in JSON the confusion matrix (row: true class), on the test part of
    labelled pictures.

    Joint laws of images and classes: what classifiers are measured by, and by noise level the
    accuracy, -log p, PSNR of the denoiser of all classes and of that of the true one, how far
    these are apart, and what the class is worth over that: 1 of an exact law. Of a folder without
    classes they are measured as denoisers.

    Samples of any generator, with --samples in the place of --model: by octave the power over that
    of the data; the kernel distance on scattering coefficients; cosines with the nearest picture of
    the data or its mirror image, and how many samples are copies; the mean cosine of two samples;
    how bright they are; how many numbers lie outside [0, 1]. Beside each stands what two halves of
    the data, or pictures of them, give, and a sentence says what it means.

    In JSON a figure that is infinite or unknown is null.

    For example:

        scorelet evaluate --model photo --data examples/clean --limit 3

        scorelet evaluate --data photos/set12 --sigma 15,25,50 --json

        scorelet evaluate --samples faces/ --data faces80:a -o nearest.png

        scorelet evaluate --model runs/cifar/weights.safetensors --data cifar10 --hold-out 10000

        scorelet evaluate --model b.pth --arch torchvision:resnet18 --data animals/ --size 224

    Args:
        data: a picture or a folder of pictures, for classifiers a folder with a folder for each
            class; for both an .npz file with x_test, y_test, or a folder with folders train and
            test of such folders, of which test; or the name of one under $SCORELET_DATA. With
            --samples pictures of one size, a folder or an array file (FILE:NAME for one of
            several), best what the generator has learnt from, as copies are found there only.
        model: built-in name, .safetensors path or Hub id; with --arch a file of weights; photo, if
            nothing is said.
        samples: a folder of pictures or an array file, as `sample` writes them, of the size of the
            data.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds a classifier's network;
            its classes are those of the data, sorted by name in folders.
        size: of pictures in folders for such a network, HxW or one number.
        sigmas: noise levels in 8-bit units, 15,25,50 if nothing is said, of joint laws
            12.75,25.5,51,127.5; for these and denoisers.
        channels: 1 makes the pictures gray, 3 colour; by default what the first one is, if the
            model takes that, and what samples are.
        limit: only the first so many pictures, and samples.
        label: class that a denoiser is told, its name or number from 0 on, if it knows classes.
        cond: what a conditional denoiser is told: a picture, or a folder with one for each picture
            of the data, under the same name and of the same size.
        hold_out: the last so many training pictures, in the place of the test pictures; of folders,
            so many pictures of all classes.
        dtype: of convolutions and products: auto (what is fast here), float32, bfloat16 or float16.
        self_ensemble: measure the mean of a denoiser's own answers, as `denoise --self-ensemble`
            gives it.
        output: of samples NAME.png, a picture of those that are nearest to pictures of the data,
            each with that picture on its right.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.evaluate import evaluate as run
    from scorelet.tasks.progress import Bar

    levels = None if sigmas is None else parse_levels(sigmas)
    for level in levels or ():
        shared.eight_bits(level)
    with Bar("evaluating", 0, quiet=shared.quiet) as bar:
        result = run(
            data,
            model=model,
            samples=samples,
            sigmas=levels,
            channels=channels,
            limit=limit,
            label=label,
            cond=cond,
            hold_out=hold_out,
            device=shared.device,
            dtype=dtype,
            self_ensemble=self_ensemble,
            arch=arch,
            size=sides(size),
            output=output,
            overwrite=overwrite,
            progress=bar.follow,
        )
    for warning in result.get("warnings", []):
        shared.warn(f"{warning}.")
    shared.show(finite(result), as_text(result))
    if output is not None:
        shared.say(f"-> {output}")
    return 0


def parse_levels(text: str, option: str = "--sigma") -> list[float]:
    """Turn "15,25,50" into numbers.

    Raises:
        InputError: not numbers of at least 0.
    """
    from scorelet.core.errors import InputError

    try:
        levels = [float(part) for part in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 <= level < float("inf") for level in levels):
        raise InputError(f"{option} {text}: give noise levels in 8-bit units, as 15,25,50.")
    return levels


def as_text(result: dict[str, Any]) -> str:
    """Lay out what `scorelet.tasks.evaluate.measure` returns: facts as lines, rows as a table."""
    facts = {k: v for k, v in result.items() if isinstance(v, str | int | float)}
    rows = result.get("rows", [])
    first = f"{facts.pop('model')} on" if "model" in facts else f"{facts.pop('samples')} beside"
    head = f"{first} {facts.pop('data')}"
    facts.pop("output", None)
    last = [facts.pop("verdict")] if "verdict" in facts else []
    lines = [f"  {name.replace('_', ' ')}: {cell}" for name, cell in _cells(facts).items()]
    return "\n".join([head, *lines, *_table([_cells(row) for row in rows]), *last])


def finite(value: Any) -> Any:  # noqa: ANN401 - any JSON document
    """Replace what JSON cannot express, as the infinite PSNR of a perfect result, by null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """Return the texts of a row; a standard error stands beside its figure."""
    texts = {}
    for name, value in row.items():
        if name.endswith("_error") and name.removesuffix("_error") in row:
            continue
        error = row.get(f"{name}_error")
        texts[name] = _figure(name, value) + ("" if error is None else f" ± {_figure(name, error)}")
    return texts


def _figure(name: str, value: Any) -> str:  # noqa: ANN401 - a number, a word or None
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "–"
    decimals = DECIMALS.get(name)
    return f"{value:.4g}" if decimals is None else f"{value:.{decimals}f}"


def _table(rows: list[dict[str, str]]) -> list[str]:
    if not rows:
        return []
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[row.get(name, "–") for name in names] for row in rows]
    table = ConsoleTable([UNITS.get(name, name) for name in names], cells, frozenset())
    return [table.text()]
