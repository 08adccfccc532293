"""Make `cifar10-joint`, or one of its controls, from a training run: weights, card and figures.

export SCORELET_DATA=...
python scripts/publish_joint.py runs/cifar10-joint
python scripts/publish_joint.py runs/cifar10-entropy
python scripts/publish_joint.py runs/cifar10-noisy

The folder has the name of the model. Writes src/scorelet/zoo/weights/NAME.safetensors (float16,
with the names of the classes), NAME.json beside it (the model card) and docs/results/NAME.json:
accuracy, likelihood and, of what denoises, PSNR on the test images and on images that were held
out, by noise level where such were learnt. A run that has not ended can be published; the card
says so.
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
from scorelet.tasks.experiments.joint import JointConfig
from scorelet.tasks.journal import digest
from scorelet.zoo import load_as, save

JOINT = "cifar10-joint"
_BROKEN = "attacks break it, see docs/joint.md"
WORDS = {
    JOINT: (
        "labels and denoises small pictures of ten classes, with one network",
        "in strong noise the differences between its classes are larger than what a class is "
        f"worth; densities can be compared at one noise level only; {_BROKEN}",
    ),
    "cifar10-entropy": (
        f"control of {JOINT}: the same network, which learnt labels of clean pictures only",
        f"a control: it does not denoise, and noise breaks its labels; {_BROKEN}",
    ),
    "cifar10-noisy": (
        f"control of {JOINT}: the same network, which learnt labels of clean and noisy pictures",
        f"a control: it does not denoise; {_BROKEN}",
    ),
}
"""Of each model: what it does, and its limits."""
ROOT = Path(__file__).resolve().parents[1]
PICTURES = 1000
"""Of either part, for figures by noise level."""


def main(run: Path, weights: str, place: tuple[str, str]) -> None:
    """Publish the file `weights` of `run`; `place` are its machine and how it started."""
    name = run.name
    if name not in WORDS:
        raise SystemExit(f"The folder {run} has the name of no model: {', '.join(WORDS)}.")
    path = ROOT / f"src/scorelet/zoo/weights/{name}.safetensors"
    settings = read_config(run / "config.yaml")
    if not isinstance(settings, JointConfig):
        raise SystemExit(f"{run} is no run of the task joint.")
    trained = load_as(NetworkJointEnergy, run / weights, verb="publish")
    trained.network.half()
    trained.classes = CIFAR10_CLASSES
    trained.denoises = settings.denoises
    save(trained, path)
    config = settings.model_dump(mode="json")
    held, levels = config["data"]["hold_out"], settings.noise.clean < 1
    document = {
        "model": name,
        "sha256": digest(path),
        "command": f"python scripts/{Path(__file__).name} runs/{name}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
        "test": measured(path, None, levels=levels),
        "held_out": measured(path, held, levels=levels) if held else None,
    }
    write_text(ROOT / f"docs/results/{name}.json", json.dumps(document, indent=2) + "\n")
    card = describe(path, run, config, document, place)
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def measured(path: Path, held: int | None, *, levels: bool) -> dict[str, Any]:
    """Return the figures of `PICTURES` test images, or of the first that were held out.

    Rows by noise level are those of a network that has learnt noise levels (`levels`).
    """
    data = evaluate("cifar10.npz", model=path, hold_out=held, limit=PICTURES)
    keys = ["pictures", "accuracy", "accuracy_error", "negative_log_likelihood"]
    keys += ["calibration_error", *(["rows"] if levels else [])]
    found = {key: data[key] for key in keys}
    print(json.dumps(found), flush=True)
    return found


def describe(
    path: Path, run: Path, config: dict[str, Any], document: dict[str, Any], place: tuple[str, str]
) -> dict[str, Any]:
    """Return the model card."""
    trained = load_as(NetworkJointEnergy, path, verb="publish")
    summary, limits = WORDS[path.stem]
    return {
        "name": path.stem,
        "summary": summary,
        "architecture": config["model"]["architecture"],
        "options": load_tensors(path)[1]["options"],
        "parameters": sum(p.numel() for p in trained.network.parameters()),
        "bytes": path.stat().st_size,
        "sha256": document["sha256"],
        "input": "colour, values in [0, 1]; pictures of other sizes: the largest central square, "
        "brought to 32x32 without aliasing",
        "data": {
            "train": f"CIFAR-10, without the last {config['data']['hold_out']} training images",
            "test": f"{PICTURES} test images; nothing was chosen on them",
            "terms": CIFAR10_TERMS,
        },
        "command": f"{train_command(JOINT, config)}; {document['command']}",
        "runs": cifar10_runs(path.with_suffix(".json"), run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "date": document["date"],
        "figures": document["test"],
        "limits": f"pictures of ten classes at 32x32 pixels; {limits}",
        "references": "Thiry, Guth 2024, arXiv 2410.03505",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    options = arguments(__doc__)
    main(options.run, options.weights, (options.machine, options.start))
