"""Cascades of gray pictures on two levels, which tests draw from: exact ones, and networks."""

import torch
from torch import nn

from scorelet.models.bounded import CentredDenoiser, ConditionalBoundedDenoiser
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.multiscale import Multiscale
from scorelet.networks import BFCNN
from scorelet.wavelets import PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization

SIDE = 16


def spectrum(side=SIDE):
    """1 / (1 + |k|²), 1 in the mean."""
    k = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    power = 1 / (1 + k[:, None] ** 2 + k**2)
    return power / power.mean()


def gaussian(levels=2, wavelet="haar"):
    """The cascade of the Gaussian law of that spectrum."""
    return gaussian_cascade(spectrum(), wavelet, levels)


def mean_cascade(coarse, details, *, size, **record):
    """Of the mean convention: low band and coarser details are divided by 4, finer ones by 2."""
    return Multiscale(
        WaveletPacket("haar", PacketPlan.wavelet(2)),
        coarse,
        details,
        normalization=Normalization("mean", levels=2),
        record={"size": list(size), "channels": 1, "range": [0, 1]} | record,
    ).eval()


class Flat(nn.Module):
    """A share of what it is shown is noise: networks of the shape that a cascade has."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, shown):
        return 0.5 * shown[:, -self.channels :]


def blind(*, sigma=((0.01, 4.0), (0.01, 0.3), (0.01, 0.2)), size=(16, 24)):
    """A cascade of pictures with small networks that nothing was learnt by."""
    coarse = CentredDenoiser(Flat(1), torch.full((1, 1, size[0] // 4, size[1] // 4), 0.5), 0.2)
    with torch.random.fork_rng():
        torch.manual_seed(98)
        nets = [BFCNN(4, width=6, depth=3, outputs=3) for _ in range(2)]
    details = [
        ConditionalBoundedDenoiser(n, 0.1, channels=3, cond_channels=1, window=0) for n in nets
    ]
    return mean_cascade(coarse, details, size=size, sigma=sigma)


def saved_model():
    """A cascade whose parts files can hold."""
    model = blind()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = BFCNN(2, width=4, depth=3, outputs=1)
    model.coarse = CentredDenoiser(network, torch.full((1, 1, 4, 6), 0.5), 0.2)
    return model.eval()
