"""The runs that a model card lists: this one, after those whose weights it started from."""

import json
from pathlib import Path
from typing import Any


def with_earlier(card: Path, config: dict[str, Any], this: dict[str, Any]) -> list[dict[str, Any]]:
    """Return `this` after the runs of the card, if it starts from weights; a seed names a run."""
    earlier = []
    if config["model"]["start_from"] and card.is_file():
        earlier = json.loads(card.read_text(encoding="utf-8"))["runs"]
    return [*(run for run in earlier if run["seed"] != this["seed"]), this]
