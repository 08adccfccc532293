"""The verb fisher: the document says what the analysis finds, the report shows it."""

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from classifiers import COLOURS, colour_classifier, write_classifier
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.tasks.fisher import fisher


def tinted(count=90, *, noise=40, seed=0):
    """Noisy pictures of 8 x 8 pixels, tinted in the colour of their class."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 3
    x = rng.normal(128, noise, (count, 8, 8, 3))
    x[np.arange(count), :, :, y] += 30
    return LabelledImages(x.clip(0, 255).astype(np.uint8), y.astype(np.int64), COLOURS)


@pytest.fixture
def images():
    return tinted()


@pytest.fixture
def data(tmp_path, images):
    path = tmp_path / "tinted.npz"
    arrays = {"x_train": images.x[:9], "y_train": images.y[:9], "classes": np.array(COLOURS)}
    np.savez(path, x_test=images.x, y_test=images.y, **arrays)
    return path


def test_a_class_with_too_few_pictures_is_named():
    few = tinted(8)  # of blue there are two
    with pytest.raises(InputError, match=r"^Class blue has 2 samples: at least 3"):
        fisher(few, model=colour_classifier())


def test_the_document_is_the_profile(images):
    classifier = colour_classifier()
    document = fisher(images, model=classifier, dimension=16).document
    profile = sl.fisher_profile(classifier.network, images, dimension=16)
    names = [layer["name"] for layer in document["layers"]]
    assert names == ["input", "coefficients.scattering", "standardise", "head"]
    for layer in document["layers"]:
        found = profile[layer["name"]].fisher
        assert {name: layer[name] for name in vars(found)} == vars(found)
    assert document["classes"] == list(COLOURS)
    assert (document["pictures"], document["warnings"]) == (90, [])


def test_layers_that_are_asked_for_say_their_kinds(images):
    document = fisher(
        images, model=colour_classifier(), layers=["coefficients"], dimension=16
    ).document
    (layer,) = document["layers"]
    assert [kind["kind"] for kind in layer["kinds"]] == ["order 0", "order 1", "order 2"]
    means, waves, _ = (kind["separation"] for kind in layer["kinds"])
    assert means > 10 * abs(waves)  # classes differ in their colour, not in their texture


@pytest.mark.slow
def test_files_by_name_and_a_report(data, tmp_path):
    model = write_classifier(tmp_path / "model.safetensors")
    output = tmp_path / "report.html"
    found = sl.fisher(data, model=model, dimension=16, layers=["*"])
    found.save(output)
    document, page = found.document, output.read_text()
    assert page.count("data:image/png;base64") == 2  # by depth, and by kind of channel
    for layer in document["layers"]:
        assert f"{layer['ratio']:.3g}" in page
        assert f"{layer['trace_ratio']:.3g}" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    with pytest.raises(InputError, match="exists already"):
        found.save(output)
    with pytest.raises(InputError, match="unknown suffix"):
        found.save(tmp_path / "a.pdf")


@pytest.mark.slow
def test_folders_are_brought_to_the_models_size(tmp_path, images):
    for number, (pixels, label) in enumerate(zip(images.x, images.y, strict=True)):
        large = pixels.repeat(2, 0).repeat(2, 1)
        write_png(tmp_path / f"set/{COLOURS[label]}/{number:02}.png", large)
    found = fisher(tmp_path / "set", model=colour_classifier(), dimension=16)
    assert found.document["layers"][0]["shape"] == [3, 8, 8]
    assert found.document["pictures"] == 90


def test_too_few_pictures_are_said(data):
    document = fisher(data, model=colour_classifier(), part="train", dimension=16).document
    (warning,) = document["warnings"]
    assert warning.startswith("9 pictures are too few for the features of input, ")
    assert document["layers"][0]["floor"] is None


def test_a_warning_names_five_layers_of_many(data):
    layers = [nn.Flatten(), nn.Linear(192, 8), *(nn.ReLU() for _ in range(6))]
    net = nn.Sequential(*layers)
    (warning,) = fisher(data, model=net, part="train", dimension=8).document["warnings"]
    assert "of input, 1, 2, 3, 4 and 3 more: their ratios have no floor" in warning


def test_any_module_will_do(images):
    rng = generator(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    with torch.no_grad():
        net[1].weight.copy_(torch.randn(4, 192, generator=rng))
    document = fisher(images, model=net, dimension=16).document
    assert [layer["name"] for layer in document["layers"]] == ["input", "1"]


def test_what_cannot_be_used(images):
    for options, sentence in (
        ({"limit": 0}, "limit is 0"),
        ({"layers": ["none"]}, "No layer is called 'none'"),
    ):
        with pytest.raises(InputError, match=sentence):
            fisher(images, model=colour_classifier(), **options)


class Parts(nn.Module):
    def forward(self, x):
        return {"u": x}


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts, self.tokens = Parts(), nn.ReLU()

    def forward(self, x):
        return self.tokens(self.parts(x)["u"].flatten(2))


def test_what_is_left_out_or_not_known_of_layers_is_said(images):
    document = fisher(images, model=Whole(), pool="mean").document
    assert [layer["name"] for layer in document["layers"]] == ["input", "tokens"]
    assert document["warnings"] == [
        "the outputs of parts are no tensors with a row for each picture, so they are left out",
        "which axis of the outputs of tokens holds the channels is not known: the first is taken",
    ]


CODE = """
from torch import nn
def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
"""


def test_a_file_of_weights_with_its_architecture(tmp_path, images):
    (tmp_path / "some_arch.py").write_text(CODE)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    torch.save(net.state_dict(), tmp_path / "w.pt")
    arch = f"{tmp_path / 'some_arch.py'}:net"
    found = fisher(images, model=tmp_path / "w.pt", arch=arch, dimension=8).document
    assert found["layers"] == fisher(images, model=net, dimension=8).document["layers"]


class Pair(nn.Module):
    """In the manner of torch's attention and recurrent layers: the answer, and something else."""

    def forward(self, x):
        return x.flatten(1)[:, :9], None


def test_the_first_of_several_outputs_is_taken(images):
    net = nn.Sequential(Pair())
    (layer,) = fisher(images, model=net, layers=["0"], dimension=8).document["layers"]
    assert layer["shape"] == [9]
