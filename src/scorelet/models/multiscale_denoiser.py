"""A denoiser of whole images from denoisers of their scales.

Symbols: y = x + σ z; y_J and ȳ_j low band and details of y under an orthogonal wavelet, in which
the noise is white of level σ again; f_J and f_j the denoisers of the low band, and of details given
the low band beside them. From coarse to fine

    x̂_J = f_J(y_J),      x̂_{j-1} = Wᵀ(x̂_j, f_j(ȳ_j, x̂_j)):

the estimate x̂_j stands for the x_j that f_j was trained with, so that x̂_0 is not exactly E[x | y]
even if all f_j are exact. On Gaussian fields that costs 0.1 to 0.3 dB at weak noise.

References: Kadkhodaie, Guth, Mallat, Simoncelli 2023, arXiv 2303.02984, section 2 and figure 2.
"""

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import cast

import torch.nn.functional as F
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, NoiseLevel
from scorelet.models.band_whitening import BandWhitening
from scorelet.models.cascade_record import know_levels
from scorelet.models.denoiser import Denoiser, Locality
from scorelet.models.multiscale import Multiscale
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.wavelets.orthogonal.packet_plan import PacketPlan
from scorelet.wavelets.orthogonal.packets import WaveletPacket
from scorelet.wavelets.orthogonal.transform import OrthogonalWavelet


class Levels:
    """The levels of a model of denoisers: one step of synthesis, and the unit of each.

    Args:
        transform: an ordinary pyramid.
        normalization, whitening: of its bands, see `Multiscale`.

    Raises:
        InputError: narrower bands than those of the pyramid.
    """

    def __init__(
        self,
        transform: WaveletPacket,
        normalization: Normalization | None,
        whitening: Sequence[BandWhitening] = (),
    ) -> None:
        self.count = transform.plan.depth
        if transform.plan != PacketPlan.wavelet(self.count):
            raise InputError(
                "The bands of the model are narrower than octaves: denoisers are given for the "
                "details of PacketPlan.wavelet."
            )
        self.whole = OrthogonalWavelet(transform.name, self.count, align=transform.align)
        self.step = self.whole.one_level()
        self._normalization = normalization
        self._whitening = list(whitening)

    @classmethod
    def of(cls, model: Multiscale[Denoiser]) -> "Levels":
        """Return the levels of a model."""
        return cls(model.transform, model.normalization, model.whitening)

    def normalization(self, x: Tensor) -> Normalization:
        """Return that of the model, in the dtype and on the device of images x; or none at all."""
        given = self._normalization
        if given is None:
            return Normalization("none", levels=self.count, channels=x.shape[1]).to(x)
        return deepcopy(given).to(x)  # a module is cast in its place

    def merge(self, low: Tensor, details: Tensor) -> Tensor:
        """Return x_{j-1} of x_j and its details, (batch, 3 channel, h, w), not normalised."""
        return self.step.synthesize((low, (unfold(details),)))

    def unwhiten(self, seen: Tensor, scale: int, told: Tensor | None = None) -> Tensor:
        """Return the normalised band of what factor number `scale`, 0 of the low band, sees."""
        return self._whitening[scale].unwhiten(seen, told) if self._whitening else seen

    def bands(self, x: Image) -> list[tuple[Tensor, Tensor | None]]:
        """Return what the factors see of images x without noise, and what they are told with it.

        The low band comes first, which is told nothing, then the details of each level, coarse to
        fine, which are told their low band.
        """
        plain = self._plain_bands(x)
        if not self._whitening:
            return plain
        pairs = zip(self._whitening, plain, strict=True)
        return [(whitening.whiten(band, told), told) for whitening, (band, told) in pairs]

    def _plain_bands(self, x: Image) -> list[tuple[Tensor, Tensor | None]]:
        """Return `bands` as they are if nothing is whitened."""
        units, found = self.normalization(x), []
        for level in range(1, self.count + 1):
            x, (detail,) = self.step.analyze(x)
            told = units.normalize_low(x, level)
            found.append((fold(units.normalize_detail(detail, level)), told))
        return [(units.normalize_low(x, self.count), None), *found[::-1]]


def trained_size(model: Multiscale) -> tuple[int, int] | None:
    """Return height and width of the pictures that a model or its low band knows, if it says.

    Raises:
        InputError: its record says something else.
    """
    if size := model.record.get("size"):
        if not _is_size(size):
            raise InputError(
                f"The record of the model has the size {size}: expected [height, width] in pixels."
            )
        return size[0], size[1]
    low = cast("Denoiser", model.coarse).learnt
    return None if low is None else (low[0] << model.levels, low[1] << model.levels)


def _is_size(size: object) -> bool:
    whole = isinstance(size, list | tuple) and len(size) == 2
    return whole and all(isinstance(side, int) and side >= 1 for side in size)


def factor_level(model: Multiscale, number: int) -> int:
    """Return the level of factor `number`: 0 is the low band, at level J as the details 1."""
    return model.levels - max(number - 1, 0)


