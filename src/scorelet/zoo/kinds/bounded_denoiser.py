"""Denoisers for noise of any strength: a network, the bound of what it is shown, and their mean."""

from typing import Any

from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import (
    describe_learnt,
    describe_network,
    rebuild_network,
    widened,
    with_learnt,
)

_MEAN = "centre.mean"


def describe_centred(denoiser: CentredDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, learnt, most, ...}; the weights, and the mean image."""
    header, tensors = describe_network(denoiser.network)
    header |= {"bound": denoiser.bound} | describe_learnt(denoiser)
    return header, tensors | {_MEAN: denoiser.mean}


def build_centred(header: Header, tensors: Tensors) -> CentredDenoiser:
    """Return the denoiser; a mean in half precision becomes float32, as weights do."""
    weights = dict(tensors)
    mean = weights.pop(_MEAN)
    network = rebuild_network(header, weights)
    denoiser = CentredDenoiser(network, widened(mean), float(header["bound"]))
    return with_learnt(denoiser, header).eval()


def describe_conditional(denoiser: ConditionalBoundedDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, channels, cond_channels, window}, the weights."""
    header, tensors = describe_network(denoiser.network)
    assert denoiser.channels is not None
    return header | {
        "bound": denoiser.bound,
        "channels": denoiser.channels[0],
        "cond_channels": denoiser.cond_channels,
        "window": denoiser.window,
    }, tensors


def build_conditional(header: Header, tensors: Tensors) -> ConditionalBoundedDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    numbers = {name: int(header[name]) for name in ("channels", "cond_channels", "window")}
    return ConditionalBoundedDenoiser(network, float(header["bound"]), **numbers).eval()


KINDS: tuple[Kind[Any], ...] = (
    Kind(
        "centred-denoiser",
        CentredDenoiser,
        describe_centred,
        build_centred,
        verbs=("denoise", "sample", "basis", "audit", "evaluate"),
    ),
    Kind(
        "conditional-bounded-denoiser",
        ConditionalBoundedDenoiser,
        describe_conditional,
        build_conditional,
        verbs=("denoise", "evaluate"),
    ),
)
