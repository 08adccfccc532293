"""scorelet basis."""

import json
import re

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import scorelet as sl
from samples import Pointwise, noisy, write_model, write_png
from scorelet.analysis.jacobian import ReturnsNoiseWarning
from scorelet.core.errors import InputError
from scorelet.data import read_picture, to_unit
from scorelet.tasks.basis_report import facts, shown_ranks


@pytest.fixture
def words(tmp_path):
    write_png(tmp_path / "picture.png", noisy(20, 16))
    model = write_model(tmp_path / "model.safetensors")
    return ["basis", tmp_path / "picture.png", "--model", model]


@pytest.mark.slow
def test_a_report_with_pictures(shell, words, tmp_path):
    status, out, err = shell(*words, "-k", 3, "--crop", 12, "-o", tmp_path / "r.html")
    assert status == 0
    assert err.count("\n") == err.count("may be a pattern of the picture: by SURE")  # no training
    assert "12x12, 3 channels" in out
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("data:image/png") == 3
    assert "oracle, cosines" in text
    assert "takes the denoised one for it" in text


@pytest.mark.slow
def test_a_gray_picture_has_one_channel(shell, words):
    gray = words[1].with_name("gray.png")
    write_png(gray, noisy(12, 12)[..., :1])
    status, out, _ = shell("basis", gray, *words[2:], "-k", 2)
    assert status == 0
    assert "12x12, 1 channel\n" in out
    assert re.search(r"by SURE \(8-bit units²\) +[\d.]+ ± [\d.]+\n", out)


@pytest.mark.slow
def test_inference_mode_around_it_changes_nothing(words):
    with torch.inference_mode():
        found = sl.basis(words[1], model=words[3], k=2, crop=8)
    assert found.document == sl.basis(words[1], model=words[3], k=2, crop=8).document


def test_what_is_in_memory_is_taken_as_from_a_file(tmp_path):
    pixels = noisy(20, 16)
    write_png(tmp_path / "picture.png", pixels)
    keeps = Pointwise(lambda y: y / 2)
    told = {"model": keeps, "k": 2, "sigma": 0.1, "crop": 8}
    wanted = sl.basis(tmp_path / "picture.png", **told).document
    tensor = torch.from_numpy(pixels / np.float32(255)).movedim(-1, 0)
    for source in (pixels, tensor, tensor[None], Image.fromarray(pixels)):
        found = sl.basis(source, **told).document
        assert found.pop("source") == type(source).__name__
        assert found == {name: value for name, value in wanted.items() if name != "source"}


def test_a_file_with_an_array_is_a_picture(tmp_path):
    """The channels of an array are last or first."""
    values = noisy(20, 16) / np.float32(255)
    np.save(tmp_path / "last.npy", values)
    np.savez(tmp_path / "first.npz", other=values[:2], x=values.transpose(2, 0, 1))
    told = {"model": Pointwise(lambda y: y / 2), "k": 2, "sigma": 0.1, "crop": 8}
    np.save(tmp_path / "one.npy", values.transpose(2, 0, 1)[None])
    wanted = sl.basis(values, **told).document
    wanted.pop("source")
    for source in (tmp_path / "last.npy", f"{tmp_path / 'first.npz'}:x", tmp_path / "one.npy"):
        found = sl.basis(source, **told).document
        assert found.pop("source") == str(source)
        assert found == wanted
    for array in (values.transpose(2, 0, 1), values[None]):
        assert sl.basis(array, **told).document | wanted == sl.basis(array, **told).document


