"""Denoisers that correct the best linear estimate: a network, mean and covariance of the images."""

from scorelet.models.guided import GaussianGuidedDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import (
    describe_learnt,
    describe_network,
    rebuild_network,
    widened,
    with_learnt,
)

_NAMES = ("mean", "values", "basis")
_START = "gaussian."


def describe(denoiser: GaussianGuidedDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, learnt, most, ...}; the weights, and the moments."""
    header, tensors = describe_network(denoiser.network)
    moments = {f"{_START}{name}": denoiser.get_buffer(name) for name in _NAMES}
    header |= {"bound": denoiser.bound} | describe_learnt(denoiser)
    return header, tensors | moments


def build(header: Header, tensors: Tensors) -> GaussianGuidedDenoiser:
    """Return the denoiser; moments in half precision become float32, as weights do."""
    weights = dict(tensors)
    moments = [weights.pop(f"{_START}{name}") for name in _NAMES]
    network = rebuild_network(header, weights)
    denoiser = GaussianGuidedDenoiser(network, *map(widened, moments), bound=float(header["bound"]))
    return with_learnt(denoiser, header).eval()


KINDS = (
    Kind(
        "gaussian-guided-denoiser",
        GaussianGuidedDenoiser,
        describe,
        build,
        verbs=("denoise", "sample", "basis", "audit", "evaluate"),
    ),
)
