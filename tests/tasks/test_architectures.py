"""Networks of others: files of weights without architecture, and architectures by name."""

import argparse
import copy
import io
import re
import sys
import types

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import scorelet as sl
from aligned_networks import ResidualNet, pictures
from scorelet.core.errors import CheckpointError, InputError, ScoreletError
from scorelet.tasks.architectures import IMAGENET, build_network, factory_of, read_state
from scorelet.tasks.networks import open_network

CODE = """
from torch import nn
def net():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 4))
def number():
    return 3
def broken():
    raise ValueError("no such thing")
def ends():
    raise SystemExit(3)
"""


class Inception(nn.Module):
    """As torchvision's: a scale of its own, which pictures are brought to, and a part to train."""

    def __init__(self, classes):
        super().__init__()
        self.transform_input = False
        self.fc, self.aux1 = nn.Linear(3, classes), nn.Linear(3, classes)

    def forward(self, x):
        if self.transform_input:
            mean, deviation = (torch.tensor(v)[:, None, None] for v in IMAGENET)
            x = (x * deviation + mean - 0.5) / 0.5
        return self.fc(x.mean((2, 3)))


@pytest.fixture
def library(monkeypatch):
    """A stand-in for torchvision and timm, which tests do not install."""
    vision, models, timm = (types.ModuleType(n) for n in ("torchvision", "models", "timm"))

    def get_model(name, weights=None, num_classes=1000, **others):
        assert weights is None
        assert others == ({"weights_backbone": None} if name == "detector" else {})
        return Inception(num_classes) if name == "inception" else ResidualNet(8, num_classes)

    def create_model(name, pretrained, num_classes=None):
        assert not pretrained
        default = 0 if name == "features" else 1000
        classes = default if num_classes is None else num_classes
        net = get_model(name, None, classes or 1)
        net.num_classes = classes
        if not classes:
            net.fc = nn.Identity()
        net.default_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
        return net

    def get_model_builder(name):
        return detector if name == "detector" else get_model

    def detector(weights=None, weights_backbone="a download"):
        raise AssertionError

    models.get_model, timm.create_model, vision.models = get_model, create_model, models
    models.get_model_builder = get_model_builder
    known = ["detector", "features", "inception", "residual"]
    models.list_models = timm.list_models = lambda: known
    timm.is_model = lambda name: name.partition(".")[0] in timm.list_models()
    monkeypatch.setitem(sys.modules, "torchvision", vision)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    monkeypatch.setitem(sys.modules, "timm", timm)


@pytest.mark.parametrize("wrap", ["bare", "parallel", "compiled", "wrapped"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_of_torchvision_and_timm_are_loaded(library, tmp_path, wrap, suffix):
    torch.manual_seed(3)
    net = ResidualNet(8, 5).eval()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    if wrap == "parallel":
        state = {f"module.{name}": value for name, value in state.items()}
    if wrap == "compiled":
        state = {f"_orig_mod.module.{name}": value for name, value in state.items()}
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": state, "epoch": 3} if wrap == "wrapped" else state, path)
    else:
        save_file(state, path)
    x = pictures(3, side=8).float()
    moments = {
        "torchvision": (torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])),
        "timm": (torch.full((3,), 0.5), torch.full((3,), 0.25)),
    }
    for name, (mean, deviation) in moments.items():
        opened = open_network(path, f"{name}:residual", device="cpu")
        standard = (x - mean[:, None, None]) / deviation[:, None, None]
        torch.testing.assert_close(opened.network(x), net(standard))


@pytest.mark.parametrize("outside", ["", "module.", "net."])
@pytest.mark.parametrize("wrapper", ["module", "_orig_mod"])
def test_parts_that_were_parallel_or_compiled_are_loaded(library, tmp_path, wrapper, outside):
    """As torch's own example of ImageNet has its features, and others their blocks."""
    torch.manual_seed(3)
    net, path = ResidualNet(8, 5).eval(), tmp_path / "w.pth"
    inside = {n.replace("layer1.", f"layer1.{wrapper}."): v for n, v in net.state_dict().items()}
    torch.save({f"{outside}{name}": value for name, value in inside.items()}, path)
    found = open_network(path, "torchvision:residual", device="cpu").network
    assert all(torch.equal(v, net.state_dict()[n]) for n, v in found.state_dict().items())


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weight_norms_of_both_kinds_are_loaded(tmp_path):
    torch.manual_seed(3)
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n"
        "def old():\n"
        "    return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)))\n"
        "def new():\n"
        "    return nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))\n"
    )
    x = torch.rand(5, 4)
    layer = nn.Linear(4, 3)
    for made in (nn.utils.weight_norm, nn.utils.parametrizations.weight_norm):
        net = nn.Sequential(made(copy.deepcopy(layer)))
        torch.save(net.state_dict(), tmp_path / "w.pth")
        for kind in ("old", "new"):
            arch = f"{tmp_path / 'nets.py'}:{kind}"
            found = open_network(tmp_path / "w.pth", arch, device="cpu").network
            torch.testing.assert_close(found(x), layer(x))