def test_whole_numbers_that_are_no_pixels_keep_their_unit(tmp_path):
    """Many FITS files have 16 bits with a sign."""
    values = (1000 * np.sin(np.arange(144))).reshape(12, 12)
    np.save(tmp_path / "signed.npy", values.astype(np.int16))
    told = {"model": Pointwise(lambda y: y / 2), "k": 2, "sigma": 0.1}
    found = sl.basis(tmp_path / "signed.npy", **told).basis.noisy
    assert torch.equal(found[0, 0], torch.from_numpy(values.astype(np.int16)).float())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (np.full((8, 8), np.nan, np.float32), "NaN or infinite numbers"),
        (np.zeros((2, 8, 8, 3), np.uint8), "source holds 2 pictures: give one at a time"),
        (np.zeros((8, 8, 7), np.uint8), "The array has shape"),
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "expected floats in"),
    ],
)
def test_arrays_that_are_no_picture_are_refused(source, said):
    with pytest.raises(InputError, match=said):
        sl.basis(source, model=Pointwise(lambda y: y / 2), k=1, sigma=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("level", [{"sigma": 25.0}, {"noise": 25.0}])
def test_levels_in_8_bit_units_are_spoken_of_in_python(words, level):
    said = sl.basis(words[1], model=words[3], k=2, crop=8, **level).document["warnings"]
    assert any("a level of 25 in 8-bit units is 25/255" in text for text in said)


@pytest.mark.slow
def test_json_and_arrays_agree(shell, words, tmp_path):
    status, out, _ = shell(*words, "-k", 3, "--noise", 25, "-o", tmp_path / "b.npz", "--json")
    document = json.loads(out)
    assert status == 0
    assert (document["height"], document["width"], document["dimensions"]) == (20, 16, 960)
    assert document["sigma"] == pytest.approx(25)
    arrays = np.load(tmp_path / "b.npz")
    assert arrays["values"].tolist() == document["values"]
    assert arrays["vectors"].shape == (3, 20, 16, 3)
    gram = arrays["vectors"].reshape(3, -1) @ arrays["vectors"].reshape(3, -1).T
    np.testing.assert_allclose(gram, np.eye(3), atol=1e-4)
    assert document["oracle_knows"] == "the clean picture"
    clean = to_unit(read_picture(words[1]).pixels)
    true = 255**2 * np.square(arrays["denoised"] - clean).mean()
    assert document["true_mse"] == pytest.approx(float(true), rel=1e-4)
    assert all(oracle["mse"] > 0 for oracle in document["oracles"])


def test_what_is_not_done_as_asked_is_said(tmp_path):
    samples = noisy(6, 8)
    clear = np.concatenate([samples, np.full((6, 8, 1), 200, np.uint8)], 2)
    write_png(tmp_path / "clear.png", clear)
    write_png(tmp_path / "plain.png", samples)
    denoiser = Pointwise(lambda y: y / 2)

    def said(name, crop):
        path = tmp_path / f"{name}.png"
        return sl.basis(path, model=denoiser, k=2, sigma=0.01, crop=crop).document["warnings"]

    assert said("clear", 6) == ["the picture is transparent in places, which were made white"]
    assert said("plain", 7) == ["the picture has no square of 7 pixels, so 7x6 pixels are taken"]
    assert said("plain", 6) == said("plain", None) == []


@pytest.mark.slow
def test_what_is_transparent_is_white_and_denoisers_keep_their_mode(tmp_path):
    hidden = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    clear = np.concatenate([hidden, np.zeros((8, 8, 1), np.uint8)], 2)
    write_png(tmp_path / "clear.png", clear)
    write_png(tmp_path / "white.png", np.full((8, 8, 3), 255, np.uint8))
    denoiser = Pointwise(lambda y: y / 2).train()
    one, other = (
        sl.basis(tmp_path / f"{name}.png", model=denoiser, k=2, sigma=0.1).document
        for name in ("clear", "white")
    )
    assert one["mse"] == other["mse"]
    assert denoiser.training


@pytest.mark.slow
def test_a_level_that_may_be_that_of_a_pattern_is_said(tmp_path):
    cells = (np.arange(31)[:, None] // 3 + np.arange(24) // 3)[..., None] % 2
    rng = np.random.default_rng(0)
    pictures = {
        "clean": 255 * cells,
        "dotted": 60 + 128 * cells + rng.normal(0, 8, cells.shape),
        "smooth": 60 + 3 * np.add.outer(np.arange(24), np.arange(24))[..., None],
    }
    pictures["smooth"] = pictures["smooth"] + rng.normal(0, 15, pictures["smooth"].shape)
    said = {}
    for name, samples in pictures.items():
        path = write_png(tmp_path / f"{name}.png", samples.round().clip(0, 255).astype(np.uint8))
        said[name] = " ".join(sl.basis(path, k=1).document["warnings"])
    assert "a pattern of the picture: its values lie at few levels; give its" in said["clean"]
    assert "a pattern of the picture: by SURE, the denoiser makes a larger" in said["dotted"]
    assert said["smooth"] == ""
    path = tmp_path / "clean.png"
    assert not any(
        "pattern" in text for text in sl.basis(path, k=1, noise=0.1).document["warnings"]
    )


def test_all_vectors_of_a_large_picture_are_refused(shell, words, tmp_path):
    write_png(tmp_path / "large.png", noisy(20, 20))
    status, _, err = shell("basis", tmp_path / "large.png", *words[2:], "-k", "all")
    assert status == 2
    assert "All of 1200 eigenvectors" in err


@pytest.mark.slow
def test_all_vectors_of_a_small_picture(shell, words, tmp_path):
    report = tmp_path / "all.html"
    status, out, _ = shell(*words, "--crop", 4, "-k", "all", "--sigma", 25, "-o", report, "--json")
    document = json.loads(out)
    assert status == 0
    assert len(document["values"]) == document["dimensions"] == 48
    assert sum(document["values"]) == pytest.approx(document["effective_dim"], rel=1e-4)
    assert document["true_mse"] is None
    assert all(oracle["mse"] is None for oracle in document["oracles"])
    text = report.read_text(encoding="utf-8")
    assert "its error says nothing" in text
    assert text.count(f"{document['mse']:.2f} ± {document['mse_error']:.2f}") == 2
    assert [*shown_ranks(3)] == [1, 2, 3]
    ranks = shown_ranks(960)
    assert ranks[:13] == [*range(1, 13), 52]
    assert (len(ranks), ranks[-1]) == (36, 960)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["-o", "r.pdf"], "unknown suffix"),
        (["-k", "0"], "k is 0"),
        (["-k", "some"], "expected a whole number"),
        (["--noise", "-1"], "noise is"),
        (["--crop", "1"], "crop is 1"),
        (["--sigma", "-3"], "above 0"),
        (["--sigma", "0"], "sigma is 0"),
        (["--sigma", "10", "--noise", "25"], "leave one of them out"),
    ],
)
def test_bad_words(shell, words, more, said):
    status, _, err = shell(*words, *more)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_model_that_needs_the_level_says_in_which_unit(shell, words):
    status, _, err = shell(*words[:2], "--model", "grain")
    assert status == 2
    assert "grain needs the noise level of the picture: give sigma, in the shell --sigma" in err


