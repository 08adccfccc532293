"""Speed of learned scattering, in turns in one process: kernels against the Fourier domain.

Times are seconds that the threads compute (process time), so that other work on the machine changes
them little. The Fourier-domain implementation is `MorletTransform2d`, the reference of the
operators: transforms of mirrored images, products with filters, subsampling in frequency.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from fourier_wavelets import FourierWavelets, by_fourier
from measure import Row, quartiles
from program import run_parts
from torch import Tensor, nn
from turns import autocast, compared, in_turns, median_seconds, wall_seconds

from scorelet.core.memory import keep_large_buffers
from scorelet.networks import LearnedScattering, folded
from scorelet.networks.amplitudes import AMPLITUDES
from scorelet.networks.collapse_block import FOUR_PHASES, CollapseBlock
from scorelet.zoo import load
from scorelet.zoo.registry import names

QUICK = {"sizes": (4, 8, 8, 8), "width": 1.0}
OCTAVES = {"sizes": (64, 128, 256, 512), "factorize": None, "block": FOUR_PHASES}
PRECISIONS = ("float32", "bfloat16")


def wavelets(*, quick: bool) -> dict[str, Any]:
    """Return the operator W alone, forward and backward, at the shapes of each block."""
    torch.set_num_threads(1)
    network, images = LearnedScattering(**(QUICK if quick else {})), 2 if quick else 8
    rows = []
    with torch.random.fork_rng():
        for number, (block, x) in enumerate(inputs_of(network, images), 1):
            calls = {
                "kernels": forward_and_backward(block.wavelets, x),
                "fourier": forward_and_backward(FourierWavelets(block.wavelets), x),
            }
            rows.append({"block": number, "shape": str(list(x.shape)), **compared(calls, quick)})
    total = {name: sum(row[name] for row in rows) for name in ("kernels", "fourier")}
    rows.append({"block": "all", **total, "ratio": round(total["fourier"] / total["kernels"], 2)})
    return {"rows": rows}


def inputs_of(network: LearnedScattering, images: int) -> Iterator[tuple[CollapseBlock, Tensor]]:
    """Yield each block with what it sees, which wants a gradient but for the images."""
    x = torch.rand(images, 3, network.size, network.size)
    for block in network.blocks:
        yield block, x.detach().requires_grad_(x.ndim == 5 or x.shape[1] != 3)
        with torch.no_grad():
            x = block(x)


def forward_and_backward(layer: nn.Module, x: Tensor) -> Callable[[], None]:
    def call() -> None:
        z = layer(x)
        if x.requires_grad:
            torch.autograd.grad(z, x, z.detach())

    return call


def step(*, quick: bool) -> dict[str, Any]:
    """Return a training step (loss and gradients) of the full-width network of eight blocks."""
    words: Row = QUICK if quick else {}
    images = 2 if quick else 16
    return {
        "rows": [
            row
            for field in ("complex", "real")
            for row in _steps(LearnedScattering(**words, block={"field": field}), images, quick)
        ]
    }


def separation(*, quick: bool) -> dict[str, Any]:
    """Return a training step of S_P: four phases, octaves, real matrices, the published batch."""
    words = {**OCTAVES, **(QUICK if quick else {}), "factorize": None}
    return {"rows": _steps(LearnedScattering(**words), 2 if quick else 128, quick)}


def _steps(network: LearnedScattering, images: int, quick: bool) -> list[Row]:
    """Return rows for each precision: many images, so that work on weights is the smaller part."""
    torch.set_num_threads(1)
    rows = []
    for precision in PRECISIONS:
        calls = {
            "kernels": training_step(network, images, precision),
            "fourier": training_step(by_fourier(network), images, precision),
        }
        row = {"P": network.design.field, "precision": precision, "images": images}
        rows.append(row | compared(calls, quick))
    return rows


def training_step(network: nn.Module, images: int, precision: str) -> Callable[[], None]:
    x = torch.rand(images, 3, 32, 32)
    labels = torch.arange(images) % 10

    def call() -> None:
        network.zero_grad()
        with autocast(precision):
            loss = F.cross_entropy(network(x), labels)
        loss.backward()

    return call


def amplitudes(*, quick: bool) -> dict[str, Any]:
    """Return a training step for each amplitude, of a quarter of the width: kernels know two."""
    torch.set_num_threads(1)
    words: Row = QUICK if quick else {"width": 0.25}
    networks = {name: LearnedScattering(**words, block={"amplitude": name}) for name in AMPLITUDES}
    calls = {
        name: training_step(network, 2 if quick else 16, "float32")
        for name, network in networks.items()
    }
    seconds = in_turns(calls, quick)
    rows = [
        {
            "amplitude": name,
            "seconds": round(quartiles(times).median, 5),
            "times_mod": round(
                quartiles([a / b for a, b in zip(times, seconds["mod"], strict=True)]).median, 2
            ),
        }
        for name, times in seconds.items()
    ]
    return {"rows": rows}


def products(*, quick: bool) -> dict[str, Any]:
    """Return GFLOP/s of the products across channels of a step, beside the machine's largest."""
    torch.set_num_threads(1)
    network, images = LearnedScattering(**(QUICK if quick else {})), 2 if quick else 16
    rows = []
    for precision in PRECISIONS:
        dtype = getattr(torch, precision)
        a, b = (torch.rand(n, n).to(dtype) for n in ((64, 64) if quick else (2048, 2048)))
        flops, seconds = 0.0, 0.0
        for call, count in product_calls(network, images, dtype):
            seconds += median_seconds(call, quick)
            flops += count
        peak = 2 * len(a) ** 3 / median_seconds(lambda a=a, b=b: torch.mm(a, b), quick) / 1e9
        achieved = flops / seconds / 1e9
        rows.append(
            {
                "precision": precision,
                "products": round(achieved, 1),
                "gemm": round(peak, 1),
                "share": round(achieved / peak, 3),
            }
        )
    return {"rows": rows}