@pytest.mark.parametrize("auxiliary", [False, True])
def test_inception_is_shown_pictures_in_the_scale_of_published_weights(
    library, tmp_path, auxiliary
):
    torch.manual_seed(3)
    net, x = Inception(5), pictures(3, side=8).float()
    kept = {n: v for n, v in net.state_dict().items() if auxiliary or "aux" not in n}
    torch.save({"model": {f"module.{n}": v for n, v in kept.items()}}, tmp_path / "w.pth")
    opened = open_network(tmp_path / "w.pth", "torchvision:inception", device="cpu")
    torch.testing.assert_close(opened.network(x), net.fc(2 * x.mean((2, 3)) - 1))
    assert "to the scale of torchvision's own weights" in opened.notes[-1]
    assert opened.network.state_dict().keys() == kept.keys()


def test_a_head_is_built_on_networks_of_timm_that_have_none(library, tmp_path):
    torch.manual_seed(3)
    net, x = ResidualNet(8, 5).eval(), pictures(3, side=8).float()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    found = open_network(tmp_path / "w.pth", "timm:features", device="cpu").network
    torch.testing.assert_close(found(x), net((x - 0.5) / 0.25))
    trunk = {name: value for name, value in net.state_dict().items() if "fc" not in name}
    torch.save(trunk, tmp_path / "trunk.pth")
    found = open_network(tmp_path / "trunk.pth", "timm:features", device="cpu").network
    torch.testing.assert_close(net.fc(found(x)), net((x - 0.5) / 0.25))
    torch.save(net.state_dict() | {"other.weight": torch.ones(7, 2)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"does not know other\.weight"):
        open_network(tmp_path / "other.pth", "timm:features")


def test_a_function_of_a_file_builds_a_network(tmp_path):
    (tmp_path / "other_arch.py").write_text(CODE)
    arch = f"{tmp_path / 'other_arch.py'}:net"
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 36, 4))
    torch.save(net.state_dict(), tmp_path / "w.pt")
    found = sl.weights.spectrum(tmp_path / "w.pt", arch=arch)
    assert [entry["name"] for entry in found.document["layers"]] == ["0", "2"]
    own = sl.weights.spectrum(net)
    assert own.document["layers"] == found.document["layers"]
    for name, sentence in (
        ("number", "gave a int"),
        ("broken", "ValueError: no such thing"),
        ("ends", "SystemExit: 3"),
        ("missing", "has no function missing"),
    ):
        with pytest.raises(InputError, match=sentence):
            open_network(tmp_path / "w.pt", f"{tmp_path / 'other_arch.py'}:{name}")


def test_weights_that_do_not_fit_are_named(library, tmp_path):
    state = ResidualNet(8, 5).state_dict()
    path = tmp_path / "w.safetensors"
    lacking = {name: value for name, value in state.items() if name != "fc.bias"}
    more = {**state, "extra.weight": torch.ones(2)}
    wide = {**state, "conv1.weight": torch.ones(9, 3, 3, 3)}
    for tensors, sentence in (
        (lacking, "it lacks fc.bias"),
        (more, "the architecture does not know extra.weight"),
        (wide, "has another shape for conv1.weight"),
    ):
        with pytest.raises(CheckpointError, match=sentence):
            build_network("torchvision:residual", tensors, path=path)


