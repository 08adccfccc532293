"""Powers of samples made those of the fields, where a transform is fitted and fields are amplified.

Samples have the powers of the transformed fields z = T(x), nearly. The powers of x are others:
bright parts add most to them, and may vary more than T says (a map of dust: samples have half of
the power of the smallest scales). With the powers P of x at |k| = f, the amplification
exp(g(k)) of fields before the fit, see `prewhitening`, becomes

    g(k) - log(P_fields(f) / P_samples(f)) / 2

for samples and energies alike. So both stay a law and its -log p: the map is linear.
"""

from dataclasses import replace

import torch
from torch import Tensor

from scorelet.analysis.field_statistics import power_spectrum
from scorelet.core.typing import Fields, OtherFields
from scorelet.data.fields.pointwise import QuantileMatched
from scorelet.data.fields.prewhitening import Prewhitening
from scorelet.tasks.field_model.preparation import Preparation

_MOST = 1.5  # of |log ratio|: more is no correction, and is left


def match_powers(preparation: Preparation, z: Fields, drawn: OtherFields) -> Preparation:
    """Return a preparation under which samples have the powers of the fields, in units of these.

    Args:
        preparation: prewhitened, and with matched quantiles.
        z: transformed fields (n, h, w), before quantiles were matched.
        drawn: samples as they are drawn, amplified, on the grid of the model.
    """
    line = preparation.transform
    assert isinstance(line, QuantileMatched)
    window = "hann" if preparation.cut_out else "none"
    fields = power_spectrum(line.inner.inverse(z), window=window)
    samples = power_spectrum(preparation.undo(drawn, _size(z)), window=window, like=fields)
    ratios = (samples.values[0] / fields.values[0]).log()[1:].clamp(-_MOST, _MOST)
    places = fields.axis.x[1:].double() / min(_size(z))  # in cycles a pixel
    old = preparation.prewhitening
    added = _between(places, ratios.double(), _frequencies(old)) / 2
    return replace(preparation, prewhitening=Prewhitening.of(old.gains + added))


def _frequencies(prewhitening: Prewhitening) -> Tensor:
    """Return |k| of its gains, in cycles a pixel."""
    height, columns = prewhitening.gains.shape
    width = 2 * (columns - 1)
    rows = torch.fft.fftfreq(height, dtype=torch.float64)
    return (rows[:, None].square() + torch.fft.rfftfreq(width, dtype=torch.float64).square()).sqrt()


def _between(places: Tensor, values: Tensor, x: Tensor) -> Tensor:
    """Return the broken line through values at places, which rise, at x; level outside."""
    last = (torch.searchsorted(places, x) - 1).clamp(0, len(places) - 2)
    share = ((x - places[last]) / (places[last + 1] - places[last])).clamp(0, 1)
    return torch.lerp(values[last], values[last + 1], share)


def _size(x: Fields) -> tuple[int, int]:
    return int(x.shape[1]), int(x.shape[2])
