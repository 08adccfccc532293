"""What the scripts that publish models share: arguments, runs of a card, words on CIFAR-10."""

import argparse
import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from torch import nn

from scorelet.tasks.experiments import read_config
from scorelet.tasks.journal import digest
from scorelet.training import read_log

CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CIFAR10_TERMS = (
    "CIFAR-10 (Krizhevsky 2009) is a part of the Tiny Images, collected from the web; it is used "
    "for research, its authors state no licence"
)

EARLIER = "EARLIER.safetensors"
"""What commands of cards call a file of weights of an earlier run."""

BSD_LEFT_OUT = "12003.jpg (bsd400/019.png), of which Set12's starfish is a crop"
BSD_TERMS = "Berkeley asks to cite Arbelaez et al. 2011; non-commercial research and education"


def with_earlier(card: Path, config: dict[str, Any], this: dict[str, Any]) -> list[dict[str, Any]]:
    """Return `this` after the runs of the card, if it starts from weights; a seed names a run."""
    earlier = []
    if config["model"]["start_from"] and card.is_file():
        earlier = json.loads(card.read_text(encoding="utf-8"))["runs"]
    return [*(run for run in earlier if run["seed"] != this["seed"]), this]


def train_command(name: str, config: dict[str, Any], output: str | None = None) -> str:
    """Return what trains so: the shipped configuration, with the fields that differ.

    The folder is `output`; None: that of the shipped configuration, wherever this run was. A file
    of weights that it began with is called `EARLIER`, wherever it was.
    """
    shipped = read_config(name).model_dump(mode="json")
    usual = flat(shipped)
    this = flat(_nowhere(config) | {"output": output or shipped["output"]})
    if lacking := usual.keys() - this.keys():
        raise SystemExit(f"The run lacks what {name} has: {', '.join(sorted(lacking))}.")
    new = object()
    changed = {field: value for field, value in this.items() if value != usual.get(field, new)}
    options = (f" --cfg.{field} {quote(json.dumps(value))}" for field, value in changed.items())
    return f"scorelet train {name}" + "".join(options)


def _nowhere(tree: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    """Return a configuration whose files of earlier weights have no place."""
    if isinstance(tree, list):
        return [_nowhere(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        name: EARLIER
        if name == "start_from" and str(value).endswith(".safetensors")
        else _nowhere(value)
        for name, value in tree.items()
    }


def document_head(name: str, weights: Path, script: str) -> dict[str, Any]:
    """Return what a document of figures begins with: of which weights, how and when."""
    return {
        "model": name,
        "sha256": digest(weights),
        "command": f"python scripts/{Path(script).name} runs/{name}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"scorelet": version("scorelet"), "torch": torch.__version__},
    }


def flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Return the fields of a configuration by their dotted names."""
    fields: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            fields |= flat(value, f"{above}{name}.")
        else:
            fields[f"{above}{name}"] = value
    return fields


def run_record(run: Path, config: dict[str, Any], machine: str, start: str) -> dict[str, Any]:
    """Return what every card says of a run; its steps are those of the last weights saved."""
    lines = [line for line in read_log(run / "log.jsonl") if "seconds" in line]
    steps, every = lines[-1]["step"], config["save_every"]
    return {
        "seed": config["seed"],
        **({"start": start} if start else {}),
        "steps": steps if steps == config["steps"] else steps // every * every,
        "of": config["steps"],
        "batch": config["batch"],
        "hours": round(sum(line["seconds"] for line in lines) / 3600, 2),
        "machine": machine,
    }


def cifar10_runs(
    card: Path, run: Path, config: dict[str, Any], machine: str, start: str
) -> list[dict[str, Any]]:
    """Return this run and those before it, if it started from their weights; seeds tell apart."""
    return with_earlier(card, config, cifar10_run(run, config, machine, start))


def cifar10_run(run: Path, config: dict[str, Any], machine: str, start: str) -> dict[str, Any]:
    """Return what a card says of one run."""
    this = run_record(run, config, machine, start)
    seen = this["steps"] * this["batch"]
    return this | {"epochs": round(seen / (50_000 - config["data"]["hold_out"]), 1)}


def denoiser_runs(
    card: Path, run: Path, config: dict[str, Any], machine: str, start: str
) -> list[dict[str, Any]]:
    """Return this run and those before it, if it started from their weights; seeds tell apart."""
    this = run_record(run, config, machine, start) | {
        "patch": config["data"]["patch"],
        "gray": config["data"]["gray"],
        "matrix_rate": config["optimizer"]["matrix_rate"],
        "sigma_weight": config["sigma_weight"],
        **({"evenness": config["evenness"]} if config.get("evenness") else {}),
    }
    return with_earlier(card, config, this)


def move_towards(network: nn.Module, other: nn.Module, share: float) -> None:
    """Move the parameters of a network so far towards those of another: 1 is all the way."""
    with torch.no_grad():
        for mine, its in zip(network.parameters(), other.parameters(), strict=True):
            mine.lerp_(its.to(mine.dtype), share)


def arguments(description: str | None) -> argparse.Namespace:
    """Return run, weights, machine and start, from the command line."""
    return run_parser(description).parse_args()


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of run, weights, machine and start."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder that scorelet train wrote")
    parser.add_argument("--weights", default="weights.safetensors", help="which file of the run")
    parser.add_argument("--machine", default=platform.processor(), help="where it was trained")
    parser.add_argument("--start", default="", help="how it began, if not as the command does")
    return parser
