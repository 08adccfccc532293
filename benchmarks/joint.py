"""Cost of a joint law of images and classes, in turns in one process, by the seconds of one thread.

`step`: a training step for labels alone, the joint one (a second derivative), the same where pixels
are correlated, and where a quarter of the noisy images learns the score of p(class | image)
(`posterior`); and one as earlier joint models take it: twenty steps of Langevin dynamics in the
images, then cross-entropy and the energies of images and of what the chain has made (Grathwohl et
al. 2020, arXiv 1912.03263).
`inference`: labels, and denoising by one backward pass, beside the largest matrix product.
`compiled`: the same with torch.compile.
`memory`: the joint step of the built-in model's size as it is, with torch's checkpoint around each
block, with `activation_checkpointing`, and with `accumulate: 4`: what torch's profiler says that
tensors take beyond those that were there, at most, and the time.
`precision`: how exact it is in float32 and bfloat16 (joint_precision.py; pictures of cifar10.npz
under $SCORELET_DATA).
"""

import sys
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any

import joint_precision
import torch
from measure import Row, quartiles
from program import run_parts
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from turns import autocast, in_turns, median_seconds

from scorelet.core.memory import keep_large_buffers
from scorelet.core.random import Noise
from scorelet.models import CorrelatedPixels, LogUniformNoise, NetworkJointEnergy
from scorelet.networks.grad_res_net import GradBlock, GradResNet
from scorelet.training import Objective
from scorelet.training.contrastive_divergence import ContrastiveDivergence
from scorelet.training.joint import JointObjective

WIDTH, SIDE, CLASSES = 0.25, 32, 10
BUILT_IN = 0.375
PRECISIONS = ("float32", "bfloat16")
LEVEL = 0.1


def model(head: str = "reference", *, quick: bool, width: float = WIDTH) -> NetworkJointEnergy:
    """Return an untrained law; times do not depend on weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = GradResNet(3, CLASSES, width=0.125 if quick else width)
    network.to(memory_format=torch.channels_last)
    names, pixels = [str(c) for c in range(CLASSES)], None
    if head == "correlated":
        pixels = CorrelatedPixels(torch.eye(3), torch.full((3, SIDE, SIDE), 0.06))
    return NetworkJointEnergy(network, names, head=head, pixels=pixels)


def step(*, quick: bool) -> dict[str, Any]:
    """Return seconds of training steps and their ratios to that for labels alone."""
    torch.set_num_threads(1)
    joint, images, rows = model(quick=quick), 4 if quick else 64, []
    other = model("correlated", quick=quick)
    for precision in PRECISIONS:
        calls = {
            "labels": training_step(joint, images, precision, clean=1.0, weight=0.0),
            "noisy_labels": training_step(joint, images, precision, clean=0.5, weight=0.0),
            "joint": training_step(joint, images, precision, clean=0.5, weight=8.0),
            "correlated": training_step(other, images, precision, clean=0.5, weight=8.0),
            "posterior": training_step(
                joint, images, precision, clean=0.5, weight=8.0, posterior=3.0
            ),
            "langevin": step_by(ContrastiveDivergence(), joint, images, precision),
        }
        rows.append({"precision": precision, "images": images, **ratios(calls, "labels", quick)})
    return {"rows": rows}


def training_step(
    joint: NetworkJointEnergy, images: int, precision: str, **options: float
) -> Callable[[], None]:
    objective = JointObjective(LogUniformNoise(1 / 255, 1.0), **options)
    return step_by(objective, joint, images, precision)


def step_by(
    objective: Objective, joint: NetworkJointEnergy, images: int, precision: str
) -> Callable[[], None]:
    x, label = pictures(images)

    def call() -> None:
        joint.zero_grad()
        with autocast(precision):
            loss = objective(joint, {"x": x, "label": label}, Noise(0, range(images)))
        loss.value.backward()

    return call


def inference(*, quick: bool) -> dict[str, Any]:
    """Return images a second for labels and for denoising, and shares of the product's peak."""
    torch.set_num_threads(1)
    joint, images, rows = model(quick=quick).eval().requires_grad_(False), 8 if quick else 128, []
    x, _ = pictures(images)
    for precision in PRECISIONS[:1]:  # in evaluation joint laws keep that of their weights
        peak = largest_product(precision, quick)
        calls = {
            "classify": evaluated(lambda: joint.class_logits(x), precision),
            "denoise": evaluated(lambda: joint.denoise(x, LEVEL), precision),
        }
        row: Row = {"precision": precision, "images": images, "peak_gflops": round(peak, 1)}
        found = in_turns(calls, quick)
        for name, call in calls.items():
            seconds = quartiles(found[name]).median
            row[f"{name}_per_second"] = round(images / seconds, 1)
            row[f"{name}_share"] = round(flops(call) / seconds / 1e9 / peak, 3)
        row["ratio"] = round(row["classify_per_second"] / row["denoise_per_second"], 2)
        rows.append(row)
    return {"rows": rows}


