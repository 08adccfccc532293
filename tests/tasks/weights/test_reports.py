"""Reports of weights: their sentences, numbers and figures."""

import pytest
import torch

import scorelet as sl
from aligned_networks import plain_net
from learned_networks import doubled_images, learned_classifier, learned_images
from scorelet.core.errors import InputError
from scorelet.tasks.weights import compare_report, spectrum_report

CHANCE = {"chance_mean": 0.03, "chance_sd": 0.04}


def test_sentences_count_one_layer_as_one():
    layer, last = ({"name": "0", "S_mean": 0.9, "is_output": k, **CHANCE} for k in (False, True))
    compared = {"model": "a", "other": "b", "layers": [layer, last]}
    said = "of 1 layer before the last one that can be compared 1 is more alike than not"
    assert said in compare_report.lead(compared)
    compared["layers"] = [layer, layer]
    assert "of 2 layers that can be compared 2 are" in compare_report.lead(compared)
    compared["layers"] = [layer, layer, last]
    said = "of 2 layers before the last one that can be compared 2 are more alike than not"
    assert said in compare_report.lead(compared)
    compared["layers"][1] = layer | {"name": "1", "S_mean": 0.1}
    assert compare_report.lead(compared).endswith("; as unrelated ones may be: 1")


def test_the_last_layer_has_its_own_scale_and_is_not_counted():
    layers = [
        {"name": "0", "S_mean": None, "is_output": False},
        {"name": "1", "S_mean": 0.9, "is_output": True},
    ]
    told = compare_report.lead({"model": "a", "other": "b", "layers": layers})
    assert told.startswith("Nothing can be compared before the last layer, 1, whose neurons")
    layers[1]["S_mean"] = None
    told = compare_report.lead({"model": "a", "other": "b", "layers": layers})
    assert told.startswith("Nothing can be compared: no layer has learned directions in both")
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


def test_tables_mark_the_last_layer_which_has_no_deviation():
    entry = (
        dict.fromkeys(compare_report.COLUMNS, 0.25) | CHANCE | {"directions": 3, "channels": [4, 4]}
    )
    document = {"layers": [entry | {"name": n, "is_output": n == "2"} for n in ("0", "2")]}
    first, last = compare_report.rows(document)
    place = 1 + list(compare_report.COLUMNS).index("bootstrap_sd")
    assert (first[0], first[place]) == ("0", "0.25")
    assert (last[0], last[place]) == ("2 (last)", "–")
    assert first[1:place] + first[place + 1 :] == last[1:place] + last[place + 1 :]
    assert document["layers"][1]["bootstrap_sd"] == 0.25


def test_two_modules_of_one_class_are_not_named_twice():
    layers = [
        {"name": "0", "S_mean": 0.9, "is_output": False, **CHANCE},
        {"name": "1", "S_mean": None, "is_output": True},
    ]
    compared = {"model": "Sequential", "other": "Sequential", "layers": layers}
    assert compare_report.lead(compared).startswith("Two networks (Sequential): of 1 layer")


def test_readers_learn_what_one_law_reaches_and_what_is_above_1():
    assert "0.5 to 0.8 where these are near it" in compare_report.READING
    assert "A network and its copy are above 1" in compare_report.READING
    assert "The output layer is an exception" in compare_report.READING


@pytest.mark.slow
def test_a_report_without_similarities_draws_none(tmp_path):
    """Of untrained networks: an empty figure would say nothing."""
    found = sl.weights.compare(plain_net(), plain_net(), data=doubled_images())
    assert all(entry["S_mean"] is None for entry in found.document["layers"])
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "Similarity of signals by depth." in page
    assert "Similarity of weights by depth." not in page


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


class Grouped(torch.nn.Module):
    """Its last layer mixes no channels of different groups, and is not compared."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(
            [
                torch.nn.Conv2d(1, 16, 3),
                torch.nn.Conv2d(16, 32, 3),
                torch.nn.Conv2d(32, 8, 3, groups=2),
            ]
        )

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x


def test_a_layer_before_one_that_is_left_out_is_not_the_last():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        nets = [Grouped(), Grouped()]
        found = sl.weights.compare(*nets, data=torch.rand(40, 1, 10, 10), draws=2).document
    assert [entry["name"] for entry in found["layers"]] == ["layers.0", "layers.1"]
    assert [entry["is_output"] for entry in found["layers"]] == [False, False]
    plain = sl.weights.compare(plain_net(), plain_net(), data=doubled_images()).document
    assert [entry["is_output"] for entry in plain["layers"]][-1]
    assert sum(entry["is_output"] for entry in plain["layers"]) == 1
