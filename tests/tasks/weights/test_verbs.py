"""The verbs of weights: documents say what the analysis finds, reports show it."""

import copy
import json
import math

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from aligned_networks import ResidualNet, permuted, plain_net
from learned_networks import (
    learned_classifier,
    learned_images,
    write_data,
    write_learned,
)
from samples import Answering, write_png
from scorelet.core.errors import InputError
from scorelet.data.labelled import LabelledImages
from scorelet.models import ResidualDenoiser
from scorelet.networks import BFCNN, ShuffleUNet
from scorelet.tasks.networks import PictureChoice, open_pictures, open_unlabelled
from scorelet.tasks.picture_arrays import images_of
from scorelet.tasks.weights import compare_report, spectrum_report
from scorelet.tasks.weights.compare import CompareSettings, comparison
from scorelet.tasks.weights.spectrum import _mostly_norms, spectra

SECOND = "stages.1.0.second"


def layer(document, name):
    return next(entry for entry in document["layers"] if entry["name"] == name)


def test_a_spectrum_finds_what_was_planted():
    document = sl.weights.spectrum(learned_classifier(0)).document
    found = layer(document, SECOND)
    assert found["kept"] == 2
    assert 1 <= found["effective_rank"] <= 2
    assert (found["neurons"], found["inputs"], found["gamma"]) == (40, 360, 9)
    others = [entry for entry in document["layers"] if entry["name"] != SECOND]
    assert sum(entry["kept"] for entry in others) <= 1  # untrained
    assert next(entry["effective_rank"] for entry in others if not entry["kept"]) is None
    json.dumps(document, allow_nan=False)


class Backboned(nn.Module):
    """A network of others, which calls a part of itself `network`."""

    def __init__(self):
        super().__init__()
        self.network, self.head = nn.Conv2d(3, 16, 3), nn.Linear(16, 8)

    def forward(self, x):
        return self.head(self.network(x).relu().mean((2, 3)))


def test_a_part_called_network_is_not_the_whole_of_a_network_of_others():
    names = [entry["name"] for entry in sl.weights.spectrum(Backboned()).document["layers"]]
    assert names == ["network", "head"]


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_that_hooks_compute_are_those_of_now():
    layer = nn.Linear(30, 40)
    with torch.no_grad():
        layer.weight.mul_(20)
    plain = sl.weights.spectrum(nn.Sequential(copy.deepcopy(layer)), noise="init").document
    state = torch.nn.utils.weight_norm(layer).state_dict()
    loaded = torch.nn.utils.weight_norm(nn.Linear(30, 40))
    loaded.load_state_dict(state)  # its attribute `weight` is still that of the constructor
    found = sl.weights.spectrum(nn.Sequential(loaded), noise="init").document
    for one, other in zip(plain["layers"], found["layers"], strict=True):
        assert one["bulk_variance"] == pytest.approx(other["bulk_variance"], rel=1e-5)


def test_layers_whose_size_is_not_known_are_refused():
    with pytest.raises(InputError, match="call the network once"):
        sl.weights.spectrum(nn.Sequential(nn.LazyConv2d(4, 3)))


def test_complex_weights_start_with_twice_the_variance():
    torch.manual_seed(0)
    document = sl.weights.spectrum(
        nn.Sequential(nn.Conv2d(3, 64, 3, dtype=torch.complex64))
    ).document
    assert layer(document, "0")["kept"] == 0


def test_the_noise_may_be_that_of_the_bulk():
    net = learned_classifier(0).network
    with torch.no_grad():
        for weight in net.parameters():
            weight *= 0.5  # as weight decay does
    init, bulk = (sl.weights.spectrum(net, noise=noise).document for noise in ("init", "bulk"))
    assert layer(init, SECOND)["bulk_variance"] == pytest.approx(0.25, rel=0.2)
    assert "weight decay" in init["warnings"][0]
    assert bulk["warnings"] == []
    assert layer(bulk, SECOND)["kept"] == 2
    auto = sl.weights.spectrum(net).document
    assert auto["noise"] == "bulk"
    assert "noise is taken from the bulk" in auto["warnings"][0]
    assert auto["layers"] == bulk["layers"]
    as_drawn = sl.weights.spectrum(learned_classifier(0)).document
    assert (as_drawn["noise"], as_drawn["warnings"]) == ("init", [])
    with pytest.raises(InputError, match="one of auto, init, bulk"):
        sl.weights.spectrum(net, noise="none")
    with pytest.raises(InputError, match="no convolution"):
        sl.weights.spectrum(nn.ReLU())


def test_one_layer_that_has_learned_all_directions_is_no_other_initialisation():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 64), nn.Linear(64, 64))
    with torch.no_grad():
        net[1].weight += 0.1 * torch.randn(64, 128)
    document = sl.weights.spectrum(net).document
    assert document["noise"] == "init"
    assert layer(document, "1")["kept"] > 20
    (warning,) = document["warnings"]
    assert "or has learned all directions there; noise stays that of the initialisation" in warning