def compiled(*, quick: bool) -> dict[str, Any]:
    """Return by how much torch.compile makes labels, denoising and the joint step faster."""
    torch.set_num_threads(1)
    joint, images, rows = model(quick=quick), 4 if quick else 64, []
    x, _ = pictures(images)
    for precision in PRECISIONS:
        plain = {
            "classify": evaluated(lambda: joint.class_logits(x), precision),
            "denoise": evaluated(lambda: joint.denoise(x, LEVEL), precision),
        }
        made = torch.compile(joint.class_logits), torch.compile(joint.denoise)
        faster = {
            "classify": evaluated(lambda made=made: made[0](x), precision),
            "denoise": evaluated(lambda made=made: made[1](x, LEVEL), precision),
        }
        row: Row = {"precision": precision, "images": images}
        for name, call in plain.items():
            pair = in_turns({"plain": call, "compiled": faster[name]}, quick)
            gains = [a / b for a, b in zip(pair["plain"], pair["compiled"], strict=True)]
            row[f"{name}_gain"] = round(quartiles(gains).median, 2)
        rows.append(row)
    return {"rows": rows}


def memory(*, quick: bool) -> dict[str, Any]:
    """Return what a joint step allocates and its seconds, by what it keeps meanwhile."""
    torch.set_num_threads(1)
    images, parts = 4 if quick else 64, 4
    kinds = {kind: model(quick=quick, width=BUILT_IN) for kind in ("plain", "torch", "ours")}
    for block in kinds["torch"].modules():
        if isinstance(block, GradBlock):
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)
    kinds["ours"].network.checkpointing = True
    calls = {
        name: training_step(joint, images, "float32", clean=0.5, weight=8.0)
        for name, joint in kinds.items()
    }
    part = training_step(kinds["plain"], images // parts, "float32", clean=0.5, weight=8.0)

    def in_parts() -> None:
        for _ in range(parts):
            part()

    calls["accumulate"] = in_parts
    found = in_turns(calls, quick)
    rows = []
    for name, call in calls.items():
        seconds = [a / b for a, b in zip(found[name], found["plain"], strict=True)]
        rows.append(
            {
                "kept": name, "images": images, "megabytes": round(allocated(call) / 2**20, 1),
                "seconds": round(quartiles(found[name]).median, 3),
                "ratio": round(quartiles(seconds).median, 2),
            }
        )  # fmt: skip
    return {"rows": rows}


def allocated(call: Callable[[], None]) -> int:
    """Return by how many bytes tensors are more than before, at most."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        call()
    assert profiled.profiler is not None
    assert profiled.profiler.kineto_results is not None
    events = profiled.profiler.kineto_results.events()
    return max(accumulate(e.nbytes() for e in events if e.name() == "[memory]"))


def ratios(calls: dict[str, Callable[[], None]], base: str, quick: bool) -> Row:
    """Return median seconds of each call, and medians of their ratios to one of them."""
    found = in_turns(calls, quick)
    row: Row = {f"{name}_seconds": round(quartiles(t).median, 4) for name, t in found.items()}
    for name, times in found.items():
        if name != base:
            pairs = zip(times, found[base], strict=True)
            row[f"{name}_ratio"] = round(quartiles([a / b for a, b in pairs]).median, 2)
    return row


def pictures(count: int) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(count, 3, SIDE, SIDE, generator=rng)
    return x.to(memory_format=torch.channels_last), torch.arange(count) % CLASSES


def evaluated(call: Callable[[], object], precision: str) -> Callable[[], None]:
    def evaluate() -> None:
        with torch.no_grad(), autocast(precision):
            call()

    return evaluate


def flops(call: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        call()
    return float(counter.get_total_flops())


def largest_product(precision: str, quick: bool) -> float:
    """Return GFLOP/s of a large square product."""
    n = 64 if quick else 2048
    a, b = (torch.rand(n, n).to(getattr(torch, precision)) for _ in range(2))
    return 2 * n**3 / median_seconds(lambda: torch.mm(a, b), quick) / 1e9


if __name__ == "__main__":
    keep_large_buffers()  # as tasks do
    parts = {"step": step, "inference": inference, "compiled": compiled, "memory": memory}
    parts["precision"] = joint_precision.precision
    sys.exit(run_parts("joint_speed", parts, ("scorelet", "torch"), __doc__ or ""))
