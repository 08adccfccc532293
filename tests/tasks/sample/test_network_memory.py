"""sample: what networks hold, counted before they are called, beside what a process takes."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from scorelet.core.live import most_bytes
from scorelet.networks import BFCNN
from scorelet.tasks.sample.network_memory import network_bytes

PROGRAM = """
import json, sys, torch
from pathlib import Path
from scorelet.tasks.sample import SampleSettings
from scorelet.tasks.sample.work import _COPIES, work_of

def work(side, batch):
    how = {"steps": 1, "sampler": "ddim", "batch": batch, "n": batch}
    return work_of(SampleSettings(sys.argv[1], size=(side, side), **how))

def peak():
    status = Path("/proc/self/status").read_text()  # ru_maxrss is that of the parent, too
    return 1024 * int(status.split("VmHWM:")[1].split()[0])

side, batch = int(sys.argv[2]), int(sys.argv[3])
with torch.no_grad():
    work(80, 1).draw(range(1), lambda: None)
    before, large = peak(), work(side, batch)
    large.draw(range(batch), lambda: None)
    taken = peak() - before
copies = 4 * _COPIES * batch * large.channels * side**2
print(json.dumps([taken, copies + large.network_bytes()]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is of Linux")
@pytest.mark.parametrize(
    ("model", "side", "batch"),
    [("photo", 1024, 1), ("photo", 1536, 1), ("faces", 80, 128), ("faces", 80, 256)],
)
def test_what_a_process_takes_is_up_to_twice_what_is_counted(model, side, batch):
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, model, str(side), str(batch)]
    found = subprocess.run(words, capture_output=True, text=True, check=True)
    taken, counted = json.loads(found.stdout)
    assert counted < 1.1 * taken
    assert taken < 2 * counted


def test_results_count_until_nobody_holds_them():
    x = torch.zeros(10)
    assert most_bytes(lambda x: x + 1, x) == 40
    assert most_bytes(lambda x: ((x + 1) + 1) + 1, x) == 80
    assert most_bytes(lambda x: [x + 1, x + 1, x + 1], x) == 120
    assert most_bytes(lambda x: x.view(2, 5).mul_(2), x) == 0


class Two(nn.Module):
    """A wide layer between narrow ones: both sides of a convolution live at once."""

    options, accepts, receptive_radius, multiple, classes = {}, (1,), 2, 4, None

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 2, 3, padding=1))

    def forward(self, x):
        return self.layers(x)


class Reads(Two):
    """Looks at its numbers, which are not there."""

    def forward(self, x):
        return x if float(x.mean()) > 0 else super().forward(x)


def test_the_widest_layers_of_the_largest_network_are_counted():
    """On whole multiples of its grid; what cannot be counted is left out."""
    held = 4 * 3 * (8 * 12) * (32 + 2)
    assert network_bytes(nn.ModuleList([Two(), Two()]), 3, 7, 12) == held
    assert network_bytes(nn.ModuleList([Two(), Reads()]), 3, 7, 12) == held
    assert network_bytes(Reads(), 3, 7, 12) == network_bytes(nn.Identity(), 3, 7, 12) == 0
    assert network_bytes(BFCNN(1, width=16, depth=4), 1, 8, 8) >= 4 * 64 * 2 * 16
