"""A new attack goes all the way without a change in the package: see `toy_signs`.

What tables, warnings and reports say of an attack follows from its record, not from its name.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import scorelet as sl
from classifiers import write_classifier
from linear_classifiers import Linear, Masked, labelled, margins
from samples import write_png
from scorelet.analysis.robustness import ATTACKS, Attack
from scorelet.cli.main import run
from scorelet.core.own_code import import_code
from scorelet.models import NetworkJointEnergy
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.robust.report import facts

PROGRAM = Path(__file__).with_name("toy_signs.py")


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """The toy is known from its import to the end of a test."""
    monkeypatch.delitem(sys.modules, PROGRAM.stem, raising=False)
    for name in ("signs", "other"):
        monkeypatch.setitem(ATTACKS, name, None)
        del ATTACKS[name]


@pytest.fixture
def data():
    return labelled()


def test_its_table_is_the_closed_form(data):
    import_code(str(PROGRAM))
    radii = margins(Linear(2), *data, "linf")
    eps = tuple(float(radii.quantile(share)) for share in (0.4, 0.7))
    document = sl.robust(data, model=Linear(2), eps=eps, attack=["pgd", "signs"], steps=1).document
    rows = [row["accuracy"] for row in document["rows"] if row["attack"] == "signs"]
    assert rows == [float((radii > radius).double().mean()) for radius in eps]
    assert document["steps"] == {"pgd": 1}
    assert document["queries"] is None


def test_it_follows_gradients_so_that_what_it_wins_is_no_sign_of_masked_ones(data):
    import_code(str(PROGRAM))
    found = sl.robust(data, model=Masked(Linear(2)), eps=(0.03,), attack="signs").document
    assert found["without_gradient"] == 1
    assert "the gradient is zero or not finite at 24 of 24" in found["warnings"][0]
    ATTACKS["other"] = Attack(lambda _network, x, *_: x, guided=True)  # which finds nothing
    options = {"model": Linear(2), "eps": (0.03,), "attack": ["signs", "other"]}
    assert sl.robust(data, **options).document["warnings"] == []
    ATTACKS["signs"] = replace(ATTACKS["signs"], guided=False)
    warnings = " ".join(sl.robust(data, **options).document["warnings"])
    assert "signs, which does not follow the model's gradient" in warnings


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pgd", "apgd", "autoattack", "square", "fmn"])
def test_what_is_said_of_an_attack_follows_from_its_record(data, name):
    """Under another name an attack has the same document and the same facts of the report."""
    ATTACKS["other"] = ATTACKS[name]
    x, labels = data
    said = []
    for attack in (name, "other"):
        options = {"model": Masked(Linear(2)), "eps": (0.3,), "attack": attack, "queries": 20}
        document = sl.robust((x[:6], labels[:6]), **options).document
        said.append(json.dumps([document, facts(document)]).replace(name, "other"))
    assert said[0] == said[1]


@pytest.mark.slow
def test_the_shell_imports_it_for_tables_reports_and_explanations(tmp_path, capsys):
    y = np.arange(12) % 3
    x = np.full((12, 8, 8, 3), 100, np.uint8)
    x[np.arange(12), :, :, y] += 40
    np.savez(tmp_path / "data.npz", x_test=x, y_test=y, classes=np.array(["red", "green", "blue"]))
    model = write_classifier(tmp_path / "model.safetensors")
    words = ["robust", tmp_path / "data.npz", "--model", model, "--attack", "signs"]
    words += ["--eps", "1/255,32/255", "-o", tmp_path / "r.html", "--json", "--quiet"]

    def said(*words):
        status = run([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    assert said(*words)[0] == 2  # nobody has named it
    status, out, err = said(*words, "--import", PROGRAM)
    assert (status, err) == (0, "")
    assert [row["accuracy"] for row in json.loads(out)["rows"]] == [1, 1, 0]
    assert "signs" in (tmp_path / "r.html").read_text()

    torch.manual_seed(0)
    network = GradResNet(width=0.125, classes=3)
    sl.save(NetworkJointEnergy(network, ("a", "b", "c")), tmp_path / "joint.safetensors")
    write_png(tmp_path / "a.png", x[0])
    words = ["explain-attack", tmp_path / "a.png", "--model", tmp_path / "joint.safetensors"]
    words += ["--sigma", "0.1", "--attack", "signs", "--import", PROGRAM, "--json"]
    status, out, _ = said(*words)
    document = json.loads(out)
    assert status == 0
    assert document["probability_after"] < document["probability_before"]