@pytest.mark.parametrize("width", [8, 16, 32])
def test_small_layers_say_nothing_of_their_initialisation(width):
    for seed in range(10):
        torch.manual_seed(seed)
        net = nn.Sequential(*(nn.Linear(width, width) for _ in range(6)))
        document = sl.weights.spectrum(net).document
        assert (document["noise"], document["warnings"]) == ("init", [])


@pytest.mark.parametrize("width", [8, 16, 32, 60])
def test_small_layers_that_were_drawn_otherwise_are_said(width):
    """They may as well have learned all directions, so they do not choose the noise."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Linear(width, width) for _ in range(6)))
    for each in net:
        nn.init.kaiming_normal_(each.weight)  # six times the variance of torch's own layers
    document = sl.weights.spectrum(net).document
    (warning,) = document["warnings"]
    assert document["noise"] == "init"
    assert warning.startswith("the bulks of most layers, 0 (")
    assert "no layer is large enough to tell which" in warning
    assert sl.weights.spectrum(net, noise="bulk").document["warnings"] == []


@pytest.mark.parametrize("width", [8, 16, 32, 60])
def test_the_only_small_layer_is_told_from_one_that_was_drawn_otherwise(width):
    for seed in range(10):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(width, width))
        assert sl.weights.spectrum(net).document["warnings"] == []
    nn.init.kaiming_normal_(net[0].weight)
    (warning,) = sl.weights.spectrum(net).document["warnings"]
    assert warning.startswith("the bulk of the only layer (")
    assert "has not the variance of an initialisation" in warning


def test_layers_of_zeros_say_nothing_of_the_noise(tmp_path):
    """As the last ones of branches may start."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 32, 3), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 64, 3))
    with torch.no_grad():
        net[1].weight.zero_()
        net[2].weight[:40] = 0
    found = sl.weights.spectrum(net)
    found.save(tmp_path / "drawn.html")  # without a word of the drawing of an empty scale
    document = found.document
    assert document["noise"] == "init"
    assert document["warnings"] == [
        "all weights of 1 are 0: nothing is said of them",
        "half of the eigenvalues of 2, or more, are 0: neurons there have no weights, or those of "
        "others",
    ]
    assert [layer(document, name)["bulk_variance"] for name in "12"] == [0, 0]
    document = sl.weights.spectrum(net, noise="bulk").document
    assert document["warnings"][1].startswith("half of the eigenvalues of 2, or more, are 0")


def test_empty_layers_are_left_out():
    with pytest.warns(UserWarning, match="zero-element"):
        net = nn.Sequential(nn.Linear(0, 4), nn.Linear(4, 8))
    document = sl.weights.spectrum(net).document
    assert [entry["name"] for entry in document["layers"]] == ["1"]
    assert document["warnings"] == [
        "1 empty layer is left out (0): there are no weights between no channels"
    ]
    with pytest.raises(InputError, match=r"has no convolution.*1 empty layer is left out \(0\)"):
        sl.weights.spectrum(net[:1])


@pytest.mark.parametrize(
    "normed", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm], ids=["old", "new"]
)
def test_networks_in_training_mode_are_left_as_they_were(normed):
    """A look at a weight under a spectral norm is a step of a power iteration in that mode."""
    torch.manual_seed(0)
    net = nn.Sequential(normed(nn.Conv2d(3, 16, 3)), nn.ReLU(), normed(nn.Conv2d(16, 8, 3)))
    before, x = copy.deepcopy(net), torch.rand(20, 3, 7, 7)
    first, second = (sl.weights.spectrum(net, noise="init").document for _ in range(2))
    assert first == second
    found = sl.weights.compare(net, copy.deepcopy(net), data=x, draws=2).document
    assert any("same weights" in text for text in found["warnings"])
    for name, value in before.state_dict().items():
        assert torch.equal(net.state_dict()[name], value)
    assert all(module.training for module in net.modules())


class LowRank(nn.Module):
    """A parametrisation that adds a product of two thin matrices to weights."""

    def __init__(self, size):
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.randn(s)) for s in ((size, 2), (2, size)))

    def forward(self, weight):
        return weight + self.a @ self.b


