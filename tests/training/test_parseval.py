"""Frames that stay tight: when steps are taken, on which weights, and that they do not decay."""

import pytest
import torch

from scorelet.networks import LearnedScattering, ScatteringTree
from scorelet.networks.collapse_block import FOUR_PHASES
from scorelet.networks.parseval import tight_weights
from scorelet.training.config import OptimizerConfig
from scorelet.training.optimizers import make_optimizers
from scorelet.training.parseval import ParsevalConfig, parseval_steps


def network(**words) -> LearnedScattering:
    return LearnedScattering(
        size=8, sizes=(4, 4), factorize=None, atoms=(8, 8), block={**vars(FOUR_PHASES), **words}
    )


def test_matrices_and_frames_are_kept_tight_where_the_network_says_so():
    assert len(tight_weights(torch.nn.Sequential(network()))) == 4
    assert not tight_weights(network(parseval=False))
    assert len(tight_weights(ScatteringTree(size=8, scales=1, angles=4, outputs=2))) == 1


@pytest.mark.parametrize(("exact", "tolerance"), [(True, 1e-5), (False, 2e-2)])
def test_steps_bring_singular_values_to_one(exact, tolerance):
    net = network()
    with torch.no_grad():
        for weight in tight_weights(net):
            weight.mul_(0.7)
    hook = parseval_steps(ParsevalConfig(beta=0.01, every=5, exact=exact))
    hook(4, net)
    assert torch.linalg.svdvals(net.blocks[0].project.weight)[0] < 0.71
    for step in range(5, 500):
        with torch.no_grad():
            hook(step, net)
    for weight in tight_weights(net):
        assert (torch.linalg.svdvals(weight) - 1).abs().max() < tolerance


def test_tight_frames_do_not_decay():
    net = network()
    config = OptimizerConfig(name="sgd", weight_decay=0.1)
    groups = [g for o in make_optimizers(net, config) for g in o.param_groups]
    decaying = {id(p) for g in groups if g["weight_decay"] for p in g["params"]}
    assert decaying == {id(net.classify.weight)}
