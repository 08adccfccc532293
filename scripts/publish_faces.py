"""Make the built-in model `faces` from training runs: weights, card, figures and a grid.

export SCORELET_DATA=...                         # faces80.npz below it
python scripts/publish_faces.py runs/faces --restraint 0.01,0,0
python scripts/publish_faces.py runs/low runs/details --restraint 0.01,0,0 --spread 0,0.2,0

Of several runs, each gives the scales that it learnt; with `share: 0` a scale does not learn.

The restraint and the churn of each scale (see `ReversePlan`) and its spread (see `Cascade`) were
chosen by scripts/faces_restraint.py.
Writes src/scorelet/zoo/weights/faces.safetensors (networks in float16), faces.json beside it (the
model card), docs/results/faces.json (samples beside test faces, and halves of these as the floor)
and docs/images/faces.png, a grid of 64 samples that were not chosen.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import torch
from published_runs import run_parser, run_record, train_command
from torch import Tensor

from scorelet.analysis.memorization.similarity import directions, nearest
from scorelet.analysis.sample_quality import (
    band_powers,
    kernel_distance,
    octave_ratios,
    scattering_features,
    split_distances,
)
from scorelet.core.files import write_text
from scorelet.data import locate
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.experiments import read_config
from scorelet.tasks.info import machine, package_versions
from scorelet.tasks.journal import digest
from scorelet.tasks.sample import sample
from scorelet.training.multiscale import factor_names
from scorelet.zoo import load_as, save

NAME, GRID = "faces", 64
ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / f"src/scorelet/zoo/weights/{NAME}.safetensors"
CARD = WEIGHTS.with_suffix(".json")
RESULTS = ROOT / f"docs/results/{NAME}.json"
PICTURE = ROOT / f"docs/images/{NAME}.png"
SAMPLES, SEED, SPLITS = 1000, 0, 40
MIRRORED = "nearest training face or mirror image"
"""The networks learn from both."""


def main(folders: list[Path], weights: str, place: tuple[str, str], how: dict[str, str]) -> None:
    """Publish the files `weights` of the folders; `place` are machine and how they started.

    `how` samples are drawn: restraint, churn and spread, see `sampling`.
    """
    configs = [read_config(run / "config.yaml").model_dump(mode="json") for run in folders]
    trained = joined([run / weights for run in folders], configs)
    for factor in trained.factors:
        factor.network.half()
    trained.record |= sampling(**how)
    save(trained, WEIGHTS)
    sample(WEIGHTS, n=GRID, seed=SEED).save(PICTURE, overwrite=True)
    arrays = np.load(locate("faces80.npz"))
    train = as_images(np.concatenate([arrays["a"], arrays["b"]]))
    drawn = sample(WEIGHTS, n=SAMPLES, seed=SEED + 1)
    samples = torch.from_numpy(drawn.images).clamp(0, 1)
    names = " ".join(f"runs/{run.name}" for run in folders)
    document = {
        "model": NAME,
        "sha256": digest(WEIGHTS),
        "command": f"python scripts/{Path(__file__).name} {names} "
        + " ".join(f"--{name} {quote(words)}" for name, words in how.items())
        + f" --machine {quote(place[0])}",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": package_versions(),
        "sampling": {k: drawn.document[k] for k in ("sampler", "steps", "calls", "seconds")},
        **measured(samples, as_images(arrays["test"]), train),
    }
    write_text(RESULTS, json.dumps(document, indent=2) + "\n")
    history = json.loads(CARD.read_text(encoding="utf-8"))["runs"] if CARD.is_file() else []
    for run, config in zip(folders, configs, strict=True):
        history = with_run(history, run_record(run, config, *place), config)
    write_text(CARD, json.dumps(card(document, folders, configs, history), indent=2) + "\n")


def sampling(restraint: str, churn: str = "", spread: str = "") -> dict[str, Any]:
    """Return what a record says of drawing, each a list over the scales, coarse to fine.

    Args:
        restraint, spread: numbers, as 0.01,0,0; none: 0.
        churn: shares and their largest levels, as 1:2,0:1,0:1; none: no churn.
    """
    return {
        "restraint": [float(word) for word in restraint.split(",") if word],
        "churn": [[float(n) for n in word.split(":")] for word in churn.split(",") if word],
        "spread": [float(word) for word in spread.split(",") if word],
    }


def joined(files: list[Path], configs: list[dict[str, Any]]) -> Multiscale:
    """Return the model of the first file, with the scales that runs of the others learnt."""
    whole, *others = (load_as(Multiscale, file, verb="publish") for file in files)
    factors, record = list(whole.factors), whole.record
    for other, config in zip(others, configs[1:], strict=True):
        for number, part in enumerate(scales(config)):
            if part["share"]:
                factors[number] = other.factors[number]
                record["sigma"][number] = other.record["sigma"][number]
    low, *details = factors
    return Multiscale(
        whole.transform, low, details, normalization=whole.normalization, record=record
    )


def scales(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a configuration says of each scale, coarse to fine."""
    return [config["low"], *config["details"]]


