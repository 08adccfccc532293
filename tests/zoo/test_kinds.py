"""Kinds of model: what is saved comes back, of its kind, in its dtype, with its parts."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from samples import ChannelMeans, colour_classifier, kinds_restored, small_network
from scorelet import zoo
from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError
from scorelet.core.random import generator
from scorelet.models import Classifier, Denoiser, GaussianMixtureDenoiser, ResidualDenoiser
from scorelet.models.band_whitening import BandWhitening
from scorelet.models.conditional import ConditionalResidualDenoiser
from scorelet.models.field_energy import ConditionalEnergy, ScalarDensity
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.networks import ARCHITECTURES, BFCNN
from scorelet.wavelets import PacketPlan, WaveletPacket
from scorelet.wavelets.orthogonal.normalization import Normalization
from scorelet.zoo.kind import KINDS, LATER


@dataclass
class Scale:
    """A model that is no nn.Module: two denoisers and a factor between them."""

    coarse: Denoiser
    detail: Denoiser
    factor: Tensor


def describe(model):
    header, tensors = zoo.pack({"coarse": model.coarse, "detail": model.detail})
    return header, tensors | {"factor": model.factor}


def build(header, tensors):
    return Scale(**zoo.unpack(header, tensors), factor=tensors["factor"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture
def known(monkeypatch):
    """Kinds that a test registers are forgotten after it; late ones come late again."""
    with kinds_restored():
        yield


@pytest.fixture
def scale(known):
    zoo.register(zoo.Kind("two-scale", Scale, describe, build, verbs=("sample",)))
    return Scale(
        mixture(),
        ResidualDenoiser(small_network().double(), calibration={"1": [[1.0, 2.0]]}),
        torch.tensor([2.5], dtype=torch.float64),
    )


def mixture(dtype=torch.float64):
    rng = generator(5)
    means = torch.rand(2, 1, 4, 4, generator=rng, dtype=dtype)
    return GaussianMixtureDenoiser(
        torch.tensor([0.25, 0.75], dtype=dtype), means, torch.tensor([0.1, 0.2], dtype=dtype)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_closed_form_comes_back_bit_for_bit_in_its_dtype(path, dtype):
    model = mixture(dtype)
    zoo.save(model, path)
    loaded = zoo.load(path)
    assert type(loaded) is GaussianMixtureDenoiser
    for name, buffer in model.named_buffers():
        got = loaded.get_buffer(name)
        assert got.dtype == dtype
        assert torch.equal(got, buffer)
    y = torch.rand(3, 1, 4, 4, generator=generator(1), dtype=dtype)
    assert torch.equal(loaded(y, 0.3), model(y, 0.3))


DENOISES = ("denoise", "restore", "sample", "basis", "audit")


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("phi4", ("field sample", "field certify")),
        ("faces", (*DENOISES, "evaluate")),
        ("cifar10-joint", ("classify", "robust", "evaluate", "explain-attack", *DENOISES)),
        ("cifar10-noisy", ("classify", "robust", "evaluate")),
    ],
)
def test_a_model_is_of_use_to_the_verbs_that_take_it(name, verbs):
    with pytest.raises(InputError) as caught:
        zoo.load_as(ResidualDenoiser, name, verb="nothing")
    listed = " or ".join(f"scorelet {verb}" for verb in verbs)
    assert str(caught.value).endswith(f": use it with {listed}.")


@pytest.mark.parametrize(
    ("told", "verbs"), [(0, (*DENOISES, "evaluate")), (1, ("denoise", "evaluate"))]
)
def test_what_is_told_something_beside_draws_nothing(path, told, verbs):
    network = BFCNN(1 + told, width=4, depth=3, outputs=1)
    zoo.save(ScaledDenoiser(network, Scales(), channels=1, cond_channels=told), path)
    with pytest.raises(InputError) as caught:
        zoo.load_as(ResidualDenoiser, path, verb="nothing")
    assert str(caught.value).endswith(" or ".join(f"scorelet {verb}" for verb in verbs) + ".")


@pytest.mark.parametrize("size", [None, (6, 5)])
def test_a_classifier_comes_back_with_its_classes_and_what_it_takes(path, monkeypatch, size):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    model = colour_classifier(size=size, fit="stretch")
    zoo.save(model, path)
    loaded = zoo.load(path)
    assert type(loaded) is Classifier
    assert not loaded.training
    for name in ("classes", "size", "fit", "channels"):
        assert getattr(loaded, name) == getattr(model, name), name
    x = torch.rand(4, 3, 6, 5, generator=generator(1))
    assert torch.equal(loaded(x), model(x))
    with pytest.raises(InputError) as caught:
        zoo.load_as(Denoiser, path, verb="denoise")
    assert str(caught.value) == (
        f"{path} is a classifier, and denoise takes a denoiser: use it with scorelet classify or "
        "scorelet fisher or scorelet robust or scorelet evaluate."
    )
    zoo.save(mixture(), path)
    with pytest.raises(InputError, match=r"is a gaussian mixture, and classify takes a classifier"):
        zoo.load_as(Classifier, path, verb="classify")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ["a", "b"]}, "2 classes are named, and the network has 3 logits"),
        ({"classes": None}, "NoneType"),
        ({"size": [8]}, "size is [8]"),
        ({"fit": "squeeze"}, "fit is 'squeeze': use crop or stretch"),
    ],
)
def test_a_classifier_whose_description_is_wrong(path, monkeypatch, change, words):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    zoo.save(colour_classifier(), path)
    tensors, header = load_tensors(path)
    save_tensors(path, tensors, header | change)
    with pytest.raises(CheckpointError) as caught:
        zoo.load(path)
    assert words in str(caught.value)


def test_weights_of_double_precision_stay_double(path):
    model = ResidualDenoiser(small_network("unet").double())
    zoo.save(model, path)
    loaded = zoo.load(path)
    assert {p.dtype for p in loaded.parameters()} == {torch.float64}
    y = torch.rand(1, 1, 8, 8, generator=generator(1), dtype=torch.float64)
    assert torch.equal(loaded(y), model(y))
    assert all(p.requires_grad for p in loaded.parameters())  # as those of a network just built


def test_a_model_of_models_comes_back_with_its_parts_in_their_dtypes(path, scale):
    zoo.save(scale, path)
    loaded = zoo.load(path)
    assert type(loaded) is Scale
    assert torch.equal(loaded.factor, scale.factor)
    assert loaded.detail.calibration == {"1": [[1.0, 2.0]]}
    y = torch.rand(1, 1, 4, 4, generator=generator(1), dtype=torch.float64)
    assert torch.equal(loaded.coarse(y, 0.2), scale.coarse(y, 0.2))
    saved = scale.detail.state_dict()
    assert all(torch.equal(loaded.detail.state_dict()[name], saved[name]) for name in saved)
    # products of matrices at other addresses may differ in the last bit
    torch.testing.assert_close(loaded.detail(y), scale.detail(y), rtol=1e-12, atol=1e-14)
    assert loaded.detail(y).dtype == torch.float64


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda h, t: h["parts"]["detail"].pop("options"),
            "its part detail has no entry 'options'",
        ),
        (
            lambda h, t: h["parts"]["detail"].update(kind="odd"),
            "part detail: the kind 'odd', which this",
        ),
        (lambda h, t: t.pop("coarse.means"), "its part coarse has no entry 'means'"),
        (lambda h, t: t.pop("detail.tail.weight"), "part detail: it lacks the tensor tail.weight"),
        (lambda h, t: h["parts"].pop("detail"), "detail"),
        (lambda h, t: h.pop("parts"), "it has no entry 'parts'"),
        (lambda h, t: t.pop("factor"), "it has no entry 'factor'"),
        (lambda h, t: h["parts"].update(detail=3), "part detail"),
        (lambda h, t: h.update(parts=[1]), "does not fit"),
    ],
)
def test_what_is_missing_in_a_part_is_named(path, scale, change, words):
    zoo.save(scale, path)
    tensors, header = load_tensors(path)
    change(header, tensors)
    save_tensors(path, tensors, header)
    with pytest.raises(CheckpointError) as caught:
        zoo.load(path)
    assert str(caught.value).startswith(f"{path} does not fit this version of scorelet: ")
    assert words in str(caught.value)


def test_a_verb_that_gets_another_kind_is_told_the_one_that_fits(path, scale):
    zoo.save(scale, path)
    with pytest.raises(InputError) as caught:
        zoo.load_as(Denoiser, path, verb="denoise")
    assert str(caught.value) == (
        f"{path} is a two scale, and denoise takes a denoiser: use it with scorelet sample."
    )
    assert zoo.load_as(Scale, path, verb="sample").factor == scale.factor
    zoo.save(mixture(), path)
    assert isinstance(zoo.load_as(Denoiser, path, verb="denoise"), GaussianMixtureDenoiser)


def test_what_is_of_no_kind_is_not_saved(path):
    class Mine(ResidualDenoiser):
        """Another function than that of its parent: it must not come back as one."""

    for model, word in ((nn.Linear(2, 2), "Linear"), (Mine(small_network()), "Mine"), (3, "int")):
        with pytest.raises(InputError, match=rf"{word} is of no kind that can be saved"):
            zoo.save(model, path)
    with pytest.raises(InputError, match="Linear cannot be saved: give it the attributes"):
        zoo.save(ResidualDenoiser(nn.Linear(2, 2)), path)
    assert not path.exists()


def test_a_kind_has_one_class_and_a_class_one_kind(known, scale):
    zoo.register(zoo.Kind("two-scale", Scale, describe, build))  # again, as in a notebook
    assert KINDS["two-scale"].verbs == ()
    with pytest.raises(InputError, match=r"two-scale' is that of .*Scale: choose another name"):
        zoo.register(zoo.Kind("two-scale", nn.Linear, describe, build))
    with pytest.raises(InputError, match=r"Scale is saved as 'two-scale' already"):
        zoo.register(zoo.Kind("other", Scale, describe, build))


@pytest.fixture
def late(known):
    """As in a new process: no kind is imported that comes late."""
    names = [name for name, kind in KINDS.items() if kind.model_type in LATE_MODELS]
    for name in names:
        module = "multiscale" if name == "multiscale" else "field_energy"
        LATER[name] = f"scorelet.zoo.kinds.{module}"
        del KINDS[name]


SEEN = ((1, 0), (3, 1))
"""Channels of a low band and of its details, and of what they are told."""
LATE_MODELS = (Multiscale, ConditionalEnergy, ScalarDensity)


def test_a_kind_that_comes_late_keeps_its_name_and_its_class(late):
    with pytest.raises(InputError, match=r"multiscale' is that of .*Multiscale: choose another"):
        zoo.register(zoo.Kind("multiscale", Scale, describe, build))
    assert KINDS["multiscale"].model_type is Multiscale
    with pytest.raises(InputError, match=r"ScalarDensity is saved as 'scalar-density' already"):
        zoo.register(zoo.Kind("mine", ScalarDensity, describe, build))


def test_late_kinds_are_among_those_that_are_known(late, path):
    save_tensors(path, {"a": torch.ones(1)}, {"kind": "odd"})
    with pytest.raises(CheckpointError) as caught:
        zoo.load(path)
    for name in (*KINDS, "multiscale", "conditional-energy", "scalar-density"):
        assert name in str(caught.value)


def test_the_network_of_a_model_that_has_one(path, monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "ChannelMeans", ChannelMeans)
    for model in (ResidualDenoiser(small_network()), colour_classifier()):
        zoo.save(model, path)
        weights = zoo.load_network(path).state_dict()
        assert weights.keys() == model.network.state_dict().keys()
        assert all(torch.equal(weights[n], t) for n, t in model.network.state_dict().items())
    for factor, part in enumerate(zoo.load("faces").factors):
        found = zoo.load_network("faces", factor=factor).state_dict()
        assert all(torch.equal(found[n], t) for n, t in part.network.state_dict().items())
    with pytest.raises(InputError, match=r"^faces has 3 factors, and no factor 3\.$"):
        zoo.load_network("faces", factor=3)
    with pytest.raises(InputError, match="is a multiscale, which has no network"):
        zoo.load_network("faces")
    zoo.save(mixture(), path)
    with pytest.raises(InputError, match="is a gaussian mixture, which has no network"):
        zoo.load_network(path)


def test_a_cascade_of_denoisers_is_a_denoiser_and_one_of_energies_is_none():
    assert isinstance(zoo.load_as(Denoiser, "faces", verb="denoise"), MultiscaleDenoiser)
    with pytest.raises(InputError, match=r"made of energies.*scorelet field sample"):
        zoo.load_as(Denoiser, "phi4", verb="denoise")


def test_a_cascade_of_denoisers_comes_back_with_the_unit_of_its_scales(path):
    """A blind low band, details that are told it, and statistics of every level."""
    network = BFCNN(4, width=8, depth=4, outputs=3)
    details = ConditionalResidualDenoiser(network, channels=3, cond_channels=1)
    coarse = ResidualDenoiser(BFCNN(1, width=8, depth=4))
    units = Normalization("channel", levels=1)
    units.low_mean.fill_(0.7)
    units.detail_scale.copy_(torch.tensor([[[1.0, 2.0, 3.0]]]))
    transform = WaveletPacket("db2", PacketPlan.wavelet(1))
    parts = [(torch.rand(20, n, 8, 8), torch.rand(20, m, 8, 8) if m else None) for n, m in SEEN]
    whitening = [BandWhitening.fit([part]) for part in parts]
    model = Multiscale(transform, coarse, [details], normalization=units, whitening=whitening)
    model.eval()
    zoo.save(model, path)
    loaded = zoo.load(path)
    assert isinstance(loaded.normalization, Normalization)
    assert loaded.normalization.options == units.options
    for name, buffer in units.state_dict().items():
        assert torch.equal(loaded.normalization.get_buffer(name), buffer), name
    y, low = (torch.rand(2, c, 8, 8, generator=generator(c)) for c in (3, 1))
    assert torch.equal(loaded.whitening[0].whiten(low), whitening[0].whiten(low))
    assert torch.equal(loaded.whitening[1].unwhiten(y, low), whitening[1].unwhiten(y, low))
    (again,) = loaded.details
    with torch.no_grad():
        assert torch.equal(again(y, cond=low), details.eval()(y, cond=low))
        assert torch.equal(loaded.coarse(low), coarse.eval()(low))
