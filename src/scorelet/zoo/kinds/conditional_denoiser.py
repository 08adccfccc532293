"""Conditional denoisers: a network that is shown an image and what is known beside it."""

from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(denoiser: ConditionalResidualDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, channels, cond_channels} and the weights."""
    header, tensors = describe_network(denoiser.network)
    assert denoiser.channels is not None
    return header | {
        "channels": denoiser.channels[0],
        "cond_channels": denoiser.cond_channels,
    }, tensors


def build(header: Header, tensors: Tensors) -> ConditionalResidualDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    return ConditionalResidualDenoiser(
        network, channels=int(header["channels"]), cond_channels=int(header["cond_channels"])
    ).eval()


KIND = Kind(
    "conditional-denoiser",
    ConditionalResidualDenoiser,
    describe,
    build,
    verbs=("denoise", "evaluate"),
)
