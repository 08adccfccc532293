"""Images as planes of real and imaginary parts, channels last, and their wavelet coefficients.

    planes (part, batch, row, column, channel),  channels filled up with zeros to a multiple of 4.

A network's images, real (batch, channel, h, w) or pairs (batch, channel, 2, h, w), are views of
planes where planes have made them, so nothing is copied between layers. The kernels are in
`scorelet.wavelets.kernels.collapse`; they work image by image, in torch's threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from scorelet.core.parallel import share
from scorelet.wavelets.kernels import collapse, collapse_adjoint
from scorelet.wavelets.kernels.collapse import MODULUS, NONE, PHASES, ROWS
from scorelet.wavelets.kernels.quadrants import counts_of

__all__ = [
    "MODULUS",
    "NONE",
    "PHASES",
    "PlaneFilters",
    "coefficients",
    "flat",
    "over",
    "storage",
    "to_planes",
]


def to_planes(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the planes of an image, real (batch, channel, h, w) or pairs of five axes."""
    planes = x.permute(2, 0, 3, 4, 1) if x.ndim == 5 else x.permute(0, 2, 3, 1)[None]
    missing = -planes.shape[-1] % 4
    planes = F.pad(planes, (0, missing)) if missing else planes
    return planes.to(dtype).contiguous()


@dataclass(frozen=True)
class PlaneFilters:
    """A bank of wavelets for the kernels, and what is wanted of their coefficients.

    Args:
        taps: of `taps_of`.
        angles: L, even and at least 4.
        stride: between two outputs, in pixels.
        places: pixels that rows and columns of the image with its border repeat.
        amplitude: NONE, MODULUS or PHASES.
        skip: whether linear coefficients are kept and have amplitudes, all of them; else the low
            pass is kept and the bands have amplitudes.
    """

    taps: np.ndarray
    angles: int
    stride: int
    places: tuple[np.ndarray, np.ndarray]
    amplitude: int = NONE
    skip: bool = True

    @property
    def radius(self) -> int:
        """Of the filters, in pixels."""
        return round(len(self.taps) ** 0.5) - 1

    def sizes(self, x: Tensor) -> collapse.Sizes:
        """Return the sizes of the planes x and of what is computed from them."""
        parts, images, height, width, channels = x.shape
        everything = self.skip or self.amplitude == MODULUS  # its gradient needs the phases
        return collapse.Sizes(
            images=images,
            channels=channels,
            parts=parts,
            planes=2 if everything else parts,
            height=height,
            width=width,
            rows=height // self.stride,
            columns=width // self.stride,
            stride=self.stride,
            radius=self.radius,
            filters=self.taps.shape[1],
            angles=self.angles,
            linear=1 + self.angles if everything else 1,
            amplitude=self.amplitude,
            first=0 if self.skip else 1,
        )


def coefficients(x: Tensor, filters: PlaneFilters) -> tuple[Tensor, Tensor, Tensor]:
    """Return linear coefficients of planes, amplitudes, and means over images and pixels.

    Returns:
        z (plane, batch, row, column, feature, channel), a (batch, row, column, feature, channel),
        features of phases by angle, then by phase; and float32 (11, 1 + L, channel): means of
        Re z, Im z and |z|² of all coefficients (where there are phases, of those in z), of a,
        four if there are phases, and of a², where there are phases (that of moduli is that of
        |z|²). All have gradients.
    """
    return _Coefficients.apply(x, filters)


class _Coefficients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, filters: PlaneFilters) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401
        sizes = filters.sizes(x)
        place, channels = (sizes.images, sizes.rows, sizes.columns), sizes.channels
        z = x.new_empty(sizes.planes, *place, sizes.linear, channels)
        a = x.new_empty(*place, (1 + sizes.angles - sizes.first) * sizes.amplitude, channels)
        sums: list[np.ndarray] = []

        def work(images: tuple[int, int]) -> None:
            own = np.zeros((ROWS, 1 + sizes.angles, channels))
            sums.append(own)
            arrays = flat(x), flat(z), flat(a), own, filters.taps, filters.places
            counts = counts_of(sizes.angles)
            collapse.forward(
                *arrays, _scratch(sizes), sizes, counts, storage(x), images, _lanes(sizes)
            )

        over(sizes.images, work)
        means = np.sum(sums, 0) / (sizes.images * sizes.rows * sizes.columns)
        ctx.save_for_backward(z, a if sizes.amplitude == PHASES else None)
        ctx.filters, ctx.sizes = filters, sizes
        kept = z if filters.skip or sizes.linear == 1 else z[..., :1, :].contiguous()
        return kept, a, torch.from_numpy(means.astype(np.float32))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gz: Tensor, ga: Tensor, slopes: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        z, a = ctx.saved_tensors
        filters, sizes = ctx.filters, ctx.sizes
        gx = z.new_empty(sizes.parts, sizes.images, sizes.height, sizes.width, sizes.channels)
        count = sizes.images * sizes.rows * sizes.columns
        gz, ga, slopes = gz.contiguous(), ga.contiguous(), (slopes / count).contiguous()
        moduli = ga if a is None else a

        def work(images: tuple[int, int]) -> None:
            arrays = [flat(t) for t in (gx, z, moduli, gz, ga)]
            words = slopes.numpy(), filters.taps, filters.places, _scratch(sizes), sizes
            counts = counts_of(sizes.angles)
            collapse_adjoint.backward(
                *arrays, *words, counts, storage(z), images, _lanes(sizes), gz.shape[-2]
            )

        over(sizes.images, work)
        return gx, None


def flat(x: Tensor) -> np.ndarray:
    """Return the numbers of a contiguous tensor; those of bfloat16 as bits."""
    x = x.detach()
    if x.dtype == torch.bfloat16:
        return x.view(torch.int16).numpy().view(np.uint16).reshape(-1)
    return x.numpy().reshape(-1)


def storage(x: Tensor) -> np.generic:
    """Return what kernels call `kept`."""
    return np.uint16(0) if x.dtype == torch.bfloat16 else np.float32(0)


def over(count: int, work: Callable[[tuple[int, int]], object]) -> None:
    """Call work((first, last)) for shares of range(count), one for each of torch's threads."""
    shares = max(1, min(torch.get_num_threads(), count))
    ends = [count * k // shares for k in range(shares + 1)]
    share(lambda k: work((ends[k], ends[k + 1])), shares)


def _lanes(sizes: collapse.Sizes) -> tuple[int, ...]:
    return (0,) * (4 if sizes.channels % 16 else 16)


def _scratch(sizes: collapse.Sizes) -> np.ndarray:
    room = np.empty(collapse.scratch_bytes(sizes) + 64, np.uint8)
    return room[-room.ctypes.data % 64 :]
