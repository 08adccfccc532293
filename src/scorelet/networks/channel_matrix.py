"""Standardisation and 1x1 operators across channels that are real, or pairs of a complex number.

Symbols: groups of features, each real (batch, n, h, w) or pairs (batch, n, 2, h, w); P matrix
(outputs, all n together), real or complex; u = P (z - E z) / √(E |z - E z|² + ε).

Std needs no pass over the coefficients of its own: (z - m) / s is affine, so s goes into P and m
into a bias, in training and at inference. A complex channel has one variance for both parts.

References: Zarka, Guth, Mallat 2021, arXiv 2012.10424; Guth, Zarka, Mallat 2022, arXiv 2110.05283.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scorelet.core.device import widened
from scorelet.core.errors import InputError

EPSILON = 1e-5
INITIAL = ("orthonormal", "uniform")
"""Rows of P, or its columns, orthonormal; or independent numbers, uniform as in torch's layers."""


class Group(NamedTuple):
    """How many channels of a kind enter; `pairs` are complex numbers."""

    channels: int
    pairs: bool


class ChannelMatrix(nn.Module):
    """Std, then P: the channels of several groups in, `outputs` channels out.

    Args:
        groups: what enters, in this order.
        outputs: rows of P.
        field: "complex", or "real": then real groups give real channels.
        learned: whether P is a parameter, or a fixed random operator.
        initial: how P starts, a name of `INITIAL`: "orthonormal" rows (columns where there are more
            rows), or "uniform" numbers of variance 1 / (3 inputs).

    Each number of a complex P counts as two parameters. Std has no parameters; its running moments
    have the momentum 0.1.

    Shape:
        one tensor for each group → pairs (batch, outputs, 2, h, w), or real (batch, outputs, h, w)
        if all groups and P are real.
    """

    weight: Tensor
    running_mean: Tensor
    running_power: Tensor

    def __init__(
        self,
        groups: Sequence[Group],
        outputs: int,
        *,
        field: str = "complex",
        learned: bool = True,
        initial: str = "orthonormal",
    ) -> None:
        super().__init__()
        if initial not in INITIAL:
            raise InputError(f"initial is {initial!r}: it must be {' or '.join(INITIAL)}.")
        if field not in ("real", "complex"):
            raise InputError(f"field is {field!r}: it must be real or complex.")
        self.groups = tuple(Group(*group) for group in groups)
        self.outputs, self.field, self.initial = outputs, field, initial
        inputs = sum(group.channels for group in self.groups)
        draw = _semi_unitary if initial == "orthonormal" else _uniform
        weight = draw(outputs, inputs, complex_too=field == "complex")
        if learned:
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", weight)
        self.register_buffer("running_mean", torch.zeros(inputs, 2))
        self.register_buffer("running_power", torch.ones(inputs))

    @property
    def gives_pairs(self) -> bool:
        """Whether the result is complex."""
        return self.field == "complex" or any(group.pairs for group in self.groups)

    def forward(self, *features: Tensor) -> Tensor:
        """Return u."""
        means, powers = self._moments(features)
        scale = inverse_deviations(means, powers, _dtype_of_products(features[0]))
        weight = self.weight * (scale[:, None] if self.field == "complex" else scale)
        start, total = 0, None
        for group, x in zip(self.groups, features, strict=True):
            part = slice(start, start + group.channels)
            matrix = self._matrix(weight[:, part], pairs=group.pairs)
            mean = means[part].flatten() if group.pairs else means[part, 0]
            flat = x.flatten(1, 2) if group.pairs else x
            out = F.conv2d(flat, matrix[..., None, None].to(x.dtype), -(matrix @ mean).to(x.dtype))
            total = out if total is None else total + out
            start += group.channels
        assert total is not None
        return total.unflatten(1, (self.outputs, 2)) if self.gives_pairs else total

    def _matrix(self, weight: Tensor, *, pairs: bool) -> Tensor:
        """Return the real matrix of a part of P between interleaved real channels."""
        if self.field == "real":
            if not self.gives_pairs:
                return weight
            zero = torch.zeros_like(weight)
            real, imaginary = weight, zero
        else:
            real, imaginary = weight.unbind(-1)
        to_real = torch.stack([real, -imaginary], -1) if pairs else real[..., None]
        to_imaginary = torch.stack([imaginary, real], -1) if pairs else imaginary[..., None]
        return torch.stack([to_real, to_imaginary], 1).flatten(2).flatten(0, 1)

    def _moments(self, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return E z, (n, 2), and E |z - E z|², (n,), of the batch or as they were in training."""
        if not self.training:
            return self.running_mean, self.running_power
        moments = [_group_moments(g, x) for g, x in zip(self.groups, features, strict=True)]
        means, powers = (torch.cat(parts) for parts in zip(*moments, strict=True))
        count = features[0].shape[0] * features[0].shape[-1] * features[0].shape[-2]
        self.follow(means, powers, count)
        return means, powers

    @torch.no_grad()
    def follow(self, means: Tensor, powers: Tensor, count: int) -> None:
        """Move the running moments towards those of a batch of `count` numbers a channel."""
        unbiased = powers * (count / max(1, count - 1))
        self.running_mean.lerp_(means.to(self.running_mean), 0.1)
        self.running_power.lerp_(unbiased.to(self.running_power), 0.1)

    def extra_repr(self) -> str:
        """Sizes and field."""
        inputs = " + ".join(f"{g.channels}{'c' if g.pairs else ''}" for g in self.groups)
        return f"{inputs} -> {self.outputs}, {self.field}"


def inverse_deviations(means: Tensor, powers: Tensor, dtype: torch.dtype) -> Tensor:
    """Return 1 / √(E |z - m|² + ε) for each channel, (n,), of means m (n, 2) and powers (n,).

    It is 0 for channels that are constant up to the rounding of `dtype`, in which z is kept: there
    (z - m) / s would be rounding alone, made hundreds of times larger by every block.
    """
    rounding = torch.finfo(dtype).eps
    varies = powers > rounding**2 * means.square().sum(-1)
    return torch.where(varies, (powers + EPSILON).rsqrt(), 0.0)


def _dtype_of_products(x: Tensor) -> torch.dtype:
    kind = x.device.type
    half = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if half else x.dtype


def normalized(u: Tensor, *, pairs: bool) -> Tensor:
    """Divide the channel vector of each pixel by its norm, √(|u|² + 1e-6).

    Standardised channels have norms of about 1 and more. Where the norm is below 1e-4 there is
    nothing but rounding: the result and its gradient are 0, so that dull images blow nothing up.
    """
    power = widened(u).square().sum((1, 2) if pairs else 1, keepdim=True)
    scale = torch.where(power > 1e-8, (power + 1e-6).rsqrt(), 0.0)
    return u * scale.to(u.dtype)


def _group_moments(group: Group, x: Tensor) -> tuple[Tensor, Tensor]:
    axes, x = (0, -2, -1), widened(x)
    mean = x.mean(axes)  # torch.var_mean takes three times the time of both passes
    power = (x - mean[..., None, None]).square().mean(axes)
    if group.pairs:
        return mean, power.sum(-1)
    return torch.stack([mean, torch.zeros_like(mean)], -1), power


def _semi_unitary(rows: int, columns: int, *, complex_too: bool) -> Tensor:
    """Return U Vᴴ of a Gaussian matrix U S Vᴴ; the last axis of a complex one is (Re, Im)."""
    dtype = torch.complex64 if complex_too else torch.float32
    left, _, right = torch.linalg.svd(torch.randn(rows, columns, dtype=dtype), full_matrices=False)
    matrix = left @ right
    return torch.view_as_real(matrix).contiguous() if complex_too else matrix.contiguous()


def _uniform(rows: int, columns: int, *, complex_too: bool) -> Tensor:
    """Return independent uniform numbers w with E |w|² = 1 / (3 columns)."""
    parts = (2,) if complex_too else ()
    bound = (columns * (2 if complex_too else 1)) ** -0.5
    return torch.empty(rows, columns, *parts).uniform_(-bound, bound)
