"""Denoisers that are told the noise level: a network, and the bound of what it is shown."""

from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.zoo.kind import Header, Kind, Tensors, Verbs
from scorelet.zoo.parts import describe_learnt, describe_network, rebuild_network, with_learnt


def describe(denoiser: ScaledDenoiser) -> tuple[Header, Tensors]:
    """Return {architecture, options, bound, scales, channels, ..., learnt, most}, the weights."""
    header, tensors = describe_network(denoiser.network)
    assert denoiser.channels is not None
    return header | {
        "bound": denoiser.bound,
        "scales": list(denoiser.scales),
        "channels": denoiser.channels[0],
        "cond_channels": denoiser.cond_channels,
        "shows_level": denoiser.shows_level,
        **describe_learnt(denoiser),
    }, tensors


def build(header: Header, tensors: Tensors) -> ScaledDenoiser:
    """Return the denoiser."""
    network = rebuild_network(header, tensors)
    counts = {name: int(header[name]) for name in ("channels", "cond_channels")}
    scales, bound = Scales(*map(float, header["scales"])), float(header["bound"])
    shows_level = bool(header.get("shows_level", False))  # older files say nothing of it
    denoiser = ScaledDenoiser(network, scales, bound=bound, shows_level=shows_level, **counts)
    return with_learnt(denoiser, header).eval()


def verbs(header: Header, _tensors: Tensors) -> Verbs:
    """Return what the shell does with one of images, and with one that is told something beside."""
    if header["cond_channels"]:
        return ("denoise", "evaluate")
    return ("denoise", "restore", "sample", "basis", "audit", "evaluate")


KINDS = (Kind("scaled-denoiser", ScaledDenoiser, describe, build, verbs=verbs),)
