"""scorelet robust."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Fractions, PathLike, Shared, Whole, number, sides
from scorelet.cli.tables import ConsoleTable


def robust(
    data: str,
    *,
    model: str,
    arch: str | None = None,
    size: str | None = None,
    norm: Literal["linf", "l2"] = "linf",
    eps: Fractions = "1/255,2/255",
    attack: str = "pgd",
    transfer_from: str | None = None,
    transfer_arch: str | None = None,
    part: Literal["train", "test"] = "test",
    limit: Whole = 200,
    steps: Whole | None = None,
    restarts: Whole = 1,
    queries: Whole = 1000,
    calibration: Flag = False,
    smoothing: Fractions | None = None,
    draws: Whole = 1000,
    outliers: str | None = None,
    outlier_sigma: Fractions = "0.1",
    seed: Whole = 0,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    resume: Flag = False,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Attack a classifier within small balls around pictures, and count what withstands.

    Accuracy at eps is the share of pictures that are right and whose label no attack has changed by
    at most eps, ± its binomial error. Signs that gradients are masked are said. Needs
    pip install 'scorelet[attacks]'.

    For example:

        scorelet robust cifar10 --model cifar10-scattering --limit 20 --steps 5

        scorelet robust animals/ --model runs/animals/weights.safetensors --norm l2 --eps 0.25,0.5
        --attack apgd,square -o robust.html

        scorelet robust cifar10 --model cifar10-scattering --eps 1/255 --steps 1 --outliers
        examples/clean

        scorelet robust animals/ --model b.pth --arch torchvision:resnet18 --size 224 --limit 50

    Args:
        data: npz with x_test, y_test, a folder of classes, or the name of one under $SCORELET_DATA.
        model: path, built-in name or Hub id of a classifier or a joint law; with --arch a file of
            weights.
        arch: torchvision:NAME, timm:NAME or FILE.py:FUNCTION, which builds the network; its classes
            are those of the data, sorted by name in folders.
        size: of pictures in folders for such a network, HxW or one number.
        norm: linf bounds the change of each pixel, l2 that of the whole picture.
        eps: radii with commas between them, of pictures with values in [0, 1]; 2/255 is two steps
            of 8 bits.
        attack: pgd, apgd, autoattack (standard; slow), square (without gradients) or fmn (the
            nearest picture with another label, and how far it is), with commas.
        transfer_from: another classifier; pictures that attack it are shown to this one, too.
        transfer_arch: builds that one, where it is a file of weights.
        part: of the data, train or test.
        limit: only the first so many pictures.
        steps: of pgd, apgd, fmn and transfer, 40, 100, 100 and 40 if nothing is said.
        restarts: random places from which these begin.
        queries: of square, for each picture.
        calibration: also measure likelihood and calibration of the clean pictures, and what a
            temperature, fitted on half of them, changes of the others.
        smoothing: noise level, of pictures in [0, 1], of certificates by a vote under noise.
        draws: votes for each certificate.
        outliers: pictures of another kind, a folder or as data, told by the largest
            probability, the largest logit and the energy, and by the log-density of a joint law.
        outlier_sigma: noise level at which densities are compared, of pictures in [0, 1].
        seed: of all that is drawn.
        output: NAME.html, a report with curves and attacked pictures; parts of the run lie beside
            it until it is written.
        resume: go on with an interrupted run.
        overwrite: replace an existing report, and parts of a run.
    """
    from scorelet.tasks.progress import Bar
    from scorelet.tasks.robust import RobustSettings, Target, robustness

    settings = RobustSettings(
        norm=norm,
        eps=tuple(number(word, "--eps") for word in eps.split(",")),
        attacks=tuple(word.strip() for word in attack.split(",")),
        part=part,
        limit=limit,
        steps=steps,
        restarts=restarts,
        queries=queries,
        seed=seed,
        calibration=calibration,
        smoothing=None if smoothing is None else number(smoothing, "--smoothing"),
        draws=draws,
        outlier_sigma=number(outlier_sigma, "--outlier-sigma"),
        device=shared.device,
        arch=arch,
        transfer_arch=transfer_arch,
        size=sides(size),
    )
    with Bar("attacking", 0, quiet=shared.quiet) as bar:
        found = robustness(
            data,
            model,
            settings,
            source=transfer_from,
            outliers=outliers,
            target=Target(output, resume, overwrite),
            progress=bar.follow,
        )
    for warning in found.document["warnings"]:
        shared.warn(f"{warning}.")
    shared.show(found.document, _as_text(found.document))
    if output is not None:
        shared.say(f"-> {output}")
    return 0


def _as_text(document: dict[str, Any]) -> str:
    from scorelet.tasks.robust.words import (
        HEAD,
        OUTLIER_HEAD,
        cells,
        distance_texts,
        outlier_cells,
        outlier_title,
        scaling_text,
    )

    title = (
        f"{document['model']} on {document['data']}: {document['pictures']} pictures, "
        f"norm {document['norm']}"
    )
    if "label_level" in document:
        title += f", labels of noise level {document['label_level']:.3g}"
    rows = [cells(row, document["norm"]) for row in document["rows"]]
    lines = [title, ConsoleTable(HEAD, rows).text(), *distance_texts(document)]
    if "calibration" in document:
        measured = document["calibration"]
        lines.append(
            f"negative log-likelihood {measured['negative_log_likelihood']:.4f} nats, calibration "
            f"error {measured['calibration_error']:.4f}, mean confidence "
            f"{measured['confidence']:.4f}"
        )
        lines.append(scaling_text(measured))
    if "smoothing" in document:
        lines += _certified(document["smoothing"])
    if "outliers" in document:
        found = document["outliers"]
        told = [outlier_cells(row) for row in found["rows"]]
        lines += [outlier_title(found), ConsoleTable(OUTLIER_HEAD, told).text()]
    return "\n".join(lines)


def _certified(smoothing: dict[str, Any]) -> list[str]:
    rows = [
        (f"{row['radius']:.4g}", f"{row['accuracy']:.3f} ± {row['accuracy_error']:.3f}")
        for row in smoothing["rows"]
    ]
    title = (
        f"vote under noise {smoothing['sigma']:.4g}, {smoothing['draws']} draws, confidence "
        f"{1 - smoothing['alpha']:g}, which certify {smoothing['farthest']:.4g} at most; "
        f"{smoothing['abstained']:.1%} abstained"
    )
    return [title, ConsoleTable(("radius l2", "certified accuracy"), rows).text()]
