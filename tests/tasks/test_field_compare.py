"""Comparing files of fields: verdicts, controls, warnings, the report."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from field_samples import gaussian, log_normal, save, smooth_power
from scorelet.analysis.field_statistics import STATISTICS, Comparison
from scorelet.analysis.field_statistics.peaks import PEAKS_NOTE
from scorelet.analysis.field_statistics.sets import Line
from scorelet.analysis.field_statistics.verdicts import verdict
from scorelet.core.errors import InputError
from scorelet.data.fields.preparation import patches as cut
from scorelet.tasks.field_compare import _independent, _prepared, compare

MOMENTS = STATISTICS["moments"]
POWER = smooth_power(32, 0.3)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two halves of a log-normal set, a Gaussian set, a cut one, a small one."""
    folder = tmp_path_factory.mktemp("fields")
    x = log_normal(POWER, 160).float()
    wide = gaussian(smooth_power(128, 2.0), 4, seed=7).float()
    sets = {
        "first": x[:80],
        "second": x[80:],
        "gauss": gaussian(POWER, 80, seed=2).float(),
        "cut": wide[:, :96, :96],
        "one": wide[:1],
    }
    return {name: save(folder / f"{name}.npy", values) for name, values in sets.items()}


@pytest.mark.slow
def test_halves_agree_and_the_control_is_told_apart(files):
    """F12 and F10 together."""
    found = compare(files["first"], files["second"])
    assert list(found["statistics"]) == list(STATISTICS)
    assert {entry["differs"] for entry in found["statistics"].values()} == {False}
    assert "No difference found" in found["summary"]
    assert found["warnings"] == []
    control = {name: e["control"] for name, e in found["statistics"].items()}
    for name in ("marginal", "moments", "flatness", "bispectrum", "minkowski"):
        assert control[name]["distance"] > control[name]["threshold"], name
        assert "sees phases" in found["statistics"][name]["verdict"]
    for name in ("power", "two_point", "critical"):
        assert control[name]["distance"] < 0.01
        assert "does not see phases" in found["statistics"][name]["verdict"]
    assert found["neighbours"]["verdict"].startswith("No copies")


@pytest.mark.slow
def test_another_law_is_told_apart_and_the_threshold_is_stated(files):
    found = compare(files["first"], files["gauss"])
    assert "of 12 statistics differ: Two-point function, Marginal," in found["summary"]
    # sixth powers of log-normal fields vary so much that 40 fields say little about them, and
    # beyond their level, at k = 0, these fields have nearly the power of the others
    unlike = [e for name, e in found["statistics"].items() if name not in {"structure", "power"}]
    for entry in unlike:
        assert entry["verdict"].startswith("Different. The distance is")
        assert f"the threshold {entry['threshold']:.3g}" in entry["verdict"]
        assert np.shape(entry["data"]["values"]) == (len(entry["curves"]), len(entry["x"]))


@pytest.mark.slow
def test_copies_are_found(files):
    found = compare(files["first"], files["first"], limit=20)
    assert found["data"]["fields"] == 20
    assert {entry["distance"] for entry in found["statistics"].values()} == {0}
    assert found["neighbours"]["verdict"].startswith("Too close")
    assert "too close to the data" in found["summary"]


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, -1])
def test_pictures_of_8_bits_are_compared_with_floats_in_one_unit(tmp_path, order):
    bits = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    sets = [save(tmp_path / "bits.npy", bits), save(tmp_path / "unit.npy", bits / np.float32(255))]
    found = compare(*sets[::order])
    assert found["warnings"] == [
        f"{sets[0]} holds 8 bits, {sets[1]} pictures in [0, 1]: 255 is read as 1."
    ]
    assert {entry["differs"] for entry in found["statistics"].values()} <= {False, None}
    assert found["neighbours"]["verdict"].startswith("Too close")


@pytest.mark.slow
def test_one_field_decides_nothing(files):
    found = compare(files["one"], files["one"])
    assert "of shape (128, 128)" in found["warnings"][0]
    assert "--patches" in found["warnings"][0]
    assert found["summary"].startswith("Undecided")
    assert {entry["differs"] for entry in found["statistics"].values()} == {None}
    assert found["neighbours"] is None
    json.dumps(found, allow_nan=False)
    assert compare(files["one"], files["one"], patches=32, window="hann")["data"]["fields"] == 16


