"""Classifiers of torchvision and timm, seen by every verb that opens networks.

For each network two copies take a few steps on CIFAR-10, from two random starts; nothing is
downloaded. Then: layers that are aligned and what is left out; how alike signals are after the
rotation, on pictures that it was not fitted to (median over layers); directions learned above the
bulk of the spectrum, of the layers that are not too large for a decomposition in seconds; the
drawn network, or why there is none; layers with a Fisher ratio; eigenvectors of the first block
that keeps the shape of its input, with the worst residual. A row is written as soon as it is known.

    python benchmarks/other_networks.py                      # all, into docs/results
    python benchmarks/other_networks.py timm:convnext_atto   # some
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from measure import Row, describe_run
from program import FOLDER
from torch import Tensor, nn

import scorelet as sl
from scorelet.analysis.alignment import Layer, align, cross_moments, left_out, uncalled
from scorelet.analysis.jacobian import jacobian_basis
from scorelet.analysis.layer_spectrum import layer_spectrum
from scorelet.analysis.weight_resampling import draw_network
from scorelet.core.errors import InputError
from scorelet.core.files import write_text
from scorelet.data.labelled import LabelledImages, load_labelled
from scorelet.tasks.architectures import IMAGENET, factory_of, standardised

NETWORKS: dict[str, dict[str, Any]] = {
    "torchvision:resnet18": {},
    "torchvision:mobilenet_v2": {"width_mult": 0.25},
    "torchvision:mobilenet_v3_small": {},
    "torchvision:shufflenet_v2_x0_5": {},
    "torchvision:squeezenet1_1": {},
    "torchvision:mnasnet0_5": {},
    "torchvision:regnet_y_400mf": {},
    "torchvision:efficientnet_b0": {},
    "torchvision:densenet121": {},
    "torchvision:vit_b_16": {"image_size": 32, "patch_size": 8},
    "torchvision:swin_t": {},
    "torchvision:convnext_tiny": {},
    "torchvision:vgg11": {},
    "torchvision:vgg16_bn": {},
    "timm:resnet10t": {},
    "timm:mobilenetv3_small_050": {},
    "timm:convnext_atto": {},
    "timm:efficientnet_lite0": {},
    "timm:vit_tiny_patch16_224": {"img_size": 32, "patch_size": 8},
    "timm:swin_tiny_patch4_window7_224": {"img_size": 32, "window_size": 4},
}
"""Options beside the number of classes, which is that of CIFAR-10."""
NARROW = {"torchvision:vgg11": 256, "torchvision:vgg16_bn": 256}
"""So many units between the last linear layers, not 4,096, whose decomposition takes minutes."""

PICTURES, STEPS, BATCH = 96, 4, 24
LARGEST = 400_000
"""Layers with more weights get no spectrum."""


def measured(name: str, images: LabelledImages) -> Row:
    """Return the row of a network."""
    first, second = (trained(name, images, seed) for seed in (1, 2))
    row: Row = {"network": name, "parameters_m": sum(p.numel() for p in first.parameters()) / 1e6}
    x = images.images(0, PICTURES)
    found = align(first, second, x[: PICTURES // 2])
    pairs = [(layer.reference, layer.other) for layer in found.layers]
    moments = cross_moments(first, second, pairs, x[PICTURES // 2 :])
    rotated = list(zip(found.layers, moments, strict=True))[1:]
    layers = [layer.reference for layer in found.layers]
    return row | {
        "aligned": len(layers),
        "left_out": "; ".join(aside(first, layers)) or "nothing",
        "signals": median(layer.rotation.measure(sums)[0] for layer, sums in rotated),
        **learned(layers),
        **drawn(first, x),
        "fisher_layers": len(sl.fisher_profile(first, images, dimension=8).layers),
        **block_basis(first, x[:1]),
    }


def trained(name: str, images: LabelledImages, seed: int) -> nn.Module:
    """A network after a few steps, in evaluation mode."""
    torch.manual_seed(seed)
    net = factory_of(name)(num_classes=10, **NETWORKS[name])
    assert isinstance(net, nn.Module)
    if name in NARROW:
        net.classifier = narrower(net.classifier, NARROW[name])
    standardised(net, *IMAGENET)
    x, y = images.images(0, PICTURES), torch.as_tensor(images.y)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    for step in range(STEPS):
        chosen = slice(step * BATCH % len(x), step * BATCH % len(x) + BATCH)
        optimizer.zero_grad()
        F.cross_entropy(net.train()(x[chosen]), y[chosen]).backward()
        optimizer.step()
    return net.eval()


def narrower(classifier: nn.Module, units: int) -> nn.Module:
    """The same linear layers and non-linearities with fewer units between them."""
    parts = list(classifier.children())
    linear = [part for part in parts if isinstance(part, nn.Linear)]
    for part in linear:
        inputs = part.in_features if part is linear[0] else units
        outputs = part.out_features if part is linear[-1] else units
        parts[parts.index(part)] = nn.Linear(inputs, outputs)
    return nn.Sequential(*parts)


def aside(net: nn.Module, layers: list[Layer]) -> list[str]:
    """What is left out, in a word each."""
    texts = [*left_out(net, ""), *uncalled(net, layers)]
    return [text.partition(" are left")[0].partition(" is left")[0] for text in texts]


def learned(layers: list[Layer]) -> Row:
    """Directions above the bulk, of so many layers."""
    small = [layer for layer in layers if layer.rows().numel() <= LARGEST]
    kept = [len(layer_spectrum(layer, "bulk").learned.values) for layer in small]
    return {"spectra": len(small), "learned": sum(kept)}


def drawn(net: nn.Module, x: Tensor) -> Row:
    """The last layer's signals in a drawn network, or why it cannot be drawn."""
    try:
        return {"drawn": f"signals {draw_network(net, x).layers[-1].similarity:.2f}"}
    except InputError as error:
        return {"drawn": "no: " + str(error).partition(" with parameters")[0]}


def block_basis(net: nn.Module, x: Tensor) -> Row:
    """Two eigenvectors of the first block that returns what has the shape of its input."""
    found: list[tuple[nn.Module, Tensor]] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        y = inputs[0] if inputs else None
        same = isinstance(output, Tensor) and isinstance(y, Tensor) and output.shape == y.shape
        if same and len(list(module.children())) > 1:
            found.append((module, y.detach().clone()))

    handles = [module.register_forward_hook(keep) for module in net.modules()]
    with torch.no_grad():
        net(x)
    for handle in handles:
        handle.remove()
    if not found:
        return {"block": None, "residual": None}
    block, y = found[0]
    basis = jacobian_basis(lambda y: block(y), y, 2, 0.1, method="iterative", tolerance=0.01)
    return {
        "block": type(block).__name__,
        "residual": float((basis.residuals / basis.values.abs()).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="NETWORK")
    parser.add_argument("--output", type=Path, default=FOLDER / "other_networks.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    images = load_labelled("cifar10", part="train").first(PICTURES)
    for name in options.networks:
        row = measured(name, images)
        print(row, flush=True)
        write(options.output, row)


def write(path: Path, row: Row) -> None:
    """Put a row into the file, in the place of the same network's."""
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    rows = [*(old for old in rows if old["network"] != row["network"]), row]
    order = list(NETWORKS)
    rows.sort(key=lambda row: order.index(row["network"]))
    names = " ".join(row["network"] for row in rows)
    facts = describe_run("other_networks", "all", ("scorelet", "torch", "torchvision", "timm"))
    facts |= {"command": f"python benchmarks/other_networks.py {names}"}
    write_text(path, json.dumps(facts | {"rows": rows}, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