def test_parametrised_layers_are_layers():
    known = nn.utils.parametrizations
    for change in (known.weight_norm, known.spectral_norm, known.orthogonal):
        document = sl.weights.spectrum(change(nn.Linear(12, 12))).document
        assert [entry["neurons"] for entry in document["layers"]] == [12]
        said = ["the bulk of the only layer"] if change is known.orthogonal else []  # of one value
        assert [warning[:26] for warning in document["warnings"]] == said
        net = nn.Sequential(nn.Linear(3, 4), change(nn.ConvTranspose2d(8, 8, 3)))
        (warning,) = sl.weights.spectrum(net).document["warnings"]
        assert warning.startswith("1 ConvTranspose2d is left out (1)")
    net = nn.Linear(12, 12)
    nn.utils.parametrize.register_parametrization(net, "weight", LowRank(12))
    assert sl.weights.spectrum(net).document["warnings"] == []


class Adapted(nn.Linear):
    """A linear layer with an adapter of low rank in it."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.up, self.down = (nn.Parameter(torch.rand(s)) for s in ((outputs, 2), (2, inputs)))

    def forward(self, x):
        return super().forward(x) + x @ self.down.mT @ self.up.mT


class Standardised(nn.Conv2d):
    """A convolution that standardises its weights."""

    def forward(self, x):
        weight = (self.weight - self.weight.mean((1, 2, 3), keepdim=True)) / self.weight.std()
        return nn.functional.conv2d(x, weight, self.bias)


def test_layers_that_compute_their_weights_in_forward_are_said():
    torch.manual_seed(0)
    parts = Standardised(3, 4, 2), Standardised(4, 4, 3), nn.Flatten(), Adapted(4, 4)
    x, ending = torch.rand(50, 3, 4, 4), "what its own forward computes from them is not looked"
    net, plain = nn.Sequential(*parts), nn.Sequential(*parts[:3], nn.Linear(4, 3))
    stored = "weights of 2 Standardiseds are taken as they are stored (the first is 0)"
    adapted = "weights of 1 Adapted are taken as they are stored, without up, down (3)"
    for document, sentences in (
        (sl.weights.spectrum(net).document, (stored, adapted)),
        (sl.weights.compare(net, copy.deepcopy(net), data=x, draws=2).document, (stored, adapted)),
        (sl.weights.resample(plain, data=x).document, (stored,)),
    ):
        for text in sentences:
            assert any(w.startswith(f"{text}: {ending}") for w in document["warnings"])
    with pytest.raises(InputError, match=r"3 is a Adapted with parameters of its own \(up, down\)"):
        sl.weights.resample(net, data=x)


def test_a_comparison_finds_the_noise_of_both():
    images, (one, other) = learned_images(), (learned_classifier(s).network for s in (0, 1))
    with torch.no_grad():
        for net in (one, other):
            for weight in net.parameters():
                weight *= 0.5
    auto, bulk = (
        sl.weights.compare(one, other, data=images, noise=noise, draws=2).document
        for noise in ("auto", "bulk")
    )
    assert auto["noise"] == "bulk"
    assert auto["layers"] == bulk["layers"]
    assert any("noise is taken from the bulk" in text for text in auto["warnings"])


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.stem, self.first, self.second = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), nn.Linear(8, 8)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(self.stem(x).relu().mean((2, 3))).relu())


def test_layers_that_share_a_weight_are_listed_once():
    torch.manual_seed(0)
    one, other = Tied(), Tied()
    said = "first, second share their weights, and are listed once, as first"
    x = torch.rand(60, 3, 6, 6)
    for found in (sl.weights.spectrum(one), sl.weights.compare(one, other, data=x, draws=2)):
        assert len(repr(found)) < 400  # and not all eigenvectors
        assert [entry["name"] for entry in found.document["layers"]] == ["stem", "first"]
        assert said in found.document["warnings"]
    other.second.weight = nn.Parameter(other.second.weight.detach().clone())
    found = sl.weights.compare(one, other, data=x, draws=2).document
    assert [entry["name"] for entry in found["layers"]] == ["stem", "first", "second"]
    assert said not in found["warnings"]


def test_sentences_count_one_layer_as_one():
    compared = {"model": "a", "other": "b", "layers": [{"S_mean": 0.9}]}
    assert "of 1 layer that can be compared 1 is more alike" in compare_report.lead(compared)
    compared["layers"] *= 2
    assert "of 2 layers that can be compared 2 are more alike" in compare_report.lead(compared)
    learned = {"name": "0", "kept": 2, "neurons": 8, "inputs": 9}
    for layers, said in (([learned], "1 of 1 layer has"), ([learned] * 2, "2 of 2 layers have")):
        assert f"{said} learned" in spectrum_report.lead(
            {"model": "a", "noise": "init", "layers": layers}
        )


@pytest.mark.parametrize(("kept", "told"), [(1, "1 of them one only, as one of"), (2, "(0)")])
def test_the_lead_says_how_often_chance_shows_one_direction(kept, told):
    layer = {"kept": kept, "neurons": 9, "inputs": 9, "name": "0"}
    lead = spectrum_report.lead({"model": "a", "noise": "init", "layers": [layer]})
    assert told in lead
    assert lead.endswith("untrained layers does") == (kept == 1)


def test_one_of_twenty_untrained_layers_or_more_shows_a_direction_above_its_bulk():
    torch.manual_seed(3)
    layers = [nn.Linear(64, 64) for _ in range(60)]
    for each in layers:
        nn.init.kaiming_normal_(each.weight)  # and no step of training
    document = sl.weights.spectrum(nn.Sequential(*layers)).document
    assert document["noise"] == "bulk"
    assert 0.02 < sum(entry["kept"] > 0 for entry in document["layers"]) / 60 < 1 / 3
    assert max(entry["kept"] for entry in document["layers"]) <= 2


def test_warnings_name_five_layers_of_many():
    """The document has numbers of all of them."""
    torch.manual_seed(0)
    net = nn.Sequential(*(nn.Conv2d(3 + 9 * (k > 0), 12, 1) for k in range(9)))
    other = nn.Sequential(*(nn.Conv2d(3 + 29 * (k > 0), 32, 1) for k in range(9)))
    for document, said in (
        (sl.weights.compare(net, other, data=torch.rand(9, 3, 2, 2), draws=2).document, 3),
        (sl.weights.resample(net, data=torch.rand(9, 3, 2, 2)).document, 2),
    ):
        text = [text for text in document["warnings"] if "1, 2, 3, 4, 5 and 3 more" in text]
        assert len(text) == said
        assert len(document["layers"]) == 9


@pytest.mark.filterwarnings("ignore:.*quanti")
def test_quantised_layers_are_named():
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Flatten(), nn.Linear(128, 8), nn.Linear(8, 4)).eval()
    q = torch.ao.quantization.quantize_dynamic(net, {nn.Linear})
    said = "2 quantised layers are left out (the first is 2): give the network before it was"
    x = torch.rand(20, 3, 4, 4)
    for document in (
        sl.weights.spectrum(q).document,
        sl.weights.compare(q, copy.deepcopy(q), data=x, draws=2).document,
    ):
        assert any(text.startswith(said) for text in document["warnings"])
    with pytest.raises(InputError, match="Layer 2 is quantised"):
        sl.weights.resample(q, data=x)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_networks_of_torch_jit_are_refused_in_one_sentence():
    x = torch.rand(8, 3, 4, 4)
    net = torch.jit.trace(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)), x)
    for verb in (
        sl.weights.spectrum,
        lambda net: sl.weights.compare(net, net, data=x),
        lambda net: sl.weights.resample(net, data=x),
    ):
        with pytest.raises(InputError, match="as it was before torch"):
            verb(net)


def test_equal_weights_are_said():
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    x = torch.rand(40, 3, 6, 6)
    said = "both networks have the same weights"
    for other, same in ((copy.deepcopy(nets[0]), True), (nets[1], False)):
        warnings = sl.weights.compare(nets[0], other, data=x, draws=2).document["warnings"]
        assert any(text.startswith(said) for text in warnings) is same


def test_readers_learn_what_one_law_reaches_and_what_is_above_1():
    assert "0.5 to 0.8 where these are near it" in compare_report.READING
    assert "A network and its copy are above 1" in compare_report.READING
    assert "The output layer is an exception" in compare_report.READING


def test_signals_stand_beside_what_their_means_alone_give():
    """Known in closed form: what a linear layer reads are positive numbers, and those of others."""
    torch.manual_seed(0)
    one, other = (
        nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4)) for _ in range(2)
    )
    x = torch.rand(500, 3, 2, 2)
    found = sl.weights.compare(one, other, data=x, draws=2)
    entry = found.document["layers"][1]
    fitted = open_unlabelled(x, one, PictureChoice())[0][:400]  # drawn: their order says nothing
    with torch.no_grad():
        a, b = (net[:3](fitted).double() for net in (one, other))
    powers = a.square().sum(1).mean() * b.square().sum(1).mean()
    expected = float(a.mean(0).norm() * b.mean(0).norm() / powers.sqrt())
    assert entry["r2_means"] == pytest.approx(expected, rel=1e-5)
    assert entry["r2_means"] < entry["r2_align"]
    assert "what the means alone give" in compare_report.report(found.document, found.layers)


def test_the_layer_with_a_broken_weight_is_named_in_one_sentence():
    net = nn.Sequential(nn.Linear(4, 4))
    with torch.no_grad():
        net[0].weight[0] = math.nan
    with pytest.raises(InputError, match="Layer 0: some weights are NaN"):
        sl.weights.spectrum(net)


def test_a_comparison_takes_a_folder_of_pictures(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 8, 8, 3), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    known = LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    flat, sorted_ = (
        sl.weights.compare(*nets, data=data, draws=2).document for data in (tmp_path, known)
    )
    assert flat["layers"] == sorted_["layers"]
    (tmp_path / "notes.txt").write_text("")
    again = sl.weights.compare(*nets, data=tmp_path, draws=2).document
    assert any("notes.txt" in text for text in again["warnings"])


def test_data_without_pictures_are_not_asked_for_classes_where_labels_are_not_used(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3))
    with pytest.raises(InputError, match="has no picture that can be read: choose another"):
        sl.weights.compare(net, net, data=tmp_path)
    write_png(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"is no set of pictures: .* or a folder of them"):
        sl.weights.compare(net, net, data=tmp_path / "a.png")


def test_a_network_that_is_one_layer_has_the_name_of_its_class():
    (found,) = sl.weights.spectrum(nn.Linear(32, 16)).document["layers"]
    assert found["name"] == "Linear"
    x = torch.rand(300, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    nets = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)
    (found,) = sl.weights.compare(*nets, data=x, draws=2).document["layers"]
    assert found["name"] == "Conv2d"


def test_gray_networks_see_a_folder_of_gray_pictures_and_drawing_needs_no_labels(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    known = LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    for run in (
        lambda data: sl.weights.compare(*nets, data=data, draws=2).document["layers"],
        lambda data: sl.weights.resample(nets[0], data=data).document["layers"],
    ):
        assert run(tmp_path) == run(known)
    with pytest.raises(InputError, match="folder for each"):
        sl.weights.resample(nets[0], data=tmp_path, refit=True)


def test_gray_denoisers_are_compared_on_a_folder_and_an_array_of_pictures(tmp_path):
    """They say what they take; the first convolution of one with shuffled pixels has four."""
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    for k, pixels in enumerate(x):
        write_png(tmp_path / f"{k:02}.png", pixels)
    np.save(tmp_path / "x.npy", x[..., 0] / np.float32(255))
    known = torch.from_numpy(x[..., 0] / np.float32(255))[:, None]
    torch.manual_seed(0)
    nets = [ResidualDenoiser(BFCNN(1, width=8, depth=3)) for _ in range(2)]
    for data in (known, tmp_path, tmp_path / "x.npy"):
        layers = sl.weights.compare(*nets, data=data, draws=2).document["layers"]
        assert [layer["neurons"] for layer in layers] == [[8, 8], [8, 8], [1, 1]]
    shuffled = ShuffleUNet(1, widths=(8, 8), encoder=(1, 1), decoder=(1,))
    for model in (shuffled, ResidualDenoiser(shuffled)):
        images = open_pictures(tmp_path, model, PictureChoice(), labels=False)
        assert images.channels == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("convolution", "norm", "space"),
    [(nn.Conv1d, nn.BatchNorm1d, (9,)), (nn.Conv3d, nn.BatchNorm3d, (6, 6, 6))],
)
def test_networks_of_one_and_three_dimensions(convolution, norm, space):
    """A network and itself with its first neurons in another order."""

    def net():
        return nn.Sequential(convolution(2, 4, 3), norm(4), nn.ReLU(), convolution(4, 3, 3))

    one, other = net(), net()
    order = torch.tensor([2, 0, 3, 1])
    with torch.no_grad():
        other.load_state_dict(one.state_dict())
        other[0].weight[:], other[0].bias[:] = one[0].weight[order], one[0].bias[order]
        other[3].weight[:] = one[3].weight[:, order]
    x = torch.rand(40, 2, *space)
    layers = sl.weights.compare(one, other, data=x, draws=2).document["layers"]
    assert [entry["r2_align"] for entry in layers] == pytest.approx([1, 1], abs=1e-5)
    assert sl.weights.resample(one, data=x).document["pictures"] == 40
    with pytest.raises(InputError, match=r"of shape \(40, 2, 9, 9\): expected floats"):
        sl.weights.compare(one, other, data=torch.rand(40, 2, 9, 9))


def test_pictures_in_memory_need_no_labels_where_these_are_not_used():
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
    labelled = sl.LabelledImages(x, np.arange(60) % 2, ("a", "b"))
    floats, (one, other) = labelled.images(0, 60), (plain_net(side=8).float() for _ in range(2))
    for run in (
        lambda data: sl.weights.compare(one, other, data=data, draws=2, limit=50).document,
        lambda data: sl.weights.resample(one, data=data, limit=50).document,
    ):
        known = run(labelled)
        for data in (floats, floats.numpy(), floats.numpy().astype(np.longdouble)):
            found = run(data)
            assert found["layers"] == known["layers"]
            assert found["pictures"] == known["pictures"]
            assert (found["data"], found.get("part")) == ("in memory", None)
    for data, words in (
        (x, r"uint8 of shape \(60, 8, 8, 3\): expected floats"),
        (floats[0], r"of shape \(3, 8, 8\): expected floats"),
        (floats[:0], "expected floats"),
        (255 * floats, r"values from 0 to 255: expected \[0, 1\]"),
        (floats / 0, "hold NaN: fill them first"),
        (floats[:1], "There is one picture"),
    ):
        with pytest.raises(InputError, match=words):
            sl.weights.compare(one, other, data=data)
    with pytest.raises(InputError, match="refit needs labels"):
        sl.weights.resample(one, data=floats, refit=True)


def test_a_file_of_pictures_needs_no_labels_where_these_are_not_used(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    np.save(tmp_path / "x.npy", x)
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3)) for _ in range(2)]
    floats = images_of(x[..., None])
    for run in (
        lambda data: sl.weights.compare(*nets, data=data, draws=2, limit=50).document,
        lambda data: sl.weights.resample(nets[0], data=data, limit=50).document,
    ):
        found, known = run(tmp_path / "x.npy"), run(floats)
        assert found["layers"] == known["layers"]
        assert (found["data"], found.get("part")) == (str(tmp_path / "x.npy"), None)
    with pytest.raises(InputError, match="is no set of labelled pictures"):
        sl.weights.resample(nets[0], data=tmp_path / "x.npy", refit=True)


def test_two_modules_of_one_class_are_not_named_twice():
    compared = {"model": "Sequential", "other": "Sequential", "layers": [{"S_mean": 0.9}]}
    assert compare_report.lead(compared).startswith("Two networks (Sequential): of 1 layer")


def test_weights_without_numbers_are_refused():
    net = nn.Sequential(nn.Linear(10, 10, device="meta"))
    with pytest.raises(InputError, match=r"0\.weight of Sequential has no numbers"):
        sl.weights.spectrum(net)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_network_with_broken_weights_is_named_with_the_layer(number, name):
    nets = [nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.ReLU()) for _ in range(2)]
    with torch.no_grad():
        getattr(nets[number][0], name)[0] = math.nan
    which = ("first", "second")[number]
    with pytest.raises(InputError, match=f"Layer 0 of the {which} network: some weights are NaN"):
        sl.weights.compare(*nets, data=learned_images())


def test_layers_that_a_spectrum_leaves_out_are_named():
    net = nn.Sequential(nn.Conv2d(6, 6, 3, groups=3), nn.Conv2d(6, 4, 1), nn.Conv2d(4, 4, 1))
    found = sl.weights.spectrum(net).document
    assert [entry["name"] for entry in found["layers"]] == ["1", "2"]
    assert found["warnings"][0].startswith("1 grouped convolution is left out (0)")
    twice = sl.weights.spectrum(nn.Sequential(net, copy.deepcopy(net))).document
    assert twice["warnings"][0].startswith("2 grouped convolutions are left out (the first is 0.0)")


def test_a_network_of_layers_that_are_left_out_is_refused_with_their_names():
    net = nn.Sequential(nn.ConvTranspose2d(3, 4, 3), nn.ConvTranspose2d(4, 3, 3))
    with pytest.raises(InputError, match=r": 2 ConvTranspose2ds are left out \(the first is 0\)"):
        sl.weights.spectrum(net)


def test_one_layer_that_decides_on_the_noise_is_said_to_be_alone():
    torch.manual_seed(0)
    one, other = nn.Linear(128, 64), nn.Linear(64, 64)
    with torch.no_grad():
        for each in (one, other):
            each.weight *= 0.5
    alone = ", by this layer alone: no other is large enough to tell"
    for net, said in (
        (nn.Sequential(one, nn.Linear(64, 4)), True),
        (nn.Sequential(one, other), False),
    ):
        document = sl.weights.spectrum(net).document
        assert document["noise"] == "bulk"
        assert (alone in document["warnings"][0]) is said


@pytest.mark.parametrize("seed", [0, 2, 7])  # with 27, 25 and 23 of 40 channels that are not silent
def test_pictures_of_one_colour_do_not_tell_networks_apart(seed):
    """Gray pictures without bias: what each layer behind the first reads has one direction."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(3, 40, 1, bias=False), nn.ReLU(), nn.Conv2d(40, 60, 1))
    patterns = torch.randn(2, 40)
    with torch.no_grad():
        net[2].weight += torch.einsum("nk,kc->nc", torch.randn(60, 2), patterns)[..., None, None]
    order = torch.randperm(40)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[0].weight[:] = net[0].weight[order]
        other[2].weight[:] = net[2].weight[:, order]
    gray = np.repeat(np.arange(5, 65, dtype=np.uint8), 8 * 8 * 3).reshape(60, 8, 8, 3)
    labels = np.arange(60) % 2
    flat = sl.weights.compare(net, other, data=LabelledImages(gray, labels, ("a", "b")), draws=2)
    (warning,) = [w for w in flat.document["warnings"] if "do not span" in w]
    assert "do not span 2: those of 2 have 1 of 40 directions" in warning
    found = layer(flat.document, "2")
    assert (found["S_mean"], found["cos_raw"], found["directions"]) == (None, None, 1)
    assert found["kept1"] >= 2
    json.dumps(flat.document, allow_nan=False)
    noise = np.random.default_rng(0).integers(0, 255, gray.shape, dtype=np.uint8)
    seen = sl.weights.compare(net, other, data=LabelledImages(noise, labels, ("a", "b")), draws=2)
    assert layer(seen.document, "2")["S_mean"] >= 1  # a copy
    assert layer(seen.document, "2")["cos_raw"] == pytest.approx(1)
    directions = layer(seen.document, "2")["directions"]
    assert 20 <= directions < 40  # without those that are never positive
    shown = compare_report.values(layer(seen.document, "2"))
    assert shown[list(compare_report.COLUMNS).index("directions")] == f"{directions} of 40"
    assert not any("do not span" in w for w in seen.document["warnings"])


