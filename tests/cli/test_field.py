"""scorelet field, as it is typed."""

import json

import pytest

from field_samples import gaussian, save, smooth_power
from scorelet.cli.field import parse_params
from scorelet.core.errors import InputError
from scorelet.data.arrays import load_fields
from scorelet.data.ensembles import ensemble
from scorelet.tasks.field_compare import compare


def test_simulate(shell, tmp_path):
    path = tmp_path / "a.npy"
    words = ("field", "simulate", "power_law", "-n", "3", "--size", "16", "--seed", "4")
    status, stdout, stderr = shell(*words, "--param", "eta=3", "-o", path)
    assert (status, stderr) == (0, "")
    assert "eta=3" in stdout
    assert f"3 fields of 16x16 -> {path}" in stdout
    expected = ensemble("power_law", eta=3.0).sample(3, 16, seed=4)[:, 0]
    assert load_fields(path).equal(expected)
    status, _, stderr = shell(*words, "-o", path)
    assert status == 2
    assert "exists already" in stderr
    status, stdout, stderr = shell(*words, "-o", path, "--overwrite", "--json", "--quiet")
    assert (status, stderr) == (0, "")
    assert json.loads(stdout)["n"] == 3


def test_compare(shell, tmp_path):
    a, b = (save(tmp_path / f"{k}.npy", gaussian(smooth_power(32), 24, k).float()) for k in (0, 1))
    status, stdout, stderr = shell("field", "compare", a, b, "-o", tmp_path / "r.html")
    assert (status, stderr) == (0, "")
    assert "Power spectrum           agrees" in stdout
    assert "No difference found by any of 12 statistics." in stdout
    assert (tmp_path / "r.html").stat().st_size > 100_000
    status, stdout, stderr = shell("field", "compare", a, b, "--json")
    assert (status, stderr) == (0, "")
    assert json.loads(stdout) == json.loads(json.dumps(compare(a, b)))
    status, _, stderr = shell("field", "compare", a, tmp_path / "none.npy")
    assert status == 2
    assert stderr.startswith("error: There is no data")


def test_warnings_name_the_option(shell, tmp_path):
    path = save(tmp_path / "a.npy", gaussian(smooth_power(128, 2.0), 3).float()[:, :64, :64])
    status, _, stderr = shell("field", "compare", path, path)
    assert status == 0
    assert stderr.count("--window hann") == 1
    assert shell("field", "compare", path, path, "--window", "hann")[2] == ""


def test_parameters():
    assert parse_params(["eta=2", "length=1e-1", "preset=soft", "flag=true"]) == {
        "eta": 2,
        "length": 0.1,
        "preset": "soft",
        "flag": True,
    }
    for text in ("eta", "=2", "eta=", "eta=nan", "eta=inf"):
        with pytest.raises(InputError, match="--param"):
            parse_params([text])


def test_help_has_examples(shell):
    for words in (("field",), ("field", "simulate"), ("field", "compare")):
        status, stdout, _ = shell(*words, "--help")
        assert status == 0
        assert "compare" in stdout or "simulate" in stdout
    assert "scorelet field compare data.npy" in shell("field", "compare", "--help")[1]
