"""Measure `cifar10-joint` beside its controls: labels, denoising, two exact budgets, attacks.

export SCORELET_DATA=...
python scripts/evaluate_joint.py --joint cifar10-joint --entropy cifar10-entropy \\
    --noisy cifar10-noisy --denoiser runs/cifar10-denoiser/weights.safetensors

`--entropy` is the same network trained for labels of clean pictures only, `--noisy` for labels of
clean and noisy ones, `--denoiser` a direct denoiser of its size; what is not given is left out.
Writes docs/results/joint_controls.json, whose tables docs/joint.md shows. Every piece is kept in
`--folder`; the same command goes on after an interruption, also within an attack. The document is
written after each piece, with the tables known by then: attacks come last. `--only` does some
pieces, so that several processes share the work in one folder. `--forecast` says how long what is
left takes, and measures nothing else.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from idle_maps import idle_maps, idle_units

from scorelet.analysis.image_quality import decibels
from scorelet.core.errors import InputError
from scorelet.core.files import write_text
from scorelet.core.memory import keep_large_buffers
from scorelet.data import locate
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.models import Denoiser, NetworkJointEnergy
from scorelet.recipes.claims import Measured
from scorelet.recipes.hits import accuracy, gain, quotient, unpacked
from scorelet.recipes.subjects.classification_denoising import measures
from scorelet.recipes.subjects.classification_denoising.findings import information
from scorelet.recipes.subjects.classification_denoising.networks import JOINT, NOISY, PLAIN
from scorelet.recipes.subjects.classification_denoising.settings import LARGEST, LEAST, Attacks
from scorelet.tasks.journal import digest
from scorelet.tasks.robust import RobustSettings, Target, robustness
from scorelet.tasks.steps import STEPS, Steps, claim_steps
from scorelet.zoo import load_as, locate_weights

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs/results/joint_controls.json"
DATA = "cifar10.npz"
HELD_OUT = 10_000
DIRECT = "denoiser"
LEVELS = (0.0, 0.05, 0.1, 0.2, 0.5)
JPEG = "test as JPEG"
PARTS = {"test": LEVELS, "held-out": (0.0, 0.1, 0.5), JPEG: (0.0,)}
"""Of the pictures, and at which levels they are labelled."""
PSNRS = (5, 10, 15, 20, 25, 30)
"""Of noisy pictures, in dB; and level 0.2."""
GRID = 12
"""Levels at which what the label is worth is added up."""
TOLD = 1000
"""Test pictures that are denoised as of each class."""
BALLS = {"l2": 0.5, "linf": 2 / 255}
ATTACKS = {"apgd": 500, "autoattack": 200}
"""How many pictures each attack is shown."""
CURVES = {"l2": (0.25, 0.5, 1.0), "linf": (1 / 255, 2 / 255, 4 / 255, 8 / 255)}
CURVE_STEPS, CURVE_PICTURES = 20, 500
TOLD_LEVELS = (1 / 255, 0.025, 0.05, 0.1)
"""Levels that the joint network is told of clean pictures, in `levels`."""
STRONGEST = 2 * 900 + 100
"""Gradients of AutoAttack for a picture that withstands; besides it asks 5,000 times."""


class Piece(NamedTuple):
    """A piece of work: its name, what it costs in forward passes at most, and how it is done."""

    name: str
    passes: float
    work: Callable[[], Any]


class Evaluation:
    """All pieces, for the networks that were given.

    Args:
        networks: by name, `JOINT` among them: a path or a built-in name.
        direct: a denoiser of its size, or None.
        folder: of the pieces.
    """

    def __init__(self, networks: dict[str, str], direct: str | None, folder: Path) -> None:
        self.networks = {
            name: load_as(NetworkJointEnergy, where, verb="evaluate").eval().requires_grad_(False)
            for name, where in networks.items()
        }
        self.direct = None if direct is None else load_as(Denoiser, direct, verb="evaluate").eval()
        self.direct_piece, self.idle_piece = (
            "" if direct is None else f"{what}-{_digest(direct)[:12]}"
            for what in ("denoising", "idle")
        )
        self.folder = folder
        self.train, self.held = load_labelled(DATA).hold_out(HELD_OUT)
        self.test = load_labelled(DATA, part="test")
        self.parts = {"test": self.test, "held-out": self.held} | self._compressed()

    def _compressed(self) -> dict[str, LabelledImages]:
        """Return all 10,000 test pictures as JPEG files of quality 75, if the data have them."""
        with np.load(locate(DATA)) as arrays:
            if "x_test_jpeg" not in arrays:
                return {}
            x, y = arrays["x_test_jpeg"], arrays["y_test_jpeg"]
        return {JPEG: LabelledImages(x, y, self.test.classes)}

    @property
    def levels(self) -> list[float]:
        """Noise levels of the table of denoisers."""
        return sorted([0.2, *(10 ** (-psnr / 20) for psnr in PSNRS)])

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces, quick ones first."""
        for name, joint in self.networks.items():
            yield from self._labels(name, joint)
        yield from self._denoising()
        for name in (JOINT, NOISY):
            if name in self.networks:
                each = 3 * CURVE_STEPS * len(BALLS) * len(TOLD_LEVELS)
                work = partial(self._told_levels, self.networks[name])
                yield Piece(f"levels-{_slug(name)}", each * CURVE_PICTURES, work)
        for name, joint in self.networks.items():
            yield from self._curves(name, joint)
        for kind, count in ATTACKS.items():
            for name, joint in self.networks.items():
                for norm, eps in BALLS.items():
                    each = 3 * STRONGEST + 5000 if kind == "autoattack" else 300
                    settings = RobustSettings(norm=norm, eps=(eps,), attacks=(kind,), limit=count)
                    yield self._attack(f"{kind}-{norm}", name, joint, settings, each)

    def _labels(self, name: str, joint: NetworkJointEnergy) -> Iterator[Piece]:
        slug = _slug(name)
        for part, images in self.parts.items():
            work = partial(measures.labelling, joint, images, PARTS[part])
            passes = len(images) * len(PARTS[part])
            yield Piece(f"labels-{_slug(part)}-{slug}", passes, work)

    def _denoising(self) -> Iterator[Piece]:
        joint, levels, some = self.networks[JOINT], self.levels, self.test.first(TOLD)
        each = 3 * len(self.test) * len(levels)
        yield Piece(
            "denoising-joint",
            each,
            partial(measures.direct, joint.denoiser(), self.test, levels),
        )
        work = partial(measures.linear, self.train, self.test, self.levels)
        yield Piece("denoising-linear", 0, work)
        if self.direct is not None:
            work = partial(measures.direct, self.direct, self.test, levels)
            yield Piece(self.direct_piece, each / 3, work)
            work = partial(idle_units, self.direct, self.test.images(0, 200))
            yield Piece(self.idle_piece, 3 * 200, work)
        told = np.geomspace(LEAST, LARGEST, GRID).tolist()
        passes = (1 + 2 * joint.labels) * len(some)
        for name, sigmas in (("classes", LEVELS[1:]), ("information", told)):
            work = partial(measures.denoising, joint, some, sigmas)
            yield Piece(name, passes * len(sigmas), work)
        yield Piece("idle", 3 * 200, lambda: idle_maps(joint, self.test.images(0, 200)))

    def _told_levels(self, joint: NetworkJointEnergy) -> list[dict[str, Any]]:
        """Return hits of clean pictures that are told to be noisy, and what PGD leaves of them."""
        radii = {norm: (eps,) for norm, eps in BALLS.items()}
        attacks = Attacks(CURVE_PICTURES, CURVE_STEPS, 1, radii, BALLS)
        some = self.test.first(CURVE_PICTURES)
        return [
            {"level": level} | measures.robust(joint, some, attacks, 0, level=level)
            for level in TOLD_LEVELS
        ]

    def _curves(self, name: str, joint: NetworkJointEnergy) -> Iterator[Piece]:
        for norm, radii in CURVES.items():
            settings = RobustSettings(
                norm=norm,
                eps=radii,
                attacks=("pgd",),
                limit=CURVE_PICTURES,
                steps=CURVE_STEPS,
                calibration=norm == "l2",
            )
            yield self._attack(f"curve-{norm}", name, joint, settings, 3 * CURVE_STEPS * len(radii))

    def _attack(
        self,
        what: str,
        name: str,
        joint: NetworkJointEnergy,
        settings: RobustSettings,
        each: int,
    ) -> Piece:
        step = f"{what}-{_slug(name)}"

        def work() -> dict[str, Any]:
            report = self.folder / f"{step}.html"
            report.unlink(missing_ok=True)  # of a run that ended between report and piece
            found = robustness(DATA, joint, settings, target=Target(report, resume=True))
            return found.document

        return Piece(step, each * settings.limit, work)


