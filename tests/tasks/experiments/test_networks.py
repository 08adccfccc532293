"""Networks of configurations: what they start from."""

import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.models import ResidualDenoiser
from scorelet.tasks.experiments import build, read_config, shipped
from scorelet.tasks.experiments.cascade_config import CascadeConfig
from scorelet.tasks.experiments.classify import ClassifyConfig
from scorelet.tasks.experiments.denoise_config import DenoiseConfig
from scorelet.tasks.experiments.denoise_set import DenoiseSetConfig
from scorelet.tasks.experiments.joint import JointConfig
from scorelet.tasks.experiments.networks import ModelConfig, make_network
from scorelet.tasks.experiments.pictures import PicturesConfig
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


def nowhere(kind, options, architecture="BFCNN"):
    """A run whose data are not there: what is said of its network is said before they are read."""
    model = {"architecture": architecture, "options": options}
    parts = {"model": model, "data": {"source": "nowhere.npz"}}
    if kind is DenoiseConfig:
        parts["data"] = {"train": ["nowhere"]}
    if kind is CascadeConfig:
        factor = model | {"sigma": [0.1, 1.0], "form": "residual"}
        parts = {"low": factor, "details": [], "data": {"train": ["nowhere.npy"]}}
    return kind.model_validate({"steps": 1, "output": "run", **parts})


DENOISING = [DenoiseConfig, DenoiseSetConfig, PicturesConfig, CascadeConfig]


@pytest.mark.parametrize("kind", [*DENOISING, ClassifyConfig, JointConfig])
def test_options_are_looked_at_before_data_are_read(kind):
    with pytest.raises(InputError, match="width is 0: expected a whole number of at least 1"):
        build(nowhere(kind, {"width": 0}))


@pytest.mark.parametrize("kind", DENOISING)
@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("BFCNN", {"width": 2, "depth": 3}),
        ("ShuffleUNet", {"widths": [4], "encoder": [1], "decoder": []}),
    ],
)
def test_what_a_denoiser_makes_is_looked_at_before_data_are_read(kind, architecture, options):
    sentence = (
        r"makes images of 3 channels, and what it estimates has 1: set .*options\.outputs to 1\.$"
    )
    with pytest.raises(InputError, match=sentence):
        build(nowhere(kind, options | {"outputs": 3}, architecture))
    for given in (options, options | {"outputs": 1}):
        with pytest.raises(InputError, match="nowhere"):
            build(nowhere(kind, given, architecture))
