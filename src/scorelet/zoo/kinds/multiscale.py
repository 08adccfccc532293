"""Densities as products over scales: a packet transform, and a factor for each of its bands."""

from torch import nn

from scorelet.models.band_whitening import BandWhitening
from scorelet.models.cascade_record import know_levels
from scorelet.models.denoiser import Denoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.networks.scale_shared import ScaleShared
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan, Shell
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.zoo.kind import Header, Kind, Tensors, Verbs
from scorelet.zoo.parts import below, pack, unpack, widened

_UNITS = "normalization"
_WHITENING = "whitening"


def describe(model: Multiscale) -> tuple[Header, Tensors]:
    """Return transform, record and the parts: `coarse`, `band0` (the coarsest), `free0`, ...."""
    factors = {f"band{k}": factor for k, factor in enumerate(model.details)}
    free = {f"free{k}": factor for k, factor in enumerate(model.free)}
    header, tensors = pack({"coarse": model.coarse, **factors, **free})
    transform = model.transform
    plan = {
        "wavelet": transform.name,
        "align": transform.align,
        "depth": transform.plan.depth,
        "shells": [[shell.depth, shell.index] for shell in transform.plan.shells],
    }
    header |= {"transform": plan, "record": model.record}
    tensors |= {
        f"{_WHITENING}{k}.{name}": t
        for k, whitening in enumerate(model.whitening)
        for name, t in whitening.state_dict().items()
    }
    if model.normalization is None:
        return header, tensors
    units = {f"{_UNITS}.{name}": t for name, t in model.normalization.state_dict().items()}
    return header | {"normalization": model.normalization.options}, tensors | units


def build(header: Header, tensors: Tensors) -> Multiscale:
    """Return the model of a file."""
    parts = unpack(header, tensors)
    plan = header["transform"]
    shells = tuple(Shell(int(depth), int(index)) for depth, index in plan["shells"])
    transform = WaveletPacket(
        str(plan["wavelet"]), PacketPlan(int(plan["depth"]), shells), align=str(plan["align"])
    )
    details = [parts[f"band{k}"] for k in range(len(shells))]
    _share(details)
    free = [parts[f"free{k}"] for k in range(len(shells)) if f"free{k}" in parts]
    record = dict(header["record"])
    units = _normalization(header, tensors)
    model = Multiscale(
        transform,
        parts["coarse"],
        details,
        free=free,
        normalization=units,
        whitening=_whitening(tensors, 1 + len(details)),
        record=record,
    )
    know_levels(model)
    return model.eval()


def _share(details: list[nn.Module]) -> None:
    """Make networks of several scales one again whose weights the file holds once."""
    networks = [getattr(factor, "network", None) for factor in details]
    shared = [network for network in networks if isinstance(network, ScaleShared)]
    for network in shared[1:]:
        if network.embedding.data_ptr() == shared[0].embedding.data_ptr():
            network.share(shared[0])


def _normalization(header: Header, tensors: Tensors) -> Normalization | None:
    if "normalization" not in header:
        return None
    units = Normalization(**header["normalization"])
    units.load_state_dict(below(_UNITS, tensors), assign=True)
    return units


def _whitening(tensors: Tensors, factors: int) -> list[BandWhitening]:
    """Return a whitening for each factor, if the file has them."""
    states = [below(f"{_WHITENING}{k}", tensors) for k in range(factors)]
    return [
        BandWhitening.of_state({name: widened(t) for name, t in state.items()})
        for state in states
        if state
    ]


def verbs(header: Header, tensors: Tensors) -> Verbs:
    """Return what the shell does with energies, or denoisers, which may be of whitened bands."""
    if header["parts"]["coarse"]["kind"] in ("scalar-density", "conditional-energy"):
        return ("field sample", "field certify")
    if any(name.startswith(_WHITENING) for name in tensors):
        return ("sample",)
    return ("denoise", "restore", "sample", "basis", "audit", "evaluate")


KINDS = (
    Kind(
        "multiscale",
        Multiscale,
        describe,
        build,
        verbs=verbs,
        views={Denoiser: MultiscaleDenoiser},
        measured="its samples: draw them with scorelet sample and compare them with scorelet "
        "evaluate --samples, or fields with scorelet field sample and scorelet field compare",
    ),
)
