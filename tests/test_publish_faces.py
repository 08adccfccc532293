"""A model of several runs has the scales that each of them learnt, and its card says which."""

import pytest
import torch

from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.denoiser import ResidualDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.networks import BFCNN
from scorelet.wavelets import PacketPlan, WaveletPacket
from scorelet.zoo import save

RUN = {"seed": 0, "steps": 10}
"""What a card says of a run, besides what it learnt."""


@pytest.fixture
def scripts(program):
    return program("scripts", "publish_faces")


def config(*shares, start_from=None):
    parts = [{"share": share, "start_from": start_from} for share in shares]
    return {"low": parts[0], "details": parts[1:]}


def cascade(number, path):
    """Two levels, whose numbers are all those of the run, up to its levels of noise."""
    torch.manual_seed(number)
    low = ResidualDenoiser(BFCNN(1, depth=2, width=4), channels=(1,))
    details = [
        ConditionalResidualDenoiser(
            BFCNN(4, outputs=3, depth=2, width=4), channels=3, cond_channels=1
        )
        for _ in range(2)
    ]
    record = {"sigma": [[0.1 * number, 1.0]] * 3, "range": [0, 1]}
    save(
        Multiscale(WaveletPacket("haar", PacketPlan.octaves(2)), low, details, record=record), path
    )
    return path


def test_each_run_gives_the_scales_that_it_learnt(scripts, tmp_path):
    files = [cascade(number, tmp_path / f"{number}.safetensors") for number in (1, 2, 3)]
    configs = [config(1.0, 0.0, 0.0), config(0.0, 0.25, 0.0), config(0.0, 0.0, 1.0)]
    whole = scripts.joined(files, configs)
    for number, file in enumerate(files):
        theirs = scripts.load_as(Multiscale, file, verb="compare")
        assert whole.record["sigma"][number] == theirs.record["sigma"][number]
        mine = whole.factors[number].state_dict()
        for name, value in theirs.factors[number].state_dict().items():
            assert torch.equal(mine[name], value)


def test_how_samples_are_drawn_is_in_the_record(scripts):
    assert scripts.sampling("0.01,0,0", "1:2,0:1,0:1", "0,0.2,0") == {
        "restraint": [0.01, 0, 0],
        "churn": [[1, 2], [0, 1], [0, 1]],
        "spread": [0, 0.2, 0],
    }
    assert scripts.sampling("0,0,0") == {"restraint": [0, 0, 0], "churn": [], "spread": []}


def test_a_card_keeps_the_runs_that_are_in_the_model(scripts):
    whole = scripts.with_run([], RUN, config(1.0, 1.0, 0.25))
    (first,) = whole
    assert first["learnt"] == ["low", "details2", "details1"]
    anew = scripts.with_run(whole, RUN, config(1.0, 0.0, 0.0))
    assert [run["learnt"] for run in anew] == [["details2", "details1"], ["low"]]
    further = scripts.with_run(anew, RUN, config(1.0, 0.0, 0.0, start_from="low.safetensors"))
    assert [run["learnt"] for run in further] == [["details2", "details1"], ["low"], ["low"]]
    other = scripts.with_run(further, RUN, config(0.0, 1.0, 0.25))
    assert [run["learnt"] for run in other] == [["low"], ["low"], ["details2", "details1"]]