def is_local(model: Multiscale[Denoiser], number: int, trained: tuple[int, int]) -> bool:
    """Whether factor `number`, 0 of the low band, sees from one edge of pictures not the other.

    Its receptive radius is smaller than the shorter side of the band in training; from the middle
    it may see both. Bands that are whitened have seen whole pictures.
    """
    radius = cast("Denoiser", model.factors[number]).locality.receptive_radius
    seen = min(trained) >> factor_level(model, number)
    return not model.whitening and radius is not None and radius < seen


def fold(details: Tensor) -> Tensor:
    """Turn (batch, channel, 3, h, w) into images of 3 channel channels: H of all, V of all, D."""
    return details.transpose(1, 2).flatten(1, 2)


def unfold(details: Tensor) -> Tensor:
    """Return (batch, channel, 3, h, w): the inverse of `fold`."""
    return details.unflatten(1, (3, -1)).transpose(1, 2)


class MultiscaleDenoiser(Denoiser):
    """The plug-in denoiser of whole images.

    Args:
        model: denoisers as factors; those of details are told the low band beside them. A
            normalisation must divide all bands of a level by one number.

    The largest level that it knows, `most`, is that of the factor which knows least: noise of level
    s in the images has the level s/G_j in a factor whose bands are divided by G_j.

    Images whose sides are not divisible by 2^J, and by what its networks halve beside, are extended
    by their last rows and columns.

    Raises:
        InputError: factors that are no denoisers, another transform or normalisation, details that
            are whitened, or a size of its pictures or noise levels that are none.
    """

    def __init__(self, model: Multiscale[Denoiser]) -> None:
        super().__init__()
        self.model = model
        if not all(isinstance(factor, Denoiser) for factor in model.factors):
            raise InputError(
                "The model is made of energies, which do not denoise: use it with scorelet field "
                "sample or field certify."
            )
        know_levels(model)
        self._levels = Levels.of(model)
        if model.whitening:
            raise InputError(
                "The factors of the model see whitened bands, in which white noise of an image is "
                "not white: sample from it, or train one without whiten to denoise."
            )
        units, factors = model.normalization, cast("list[Denoiser]", model.factors)
        levels = [factor_level(model, number) for number in range(len(factors))]
        scales = [1.0 if units is None else units.level_scale(level) for level in levels]
        self.most = min(f.most * scale for f, scale in zip(factors, scales, strict=True))
        sides = [f.locality.multiple << j for f, j in zip(factors, levels, strict=True)]
        self.locality = Locality(None, math.lcm(*sides))
        self.blind = all(factor.blind for factor in factors)
        self.needs_noise = any(factor.needs_noise for factor in factors)
        self.channels = factors[0].channels
        self.learnt = trained_size(model)
        self._low = factors[0].takes
        if self._low is not None:
            self.takes = self._low[0] << model.levels, self._low[1] << model.levels

    def takes_size(self, size: tuple[int, ...]) -> bool:
        """Whether a low band of that size is known: images are extended to whole ones."""
        return self._low is None or self._low == tuple(
            -(-side >> self.model.levels) for side in size
        )

    def knows(self, size: tuple[int, ...]) -> bool:
        """Whether images of a size are as those that it learnt; to local factors all are."""
        if self.learnt is None or size == self.learnt:
            return True
        return all(is_local(self.model, k, self.learnt) for k in range(len(self.model.factors)))

    def _check_takes(self, height: int, width: int) -> None:
        """Refuse images of another size than those whose low band is known."""
        if self.takes is not None and not self.takes_size((height, width)):
            raise InputError(
                f"The images are {height}x{width} (height x width), and this cascade takes "
                f"{self.takes[0]}x{self.takes[1]} only: its low band knows the mean of those."
                " Scale them to that size, or train a cascade whose low band is local "
                "(form: scaled without guided, or residual)."
            )

    def scales(self, y: Tensor, sigma: Tensor | None = None) -> Iterator[Tensor]:
        """Yield x̂_J, ..., x̂_0: estimates at all resolutions, as the transform has them.

        Args:
            y: noisy images, (batch, channel, height, width).
            sigma: a level for each, or for all; a model of blind denoisers needs none.
        """
        units = self._levels.normalization(y)
        low, details = self._levels.whole.analyze(y)
        top = self._levels.count
        scales = [units.level_scale(j) for j in range(1, top + 1)]
        levels = [None if sigma is None else sigma / scale for scale in scales]
        coarse = self.model.coarse(units.normalize_low(low, top), levels[-1])
        x = units.unnormalize_low(coarse, top)
        yield x
        for j, (factor, noisy) in enumerate(zip(self.model.details, details, strict=True)):
            number = top - j
            told = units.normalize_low(x, number)
            given = fold(units.normalize_detail(noisy, number))
            clean = factor(given, levels[number - 1], cond=told)
            found = units.unnormalize_detail(unfold(clean), number)
            x = self._levels.merge(x, fold(found))
            yield x

    def _denoise(
        self, y: Image, sigma: NoiseLevel, cond: Tensor | None, label: Labels | None
    ) -> Image:
        height, width = y.shape[-2:]
        self._check_takes(height, width)
        right, below = (-side % self.locality.multiple for side in (width, height))
        whole = F.pad(y, (0, right, 0, below), mode="replicate")
        *_, x = self.scales(whole, None if self.blind else sigma)
        return x[..., :height, :width]
