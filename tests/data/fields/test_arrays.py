"""Fields from files: every kind, and a sentence for everything that is none."""

import builtins
import os
import zipfile

import numpy as np
import pytest
import torch

from field_samples import save
from scorelet.core.errors import ArrayFileError, InputError, MissingExtraError
from scorelet.data.fields import array_files, source
from scorelet.data.fields.arrays import load_fields, split_name
from scorelet.data.fields.chains import load_chains
from scorelet.data.fields.labels import Label, read_label, read_remarks

X = np.random.default_rng(0).standard_normal((3, 8, 9)).astype("float32")


def same(path, expected=X, kind=torch.float32):
    found = load_fields(path)
    assert found.dtype == kind
    np.testing.assert_array_equal(found.numpy(), expected)
    found += 1  # memory of its own


@pytest.mark.parametrize("dtype", ["u1", ">i2", "<i4", "i8"])
def test_integers_are_numbers(tmp_path, dtype):
    values = np.arange(216).reshape(3, 8, 9).astype(dtype)
    same(save(tmp_path / "a.npy", values), values, torch.float64)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_byte_order(tmp_path, dtype, order):
    values = np.asarray(X, dtype, order=order)
    path = save(tmp_path / "a.npy", values)
    same(path, values.astype("f8"), torch.float64 if dtype[2] == "8" else torch.float32)
    np.testing.assert_array_equal(np.load(path), values)


def test_channels_and_single_fields(tmp_path):
    same(save(tmp_path / "a.npy", X[:, None]))
    same(save(tmp_path / "b.npy", X[0]), X[:1])


def test_npz(tmp_path):
    np.savez(tmp_path / "one.npz", fields=X, description=np.array("what"), count=np.arange(3))
    same(tmp_path / "one.npz")
    np.savez_compressed(tmp_path / "two.npz", kappa=X, other=X + 1)
    same(f"{tmp_path}/two.npz:kappa")
    with pytest.raises(
        InputError, match=r"2 arrays: kappa, other; choose one, as .*two\.npz:other"
    ):
        load_fields(tmp_path / "two.npz")
    with pytest.raises(InputError, match="no array 'gamma': choose from kappa, other"):
        load_fields(f"{tmp_path}/two.npz:gamma")
    np.savez(tmp_path / "none.npz", a=np.arange(3))
    with pytest.raises(InputError, match="no array of numbers with two or more dimensions"):
        load_fields(tmp_path / "none.npz")


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "one.h5", "w") as tree:
        tree["run/maps"] = X
        tree["run/seeds"] = np.arange(3)
    same(tmp_path / "one.h5")
    same(f"{tmp_path}/one.h5:run/maps")
    same(f"{tmp_path}/one.h5:/run/maps")
    with h5py.File(tmp_path / "one.h5", "a") as tree:
        tree["other"] = X
    with pytest.raises(InputError, match=r"2 arrays: other, run/maps; choose one"):
        load_fields(tmp_path / "one.h5")
    with pytest.raises(InputError, match="no array 'x': choose from"):
        load_fields(f"{tmp_path}/one.h5:x")


