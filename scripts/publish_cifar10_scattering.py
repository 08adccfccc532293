"""Make the built-in model `cifar10-scattering` from a training run: weights, card and figures.

export SCORELET_DATA=...
python scripts/publish_cifar10_scattering.py runs/cifar10-scattering

Writes src/scorelet/zoo/weights/cifar10-scattering.safetensors (matrices in float16, moments in
float32, the names of the classes), cifar10-scattering.json beside it (the model card) and
docs/results/cifar10-scattering.json: figures on the images that were held out and on the test
images, and the curve of the run. A run that has not ended can be published; the card says so.
"""

import json
from pathlib import Path
from typing import Any

from published_runs import (
    CIFAR10_CLASSES,
    CIFAR10_TERMS,
    arguments,
    cifar10_runs,
    document_head,
    train_command,
)

from scorelet.core.files import write_text
from scorelet.models import Classifier
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.experiments import read_config
from scorelet.training import read_log
from scorelet.zoo import load_as, save

NAME = "cifar10-scattering"
ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / f"src/scorelet/zoo/weights/{NAME}.safetensors"
CARD = WEIGHTS.with_suffix(".json")
RESULTS = ROOT / f"docs/results/{NAME}.json"
PUBLISHED = {"width 1/4, real P, 150 epochs": 0.897, "width 1, complex P, 300 epochs": 0.923}
"""Accuracy on the 10,000 test images, of the publications that the card cites."""


def main(run: Path, weights: str, place: tuple[str, str]) -> None:
    """Publish the file `weights` of `run`; `place` are its machine and how it started."""
    trained = load_as(Classifier, run / weights, verb="publish")
    for parameter in trained.network.parameters():
        parameter.data = parameter.data.half()  # moments of channels are too small for it
    save(Classifier(trained.network, CIFAR10_CLASSES, size=trained.size, fit=trained.fit), WEIGHTS)
    config = read_config(run / "config.yaml").model_dump(mode="json")
    held = config["data"]["hold_out"]
    rows = [measured("test"), *([measured("held out", held)] if held else [])]
    document = {
        **document_head(NAME, WEIGHTS, __file__),
        "rows": rows,
        "published": PUBLISHED,
        "curve": curve(run, config),
    }
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    write_text(CARD, json.dumps(card(run, document, config, place), indent=2) + "\n")


def measured(part: str, hold_out: int | None = None) -> dict[str, Any]:
    """Return the figures of one part of CIFAR-10, in the dtype that every machine has."""
    found = evaluate("cifar10.npz", model=WEIGHTS, hold_out=hold_out, dtype="float32")
    kept = ("accuracy", "accuracy_error", "negative_log_likelihood", "calibration_error")
    row = {"part": part, "pictures": found["pictures"], "dtype": found["dtype"]}
    row |= {name: round(found[name], 4) for name in kept}
    row["classes"] = {r["class"]: round(r["accuracy"], 4) for r in found["rows"]}
    print(row, flush=True)
    return row


def curve(run: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return epochs, computing time and accuracy on the images held out, at each validation."""
    images = 50_000 - config["data"]["hold_out"]
    seconds, points = 0.0, []
    for line in read_log(run / "log.jsonl"):
        seconds += line.get("seconds", 0.0)
        if "accuracy" in line:
            epochs = line["step"] * config["batch"] / images
            points.append(
                {
                    "step": line["step"],
                    "epochs": round(epochs, 2),
                    "hours": round(seconds / 3600, 3),
                    "accuracy": round(line["accuracy"], 4),
                    "nll": round(line["nll"], 4),
                }
            )
    return points


def card(
    run: Path, document: dict[str, Any], config: dict[str, Any], place: tuple[str, str]
) -> dict[str, Any]:
    """Return the model card: what it is, where it comes from, what it can do."""
    held, padding = config["data"]["hold_out"], config["data"]["padding"]
    network = load_as(Classifier, WEIGHTS, verb="publish").network
    return {
        "name": NAME,
        "summary": "classifier of pictures of 32x32 into the ten classes of CIFAR-10: wavelets, "
        "moduli, learned matrices across channels",
        "architecture": config["model"]["architecture"],
        "options": network.options,
        "classes": list(CIFAR10_CLASSES),
        "input": "pictures of other sizes: the largest central square, brought to 32x32",
        "parameters": sum(p.numel() for p in network.parameters()),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": document["sha256"],
        "data": {
            "train": f"the first {50_000 - held} training images of CIFAR-10, mirrored and shifted "
            f"by up to {padding} pixels",
            "held out": f"the last {held} training images, with which choices were made",
            "test": "the first 1,000 test images, without loss",
            "terms": CIFAR10_TERMS,
        },
        "command": f"{train_command(NAME, config)}; {document['command']}",
        "runs": cifar10_runs(CARD, run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "accuracy": {
            row["part"]: f"{row['accuracy']:.4f} (standard error {row['accuracy_error']:.4f}, "
            f"{row['pictures']} images)"
            for row in document["rows"]
        },
        "published": {name: f"{value:.3f}" for name, value in PUBLISHED.items()},
        "limits": "It knows ten classes and says one of them whatever it is shown. Pictures that "
        "were enlarged to 32x32, or compressed, are another domain and cost accuracy.",
        "references": [
            "Guth, Zarka, Mallat, Phase Collapse in Neural Networks, ICLR 2022, arXiv 2110.05283",
            "Guth, Menard, Rochette, Mallat, A Rainbow in Deep Network Black Boxes, JMLR 2024",
        ],
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    options = arguments(__doc__)
    main(options.run, options.weights, (options.machine, options.start))
