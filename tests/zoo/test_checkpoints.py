"""Denoisers as files: the same function comes back, and what is no denoiser is one sentence."""

import copy
import math
import os
import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from samples import small_network
from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.random import generator
from scorelet.models import LevelMapDenoiser, ResidualDenoiser
from scorelet.networks import ARCHITECTURES, UNet
from scorelet.training.state import save_state
from scorelet.zoo import (
    build_network,
    load,
    load_network,
    save,
)

KINDS = ["bf-cnn", "unet", "shuffle-unet"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def picture(channels=1):
    return torch.rand((1, channels, 16, 16), generator=generator(4))


def sentence(path):
    """The message of the error that the file is met with; it has one line."""
    with pytest.raises(CheckpointError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < 500 + len(str(path))
    return message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_function_comes_back_bit_for_bit(path, kind, channels):
    network = small_network(kind, channels).eval()
    save(ResidualDenoiser(network), path)
    denoiser = load(path)
    assert not denoiser.training
    y = picture(channels)
    with torch.no_grad():
        assert torch.equal(denoiser(y), ResidualDenoiser(network)(y))
    weights = load_network(path).state_dict()
    assert weights.keys() == network.state_dict().keys()
    assert all(torch.equal(weights[n], t) for n, t in network.state_dict().items())


def test_weights_without_numbers_are_not_written(path):
    with pytest.raises(InputError, match="has no numbers, on the device meta"):
        save(ResidualDenoiser(small_network("bf-cnn", 1).to("meta")), path)


def test_weights_of_a_training_that_diverged_are_neither_written_nor_read(path):
    """The one NaN is found, and infinite numbers, which some laws have, are none."""
    network = small_network("bf-cnn", 1)
    save(ResidualDenoiser(network), path)
    tensors, header = load_tensors(path)
    name = next(name for name, tensor in tensors.items() if tensor.ndim == 4)
    tensors[name][0, 0, 0, 0] = math.inf
    save_tensors(path, tensors, header)
    load(path)
    tensors[name][0, 0, 0, 0] = math.nan
    save_tensors(path, tensors, header)
    assert f"NaN in {name}" in sentence(path)
    before = path.read_bytes()
    with torch.no_grad():
        network.get_parameter(name)[0, 0, 0, 0] = math.nan
    with pytest.raises(InputError, match=f"NaN in {name}"):
        save(ResidualDenoiser(network), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_halves_the_file_and_costs_the_rounding_of_the_weights(path, kind):
    network = small_network(kind)
    save(ResidualDenoiser(copy.deepcopy(network).half()), path)
    half, header = load_tensors(path)
    save(ResidualDenoiser(network), path.with_name("float32.safetensors"))
    size, full = (
        sum(t.nbytes for t in tensors.values()) for tensors in (half, network.state_dict())
    )
    assert size == full / 2
    for name, tensor in load_network(path).state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, network.state_dict()[name].half().float())
    assert header == load_tensors(path.with_name("float32.safetensors"))[1]


def test_the_curves_of_the_noise_estimate_come_back_by_kind_of_picture(path):
    curves = {"1 bounded": [(0.1, 0.12), (0.2, 0.21)], "3 unbounded": [(0.3, 0.3)]}
    save(ResidualDenoiser(small_network(), calibration=curves), path)
    expected = {"1 bounded": [[0.1, 0.12], [0.2, 0.21]], "3 unbounded": [[0.3, 0.3]]}
    assert load(path).calibration == expected
    save(ResidualDenoiser(small_network()), path)
    assert load(path).calibration == {}


@pytest.mark.parametrize("most", [0.25, math.inf])
def test_the_largest_level_that_was_learnt_comes_back(path, most):
    told = LevelMapDenoiser(UNet(2, outputs=1, width=4), channels=1)
    for denoiser in (ResidualDenoiser(small_network()), told):
        denoiser.most = most
        save(denoiser, path)
        assert load(path).most == most


def test_an_unknown_architecture_is_one_sentence(path):
    known = (
        r"^Unknown architecture 'Unet': choose one of .*UNet.*, or import .*--import FILE\.py\)\.$"
    )
    with pytest.raises(InputError, match=known):
        build_network("Unet", {})
    save(ResidualDenoiser(small_network()), path)
    tensors, header = load_tensors(path)
    save_tensors(path, tensors, header | {"architecture": "Transformer"})
    assert "Unknown architecture 'Transformer': choose one of BFCNN, " in sentence(path)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("options", [{"widht": 8}, {"channels": 1, "depth": 3, "blocks": 3}])
def test_options_that_no_constructor_takes_are_named(name, options):
    with pytest.raises(InputError, match=rf"^{name} does not take .*(widht|depth|blocks)"):
        build_network(name, options)


@pytest.mark.parametrize(
    "change",
    [
        {"options": {"channels": 1, "width": 6, "depth": 4}},  # other shapes
        {"options": {"channels": 1, "width": 5, "depth": 9}},  # other names
        {"options": {"widht": 5}},
        {"options": 3},
        {"options": None},
        {"architecture": None},
    ],
)
def test_weights_that_do_not_fit_their_description_are_one_sentence(path, change):
    save(ResidualDenoiser(small_network("bf-cnn")), path)
    tensors, header = load_tensors(path)
    save_tensors(path, tensors, header | change)
    assert "does not fit this version of scorelet: " in sentence(path)


@pytest.mark.parametrize("missing", ["architecture", "options"])
def test_a_description_with_a_gap_is_one_sentence(path, missing):
    save(ResidualDenoiser(small_network()), path)
    tensors, header = load_tensors(path)
    del header[missing]
    save_tensors(path, tensors, header)
    assert f"does not fit this version of scorelet: it has no entry '{missing}'" in sentence(path)


def test_the_state_that_a_run_writes_is_no_model(path):
    """Whatever version of states a run writes, not only the first."""
    layer, average = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    save_state(path, {"step": 1}, learner=layer, average=average, optimizers=[])
    assert " is the state of a training run, which only --resume takes: " in sentence(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_model_does_not_replace_a_pipe(path):
    os.mkfifo(path)
    with pytest.raises(InputError, match="is a device or a pipe"):
        save(ResidualDenoiser(small_network()), path)
    assert path.is_fifo()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, " does not say of which kind of model: "),
        ({"kind": "training-state"}, " is the state of a training run, "),
        ({"kind": "denoiser-of-2099"}, " of the kind 'denoiser-of-2099', which this version "),
        ({"kind": ["a", "list"]}, " of the kind ['a', 'list'], which this version "),
    ],
)
def test_a_file_of_another_kind_is_one_sentence(path, header, words):
    save_tensors(path, {"a": torch.ones(2)}, header)
    assert words in sentence(path)
    assert ("robust and evaluate take tensors alone, with --arch" in sentence(path)) == (not header)