def test_fits(tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    first, second = fits.PrimaryHDU(), fits.ImageHDU(X, name="KAPPA")
    fits.HDUList([first, second]).writeto(tmp_path / "one.fits")
    same(tmp_path / "one.fits")
    fits.HDUList([fits.PrimaryHDU(X[0]), second]).writeto(tmp_path / "two.fits.gz")
    same(f"{tmp_path}/two.fits.gz:1")
    same(f"{tmp_path}/two.fits.gz:KAPPA")
    same(f"{tmp_path}/two.fits.gz:0", X[:1])
    words = r"2 arrays: 0 \(PRIMARY, 8x9\), 1 \(KAPPA, 3x8x9\); choose one, as .*two\.fits\.gz:1"
    with pytest.raises(InputError, match=words):
        load_fields(tmp_path / "two.fits.gz")
    with pytest.raises(InputError, match="no array '7'"):
        load_fields(f"{tmp_path}/two.fits.gz:7")


def test_scaled_integers_of_fits_are_numbers(tmp_path):
    """BSCALE makes floating point out of integers, as astropy reads it."""
    fits = pytest.importorskip("astropy.io.fits")
    hdu = fits.PrimaryHDU(np.arange(72, dtype=np.int16).reshape(8, 9))
    hdu.header["BSCALE"] = 0.5
    hdu.writeto(tmp_path / "a.fits")
    same(tmp_path / "a.fits", np.arange(72).reshape(1, 8, 9) / 2)


STORED = np.where(X > 1.5, -999, 100 * X).astype("i2")
UNPACKED = np.where(X > 1.5, np.nan, STORED / 100 + 273.15)
CF = {"scale_factor": np.float32(0.01), "add_offset": 273.15, "units": "K"}


def packed(path, array, **attributes):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as tree:
        tree.create_dataset("T", data=array).attrs.update(attributes)
    return path


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("suffix", [".h5", ".nc"])
@pytest.mark.parametrize("missing", ["_FillValue", "missing_value"])
def test_packed_hdf5_is_unpacked(tmp_path, monkeypatch, large, suffix, missing):
    """The unit is that of the unpacked values, by the CF conventions; as FITS always was."""
    monkeypatch.setattr(source, "LARGE", 0 if large else 1 << 28)
    path = packed(tmp_path / f"a{suffix}", STORED, **CF, **{missing: np.int16(-999)})
    found = source.open_fields(path)
    assert isinstance(found, source.FieldsOnDisk) == large
    for rows in (range(3), [0, 2]):  # float32 has the scale to 2e-8 of itself
        np.testing.assert_allclose(found.read(rows), UNPACKED[list(rows)], rtol=1e-7)
    assert found.dtype == torch.float64
    assert read_label(path) == Label("T", "K")
    with pytest.raises(InputError, match="values that are NaN"):
        load_fields(path)


def test_what_is_packed_is_said(tmp_path):
    path = packed(tmp_path / "a.h5", STORED, **CF, _FillValue=np.int16(-999))
    words = "T is packed in int16: values are 0.01 times what is stored, plus 273.15"
    assert read_remarks(path) == [f"{words}, and NaN where that is -999."]
    path = packed(tmp_path / "b.h5", X, add_offset=1.0, _FillValue=np.float32(np.nan))
    assert read_remarks(path) == [
        "T is packed in float32: values are 1 times what is stored, plus 1."
    ]
    assert read_remarks(packed(tmp_path / "c.h5", STORED, _FillValue=np.int16(-999))) == []
    assert read_remarks(save(tmp_path / "a.npy", X)) == []


@pytest.mark.parametrize("filler", [np.nan, np.inf])
def test_a_filler_that_cannot_be_stored_fills_nothing(tmp_path, filler):
    """Integers are never NaN or infinite; floats may be infinite where there is nothing."""
    same(packed(tmp_path / "a.h5", STORED, _FillValue=filler), STORED, torch.float64)
    filled = np.where(X > 1.5, np.float32(filler), X)
    found = load_fields(packed(tmp_path / "b.h5", filled, _FillValue=filler), gaps=True)
    np.testing.assert_array_equal(found, np.where(X > 1.5, np.nan, X))


def test_packed_values_are_those_of_fits(tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    hdu = fits.PrimaryHDU(STORED)
    hdu.header.update(BSCALE=0.01, BZERO=273.15, BLANK=-999)
    hdu.writeto(tmp_path / "a.fits")
    path = packed(tmp_path / "a.h5", STORED, **CF, _FillValue=np.int16(-999))
    one, other = (load_fields(p, gaps=True) for p in (path, tmp_path / "a.fits"))
    np.testing.assert_allclose(one, other, rtol=2e-7)  # astropy makes float32 of 16 bits


def test_missing_values_without_a_scale(tmp_path):
    """Floats are compared in their own precision; unsigned integers may be stored as signed."""
    filled = np.where(X > 1.5, np.float32(1e20), X)
    found = load_fields(packed(tmp_path / "a.h5", filled, missing_value=[-9e9, 1e20]), gaps=True)
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found, np.where(X > 1.5, np.nan, X))
    whole = np.arange(65500, 65536, dtype="u2").reshape(1, 6, 6)
    path = packed(tmp_path / "b.nc", whole.view("i2"), _Unsigned="true", _FillValue=np.int16(-1))
    found = load_fields(path, gaps=True)
    np.testing.assert_array_equal(found, np.where(whole == 65535, np.nan, whole))
    same(packed(tmp_path / "c.h5", whole, _FillValue=np.uint16(7)), whole, torch.float64)
    path = packed(
        tmp_path / "d.nc", whole.view("i2"), _Unsigned="true", _FillValue=np.uint16(65535)
    )
    np.testing.assert_array_equal(load_fields(path, gaps=True), found)


@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "i4"])
def test_what_netcdf_left_unwritten_is_missing(tmp_path, kind):
    """By NC_FILL_* of its header netcdf.h; HDF5 of others has no such numbers."""
    filler = {"f": 9.969209968386869e36, "i2": -32767, "i4": -2147483647}
    stored = np.where(X > 1.5, filler.get(kind, filler["f"]), X.astype("f8")).astype(kind)
    path = packed(tmp_path / "a.nc", stored)
    assert not load_fields(path).isnan().any()
    with pytest.importorskip("h5py").File(path, "r+") as file:
        file.attrs["_NCProperties"] = "version=2,netcdf=4.9.2,hdf5=1.14.2"
    expected = np.where(X > 1.5, np.nan, stored)
    np.testing.assert_array_equal(load_fields(path, gaps=True), expected)


