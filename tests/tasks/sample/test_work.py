"""How samples are drawn: alike in every batch and part of a set, as many at once as fit."""

import numpy as np
import pytest

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.tasks.sample import SampleSettings
from scorelet.tasks.sample.verb import drawn
from small_cascades import SIDE, blind, gaussian, saved_model


@pytest.mark.slow
def test_a_sample_does_not_depend_on_the_others_nor_on_its_batch(monkeypatch):
    whole = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=7).images
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 2 * SIDE * SIDE)
    parts = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=7).images
    alone = sl.sample(gaussian(), n=3, size=(SIDE, SIDE), steps=4, seed=7).images
    assert np.abs(whole - parts).max() < 1e-6
    assert np.abs(whole[:3] - alone).max() < 1e-6
    other = sl.sample(gaussian(), n=5, size=(SIDE, SIDE), steps=4, seed=8).images
    assert np.abs(whole - other).max() > 0.1


def test_samples_of_networks_do_not_depend_on_their_batch(monkeypatch):
    whole = sl.sample(saved_model(), n=3, steps=4).images
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    alone = sl.sample(saved_model(), n=3, steps=4).images
    assert np.abs(whole - alone).max() < 1e-4 * np.abs(whole).max()


def test_a_part_of_a_set_is_drawn_alone():
    whole = sl.sample(gaussian(), n=5, steps=4, seed=7)
    rest = sl.sample(gaussian(), n=3, steps=4, seed=7, first=2)
    assert np.abs(whole.images[2:] - rest.images).max() < 1e-6
    assert (whole.document["first"], rest.document["first"]) == (0, 2)


def test_as_many_samples_as_are_wanted_are_drawn_at_once():
    shapes = []
    model = blind()
    model.coarse.register_forward_hook(lambda _m, given, _out: shapes.append(len(given[0])))
    options = {"n": 5, "steps": 1, "seed": 3}
    whole = sl.sample(model, **options).images
    parts = sl.sample(model, batch=2, **options).images
    assert shapes == [5, 2, 2, 1]
    assert np.abs(whole - parts).max() < 1e-4 * np.abs(whole).max()


def test_all_samples_of_one_array_have_to_fit_and_those_of_a_folder_a_batch(tmp_path, monkeypatch):
    one = 4 * 16 * 24
    monkeypatch.setattr("scorelet.tasks.sample.work.network_bytes", lambda *_: 4 * one)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.setattr("scorelet.tasks.sample.work.available_memory", lambda: 11 * one)
    settings = SampleSettings(blind(), 4, steps=1, sampler="ddim")
    for output in ("x.npy", "x.png"):
        with pytest.raises(InputError, match=r"4 samples of 16 x 24 .*--first\), or into a folder"):
            drawn(settings, tmp_path / output)
    with pytest.raises(InputError, match="draw parts of them"):
        sl.sample(blind(), n=4, steps=1, sampler="ddim")
    drawn(settings, f"{tmp_path}/x/")
    drawn(SampleSettings(blind(), 3, steps=1, sampler="ddim"), tmp_path / "x.npy")
    assert not (tmp_path / "x.png").exists()
    monkeypatch.setattr("scorelet.tasks.sample.work.available_memory", lambda: 7 * one)
    with pytest.raises(InputError, match="make them smaller"):
        drawn(settings, f"{tmp_path}/y/")
