"""The scripts that mend hidden units: the function stays, the units wake up or are centred."""

import importlib

import pytest
import torch

from scorelet.core.random import generator, randn
from scorelet.networks.fused import SLOPE
from scorelet.networks.shuffle_unet import ResidualBlock, ShuffleUNet


@pytest.fixture(autouse=True)
def _scripts(program):
    """Scripts find their neighbours, as when one is run."""
    program("scripts", "redraw_idle_units")


def script(name="redraw_idle_units"):
    return importlib.import_module(name)


@torch.no_grad()
def test_an_idle_unit_wakes_up_and_the_function_stays():
    module, block = script(), ResidualBlock(4)
    block.spatial.weight.abs_()
    block.expand.weight[0] = -1  # negative for every positive input
    x = randn((2, 4, 16, 16), rng=generator(0)).abs()
    watch = module.Watch(block, 0.0)
    before = watch(x)
    assert module.redraw(watch, generator(1)) >= 1
    again = module.Watch(block, 0.0)
    assert torch.allclose(again(x), before, atol=1e-6)
    assert not block.reduce.weight[:, 0].any()
    assert float(watch.active[0]) == 0
    assert module.RARELY < float(again.active[0]) < 1


@torch.no_grad()
def test_a_whole_network_can_be_watched_and_shortened():
    module = script()
    network = ShuffleUNet(1, widths=(8, 16), encoder=(2, 1), decoder=(1,)).eval()
    x = randn((1, 1, 16, 16), rng=generator(0))
    before = network(x)
    with script("unit_watch").watched(network, SLOPE) as watches:
        torch.testing.assert_close(network(x), before, rtol=0, atol=1e-6)
    assert torch.equal(network(x), before)
    assert {watch.calls for watch in watches.values()} == {1}
    assert len(watches) == 4
    shorter = module.without(network, ["encoders.0.1"])
    assert shorter.options["encoder"] == [1, 1]
    assert torch.equal(shorter.head.weight, network.head.weight)


def drifted_block(inputs, *, shift=8.0):
    """A block whose inputs lie far on one side of the kink of every unit."""
    block = ResidualBlock(inputs)
    with torch.no_grad():
        block.spatial.weight.zero_()
        block.spatial.weight[:, 0, 1, 1] = 1  # the filtered input is the input
        block.expand.weight.copy_(randn(tuple(block.expand.weight.shape), rng=generator(1)))
        signs = torch.where(block.expand.weight.sum(1, keepdim=True) < 0, -1.0, 1.0)
        block.expand.weight.abs_().mul_(signs)  # all positive, or all negative
        block.reduce.weight.copy_(randn(tuple(block.reduce.weight.shape), rng=generator(2)))
        block.reduce.weight[-1] = 0  # three directions, for which eight units are enough
    x = randn((4, inputs, 24, 24), rng=generator(3)) + shift
    return block, x


@torch.no_grad()
def test_drifted_units_are_centred_and_the_function_stays():
    module, (block, x) = script("centre_units"), drifted_block(4)
    watch = script("unit_watch").Watch(block, SLOPE)
    before = watch(x)
    active = watch.active / watch.calls
    assert bool(((active < 0.03) | (active > 0.97)).all())  # all of them have drifted
    count, kept = module.centre(watch, 0.03, generator(0))
    assert count == block.expand.out_channels
    assert kept == pytest.approx(1, abs=1e-9)  # there are units enough for every direction
    again = script("unit_watch").Watch(block, SLOPE)
    # the pseudo-inverse of the moments, whose eigenvalues differ by 5 * 8^2, in float32 weights
    torch.testing.assert_close(again(x), before, rtol=0, atol=1e-4 * float(before.abs().max()))
    working = block.reduce.weight.flatten(1).norm(dim=0) > 0
    pairs = ((again.active / again.calls)[working] - 0.5).abs() < 0.1
    assert int(pairs.sum()) == 2 * 3  # a pair for each direction; one unit of brightness is left
    hidden = block.expand(block.spatial(x)).mean((0, 2, 3))
    assert bool((hidden[working][pairs].abs() < 1e-3).all())
    idle = ~working  # they cannot act yet, and can learn: their rows are not zero
    assert bool(block.expand.weight[idle].flatten(1).any(1).all())


@torch.no_grad()
def test_a_block_of_which_few_units_have_drifted_is_left_alone():
    module, (block, x) = script("centre_units"), drifted_block(4, shift=0.0)
    watch = script("unit_watch").Watch(block, SLOPE)
    before = watch(x)
    assert module.centre(watch, 0.03, generator(0)) == (0, 1.0)
    assert torch.equal(script("unit_watch").Watch(block, SLOPE)(x), before)


@torch.no_grad()
def test_a_wider_block_is_the_same_function_until_it_learns():
    block = ResidualBlock(4)
    x = randn((2, 4, 16, 16), rng=generator(0))
    watch = script("unit_watch").Watch(block, SLOPE)
    before = watch(x)
    wide = script("widen_units").widened(watch, 3, generator(1))
    torch.testing.assert_close(wide(x), before, rtol=0, atol=1e-6)
    assert wide.expand.out_channels == 12
    assert bool(wide.expand.weight[8:].flatten(1).any(1).all())
    assert not wide.reduce.weight[:, 8:].any()
    with pytest.raises(ValueError, match="8 units, more than 1 times 4"):
        script("widen_units").widened(watch, 1, generator(1))
