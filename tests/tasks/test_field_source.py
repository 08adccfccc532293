"""Fields that stay in their files, with their names and units: the same models, bit for bit."""

import tracemalloc

import h5py
import numpy as np
import pytest
import torch
from astropy.io import fits

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.data.fields import source
from scorelet.data.fields.ensembles import ensemble
from scorelet.data.fields.labels import Label, read_label
from scorelet.data.fields.masked import MaskedFields, as_mask
from scorelet.data.fields.source import FieldsInMemory, FieldsOnDisk, open_fields
from scorelet.tasks.field_model import census
from scorelet.tasks.field_model.census import take_census
from scorelet.tasks.field_model.preparation import Preparation
from scorelet.tasks.field_model.prepared import PreparedFields


def fields(count=120, size=8, seed=0):
    return ensemble("lattice_ou", mass=1.0, coupling=0.2).sample(count, size, seed)[:, 0].numpy()


def gapped():
    x = fields()
    x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    return x


@pytest.fixture(params=["npy", "h5"])
def stored(request, tmp_path, monkeypatch):
    """A file that counts as large, with gaps, and a small piece at a time."""
    monkeypatch.setattr(source, "LARGE", 1)
    monkeypatch.setattr(census, "BATCH_PIXELS", 7 * 64)
    path = tmp_path / f"x.{request.param}"
    if request.param == "npy":
        np.save(path, gapped())
    else:
        with h5py.File(path, "w") as tree:
            tree.create_dataset("maps/kappa", data=gapped(), dtype=">f4")
    return path


def test_rows_are_read_from_the_file(stored):
    found = open_fields(stored)
    assert isinstance(found, FieldsOnDisk)
    assert found.shape == (120, 8, 8)
    for rows in (range(3, 9), [0, 5, 119]):
        assert np.array_equal(found.read(rows).numpy(), gapped()[list(rows)], equal_nan=True)


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("kind", [bool, "u1", "f4"])
def test_a_mask_makes_gaps_of_the_same_pixels(stored, tmp_path, one, kind):
    """One picture for all fields, or one for each; in a file of its own, an npz or HDF5 file."""
    mask = np.random.default_rng(1).random((8, 8) if one else (120, 8, 8)) < 0.2
    np.savez(tmp_path / "sky.npz", mask=mask.astype(kind), other=np.zeros((8, 8)))
    with h5py.File(tmp_path / "sky.h5", "w") as tree:
        tree["deep/mask"], tree["x"] = mask.astype(kind), np.zeros((8, 8))
    expected = np.where(mask, np.nan, gapped())
    np.savez(tmp_path / "alone.npz", mask=mask)
    np.save(tmp_path / "swapped.npy", mask.astype(np.dtype(kind).newbyteorder(">")))
    files = "sky.npz:mask", "sky.h5:deep/mask", "alone.npz", "swapped.npy"
    for given in (mask.astype(kind), *(f"{tmp_path}/{name}" for name in files)):
        found = MaskedFields(open_fields(stored), as_mask(given))
        for rows in (range(3, 9), [0, 5, 119]):
            assert np.array_equal(found.read(rows).numpy(), expected[list(rows)], equal_nan=True)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((8, 8), 2), "other values than 0 and 1: expected true, or 1, where a pixel is no"),
        (np.full((8, 8), np.nan), "other values than 0 and 1"),
        (np.array([["0"] * 8] * 8), "The mask holds str"),
        (np.zeros(8, bool), r"has the shape \(8,\): expected \(h, w\) or \(n, h, w\)"),
        (np.zeros((4, 8), bool), r"shape \(1, 4, 8\), the fields \(120, 8, 8\): expected one mask"),
        (np.zeros((3, 8, 8), bool), "or one for each"),
        (np.ones((8, 8), bool), "All pixels are masked or NaN"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask, message):
    with pytest.raises(InputError, match=message):
        sl.FieldModel("haar", steps=2).fit(fields(), mask=mask)


def test_a_file_that_is_no_mask_is_named(tmp_path):
    for kind in ("U3", "M8[s]"):
        np.save(tmp_path / "text.npy", np.zeros((8, 8), kind))
        with pytest.raises(InputError, match=r"The mask .*text.npy holds .*: expected true, or 1"):
            as_mask(tmp_path / "text.npy")