def test_training_programs_leave_their_options_in_files(library, tmp_path):
    """Those of timm and of torchvision do, as an argparse.Namespace."""
    net = ResidualNet(8, 5).eval()
    torch.save(
        {"state_dict": net.state_dict(), "args": argparse.Namespace(lr=0.1)}, tmp_path / "w.pth"
    )
    opened = open_network(tmp_path / "w.pth", "timm:residual", device="cpu")
    assert torch.equal(opened.network.fc.weight, net.fc.weight)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("densenet121", lambda name: re.sub(r"(denselayer\d+\.\w+)([12]\.)", r"\1.\2", name)),
        ("squeezenet1_1", str),  # its classifier is a convolution
        ("mnasnet0_5", str),  # asks files for their version, which safetensors lack
    ],
)
@pytest.mark.slow
def test_weights_of_torchvision_itself_are_loaded(name, change, tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.manual_seed(0)
    net = models.get_model(name, weights=None, num_classes=7).eval()
    saved = {change(key): value.contiguous() for key, value in net.state_dict().items()}
    save_file(saved, tmp_path / "w.safetensors")
    opened = open_network(tmp_path / "w.safetensors", f"torchvision:{name}", device="cpu")
    assert all(torch.equal(v, net.state_dict()[n]) for n, v in opened.network.state_dict().items())


def test_detectors_are_built_without_the_weights_of_their_backbone(library):
    assert isinstance(factory_of("torchvision:detector")(), ResidualNet)


class Wrapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Linear(3, 2)


def test_names_of_the_architecture_itself_are_kept(tmp_path):
    (tmp_path / "wrapping_arch.py").write_text(
        "import sys\nmake = lambda: sys.modules['wrapper_of_test'].Wrapper()\n"
    )
    sys.modules["wrapper_of_test"] = sys.modules[__name__]
    arch, net = f"{tmp_path / 'wrapping_arch.py'}:make", Wrapper()
    for prefix in ("", "module."):
        state = {prefix + name: value for name, value in net.state_dict().items()}
        again = build_network(arch, state, path=tmp_path)
        assert torch.equal(again.model.weight, net.model.weight)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda v: v.to_sparse(), "sparse, quantized or without values"),
        (lambda v: v.to("meta"), "sparse, quantized or without values"),
        (lambda v: (100 * v).to(torch.int8), "it has int8 numbers for conv1.weight, and the arch"),
        (lambda v: v.to(torch.complex64), "it has complex64 numbers for conv1.weight"),
    ],
)
@pytest.mark.filterwarnings("ignore:Validating sparse tensor")
def test_tensors_that_are_no_plain_floats_are_refused(library, tmp_path, change, sentence):
    state = {n: change(v) if v.ndim else v for n, v in ResidualNet(8, 5).state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match=sentence):
        open_network(tmp_path / "w.pth", "torchvision:residual")


AVERAGED = "params_ema", "state_dict_ema", "model_ema", "ema"


@pytest.mark.parametrize("name", ["params", *AVERAGED])
def test_dictionaries_of_other_training_programs(library, tmp_path, name):
    net, other = (ResidualNet(8, 5).eval() for _ in range(2))
    path, state = tmp_path / "w.pth", net.state_dict()
    torch.save({"epoch": 3, "ema": {"decay": 0.9}, name: state}, path)
    opened = open_network(path, "timm:residual", device="cpu")
    assert torch.equal(opened.network.fc.weight, net.fc.weight)
    assert opened.notes == ()
    if name in AVERAGED:
        torch.save({"model": other.state_dict(), name: state}, path)
        opened = open_network(path, "timm:residual", device="cpu")
        assert torch.equal(opened.network.fc.weight, net.fc.weight)
        said = f"{path} holds {name} and model: the averaged weights, {name}, are taken"
        assert opened.notes == (said,)


def test_a_mean_over_steps_of_torch(library, tmp_path):
    net = ResidualNet(8, 5).eval()
    mean = torch.optim.swa_utils.AveragedModel(net)
    torch.save(mean.state_dict(), tmp_path / "w.pth")
    opened = open_network(tmp_path / "w.pth", "timm:residual", device="cpu")
    assert torch.equal(opened.network.fc.weight, net.fc.weight)
    assert opened.notes == ()


