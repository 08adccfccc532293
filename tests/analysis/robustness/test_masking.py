"""When a blind attack counts as stronger than one that follows the gradient."""

import torch

from scorelet.analysis.robustness.masking import CHANCE, beaten


def test_two_attacks_that_are_alike_are_hardly_ever_told_apart():
    torch.manual_seed(0)
    for share in (0.02, 0.1, 0.3):
        said = [beaten(*(torch.rand(2, 200) < share)) for _ in range(2000)]
        assert sum(said) / len(said) <= 1.6 * CHANCE


def test_an_attack_that_breaks_what_another_leaves_is_told():
    """Seven alone are told: a coin shows seven heads in a row once in 128."""
    for count, told in ((6, False), (7, True), (40, True)):
        blind = torch.arange(100) < count
        assert beaten(blind, torch.zeros(100, dtype=torch.bool)) is told
    assert not beaten(torch.arange(100) < 30, torch.arange(100) >= 60)
    assert not beaten(torch.zeros(9, dtype=torch.bool), torch.zeros(9, dtype=torch.bool))