def test_a_network_drawn_with_pictures_of_one_colour_is_warned_of():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 12, 1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(192, 2))
    gray = np.repeat(np.arange(5, 65, dtype=np.uint8), 4 * 4 * 3).reshape(60, 4, 4, 3)
    images = LabelledImages(gray, np.arange(60) % 2, ("a", "b"))
    document = sl.weights.resample(net, data=images).document
    (warning,) = [w for w in document["warnings"] if "do not span" in w]
    assert "those of 3 have 1 of 12 directions" in warning
    json.dumps(document, allow_nan=False)


@pytest.mark.slow
def test_networks_that_learned_the_same_and_others():
    images = learned_images(200)
    models = [learned_classifier(0), learned_classifier(0, directions=1)]
    same = sl.weights.compare(models[0].network, copy.deepcopy(models[0].network), data=images)
    other = sl.weights.compare(models[0].network, models[1].network, data=images)
    alike, unlike = (layer(found.document, SECOND) for found in (same, other))
    assert alike["S_mean"] > 0.9
    assert abs(unlike["S_mean"]) < 0.3
    assert 0 < alike["bootstrap_sd"] < 0.3
    assert alike["r2_align"] == pytest.approx(1)
    assert alike["r2_held_out"] == pytest.approx(1)
    assert (same.document["pictures"], same.document["held_out"]) == (160, 40)
    first = layer(same.document, "stem.0")
    assert first["S_mean"] is None  # nothing learned: undefined, not 0
    assert first["kept1"] == 0
    json.dumps(same.document, allow_nan=False)