def product_calls(
    network: LearnedScattering, images: int, dtype: torch.dtype
) -> Iterator[tuple[Callable[[], None], float]]:
    """Yield the products of each block, forward and backward, and how many FLOP they are."""
    side = network.size
    for block in network.blocks:
        side //= block.wavelets.stride
        pixels, outputs = images * side**2, block.project.outputs
        for group, count in zip(block.project.groups, (4, 2), strict=True):  # as in COMPLEX[2]
            source = torch.rand(pixels, group.channels).to(dtype)
            matrix, y = torch.rand(outputs, group.channels).to(dtype), torch.rand(pixels, outputs)
            y = y.to(dtype)

            def call(source: Tensor = source, matrix: Tensor = matrix, y: Tensor = y) -> None:
                torch.addmm(y, source, matrix.mT)
                torch.addmm(source, y, matrix)
                torch.addmm(matrix, y.mT, source)

            for _ in range(count):
                yield call, 6.0 * pixels * outputs * group.channels


def inference(*, quick: bool) -> dict[str, Any]:
    """Return images a second of the built-in model, folded, one thread and all of them."""
    built_in = "cifar10-scattering" in names()
    words = {"width": 0.25, "block": {"field": "real", "kernel": 5}}
    network = load("cifar10-scattering").network if built_in else LearnedScattering(**words)
    images = 8 if quick else 250
    x, rows = torch.rand(images, 3, 32, 32), []
    before = torch.get_num_threads()
    for threads in sorted({1, before}):
        torch.set_num_threads(threads)
        for precision in PRECISIONS:
            ready = folded(network)
            calls = {
                "folded": evaluation(ready, x, precision),
                "plain": evaluation(network.eval(), x, precision),
            }
            row = {"threads": threads, "precision": precision, "built_in": built_in}
            for name, call in calls.items():
                row[f"{name}_per_second"] = round(images / wall_seconds(call, quick), 1)
            row["folded_per_cpu_second"] = round(images / median_seconds(calls["folded"], quick), 1)
            rows.append(row)
    torch.set_num_threads(before)
    return {"rows": rows}


def evaluation(network: nn.Module, x: Tensor, precision: str) -> Callable[[], None]:
    def call() -> None:
        with torch.no_grad(), autocast(precision):
            network(x)

    return call


if __name__ == "__main__":
    keep_large_buffers()  # as tasks do
    parts = {
        "wavelets": wavelets,
        "products": products,
        "inference": inference,
        "separation": separation,
        "step": step,
        "amplitudes": amplitudes,
    }
    sys.exit(run_parts("classify_speed", parts, ("torch", "numba"), __doc__ or ""))