@pytest.mark.slow
def test_an_error_that_cannot_be_is_said(shell, tmp_path):
    """Of a flat picture with noise of 5 that is said to be 40: SURE takes off 40² - 5² or so."""
    noise = np.random.default_rng(0).normal(size=(16, 16, 1))
    write_png(tmp_path / "flat.png", np.rint(128 + 5 * noise).astype(np.uint8))
    words = ["basis", tmp_path / "flat.png", "-k", 2]
    said = "SURE is negative, so the picture has less noise than sigma says"
    assert said in shell(*words, "--sigma", 40)[2]
    assert "SURE" not in shell(*words, "--sigma", 5)[2]


def test_a_negative_error_by_sure_is_said_with_its_own(tmp_path):
    """Of f(y) = 0.01 y, at a black picture in noise of 0.01: negative or not by chance."""
    write_png(tmp_path / "flat.png", np.zeros((8, 8, 1), np.uint8))
    keeps = Pointwise(lambda y: y / 100)
    said = [
        sl.basis(tmp_path / "flat.png", model=keeps, k=1, noise=0.01, seed=seed).document
        for seed in range(9)
    ]
    for document in said:
        words = f"SURE is negative, {document['mse']:.3g} ± {document['mse_error']:.3g} (8-bit"
        assert (words in " ".join(document["warnings"])) == (document["mse"] < 0)
    assert sum(document["mse"] < 0 for document in said) > 0


def test_a_single_pixel_is_named(shell, words, tmp_path):
    write_png(tmp_path / "dot.png", np.full((1, 1, 1), 90, np.uint8))
    status, _, err = shell("basis", tmp_path / "dot.png", *words[2:])
    assert status == 2
    assert "dot.png has a single pixel" in err


@pytest.mark.slow
def test_pictures_without_noise_and_of_other_units_are_said(shell, tmp_path):
    words = ["--model", "photo", "-k", 2]
    write_png(tmp_path / "flat.png", np.full((12, 12, 1), 90, np.uint8))
    status, _, err = shell("basis", tmp_path / "flat.png", *words, "-o", tmp_path / "r.html")
    assert status == 0
    assert "hardly any noise" in err
    assert "hardly any noise" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert shell("basis", tmp_path / "flat.png", *words, "--noise", 20)[2] == ""
    noise = np.random.default_rng(0).normal(size=(12, 12)).astype(np.float32)
    tifffile.imwrite(tmp_path / "counts.tif", 1000 + 100 * noise)
    assert (
        "warning: the picture has values from"
        in shell("basis", tmp_path / "counts.tif", *words[2:])[2]
    )


