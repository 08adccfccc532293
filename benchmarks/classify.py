"""Classifiers: the accuracy of scattering-cifar10, and how fast fixed features are computed.

`features` compares the features that training keeps (pictures of 8 bits in, half precision out)
with the scattering transform alone on floats, in turns, by the seconds that one thread computes:
other work on the machine changes them little.
`cifar10` measures the run of ``scorelet train scattering-cifar10``, in the folder that its
configuration names; where there is none it is trained first, which takes minutes. It needs
``cifar10.npz`` under $SCORELET_DATA.
How fast learned scattering is: `classify_speed.py`.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measure import quartiles
from program import run_parts

from scorelet.data.labelled import LabelledImages, LabelledSamples
from scorelet.networks import ScatteringHead
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.experiments import read_config
from scorelet.tasks.experiments.classify import ClassifyConfig
from scorelet.tasks.experiments.feature_samples import BATCH, FeatureSamples
from scorelet.tasks.train import train
from scorelet.training import read_log

ROUNDS = 7
PICTURES = 1024


def features(*, quick: bool) -> dict[str, Any]:
    """Return pictures a second of the transform alone and of the features that are kept."""
    torch.set_num_threads(1)
    count = 2 * BATCH if quick else PICTURES
    x = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3)).astype(np.uint8)
    images = LabelledImages(x, np.arange(count) % 10, tuple("0123456789"))
    network = ScatteringHead()
    floats = images.images(0, count)

    def alone() -> None:
        with torch.no_grad():
            for part in floats.split(BATCH):
                network.coefficients.scattering(part)

    def kept() -> None:
        FeatureSamples(LabelledSamples(images, length=1, seed=0), network).prepare()

    times: dict[str, list[float]] = {"alone": [], "kept": []}
    for _ in range(3 if quick else 1 + ROUNDS):
        for name, call in (("alone", alone), ("kept", kept)):
            times[name].append(_cpu_seconds(call))
    times = {name: seconds[1:] for name, seconds in times.items()}  # the first compiles
    speeds = {name: quartiles([count / t for t in seconds]) for name, seconds in times.items()}
    pairs = zip(times["alone"], times["kept"], strict=True)
    ratio = quartiles([alone / kept for alone, kept in pairs])
    row = {f"{name}_per_second": round(speed.median, 1) for name, speed in speeds.items()}
    row |= {
        "ratio": round(ratio.median, 3),
        "low": round(ratio.low, 3),
        "high": round(ratio.high, 3),
    }
    return {"rows": [{"pictures": count, "side": 32, "J": 3, **row}]}


def _cpu_seconds(call: Callable[[], None]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def cifar10(*, quick: bool) -> dict[str, Any]:
    """Return accuracy and likelihood on the images that were held out, and on the test images."""
    config = read_config("scattering-cifar10", {"steps": 20} if quick else {})
    weights = Path(config.output) / "weights.safetensors"
    if weights.exists():
        config = read_config(Path(config.output) / "config.yaml")
    else:
        train(config)
    assert isinstance(config, ClassifyConfig)
    hold_out = 1000 if quick else config.data.hold_out
    held, test = (
        evaluate(config.data.source, model=weights, hold_out=count) for count in (hold_out, None)
    )
    seconds = sum(
        line["seconds"] for line in read_log(Path(config.output) / "log.jsonl") if "seconds" in line
    )
    kept = ("accuracy", "accuracy_error", "negative_log_likelihood", "calibration_error")
    run = {"steps": config.steps, "seconds_of_steps": round(seconds)}
    return {
        "rows": [
            {"of": name} | {key: found[key] for key in ("pictures", *kept)} | run
            for name, found in (("held out", held), ("test", test))
        ],
        "classes": {r["class"]: round(r["accuracy"], 4) for r in held["rows"]},
    }


if __name__ == "__main__":
    parts = {"features": features, "cifar10": cifar10}
    sys.exit(run_parts("classifiers", parts, ("torch", "numba", "numpy"), __doc__ or ""))
