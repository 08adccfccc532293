"""The orthogonal wavelet transform of periodic pictures and signals.

Symbols: x_0 = x the picture, x_j the low band of level j, half as large as x_{j-1}, and d_j its
details; |x_{j-1}|^2 = |x_j|^2 + |d_j|^2. In two dimensions the mean of x_j is 2^j times that of x.
"""

from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.habits import answers
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked
from scorelet.core.words import colours_last, often
from scorelet.wavelets.filters import orthogonal_filters
from scorelet.wavelets.habits import of_pywavelets
from scorelet.wavelets.orthogonal.banded import BandedFilters
from scorelet.wavelets.orthogonal.cascade import Cascade
from scorelet.wavelets.orthogonal.pyramid import Pyramid
from scorelet.wavelets.orthogonal.shannon import ShannonFilters


class OrthogonalWavelet:
    """Periodised orthogonal wavelets: equal to PyWavelets' mode `periodization`, band by band.

    Args:
        name: an orthogonal wavelet of PyWavelets (haar, db1 to db38, sym2 to sym20, coif1 to
            coif17), or shannon, whose bands are exact halves of the frequencies.
        levels: J, how many times the low band is split; at least 1.
        ndim: 2 for pictures (..., height, width), 1 for signals (..., length).
        align: "pywavelets", or "centred": the filters of both bands are centred as nearly as can
            be, so that coefficients at the same place are about the same pixels.

    Every side must be divisible by 2^levels; where a filter is longer than a side it goes round,
    and the transform stays orthogonal down to a side of 2.

    Examples:
        >>> import torch
        >>> from scorelet.wavelets import OrthogonalWavelet
        >>> wavelet = OrthogonalWavelet("db4", levels=3)
        >>> x = torch.rand(2, 1, 64, 48)
        >>> low, details = wavelet.analyze(x)
        >>> low.shape, details[0].shape
        (torch.Size([2, 1, 8, 6]), torch.Size([2, 1, 3, 8, 6]))
        >>> torch.allclose(wavelet.synthesize((low, details)), x, atol=1e-5)
        True
    """

    orthogonal = True

    @answers(of_pywavelets)
    @checked
    def __init__(
        self, name: str = "db4", levels: int = 1, *, ndim: int = 2, align: str = "pywavelets"
    ) -> None:
        if not is_whole(levels, least=1) or ndim not in (1, 2):
            raise InputError(
                f"levels={levels!r} and ndim={ndim!r}: use a whole number of levels, at least one, "
                "and 1 or 2 dimensions."
            )
        self.name, self.levels, self.ndim, self.align = name, levels, ndim, align
        self._cascade = Cascade(find_axis(name, align), levels, ndim)

    def __repr__(self) -> str:
        options = f"{self.name!r}, levels={self.levels}, ndim={self.ndim}, align={self.align!r}"
        return f"OrthogonalWavelet({options})"

    def one_level(self) -> "OrthogonalWavelet":
        """Return the same wavelet with a single level: a step from x_{j-1} to x_j and d_j."""
        return OrthogonalWavelet(self.name, 1, ndim=self.ndim, align=self.align)

    def analyze(self, x: Tensor) -> Pyramid:
        """Return the coefficients of x, details coarse to fine.

        Args:
            x: (..., height, width) or (..., length), floating point, any leading dimensions.

        Raises:
            InputError: not floating point, empty, too few dimensions, a side that cannot be halved
                `levels` times, or (on CPU) numbers that are not finite.
        """
        self._check(x)
        low, *details = self._cascade.analyze(x, check=True)
        return Pyramid(low, tuple(reversed(details)))

    def synthesize(self, pyramid: Pyramid | tuple[Tensor, tuple[Tensor, ...]]) -> Tensor:
        """Return the picture of coefficients: the inverse and the adjoint of `analyze`.

        Raises:
            InputError: shapes or dtypes that do not belong together.
        """
        low, details = unpack(pyramid, self.ndim)
        self._check_pyramid(low, details)
        return self._cascade.synthesize(low, *reversed(details))

    def _check(self, x: Tensor) -> None:
        check_signal(x, self.ndim)
        check_sides(tuple(x.shape[-self.ndim :]), self.levels)

    def _check_pyramid(self, low: Tensor, details: tuple[Tensor, ...]) -> None:
        if len(details) != self.levels:
            raise InputError(
                f"The pyramid has details of {len(details)} levels: this transform has "
                f"{self.levels}."
            )
        lead, sides = low.shape[: -self.ndim], low.shape[-self.ndim :]
        bands = (3,) if self.ndim == 2 else ()
        for level, detail in enumerate(details):
            expected = (*lead, *bands, *(n << level for n in sides))
            if tuple(detail.shape) != expected:
                raise InputError(
                    f"Details {level} (from coarse to fine) are {_kind(detail)}: beside a low band "
                    f"that is {_kind(low)} they must have shape {expected}."
                )


