"""Make the built-in model `cifar10-joint` from a training run: weights, card and figures.

export SCORELET_DATA=...
python scripts/publish_joint.py runs/cifar10-joint

Writes src/scorelet/zoo/weights/cifar10-joint.safetensors (float16, with the names of the classes),
cifar10-joint.json beside it (the model card) and docs/results/cifar10-joint.json: accuracy,
likelihood and PSNR by noise level on the test images and on images that were held out. A run that
has not ended can be published; the card says so.
"""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from published_runs import (
    CIFAR10_CLASSES,
    CIFAR10_TERMS,
    arguments,
    cifar10_runs,
    train_command,
)

from scorelet.core.checkpoint import load_tensors
from scorelet.core.files import write_text
from scorelet.models import NetworkJointEnergy
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.experiments import read_config
from scorelet.tasks.journal import digest
from scorelet.zoo import load_as, save

NAME = "cifar10-joint"
ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / f"src/scorelet/zoo/weights/{NAME}.safetensors"
CARD = WEIGHTS.with_suffix(".json")
RESULTS = ROOT / f"docs/results/{NAME}.json"
PICTURES = 1000
"""Of either part, for figures by noise level."""


def main(run: Path, weights: str, place: tuple[str, str]) -> None:
    """Publish the file `weights` of `run`; `place` are its machine and how it started."""
    trained = load_as(NetworkJointEnergy, run / weights, verb="publish")
    trained.network.half()
    trained.classes = CIFAR10_CLASSES
    save(trained, WEIGHTS)
    config = read_config(run / "config.yaml").model_dump(mode="json")
    held = config["data"]["hold_out"]
    document = {
        "model": NAME,
        "sha256": digest(WEIGHTS),
        "command": f"python scripts/{Path(__file__).name} runs/{NAME}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
        "test": measured(None),
        "held_out": measured(held) if held else None,
    }
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    card = describe(run, config, document, place)
    write_text(CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def measured(held: int | None) -> dict[str, Any]:
    """Return the figures of `PICTURES` test images, or of the first that were held out."""
    data = evaluate("cifar10.npz", model=WEIGHTS, hold_out=held, limit=PICTURES)
    keys = ("pictures", "accuracy", "accuracy_error", "negative_log_likelihood")
    found = {key: data[key] for key in (*keys, "calibration_error", "rows")}
    print(json.dumps(found), flush=True)
    return found


def describe(
    run: Path, config: dict[str, Any], document: dict[str, Any], place: tuple[str, str]
) -> dict[str, Any]:
    """Return the model card."""
    trained = load_as(NetworkJointEnergy, WEIGHTS, verb="publish")
    return {
        "name": NAME,
        "summary": "labels and denoises small pictures of ten classes, with one network",
        "architecture": config["model"]["architecture"],
        "options": load_tensors(WEIGHTS)[1]["options"],
        "parameters": sum(p.numel() for p in trained.network.parameters()),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": document["sha256"],
        "input": "colour, values in [0, 1]; pictures of other sizes: the largest central square, "
        "brought to 32x32 without aliasing",
        "data": {
            "train": f"CIFAR-10, without the last {config['data']['hold_out']} training images",
            "test": f"{PICTURES} test images; nothing was chosen on them",
            "terms": CIFAR10_TERMS,
        },
        "command": f"{train_command(NAME, config)}; {document['command']}",
        "runs": cifar10_runs(CARD, run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "date": document["date"],
        "figures": document["test"],
        "limits": "pictures of ten classes at 32x32 pixels; in strong noise the differences "
        "between its classes are larger than what a class is worth; "
        "densities can be compared at one noise level only; "
        "attacks break it, see docs/joint.md",
        "references": "Thiry, Guth 2024, arXiv 2410.03505",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    options = arguments(__doc__)
    main(options.run, options.weights, (options.machine, options.start))
