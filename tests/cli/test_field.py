"""scorelet field, as it is typed."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest

from field_samples import gaussian, save, smooth_power
from scorelet.analysis.field_statistics import STATISTICS
from scorelet.cli.field import parse_params
from scorelet.core.errors import InputError
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.ensembles import ensemble
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


def test_simulate_warns_of_a_size_that_does_not_resolve_the_flow(shell, tmp_path):
    words = ("field", "simulate", "turbulence", "-n", "1", "--size", "16", "--param", "time=0.004")
    status, _, stderr = shell(*words, "-o", tmp_path / "a.npy")
    assert status == 0
    assert stderr.startswith("warning: 16 x 16 pixels are too few for this flow")
    assert "of at least 118.\n" in stderr
    assert stderr.count("\n") == 1


def test_list(shell):
    status, stdout, stderr = shell("field", "list")
    assert (status, stderr) == (0, "")
    assert "phi4\n    lattice φ⁴, E = -b Σ_<ij>" in stdout
    assert "b=0.68, a=-1.0, q=1.0" in stdout
    assert "preset=critical|disordered|ordered|soft" in stdout
    status, stdout, _ = shell("field", "list", "--json")
    assert json.loads(stdout)["power_law"]["params"]["eta"] == 2.0


def test_results_are_printed_with_quiet_and_messages_are_not(shell, tmp_path, monkeypatch):
    only = {"moments": STATISTICS["moments"]}
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", only)
    listed = shell("field", "list")
    assert shell("field", "list", "--quiet") == listed
    path = save(tmp_path / "a.npy", gaussian(smooth_power(16, 0.3), 24))
    compared = shell("field", "compare", path, path, "--quiet")
    assert "Moments" in compared[1]
    words = ("field", "compare", path, path, "-o", tmp_path / "r.html")
    assert shell(*words)[1] == f"{compared[1]}report: {tmp_path / 'r.html'}\n"
    assert shell(*words, "--overwrite", "--quiet") == compared


def test_an_interruption_says_what_became_of_the_file(shell, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("scorelet.tasks.field.simulate", interrupted)
    path = tmp_path / "a.npy"
    words = ("field", "simulate", "power_law", "-n", "3", "--size", "16", "-o", path)
    for there in ("not there", "as it was"):
        status, _, stderr = shell(*words)
        assert (status, stderr) == (
            130,
            f"Interrupted; nothing of it is kept, {path} is {there}.\n",
        )
        path.touch()


def test_an_interruption_says_so_while_the_command_loads(shell, tmp_path, monkeypatch):
    class Loading(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "scorelet.tasks.field", Loading("field"))
    words = ("field", "simulate", "power_law", "-n", "3", "--size", "16", "-o", tmp_path / "a.npy")
    status, _, stderr = shell(*words)
    assert (status, stderr[:34]) == (130, "Interrupted; nothing of it is kept")


@pytest.mark.slow
def test_chains_are_mentioned_where_the_file_does_not_say_them(shell, tmp_path):
    words = ("field", "simulate", "phi4", "-n", "20", "--size", "4", "-o")
    assert "come from 16 Markov chains" in shell(*words, tmp_path / "a.npy")[1]
    assert "Markov" not in shell(*words, tmp_path / "a.npz")[1]


def test_one_field_is_none_in_the_plural(shell, tmp_path, monkeypatch):
    only = {"moments": STATISTICS["moments"]}
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", only)
    one, maps = tmp_path / "one.npy", tmp_path / "maps.npz"
    said = shell("field", "simulate", "power_law", "-n", "1", "--size", "16", "-o", one)[1]
    assert f"1 field of 16x16 -> {one}" in said
    np.savez(maps, fields=gaussian(smooth_power(16, 0.3), 4), chain=np.zeros(4, int))
    said = shell("field", "compare", maps, one)[1]
    assert said.startswith(f"{maps} (4 fields of 1 chain) and {one} (1 field)\n")


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("power_law", "-n", "1.5", "--size", "16"), "-n: expected a whole number, got 1.5."),
        (("power_law", "-n", "1", "--size", "16x16"), "--size: expected a whole number, got 16x16"),
        (("power_law", "-n", "0", "--size", "16"), "give at least one field"),
        (("matern", "-n", "1", "--size", "16", "--param", "name=x"), "no parameter 'name'"),
        (("gauss", "-n", "1", "--size", "16"), "Unknown ensemble 'gauss': use one of anisotropic"),
        (
            ("phi4", "-n", "1", "--size", "17"),
            "size must be even for this ensemble, got 17: use 18",
        ),
        (("turbulence", "-n", "1", "--size", "17"), "got 17: use 18"),
        (("discs", "-n", "1", "--size", "4"), "size must be an integer of at least 10, got 4"),
        (("log_normal", "-n", "1", "--size", "8", "--param", "shift=1e-3"), "give 0.199 or more"),
    ],
)
def test_what_cannot_be_drawn(shell, tmp_path, words, sentence):
    status, stdout, stderr = shell("field", "simulate", *words, "-o", tmp_path / "a.npy")
    assert (status, stdout) == (2, "")
    assert stderr.startswith("error: ")
    assert sentence in stderr
    assert list(tmp_path.iterdir()) == []


X = gaussian(smooth_power(16), 10).float().numpy()
BAD = {
    "booleans": (np.ones((2, 16, 16), bool), "bool: expected real numbers"),
    "complex": (X + 1j, "expected real numbers; save .real and .imag"),
    "nan": (np.where(X > 1, np.nan, X), "NaN or infinite"),
    "empty": (X[:0], "none of them 0"),
    "flat": (np.ones((2, 2, 16, 16)), "expected (n, h, w), (n, 1, h, w) or (h, w)"),
}


@pytest.mark.parametrize("kind", [".npy", ".npz", ".h5", ".fits"])
@pytest.mark.parametrize("name", BAD)
def test_files_of_every_kind_that_hold_no_fields(shell, tmp_path, kind, name):
    values, sentence = BAD[name]
    if kind == ".fits" and name in ("booleans", "complex", "empty"):
        pytest.skip("FITS images have no such arrays")
    path = write(tmp_path / f"bad{kind}", {"a": values})
    good = write(tmp_path / "good.npy", {"a": X})
    for words in ((good, path), (path, good)):
        status, stdout, stderr = shell("field", "compare", *words)
        assert (status, stdout) == (2, "")
        assert stderr.startswith(f"error: {path}")
        assert sentence in stderr
        assert stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [".npz", ".h5", ".fits"])
def test_files_with_several_arrays(shell, tmp_path, kind):
    """The sentence names them and shows how one is chosen; what it shows works."""
    path = write(tmp_path / f"two{kind}", {"A": X, "B": X})
    status, _, stderr = shell("field", "compare", path, path)
    chosen = f"{path}:{2 if kind == '.fits' else 'B'}"
    assert status == 2
    assert "holds 2 arrays: " in stderr
    assert stderr.endswith(f"choose one, as {chosen}.\n")
    status, stdout, stderr = shell("field", "compare", chosen, f"{path}:A")
    assert (status, stderr) == (0, "")
    assert "No difference found" in stdout


def write(path, arrays):
    """Write arrays by name into a file of any kind."""
    match path.suffix:
        case ".npy":
            np.save(path, *arrays.values())
        case ".npz":
            np.savez(path, **arrays)
        case ".h5":
            with pytest.importorskip("h5py").File(path, "w") as tree:
                for name, values in arrays.items():
                    tree[name] = values
        case ".fits":
            fits = pytest.importorskip("astropy.io.fits")
            units = [fits.ImageHDU(values, name=name) for name, values in arrays.items()]
            fits.HDUList([fits.PrimaryHDU(), *units]).writeto(path)
    return path


@pytest.mark.slow
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
    with pytest.raises(InputError, match="--param eta=3: eta is 2 already; give it once"):
        parse_params(["eta=2", "eta=3"])


@pytest.mark.slow
def test_help_has_examples(shell):
    for words in (("field",), ("field", "simulate"), ("field", "compare")):
        status, stdout, _ = shell(*words, "--help")
        assert status == 0
        assert "compare" in stdout or "simulate" in stdout
    assert "scorelet field compare data.npy" in shell("field", "compare", "--help")[1]


@pytest.mark.parametrize("words", [("sample", "", "-n", "1", "-o", "a.npy"), ("certify", "")])
def test_an_empty_model_is_not_the_current_folder(shell, words):
    status, _, stderr = shell("field", *words)
    assert status == 2
    assert stderr.startswith("error: The model is empty")


@pytest.mark.slow
def test_fit_and_sample(shell, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(60, 8, 8)).astype("f4"))
    data, model, out = (tmp_path / name for name in ("x.npy", "m.safetensors", "y.npy"))
    options = ["--wavelet", "haar", "--knots", "4", "--reach", "1", "--steps", "5"]
    status, stdout, _ = shell("field", "fit", data, "-o", model, *options)
    assert status == 0
    assert "8x8" in stdout
    status, _, stderr = shell("field", "fit", data, "-o", model)
    assert status == 2
    assert "--overwrite" in stderr
    status, stdout, _ = shell("field", "sample", model, "-n", "3", "-o", out, "--json")
    assert status == 0
    document = json.loads(stdout)
    assert document["n"] == 3
    assert len(document["chains"]) == 3
    assert np.load(out).shape == (3, 8, 8)
