"""Channels of pictures follow the networks where a configuration leaves them out."""

import numpy as np
import pytest
import torch
import yaml

from samples import write_png
from scorelet.core.errors import InputError
from scorelet.tasks.experiments import build, read_config
from scorelet.training import write_config
from scorelet.training.settings import refuse_other_settings

SHUFFLE = {"widths": [4], "encoder": [1], "decoder": []}


@pytest.fixture
def read(tmp_path):
    """Read a configuration: a mapping, its fields changed."""

    def made(tree, **overrides):
        tree = {"steps": 2, "batch": 2, "output": str(tmp_path / "run")} | tree
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(tree))
        return read_config(path, overrides)

    return made


def shuffle(channels, **options):
    return {"architecture": "ShuffleUNet", "options": SHUFFLE | {"channels": channels} | options}


def denoise(channels, data=None, **fields):
    train = {"train": ["photos"], "patch": 8}
    return {"model": shuffle(channels), "data": train | (data or {})} | fields


@pytest.mark.parametrize(
    ("tree", "channels"),
    [
        (denoise(3), 3),  # such a network takes gray pictures, too
        (denoise(1), 1),
        (denoise(3, {"channels": 1}), 1),
        (denoise(3, {"gray": 0.1, "camera": 0.5, "train": [{"drawn": True}]}), 3),
        (denoise(4, model=shuffle(4, outputs=3), drown={}), 3),
        (denoise(2, model=shuffle(2, outputs=1), drown={}), 1),
        ({"task": "pictures", "model": shuffle(3), "data": {"source": "x.npy"}}, 3),
        ({"task": "pictures", "model": shuffle(1), "data": {"source": "x.npy"}}, 1),
        ({"task": "pictures", "model": shuffle(3), "data": {"source": "x", "channels": 1}}, 1),
    ],
)
def test_a_network_of_three_channels_learns_colour_if_nothing_else_is_said(read, tree, channels):
    state = torch.get_rng_state()
    assert read(tree).data.channels == channels
    assert torch.equal(torch.get_rng_state(), state)


def test_pictures_are_then_learned_in_colour(read, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    write_png(tmp_path / "photos" / "a.png", pixels)
    tree = denoise(3, {"train": [str(tmp_path / "photos")], "sigma": [0, 0]})
    assert build(read(tree)).data[0]["clean"].shape == (3, 8, 8)


def test_what_contradicts_the_network_is_refused_as_ever(read):
    with pytest.raises(InputError, match=r"takes pictures of 1 channel and the patches are read"):
        build(read(denoise(1, {"channels": 3})))
    with pytest.raises(InputError, match="data: gray is a share of colour patches, it needs"):
        read(denoise(1, {"gray": 0.1}))
    with pytest.raises(InputError, match="Unknown architecture 'Shuffle'"):
        build(read(denoise(3, model={"architecture": "Shuffle"})))


def test_a_run_keeps_its_channels(read, tmp_path):
    """Also one of a colour network that began in gray, before channels followed it."""
    follows, gray = read(denoise(3)), read(denoise(3, {"channels": 1}))
    for config in (follows, gray):
        (tmp_path / "again.yaml").write_text(write_config(config))
        assert read_config(tmp_path / "again.yaml") == config
    with pytest.raises(InputError, match=r"was started with data\.channels 1, not 3: resume it"):
        refuse_other_settings(gray.model_dump(mode="json"), follows.model_dump(mode="json"))


def cascade(low, details, **fields):
    """Factors that see nothing but images and the low band."""
    plain = {"form": "residual", "sigma": [0.01, 1.0]}
    made = [shuffle(channels, outputs=channels // 4 * 3 or channels) for channels in details]
    data = {"train": ["faces"]}
    factors = {"low": shuffle(low) | plain, "details": [part | plain for part in made]}
    return {"task": "cascade", **factors, "data": data, **fields}


BOUNDED = shuffle(6, outputs=3) | {"sigma": [0.01, 1.0]}
LEVEL = shuffle(4, outputs=3) | {"sigma": [0.01, 1.0], "form": "scaled", "shows_level": True}


@pytest.mark.parametrize(
    ("tree", "channels"),
    [
        (cascade(3, []), 3),
        (cascade(1, []), 1),
        (cascade(3, [12, 12]), 3),
        (cascade(3, [4, 4]), 1),  # the low band may be gray, and the details must
        (cascade(1, [4]), 1),
        (cascade(3, [12]) | {"low": BOUNDED}, 3),
        (cascade(3, [12]) | {"low": LEVEL}, 3),
        (cascade(3, [20, 20], scale_embedding=8), 3),
        (cascade(3, [12, 12], scale_embedding=8), 1),
        (cascade(3, []) | {"data": {"train": ["faces"], "channels": 1}}, 1),
    ],
)
def test_a_cascade_learns_colour_if_all_its_networks_take_it(read, tree, channels):
    assert read(tree).data.channels == channels


@pytest.mark.parametrize("name", ["photo", "camera", "grain", "faces", "local-celeba160"])
def test_configurations_that_leave_channels_out_are_of_those_of_the_package(read, name):
    tree = read_config(name).model_dump(mode="json")
    channels = tree["data"].pop("channels")
    assert read(tree).data.channels == channels
