"""Benchmark of cascades of denoisers: what a sampler costs beside its network calls, and batches.

The networks of the configuration `faces`, 80x80 pixels in three scales, with random weights where
there is no built-in model (time does not depend on them). `overhead`: samples of one scale by
`scorelet.sampling.reverse.draw` beside as many calls of the bare network on a batch of the same
shape. `batches`: 16 samples at once beside one by one. `whole`: 16 samples by `sl.sample`. Seconds
are those of the processor, in one thread; ratios are of calls in turns.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from measure import Row, alternate, first_over_second, quartiles
from program import run_parts
from torch import Tensor

import scorelet as sl
from scorelet.core.random import Noise
from scorelet.models import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.sampling.reverse import Cascade, draw
from scorelet.tasks.sample.cascades import plans_of

PACKAGES = ("scorelet", "torch", "numpy", "numba")
NAME, SIDE, BATCH = "faces", 80, 16


def faces() -> Multiscale[Denoiser]:
    """Return the built-in model."""
    return sl.load(NAME)


def overhead(*, quick: bool) -> dict[str, Any]:
    """Return a row for each scale: the sampler beside bare network calls."""
    model, batch = faces(), 2 if quick else BATCH
    plans = plans_of(model, steps=2 if quick else 16, sampler="ddim")
    rows: list[Row] = []
    low = torch.rand(batch, 1, SIDE >> model.levels, SIDE >> model.levels)
    for number, factor in enumerate((model.coarse, *model.details)):
        assert isinstance(factor, Denoiser)
        side = low.shape[-1] << max(number - 1, 0)
        told = None if number == 0 else torch.rand(batch, 1, side, side)
        like = torch.rand(batch, 1 if number == 0 else 3, side, side)
        calls: dict[str, Callable[[], object]] = {
            "sampler": lambda f=factor, x=like, p=plans[number], c=told: draw(
                f, x, p, Noise(0, range(batch)), cond=c
            ),
            "network": lambda f=factor, x=like, n=plans[number].calls: _bare(f, x, n),
        }
        seconds = _timed(calls, 1 if quick else 7)
        rows.append({"side": side, "calls": plans[number].calls, **first_over_second(seconds)})
    return {"batch": batch, "rows": rows}


def batches(*, quick: bool) -> dict[str, Any]:
    """Return what a sample costs in a batch, and one by one."""
    model, count = faces(), 2 if quick else BATCH
    plans = plans_of(model, steps=2 if quick else 8, sampler="ddim")
    cascade, side = Cascade(model, plans), SIDE >> model.levels

    def drawn(numbers: list[list[int]]) -> None:
        for part in numbers:
            cascade.sample(torch.zeros(len(part), 1, side, side), Noise(0, part))

    together: Callable[[], object] = lambda: drawn([list(range(count))])  # noqa: E731
    alone: Callable[[], object] = lambda: drawn([[k] for k in range(count)])  # noqa: E731
    seconds = _timed({"one by one": alone, "a batch": together}, 1 if quick else 7)
    return {"count": count, "rows": [first_over_second(seconds)]}


def whole(*, quick: bool) -> dict[str, Any]:
    """Return the time of 16 samples with the usual steps."""
    model = faces()
    options = {"n": 2, "steps": 1} if quick else {"n": BATCH}
    seconds = _timed({"samples": lambda: sl.sample(model, **options)}, 1 if quick else 3)
    found = quartiles(seconds["samples"])
    return {"rows": [{**options, "seconds": found.median, "low": found.low, "high": found.high}]}


def _bare(factor: Denoiser, like: Tensor, calls: int) -> None:
    """Call the network of a factor as often as a sampler does."""
    network = factor.network
    assert isinstance(network, torch.nn.Module)
    shown = torch.rand(len(like), like.shape[1] + 1, *like.shape[2:])
    for _ in range(calls):
        network(shown)


def _timed(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    with torch.no_grad():
        return alternate(calls, rounds=rounds, clock=time.process_time)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parts = {"overhead": overhead, "batches": batches, "whole": whole}
    sys.exit(run_parts("sampling", parts, PACKAGES, __doc__ or ""))
