"""Normalisations of a network whose weights have been drawn anew: their moments are measured again.

Moments are those of all pictures together, exactly: a mean of batch variances would leave out how
the means of batches differ. A norm that follows another is measured after it.
"""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from scorelet.analysis.alignment.beside import unsettled
from scorelet.analysis.alignment.layers import MatrixLayer
from scorelet.analysis.alignment.moments import wide
from scorelet.analysis.alignment.pictures import Batches, first_pictures
from scorelet.analysis.alignment.watching import called_parts, read_by
from scorelet.networks.channel_matrix import ChannelMatrix


class ChannelMoments:
    """Means and powers about them of rows (samples, c), added up in double precision."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0

    def add(self, rows: Tensor) -> None:
        """Take samples in."""
        rows = wide(rows)
        self.count += len(rows)
        self._sum = self._sum + rows.sum(0)
        self._squares = self._squares + rows.abs().square().sum(0)

    @property
    def mean(self) -> Tensor:
        """E z, (c,)."""
        return torch.as_tensor(self._sum / self.count)

    @property
    def power(self) -> Tensor:
        """E |z - E z|², (c,), unbiased as in torch's running variance."""
        biased = torch.as_tensor(self._squares / self.count) - self.mean.abs().square()
        return biased.clamp(min=0) * self.count / max(1, self.count - 1)


def settle(net: nn.Module, norm: nn.Module, batches: Batches) -> None:
    """Measure the moments of a norm, or of a channel matrix, in one pass; write them."""
    moments = ChannelMoments()
    for x in batches():
        inputs = read_by(net, norm, x)
        if isinstance(norm, ChannelMatrix):
            moments.add(MatrixLayer("", norm).raw(inputs))
        else:
            moments.add(inputs[0].movedim(1, -1).flatten(0, -2))
    _write(norm, moments)


def settle_all(net: nn.Module, batches: Batches) -> None:
    """Measure all norms and channel matrices of a network again, in the order of their calls."""
    kinds = ChannelMatrix | nn.modules.batchnorm._BatchNorm
    for step in called_parts(net, first_pictures(batches)).steps:
        if isinstance(step, kinds) and not unsettled(step):
            settle(net, step, batches)


@torch.no_grad()
def _write(norm: nn.Module, moments: ChannelMoments) -> None:
    mean = moments.mean
    if isinstance(norm, ChannelMatrix):
        pairs = torch.stack([mean.real, mean.imag if mean.is_complex() else 0 * mean], -1)
        norm.running_mean.copy_(pairs)
        norm.running_power.copy_(moments.power)
    else:
        buffers = dict(norm.named_buffers(recurse=False))
        buffers["running_mean"].copy_(mean)
        buffers["running_var"].copy_(moments.power)


@torch.no_grad()
def draw_gains(norms: Sequence[nn.Module], references: Sequence[nn.Module], rng: Generator) -> None:
    """Draw gains and offsets together, with replacement, from those of the reference's norms.

    Where these have none, gains are 1 and offsets 0.
    """
    for norm, reference in zip(norms, references, strict=True):
        gains, known = (dict(m.named_parameters(recurse=False)) for m in (norm, reference))
        if not known:
            for name, gain in gains.items():
                gain.fill_(1.0 if name == "weight" else 0.0)
        elif gains:
            count = len(next(iter(known.values())))
            picked = torch.randint(count, (len(next(iter(gains.values()))),), generator=rng)
            for name, gain in gains.items():
                gain.copy_(known[name][picked.to(gain.device)])