@pytest.mark.slow
def test_the_oracle_in_wavelets_leaves_out_what_cannot_be_halved(shell, words, tmp_path):
    """Of an odd side wavelets had no level: the oracle was one of pixels."""
    write_png(tmp_path / "odd.png", noisy(17, 19))
    document = json.loads(shell("basis", tmp_path / "odd.png", *words[2:], "-k", 2, "--json")[1])
    names = [oracle["basis"] for oracle in document["oracles"]]
    assert names == ["cosines", "wavelets (db4, 4 levels, of 16x16 pixels)"]


def test_a_report_says_of_which_pixels_and_noise_it_is(tmp_path):
    write_png(tmp_path / "a.png", noisy(12, 16)[..., :1])
    found = sl.basis(
        tmp_path / "a.png", model=Pointwise(lambda y: y / 2), k=None, noise=20 / 255, crop=4, seed=3
    )
    said = facts(found.document)
    assert said["picture"] == "4x4, 1 channel (the middle, crop 4)"
    assert said["noise added (8-bit units)"] == "20 (seed 3)"
    options = {"k": 16, "crop": 4, "kind": "symmetric", "seed": 3, "tolerance": 0.005}
    assert {name: found.document[name] for name in options} == options
    found.save(tmp_path / "r.html")
    assert "The picture and what" in (tmp_path / "r.html").read_text(encoding="utf-8")
    plain = facts(sl.basis(tmp_path / "a.png", model=Pointwise(lambda y: y / 2), k=2).document)
    assert plain["picture"] == "16x12, 1 channel"
    assert "noise added (8-bit units)" not in plain


class Turning(Pointwise):
    """Adds to half the picture u vᵀ y, of unit vectors that are orthogonal."""

    def __init__(self):
        u, v = torch.eye(16)[:2]
        super().__init__(lambda y: y / 2 + 4 * ((y.flatten(1) @ v)[:, None] * u).view_as(y))


def test_pairs_of_an_asymmetric_part_are_said_where_all_factors_are_known(tmp_path):
    """(u vᵀ + v uᵀ)/2 has the eigenvalues 1/2 and -1/2."""
    write_png(tmp_path / "a.png", noisy(4, 4)[..., :1])
    found = sl.basis(tmp_path / "a.png", model=Turning(), k=None, sigma=0.1)
    assert found.document["values"][0] == pytest.approx(2.5, abs=1e-4)
    assert facts(found.document)["least eigenvalue"] == "-1.500; 1 is negative"
    found.save(tmp_path / "r.html")
    assert "opposite signs" in (tmp_path / "r.html").read_text(encoding="utf-8")
    some = sl.basis(tmp_path / "a.png", model=Turning(), k=2, sigma=0.1)
    assert "least eigenvalue" not in facts(some.document)


def test_singular_vectors_are_those_of_the_map_itself(tmp_path):
    """J = 1/2 + 4 u vᵀ has two singular values with s₁² + s₂² = 16.5 and s₁ s₂ = 1/4."""
    write_png(tmp_path / "a.png", noisy(4, 4)[..., :1])
    found = sl.basis(tmp_path / "a.png", model=Turning(), k=2, sigma=0.1, kind="singular")
    largest = ((16.5 + (16.5**2 - 1 / 4) ** 0.5) / 2) ** 0.5
    assert found.document["values"] == pytest.approx([largest, 0.5], abs=1e-4)
    assert facts(found.document)["singular values above one half"].startswith("1")
    found.save(tmp_path / "b.npz")
    arrays = np.load(tmp_path / "b.npz")
    v, u = (
        torch.from_numpy(arrays[name][0]).permute(2, 0, 1)[None] for name in ("vectors", "left")
    )
    torch.testing.assert_close(Turning()(v, None), largest * u, rtol=0, atol=1e-4)
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Singular vectors as pictures" in page
    assert "eigenvector" not in page.lower()


def test_the_shell_has_the_kind_of_vectors(shell, words):
    status, out, _ = shell(*words, "-k", 2, "--crop", 4, "--sigma", 25, "--kind", "singular")
    assert status == 0
    assert "\n  singular values  " in out