@pytest.mark.parametrize("kind", [bool, "u1", "f8"])
def test_a_mask_takes_a_byte_for_each_pixel(tmp_path, kind):
    """numpy.isin took fourteen for booleans, and a mask may be as large as the fields."""
    np.save(tmp_path / "m.npy", np.zeros((300, 100, 100), kind))
    as_mask(tmp_path / "m.npy")  # modules are there
    tracemalloc.start()
    as_mask(tmp_path / "m.npy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * 300 * 100 * 100


@pytest.mark.slow
@pytest.mark.parametrize("where", ["memory", "file", "large file"])
def test_infinite_values_under_a_mask_are_no_data(tmp_path, monkeypatch, where):
    x = fields()
    x[:, 0, 0] = np.inf
    mask = np.arange(64).reshape(8, 8) == 0
    if where == "large file":
        monkeypatch.setattr(source, "LARGE", 0)
    given = x if where == "memory" else tmp_path / "x.npy"
    np.save(tmp_path / "x.npy", x)
    gapped = np.where(mask, np.nan, x)
    one, two = (sl.FieldModel("haar", knots=4, reach=1, steps=2, moments=False) for _ in range(2))
    one.fit(given, mask=mask), two.fit(gapped)
    assert torch.equal(one.sample(2), two.sample(2))
    with pytest.raises(InputError, match="infinite values: mask them, or replace them by NaN"):
        sl.FieldModel("haar").fit(given)
    with pytest.raises(InputError, match="infinite values: replace them first"):
        one.certificate(x)


def test_a_report_leaves_masked_pixels_out(tmp_path):
    """Fields of which some have masked pixels, with any number there, give one page."""
    mask = np.zeros((120, 8, 8), bool)
    mask[:60, 2:4, 1:6] = True
    np.savez(tmp_path / "sky.npz", x=np.where(mask, 1e4, fields()).astype("f4"), mask=mask)
    np.save(tmp_path / "gaps.npy", np.where(mask, np.nan, fields()).astype("f4"))
    pages = []
    for k, (x, m) in enumerate([("sky.npz:x", "sky.npz:mask"), ("gaps.npy", None)]):
        page = tmp_path / f"{k}.html"
        model = sl.FieldModel("haar", knots=3, reach=1, steps=5, moments=False)
        given = None if m is None else f"{tmp_path}/{m}"
        found = sl.field.fit(
            f"{tmp_path}/{x}", tmp_path / f"{k}.safetensors", model=model, mask=given, report=page
        )
        assert found.get("mask") == given
        pages.append(page.read_text(encoding="utf-8"))
    assert f"{tmp_path}/sky.npz:mask" in pages[0]
    texts = [page[page.index("Verdicts") :] for page in pages]
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_a_report_says_that_no_field_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: None)
    mask = np.zeros((8, 8), bool)
    mask[2, 3] = True
    np.save(tmp_path / "x.npy", fields())
    np.save(tmp_path / "m.npy", mask)
    model = sl.FieldModel("haar", knots=3, reach=1, steps=5, moments=False)
    for given, times in ((tmp_path / "m.npy", 1), (None, 0)):
        sl.field.fit(
            tmp_path / "x.npy",
            tmp_path / "m.safetensors",
            model=model,
            mask=given,
            report=tmp_path / "r.html",
            overwrite=True,
        )
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert page.count("nothing: of the first 1000 fields fewer than 10 have no gaps") == times


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*moments")  # of a fit of few fields
def test_a_masked_fit_is_that_of_fields_with_nan(tmp_path):
    mask = np.zeros((8, 8), bool)
    mask[2:4, 1:6] = True
    np.savez(tmp_path / "sky.npz", x=fields(), mask=mask)
    sky, out = f"{tmp_path}/sky.npz", tmp_path / "a.safetensors"
    options = {"knots": 3, "reach": 1, "steps": 5}
    found = sl.field.fit(
        f"{sky}:x", out, model=sl.FieldModel("haar", **options), mask=f"{sky}:mask"
    )
    other = sl.FieldModel("haar", **options).fit(np.ma.masked_array(fields(), mask + fields() * 0))
    for one, two in zip(found["bands"], other.record["bands"], strict=True):
        assert one["loss"] == pytest.approx(two["loss"], rel=1e-9)  # jackknife errors are rounded
        assert one["potential"]["v"] == pytest.approx(two["potential"]["v"], abs=1e-9)
    assert found["field"]["remarks"] == other.record["field"]["remarks"]
    assert "1200 of 7680 pixels are masked or NaN" in " ".join(found["field"]["remarks"])


@pytest.mark.slow
@pytest.mark.parametrize("border", ["periodic", "mirror", "window"])
def test_a_prepared_field_is_the_same_in_every_piece(stored, border):
    preparation, x = Preparation(border), torch.from_numpy(gapped())
    on_disk = open_fields(stored)
    prepared = PreparedFields(on_disk, preparation, take_census(on_disk))
    whole = preparation.apply(x)
    assert not whole.isnan().any()
    for rows in (range(20, 40), [1, 50, 119]):
        assert torch.allclose(
            prepared.read(rows), whole[list(rows)], atol=3e-3
        )  # conjugate gradients


@pytest.mark.slow
def test_a_model_of_a_file_is_that_of_the_array(stored):
    def small():
        return sl.FieldModel("haar", knots=4, reach=1, steps=5, moments=False)

    one, two = small().fit(stored), small().fit(gapped())
    for a, b in zip(one.record["bands"], two.record["bands"], strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-5)
        assert a["potential"]["v"] == pytest.approx(b["potential"]["v"], abs=1e-3)


