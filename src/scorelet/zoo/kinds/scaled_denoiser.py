"""Denoisers that are told the noise level: a network, and the bound of what it is shown."""

from scorelet.models.scaled import ScaledDenoiser
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(denoiser: ScaledDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, mean, channels, cond_channels}, and the weights."""
    header, tensors = describe_network(denoiser.network)
    return header | {
        "bound": denoiser.bound,
        "mean": denoiser.mean,
        "channels": denoiser.own_channels,
        "cond_channels": denoiser.cond_channels,
    }, tensors


def build(header: Header, tensors: Tensors) -> ScaledDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    counts = {name: int(header[name]) for name in ("channels", "cond_channels")}
    bound, mean = float(header["bound"]), float(header["mean"])
    return ScaledDenoiser(network, bound, mean=mean, **counts).eval()


KINDS = (Kind("scaled-denoiser", ScaledDenoiser, describe, build, verbs=("denoise", "evaluate")),)
