"""Make the built-in model `camera` from a training run: weights and card.

python scripts/publish_camera.py runs/camera --mean-with EARLIER.safetensors

Writes src/scorelet/zoo/weights/camera.safetensors (float16; with `--mean-with`, the mean of the
weights of the run and of another one) and camera.json beside it (the model card). Figures come from
benchmarks/noise_choices.py.
"""

import json
from pathlib import Path

from published_runs import (
    BSD_LEFT_OUT,
    BSD_TERMS,
    denoiser_runs,
    move_towards,
    run_parser,
    train_command,
)

from scorelet.core.checkpoint import load_tensors
from scorelet.core.files import write_text
from scorelet.models import ResidualDenoiser
from scorelet.tasks.experiments import read_config
from scorelet.tasks.journal import digest
from scorelet.zoo import load, load_as, save

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src/scorelet/zoo/weights/camera.safetensors"
CARD = WEIGHTS.with_suffix(".json")


def main(run: Path, weights: str, other: Path | None, place: tuple[str, str]) -> None:
    """Publish the file `weights` of `run`, or its mean with the weights of another run.

    `place` are its machine and how it started.
    """
    denoiser = load_as(ResidualDenoiser, run / weights, verb="publish")
    if other is not None:
        if other.samefile(WEIGHTS):
            raise SystemExit(f"{other} is what is written: give the weights of another run.")
        move_towards(denoiser, load(other), 0.5)
    save(ResidualDenoiser(denoiser.network.half()), WEIGHTS)
    document = card(run, place)
    if other is not None:
        document |= {
            "mean_with": digest(other),
            "command": f"{document['command']} --mean-with {other.name}",
        }
    write_text(CARD, json.dumps(document, indent=2) + "\n")


def card(run: Path, place: tuple[str, str]) -> dict:
    """Return the model card: what it is, where it comes from, what it can do."""
    config = read_config(run / "config.yaml").model_dump(mode="json")
    return {
        "name": "camera",
        "summary": "blind denoiser of pictures of cameras: grain that is developed, smoothed and "
        "stored as JPEG; it mends JPEGs, too",
        "architecture": config["model"]["architecture"],
        "options": load_tensors(WEIGHTS)[1]["options"],
        "parameters": sum(p.numel() for p in load(WEIGHTS).parameters()),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": digest(WEIGHTS),
        "data": {
            "train": "399 of the 400 train and test pictures of BSDS500, halved by 2x2 means, most "
            "of them without their grain (white noise of level 6 was added and taken out by "
            "`photo`), and pages that a program draws, taken by the simulated camera of "
            "scorelet.data.camera; a quarter of the patches has white noise or none. Since run 24 "
            "grain has a slow part, since run 25 half of the pictures or more lose contrast before "
            "the camera",
            "left out": BSD_LEFT_OUT,
            "never trained on": "pictures of real cameras",
            "terms": BSD_TERMS,
        },
        "command": f"{train_command('camera', config)}; python scripts/publish_camera.py {run}",
        "runs": denoiser_runs(CARD, run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "limits": "White noise it removes less well than `photo`. Fine texture that is as weak as "
        "the grain goes with it.",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    parser = run_parser(__doc__)
    parser.add_argument("--mean-with", type=Path, help="weights of another run")
    options = parser.parse_args()
    place = options.machine, options.start
    main(options.run, options.weights, options.mean_with, place)