@pytest.mark.slow
def test_a_report_without_similarities_draws_none(tmp_path):
    """Of untrained networks: an empty figure would say nothing."""
    found = sl.weights.compare(plain_net(), plain_net(), data=_sixteen())
    assert all(entry["S_mean"] is None for entry in found.document["layers"])
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Similarity of signals by depth." in page
    assert "Similarity of weights by depth." not in page


@pytest.mark.slow
def test_a_permuted_copy_is_the_same_network():
    net = plain_net((12, 40))
    with torch.no_grad():
        net[3].weight += 0.5 * torch.randn(40, 1, 1, 1) * torch.randn(1, 12, 3, 3)
    other, _ = permuted(net)
    found = sl.weights.compare(net, other, data=_sixteen(), noise="bulk").document
    entry = layer(found, "3")
    assert entry["r2_align"] == pytest.approx(1, abs=1e-6)
    assert entry["S_mean"] > 0.9
    assert entry["eigenvector_cosines"][0][0] == pytest.approx(1, abs=1e-3)


def _sixteen():
    images = learned_images(120)
    return LabelledImages(images.x.repeat(2, 1).repeat(2, 2), images.y, images.classes)


@pytest.mark.slow
def test_reports_show_the_numbers(tmp_path):
    images = learned_images()
    net = learned_classifier(0).network
    spectrum = sl.weights.spectrum(net)
    compared = sl.weights.compare(net, learned_classifier(1).network, data=images, draws=2)
    for found, name in ((spectrum, "s.html"), (compared, "c.html")):
        found.save(tmp_path / name)
        page = (tmp_path / name).read_text()
        assert page.count("data:image/png;base64") >= 2
        assert "http" not in page.replace("http://www.w3.org", "")
        with pytest.raises(InputError, match="exists already"):
            found.save(tmp_path / name)
    page = (tmp_path / "c.html").read_text()
    for entry in compared.document["layers"]:
        assert f"{entry['r2_held_out']:.3g}" in page
        assert entry["name"] in page
    assert "–" in page  # layers without anything learned
    for warning in compared.document["warnings"]:
        assert warning.split("(")[0][:40] in page