def test_a_network_is_taken_out_of_a_module_with_a_loss(library, tmp_path):
    """As Lightning saves it."""
    net, path = ResidualNet(8, 5).eval(), tmp_path / "w.ckpt"
    state = {f"net.{name}": value for name, value in net.state_dict().items()}
    loss = {"criterion.weight": torch.ones(5), "criterion.margin": torch.ones(1)}
    torch.save({"state_dict": {**loss, **state}, "epoch": 3}, path)
    found = sl.weights.spectrum(path, arch="timm:residual").document
    own = sl.weights.spectrum(net).document
    assert found["layers"] == own["layers"]
    said = f"only net.* of {path} is taken, without 2 other tensors, as criterion.weight"
    assert found["warnings"] == [said, *own["warnings"]]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"weights": state, "epoch": 3},
        lambda state: {"network": state, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
        lambda state: {"state": {"model": state, "epoch": 3}},
        lambda state: {"network": state, "state": {"epoch": 3, "best": 0.9}},
        lambda state: {"model": {"name": "resnet"}, "weights": state, "step": torch.tensor(3)},
        lambda state: {"a": {"b": state}},
    ],
)
def test_the_only_dictionary_of_tensors_is_opened_whatever_its_name(tmp_path, wrap):
    state = {"weight": torch.rand(3)}
    torch.save(wrap(state), tmp_path / "w.pth")
    assert torch.equal(read_state(tmp_path / "w.pth")["weight"], state["weight"])


@pytest.mark.parametrize(
    ("saved", "held"),
    [
        ({"generator": {"w": torch.ones(1)}, "critic": {"w": torch.ones(1)}}, "generator, critic"),
        ({"model": {"encoder": {}, "lr": 0.1}, "epoch": 3}, "model, epoch"),
        ({"0.weight": torch.ones(2), "normalisation": {"mean": torch.ones(1)}}, "0.weight, norm"),
        ({"state": {0: {"step": torch.ones(1)}}, "param_groups": []}, "state, param_groups"),
        ([torch.ones(1)], "a list"),
        ({}, "an empty dictionary"),
    ],
)
def test_files_without_one_dictionary_of_tensors_are_told_what_they_hold(tmp_path, saved, held):
    torch.save(saved, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match=f"w.pth holds {held}.*: expected one dictionary"):
        read_state(tmp_path / "w.pth")


def test_a_dictionary_that_holds_itself_comes_to_an_end(tmp_path):
    endless = {}
    endless["model"] = endless
    torch.save(endless, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="holds model: expected one"):
        read_state(tmp_path / "w.pth")


@pytest.mark.parametrize("ema", [lambda state: state, lambda state: {"shadow": state, "decay": 1}])
@pytest.mark.parametrize("other", ["weights", "model"])
def test_averaged_weights_are_taken_before_others_which_is_said(tmp_path, ema, other):
    path, said = tmp_path / "w.pth", []
    torch.save({other: {"weight": torch.zeros(3)}, "ema": ema({"weight": torch.ones(3)})}, path)
    assert torch.equal(read_state(path, say=said.append)["weight"], torch.ones(3))
    assert said == [f"{path} holds ema and {other}: the averaged weights, ema, are taken"]


@pytest.mark.parametrize(
    "name", ["ema_state_dict", "EMA", "netEMA", "EMAModel", "ema_0.999", "swa_state", "avg_model"]
)
def test_averaged_weights_are_known_by_a_word_of_their_name(tmp_path, name):
    path, said = tmp_path / "w.pth", []
    torch.save({"state_dict": {"w": torch.zeros(3)}, name: {"w": torch.ones(3)}}, path)
    assert torch.equal(read_state(path, say=said.append)["w"], torch.ones(3))
    assert said == [f"{path} holds {name} and state_dict: the averaged weights, {name}, are taken"]


@pytest.mark.parametrize("name", ["shadow", "schema", "exp_avg", "discriminator", "critic_net"])
def test_other_dictionaries_of_tensors_are_left_out_which_is_said(tmp_path, name):
    path, said, states = tmp_path / "w.pth", [], {"b": 1, "swa_losses": {"last": torch.ones(())}}
    torch.save({name: {"w": torch.ones(3)}, "model": {"w": torch.zeros(3)}, **states}, path)
    assert torch.equal(read_state(path, say=said.append)["w"], torch.zeros(3))
    assert said == [f"{path} holds model and {name}: only model is taken"]


AVERAGED_PARTS = ("model", "ema_model"), ("net_ema", "net"), ("net", "ema"), ("net", "swa_model")


