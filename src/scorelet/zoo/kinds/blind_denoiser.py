"""Blind denoisers: a network, and the curves of the noise level that its residual shows."""

from scorelet.models import ResidualDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_learnt, describe_network, rebuild_network, with_learnt


def describe(denoiser: ResidualDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, calibration, learnt, most, ...}, the weights."""
    header, tensors = describe_network(denoiser.network)
    curves = {kind: [list(row) for row in curve] for kind, curve in denoiser.calibration.items()}
    return header | {"calibration": curves} | describe_learnt(denoiser), tensors


def build(header: Header, tensors: Tensors) -> ResidualDenoiser:
    """Return the denoiser; it takes the channel counts that its network takes."""
    network = rebuild_network(header, tensors)
    denoiser = ResidualDenoiser(network, calibration=header.get("calibration", {}))
    return with_learnt(denoiser, header).eval()


KIND = Kind(
    "blind-denoiser",
    ResidualDenoiser,
    describe,
    build,
    verbs=("denoise", "restore", "sample", "basis", "audit", "evaluate"),
)
