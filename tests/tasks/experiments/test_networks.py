"""Networks of configurations: what they start from."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models import ResidualDenoiser
from scorelet.tasks.experiments import read_config, shipped
from scorelet.tasks.experiments.networks import ModelConfig, make_network
from scorelet.zoo import build_network, load_network, names, save


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


def test_weights_of_another_shape_are_counted_and_named(tmp_path):
    """The last convolution has more inputs only."""
    narrow, wide = ({"channels": 1, "width": width, "depth": 3} for width in (8, 12))
    save(ResidualDenoiser(build_network("BFCNN", narrow)), tmp_path / "a.safetensors")
    said = []
    for options in (narrow, wide):
        model = {"architecture": "BFCNN", "options": options}
        model["start_from"] = str(tmp_path / "a.safetensors")
        network = make_network(ModelConfig.model_validate(model), seed=0, say=said.append)
    (sentence,) = said
    names = [name for name, _ in network.named_parameters()]
    assert sentence == (
        f"Of {len(names)} tensors of weights, 1 come from {tmp_path / 'a.safetensors'}; "
        f"{len(names) - 1} that it lacks, or has in another shape, begin anew: "
        f"{', '.join(names[:-1][:3])}."
    )


def test_an_unknown_name_is_one_sentence():
    model = read_config("photo").model.model_copy(update={"start_from": "foto"})
    with pytest.raises(InputError, match=r"^Unknown model 'foto': use one of .*photo"):
        make_network(model, seed=0)
