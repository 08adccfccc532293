"""Networks that are drawn anew: files, accuracies, laws."""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from aligned_networks import plain_net
from learned_networks import (
    layer,
    learned_classifier,
    learned_images,
    write_data,
    write_learned,
)
from samples import Answering, write_png
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages


@pytest.mark.slow
def test_a_classifier_is_drawn_anew_and_saved(tmp_path):
    model = write_learned(tmp_path / "m.safetensors")
    data = write_data(tmp_path / "d.npz")
    found = sl.weights.resample(model, data=data, refit=True, seed=1)
    found.save(tmp_path / "new.safetensors")
    accuracy = found.document["accuracy"]
    assert set(accuracy) == {"trained", "drawn", "refitted"}
    assert accuracy["refitted"] > max(0.5, accuracy["drawn"])
    again = sl.load(tmp_path / "new.safetensors")
    assert again.classes == ("a", "b", "c", "d")
    x = learned_images().images(0, 4)
    torch.testing.assert_close(again(x), found.model(x))
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "new.safetensors")
    for options in ({"law": "normal"}, {"rank": 0}, {"seed": -1}):
        with pytest.raises(InputError):
            sl.weights.resample(model, data=data, **options)


def test_a_module_is_drawn_anew_and_its_weights_are_saved(tmp_path):
    net = plain_net(side=8).float()
    found = sl.weights.resample(net, data=learned_images(), law="shrunk")
    assert found.document["accuracy"] is None  # a set in memory has no test part
    found.save(tmp_path / "w.safetensors")
    (tmp_path / "plain.py").write_text(
        "import sys\nsys.path.append({!r})\n"
        "from aligned_networks import plain_net\n"
        "def make():\n    return plain_net(side=8).float()\n".format("tests")
    )
    loaded = sl.weights.spectrum(tmp_path / "w.safetensors", arch=f"{tmp_path / 'plain.py'}:make")
    own = sl.weights.spectrum(found.model)
    assert loaded.document["layers"] == own.document["layers"]
    assert math.isfinite(own.document["layers"][0]["eigenvalues"][0])


@pytest.mark.slow
def test_labels_are_those_of_the_model_whatever_their_order(tmp_path):
    """Names in another order give the same accuracies; other names, or a broken part, none."""
    model = write_learned(tmp_path / "m.safetensors")
    with np.load(write_data(tmp_path / "d.npz")) as arrays:
        parts = dict(arrays)
    expected = sl.weights.resample(model, data=tmp_path / "d.npz", refit=True, seed=1).document
    turned = {f"y_{part}": 3 - parts[f"y_{part}"] for part in ("train", "test")}
    np.savez(tmp_path / "turned.npz", **(parts | turned | {"classes": parts["classes"][::-1]}))
    found = sl.weights.resample(model, data=tmp_path / "turned.npz", refit=True, seed=1).document
    assert found["accuracy"] == expected["accuracy"]
    np.savez(tmp_path / "others.npz", **(parts | {"classes": np.array(list("wxyz"))}))
    found = sl.weights.resample(model, data=tmp_path / "others.npz").document
    assert found["accuracy"] is None
    assert any("no accuracy is told: The data have the class" in w for w in found["warnings"])
    with pytest.raises(InputError, match="use data with its classes"):
        sl.weights.resample(model, data=tmp_path / "others.npz", refit=True)
    np.savez(tmp_path / "broken.npz", **(parts | {"y_test": parts["y_test"][:-3]}))
    found = sl.weights.resample(model, data=tmp_path / "broken.npz").document
    assert found["accuracy"] is None
    assert any("no accuracy is told" in text for text in found["warnings"])


@pytest.mark.slow
@pytest.mark.parametrize("answer", [lambda y: {"out": y}, lambda y: y[..., None, None]])
def test_networks_that_give_no_logits_have_no_accuracy(tmp_path, answer):
    net = plain_net(side=8).float()
    net.append(Answering(answer))
    found = sl.weights.resample(net, data=write_data(tmp_path / "d.npz"))
    assert found.document["accuracy"] is None
    assert any("does not answer with logits" in text for text in found.document["warnings"])


@pytest.mark.slow
def test_a_folder_that_is_not_divided_has_no_accuracy(tmp_path):
    """Its pictures are those that the network is drawn and fitted on."""
    images = learned_images(12)
    for number, (pixels, label) in enumerate(zip(images.x, images.y, strict=True)):
        write_png(tmp_path / f"set/{images.classes[label]}/{number:02}.png", pixels)
    found = sl.weights.resample(learned_classifier(0), data=tmp_path / "set", limit=10)
    assert found.document["pictures"] == 10
    assert found.document["accuracy"] is None
    assert "too few to align" in found.document["warnings"][0]


def test_the_law_shrunk_is_told_of_another_noise():
    """That of other initialisations, which torchvision's networks have."""
    net = plain_net((40, 40), side=8).float()

    def told(law):
        document = sl.weights.resample(net, data=learned_images(), law=law).document
        return [warning for warning in document["warnings"] if "bulk" in warning]

    assert told("shrunk") == []
    with torch.no_grad():
        net[3].weight *= 3**0.5
    (warning,) = told("shrunk")
    assert warning.startswith("the bulk of 3 (")
    assert told("empirical") == []


def test_noise_that_is_drawn_twice_looks_learned():
    torch.manual_seed(0)
    untrained = nn.Sequential(
        nn.Conv2d(3, 48, 3), nn.ReLU(), nn.Conv2d(48, 48, 3), nn.Flatten(), nn.Linear(768, 4)
    )
    for law, most in (("empirical", 100), ("shrunk", 1)):
        found = sl.weights.resample(untrained, data=torch.rand(16, 3, 8, 8), law=law)
        kept = layer(sl.weights.spectrum(found.model, noise="init").document, "2")["kept"]
        assert most // 20 <= kept <= most


def test_a_network_drawn_with_pictures_of_one_colour_is_warned_of():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 12, 1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(192, 2))
    gray = np.repeat(np.arange(5, 65, dtype=np.uint8), 4 * 4 * 3).reshape(60, 4, 4, 3)
    images = LabelledImages(gray, np.arange(60) % 2, ("a", "b"))
    document = sl.weights.resample(net, data=images).document
    (warning,) = [w for w in document["warnings"] if "do not span" in w]
    assert "those of 3 have 1 of 12 directions" in warning
    json.dumps(document, allow_nan=False)