@pytest.mark.parametrize(
    "bounds",
    [{"valid_range": np.array([-100, 150], "i2")}, {"valid_min": -100, "valid_max": np.int16(150)}],
)
def test_what_is_beyond_the_valid_range_is_missing(tmp_path, bounds):
    """It is a range of stored numbers."""
    stored = np.where(X > 1.5, 151, np.clip(100 * X, -100, 150)).astype("i2")
    path = packed(tmp_path / "a.nc", stored, scale_factor=0.01, **bounds)
    expected = np.where(stored == 151, np.nan, stored / 100)
    np.testing.assert_allclose(load_fields(path, gaps=True), expected, rtol=1e-12)
    assert "T is NaN where what is stored is below -100 or above 150." in read_remarks(path)
    path = packed(tmp_path / "b.nc", stored, valid_max=150)
    assert read_remarks(path) == ["T is NaN where what is stored is above 150."]


def test_packing_that_cannot_be_undone_is_said(tmp_path):
    path = packed(tmp_path / "a.h5", STORED, scale_factor=[0.1, 0.2])
    with pytest.raises(InputError, match=r"a\.h5:T has an attribute scale_factor that is not one"):
        load_fields(path)
    for scale in (np.nan, 0.0):
        with pytest.raises(InputError, match="expected finite numbers, and a scale that is not 0"):
            load_fields(packed(tmp_path / "b.h5", STORED, scale_factor=scale))
    (tmp_path / "a.nc").write_bytes(b"CDF\x05" + bytes(100))
    with pytest.raises(ArrayFileError, match="is netCDF-3 with sizes of 64 bits: expected netC"):
        load_fields(tmp_path / "a.nc")
    (tmp_path / "a.cdf").write_bytes(b"\xcd\xf3\x00\x01" + bytes(100))
    with pytest.raises(ArrayFileError, match="is a CDF of space physics, which is not netCDF"):
        load_fields(tmp_path / "a.cdf")