@pytest.mark.parametrize("shape", [(4, 3, 16, 16), (4, 16, 16, 3)])
def test_colour_is_told_which_verb_compares_it(tmp_path, shape):
    path = save(tmp_path / "a.npy", np.zeros(shape))
    words = r"has the shape .*\. Pictures in colour are compared by scorelet evaluate --samples\.$"
    with pytest.raises(InputError, match=words):
        compare(path, path)
    other = save(tmp_path / "b.npy", np.zeros((4, 2, 16, 16)))
    with pytest.raises(InputError, match=r"choose a part or reshape it\.$"):
        compare(other, other)


def test_a_limit_counts_fields_and_not_their_patches(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal((30, 32, 32)))
    data = compare(tmp_path / "a.npy", tmp_path / "a.npy", patches=16, limit=12)["data"]
    assert (data["fields"], data["maps"]) == (48, 12)


@pytest.mark.slow
def test_cut_fields_are_warned_of_once(files):
    found = compare(files["cut"], files["cut"])
    assert len(found["warnings"]) == 1
    assert "--window hann" in found["warnings"][0]
    assert compare(files["cut"], files["cut"], window="hann")["warnings"] == []


@pytest.mark.slow
def test_statistics_that_do_not_fit_are_left_out(files):
    """Peaks need 24 pixels of border, so patches of 20 have none; the others go on."""
    found = compare(files["cut"], files["cut"], window="hann", patches=20)
    assert "peaks" not in found["statistics"]
    assert any(text.startswith("Left out: Peaks and minima. ") for text in found["warnings"])
    assert "power" in found["statistics"]


@pytest.mark.slow
def test_the_report_holds_everything_and_names_are_text_in_it(files, tmp_path):
    path, odd = tmp_path / "report.html", tmp_path / "<b>&.npy"
    odd.write_bytes(files["gauss"].read_bytes())
    found = compare(files["first"], odd, path)
    assert found["output"] == str(path)
    text = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.npy" in text
    assert "<b>" not in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)  # nothing is fetched
    pictures = re.findall(r"data:image/png;base64,([^\"]+)", text)
    curves = [e for e in found["statistics"].values() if not e["points"]]
    assert len(pictures) == 1 + len(curves)
    for picture in pictures:
        assert np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)))).std() > 1
    for entry in found["statistics"].values():
        assert entry["title"] in text
        assert entry["verdict"] in text
    assert text.count(PEAKS_NOTE) == 1
    kurtosis = found["statistics"]["moments"]
    value, error = (kurtosis["data"][key][0][3] for key in ("values", "errors"))
    assert f"{value:.5g} ± {error:.2g}" in text
    with pytest.raises(InputError, match="exists already"):
        compare(files["first"], odd, path)


@pytest.mark.parametrize("power", [-200, 200])
@pytest.mark.parametrize("extreme", [0, 1])
def test_numbers_whose_powers_are_out_of_range(files, tmp_path, power, extreme):
    """Whichever set it is: the sentence speaks of the fields, and of nothing that is not given."""
    values = np.load(files["first"]).astype(float) * 10.0**power
    sets = [files["first"], files["first"]]
    sets[extreme] = save(tmp_path / "a.npy", values)
    with pytest.raises(InputError, match=r"^The fields reach \de[+-]\d+, .* multiply them first"):
        compare(*sets)


@pytest.mark.slow
def test_a_statistic_that_is_no_number_is_left_out(files, tmp_path):
    constant = save(tmp_path / "a.npy", np.ones((80, 32, 32)))
    found = compare(files["first"], constant)
    assert "flatness" not in found["statistics"]
    said = [text for text in found["warnings"] if text.startswith("Left out: Flatness of incr")]
    assert "is NaN or infinite" in said[0]
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"window": "cosine"}, "use 'none'"),
        ({"output": "report.pdf"}, r"use \.html"),
        ({"patches": 64}, "a size of 1 to 32, got 64"),
    ],
)
def test_what_cannot_be_compared(files, options, words):
    with pytest.raises(InputError, match=words):
        compare(files["first"], files["gauss"], **options)


