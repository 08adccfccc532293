"""Draws a new network from the law of a trained one, layer by layer.

Symbols: C_j covariance of the weights of layer j in coordinates of the reference; A_j rotation from
what layer j of the new network reads to what it reads in the reference.

    W_j = W'_j A_j,   rows of W'_j ~ N(0, C_j),      θ_new = θ A_J

Weights of layer j are drawn, normalisations behind it are measured again, and then what layer j + 1
reads is aligned. If activations have d channels each of power 1, those of a network of another
width are as large after a factor √(d_ref / d).

Reference: Guth, Ménard, Rochette, Mallat, JMLR 2024, arXiv 2305.18512, definition 2 and appendix D.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from scorelet.analysis.alignment.beside import (
    other_parameters,
    own_forwards,
    quantised,
    uncalled,
    unsettled,
    unsettled_words,
)
from scorelet.analysis.alignment.layers import MatrixLayer, layer_of
from scorelet.analysis.alignment.moments import CrossMoments
from scorelet.analysis.alignment.networks import SAMPLES, LayerPair, match, one_layer_moments
from scorelet.analysis.alignment.pictures import Batches, Pictures, first_pictures, picture_batches
from scorelet.analysis.alignment.procrustes import (
    Rotation,
    identity,
    procrustes,
    refuse_silent,
    undetermined,
)
from scorelet.analysis.alignment.watching import CalledParts, called_parts
from scorelet.analysis.weight_covariance.broken import refuse_broken
from scorelet.analysis.weight_resampling.laws import Law, drawn_rows
from scorelet.analysis.weight_resampling.norms import draw_gains, settle
from scorelet.core.copying import copied
from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.core.random import generator
from scorelet.core.words import counted, listed


@dataclass(frozen=True)
class DrawnLayer:
    """A layer of the new network.

    Attributes:
        name: of the layer.
        neurons: that were drawn; of the last layer all are rotated, none drawn.
        similarity: r² of what it reads in both networks, of the same pictures.
        samples: pictures times positions.
        needed: so many are needed for an alignment.
        directions: of what it reads, that the samples determine, see `Rotation`.
    """

    name: str
    neurons: int
    similarity: float
    samples: int
    needed: int
    directions: int


@dataclass(frozen=True)
class DrawnNetwork:
    """A network that was drawn, not trained.

    Attributes:
        network: in evaluation mode.
        layers: one record each, in the order of calls; the last is the classifier.
        last: the module of the classifier.
        warnings: of rotations that the pictures do not determine, and of norms that keep no
            moments; without a full stop.
    """

    network: nn.Module
    layers: tuple[DrawnLayer, ...]
    last: nn.Module
    warnings: tuple[str, ...] = ()


@checked
def draw_network(
    reference: nn.Module,
    data: Pictures,
    *,
    seed: int = 0,
    law: Law | None = None,
    into: nn.Module | None = None,
    aligned: bool = True,
    progress: Progress | None = None,
) -> DrawnNetwork:
    """Draw all layers but the last from the law of the reference's weights.

    Args:
        reference: a trained network of convolutions, linear layers and channel matrices, with batch
            norms; it is left as it is.
        data: pictures that normalisations and alignments are measured on, as for `align`.
        seed: of the weights.
        law: how rows are drawn; None: N(0, C) with the covariance of the reference.
        into: a network of the same architecture that is filled, its widths may differ; None: a
            copy of the reference.
        aligned: False takes A = 1 everywhere, for comparison; widths must be the reference's then.
        progress: called with (layers done, layers).

    Raises:
        InputError: parts whose parameters have no law, weights that are not finite, layers that do
            not correspond, other norms behind them, a layer that reads zeros only, or pictures that
            the network does not take.
    """
    reference = unwrapped(reference)
    refuse_unknown_parts(reference)
    refuse_broken(reference)
    net = copied(reference if into is None else unwrapped(into)).eval()
    _, batches = picture_batches(data)
    x = first_pictures(batches)
    parts = called_parts(reference, x), called_parts(net, x)
    refuse_unknown_calls(reference, parts[0])
    pairs = match(*(part.layers for part in parts))
    refuse_other_norms(*parts)
    drawing = _Drawing(reference, net, parts, batches, law or Law())
    found, rotations = [], {}
    for j, pair in enumerate(pairs):
        layer, rotation = drawing.layer(j, pair, generator(seed, j), aligned=aligned)
        found.append(layer)
        rotations[layer.name] = rotation
        if progress:
            progress(j + 1, len(pairs))
    warnings = (*undetermined(rotations), *own_forwards(reference), *unsettled_words(net))
    return DrawnNetwork(net, tuple(found), pairs[-1][1].module, warnings)


@dataclass(frozen=True)
class _Drawing:
    reference: nn.Module
    net: nn.Module
    parts: tuple[CalledParts, CalledParts]
    batches: Batches
    law: Law

    def layer(
        self, j: int, pair: LayerPair, rng: Generator, *, aligned: bool
    ) -> tuple[DrawnLayer, Rotation]:
        """Draw a layer, or rotate the last one, and measure the norms behind it."""
        a, b = pair
        last = j == len(self.parts[0].layers) - 1
        rotation = self._rotation(pair, first=j == 0, aligned=aligned)
        neurons = b.shape[0]
        if last:
            weights, bias = a.weights(), a.bias
            if len(weights) != neurons:
                raise InputError("The new network has another number of outputs.")
        else:
            weights, bias = drawn_rows(a, neurons, self.law, rng)
        b.set_weights(from_reference(weights, rotation.matrix))
        if b.bias is not None and bias is not None:
            with torch.no_grad():
                b.bias.copy_(bias)
        if not last:
            self._settle(j, rng)
        needed = 0 if j == 0 else SAMPLES * max(a.shape[1], b.shape[1])
        similarity, samples = rotation.similarity, rotation.samples
        drawn = 0 if last else neurons
        record = DrawnLayer(a.name, drawn, similarity, samples, needed, rotation.directions)
        return record, rotation

    def _rotation(self, pair: LayerPair, *, first: bool, aligned: bool) -> Rotation:
        """Return A_j; 1 of the first layer: parts in front of it, but batch norms, are refused."""
        if isinstance(pair[1], MatrixLayer):
            settle(self.net, pair[1].module, self.batches)
        fixed = first or not aligned
        networks = self.reference, self.net
        sums = one_layer_moments(*networks, pair, self.batches, diagonal=fixed)
        return _rotation(pair, sums, fixed=fixed)

    def _settle(self, j: int, rng: Generator) -> None:
        norms = [part.norms_behind(j) for part in self.parts]
        draw_gains(norms[1], norms[0], rng)
        for norm in norms[1]:
            if not unsettled(norm):
                settle(self.net, norm, self.batches)


def _rotation(pair: LayerPair, sums: CrossMoments, *, fixed: bool) -> Rotation:
    real = not pair[0].complex
    try:
        refuse_silent(sums)
        return identity(sums, real=real) if fixed else procrustes(sums, real=real)
    except InputError as error:
        raise InputError(f"Layer {pair[0].name}: {str(error).removesuffix('.')}.") from None


def from_reference(weights: Tensor, rotation: Tensor) -> Tensor:
    """Return √(c_ref / c) W' A for weights (n, c_ref, s) and A (c_ref, c)."""
    dtype = torch.promote_types(weights.dtype, rotation.dtype)
    scale = (rotation.shape[0] / rotation.shape[1]) ** 0.5
    return scale * torch.einsum("nrs,rc->ncs", weights.to(dtype), rotation.to(dtype))