def main(options: argparse.Namespace) -> None:
    """Do what is left, and write what was found."""
    keep_large_buffers()
    given = {JOINT: options.joint, PLAIN: options.entropy, NOISY: options.noisy}
    networks = {name: where for name, where in given.items() if where is not None}
    files = {name: _digest(where) for name, where in networks.items()}
    run = {"subject": "joint controls", "seed": 0, "settings": files | _measures()}
    if options.denoiser is not None:
        files[DIRECT] = _digest(options.denoiser)
    evaluation = Evaluation(networks, options.denoiser, options.folder)
    if not any(piece.name.startswith(options.only) for piece in evaluation.pieces()):
        raise InputError(f"--only {' '.join(options.only)} names no piece: see --forecast.")
    if options.forecast:
        forecast(evaluation, options.folder / STEPS, options.only)
        return
    kept = claim_steps(
        options.folder, run, [], resume=not options.overwrite, overwrite=options.overwrite
    )
    head = {
        "command": _command(networks, options.denoiser),
        "sha256": files,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
    }
    steps = Steps(kept, on_step=_say)
    for piece in evaluation.pieces():
        if piece.name.startswith(options.only):
            steps(piece.name, piece.work)
            write_text(RESULTS, json.dumps(head | gathered(evaluation, kept), indent=1) + "\n")