def test_patches_with_gaps_are_left_out(tmp_path):
    """The others are as they were, in their chains; fields that are not cut are refused."""
    x = gaussian(smooth_power(32, 0.3), 4).numpy()
    gapped = x.copy()
    gapped[1, 3, 17:19] = np.nan  # of the second of four patches of 16 pixels
    path = tmp_path / "a.npz"
    np.savez(path, x=gapped, chain=np.arange(4))
    said = []
    found = _prepared(f"{path}:x", 16, None, said)
    expected = np.delete(cut(torch.from_numpy(x), 16).numpy(), 5, 0)
    np.testing.assert_array_equal(found.fields, expected)
    assert found.chain.tolist() == [*[0] * 4, *[1] * 3, *[2] * 4, *[3] * 4]
    assert len(said) == 1
    assert "a.npz:x has gaps (NaN or infinite) in 1 of 16 patches, which are left out" in said[0]
    with pytest.raises(InputError, match=r"2 of 4096 values that are NaN .* by --patches SIDE"):
        _prepared(f"{path}:x", None, None, said)
    empty = save(tmp_path / "b.npy", np.full((2, 16, 16), np.nan))
    with pytest.raises(InputError, match="in all 8 patches of 8 pixels a side: choose smaller"):
        _prepared(empty, 8, None, said)


@pytest.mark.slow
def test_gaps_are_said_in_the_document(files, tmp_path):
    x = np.load(files["first"])
    x[0, 0, 0] = np.nan
    found = compare(files["first"], save(tmp_path / "a.npy", x), window="hann", patches=16)
    assert f"in 1 of {4 * len(x)} patches, which are left out" in found["warnings"][0]
    assert found["other"]["fields"] == 4 * len(x) - 1


@pytest.mark.parametrize("value", [-999.0, -1.6375e30])
def test_values_that_may_stand_for_no_data_are_said(tmp_path, value):
    x = gaussian(smooth_power(32, 0.3), 4).numpy()
    x[:, 1:3, 1:3] = value
    said = []
    _prepared(save(tmp_path / "a.npy", x), None, None, said)
    (text,) = said
    assert f"a.npy: 16 pixels are exactly {value:g}, far from all others" in text


@pytest.mark.slow
def test_gaps_of_a_number_beyond_all_digits_are_no_agreement(tmp_path):
    """Unseen pixels of HEALPix maps: nothing is left of the others, in any sum of both."""
    sets = []
    for seed, scale in ((0, 1), (1, 3)):
        x = scale * gaussian(smooth_power(32, 0.3), 40, seed).numpy()
        x[:, :, :6] = -1.6375e30
        sets.append(save(tmp_path / f"{seed}.npy", x))
    found = compare(*sets)
    assert "agree" not in found["summary"]
    assert found["summary"].startswith("No verdict. Undecided: Power spectrum,")
    assert found["neighbours"]["verdict"].startswith("Undecided")
    assert all(entry["differs"] is None for entry in found["statistics"].values())