def test_folders_are_read_in_order(tmp_path):
    for k in (2, 0, 1):
        save(tmp_path / f"{k}.npy", X[k])
    (tmp_path / "notes.txt").touch()
    same(tmp_path)
    save(tmp_path / "3.npy", X[:, :8, :8])
    with pytest.raises(InputError, match=r"3\.npy has fields of 8x8 pixels, .*0\.npy of 8x9"):
        load_fields(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no arrays"):
        load_fields(tmp_path / "empty")


@pytest.mark.parametrize("wide", range(3))
@pytest.mark.parametrize(
    "values",
    [1e40 * X.astype(float), 2.7 + 1e-8 * X.astype(float), np.arange(216).reshape(3, 8, 9) + 2**25],
)
def test_a_folder_has_the_widest_dtype_of_all_its_files(tmp_path, wide, values):
    """Single precision would make these numbers infinite, constant, or other integers."""
    parts = [X, X, X]
    parts[wide] = values
    for k, part in enumerate(parts):
        save(tmp_path / f"{k}.npy", part)
    same(tmp_path, np.concatenate(parts, dtype=float), torch.float64)


def test_names(tmp_path, monkeypatch):
    path = save(tmp_path / "a:b.npy", X)
    same(path)  # a file that has a colon in its name
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    save(tmp_path / "kappa.npy", X)
    same("kappa")
    assert split_name("kappa:x") == (tmp_path / "kappa.npy", "x")
    for name in ("missing.npy", "missing.npz:a"):
        with pytest.raises(InputError, match=f"There is no data '{name}'"):
            load_fields(name)
    with pytest.raises(InputError, match="one array: leave out :x"):
        load_fields("kappa:x")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (X.astype(bool), r"holds bool: expected real numbers; .*astype"),
        (X + 1j, r"holds complex64: .*\.real and \.imag"),
        (X[:0], r"shape \(0, 8, 9\)"),
        (X[:, :, :0], r"shape \(3, 8, 0\)"),
        (X[0, 0], r"shape \(9,\): expected \(n, h, w\)"),
        (np.stack([X, X], 1), r"shape \(3, 2, 8, 9\)"),
        (np.where(X > 2, np.nan, X), "of 216 values that are NaN or infinite"),
        (np.where(X > 2, np.inf, X), "of 216 values that are NaN or infinite"),
    ],
)
def test_what_is_no_field(tmp_path, array, words):
    with pytest.raises(InputError, match=words):
        load_fields(save(tmp_path / "a.npy", array))


def test_a_large_array_that_is_no_field_is_refused_by_its_whole_shape(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LARGE", 0)
    with pytest.raises(InputError, match=r"shape \(3, 2, 8, 9\)"):
        source.open_fields(save(tmp_path / "a.npy", np.stack([X, X], 1)))


@pytest.mark.parametrize("suffix", ["npz", "h5", "fits"])
def test_the_largest_array_is_the_example_of_a_choice(tmp_path, suffix):
    """Not the area of cells or the bounds of axes."""
    path, arrays = tmp_path / f"a.{suffix}", {"a": X[0], "b": X, "c": X[:, :2, 0]}
    if suffix == "npz":
        np.savez(path, **arrays)
    elif suffix == "h5":
        with pytest.importorskip("h5py").File(path, "w") as tree:
            tree.update(arrays)
    else:
        fits = pytest.importorskip("astropy.io.fits")
        fits.HDUList([fits.PrimaryHDU(), *map(fits.ImageHDU, arrays.values())]).writeto(path)
    named = "2" if suffix == "fits" else "b"
    with pytest.raises(InputError, match=rf"3 arrays: .*; choose one, as .*a\.{suffix}:{named}\."):
        load_fields(path)


def test_damaged_files(tmp_path):
    for name in ("a.npy", "a.npz", "a.h5", "a.fits"):
        (tmp_path / name).write_bytes(b"no such thing" * 100)
        with pytest.raises(ArrayFileError, match="damaged or truncated"):
            load_fields(tmp_path / name)
    path = save(tmp_path / "b.npy", X)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArrayFileError, match="damaged or truncated"):
        load_fields(path)
    np.save(path, np.array([{"a": 1}], dtype=object))
    words = "holds Python objects, which may run any program when they are read: expected numbers"
    with pytest.raises(ArrayFileError, match=words):
        load_fields(path)
    np.savez(tmp_path / "b.npz", a=np.array([[{"a": 1}]], dtype=object))
    with pytest.raises(ArrayFileError, match=words):
        load_fields(f"{tmp_path}/b.npz:a")
    (tmp_path / "c.csv").touch()
    with pytest.raises(ArrayFileError, match="of no kind that holds fields"):
        load_fields(tmp_path / "c.csv")


