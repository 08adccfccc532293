"""The script that gives idle units a new start: the function stays, the units wake up."""

import importlib.util
from pathlib import Path

import torch

from scorelet.core.random import generator, randn
from scorelet.networks.shuffle_unet import ResidualBlock, ShuffleUNet

SCRIPT = Path(__file__).parents[2] / "scripts" / "redraw_idle_units.py"


def script():
    spec = importlib.util.spec_from_file_location("redraw_idle_units", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    block = network.encoders[0][1]
    watch = module.Watch(block, 0.1)
    block.forward = watch
    network(randn((1, 1, 16, 16), rng=generator(0)))
    del block.forward
    assert watch.calls == 1
    shorter = module.without(network, ["encoders.0.1"])
    assert shorter.options["encoder"] == [1, 1]
    assert torch.equal(shorter.head.weight, network.head.weight)
