"""The moving average against the closed form of its recursion."""

import math

import pytest
import torch
from torch import nn

from scorelet.core.random import generator, randn
from scorelet.training.averaging import averaged


class Weights(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(5, dtype=torch.float64))
        self.register_buffer("scale", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("count", torch.tensor(0))


def history(count):
    return [
        randn((7,), rng=generator(k), like=torch.zeros(1, dtype=torch.float64))
        for k in range(count)
    ]


def follow(decay, values):
    model = Weights()
    average = averaged(model, decay)
    for k, value in enumerate(values):
        with torch.no_grad():
            model.weight.copy_(value[:5])
            model.scale.copy_(value[5:])
            model.count.fill_(k)
        average.update_parameters(model)
    return average.module


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("count", [1, 2, 5, 60])
def test_every_past_weight_counts_by_the_product_of_later_decays(decay, count):
    """After N updates w_k weighs (1 - d_(k-1)) d_k ... d_(N-1), the first d_1 ... d_(N-1)."""
    values = history(count)
    decays = [min(decay, (1 + n) / (10 + n)) for n in range(count)]
    shares = [(1 if k == 0 else 1 - decays[k]) * math.prod(decays[k + 1 :]) for k in range(count)]
    assert sum(shares) == pytest.approx(1)
    expected = sum(share * value for share, value in zip(shares, values, strict=True))
    module = follow(decay, values)
    got = torch.cat([module.weight.detach(), module.scale])
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-14)  # float64 rounding


def test_at_the_start_the_first_weights_are_forgotten_faster_than_the_decay_says():
    """While (1 + n)/(10 + n) is the smaller one, d_1 ... d_N = 10! (N + 1)! / (N + 10)!."""
    count = 40
    values = [torch.ones(7, dtype=torch.float64)] + [torch.zeros(7, dtype=torch.float64)] * count
    left = float(follow(0.9999, values).weight[0].detach())
    closed = math.factorial(10) * math.factorial(count + 1) / math.factorial(count + 10)
    assert left == pytest.approx(closed, rel=1e-12)  # 4e-9; the decay alone would leave 0.996


def test_integers_are_copied_and_the_model_is_left_alone():
    model = Weights()
    average = averaged(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(3)
    average.update_parameters(model)
    average.update_parameters(model)
    assert torch.equal(model.weight.detach(), torch.full((5,), 3.0, dtype=torch.float64))
    assert follow(0.9, history(4)).count == 3
