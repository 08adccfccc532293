"""The last layer of a network fitted anew to labels; all else stays.

Symbols: z what the layer reads, (n, d), standardised for the fit; W, b its weights.

    minimise  mean cross-entropy(W z + b) + λ ‖W‖² / 2

which has one minimum: L-BFGS finds it from 0, without a seed. Of some penalties λ that one is taken
which classifies best a fifth of each class that it was not fitted to. All z are kept in memory.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.analysis.alignment.watching import read_by
from scorelet.analysis.labelled_batches import Source, labelled_batches
from scorelet.core.errors import InputError
from scorelet.core.memory import refuse_beyond_memory
from scorelet.core.words import counted, too_few
from scorelet.data.labelled.mixing import mixed_order

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
_EVERY = 5  # a fifth of each class chooses the penalty
_STEPS = 100


def refit(net: nn.Module, last: nn.Linear, data: Source) -> float:
    """Fit the last layer, in place; return the penalty that was taken.

    Args:
        net: any module.
        last: its last layer; if it has no bias, none is fitted.
        data: pictures and their classes.

    Raises:
        InputError: too few pictures, more than memory holds, labels without an output, or a layer
            that does not read one vector of each picture.
    """
    labels, batches = labelled_batches(data)
    if int(labels.max()) >= last.out_features:
        raise InputError(
            f"A label is {int(labels.max())}, and the network has "
            f"{counted(last.out_features, 'output')}."
        )
    if len(labels) < _EVERY:
        few = too_few(len(labels), "picture")
        raise InputError(f"{few} to fit a classifier: give {_EVERY} or more.")
    refuse_beyond_memory(
        3 * 4 * len(labels) * last.in_features, "inputs of the last layer", "show fewer pictures"
    )
    z = torch.cat([read_by(net, last, x)[0].detach().cpu().float() for x, _ in batches()])
    if z.shape != (len(labels), last.in_features):
        raise InputError(
            f"The last layer reads numbers of shape {tuple(z.shape)}: only one that reads "
            f"({len(labels)}, {last.in_features}), a vector of each picture, can be fitted anew."
        )
    biased = last.bias is not None
    scaled, mean, scale = _standardised(z, centre=biased)
    held = held_out(labels)
    hits = {}
    for penalty in PENALTIES:
        weight, bias = _fitted(scaled[~held], labels[~held], last.out_features, penalty, biased)
        found = (scaled[held] @ weight.T + bias).argmax(1)
        hits[penalty] = int((found == labels[held]).sum())
    best = max(hits, key=lambda penalty: hits[penalty])
    weight, bias = _fitted(scaled, labels, last.out_features, best, biased)
    with torch.no_grad():
        last.weight.copy_(weight * scale)
        if biased:
            last.bias.copy_(bias - (weight * scale) @ mean)
    return best


def held_out(labels: Tensor) -> Tensor:
    """Return which pictures choose the penalty, (n,): a fifth of each class, in any order."""
    held = torch.zeros(len(labels), dtype=torch.bool)
    held[mixed_order(labels.numpy())[-(len(labels) // _EVERY) :]] = True
    return held


def _standardised(z: Tensor, *, centre: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return z in units of its deviation, means that were taken off, and 1 / deviations."""
    mean = z.mean(0) if centre else torch.zeros(z.shape[1])
    deviation = (z - mean).square().mean(0).sqrt()
    scale = torch.where(deviation > 1e-6 * deviation.max(), 1 / deviation, 0.0)
    return (z - mean) * scale, mean, scale


def _fitted(
    z: Tensor, y: Tensor, classes: int, penalty: float, biased: bool
) -> tuple[Tensor, Tensor]:
    weight = torch.zeros(classes, z.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=biased)
    parameters = [weight, bias] if biased else [weight]
    optimizer = torch.optim.LBFGS(parameters, max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(z @ weight.T + bias, y) + penalty * weight.square().sum() / 2
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(loss)
    return weight.detach(), bias.detach()
