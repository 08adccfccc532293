"""The report of the verb robust: curves, tables, attacked pictures."""

from typing import TYPE_CHECKING, Any

from torch import Tensor

from scorelet.analysis.classification import binomial_error
from scorelet.analysis.robustness import ATTACKS
from scorelet.models import Classifier
from scorelet.plots import curves_figure, png
from scorelet.plots.report import Facts, Part, Picture, Section, Table, Text, render
from scorelet.plots.robustness import Example, amplification, examples_figure
from scorelet.tasks.robust.chunks import UNKNOWN
from scorelet.tasks.robust.document import ALL
from scorelet.tasks.robust.parts import Tensors
from scorelet.tasks.robust.words import (
    HEAD,
    OUTLIER_HEAD,
    cells,
    distance_texts,
    outlier_cells,
    outlier_title,
    radius_text,
    scaling_text,
)
from scorelet.tasks.robust.work import Work

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METHOD = (
    "Robust accuracy at ε is the share of pictures that are right and whose label no attack has "
    "changed within the ball of radius ε and the range [0, 1]. Every attacked picture was brought "
    "into both and shown to the classifier again before it counted. It is an upper bound: a "
    "stronger attack may find more. Errors are binomial, of the number of pictures."
)
SMOOTHING = (
    "The vote of the classifier under noise has a radius within which it cannot change, whatever "
    "the attack, with the confidence named (Cohen, Rosenfeld, Kolter 2019). It is that of the "
    "vote, not of the classifier by itself, and in the norm l2."
)
SCALING = (
    "A temperature divides the logits, so that labels stay and confidence changes. It is the one "
    "of the greatest likelihood on half of the pictures, of each class every other one, and its "
    "figures are those of the other half (Guo, Pleiss, Sun, Weinberger 2017)."
)
OUTLIERS = (
    "AUROC is the probability that a picture has a higher score than an outlier, 0.5 a guess; FPR "
    "at 95 % TPR the share of outliers that a threshold keeps with 95 % of the pictures, 0.95 a "
    "guess. Scores are the largest probability (Hendrycks and Gimpel 2017), the largest logit, the "
    "negative energy log Σ exp z (Liu et al. 2020) and, of joint laws, the log-density."
)
SHOWN = 6


def report(document: dict[str, Any], work: Work, found: dict[str, Tensors]) -> str:
    """Return the HTML text of what `robust` has measured."""
    opening: list[Part] = [
        Text(f"{document['model']} on {document['pictures']} pictures, {document['data']}", "lead"),
        *(Text(f"{warning}.", "warning") for warning in document["warnings"]),
        Picture(png(curves(document)), "Robust accuracy by the radius of the attack."),
        Table(HEAD, [cells(row, document["norm"]) for row in document["rows"]]),
        *(Text(f"{text}.") for text in distance_texts(document)),
        Text(METHOD, "note"),
        Facts(facts(document)),
    ]
    sections = []
    if shown := examples(work, found):
        factor = amplification([one.difference for one in shown])
        caption = (
            "Pictures, what the attack made of them and what the classifier says, and the "
            f"differences, {factor} times as large, around gray."
        )
        drawn = Picture(png(examples_figure(shown)), "Attacked pictures.", caption)
        sections.append(Section("Attacked pictures", [drawn]))
    if "smoothing" in document:
        sections.append(Section("Certificates", _certificates(document["smoothing"])))
    if "calibration" in document:
        measured = document["calibration"]
        said = Text(f"{scaling_text(measured)}.")
        parts = [*_reliability(measured["reliability"]), said, Text(SCALING, "note")]
        sections.append(Section("Calibration", parts))
    if "outliers" in document:
        told = document["outliers"]
        table = Table(OUTLIER_HEAD, [outlier_cells(row) for row in told["rows"]])
        parts = [Text(f"Pictures {outlier_title(told)}."), table, Text(OUTLIERS, "note")]
        sections.append(Section("Outliers", parts))
    return render("What a classifier withstands", opening, sections)


