"""Make the built-in model `photo` from a finished training run: weights, card and figures.

export SCORELET_DATA=...
python scripts/publish_photo.py runs/photo [--towards EARLIER.safetensors --share 0.1]

Writes src/scorelet/zoo/weights/photo.safetensors (float16, with the calibration of the noise
estimate), photo.json beside it (the model card), docs/results/photo.json (figures on Set12, BSD68
and CBSD68 beside those of BF-CNN) and docs/images/clean.png (the picture of the README). The
weights may be moved by a share towards those that the run began with.
"""

import argparse
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from published_runs import BSD_LEFT_OUT, BSD_TERMS, EARLIER, denoiser_runs, move_towards

from scorelet.analysis.denoising import SIGMAS, noisy_pairs
from scorelet.analysis.noise_level import curve_name
from scorelet.core.checkpoint import load_tensors
from scorelet.core.files import write_text
from scorelet.data import from_unit, load_pictures, locate
from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.tasks.calibrate import calibrate
from scorelet.tasks.denoise import Denoised, denoise, denoise_files
from scorelet.tasks.evaluate import evaluate_pictures
from scorelet.tasks.experiments import read_config
from scorelet.tasks.inference import prepare
from scorelet.tasks.journal import digest
from scorelet.zoo import load, load_as, save

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src/scorelet/zoo/weights/photo.safetensors"
CARD = WEIGHTS.with_suffix(".json")
RESULTS = ROOT / "docs/results/photo.json"
BEFORE, AFTER = ROOT / "examples/noisy.png", ROOT / "docs/images/clean.png"

BF_CNN = {
    ("set12", 1): (32.59, 30.27, 27.16),
    ("bsd68", 1): (31.51, 29.08, 26.19),
    ("cbsd68", 3): (33.85, 31.23, 28.01),
}
"""PSNR of BF-CNN as its authors released it (Mohan et al. 2020), measured with this protocol.

The authors' weights are not part of this repository: these nine figures were measured once."""


def main(run: Path, machine: str, start: str, towards: Path | None, share: float) -> None:
    """Publish the weights of `run`, trained on `machine`, begun from `start`."""
    denoiser = load_as(ResidualDenoiser, run / "weights.safetensors", verb="publish")
    if towards is not None:
        move_towards(denoiser, load(towards), share)
    ready = prepare(denoiser)
    curves = {
        curve_name(channels, bounded=bounded): calibrate(
            ready,
            load_pictures(locate("photos/bsd_val32"), channels=channels),
            bounded=bounded,
        )
        for channels in (1, 3)
        for bounded in (True, False)
    }
    denoiser.network.half()
    denoiser.calibration = curves
    save(denoiser, WEIGHTS)
    published = prepare(load(WEIGHTS))
    rows = [row for key in BF_CNN for row in quality(published, *key)]
    sigma = [
        row
        for key in (("bsd68", 1), ("cbsd68", 3))
        for dtype in ("float32", "uint8")
        for row in noise_levels(*key, dtype)
    ]
    moved = "" if towards is None else f" --towards {EARLIER} --share {share:g}"
    document = {
        "model": "photo",
        "sha256": digest(WEIGHTS),
        "command": f"python scripts/publish_photo.py runs/photo{moved}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
        "rows": rows,
        "noise_level": sigma,
    }
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    write_text(
        CARD, json.dumps(card(run, document, (machine, start)), indent=2, ensure_ascii=False) + "\n"
    )
    for outcome in denoise_files([BEFORE], AFTER, overwrite=True):
        print(outcome.error or outcome.task.target)


def quality(denoiser: Denoiser, name: str, channels: int) -> list[dict]:
    """Return rows of PSNR and SSIM on a test set, beside BF-CNN."""
    pictures = load_pictures(locate(f"photos/{name}"), channels=channels)
    rows = []
    for row, reference in zip(
        evaluate_pictures(denoiser, pictures, sigmas=SIGMAS), BF_CNN[name, channels], strict=True
    ):
        rows.append(
            {
                "set": name,
                "channels": channels,
                "pictures": len(pictures),
                "sigma": row["sigma"],
                "psnr": round(row["psnr"], 3),
                "ssim": round(row["ssim"], 4),
                "bf_cnn": reference,
                "difference": round(row["psnr"] - reference, 3),
            }
        )
        print(rows[-1], flush=True)
    return rows


def noise_levels(name: str, channels: int, dtype: str) -> list[dict]:
    """Return relative errors of the noise level that `denoise` reports.

    uint8: the noisy pictures are cut off and rounded, as files are.
    """
    pictures = load_pictures(locate(f"photos/{name}"), channels=channels)
    rows = []
    for level in (10.0, 15.0, 25.0, 50.0, 75.0):
        errors = []
        for _, noisy in noisy_pairs(pictures, level):
            pixels = from_unit(noisy[0].permute(1, 2, 0).numpy(), dtype)
            result = denoise(pixels)
            assert isinstance(result, Denoised)
            errors.append(result.sigma * 255 / level - 1)
        rows.append(
            {
                "set": name,
                "dtype": dtype,
                "sigma": level,
                "mean_error": round(sum(errors) / len(errors), 4),
                "largest_error": round(max(errors, key=abs), 4),
            }
        )
        print(rows[-1], flush=True)
    return rows


def card(run: Path, document: dict, place: tuple[str, str]) -> dict:
    """Return the model card: what it is, where it comes from, what it can do.

    `place` names the machine and the start of the run.
    """
    config = read_config(run / "config.yaml").model_dump(mode="json")
    parameters = sum(p.numel() for p in load(WEIGHTS).parameters())
    return {
        "name": "photo",
        "summary": "blind denoiser of photographs and drawn pages, colour and gray; white "
        "noise of sigma 0 to 75",
        "architecture": config["model"]["architecture"],
        "options": load_tensors(WEIGHTS)[1]["options"],
        "parameters": parameters,
        "bytes": WEIGHTS.stat().st_size,
        "sha256": document["sha256"],
        "data": {
            "train": "399 of the 400 train and test pictures of BSDS500, as they are and halved by "
            "2x2 means, a quarter of these with channels mixed at random; pages of text, lines, "
            "charts and shapes that a program draws; some of all made gray",
            "left out": BSD_LEFT_OUT,
            "validation and calibration": "32 of the val pictures of BSDS500 that are not in BSD68",
            "terms": BSD_TERMS,
        },
        "command": f"scorelet train photo; {document['command']}",
        "runs": denoiser_runs(CARD, run, config, *place),
        "machine": "see runs; every machine was shared with other work",
        "psnr": {
            f"{row['set']} sigma {row['sigma']:g}": f"{row['psnr']:.2f} (BF-CNN {row['bf_cnn']})"
            for row in document["rows"]
        },
        "limits": "Trained on white Gaussian noise only. Noise that is correlated between pixels, "
        "as after JPEG, demosaicking or resizing, is taken for texture and stays. Halftones and "
        "dithered pictures of two colours are taken for noise, even where they are clean.",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder that scorelet train wrote")
    parser.add_argument("--machine", default=platform.processor(), help="where it was trained")
    parser.add_argument("--start", default="", help="what was done to the weights it began with")
    parser.add_argument("--towards", type=Path, help="weights of another run")
    parser.add_argument("--share", type=float, default=0.1, help="of the way there")
    options = parser.parse_args()
    main(options.run, options.machine, options.start, options.towards, options.share)