def _measures() -> dict[str, Any]:
    """Return what is measured: pieces are kept by number, and another run's have other levels."""
    return {
        "data": digest(locate(DATA)),
        "held_out": HELD_OUT,
        "parts": PARTS,
        "psnrs": PSNRS,
        "levels": [LEVELS, TOLD_LEVELS],
        "grid": [LEAST, LARGEST, GRID],
        "told": TOLD,
        "attacks": [BALLS, ATTACKS],
        "curves": [CURVES, CURVE_STEPS, CURVE_PICTURES],
    }


def gathered(evaluation: Evaluation, kept: Path) -> dict[str, Any]:
    """Return the tables of what is done by now, by this process or another."""
    steps = Steps(kept)
    done = [piece for piece in evaluation.pieces() if _done(piece, kept)]
    return tables(evaluation, {piece.name: steps(piece.name, piece.work) for piece in done})


def forecast(evaluation: Evaluation, kept: Path, only: tuple[str, ...]) -> None:
    """Print how long each piece takes at most, by the time of a forward pass here and now."""
    joint = evaluation.networks[JOINT]
    x = evaluation.test.images(0, 50)
    with torch.no_grad():
        joint.class_logits(x)
        start = time.perf_counter()
        joint.class_logits(x)
    seconds = (time.perf_counter() - start) / len(x)
    whole = 0.0
    for piece in evaluation.pieces():
        if not piece.name.startswith(only):
            continue
        done = _done(piece, kept)
        minutes = 0 if done else piece.passes * seconds / 60
        whole += minutes
        print(f"{piece.name:40} {'done' if done else f'{minutes:8.1f} min at most'}")
    print(f"{'all':40} {whole:8.1f} min at most; attacks end early on pictures that break")


