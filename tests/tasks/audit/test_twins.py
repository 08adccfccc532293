"""Twins that an audit trains on two halves of a set."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.tasks.audit import AuditSettings, Network, Told, audit_twins
from scorelet.tasks.audit import twins as training
from smooth_pictures import pictures

TINY = AuditSettings((3, 6), 4, samples=2, network=Network("BFCNN", {"width": 4, "depth": 3}, 8, 4))


def rows(document):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in document["rows"]]


@pytest.mark.slow
def test_twins_see_other_pictures_and_an_interrupted_audit_goes_on(tmp_path, monkeypatch):
    x = pictures(24)
    x[20] = x[3]
    np.save(tmp_path / "x.npy", x)
    said, told = [], []
    whole = audit_twins(tmp_path / "x.npy", tmp_path / "whole", TINY, told=Told(said.append))
    assert said[0].startswith("1 of 24 pictures are left out, as they look like others")
    assert "4 trainings of 8 steps and 2 measurements" in said[1]
    assert whole.document["left_out"] == 1
    with np.load(tmp_path / "whole/steps/pictures.npz") as halves:
        parts = [halves[name] for name in ("first", "second", "held_out")]
    dealt = np.concatenate(parts)[..., 0]
    assert len(np.unique(dealt.reshape(len(dealt), -1), axis=0)) == 6 + 6 + 4

    train_once = training.train_once

    def interrupted(config, title, **options):
        if config.output.name == "6-second":
            raise KeyboardInterrupt
        return train_once(config, title, **options)

    monkeypatch.setattr(training, "train_once", interrupted)
    with pytest.raises(KeyboardInterrupt):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", TINY)
    monkeypatch.setattr(training, "train_once", train_once)
    with pytest.raises(InputError, match="--resume"):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", TINY)
    with pytest.raises(InputError, match=r"differs in seed, settings\.seed:"):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", replace(TINY, seed=1), resume=True)
    np.save(tmp_path / "others.npy", x[::-1])
    with pytest.raises(InputError, match="differs in pictures:"):
        audit_twins(tmp_path / "others.npy", tmp_path / "again", TINY, resume=True)
    found = audit_twins(
        tmp_path / "x.npy",
        tmp_path / "again",
        TINY,
        resume=True,
        told=Told(on_step=lambda name, **kw: told.append((name, kw["kept"]))),
    )
    assert told == [
        ("3-first", True),
        ("3-second", True),
        ("3", True),
        ("6-first", True),
        ("6-second", False),
        ("6", False),
    ]
    assert rows(found.document) == rows(whole.document)
    assert torch.equal(found.shown[0]["first"], whole.shown[0]["first"])
    assert {row["verdict"] for row in rows(found.document)} == {"undertrained"}
    assert "Train them longer" in found.document["conclusion"]


def test_too_few_pictures_and_impossible_settings(tmp_path):
    np.save(tmp_path / "x.npy", pictures(15))
    with pytest.raises(InputError, match="two halves of 6 and 4 held out are 16"):
        audit_twins(tmp_path / "x.npy", tmp_path / "run", TINY)
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="no usable device 'cuda:99'"):
        audit_twins(tmp_path / "x.npy", tmp_path / "run", replace(TINY, device="cuda:99"))
    assert not (tmp_path / "run").exists()
    for options, words in (
        ({"sizes": [3, 2]}, "rising"),
        ({"sizes": []}, "at least one, above 0"),
        ({"held_out": 1}, "at least two pictures are needed"),
        ({"samples": 1}, "none, or at least two"),
        ({"steps": 0}, "at least one each"),
        ({"seed": -1}, "seed is -1"),
        ({"width": 0}, "width is 0"),
        ({"sigmas": []}, "noise levels are .*expected at least one, above 0"),
        ({"sigmas": [0.1, -1.0]}, "expected at least one, above 0"),
    ):
        with pytest.raises(InputError, match=words):
            sl.audit(tmp_path / "x.npy", folder=tmp_path / "run", **options)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_three_rows_are_refused_before_anything_is_written(tmp_path, channels):
    rng = np.random.default_rng(0)
    for k in range(20):
        write_png(
            tmp_path / "pictures" / f"{k}.png",
            rng.integers(256, size=(3, 9, channels), dtype=np.uint8),
        )
    settings = replace(TINY, channels=channels)
    with pytest.raises(InputError, match="The pictures are 3x9 pixels: twins need at least 4"):
        audit_twins(tmp_path / "pictures", tmp_path / "run", settings)
    assert not (tmp_path / "run").exists()


def test_twins_are_trained_on_the_device_of_the_audit(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        training, "train_once", lambda *_, device, **__: asked.append(device) or {"seconds": 0}
    )
    training.train_twin(tmp_path, "first", 3, replace(TINY, device="cpu"), quiet=True)
    assert asked == ["cpu"]
