"""The task pictures: whole pictures as they are, each once an epoch, with u² noise."""

import numpy as np
import pytest
import torch
from PIL import Image

from scorelet.core.errors import InputError
from scorelet.data.whole_pictures import NoisyPictures
from scorelet.models import QuadraticNoise, ResidualDenoiser
from scorelet.tasks.experiments import build
from scorelet.tasks.experiments.base import model_of
from scorelet.tasks.experiments.pictures import PicturesConfig

PICTURES = np.arange(5 * 6 * 6, dtype=np.uint8).reshape(5, 6, 6, 1)


def samples(length=400, seed=0):
    return NoisyPictures(PICTURES, noise=QuadraticNoise(1.0), length=length, seed=seed)


def test_every_picture_comes_once_an_epoch():
    data = samples()
    for epoch in range(4):
        assert sorted(data.place(5 * epoch + k) for k in range(5)) == [0, 1, 2, 3, 4]
    orders = {tuple(data.place(5 * epoch + k) for k in range(5)) for epoch in range(20)}
    assert len(orders) > 10


def test_a_sample_is_a_function_of_its_number():
    one, two = samples()[37], samples()[37]
    assert all(torch.equal(one[name], two[name]) for name in one)
    expected = torch.from_numpy(PICTURES[samples().place(37)]).permute(2, 0, 1).float() / 255
    torch.testing.assert_close(one["clean"], expected)
    z = (one["noisy"] - one["clean"]) / one["sigma"]
    assert 0.5 < float(z.std()) < 1.5
    assert not torch.equal(one["noisy"], samples(seed=1)[37]["noisy"])
    with pytest.raises(IndexError):
        samples()[400]


def test_half_of_the_levels_are_below_a_quarter():
    levels = torch.stack([samples()[k]["sigma"] for k in range(400)])
    # C11: P(σ < 1/4) = 1/2, mean 1/3; standard errors 0.025 and 0.015
    assert float((levels < 0.25).float().mean()) == pytest.approx(0.5, abs=0.1)
    assert float(levels.mean()) == pytest.approx(1 / 3, abs=0.06)


def config(path, **data):
    return PicturesConfig.model_validate(
        {
            "model": {"architecture": "BFCNN", "options": {"width": 3, "depth": 3}},
            "data": {"source": str(path)} | data,
            "steps": 2,
            "output": "out",
        }
    )


def test_the_first_so_many_are_learned(tmp_path):
    np.save(tmp_path / "x.npy", PICTURES)
    data = build(config(tmp_path / "x.npy", first=2)).data
    seen = {float(data[k]["clean"].mean()) for k in range(len(data))}
    assert len(seen) == 2
    with pytest.raises(InputError, match=r"has 5 pictures: data\.first asks for 6"):
        build(config(tmp_path / "x.npy", first=6))
    with pytest.raises(InputError, match="pictures of 1 channel"):
        build(config(tmp_path / "x.npy", channels=3))


def test_a_denoiser_knows_the_largest_level_of_its_pictures(tmp_path):
    np.save(tmp_path / "x.npy", PICTURES)
    learner = build(config(tmp_path / "x.npy", sigma=51)).learner
    assert model_of(learner, ResidualDenoiser).most == 0.2


def test_no_pictures():
    with pytest.raises(InputError, match="no pictures"):
        NoisyPictures(PICTURES[:0], noise=QuadraticNoise(1.0), length=1, seed=0)


def test_what_is_broken_in_a_folder_is_left_out_and_named(tmp_path):
    for k, pixels in enumerate(PICTURES):
        Image.fromarray(pixels[..., 0]).save(tmp_path / f"{k}.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    experiment = build(config(tmp_path))
    assert len(experiment.data.pictures) == 5
    (note,) = experiment.notes
    assert "1 of 6 pictures was left out" in note
    assert note.endswith("convert it.")
    assert "bad.png" in note


def test_pictures_of_several_sizes_need_a_side_by_the_name_that_the_configuration_gives_it(
    tmp_path,
):
    for k, side in enumerate((8, 9)):
        Image.fromarray(np.zeros((side, side), np.uint8)).save(tmp_path / f"{k}.png")
    with pytest.raises(InputError, match=r"one size are needed; give data\.side to bring all to"):
        build(config(tmp_path))