def test_bombs_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(array_files, "MAX_VALUES", 215)
    with pytest.raises(ArrayFileError, match="claims 216 numbers: expected at most 215"):
        load_fields(save(tmp_path / "a.npy", X))
    np.savez_compressed(tmp_path / "a.npz", fields=np.zeros((3, 8, 9), "f4"))
    monkeypatch.setattr(np.lib.npyio.NpzFile, "__getitem__", None)
    with pytest.raises(ArrayFileError, match="numbers: expected at most"):
        load_fields(tmp_path / "a.npz")
    assert zipfile.ZipFile(tmp_path / "a.npz").namelist() == ["fields.npy"]


@pytest.mark.parametrize("name", ["fields", "chain"])
def test_headers_in_an_npz_claim_no_more_than_is_stored(tmp_path, name):
    """Else numpy asks for the memory, and says that in its own words."""
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**5, 10**5)}
    np.savez(tmp_path / "a.npz", **({} if name == "fields" else {"fields": X}))
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "a") as archive,
        archive.open(f"{name}.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, header)
    read = load_fields if name == "fields" else load_chains
    with pytest.raises(ArrayFileError, match=rf"damaged .*{name} claims the shape \(1000000, 10"):
        read(tmp_path / "a.npz")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["npz", "h5", "fits.gz"])
def test_small_files_that_claim_much_are_refused(tmp_path, monkeypatch, kind):
    """An HDF5 file of a few kB may claim any number of zeros, which are nowhere stored."""
    path = tmp_path / f"a.{kind}"
    blank = np.zeros((64, 256, 256), "f4")
    if kind == "npz":
        np.savez_compressed(path, fields=blank)
    elif kind == "h5":
        with pytest.importorskip("h5py").File(path, "w") as tree:
            tree.create_dataset("fields", (64, 256, 256), "f4", chunks=(1, 256, 256))
    else:
        pytest.importorskip("astropy.io.fits").PrimaryHDU(blank).writeto(path)
    assert load_fields(path).shape == (64, 256, 256)
    monkeypatch.setattr(array_files, "FREE_BYTES", blank.nbytes - 1)
    with pytest.raises(ArrayFileError, match=r"claims 17 MB in a file of [\d,]+ bytes: expected"):
        load_fields(path)
    save(tmp_path / "a.npy", blank)
    assert load_fields(tmp_path / "a.npy").shape == (64, 256, 256)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.parametrize("suffix", array_files.SUFFIXES)
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path, suffix):
    os.mkfifo(tmp_path / f"data{suffix}")
    with pytest.raises(ArrayFileError, match=r"is a device or pipe; expected an array file: save"):
        load_fields(tmp_path / f"data{suffix}")


@pytest.mark.parametrize(("name", "package"), [("a.h5", "h5py"), ("a.fits", "astropy")])
def test_missing_packages(tmp_path, monkeypatch, name, package):
    (tmp_path / name).touch()
    original = builtins.__import__

    def without(module, *rest, **options):
        if module.split(".")[0] == package:
            raise ImportError(module)
        return original(module, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=rf"{package}: .*scorelet\[fields\]"):
        load_fields(tmp_path / name)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_a_mask_beside_the_only_array_is_not_left_out_in_silence(tmp_path, suffix):
    path, kappa, mask = tmp_path / f"maps{suffix}", np.ones((3, 8, 8), "f4"), np.eye(8) > 0
    if suffix == ".npz":
        np.savez(path, kappa=kappa, mask=mask)
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["kappa"], file["mask"] = kappa, mask
    remedies = "take all pixels as .*:kappa, write NaN .* as --mask .*:mask"
    with pytest.raises(InputError, match=f"the mask mask, which is not applied: {remedies}"):
        load_fields(path)
    assert load_fields(f"{path}:kappa").shape == (3, 8, 8)
