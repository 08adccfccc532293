"""Denoisers that correct the best linear estimate: a network, mean and covariance of the images."""

from torch import Tensor, nn

from scorelet.models.guided import GaussianGuidedDenoiser, ToldGuidedDenoiser
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
    return _described(denoiser)


def build(header: Header, tensors: Tensors) -> GaussianGuidedDenoiser:
    """Return the denoiser; moments in half precision become float32, as weights do."""
    return with_learnt(GaussianGuidedDenoiser(*_parts(header, tensors)), header).eval()


def describe_told(denoiser: ToldGuidedDenoiser) -> tuple[Header, Tensors]:
    """Return the same, and shows_level."""
    header, tensors = _described(denoiser)
    return header | {"shows_level": denoiser.shows_level}, tensors


def build_told(header: Header, tensors: Tensors) -> ToldGuidedDenoiser:
    """Return the denoiser."""
    shows_level = bool(header["shows_level"])
    denoiser = ToldGuidedDenoiser(*_parts(header, tensors), shows_level=shows_level)
    return with_learnt(denoiser, header).eval()


def _described(denoiser: GaussianGuidedDenoiser | ToldGuidedDenoiser) -> tuple[Header, Tensors]:
    header, tensors = describe_network(denoiser.network)
    moments = {f"{_START}{name}": denoiser.get_buffer(name) for name in _NAMES}
    return header | {"bound": denoiser.bound} | describe_learnt(denoiser), tensors | moments


def _parts(header: Header, tensors: Tensors) -> tuple[nn.Module, Tensor, Tensor, Tensor, float]:
    """Return network, mean, values, basis and bound."""
    weights = dict(tensors)
    mean, values, basis = (widened(weights.pop(f"{_START}{name}")) for name in _NAMES)
    return rebuild_network(header, weights), mean, values, basis, float(header["bound"])


_VERBS = ("denoise", "sample", "basis", "audit", "evaluate")
KINDS = (
    Kind("gaussian-guided-denoiser", GaussianGuidedDenoiser, describe, build, verbs=_VERBS),
    Kind("told-guided-denoiser", ToldGuidedDenoiser, describe_told, build_told, verbs=_VERBS),
)