def find_axis(name: str, align: str = "pywavelets") -> BandedFilters | ShannonFilters:
    """Return one level of the wavelet `name` along one axis; arguments of `OrthogonalWavelet`."""
    if name == "shannon":
        return ShannonFilters()
    return BandedFilters(orthogonal_filters(name, align))


def check_signal(x: Tensor, ndim: int, *, name: str = "x") -> None:
    """Raise InputError unless x is a floating-point tensor with at least `ndim` axes, not empty."""
    if not isinstance(x, Tensor):
        raise InputError(
            f"{name} is {type(x).__name__}: expected a real floating-point tensor, as "
            "torch.from_numpy(x) is of an array of floats."
        )
    if not x.is_floating_point():
        hint = ".real and .imag are" if x.is_complex() else "x.float() is"
        raise InputError(f"{name} is {_kind(x)}: expected a real floating-point tensor, as {hint}.")
    if x.ndim < ndim or x.numel() == 0:
        axes = "(..., height, width)" if ndim == 2 else "(..., length)"
        raise InputError(f"{name} has shape {tuple(x.shape)}: expected {axes}, and not empty.")


def unpack(pyramid: object, ndim: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the low band and the details of a pyramid.

    Raises:
        InputError: no pair of a tensor and several tensors; integers, complex numbers, nothing at
            all, too few axes, or details of another dtype than the low band.
    """
    try:
        low, details = pyramid  # ty: ignore[not-iterable]
        bands = (low, *details)
    except (TypeError, ValueError):
        bands = ()
    if not bands or not all(isinstance(band, Tensor) for band in bands):
        raise InputError(
            "The coefficients are no pyramid: expected (low, details), a tensor and a tuple of "
            "tensors, as the analysis returns them; for lists of PyWavelets there is "
            "Pyramid.from_pywavelets."
        )
    for band in bands:
        check_signal(band, ndim, name="A band")
        if band.dtype != bands[0].dtype:
            raise InputError(
                f"The low band is {_kind(bands[0])}, a band of details {_kind(band)}: expected one "
                "dtype."
            )
    return bands[0], bands[1:]


def check_sides(sides: tuple[int, ...], levels: int, *, field: str = "") -> None:
    """Raise InputError unless every side can be halved `levels` times.

    Args:
        sides: in pixels.
        levels: so often.
        field: of a configuration that sets the sides, for the sentence.
    """
    factor = 2**levels
    if not any(n % factor for n in sides):
        return
    most = min((n & -n).bit_length() - 1 for n in sides)
    larger = " x ".join(str(-(-n // factor) * factor) for n in sides)
    fewer = f"use at most {most} level{'s' * (most > 1)}, or " if most > 0 else ""
    other = f"set {field} to a multiple of {factor}" if field else f"pad to {larger}"
    raise InputError(
        f"Sides of {' x '.join(map(str, sides))} cannot be halved {often(levels)}: "
        f"{colours_last(sides)}{fewer}{other}."
    )


def _kind(x: Tensor) -> str:
    return f"{str(x.dtype).removeprefix('torch.')} of shape {tuple(x.shape)}"
