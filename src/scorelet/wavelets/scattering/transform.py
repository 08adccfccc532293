"""The scattering transform of images: iterated complex wavelets and moduli, averaged.

    U[] = x,    U[j1, θ1] = |x ∗ ψ_{j1,θ1}| ↓ 2^j1,
    U[j1, θ1, j2, θ2] = |U[j1, θ1] ∗ ψ_{j2,θ2}| ↓ 2^(j2-j1) with j1 < j2, and so on,
    S[..., jq, θq] = (U[..., jq, θq] ∗ φ_J) ↓ 2^(J-jq),

where ↓ k keeps every k-th point: after ψ_j the grid is that of every 2^j-th pixel, on which a
filter is the same function of frequency, cut to the frequencies that the grid has. What a Gaussian
leaves above them folds back: without the subsampling in between, S would be another by about one
percent. It is stable: ‖S x - S y‖ ≤ ‖x - y‖ up to the bank's energy, a shift by less than 2^J
pixels moves it little, and a deformation moves it in proportion to its size.

References: Mallat, Comm. Pure Appl. Math. 2012, arXiv 1101.2286; Bruna, Mallat, IEEE PAMI 2013,
arXiv 1203.1513. With order 1 or 2 and a reflected boundary the numbers are those of Kymatio
(Andreux et al., JMLR 2020, arXiv 1812.11214).
"""

from functools import cache
from importlib.util import find_spec
from operator import index
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from scorelet.core.compiling import constant_in_graphs
from scorelet.core.device import widened
from scorelet.core.errors import InputError
from scorelet.core.habits import answers
from scorelet.core.numbers import is_whole
from scorelet.core.options import checked
from scorelet.wavelets.habits import of_kymatio
from scorelet.wavelets.kept import remember
from scorelet.wavelets.morlet.bank import MorletBank, check_scales, morlet_bank
from scorelet.wavelets.morlet.checks import check_pictures, is_concrete
from scorelet.wavelets.morlet.grid import Boundary, Grid, check_boundary, grid
from scorelet.wavelets.paths import Path, scattering_paths
from scorelet.wavelets.scattering import torch_path
from scorelet.wavelets.scattering.torch_path import GridFilters, filters, in_order

if TYPE_CHECKING:
    from scorelet.wavelets.scattering.fast_path import CompiledScattering

Engine = Literal["auto", "torch"]

_MODERATE = (-20, 40)  # powers of two that largest values may have
_CACHE = 1 << 20  # bytes: maps of one scale that stay near a core until the next step needs them


