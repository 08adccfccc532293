"""`scorelet scatter`: tables of named columns, bad files named and skipped."""

import csv
import json

import numpy as np
import pytest
import tifffile
import torch

import scorelet as sl
from samples import noisy, write_png
from scorelet.cli.main import run
from scorelet.core.errors import InputError
from scorelet.tasks.scatter import ScatterSettings
from scorelet.wavelets import Scattering2d


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    """Run `scorelet scatter` in an empty folder: status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        status = run(["scatter", *(str(word) for word in words)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return call


@pytest.fixture
def folder(tmp_path):
    """Two gray pictures of different sizes and one of colour."""
    for number, (height, width, channels) in enumerate(((24, 30, 1), (32, 16, 1), (24, 30, 3))):
        write_png(tmp_path / "set" / f"{number}.png", noisy(height, width, channels, seed=number))
    return tmp_path / "set"


def by_hand(pixels, **options):
    x = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)
    return Scattering2d(2, 4, **options)(x)


def test_a_table_of_means(shell, folder, tmp_path):
    status, stdout, stderr = shell(folder, "-J", 2, "-L", 4, "-o", tmp_path / "f.npz")
    assert (status, stderr) == (0, "")
    assert "3 done, 0 failed" in stdout
    with np.load(tmp_path / "f.npz") as table:
        assert table["features"].shape == (3, 25)
        assert [name.rsplit("/", 1)[1] for name in table["files"]] == ["0.png", "1.png", "2.png"]
        expected = by_hand(noisy(32, 16, 1, seed=1)).mean((-2, -1))[0]
        np.testing.assert_allclose(table["features"][1], expected, rtol=1e-5)
        number = table["columns"].tolist().index("S2_j0t3_j1t2")
        assert table["order"][number] == 2
        assert table["scales"][number].tolist() == [0, 1, -1]
        assert table["angles"][number].tolist() == [3, 2, -1]
        assert table["position"][number].tolist() == [-1, -1]


@pytest.mark.slow
def test_every_position_of_colour_pictures(shell, folder, tmp_path):
    words = ("-J", 2, "-L", 4, "--pool", "none", "--channels", 3, "-o", tmp_path / "f.npz")
    status, stdout, stderr = shell(folder, *words, "--json")
    assert status == 1
    document = json.loads(stdout)
    assert [entry["input"] for entry in document["failed"]] == [str(folder / "1.png")]
    assert "gives 8x4 positions for each path, but the pictures before give 6x7" in stderr
    with np.load(tmp_path / "f.npz") as table:
        expected = by_hand(noisy(24, 30, 3, seed=2)).flatten()
        np.testing.assert_allclose(table["features"][1], expected, rtol=1e-4, atol=1e-6)
        number = table["columns"].tolist().index("c2_S1_j1t0_y5_x6")
        assert (table["channel"][number], table["position"][number].tolist()) == (2, [5, 6])


def test_each_field_of_array_files_is_a_row(shell, folder, tmp_path):
    """In its own unit, which is that of all coefficients, beside pictures or not."""
    x = 1e3 * np.random.default_rng(0).normal(size=(3, 16, 24))
    np.savez(tmp_path / "maps.npz", kappa=x, other=x[:1])
    words = ("-J", 2, "-L", 4, "-o", tmp_path / "f.npz")
    assert shell("maps.npz:kappa", folder / "0.png", *words)[::2] == (0, "")
    expected = Scattering2d(2, 4)(torch.from_numpy(x)).mean((-2, -1))
    with np.load(tmp_path / "f.npz") as table:
        names = ["maps.npz:kappa:1", "maps.npz:kappa:2", "maps.npz:kappa:3", str(folder / "0.png")]
        assert table["files"].tolist() == names
        np.testing.assert_allclose(table["features"][:3], expected, rtol=1e-9)


def test_fields_that_cannot_be_scattered(shell, tmp_path):
    x = np.zeros((2, 16, 16), np.float32)
    np.save(tmp_path / "x.npy", x)
    x[1, 3, 4] = np.nan
    np.save(tmp_path / "gap.npy", x)
    status, _, err = shell("gap.npy", "x.npy", "-J", 2, "-L", 4, "-o", "f.npz")
    assert (status, "Field 2 of gap.npy has NaN" in err) == (1, True)
    status, _, err = shell("x.npy", "none.npy", "--channels", 3, "-o", "g.npz")
    assert (status, "one channel: leave channels at 1" in err) == (2, True)
    assert "none.npy" in err


@pytest.mark.slow
def test_parquet(shell, folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert shell(folder, "-J", 2, "-L", 4, "-o", tmp_path / "f.parquet")[0] == 0
    assert shell(folder, "-J", 2, "-L", 4, "-o", tmp_path / "f.npz")[0] == 0
    table = parquet.read_table(tmp_path / "f.parquet")
    with np.load(tmp_path / "f.npz") as arrays:
        assert table.column_names == ["file", *arrays["columns"]]
        assert table["file"].to_pylist() == arrays["files"].tolist()
        np.testing.assert_array_equal(table["S0"].to_numpy(), arrays["features"][:, 0])


@pytest.mark.slow
def test_csv(shell, folder, tmp_path):
    assert shell(folder, "-J", 2, "-L", 4, "-o", tmp_path / "f.CSV")[0] == 0
    assert shell(folder, "-J", 2, "-L", 4, "-o", tmp_path / "f.npz")[0] == 0
    with (tmp_path / "f.CSV").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    with np.load(tmp_path / "f.npz") as arrays:
        assert head == ["file", *arrays["columns"]]
        assert [row[0] for row in rows] == arrays["files"].tolist()
        # every number is given back
        np.testing.assert_array_equal(
            np.array([row[1:] for row in rows], dtype=np.float32), arrays["features"]
        )


def test_an_empty_path_is_not_this_folder(shell, folder, tmp_path):
    for words in (("",), (folder, "")):
        status, stdout, stderr = shell(*words, "-J", 1, "-o", tmp_path / "f.npz")
        assert (status, stdout) == (2, "")
        assert stderr == (
            "error: The path is empty: give the name of a file or folder (. is this one).\n"
        )


def test_python_returns_what_the_shell_prints(shell, folder, tmp_path):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n????")
    settings = ScatterSettings(J=1, L=2)
    document = sl.scatter(str(folder), str(tmp_path / "f.npz"), settings=settings)
    words = (folder, "-J", 1, "-L", 2, "-o", tmp_path / "f.npz", "--overwrite", "--json")
    printed = json.loads(shell(*words)[1])
    assert {k: v for k, v in printed.items() if k != "seconds"} == document
    assert [len(document["files"]), len(document["failed"])] == [3, 1]
    with pytest.raises(InputError, match="path is empty"):
        sl.scatter(["a.png", ""], "g.npz")


def test_home_is_expanded(shell, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shell("~/set/0.png", "-J", 1, "-o", "~/f.npz")[0] == 0
    assert (tmp_path / "f.npz").exists()


def test_bad_files_are_named_and_skipped(shell, folder, tmp_path):
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n????")
    write_png(folder / "tiny.png", noisy(3, 9, 1))
    status, stdout, stderr = shell(folder, "none.png", "-J", 2, "-o", tmp_path / "f.npz")
    assert status == 1
    assert "3 done, 3 failed" in stdout
    lines = stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("error: ") and line.endswith(".") for line in lines)
    assert any("broken.png" in line for line in lines)
    assert any("tiny.png: J is 2, but the picture has 3x9 pixels" in line for line in lines)
    assert any("There is no file or folder none.png" in line for line in lines)


def test_what_is_transparent_is_white(shell, tmp_path):
    """Whatever colours lie under it."""
    pixels = np.concatenate([noisy(16, 16, 3), np.full((16, 16, 1), 255, np.uint8)], 2)
    pixels[:8, :, 3] = 0
    shown = pixels[..., :3].copy()
    shown[:8] = 255
    write_png(tmp_path / "set/a.png", pixels)
    write_png(tmp_path / "set/b.png", shown)
    assert shell("set", "-J", 1, "-L", 2, "-o", "f.npz")[0] == 0
    with np.load(tmp_path / "f.npz") as table:
        # luma of b is rounded to 8 bits, and means of moduli differ by less than a step
        np.testing.assert_allclose(*table["features"], atol=1 / 255)
        assert table["features"][0, 0] > 0.7  # half of it white, the rest about 1/2


def test_files_that_are_no_pictures_are_counted(shell, folder, tmp_path):
    (folder / "a.jxl").touch()
    (folder / "b.gif").touch()
    status, _, stderr = shell(folder, "-J", 2, "-o", tmp_path / "f.npz")
    assert status == 0
    assert "2 files are of no kind that is read: 1 .jxl, 1 .gif (a.jxl, b.gif)." in stderr


def test_pictures_that_are_no_numbers_between_black_and_white(shell, tmp_path):
    grey = np.full((16, 16), 0.5, np.float32)
    bad = {
        "nan": (grey * np.nan, "256 of 256 values that are NaN"),
        "complex": (grey + 1j, "type complex"),
        "integer": (np.ones((16, 16), np.int64), "type int64"),
    }
    for name, (values, _) in bad.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", values)
    status, stdout, stderr = shell(*(f"{name}.tif" for name in bad), "-J", 1, "-o", "f.npz")
    assert status == 2
    assert "0 done, 3 failed" in stdout
    for line, (name, (_, sentence)) in zip(stderr.splitlines(), bad.items(), strict=True):
        assert line.startswith(f"error: {name}.tif")
        assert sentence in line
    assert not (tmp_path / "f.npz").exists()


def test_a_torus_needs_sides_of_whole_steps(shell, folder, tmp_path):
    words = ("-J", 3, "--boundary", "periodic", "-o", tmp_path / "f.npz")
    status, stdout, stderr = shell(folder, *words)
    assert status == 1  # 32x16 is one
    assert "1 done, 2 failed" in stdout
    assert stderr.count("24x30 pixels: with a periodic boundary both sides must be mul") == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-o", "f.txt"), "f.txt has an unknown suffix: use .npz or .parquet or .csv"),
        (("-o", ""), "The value of -o is empty"),
        (("-o", "f.npz", "-J", "1000000"), "J is 1000000 and L is 8: that is more than 100,000"),
        (("-o", "f.npz", "-L", "1000000"), "J is 3 and L is 1000000: that is more than 100,000"),
        (("-o", "f.npz", "-J", "1" * 25), "-J: expected a whole number up to 9223372036854775807"),
        (("-o", "old.npz"), "old.npz exists already"),
        (("-o", "f.npz", "-J", "-2"), "J is -2"),
        (("-o", "f.npz", "-J", "1.5"), "-J: expected a whole number, got 1.5."),
        (("-o", "f.npz", "-L", "0"), "L is 0: J must be at least 0 and L at least 1"),
        (("-o", "f.npz", "--device", "tpu"), "error: Unknown device 'tpu': use auto, cpu"),
        (("-o", "f.npz", "--order", "4"), "order is 4: it must be 1, 2 or 3"),
        (("-o", "f.npz", "--pool", "max"), "pool is 'max': it must be mean or none"),
        (("-o", "f.npz", "--channels", "2"), "channels is 2: it must be 1 or 3"),
        (("-o", "f.npz", "--boundary", "zero"), "boundary is 'zero'"),
    ],
)
def test_bad_options_get_a_sentence_and_nothing_is_written(shell, folder, words, sentence):
    (folder.parent / "old.npz").write_bytes(b"old")
    status, stdout, stderr = shell(folder, *words)
    assert (status, stdout) == (2, "")
    assert sentence in stderr
    assert not (folder.parent / "f.npz").exists()
    assert (folder.parent / "old.npz").read_bytes() == b"old"
    assert shell(folder, "-J", 1, "-L", 2, "-o", "old.npz", "--overwrite")[0] == 0