def test_arrays_hold_what_json_holds(tmp_path):
    """Of y / 2 at 48 numbers with noise of 0.1: SURE is |y|² / 4, since 2 tr J = d."""
    write_png(tmp_path / "a.png", noisy(4, 4))
    found = sl.basis(tmp_path / "a.png", model=Pointwise(lambda y: y / 2), k=100, noise=0.1)
    assert found.document["k"] == len(found.document["values"]) == 48
    found.save(tmp_path / "b.npz")
    arrays = np.load(tmp_path / "b.npz")
    assert arrays["effective_dim"] == pytest.approx(24)
    assert (arrays["sigma"], arrays["sigma_error"]) == (pytest.approx(0.1), 0)
    assert arrays["sure"] == pytest.approx(float(np.square(arrays["noisy"]).sum()) / 4, rel=1e-4)
    error = found.document["mse_error"] * 48 / 255**2
    assert arrays["sure_error"] == pytest.approx(error)
    assert float(arrays["asymmetry"]) == found.document["asymmetry"]
    assert arrays["oracle_cosines"].sum() == pytest.approx(
        found.document["oracles"][0]["effective_dim"]
    )


def test_a_model_that_returns_the_noise_is_said(tmp_path):
    """What a blur takes away, of a smooth picture with noise."""
    t = np.linspace(0, 3, 24)
    clean = 128 + 50 * np.sin(t)[:, None, None] * np.cos(t)[None, :, None]
    samples = clean + np.random.default_rng(0).normal(0, 25, clean.shape)
    write_png(tmp_path / "a.png", samples.round().clip(0, 255).astype(np.uint8))

    def blur(y):
        pad = torch.nn.functional.pad(y, (2, 2, 2, 2), mode="replicate")
        return torch.nn.functional.avg_pool2d(pad, 5, 1)

    said = "the model f seems to return the noise"
    with pytest.warns(ReturnsNoiseWarning):
        found = sl.basis(tmp_path / "a.png", model=lambda y: y - blur(y), k=2, sigma=0.1)
    assert found.document["warnings"][0].startswith(said)
    found.save(tmp_path / "r.html")
    assert said in (tmp_path / "r.html").read_text(encoding="utf-8")
    clean_one = sl.basis(tmp_path / "a.png", model=blur, k=2, sigma=0.1).document
    assert not any(said in text for text in clean_one["warnings"])


@pytest.mark.parametrize(("sigma", "warned"), [(0.6, True), (0.2, False)])
def test_a_level_of_which_the_denoiser_sees_nothing_is_said(tmp_path, sigma, warned):
    """Of a flat picture a tenth is taken away, and a tenth of the dimensions is not kept."""
    write_png(tmp_path / "flat.png", np.full((8, 8, 1), 128, np.uint8))
    model = Pointwise(lambda y: 0.9 * y)
    found = sl.basis(tmp_path / "flat.png", model=model, k=2, sigma=sigma).document
    assert found["mse"] > 0
    said = "takes away far less than it would of noise of the level that sigma says"
    assert any(said in warning for warning in found["warnings"]) is warned


@pytest.mark.parametrize("level", [0, -5])
def test_a_level_that_is_not_above_zero_is_refused_in_one_sentence(shell, tmp_path, level):
    write_png(tmp_path / "a.png", noisy(12, 16)[..., :1])
    status, _, err = shell("basis", tmp_path / "a.png", f"--sigma={level}")
    assert status == 2
    assert f"--sigma is {level}: it must be above 0." in err


@pytest.mark.parametrize("scale", [1e20, 1e30])
def test_pictures_of_very_large_values_have_finite_figures(tmp_path, scale):
    """Squares of such are beyond float32."""
    x = np.random.default_rng(0).random((12, 12)).astype(np.float32)
    tifffile.imwrite(tmp_path / "x.tif", x * np.float32(scale))
    found = sl.basis(tmp_path / "x.tif", model=Pointwise(lambda y: y / 2), k=2, noise=scale / 10)
    json.dumps(found.document, allow_nan=False)
    assert found.document["sigma"] == pytest.approx(25.5 * scale)


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_factors_are_called_near_one_only_where_they_are(tmp_path, factor):
    write_png(tmp_path / "black.png", np.zeros((12, 12, 1), np.uint8))
    found = sl.basis(tmp_path / "black.png", model=Pointwise(lambda y: factor * y), k=2)
    (said,) = [text for text in found.document["warnings"] if "hardly any noise" in text]
    assert ("factors are all near 1" in said) == (factor == 1)


def test_a_level_beyond_the_picture_is_said_in_both_units(tmp_path):
    write_png(tmp_path / "a.png", noisy(12, 16)[..., :1])
    found = sl.basis(tmp_path / "a.png", model=Pointwise(lambda y: y / 2), k=2, noise=1e12 / 255)
    assert any("1e+12 in 8-bit units" in text for text in found.document["warnings"])