def refuse_unknown_parts(net: nn.Module) -> None:
    """Refuse a network with parameters, frozen ones too, that are drawn by no law.

    Raises:
        InputError: names the first of them.
    """
    if names := quantised(net):
        raise InputError(
            f"Layer {names[0]} is quantised: give the network before it was quantised, whose "
            "weights can be drawn anew."
        )
    for name, module in net.named_modules():
        own = list(module.parameters(recurse=False))
        layer = layer_of(name, module)
        if layer:
            layer.refuse_computed()
        known = isinstance(module, nn.modules.batchnorm._BatchNorm) or layer
        others = other_parameters(module)
        if own and (others or not known):
            grouped = "grouped " if getattr(module, "groups", 1) != 1 else ""
            which = f" ({listed(others)})" if others else ""
            raise InputError(
                f"{name or 'The network'} is a {grouped}{type(module).__name__} with parameters "
                f"of its own{which}: only convolutions that are not grouped, linear layers, "
                "channel matrices and batch norms can be drawn anew."
            )


def refuse_other_norms(reference: CalledParts, net: CalledParts) -> None:
    """Refuse a network with other norms behind a layer, to which no gains correspond.

    Raises:
        InputError: names the first such layer.
    """
    for j, layer in enumerate(reference.layers[:-1]):
        known, other = (len(parts.norms_behind(j)) for parts in (reference, net))
        if known != other:
            raise InputError(
                f"{counted(known, 'norm')} of the reference and {other} of the new network are "
                f"called behind layer {layer.name}: give a network with the same norms."
            )


def refuse_unknown_calls(net: nn.Module, parts: CalledParts) -> None:
    """Refuse layers whose weights do not act once, on what the layer is called with.

    Raises:
        InputError: names the first of them.
    """
    if texts := uncalled(net, parts.layers):
        raise InputError(
            f"The network cannot be drawn anew: {texts[0]}. If they are heads that run in training "
            "only, take them out first, as by net.aux1 = net.aux2 = None; in the shell by a "
            "function of yours, --arch FILE.py:FUNCTION."
        )
    if parts.repeated:
        raise InputError(
            f"Layer {parts.repeated[0].name} is called more than once for a picture: what is drawn "
            "is aligned with one input, so the network cannot be drawn anew."
        )
    seen: dict[int, str] = {}
    for layer in parts.layers:
        weight = id(layer.module.weight)
        if weight in seen:
            raise InputError(
                f"Layers {seen[weight]} and {layer.name} share their weights: they cannot be drawn "
                "one by one."
            )
        seen[weight] = layer.name