def test_axes_that_are_moved_are_said(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as tree:
        tree["rain"] = np.random.default_rng(0).standard_normal((8, 9, 5))
        tree["rain"].dims[2].label = "time"
    said = []
    assert _prepared(tmp_path / "a.h5", None, None, said).fields.shape == (5, 8, 9)
    assert said[0].startswith(f"{tmp_path / 'a.h5'}: rain is stored as (axis 1, axis 2, time) and")


@pytest.mark.slow
def test_a_spacing_changes_units_and_no_verdict(files, tmp_path):
    """k in radians per unit, P times the area of a pixel; the report has its figures in them."""
    plain, found = (
        compare(files["first"], files["gauss"], limit=12, **options)
        for options in ({}, {"spacing": 0.5, "output": tmp_path / "r.html"})
    )
    assert found["spacing"] == 0.5
    for name, entry in found["statistics"].items():
        assert entry["verdict"] == plain["statistics"][name]["verdict"]
    one, two = (document["statistics"]["power"] for document in (plain, found))
    assert two["x"] == pytest.approx([2 * np.pi * k / 16 for k in one["x"]])
    for key in ("data", "other"):
        for part in ("values", "errors"):
            assert two[key][part][0] == pytest.approx([p / 4 for p in one[key][part][0]])
    assert (two["x_unit"], two["unit"]) == ("radians / unit", "[x]^2 unit^2")
    assert found["statistics"]["structure"]["x"][:2] == [0.5, 1.0]
    with pytest.raises(InputError, match="spacing is 0: expected a number above 0"):
        compare(files["first"], files["gauss"], spacing=0)


def test_sizes_must_agree(files):
    with pytest.raises(InputError, match="32x32 and 96x96 pixels"):
        compare(files["first"], files["cut"])


def still(count, moves, seed):
    """Chains that stay where they are for so many moves: fields, and the chain of each."""
    x = gaussian(smooth_power(16, 0.3), count, seed).float().numpy()
    return {"fields": np.repeat(x, moves, 0), "chain": np.repeat(np.arange(count), moves)}


@pytest.mark.slow
def test_chains_are_what_is_independent(tmp_path):
    """Without their numbers the repeated fields would look like as much evidence."""
    for name, seed in (("a", 1), ("b", 2)):
        arrays = still(12, 8, seed)
        np.savez(tmp_path / f"{name}.npz", **arrays)
        np.save(tmp_path / f"{name}.npy", arrays["fields"])
    blind = compare(tmp_path / "a.npy", tmp_path / "b.npy")
    assert any(entry["differs"] for entry in blind["statistics"].values())
    found = compare(tmp_path / "a.npz", tmp_path / "b.npz")
    assert found["data"]["chains"] == found["other"]["chains"] == 12
    assert {entry["differs"] for entry in found["statistics"].values()} == {False}
    mean = [x["statistics"]["moments"]["data"]["errors"][0][0] for x in (found, blind)]
    assert mean[0] / mean[1] == pytest.approx((95 * 96 / (8 * 11 * 12)) ** 0.5, rel=1e-4)


def test_patches_belong_to_the_chain_of_their_field(tmp_path):
    np.savez(tmp_path / "a.npz", **still(12, 8, 1))
    prepared = _prepared(tmp_path / "a.npz", 8, 80, [])
    assert prepared.chain.tolist() == [k // 32 for k in range(320)]
    assert (len(prepared.fields), prepared.blocks) == (320, 10)


def test_patches_of_a_map_are_not_independent(tmp_path):
    """Maps are, and only where a set has few are patches taken for it, which is said."""
    paths = [
        save(tmp_path / f"{n}.npy", gaussian(smooth_power(16, 0.3), n, seed=n)) for n in (9, 10, 11)
    ]

    def sets(*names, patches=8):
        said = []
        return _independent([_prepared(p, patches, None, said) for p in names], said), said

    (a, b), said = sets(paths[1], paths[2])
    assert (a.blocks, b.blocks, said) == (10, 11, [])
    assert a.chain.tolist() == [k // 4 for k in range(40)]
    (a, b), said = sets(paths[0], paths[2])
    assert (a.blocks, b.blocks, len(said)) == (36, 44, 1)
    assert "A set has 9 maps, so patches are taken for independent, which" in said[0]
    (a, b), said = sets(paths[0], paths[2], patches=16)
    assert (a.chain, b.chain, said) == (None, None, [])


def test_patches_of_maps_that_differ_in_level_do_not_alarm(tmp_path, monkeypatch):
    """Taken for independent, they would be as much evidence as so many maps."""
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", {"moments": MOMENTS})
    for name, seed in (("a", 4), ("b", 5)):
        level = 3 * torch.randn(12, 1, 1, generator=torch.Generator().manual_seed(seed))
        save(tmp_path / f"{name}.npy", gaussian(smooth_power(64, 0.3), 12, seed=seed) + level)
    found = compare(tmp_path / "a.npy", tmp_path / "b.npy", window="hann", patches=16)
    assert (found["data"]["maps"], found["data"]["chains"], found["data"]["fields"]) == (
        12,
        None,
        192,
    )
    assert found["statistics"]["moments"]["differs"] is False


def test_the_wider_dtype_is_that_of_both(tmp_path, monkeypatch):
    """Numbers of the second set may be out of the range of the first."""
    only = {"quantiles": STATISTICS["quantiles"]}
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", only)
    x = gaussian(smooth_power(16, 0.3), 12)
    paths = [save(tmp_path / "a.npy", x.float()), save(tmp_path / "b.npy", 1e42 * x)]
    for names in (paths, paths[::-1]):
        found = compare(*names)
        assert found["statistics"]["quantiles"]["differs"]
        (said,) = found["warnings"]
        assert "are they in one unit?" in said


def test_large_numbers_of_the_document_are_as_they_were_measured(tmp_path, monkeypatch):
    """Sixth powers of fields of 1e12 are out of the range of single precision."""
    only = {"structure": STATISTICS["structure"]}
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", only)
    x = 1e12 * gaussian(smooth_power(16, 0.3), 20)
    path = save(tmp_path / "a.npy", x)
    found = compare(path, path)["statistics"]["structure"]
    expected = only["structure"].measure(x)
    assert found["data"]["values"] == expected.values.tolist()
    assert found["data"]["errors"] == expected.errors.tolist()
    assert min(found["gaussian"][-1]) > 1e70


def test_every_reason_is_said_if_nothing_can_be_measured(tmp_path, monkeypatch):
    """Fields of 16 pixels have no interior for peaks, and these no mean."""
    some = {name: STATISTICS[name] for name in ("peaks", "critical")}
    monkeypatch.setattr("scorelet.analysis.field_statistics.sets.STATISTICS", some)
    x = gaussian(smooth_power(16, 0.3), 12)
    path = save(tmp_path / "a.npy", x - x.mean((1, 2), keepdim=True))
    words = r"^None of 2 statistics can be measured: .* no interior .* Every field has the mean 0"
    with pytest.raises(InputError, match=words):
        compare(path, path, window="hann")


def test_what_the_control_says_of_gaussian_data():
    """Second moments see no phases of any data; the others see none of these."""
    found = MOMENTS.measure(gaussian(smooth_power(16, 0.3), 2))
    same, other = (Comparison(d, 2.0, True, {"x": 0.0}, {"x": 0.0}) for d in (1.0, 3.0))
    for name, control, words in (
        ("power", same, "this statistic does not see phases."),
        ("power", other, "this statistic does not see phases."),
        ("peaks", same, "it does not tell these data from Gaussian fields of the same power."),
        ("peaks", other, "this statistic sees phases."),
    ):
        line = Line(found, found, found, None, same, control)
        assert verdict(name, line).endswith(f": {words}")


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (np.arange(5), "chain drew 5 fields, but holds 4"),
        (np.arange(4.0), "float64 of shape"),
        (np.zeros((), int), r"shape \(\): expected integers, one for each"),
    ],
)
def test_chain_numbers_that_do_not_fit(tmp_path, chain, words):
    np.savez(tmp_path / "a.npz", fields=still(4, 1, 0)["fields"], chain=chain)
    with pytest.raises(InputError, match=words):
        compare(tmp_path / "a.npz", tmp_path / "a.npz")


@pytest.mark.slow
def test_one_chain_decides_nothing(tmp_path):
    np.savez(tmp_path / "a.npz", **still(1, 20, 0))
    found = compare(tmp_path / "a.npz", tmp_path / "a.npz")
    assert "one Markov chain" in found["warnings"][0]
    assert found["summary"].startswith("Undecided")
    json.dumps(found, allow_nan=False)


def test_what_bright_fields_hide_is_undecided_in_words_and_in_the_document(tmp_path):
    """Power and structure functions; the other statistics are decided as before."""
    x, y = (gaussian(smooth_power(16, 0.5), 24, seed) for seed in (0, 1))
    y[::6] *= 6
    paths = [save(tmp_path / name, z) for name, z in (("x.npy", x), ("y.npy", y))]
    found = compare(*paths, tmp_path / "r.html")
    entry = found["statistics"]["power"]
    assert entry["differs"] is None
    assert entry["blur"] > 0.5
    assert "Undecided: chance makes differences of" in entry["verdict"]
    assert "Undecided: Power spectrum, Structure functions." in found["summary"]
    assert found["statistics"]["marginal"]["differs"] is not None
    assert "undecided" in (tmp_path / "r.html").read_text(encoding="utf-8")
