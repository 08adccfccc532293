"""Make the built-in model `grain` from a training run: weights, card and a picture.

export SCORELET_DATA=...                       # photos/camera_noisy and photos/camera_mean below it
python scripts/publish_grain.py runs/grain

Writes src/scorelet/zoo/weights/grain.safetensors (float16), grain.json beside it (the model card)
and docs/images/camera.png: ten crops of camera pictures, every fourth of the set, as they are,
denoised as if their noise were white, denoised, and the mean of many shots. Figures come from
benchmarks/noise_choices.py.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from published_runs import BSD_LEFT_OUT, BSD_TERMS, arguments, denoiser_runs, train_command

from scorelet.core.checkpoint import load_tensors
from scorelet.core.files import write_text
from scorelet.data import locate
from scorelet.models import LevelMapDenoiser
from scorelet.tasks.denoise import Denoised, denoise
from scorelet.tasks.experiments import read_config
from scorelet.tasks.journal import digest
from scorelet.zoo import load_as, save

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src/scorelet/zoo/weights/grain.safetensors"
CARD = WEIGHTS.with_suffix(".json")
PICTURE = ROOT / "docs/images/camera.png"
CROPS, EVERY, SIDE = 10, 4, 128


def main(run: Path, weights: str, place: tuple[str, str]) -> None:
    """Publish the file `weights` of `run`; `place` are its machine and how it started."""
    denoiser = load_as(LevelMapDenoiser, run / weights, verb="publish")
    denoiser.network.half()
    save(denoiser, WEIGHTS)
    write_text(CARD, json.dumps(card(run, denoiser, place), indent=2) + "\n")
    Image.fromarray(sheet()).save(PICTURE, optimize=True)


def sheet() -> np.ndarray:
    """Return four rows of crops at 100 %: taken, by `photo`, denoised, mean of many shots."""
    paths = sorted(locate("photos/camera_noisy").glob("*.jpg"))[::EVERY][:CROPS]
    columns = []
    for path in paths:
        mean = Image.open(locate("photos/camera_mean") / path.name)
        done = [_denoised(path, noise) for noise in ("white", "camera")]
        parts = [np.asarray(Image.open(path)), *done, np.asarray(mean)]
        top, left = ((n - SIDE) // 2 for n in parts[0].shape[:2])
        columns.append(np.concatenate([p[top : top + SIDE, left : left + SIDE] for p in parts]))
    return np.concatenate(columns, 1)


def _denoised(path: Path, noise: str) -> np.ndarray:
    out = denoise(path, noise=noise)
    assert isinstance(out, Denoised)
    return np.asarray(out.image)


def card(run: Path, denoiser: LevelMapDenoiser, place: tuple[str, str]) -> dict:
    """Return the model card: what it is, where it comes from, what it can do."""
    config = read_config(run / "config.yaml").model_dump(mode="json")
    return {
        "name": "grain",
        "summary": "denoiser of noise that neighbours share, told its strength: what white noise "
        "of that level drowns",
        "architecture": config["model"]["architecture"],
        "options": load_tensors(WEIGHTS)[1]["options"],
        "parameters": sum(p.numel() for p in denoiser.parameters()),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": digest(WEIGHTS),
        "data": {
            "train": "what `photo` makes, after white noise is added, of 399 of the 400 train and "
            "test pictures of BSDS500 and of pages that a program draws: as they are, with white "
            "noise, and taken by the simulated camera of scorelet.data.camera",
            "left out": BSD_LEFT_OUT,
            "never trained on": "pictures of real cameras",
            "terms": BSD_TERMS,
        },
        "command": f"{train_command('grain', config)}; python scripts/publish_grain.py {run}",
        "runs": denoiser_runs(CARD, run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "limits": "It has to be told how strong the noise is. Texture that is weaker than that "
        "goes with it. White noise it removes less well than `photo`.",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    options = arguments(__doc__)
    main(options.run, options.weights, (options.machine, options.start))
