"""A density as a product over scales: p(x) = p(x_J) prod_b p(d_b | c_b).

Symbols: x field or picture; x_J the coarse square of an orthogonal transform, d_b details of band
b, c_b what lies below it. The factors are of one kind: energies of fields (sampled by Markov
chains), or denoisers (sampled by reverse diffusion). The transform is orthogonal: its Jacobian is
1.

References: Marchand, Ozawa, Biroli, Mallat 2022, arXiv 2207.04941; Guth, Lempereur, Bruna, Mallat
2023, arXiv 2306.00181.
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from torch import nn

from scorelet.core.errors import InputError
from scorelet.models.band_whitening import BandWhitening
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packets import WaveletPacket

Factor = TypeVar("Factor", bound=nn.Module)


class Multiscale(nn.Module, Generic[Factor]):
    """The factors of a density in a wavelet basis.

    Args:
        transform: its shells are the bands, coarse to fine.
        coarse: the factor of x_J.
        details: the factor of each band, coarse to fine.
        free: the free energy of each band, coarse to fine, where they are known: what makes the sum
            of all factors the energy of the whole.
        normalization: of the coefficients that the factors see, if they are not those of the
            transform.
        whitening: of x_J, then of each band, coarse to fine, if the factors see these less their
            best linear estimate and whitened.
        record: what is known of its making, as JSON can say it: scale of the data, steps of chains.

    Raises:
        InputError: another number of factors, free energies or whitenings than of bands.
    """

    def __init__(
        self,
        transform: WaveletPacket,
        coarse: nn.Module,
        details: Sequence[Factor],
        *,
        free: Sequence[nn.Module] = (),
        normalization: Normalization | None = None,
        whitening: Sequence[BandWhitening] = (),
        record: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if len(details) != len(transform.plan.shells):
            raise InputError(
                f"There are {len(details)} factors for {len(transform.plan.shells)} bands: "
                "expected one for each band of the transform."
            )
        if free and len(free) != len(details):
            raise InputError(
                f"There are {len(free)} free energies for {len(details)} bands: expected one for "
                "each, or none."
            )
        if whitening and len(whitening) != 1 + len(details):
            raise InputError(
                f"There are {len(whitening)} whitenings for {1 + len(details)} factors: expected "
                "one for each, or none."
            )
        self.transform, self.coarse = transform, coarse
        self._details = nn.ModuleList(details)
        self._free = nn.ModuleList(free)
        self.normalization = normalization
        self._whitening = nn.ModuleList(whitening)
        self.record: dict[str, Any] = record or {}

    @property
    def details(self) -> list[Factor]:
        """The factors of the bands, coarse to fine."""
        return list(self._details)  # ty: ignore[invalid-explicit-return]

    @property
    def factors(self) -> list[nn.Module]:
        """That of the low band, then those of the details, coarse to fine."""
        return [self.coarse, *self.details]

    @property
    def free(self) -> list[nn.Module]:
        """The free energies of the bands, coarse to fine; empty if they are not known."""
        return list(self._free)

    @property
    def whitening(self) -> list[BandWhitening]:
        """The whitenings of x_J and of the bands, coarse to fine; empty if there is none."""
        return list(self._whitening)  # ty: ignore[invalid-explicit-return]

    @property
    def levels(self) -> int:
        """J: the coarse square is 2^J times as small as the field."""
        return self.transform.plan.depth
