"""Samplers beside their bare network calls, in batches, and beside other programs.

Of the built-in model `faces`, 80x80 pixels in three scales. `overhead`: samples of a scale by
`scorelet.sampling.reverse.draw` in 8 steps (DDIM, which draws noise once, and small ancestral
steps, which draw it at each) beside as many calls of its denoiser, and of the bare network, on a
batch of the same shape; `all` are the three scales together. `batches`: 16 samples at once beside
one by one. `whole`: 16 samples by `sl.sample`, in one thread and in two, in seconds of the clock.
`ascent`: 16 images of 64x64 by
`scorelet.sampling.ascend` with the network of `photo`, beside the published loop, which takes one
image at a time. `diffusers` (pip install diffusers): its DDIM and DDPM schedulers, the same network
and the same noise levels, then how far both are from the exact law of a Gaussian. Other seconds
are those of the processor, in one thread; ratios are of calls in turns.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from measure import Row, alternate, first_over_second, quartiles
from program import run_parts
from sampling_peers import SCHEDULERS, Tabulated, diffusers_loop, published_ascent, scheduler_of
from torch import Tensor

import scorelet as sl
from scorelet.core.memory import keep_large_buffers
from scorelet.core.random import Noise
from scorelet.models import Denoiser, StationaryGaussianDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.sampling import AscentSchedule, ascend
from scorelet.sampling.reverse import SAMPLERS, Cascade, ReversePlan, discrete_law, draw
from scorelet.tasks.sample.cascades import plans_of

PACKAGES = ("scorelet", "torch", "numpy", "numba", "diffusers")
NAME, SIDE, BATCH, ROUNDS = "faces", 80, 16, 15
ASCENT_SIDE = 64

_KINDS = "low band", "details"

Seconds = dict[str, list[float]]


def faces() -> Multiscale[Denoiser]:
    """Return the built-in model."""
    return sl.load(NAME)


def overhead(*, quick: bool) -> dict[str, Any]:
    """Return a row for each sampler and scale: the sampler beside bare network calls."""
    model, batch = faces(), 2 if quick else BATCH
    found: list[Row] = []
    for sampler in ("ddim", "ancestral-small"):
        plans = plans_of(model, steps=1 if quick else 8, sampler=sampler)
        scales = [
            _timed(_calls(model, number, plans[number], batch), 1 if quick else ROUNDS)
            for number in range(len(plans))
        ]
        names = [f"{_KINDS[number > 0]}, {_side(model, number)}" for number in range(len(plans))]
        for name, seconds in zip([*names, "all"], [*scales, _summed(scales)], strict=True):
            found.append({"method": sampler, "scale": name, **_beside_network(seconds)})
    return {"batch": batch, "rows": found}


def _calls(
    model: Multiscale[Denoiser], number: int, plan: ReversePlan, batch: int
) -> dict[str, Callable[[], object]]:
    """Return what is timed of a scale: its sampler, its denoiser, its network."""
    factor = model.details[number - 1] if number else model.coarse
    assert isinstance(factor, Denoiser)
    side, noise = _side(model, number), Noise(0, range(batch))
    told = torch.rand(batch, 1, side, side) if number else None
    like = torch.rand(batch, 3 if number else 1, side, side)

    def denoised() -> None:
        for _ in range(plan.calls):
            factor(like, 1.0, cond=told)

    return {
        "sampler": lambda: draw(factor, like, plan, noise, cond=told),
        "denoiser": denoised,
        "network": lambda: _bare(factor, like, plan.calls),
    }


def _side(model: Multiscale[Denoiser], number: int) -> int:
    return SIDE >> model.levels << max(number - 1, 0)


def _summed(scales: list[Seconds]) -> Seconds:
    """Return the seconds of all scales, round by round."""
    return {
        name: [sum(parts) for parts in zip(*(scale[name] for scale in scales), strict=True)]
        for name in scales[0]
    }


def _beside_network(seconds: Seconds) -> Row:
    """Return the medians, and how many times longer the sampler and the denoiser take."""
    row = {k: quartiles(v).median for k, v in seconds.items()}
    for name, other in (("sampler", "denoiser"), ("sampler", "network"), ("denoiser", "network")):
        found = first_over_second({k: seconds[k] for k in (name, other)})
        for key in ("ratio", "ratio_low", "ratio_high"):
            row[key.replace("ratio", f"{name}_over_{other}")] = found[key]
    return row


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
    seconds = _timed({"one by one": alone, "a batch": together}, 1 if quick else ROUNDS)
    return {"count": count, "rows": [first_over_second(seconds)]}


def whole(*, quick: bool) -> dict[str, Any]:
    """Return the time of 16 samples with the usual steps."""
    model, found = faces(), []
    options = {"n": 2, "steps": 1} if quick else {"n": BATCH}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        calls = {"samples": lambda: sl.sample(model, **options)}
        times = quartiles(alternate(calls, rounds=1 if quick else ROUNDS)["samples"])
        seconds = {"seconds": times.median, "seconds_low": times.low, "seconds_high": times.high}
        found.append({**options, "threads": threads, **seconds})
    torch.set_num_threads(1)
    return {"rows": found}


def ascent(*, quick: bool) -> dict[str, Any]:
    """Return what a batch of ascents costs beside the published loop, one image at a time."""
    denoiser, count, steps = sl.load("photo"), 2 if quick else BATCH, 1 if quick else 6
    schedule = AscentSchedule(levels="residual", most=steps)
    mean = torch.full((1, 1, ASCENT_SIDE, ASCENT_SIDE), 0.5)

    def together() -> None:
        for _ in ascend(denoiser, mean, schedule, Noise(0, range(count))):
            pass

    def alone() -> None:
        for _ in range(count):
            published_ascent(lambda y: y - denoiser(y), mean.shape[1:], schedule)

    seconds = _timed({"published loop": alone, "ascend": together}, 1 if quick else ROUNDS)
    return {"count": count, "steps": steps, "rows": [first_over_second(seconds)]}


def diffusers(*, quick: bool) -> dict[str, Any]:
    """Return a row for each scheduler: seconds beside ours, and what is drawn from a Gaussian."""
    return {
        "rows": [_beside_diffusers(name, quick=quick) for name in SCHEDULERS],
        "gaussian": [_on_a_gaussian(name, quick=quick) for name in SCHEDULERS],
    }


def _beside_diffusers(name: str, *, quick: bool) -> Row:
    denoiser, batch, steps = sl.load("photo"), 2 if quick else BATCH, 2 if quick else 10
    scheduler = scheduler_of(SCHEDULERS[name], steps)
    plan = ReversePlan(steps, Tabulated(scheduler), SAMPLERS[name])
    start = torch.randn(batch, 1, 40, 40)
    calls: dict[str, Callable[[], object]] = {
        "scorelet": lambda: draw(denoiser, start, plan, Noise(0, range(batch))),
        "diffusers": lambda: diffusers_loop(denoiser, start, scheduler, 0),
    }
    seconds = _timed(calls, 1 if quick else ROUNDS)
    return {"method": name, "steps": steps, **first_over_second(seconds)}


def _on_a_gaussian(name: str, *, quick: bool) -> Row:
    """Compare the power of samples with the exact law of these steps, over all frequencies."""
    count, side, steps = 8 if quick else 800, 16, 20
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    spectrum = 1 / (1 + k[:, None] ** 2 + k**2)
    denoiser = StationaryGaussianDenoiser(spectrum / spectrum.mean())
    scheduler = scheduler_of(SCHEDULERS[name], steps)
    plan, noise = ReversePlan(steps, Tabulated(scheduler), SAMPLERS[name]), Noise(0, range(count))
    like = torch.zeros(count, 1, side, side, dtype=torch.float64)
    law = discrete_law(spectrum / spectrum.mean(), plan).variance
    ours = draw(denoiser, like, plan, noise)
    theirs = diffusers_loop(denoiser, noise.at(0).normal(like), scheduler, 0)
    row: Row = {"method": name, "samples": count, "expected_error": (2 / like.numel()) ** 0.5}
    for key, x in (("scorelet", ours), ("diffusers", theirs)):
        power = torch.fft.fft2(x, norm="ortho").abs().square().mean((0, 1))
        row[f"{key}_power_over_law"] = float((power / law).mean())
    if name == "ddim":  # without noise both draw the same numbers
        row["largest_difference"] = float((ours - theirs).abs().max())
    return row


def _bare(factor: Denoiser, like: Tensor, calls: int) -> None:
    """Call the network of a factor as often as a sampler does."""
    network = factor.network
    assert isinstance(network, torch.nn.Module)
    shown = torch.rand(len(like), like.shape[1] + 1, *like.shape[2:])
    for _ in range(calls):
        network(shown)


def _timed(calls: dict[str, Callable[[], object]], rounds: int) -> Seconds:
    with torch.no_grad():
        return alternate(calls, rounds=rounds, clock=time.process_time)


if __name__ == "__main__":
    torch.set_num_threads(1)
    keep_large_buffers()
    parts = {"overhead": overhead, "batches": batches, "whole": whole}
    parts |= {"ascent": ascent, "diffusers": diffusers}
    sys.exit(run_parts("sampling", parts, PACKAGES, __doc__ or ""))