def tables(evaluation: Evaluation, found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of the document, from the pieces that are done."""
    names = list(evaluation.networks)
    rows = {
        "labels": [row for name in names for row in _label_rows(evaluation, name, found)],
        "levels": [row for name in names for row in _level_rows(name, found)],
        "denoising": _denoising_rows(evaluation, found),
        "budget": _budget_rows(found, evaluation.test),
        "attacks": [row for name in names for row in _attack_rows(evaluation, name, found)],
        "gains": [row for name in names if name != JOINT for row in _gain_rows(name, found)],
        "idle": _idle_rows(evaluation, found),
    }
    return {title: table for title, table in rows.items() if table}


def _label_rows(evaluation: Evaluation, name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    clean = evaluation.networks[name].clean_level
    for part, levels in PARTS.items():
        record = found.get(f"labels-{_slug(part)}-{_slug(name)}")
        for k, sigma in enumerate(levels if record else ()):
            hits = accuracy(unpacked(record["hits"][k])[None])
            rows.append(
                {
                    "network": name,
                    "part": part,
                    "pictures": len(unpacked(record["hits"][k])),
                    "sigma": sigma,
                    "told": round(sigma or clean, 4),
                    **_with_error("accuracy", hits),
                    "nll": round(record["nll"][k], 4),
                    "calibration": round(record["calibration"][k], 4),
                }
            )
    return rows


def _level_rows(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """By level that is told of clean pictures, and attack."""
    rows = []
    for record in found.get(f"levels-{_slug(name)}", ()):
        hits = {"clean": record["clean"]} | {norm: record[norm][0] for norm in BALLS}
        rows += [
            {
                "network": name,
                "told": round(record["level"], 4),
                "norm": norm,
                "eps": round(BALLS.get(norm, 0.0), 5),
                **_with_error("accuracy", accuracy(unpacked(packed)[None])),
            }
            for norm, packed in hits.items()
        ]
    return rows


def _idle_rows(evaluation: Evaluation, found: dict[str, Any]) -> list[dict[str, Any]]:
    pieces = {JOINT: "idle", DIRECT: evaluation.idle_piece}
    return [
        {"network": name} | row for name, piece in pieces.items() for row in found.get(piece, ())
    ]


def _denoising_rows(evaluation: Evaluation, found: dict[str, Any]) -> list[dict[str, Any]]:
    ways = {"joint": "denoising-joint", "linear": "denoising-linear"}
    ways["direct"] = evaluation.direct_piece
    known = {way: found[piece] for way, piece in ways.items() if piece in found}
    if not known:
        return []
    return [
        {
            "sigma": round(sigma, 4),
            "noisy": round(-20 * math.log10(sigma), 2),
            **{
                title: round(decibels(float(np.mean(errors[k]))), 3)
                for title, errors in known.items()
            },
        }
        for k, sigma in enumerate(evaluation.levels)
    ]


def _budget_rows(found: dict[str, Any], images: LabelledImages) -> list[dict[str, Any]]:
    """By level E |x - D_u|² - |x - D_c|² over E Σ p |D_c - D_u|²; then the sum over levels."""
    numbers = images.channels * images.size[0] * images.size[1]
    record, rows = found.get("classes"), []
    for k, sigma in enumerate(LEVELS[1:] if record else ()):
        all_, own, apart = (
            numbers * torch.tensor(record[key][k], dtype=torch.float64)[None]
            for key in ("marginal", "conditional", "apart")
        )
        rows.append(
            {
                "what": f"worth of the class over distance of denoisers, level {sigma:g}",
                "worth": float((all_ - own).mean()),
                "apart": float(apart.mean()),
                **_with_error("ratio", quotient(all_ - own, apart), digits=3),
            }
        )
    if "information" not in found:
        return rows
    grid = np.geomspace(LEAST, LARGEST, GRID).tolist()
    summed = information([found["information"]], grid, numbers)
    told = summed["information of labels"]
    ratio = summed["information ratio"]
    return [
        *rows,
        {
            "what": "information on the class (nats): by denoisers over by labels",
            "worth": ratio.value * told.value,
            "apart": told.value,
            **_with_error("ratio", ratio, digits=3),
        },
    ]


def _attack_rows(evaluation: Evaluation, name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    told = round(evaluation.networks[name].clean_level, 4)
    for what in [f"curve-{norm}" for norm in CURVES] + [f"{a}-{n}" for a in ATTACKS for n in BALLS]:
        document = found.get(f"{what}-{_slug(name)}", {"rows": []})
        rows += [
            {
                "network": name,
                "told": told,
                "norm": document["norm"],
                "attack": row["attack"],
                "eps": round(row["eps"], 5),
                "pictures": document["pictures"],
                "accuracy": round(100 * row["accuracy"], 2),
                "accuracy_error": round(100 * row["accuracy_error"], 2),
            }
            for row in document["rows"]
        ]
    return rows


def _gain_rows(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """What the joint network gains on a control, in points: the same pictures."""
    rows = []
    for part, levels in PARTS.items():
        pair = [found.get(f"labels-{_slug(part)}-{_slug(each)}") for each in (JOINT, name)]
        for k, sigma in enumerate(levels if all(pair) else ()):
            hits = [unpacked(each["hits"][k])[None] for each in pair]
            rows.append(
                {
                    "over": name,
                    "part": part,
                    "sigma": sigma,
                    **_with_error("gain", gain(*hits)),
                }
            )
    return rows


def _with_error(name: str, found: Measured, *, digits: int = 2) -> dict[str, float | None]:
    error = None if found.error is None else round(found.error, digits)
    value = round(found.value, digits) if math.isfinite(found.value) else None
    return {name: value, f"{name}_error": error}


def _command(networks: dict[str, str], direct: str | None) -> str:
    flags = {JOINT: "joint", PLAIN: "entropy", NOISY: "noisy"}
    words = [f"--{flags[name]} {where}" for name, where in networks.items()]
    if direct is not None:
        words.append(f"--denoiser {direct}")
    return f"python scripts/{Path(__file__).name} {' '.join(words)}"


def _digest(where: str) -> str:
    return digest(locate_weights(where))


def _done(piece: Piece, kept: Path) -> bool:
    return (kept / f"{piece.name}.json").exists()


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def _say(name: str, *, seconds: float, kept: bool) -> None:
    print(f"{name}: {'kept' if kept else f'{seconds:.0f} s'}", flush=True)


def arguments() -> argparse.Namespace:
    """Return networks, folder and what to do, from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--joint", default="cifar10-joint", help="name or file of weights")
    parser.add_argument("--entropy", help="trained for labels of clean pictures")
    parser.add_argument("--noisy", help="trained for labels of clean and noisy pictures")
    parser.add_argument("--denoiser", help="a direct denoiser of its size")
    parser.add_argument("--folder", type=Path, default=Path("runs/joint-controls"))
    parser.add_argument(
        "--only", nargs="+", default=[""], help="do pieces whose names begin with one of these"
    )
    parser.add_argument("--overwrite", action="store_true", help="begin anew")
    parser.add_argument("--forecast", action="store_true", help="only say how long it takes")
    options = parser.parse_args()
    options.only = tuple(options.only)
    if options.overwrite and (options.forecast or options.only != ("",)):
        parser.error("--overwrite removes all that is done: give it without --only, --forecast.")
    return options


if __name__ == "__main__":
    main(arguments())