def test_too_few_pictures_and_other_architectures():
    net, images = learned_classifier(0).network, learned_images(6)
    found = sl.weights.compare(net, learned_classifier(1).network, data=images, draws=2)
    assert any("too few to align" in warning for warning in found.document["warnings"])
    with pytest.raises(InputError, match="layers across channels"):
        sl.weights.compare(net, nn.Sequential(*plain_net(side=8)).float(), data=images)
    for options, sentence in (
        ({"draws": 1}, "draws is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"noise": "x"}, "one of auto, init, bulk"),
        ({"polar": "x"}, "svd or newton-schulz"),
        ({"limit": 0}, "limit is 0"),
        ({"size": (0, 2)}, "size is"),
    ):
        with pytest.raises(InputError, match=sentence):
            sl.weights.compare(net, net, data=images, **options)


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


def test_layers_are_counted_while_they_are_looked_into():
    net, x, told = learned_classifier(0).network, torch.rand(10, 3, 8, 8), []
    spectra(net, arch=None, noise="auto", progress=lambda *step: told.append(step))
    assert told == [(k, 7) for k in range(1, 8)]
    shown, steps = [], []
    comparison(
        net,
        learned_classifier(1).network,
        x,
        CompareSettings(draws=2),
        PictureChoice(),
        progress=lambda *step: shown.append(step),
        layered=lambda *step: steps.append(step),
    )
    assert shown == [(8, 10), (10, 10)]  # the held-out fifth, too
    assert steps == [(k, 21) for k in range(1, 22)]


def compiled_parts(net):
    """As a user may compile: the whole, parts of it, or in place."""
    parts, place = copy.deepcopy(net), copy.deepcopy(net)
    parts[0] = torch.compile(parts[0], backend="eager")
    place.compile(backend="eager")
    return torch.compile(copy.deepcopy(net), backend="eager"), parts, place


def test_compiled_networks_are_looked_into_as_they_were():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(128, 4)
    )
    x = torch.rand(60, 3, 8, 8)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[0].weight += 0.1
    plain = sl.weights.compare(net, other, data=x, draws=2).document
    drawn = sl.weights.resample(net, data=x).document
    profile = sl.fisher_profile(net, (x, torch.arange(60) % 3))
    for compiled in compiled_parts(net):
        found = sl.weights.compare(compiled, other, data=x, draws=2).document
        again = sl.fisher_profile(compiled, (x, torch.arange(60) % 3))
        assert [entry["S_mean"] for entry in found["layers"]] == [
            entry["S_mean"] for entry in plain["layers"]
        ]
        assert [r.fisher for r in again.layers] == [r.fisher for r in profile.layers]
        assert torch._dynamo.utils.counters["frames"]["total"] == 0  # nothing was traced
    whole = compiled_parts(net)[0]
    assert sl.weights.resample(whole, data=x).document == drawn
    document = sl.weights.compare(whole, net, data=x, draws=2).document
    assert [entry["name"] for entry in document["layers"]] == ["0", "2", "4"]
    assert document["warnings"][0].startswith("both networks have the same weights")


