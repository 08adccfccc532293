"""Make `cifar10-joint`, or one of its controls, from a training run: weights, card and figures.

export SCORELET_DATA=...
python scripts/publish_joint.py runs/cifar10-joint
python scripts/publish_joint.py runs/cifar10-entropy
python scripts/publish_joint.py runs/cifar10-noisy
python scripts/publish_joint.py runs/cifar10-denoiser
python scripts/publish_joint.py runs/third/cifar10-joint --towards OTHER.safetensors --share 0.5

The last publishes weights that are moved by a share towards those that the run began with;
`--label-level` says at which level clean pictures are labelled, if not as in training (see
scripts/joint_label_levels.py). `--before` names the runs before it, for the card, which else keeps
those that it tells of, if the run began with weights. The folder has the name of the model. Writes
src/scorelet/zoo/weights/NAME.safetensors (float16, with the names of the classes), NAME.json beside
it (the model card) and docs/results/NAME.json: of what labels accuracy and likelihood, of what
denoises PSNR, on the test images and on images that were held out, by noise level. A run that has
not ended can be published; the card says so.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from published_runs import (
    CIFAR10_CLASSES,
    CIFAR10_TERMS,
    cifar10_run,
    cifar10_runs,
    document_head,
    move_towards,
    run_parser,
    train_command,
)

from scorelet.analysis.image_quality import decibels
from scorelet.core.checkpoint import load_tensors
from scorelet.core.files import atomic_path, write_text
from scorelet.data.labelled import load_labelled
from scorelet.models import Denoiser, NetworkJointEnergy, ResidualDenoiser
from scorelet.recipes.subjects.classification_denoising.measures import direct
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.experiments import read_config
from scorelet.tasks.experiments.denoise_set import DenoiseSetConfig
from scorelet.tasks.experiments.joint import JointConfig
from scorelet.zoo import load, load_as, save

JOINT, DIRECT = "cifar10-joint", "cifar10-denoiser"
_BROKEN = "attacks break it, see docs/joint.md"
WORDS = {
    JOINT: (
        "labels and denoises small pictures of ten classes, with one network",
        f"densities can be compared at one noise level only, and tell no outliers; {_BROKEN}",
    ),
    "cifar10-entropy": (
        f"control of {JOINT}: the same network, which learnt labels of clean pictures only",
        f"a control: it does not denoise, and noise breaks its labels; {_BROKEN}",
    ),
    "cifar10-noisy": (
        f"control of {JOINT}: the same network, which learnt labels of clean and noisy pictures",
        f"a control: it does not denoise; {_BROKEN}",
    ),
    DIRECT: (
        f"control of {JOINT}: a U-Net of as many weights, which only denoises",
        "a control: photographs want the model photo",
    ),
}
"""Of each model: what it does, and its limits."""
INPUTS = (
    "colour, values in [0, 1]; to be labelled, the largest central square of pictures of other "
    "sizes is brought to 32x32 without aliasing",
    "colour, values in [0, 1]",
)
"""Of what labels, and of what only denoises."""
Config = JointConfig | DenoiseSetConfig
Model = NetworkJointEnergy | ResidualDenoiser
ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src/scorelet/zoo/weights"
DATA = "cifar10.npz"
SIGMAS = (12.75, 25.5, 51.0)
PICTURES = 1000
"""Of either part, for figures by noise level."""


class Changes(NamedTuple):
    """What is changed of a run.

    Attributes:
        towards: earlier weights that those of the run are moved towards.
        share: of the way there.
        label_level: at which clean pictures are labelled; None: as in training.
    """

    towards: Path | None = None
    share: float = 0.5
    label_level: float | None = None

    @property
    def words(self) -> str:
        """How the command ends."""
        moved = f" --towards {OTHER} --share {self.share:g}" if self.towards else ""
        told = "" if self.label_level is None else f" --label-level {self.label_level:g}"
        return moved + told


AS_TRAINED = Changes()
OTHER = "OTHER.safetensors"
"""What commands call the weights that those of a run are moved towards."""


def main(
    run: Path,
    weights: str,
    place: tuple[str, str],
    changes: Changes = AS_TRAINED,
    before: Sequence[Path] = (),
) -> None:
    """Publish the file `weights` of `run`, with changes; `place` are machine and start."""
    name = run.name
    if name not in WORDS:
        raise SystemExit(f"The folder {run} has the name of no model: {', '.join(WORDS)}.")
    path = WEIGHTS / f"{name}.safetensors"
    settings = read_config(run / "config.yaml")
    if not isinstance(settings, DenoiseSetConfig if name == DIRECT else JointConfig):
        raise SystemExit(f"{run} is a run of the task {settings.task}: {name} is of another.")
    if isinstance(settings, JointConfig) and (
        not settings.classifies or settings.denoises != (name == JOINT)
    ):
        learnt = "labels only" if not settings.denoises else "to denoise"
        learnt += "" if settings.classifies else " only"
        raise SystemExit(f"{run} has learnt {learnt}: it is no run of {name}.")
    config = settings.model_dump(mode="json")
    held = config["data"]["hold_out"]
    with TemporaryDirectory() as folder:
        made = Path(folder) / path.name
        save(halved(run / weights, settings, changes), made)
        head = document_head(name, made, __file__)
        document = {
            **head,
            "command": head["command"] + changes.words,
            "test": measured(made, None, settings),
            "held_out": measured(made, held, settings) if held else None,
        }
        told = told_runs(name, run, config, place, before)
        card = describe(made, config, document, told)
        with atomic_path(path) as temporary:
            copyfile(made, temporary)
    write_text(ROOT / f"docs/results/{name}.json", json.dumps(document, indent=2) + "\n")
    write_text(path.with_suffix(".json"), json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def halved(weights: Path, settings: Config, changes: Changes = AS_TRAINED) -> Model:
    """Return what is published of a run: in float16, and of what labels the names of classes."""
    kind = ResidualDenoiser if isinstance(settings, DenoiseSetConfig) else NetworkJointEnergy
    trained = load_as(kind, weights, verb="publish")
    if changes.towards:
        other = load_as(kind, changes.towards, verb="publish")
        if _law(other) != _law(trained):
            raise SystemExit(
                f"{changes.towards} and the run have other networks or laws of pixels."
            )
        move_towards(trained.network, other.network, changes.share)
    trained.network.half()
    if isinstance(trained, ResidualDenoiser):
        return ResidualDenoiser(trained.network)
    trained.classes = CIFAR10_CLASSES
    trained.denoises, trained.most = settings.denoises, settings.noise.most
    if changes.label_level is not None:
        trained.label_level = changes.label_level
    return trained


def _law(model: Model) -> list[Any]:
    """What two models share if the mean of their weights is a model."""
    names = ("head", "mean", "variance", "pixels", "denoises")
    return [model.network.options, *(repr(getattr(model, name, None)) for name in names)]


def measured(path: Path, held: int | None, settings: Config) -> dict[str, Any]:
    """Return the figures of `PICTURES` test images, or of the first that were held out."""
    if isinstance(settings, DenoiseSetConfig):
        found = psnrs(path, held)
    else:
        data = evaluate(DATA, model=path, hold_out=held, limit=PICTURES)
        keys = ["pictures", "accuracy", "accuracy_error", "negative_log_likelihood"]
        keys += ["calibration_error", "rows"]
        found = {key: data[key] for key in keys}
    print(json.dumps(found), flush=True)
    return found


def psnrs(path: Path, held: int | None) -> dict[str, Any]:
    """Return the PSNR of the mean squared error, by noise level in 8-bit units."""
    images = load_labelled(DATA, part="train" if held else "test")
    images = (images.hold_out(held)[1] if held else images).first(PICTURES)
    model = load_as(Denoiser, path, verb="evaluate").eval()
    errors = direct(model, images, [sigma / 255 for sigma in SIGMAS])
    rows = [
        {"sigma": sigma, "psnr": decibels(sum(each) / len(each))}
        for sigma, each in zip(SIGMAS, errors, strict=True)
    ]
    return {"pictures": len(images), "rows": rows}


def shipped(name: str) -> str:
    """Return the configuration of which a model is a run, with other fields."""
    return DIRECT if name == DIRECT else JOINT


def told_runs(
    name: str, run: Path, config: dict[str, Any], place: tuple[str, str], before: Sequence[Path]
) -> list[dict[str, Any]]:
    """Return what the card says of this run and of those before, or those that it tells of."""
    if not before:
        return cifar10_runs(WEIGHTS / f"{name}.json", run, config, *place)
    configs = (read_config(each / "config.yaml").model_dump(mode="json") for each in before)
    earlier = zip(before, configs, strict=True)
    told = [cifar10_run(each, own, place[0], "") for each, own in earlier]
    return [*told, cifar10_run(run, config, *place)]


def describe(
    path: Path, config: dict[str, Any], document: dict[str, Any], runs: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the model card of the weights at `path`."""
    trained = load(path)
    command = train_command(shipped(path.stem), config, f"runs/{path.stem}")
    summary, limits = WORDS[path.stem]
    return {
        "name": path.stem,
        "summary": summary,
        "architecture": config["model"]["architecture"],
        "options": load_tensors(path)[1]["options"],
        "parameters": sum(p.numel() for p in trained.network.parameters()),
        "bytes": path.stat().st_size,
        "sha256": document["sha256"],
        "input": INPUTS[path.stem == DIRECT],
        "data": {
            "train": f"CIFAR-10, without the last {config['data']['hold_out']} training images",
            "test": f"{document['test']['pictures']} test images; what was chosen was chosen on "
            "images held out, the last runs after a first look at these",
            "terms": CIFAR10_TERMS,
        },
        "command": f"{command}; {document['command']}",
        "runs": runs,
        "machine": "see runs; every machine was shared with other work",
        "date": document["date"],
        "figures": document["test"],
        "limits": f"pictures of ten classes at 32x32 pixels; {limits}",
        "references": "Thiry, Guth 2024, arXiv 2410.03505",
        "licence": "research use, see LICENSE-models",
    }


if __name__ == "__main__":
    parser = run_parser(__doc__)
    parser.add_argument("--towards", type=Path, help="weights of an earlier run")
    parser.add_argument("--share", type=float, help="of the way there, 0.5 if not said")
    parser.add_argument("--label-level", type=float, help="at which clean pictures are labelled")
    parser.add_argument("--before", type=Path, nargs="+", default=[], help="runs before it")
    options = parser.parse_args()
    if options.share is not None and not (options.towards and 0 <= options.share <= 1):
        parser.error("--share is a part of the way to --towards, 0 to 1")
    if options.label_level is not None and options.run.name == DIRECT:
        parser.error(f"{DIRECT} labels nothing: leave out --label-level")
    share = 0.5 if options.share is None else options.share
    changes = Changes(options.towards, share, options.label_level)
    place = options.machine, options.start
    main(options.run, options.weights, place, changes, options.before)
