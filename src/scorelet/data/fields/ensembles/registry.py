"""Ensembles by name."""

from dataclasses import fields
from typing import Any

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.anisotropic import Anisotropic
from scorelet.data.fields.ensembles.band_limited import BandLimited
from scorelet.data.fields.ensembles.base import Ensemble
from scorelet.data.fields.ensembles.bubbles import Bubbles
from scorelet.data.fields.ensembles.dead_leaves import DeadLeaves
from scorelet.data.fields.ensembles.discs import Discs
from scorelet.data.fields.ensembles.lattice_ou import LatticeOrnsteinUhlenbeck
from scorelet.data.fields.ensembles.log_normal import LogNormal
from scorelet.data.fields.ensembles.matern import Matern
from scorelet.data.fields.ensembles.power_law import PowerLaw
from scorelet.data.fields.ensembles.regular_images import RegularImages, UniformlyRegularImages
from scorelet.data.fields.ensembles.sinusoids import Sinusoids
from scorelet.data.fields.ensembles.turbulence import DecayingTurbulence

ENSEMBLES: dict[str, type[Ensemble]] = {
    kind.name: kind
    for kind in (
        PowerLaw,
        Matern,
        LatticeOrnsteinUhlenbeck,
        Anisotropic,
        BandLimited,
        LogNormal,
        DecayingTurbulence,
        RegularImages,
        UniformlyRegularImages,
        Discs,
        DeadLeaves,
        Sinusoids,
        Bubbles,
    )
}


def ensemble(name: str, /, **params: Any) -> Ensemble:  # noqa: ANN401 - each class checks its own
    """Return the ensemble called `name` with the given parameters; the others have defaults.

    Raises:
        InputError: unknown name, unknown parameter, or a value that cannot be used.

    Example:
        >>> from scorelet.data.fields.ensembles import ensemble
        >>> ensemble("matern", length=4.0).sample(2, 32, seed=0).shape
        torch.Size([2, 1, 32, 32])
    """
    if name == "phi4":
        raise InputError(
            "The ensemble 'phi4' is sampled by Markov chains: use "
            "scorelet.sampling.ensemble('phi4'), or scorelet.sampling.Phi4."
        )
    if name not in ENSEMBLES:
        raise InputError(f"Unknown ensemble {name!r}: use one of {', '.join(ENSEMBLES)}.")
    kind = ENSEMBLES[name]
    known = [field.name for field in fields(kind)]
    for param in params:
        if param not in known:
            raise InputError(
                f"The ensemble {name!r} has no parameter {param!r}: use {', '.join(known)}."
            )
    return kind(**{param: _plain(value) for param, value in params.items()})


def _plain(value: object) -> Any:  # noqa: ANN401
    """Whole numbers as floats: 2 and 2.0 are one law, with one name in a cache."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