@pytest.mark.parametrize("names", AVERAGED_PARTS)
def test_averaged_weights_within_one_dictionary_are_taken(library, tmp_path, names):
    """As callbacks of Lightning and means of the weights leave them."""
    nets = [ResidualNet(8, 5).eval() for _ in names]
    state = {
        f"{name}.{key}": value
        for name, net in zip(names, nets, strict=True)
        for key, value in net.state_dict().items()
    }
    torch.save({"state_dict": state}, tmp_path / "w.ckpt")
    opened = open_network(tmp_path / "w.ckpt", "timm:residual", device="cpu")
    averaged = next(k for k, name in enumerate(names) if "ema" in name or "swa" in name)
    assert torch.equal(opened.network.fc.weight, nets[averaged].fc.weight)
    assert opened.notes[0].startswith(f"only {names[averaged]}.* of {tmp_path / 'w.ckpt'} is taken")


def test_safetensors_are_known_by_what_they_hold(tmp_path):
    state = {"weight": torch.rand(3)}
    save_file(state, tmp_path / "pytorch_model.bin")
    assert torch.equal(read_state(tmp_path / "pytorch_model.bin")["weight"], state["weight"])


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_programs_are_named(tmp_path, recwarn):
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "w.pt")
    recwarn.clear()
    with pytest.raises(CheckpointError, match=r"w\.pt is a TorchScript program; .* or its weights"):
        read_state(tmp_path / "w.pt")
    assert not recwarn.list


class Bomb:
    def __reduce__(self):
        return bytearray, (1 << 46,)


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_files_that_are_not_safe_or_no_weights(tmp_path, capsys):
    torch.save({"net": Evil()}, tmp_path / "evil.pth")
    torch.save({"net": Bomb()}, tmp_path / "bomb.pth")
    torch.save({1: torch.ones(2)}, tmp_path / "numbers.pth")
    whole = io.BytesIO()
    torch.save({"w": torch.ones(2)}, whole, _use_new_zipfile_serialization=False)
    (tmp_path / "cut.pth").write_bytes(whole.getvalue()[:-9])
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello, this is no file of weights")
    (tmp_path / "text.safetensors").write_text("hello, this is no file of weights")
    (tmp_path / "empty.pth").write_bytes(b"")
    names = ("evil.pth", "bomb.pth", "numbers.pth", "cut.pth")
    for name in (*names, "list.pth", "none.pth", "text.pth", "text.safetensors", "empty.pth"):
        with pytest.raises(CheckpointError) as caught:
            read_state(tmp_path / name)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""
    with pytest.raises(CheckpointError, match="There is no file"):
        read_state(tmp_path / "nothing.pth")


@pytest.mark.parametrize(
    "content", [b"hello", b"", b"\x80\x02", b"\x80\x02.", b"qzH\xe5.)\xa3\xfa"]
)
def test_files_of_another_kind_are_no_riddles(tmp_path, content):
    """The reader's own words were a number, nothing, or what its stack lacks."""
    (tmp_path / "junk.pt").write_bytes(content)
    with pytest.raises(
        CheckpointError, match=r"junk\.pt cannot be read: it is damaged, or no file"
    ):
        read_state(tmp_path / "junk.pt")


@pytest.mark.parametrize(
    ("arch", "sentence"),
    [
        ("resnet18", "for example torchvision:resnet18"),
        ("keras:resnet18", "no library that is known"),
        ("missing.py:net", "There is no file"),
        ("timm:resnet18", "pip install timm"),
    ],
)
def test_architectures_that_are_not_there(arch, sentence, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    torch.save(ResidualNet(8, 5).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ScoreletError, match=sentence):
        open_network(tmp_path / "w.pt", arch)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", ["torchvision", "timm"])
def test_a_name_that_a_library_lacks_is_told_near_ones(name, tmp_path):
    torch.save(ResidualNet(8, 5).state_dict(), tmp_path / "w.pt")
    said = f"There is no network 'residul' in {name}: did you mean residual"
    with pytest.raises(InputError, match=said):
        open_network(tmp_path / "w.pt", f"{name}:residul")
    with pytest.raises(InputError, match="see its list of models"):
        open_network(tmp_path / "w.pt", f"{name}:xyz")


@pytest.mark.parametrize("name", ["net.pth", "NET.PT", "pytorch_model.bin"])
def test_weights_without_an_architecture_are_told_to_name_one(tmp_path, name):
    with pytest.raises(InputError, match="There is no file"):
        open_network(tmp_path / name, None)
    (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"--arch torchvision:NAME, timm:NAME or FILE\.py"):
        open_network(tmp_path / name, None)