def curves(document: dict[str, Any]) -> "Figure":
    """Draw accuracy by ε, a curve for each attack, each from the clean accuracy on."""
    clean, *rows = document["rows"]
    rows = [row for row in rows if row["attack"] != ALL]  # it covers the lowest curve
    radii = sorted({row["eps"] for row in rows})
    drawn = {}
    for name in dict.fromkeys(row["attack"] for row in rows):
        own = {row["eps"]: row for row in rows if row["attack"] == name}
        line = [clean, *(own[eps] for eps in radii)]
        if radii[0] == 0:
            line = line[1:]
        drawn[name] = (
            [100 * row["accuracy"] for row in line],
            [100 * row["accuracy_error"] for row in line],
        )
    places = radii if radii[0] == 0 else [0.0, *radii]
    linf = document["norm"] == "linf"
    unit = [255 * eps for eps in places] if linf else places
    label = "ε, linf, in 8-bit units" if linf else "ε, l2, of pictures in [0, 1]"
    return curves_figure(unit, drawn, labels=(label, "accuracy, %"))


def facts(document: dict[str, Any]) -> dict[str, str]:
    """Return names and values in words."""
    named = {} if document["part"] is None else {"part": document["part"]}
    named |= {
        "norm": document["norm"],
        "attacks": ", ".join(document["attacks"]),
        "steps": ", ".join(f"{name} {count}" for name, count in document["steps"].items()) or "–",
        "random starts": str(document["restarts"]),
        "seed": str(document["seed"]),
    }
    if document["queries"]:
        asked = [name for name in document["attacks"] if name in ATTACKS and ATTACKS[name].queries]
        named[f"queries of {', '.join(asked)}"] = str(document["queries"])
    if "label_level" in document:
        named["labels are of noise level"] = f"{document['label_level']:.3g}"
    if "calibration" in document:
        nll = document["calibration"]["negative_log_likelihood"]
        named["calibration error"] = f"{document['calibration']['calibration_error']:.4f}"
        named["mean confidence"] = f"{document['calibration']['confidence']:.4f}"
        named["negative log-likelihood (nats)"] = f"{nll:.4f}"
    return named


def examples(work: Work, found: dict[str, Tensors]) -> list[Example]:
    """Return the first pictures that the first attack with the gradient has broken."""
    name = [*work.settings.guided(), *work.attacks][0]
    level, radii = found[name]["level"], work.settings.radii
    broken = (level < len(radii)).nonzero()[:SHOWN, 0].tolist()
    names = work.network.classes if isinstance(work.network, Classifier) else None

    def word(label: Tensor) -> str:
        if int(label) == UNKNOWN:
            return "no label"
        return str(int(label)) if names is None else names[int(label)]

    return [
        Example(
            clean=work.shown.x[k].permute(1, 2, 0).numpy(),
            attacked=found[name]["pictures"][k].permute(1, 2, 0).numpy(),
            before=word(work.shown.labels[k]),
            after=word(found[name]["label"][k]),
            radius=radius_text(radii[int(level[k])], work.settings.norm),
        )
        for k in broken
    ]


def _certificates(smoothing: dict[str, Any]) -> list[Part]:
    rows = [
        (f"{row['radius']:.3f}", f"{row['accuracy']:.3f} ± {row['accuracy_error']:.3f}")
        for row in smoothing["rows"]
    ]
    votes = (
        f"Noise {smoothing['sigma']:.4g}, {smoothing['draws']} votes, each certificate wrong with "
        f"probability {smoothing['alpha']:g} at most; {smoothing['abstained']:.1%} abstained. So "
        f"many votes certify {smoothing['farthest']:.3f} at most."
    )
    return [
        Text(votes),
        Table(["radius (l2)", "certified accuracy"], rows),
        Text(SMOOTHING, "note"),
    ]


def _reliability(bins: list[dict[str, Any]]) -> list[Part]:
    """Return a diagram of accuracy by confidence, and its table."""
    confidence = [100 * row["confidence"] for row in bins]
    accuracy = [100 * row["accuracy"] for row in bins]
    errors = [100 * binomial_error(row["accuracy"], row["pictures"]) for row in bins]
    lines = {"this classifier": (accuracy, errors), "calibrated": (confidence, [0.0] * len(bins))}
    figure = curves_figure(confidence, lines, labels=("confidence, %", "accuracy, %"))
    rows = [
        (
            f"{row['low']:.3f} to {row['high']:.3f}",
            str(row["pictures"]),
            f"{row['confidence']:.4f}",
            f"{row['accuracy']:.4f} ± {error / 100:.4f}",
        )
        for row, error in zip(bins, errors, strict=True)
    ]
    return [
        Picture(png(figure), "Accuracy of the clean pictures by the confidence of the classifier."),
        Table(["interval", "pictures", "confidence", "accuracy"], rows),
    ]