def with_run(
    history: list[dict[str, Any]], this: dict[str, Any], config: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the runs that are in the model: a scale that began anew has no earlier one."""
    parts = scales(config)
    names = factor_names(len(parts))
    learnt = [name for name, part in zip(names, parts, strict=True) if part["share"]]
    started = {name for name, part in zip(names, parts, strict=True) if part["start_from"]}
    anew = set(learnt) - started
    left = [
        run | {"learnt": [name for name in run.get("learnt", names) if name not in anew]}
        for run in history
    ]
    kept = [run for run in left if run["learnt"]]
    return [*kept, this | {"learnt": learnt}]


def as_images(pixels: np.ndarray) -> Tensor:
    """Return bytes (n, height, width) as images in [0, 1]."""
    return torch.from_numpy(pixels.astype(np.float32) / 255)[:, None]


def measured(samples: Tensor, test: Tensor, train: Tensor) -> dict[str, Any]:
    """Return figures of samples, with those of test faces or of their halves as the floor."""
    odd, even = test[::2], test[1::2]
    features = {n: scattering_features(x) for n, x in (("samples", samples), ("test", test))}
    own = kernel_distance(features["test"][::2], features["test"][1::2])
    half = kernel_distance(features["test"], features["samples"])
    near, real = (nearest(x, train, mirrored=True).cosine for x in (samples, test))
    spectrum = zip(octave_ratios(test, samples), octave_ratios(odd, even), strict=True)
    return {
        "samples": len(samples),
        "test_faces": len(test),
        "octaves": [
            {"cycles": 2**k, "samples": round(float(a), 3), "halves": round(float(b), 3)}
            for k, (a, b) in enumerate(spectrum)
        ],
        "rows": [
            row("kernel distance on scattering coefficients", half, own),
            row(f"{MIRRORED}, mean cosine", float(near.mean()), float(real.mean())),
            row(f"{MIRRORED}, largest cosine", float(near.max()), float(real.max())),
            row("pairs, mean cosine", *(pairs(x)[0] for x in (samples, test))),
            row("pairs, largest cosine", *(pairs(x)[1] for x in (samples, test))),
            row("brightness, mean", float(samples.mean()), float(test.mean())),
            row("contrast of a face, mean", *(contrast(x) for x in (samples, test))),
            row("log power beyond 16 cycles, spread", *(sharpness(x) for x in (samples, test))),
        ],
        "distances": distances(features["samples"], features["test"]),
    }


def distances(samples: Tensor, faces: Tensor) -> list[dict[str, Any]]:
    """Return kernel distances of as many samples, and of as many faces, to other faces.

    Halves of the faces and as many samples are drawn anew `SPLITS` times; with fewer samples the
    halves are as small. Spreads are standard deviations over the splits.

    Args:
        samples, faces: features, see `scattering_features`.
    """
    rows = []
    both = split_distances(faces, samples, splits=SPLITS, seed=SEED)
    for name, found in zip(("no bias", "biased"), both, strict=True):
        figures = {key: round(value, 4) for key, value in asdict(found).items()}
        rows.append({"estimate": name, "splits": SPLITS, **figures})
    rows[-1]["times_halves"] = round(rows[-1]["samples"] / rows[-1]["halves"], 2)
    return rows


def row(name: str, samples: float, faces: float) -> dict[str, Any]:
    """Return a figure of samples beside that of test faces."""
    return {"measure": name, "samples": round(samples, 4), "faces": round(faces, 4)}


def pairs(x: Tensor) -> tuple[float, float]:
    """Return the mean and the largest cosine of two of a set, means removed."""
    rows = directions(x)
    cosines = (rows @ rows.mT).flatten()[1:].view(len(x) - 1, len(x) + 1)[:, :-1]
    return float(cosines.mean()), float(cosines.max())


def contrast(x: Tensor) -> float:
    """Return the mean standard deviation of a picture."""
    return float(x.std((1, 2, 3)).mean())


def sharpness(x: Tensor) -> float:
    """Return the standard deviation of log P over pictures, P the power beyond 16 cycles a side."""
    return float(band_powers(x, [16, x.shape[-1]]).log().std())


def card(
    document: dict[str, Any],
    folders: list[Path],
    configs: list[dict[str, Any]],
    history: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the model card: what it is, where it comes from, what it can do."""
    model = load_as(Multiscale, WEIGHTS, verb="publish")
    commands = [
        train_command(NAME, config, f"runs/{run.name}")
        for run, config in zip(folders, configs, strict=True)
    ]
    return {
        "name": NAME,
        "summary": "gray faces of 80x80 pixels, coarse to fine; scorelet sample -n 16 -o grid.png",
        "parameters": sum(p.numel() for p in model.parameters()),
        "bytes": WEIGHTS.stat().st_size,
        "sha256": document["sha256"],
        "data": {
            "train": "9,500 of 10,000 gray photographs of faces, 80x80, mirrored at random; 500 "
            "held out. Reduced from the images of github.com/muxspace/facial_expressions, whose "
            "content is that of Labeled Faces in the Wild (Huang et al. 2007), it seems",
            "test": "1,000 of other persons",
            "terms": "Apache-2.0 as the source states; rights in the photographs are not "
            "addressed there. Real persons are in the data: do not use samples to pass for anybody",
        },
        "command": "; ".join([*commands, document["command"]]),
        "runs": history,
        "machine": document["machine"],
        "samples": figures(document),
        "limits": "Public figures, roughly centred; few old faces, few children. Made to study "
        "generation, of no use to recognise anybody.",
        "references": [
            "Kadkhodaie, Guth, Mallat, Simoncelli, ICLR 2023, arXiv 2303.02984",
            "Guth, Coste, De Bortoli, Mallat, NeurIPS 2022, arXiv 2208.05003",
        ],
        "licence": "research use, see LICENSE-models",
    }


def figures(document: dict[str, Any]) -> dict[str, str]:
    """Return what a card says of samples."""
    octaves = [row["samples"] for row in document["octaves"]]
    return {
        "number": f"{document['samples']}",
        "power over that of test faces, by octave": f"{min(octaves)} to {max(octaves)}",
        **{r["measure"]: f"{r['samples']} (faces {r['faces']})" for r in document["rows"]},
    }


if __name__ == "__main__":
    parser = run_parser(__doc__)
    parser.add_argument("others", type=Path, nargs="*", help="runs that learnt other scales")
    parser.add_argument("--restraint", default="0,0,0", help="of each scale, coarse to fine")
    parser.add_argument("--churn", default="", help="share and largest level, as 1:2,0:1,0:1")
    parser.add_argument("--spread", default="", help="of each scale, as 0,0.2,0")
    words = parser.parse_args()
    main(
        [words.run, *words.others],
        words.weights,
        (words.machine, words.start),
        {name: getattr(words, name) for name in ("restraint", "churn", "spread")},
    )