@pytest.mark.slow
def test_a_model_of_a_file_says_what_was_moved(tmp_path):
    """Samples are those of the same fields in the usual order."""
    with h5py.File(tmp_path / "x.h5", "w") as tree:
        tree["T"] = np.moveaxis(fields(), 0, -1)
        tree["T"].dims[2].label = "time"
    one, two = (sl.FieldModel("haar", knots=4, reach=1, steps=5, moments=False) for _ in range(2))
    one.fit(tmp_path / "x.h5"), two.fit(fields())
    assert torch.equal(one.sample(2), two.sample(2))
    said, others = (model.record["field"]["remarks"] for model in (one, two))
    assert "(axis 1, axis 2, time) and read as (time, axis 1, axis 2)" in said[0]
    assert said[1:] == others


def test_the_census_counts_every_pixel(monkeypatch):
    monkeypatch.setattr(census, "BATCH_PIXELS", 64)
    x = torch.from_numpy(fields(10))
    x[:, 0, 0] = -999
    x[4, 1, 1] = torch.nan
    found = take_census(FieldsInMemory(x))
    assert (found.pixels, found.gaps) == (640, 1)
    assert found.least[:2] == (-999, 10)
    assert found.least[2] == float(x[x > -999].min())
    assert found.largest[0] == float(x[x.isfinite()].max())
    assert found.not_positive == int((x <= 0).sum())
    (said,) = found.placeholders()
    assert said.startswith("10 pixels are exactly -999")
    assert take_census(FieldsInMemory(x[:, 1:, 2:])).placeholders() == []
    spins = FieldsInMemory(x.sign().nan_to_num(1.0))
    assert take_census(spins).placeholders() == []  # two values, neither of which is far
    with pytest.raises(InputError, match="infinite"):
        take_census(FieldsInMemory(torch.full((2, 8, 8), torch.inf)))


def test_what_files_say_of_their_numbers(tmp_path):
    np.savez(tmp_path / "a.npz", kappa=fields(2), count=3)
    assert read_label(tmp_path / "a.npz") == Label("kappa")
    with h5py.File(tmp_path / "a.h5", "w") as tree:
        tree.create_dataset("maps/dust", data=fields(2)).attrs["units"] = "MJy/sr"
    assert read_label(tmp_path / "a.h5") == Label("dust", "MJy/sr")
    image = fits.PrimaryHDU(fields(2))
    image.header["BUNIT"], image.header["OBJECT"] = "K", "CMB"
    image.writeto(tmp_path / "a.fits")
    assert read_label(tmp_path / "a.fits") == Label("CMB", "K")
    assert str(Label("CMB", "K")) == "CMB (K)"
    np.save(tmp_path / "a.npy", fields(2))
    assert read_label(tmp_path / "a.npy") == Label()
    assert read_label(tmp_path / "a.h5").unit in str(read_label(tmp_path / "a.h5"))


@pytest.mark.slow
def test_names_and_units_go_through_a_model_into_its_samples(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as tree:
        tree.create_dataset("kappa", data=fields()).attrs["unit"] = "K"
    model = sl.FieldModel("haar", knots=4, reach=1, steps=5)
    sl.field.fit(tmp_path / "x.h5", tmp_path / "m.safetensors", model=model)
    written = []
    for name in ("y.npz", "y.h5", "y.fits"):
        sl.field.sample(tmp_path / "m.safetensors", 3, tmp_path / name)
        assert read_label(tmp_path / name) == Label("kappa", "K")
        entry = f"{tmp_path / name}:fields" if name == "y.npz" else tmp_path / name
        written.append(open_fields(entry).read(range(3)))
    assert all(torch.equal(written[0], other) for other in written)
    assert sl.FieldModel.load(tmp_path / "m.safetensors").plot().axes[0].get_xlabel() == "kappa (K)"


@pytest.mark.slow
def test_a_small_signal_on_a_large_level_is_written_in_double_precision(tmp_path):
    """Single precision has steps of 0.0078 there; what does not need it stays single."""
    x = torch.from_numpy(fields()).double()
    kinds = {}
    for name, level in (("plain", 0.0), ("level", 101325.0)):
        model = sl.FieldModel("haar", knots=4, reach=1, steps=5).fit(level + 0.01 * x)
        model.save(tmp_path / f"{name}.safetensors")
        for suffix in (".npy", ".npz", ".h5", ".fits"):
            path = tmp_path / f"{name}{suffix}"
            sl.field.sample(tmp_path / f"{name}.safetensors", 3, path, seed=1)
            read = open_fields(f"{path}:fields" if suffix == ".npz" else path).read(range(3))
            kinds.setdefault(name, set()).add(read.dtype)
            tolerance = 1e-6 if name == "level" else 1e-8
            assert torch.allclose(read.double(), model.sample(3, seed=1), rtol=0, atol=tolerance)
    assert kinds == {"plain": {torch.float32}, "level": {torch.float64}}


def test_a_single_hot_pixel_is_said_and_tails_are_not():
    x = fields()
    assert not take_census(FieldsInMemory(torch.from_numpy(x).exp())).placeholders()
    x[0, 0, 0] = 1e20
    (said,) = take_census(FieldsInMemory(torch.from_numpy(x))).placeholders()
    assert said.startswith("1 pixel is exactly 1e+20")
