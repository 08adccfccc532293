"""Networks of configurations: what they start from."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.tasks.experiments import read_config, shipped
from scorelet.tasks.experiments.networks import make_network
from scorelet.zoo import load_network, names


@pytest.mark.parametrize("name", shipped())
def test_shipped_configurations_start_from_what_is_shipped(name):
    """So they run outside a clone of the repository, too."""
    config = read_config(name)
    parts = [config.model] if hasattr(config, "model") else [config.low, *config.details]
    assert {part.start_from for part in parts} <= {None, *names()}


def test_a_name_of_a_model_gives_its_weights_wherever_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCORELET_DATA", raising=False)
    model = read_config("photo").model
    assert model.start_from == "photo"
    started, built_in = make_network(model, seed=0).state_dict(), load_network("photo").state_dict()
    assert started.keys() == built_in.keys()
    assert all(torch.equal(started[n], built_in[n]) for n in built_in)


def test_an_unknown_name_is_one_sentence():
    model = read_config("photo").model.model_copy(update={"start_from": "foto"})
    with pytest.raises(InputError, match=r"^Unknown model 'foto': use one of .*photo"):
        make_network(model, seed=0)
