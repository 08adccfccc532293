"""Denoisers around a mean image: a network, the mean and the variance of a pixel around it."""

from scorelet.models.centred import CentredDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network

_MEAN = "centre.mean"


def describe(denoiser: CentredDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, variance}; the weights, and the mean image."""
    header, tensors = describe_network(denoiser.network)
    return header | {"variance": denoiser.variance}, tensors | {_MEAN: denoiser.mean}


def build(header: Header, tensors: Tensors) -> CentredDenoiser:
    """Return the denoiser."""
    weights = dict(tensors)
    mean = weights.pop(_MEAN)
    network = rebuild_network(header, weights)
    return CentredDenoiser(network, mean.float(), float(header["variance"])).eval()


KINDS = (Kind("centred-denoiser", CentredDenoiser, describe, build, verbs=("denoise", "evaluate")),)