class Scattering2d(nn.Module):
    """Scattering transform of images of any shape of at least 2^J x 2^J pixels.

    Args:
        J: number of octaves; coefficients are averaged over about 2^J pixels.
        L: number of angles in a half circle.
        order: of the longest paths, 1 to 3.
        boundary: "reflect" mirrors the picture about its border pixels; "periodic" takes it for
            a torus and needs sides that are multiples of 2^J.
        average: return averaged coefficients; otherwise the maps U of every path.
        engine: "auto" uses compiled kernels where there are some: averaged coefficients of order
            1 or 2, at most 16 angles, on a CPU, in float32 (and in the half ones, which become
            float32), not under torch.compile or torch.func. "torch" never does. The first call
            of all compiles for some ten seconds, and so does the first gradient; the result is
            kept on disk.

    Shape:
        (batch..., channel, height, width) → (batch..., channel, path, h, w) with
        h = ⌊height / 2^J⌋ and w alike; leading dimensions are free, none at all included. With
        ``average=False`` a tuple, one tensor (batch..., channel, h_j, w_j) for each path,
        subsampled by 2^j of its last wavelet.

    Attributes:
        paths: `Path` (order, scales, angles) of each output.

    Float32, float64, float16 and bfloat16 are accepted and returned; the half ones are computed in
    float32. Gradients are exact, 0 where a modulus is 0.

    Example:
        >>> import torch
        >>> from scorelet.wavelets import Scattering2d
        >>> S = Scattering2d(J=2, L=4)
        >>> S(torch.zeros(5, 3, 32, 48)).shape, S.paths[9]
        (torch.Size([5, 3, 25, 8, 12]), Path(order=2, scales=(0, 1), angles=(0, 0)))
    """

    @answers(of_kymatio)
    @checked
    def __init__(
        self,
        J: int,
        L: int = 8,
        *,
        order: int = 2,
        boundary: str = "reflect",
        average: bool = True,
        engine: Engine = "auto",
    ) -> None:
        super().__init__()
        _check_options(J, L, order, boundary, engine)
        self.J, self.L, self.order = J, L, order
        self.boundary: Boundary = "reflect" if boundary == "reflect" else "periodic"
        self.average, self.engine = average, engine
        self.paths: tuple[Path, ...] = scattering_paths(J, L, order)
        self._positions = in_order(self.paths, J, L, order)
        self._banks: dict[tuple[int, int], tuple[Grid, MorletBank]] = {}
        self._filters: dict[tuple[object, ...], GridFilters] = {}
        self._kernels: dict[tuple[int, int], CompiledScattering] = {}

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the coefficients of pictures x.

        Raises:
            InputError: integers, complex numbers, NaN, nothing at all, or a picture too small.
        """
        check_pictures(x)
        leading, shape = x.shape[:-2], (x.shape[-2], x.shape[-1])
        working = widened(x).reshape(-1, *shape)
        unit = unit_of(working)
        scaled = working if unit is None else working / unit
        if self.average:
            results = [self._averaged(scaled, shape)]
        else:
            results = self._maps(scaled, shape)
            unit = None if unit is None else unit[:, 0]
        if unit is not None:
            results = [u * unit[:, None] for u in results]
        shaped = tuple(u.to(x.dtype).reshape(*leading, *u.shape[1:]) for u in results)
        return shaped[0] if self.average else shaped

    def extra_repr(self) -> str:
        """Return the options, for printing."""
        return f"J={self.J}, L={self.L}, order={self.order}, boundary={self.boundary!r}"

    def _averaged(self, x: Tensor, shape: tuple[int, int]) -> Tensor:
        kernels = self._kernels_for(x, shape)
        if kernels is None:
            place, tools = self._tools(shape, x)
            parts = self._parts(x, place)
            return torch.cat([self._cascade(torch_path.pad(part, tools), tools) for part in parts])
        return self._by_kernels(x, shape, kernels)

    def _parts(self, x: Tensor, place: Grid) -> tuple[Tensor, ...]:
        """Return the pictures of x as the torch path takes them: graphs hold for any number."""
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return (x,)
        height, width = place.padded
        return x.split(max(1, _CACHE // (2 * x.element_size() * self.L * height * width)))

    def _cascade(self, padded: Tensor, tools: GridFilters) -> Tensor:
        groups = torch_path.maps(padded, tools, scales=self.J, order=self.order)
        coefficients = [
            torch_path.averaged(u, tools, group[-1] if group else 0) for group, u in groups
        ]
        positions = torch.tensor(self._positions, device=padded.device)
        return torch.cat(coefficients, 1).index_select(1, positions)

    def _by_kernels(
        self, x: Tensor, shape: tuple[int, int], kernels: "CompiledScattering"
    ) -> Tensor:
        from scorelet.wavelets.scattering.fast_path import FastScattering

        def reference(spectra: Tensor) -> Tensor:
            _, tools = self._tools(shape, x)
            return self._cascade(torch.fft.irfft2(spectra, s=kernels.grid.padded), tools)

        padded = kernels.pad(x)
        spectra, low = torch.fft.rfft2(padded).contiguous(), kernels.average(padded)
        del padded  # a fifth of the memory that the kernels need for large pictures
        result = FastScattering.apply(spectra, kernels, reference)
        result[:, 0] = low
        return result

    def _kernels_for(self, x: Tensor, shape: tuple[int, int]) -> "CompiledScattering | None":
        """Return the compiled kernels if they can do x."""
        plain = x.device.type == "cpu" and x.dtype == torch.float32 and is_concrete(x)
        if self.engine == "torch" or not plain or not _has_numba():
            return None
        from scorelet.wavelets.kernels.lane_tables import supported
        from scorelet.wavelets.scattering.fast_path import CompiledScattering

        found = self._kernels.get(shape)
        if found is not None:
            return found
        place, bank = self._bank(shape)
        if not supported(place, self.L, self.order):
            return None
        return remember(self._kernels, shape, CompiledScattering(place, bank, self.order))

    def _maps(self, x: Tensor, shape: tuple[int, int]) -> list[Tensor]:
        place, tools = self._tools(shape, x)
        groups = torch_path.maps(torch_path.pad(x, tools), tools, scales=self.J, order=self.order)
        flat = [u for g, us in groups for u in place.crop(us, g[-1] if g else 0).unbind(1)]
        return [flat[position] for position in self._positions]

    def _tools(self, shape: tuple[int, int], like: Tensor) -> tuple[Grid, GridFilters]:
        height, width = index(shape[0]), index(shape[1])  # numbers, also where a graph is made
        place = grid((height, width), self.J, self.boundary)
        options = (self.J, self.L, self.order, self.boundary)
        return place, self._grid_filters(height, width, like.dtype, like.device, options)

    @constant_in_graphs
    def _grid_filters(
        self,
        height: int,
        width: int,
        dtype: torch.dtype,
        device: torch.device,
        options: tuple[object, ...],
    ) -> GridFilters:
        key = (height, width, dtype, device, options)
        found = self._filters.get(key)
        if found is not None:
            return found
        place, bank = self._bank((height, width))
        with torch.inference_mode(False):  # they serve calls that want gradients, too
            like = torch.empty(0, dtype=dtype, device=device)
            made = filters(place, bank, order=self.order, like=like)
        return remember(self._filters, key, made)

    def _bank(self, shape: tuple[int, int]) -> tuple[Grid, MorletBank]:
        found = self._banks.get(shape)
        if found is not None:
            return found
        place = grid(shape, self.J, self.boundary)
        return remember(self._banks, shape, (place, morlet_bank(place.padded, self.J, self.L)))


def unit_of(x: Tensor) -> Tensor | None:
    """Return a power of two for each picture, 1 unless it is very dark or very bright.

    Moduli square their input, so numbers beyond the root of what a dtype holds would be lost. By
    homogeneity S(x) = u S(x / u), and a power of two changes no digit.

    Args:
        x: (batch, height, width).

    Returns:
        u, (batch, 1, 1), not differentiable, which brings the largest value of x / u to between
        2^-20 and 2^40; None where all are 1 already.
    """
    peaks = x.detach().abs().amax((-2, -1), keepdim=True)
    exponents = torch.where(peaks == 0, 1.0, peaks).log2().ceil()
    beyond = exponents - exponents.clamp(*_MODERATE)
    return None if is_concrete(x) and not beyond.any() else beyond.exp2()


@cache
def _has_numba() -> bool:
    return find_spec("numba") is not None


def _check_options(scales: int, angles: int, order: int, boundary: str, engine: str) -> None:
    check_scales(scales, angles)
    if not is_whole(order, least=1) or order > 3:
        raise InputError(f"order is {order!r}: it must be 1, 2 or 3.")
    check_boundary(boundary)
    if engine not in ("auto", "torch"):
        raise InputError(f"engine is {engine!r}: it must be 'auto' or 'torch'.")
