"""Cost of opening networks: eigenvectors of a denoiser's Jacobian, and alignments of two networks.

`top`: the 16 largest eigenvalues of `photo` at a patch, beside the whole Jacobian by one backward
pass per pixel. `full`: the whole basis, beside the same and a decomposition. `products`: one
product with J and one with its transpose, in fused kernels and in torch's modules (a hook keeps the
kernels out). `large`: the top 64 of a picture of 512x512, and again with twice the products.
`alignment`: all layers of two networks in one pass, beside a pass for each layer.

The picture is the middle of `examples/clean/camera.png`, gray, with noise of 25 of 255. All but
`large` is in one thread and in the seconds of the processor; calls take turns, in both orders.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from measure import Row, alternate, first_over_second, forget_peak, peak_mb
from program import run_parts
from torch import Tensor, nn
from turns import cpu_seconds

import scorelet as sl
from scorelet.analysis.alignment import CrossMoments, align, matched_layers, networks, procrustes
from scorelet.analysis.jacobian import JacobianBasis, JacobianProducts, jacobian_basis
from scorelet.core.memory import keep_large_buffers
from scorelet.data import read_picture, to_unit
from scorelet.models import Denoiser
from scorelet.networks.vgg import VGG

PHOTOGRAPH = Path(__file__).parents[1] / "examples" / "clean" / "camera.png"
LEVEL = 25 / 255
TOP, PATCH = 16, 64
MANY, SIDE, TOLERANCE = 64, 512, 0.005
"""At 0.02 some of many close eigenvalues are passed over, though all residuals are small."""
PICTURES = 512


def top(*, quick: bool) -> dict[str, Any]:
    """Return seconds of both, their ratio, and how far apart the eigenvalues are."""
    torch.set_num_threads(1)
    f, y, k = denoiser(), noisy(12 if quick else PATCH), 4 if quick else TOP
    found: dict[str, Any] = {}
    calls = {
        "pixels": kept(found, "pixels", lambda: pixelwise(f, y)),
        "top": kept(found, "top", lambda: jacobian_basis(f, y, k, LEVEL, method="iterative")),
    }
    row: Row = {"side": y.shape[-1], "k": k, **in_both_orders(calls, once=True)}
    basis: JacobianBasis = found["top"]
    exact = decomposed(found["pixels"])[0].flip(0)[:k]
    row |= {
        "products": basis.products,
        "largest_difference": float((basis.values - exact).abs().max()),
    }
    return {"rows": [row]}


def full(*, quick: bool) -> dict[str, Any]:
    """Return seconds of the matrix and of the basis, beside one backward pass per pixel."""
    torch.set_num_threads(1)
    f, y = denoiser(), noisy(12 if quick else PATCH)
    matrices = {
        "pixels": lambda: pixelwise(f, y),
        "matrix": lambda: JacobianProducts(closed(f), y, batched=True).matrix(),
    }
    bases = {
        "pixels": lambda: decomposed(pixelwise(f, y)),
        "basis": lambda: jacobian_basis(f, y, None, LEVEL),
    }
    side = {"side": y.shape[-1]}
    return {
        "matrix": [side | in_both_orders(matrices, once=True)],
        "basis": [side | in_both_orders(bases, once=True)],
    }


def products(*, quick: bool) -> dict[str, Any]:
    """Return seconds of a product with J and with its transpose, on both paths."""
    torch.set_num_threads(1)
    rows = []
    for side in (16,) if quick else (64, 128, 256):
        y = noisy(side)
        fused, plain = (JacobianProducts(closed(f), y) for f in (denoiser(), watched(denoiser())))
        for name in ("transposed", "forward"):
            calls = {
                "modules": lambda name=name, p=plain, y=y: getattr(p, name)(y[None]),
                "fused": lambda name=name, p=fused, y=y: getattr(p, name)(y[None]),
            }
            row = {"side": side, "product": name}
            rows.append(row | in_both_orders(calls, once=quick))
    return {"rows": rows}


def large(*, quick: bool) -> dict[str, Any]:
    """Return minutes, memory, residuals, and changes of the values by twice the products."""
    f, y, k = denoiser(), noisy(24 if quick else SIDE), 4 if quick else MANY
    forget_peak()
    start = time.perf_counter()
    found = jacobian_basis(f, y, k, LEVEL, method="iterative", tolerance=TOLERANCE)
    row: Row = {
        "side": y.shape[-1],
        "k": k,
        "tolerance": TOLERANCE,
        "minutes": (time.perf_counter() - start) / 60,
        "peak_gb": peak_mb() / 1024,
        "products": found.products,
        "worst_residual": float((found.residuals / found.values.abs()).max()),
    }
    again = longer(f, y, found, k)
    row["products_again"] = again.products
    row["largest_change"] = float((found.values / again.values[:k] - 1).abs().max())
    return {"rows": [row]}


def longer(f: Denoiser, y: Tensor, found: JacobianBasis, k: int) -> JacobianBasis:
    """Look for more eigenvectors, which needs a larger Krylov space: twice the products at least.

    It starts from another vector: what the first run has missed it would not miss, too.
    """
    again = found
    while again.products < 2 * found.products:
        k *= 2
        again = jacobian_basis(f, y, k, LEVEL, method="iterative", tolerance=TOLERANCE, seed=1)
    return again


def alignment(*, quick: bool) -> dict[str, Any]:
    """Return seconds of one pass and of a pass per layer, and what takes them."""
    torch.set_num_threads(1)
    x = torch.rand(16 if quick else PICTURES, 3, 32, 32, generator=seeded(1))
    first, second = (network(seed, 1 / 16 if quick else 1.0) for seed in (0, 1))
    calls = {
        "by_layer": lambda: layer_by_layer(first, second, x),
        "one_pass": lambda: align(first, second, x),
    }
    row: Row = {"pictures": len(x), **in_both_orders(calls, once=quick)}
    with counted(CrossMoments, "add") as sums, counted(networks, "procrustes") as svds:
        whole = cpu_seconds(calls["one_pass"])
    row["layers"] = len(sums) // max(1, -(-len(x) // 128))
    row |= {"products_share": sum(sums) / whole, "svd_share": sum(svds) / whole}
    return {"rows": [row]}


def layer_by_layer(first: nn.Module, second: nn.Module, x: Tensor) -> None:
    """Align each layer by a pass of its own, which stops behind it."""
    pairs = matched_layers(first, second, x[:2])
    for number, pair in enumerate(pairs):
        batches = lambda: iter(x.split(128))  # noqa: E731
        sums = networks.one_layer_moments(first, second, pair, batches, diagonal=number == 0)
        if number:
            procrustes(sums, real=True)


def pixelwise(f: Denoiser, y: Tensor) -> Tensor:
    """Return the Jacobian by one backward pass per pixel, in torch alone."""
    point = y.clone().requires_grad_(True)
    values = f(point, LEVEL).flatten()
    rows = [torch.autograd.grad(value, point, retain_graph=True)[0] for value in values]
    return torch.stack(rows).flatten(1)


def decomposed(matrix: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh((matrix + matrix.mT) / 2)
    return values, vectors


def in_both_orders(calls: dict[str, Callable[[], Any]], *, once: bool) -> Row:
    """Return median seconds of two calls, and how many times longer the first is: A B, B A.

    `once`: each once and without warming up, as where a call takes a minute.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for order in (calls, dict(reversed(calls.items()))):
        rounds = {"rounds": 1, "warm_up": 0} if once else {"rounds": 2}
        for name, times in alternate(order, clock=time.process_time, **rounds).items():
            seconds[name] += times
    return first_over_second(seconds)


