"""Factors of a cascade of energies: conditional energies of bands, and the density of a number."""

from typing import Any

from scorelet.models.field_energy import (
    Band,
    ConditionalEnergy,
    Couplings,
    FieldEnergy,
    Potential,
    ScalarDensity,
    SigmoidPotential,
    WholeField,
    potential_kinds,
)
from scorelet.models.field_energy.band import AnyBand
from scorelet.zoo.kind import Header, Kind, Tensors


def describe_energy(factor: ConditionalEnergy) -> tuple[Header, Tensors]:
    """Return bands, shifts and the family of the potential; couplings, knots and weights."""
    field = factor.field
    header = {
        "band": _describe_band(factor.band),
        "finer": field.finer and _describe_band(field.finer),
        "shifts": [list(shift) for shift in field.couplings.shifts],
        **_describe_potential(field.potential),
    }
    tensors = {
        "strengths": field.couplings.strengths,
        "knots": field.potential.knots,
        "weights": field.potential.weights,
        "slope": field.slope,
    }
    return header, tensors


def build_energy(header: Header, tensors: Tensors) -> ConditionalEnergy:
    """Return the conditional energy of a file."""
    shifts = tuple((int(a), int(b)) for a, b in header["shifts"])
    couplings = Couplings(shifts, tensors["strengths"])
    potential = _build_potential(header, tensors)
    finer = _build_band(header["finer"]) if header.get("finer") else None
    assert not isinstance(finer, WholeField)
    field = FieldEnergy(couplings, potential, slope=float(tensors["slope"]), finer=finer)
    return ConditionalEnergy(field, _build_band(header["band"])).eval()


def describe_density(density: ScalarDensity) -> tuple[Header, Tensors]:
    """Return the family of the potential; knots, weights and slope."""
    potential = density.potential
    tensors = {"knots": potential.knots, "weights": potential.weights, "slope": density.slope}
    return _describe_potential(potential), tensors


def build_density(header: Header, tensors: Tensors) -> ScalarDensity:
    """Return the density of a file."""
    return ScalarDensity(_build_potential(header, tensors), slope=float(tensors["slope"])).eval()


def _describe_band(band: AnyBand) -> Header | None:
    if isinstance(band, WholeField):
        return None
    return {
        "wavelet": band.wavelet,
        "subdivisions": band.subdivisions,
        "index": band.index,
        "align": band.align,
    }


def _build_band(header: Any) -> AnyBand:  # noqa: ANN401 - JSON
    if header is None:
        return WholeField()
    options = dict(header)
    return Band(str(options.pop("wavelet")), **options)


def _describe_potential(potential: Potential) -> Header:
    extent = {"extent": potential.extent} if isinstance(potential, SigmoidPotential) else {}
    return {"potential": potential.kind, **extent}


def _build_potential(header: Header, tensors: Tensors) -> Potential:
    kind = potential_kinds()[header["potential"]]
    options = {"extent": float(header["extent"])} if "extent" in header else {}
    return kind(tensors["knots"], tensors["weights"], **options)


KINDS: tuple[Kind[Any], ...] = (
    Kind("conditional-energy", ConditionalEnergy, describe_energy, build_energy),
    Kind("scalar-density", ScalarDensity, describe_density, build_density),
)