def test_noise_that_is_drawn_twice_looks_learned():
    torch.manual_seed(0)
    untrained = nn.Sequential(
        nn.Conv2d(3, 48, 3), nn.ReLU(), nn.Conv2d(48, 48, 3), nn.Flatten(), nn.Linear(768, 4)
    )
    for law, most in (("empirical", 100), ("shrunk", 1)):
        found = sl.weights.resample(untrained, data=torch.rand(16, 3, 8, 8), law=law)
        kept = layer(sl.weights.spectrum(found.model, noise="init").document, "2")["kept"]
        assert most // 20 <= kept <= most


def test_layers_of_zeros_are_said_where_networks_are_compared_and_drawn():
    torch.manual_seed(0)
    net, other = ResidualNet(8, 4).eval(), ResidualNet(8, 4).eval()
    nn.init.zeros_(net.layer1.conv2.weight)
    images, said = learned_images(), "all weights of layer1.conv2 are 0"
    document = sl.weights.compare(net, other, data=images, draws=2).document
    assert f"first network: {said}: nothing is said of them" in document["warnings"]
    assert not any(text.startswith("second network") for text in document["warnings"])
    for law, count in (("shrunk", 1), ("empirical", 0)):
        warnings = sl.weights.resample(net, data=images, law=law).document["warnings"]
        assert sum(text.startswith(f"{said}, and the law shrunk") for text in warnings) == count


@pytest.mark.parametrize(
    ("kept", "rest", "said"),
    [(1, 0, True), (5, 4, False), (10, 8, True), (11, 9, False), (0, 0, False), (3, 3, False)],
)
def test_directions_that_go_with_the_norms_are_said_if_they_are_all_or_a_fifth(kept, rest, said):
    assert _mostly_norms(kept, rest) is said