@pytest.mark.parametrize("written", [2, 99, "next", None])
def test_a_file_of_a_newer_version_is_one_sentence(path, written):
    save(ResidualDenoiser(small_network()), path)
    tensors, header = load_tensors(path)
    save_tensors(path, tensors, header | {"format": written})
    assert f"by a newer version of scorelet (format {written}, this one reads up to 1): " in (
        sentence(path)
    )


def test_a_file_from_before_formats_were_counted_still_loads(path):
    network = small_network()
    save(ResidualDenoiser(network), path)
    tensors, header = load_tensors(path)
    del header["format"]
    assert header["kind"] == "blind-denoiser"
    save_tensors(path, tensors, header)
    with torch.no_grad():
        assert torch.equal(load(path)(picture()), ResidualDenoiser(network)(picture()))


def test_tensors_that_are_missing_or_too_many_are_named(path):
    save(ResidualDenoiser(small_network("bf-cnn")), path)
    tensors, header = load_tensors(path)
    first, *others = tensors
    save_tensors(path, {name: tensors[name] for name in others}, header)
    assert sentence(path).endswith(f": it lacks the tensor {first}.")
    save_tensors(path, {"odd": torch.ones(1), **tensors}, header)
    assert sentence(path).endswith(": it holds the tensor odd too many.")
    save_tensors(path, {"odd": torch.ones(1)}, header)
    assert f" the tensors {', '.join(list(tensors)[:3])} and {len(tensors) - 3} more" in (
        sentence(path).replace("it lacks", "")
    )


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_one_sentence(path, share):
    save(ResidualDenoiser(small_network("unet")), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert sentence(path).endswith(": fetch or copy it again.")


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"a web page <html>" * 50, b"{}"])
def test_bytes_that_are_no_weights_are_one_sentence(path, content):
    path.write_bytes(content)
    assert sentence(path).endswith(": fetch or copy it again.")


class Bomb:
    """An object whose pickle touches a file when it is opened."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("name", ["weights.pt", "weights.pth", "weights.safetensors", "weights"])
def test_a_pickle_is_refused_without_being_opened_whatever_its_name(tmp_path, name):
    marker, path = tmp_path / "it ran", tmp_path / name
    torch.save({"weight": torch.ones(2), "bomb": Bomb(marker)}, tmp_path / "saved.pt")
    (tmp_path / "saved.pt").rename(path)
    assert "is a pickle, which can run any code when opened" in sentence(path)
    assert "robust and evaluate take files of torch, too, with --arch; what others" in sentence(
        path
    )
    path.write_bytes(pickle.dumps(Bomb(marker)))
    assert "is a pickle" in sentence(path)
    assert not marker.exists()
    pickle.loads(path.read_bytes())
    assert marker.exists()  # the bomb was live


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_programs_are_named(tmp_path):
    path, network = tmp_path / "program.pt2", nn.Linear(2, 2)
    torch.export.save(torch.export.export(network, (torch.zeros(1, 2),)), path)
    assert "is an exported program; expected weights alone" in sentence(path)
    torch.jit.save(torch.jit.trace(network, torch.zeros(1, 2)), path)
    assert "is a TorchScript program" in sentence(path)
    path.write_bytes(path.read_bytes()[:200])
    assert "is a pickle" in sentence(path)


def test_a_loaded_file_is_what_is_loaded_from(path):
    """`load` and `sl.load` are one function of a path."""
    import scorelet as sl

    save(ResidualDenoiser(small_network()), path)
    expected = load(path).state_dict()
    for form in (path, str(path)):
        got = sl.load(form).state_dict()
        assert all(torch.equal(got[name], tensor) for name, tensor in expected.items())


def test_an_unknown_option_is_answered_with_those_that_there_are():
    with pytest.raises(InputError, match=r"argument 'widht'\. Its options are channels, width, "):
        build_network("BFCNN", {"widht": 3})