def kept(store: dict[str, Any], name: str, call: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        store[name] = call()

    return run


@contextmanager
def counted(owner: Any, name: str) -> Iterator[list[float]]:  # noqa: ANN401 - a class or a module
    """Collect the seconds of each call of a function."""
    function, seconds = getattr(owner, name), []

    def call(*args: object, **options: object) -> object:
        start = time.process_time()
        try:
            return function(*args, **options)
        finally:
            seconds.append(time.process_time() - start)

    setattr(owner, name, call)
    try:
        yield seconds
    finally:
        setattr(owner, name, function)


def denoiser() -> Denoiser:
    return sl.load("photo").eval()


def watched(f: Denoiser) -> Denoiser:
    """A hook on every part, so that torch's modules do the work."""
    for part in f.modules():
        part.register_forward_hook(lambda *_: None)
    return f


def closed(f: Denoiser) -> Callable[[Tensor], Tensor]:
    return lambda y: f(y, LEVEL)


def noisy(side: int) -> Tensor:
    """The middle of a photograph, with noise."""
    pixels = to_unit(read_picture(PHOTOGRAPH).pixels)
    start = (SIDE - side) // 2
    clean = torch.from_numpy(pixels[start : start + side, start : start + side, :1].copy())
    y = clean.permute(2, 0, 1)[None].float()
    return y + LEVEL * torch.randn(y.shape, generator=seeded(0))


def network(seed: int, width: float) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return VGG(width=width).eval()


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


if __name__ == "__main__":
    keep_large_buffers()  # as tasks do
    parts = {
        "top": top,
        "full": full,
        "products": products,
        "large": large,
        "alignment": alignment,
    }
    sys.exit(run_parts("analysis", parts, ("scorelet", "torch", "scipy"), __doc__ or ""))
