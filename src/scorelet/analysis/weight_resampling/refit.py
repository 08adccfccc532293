"""The last layer of a network fitted anew to labels, in closed form; all else stays.

Least squares with a penalty on what the layer reads (`scorelet.analysis.ridge`); of some penalties
that one is taken which classifies best a fifth of the pictures that it was not fitted to.
"""

import torch
from torch import Tensor, nn

from scorelet.analysis.alignment.watching import read_by
from scorelet.analysis.labelled_batches import Source, labelled_batches
from scorelet.analysis.ridge import LinearHead, RidgeMoments
from scorelet.core.errors import InputError

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
_EVERY = 5  # each fifth batch chooses the penalty


@torch.no_grad()
def refit(net: nn.Module, last: nn.Linear, data: Source) -> float:
    """Fit the last layer, in place; return the penalty that was taken.

    Args:
        net: any module.
        last: its last layer; without a bias it gets the weights only.
        data: pictures and their classes.

    Raises:
        InputError: fewer than two batches' worth of pictures, or labels that it has no output for.
    """
    labels, batches = labelled_batches(data, batch=max(1, min(128, _share(data))))
    if int(labels.max()) >= last.out_features:
        raise InputError(
            f"A label is {int(labels.max())}, and the network has {last.out_features} outputs."
        )
    fitted = RidgeMoments(last.in_features, last.out_features)
    held: list[tuple[Tensor, Tensor]] = []
    for number, (x, y) in enumerate(batches()):
        z = read_by(net, last, x)[0].double().cpu()
        if number % _EVERY == _EVERY - 1:
            held.append((z, y))
        else:
            fitted.add(z, y)
    if not held:
        raise InputError(f"{len(labels)} pictures are too few to fit a classifier: give 5 or more.")
    heads = fitted.solve(PENALTIES)
    scores = [sum(int((h.classify(z) == y).sum()) for z, y in held) for h in heads]
    for z, y in held:
        fitted.add(z, y)
    best = PENALTIES[scores.index(max(scores))]
    (head,) = fitted.solve([best])
    _write(last, head)
    return best


def _share(data: Source) -> int:
    """A fifth of the pictures, so that at least one batch can be held out."""
    labels, _ = labelled_batches(data)
    return len(labels) // _EVERY


def _write(last: nn.Linear, head: LinearHead) -> None:
    last.weight.copy_(head.weight)
    if last.bias is not None:
        last.bias.copy_(head.bias)
