"""netCDF-3 files say what netCDF-4 files say: axes, scales, fillers, coordinates."""

import gc
import sys

import numpy as np
import pytest
import torch
from scipy.io import netcdf_file

from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data.fields import source
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.labels import Label, read_label, read_remarks
from scorelet.data.fields.netcdf3 import NetCDF3

X = np.random.default_rng(0).standard_normal((5, 8, 9)).astype("f4")
SIDES = {"lat": 8, "lon": 9, "time": 5}


def written(path, array, names=("time", "lat", "lon"), limit=None, version=1, **attributes):
    """An array with a coordinate for each axis, and bounds of one of them."""
    with netcdf_file(path, "w", version=version) as file:
        for name in (*names, "sides"):
            size = {**SIDES, "sides": 2}[name]
            file.createDimension(name, None if name == limit else size)
            file.createVariable(name, "f8", (name,))[:] = np.arange(size)
        file.createVariable("lat_bnds", "f8", ("lat", "sides"))[:] = np.ones((8, 2))
        file.variables["lat"].bounds = "lat_bnds"
        data = file.createVariable("rain", array.dtype.str[1:], names)
        data[:] = array
        for key, value in attributes.items():
            setattr(data, key, value)
    return path


@pytest.mark.parametrize("limit", [None, "time"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("large", [False, True])
def test_fields_come_as_they_were(tmp_path, monkeypatch, limit, version, large):
    monkeypatch.setattr(source, "LARGE", 0 if large else 1 << 28)
    path = written(tmp_path / "a.nc", X, limit=limit, version=version, units="mm")
    found = source.open_fields(path)
    assert isinstance(found, source.FieldsOnDisk) == large
    assert found.dtype == torch.float32
    for rows in (range(5), [0, 2]):
        np.testing.assert_array_equal(found.read(rows), X[list(rows)])
    assert read_label(path) == Label("rain", "mm")
    assert read_remarks(path) == []


def test_samples_come_first(tmp_path):
    path = written(tmp_path / "a.nc", np.moveaxis(X, 0, -1), ("lat", "lon", "time"))
    np.testing.assert_array_equal(load_fields(path), X)
    words = "rain is stored as (lat, lon, time) and read as (time, lat, lon)"
    assert words in read_remarks(path)[0]


def test_packed_numbers_and_fillers(tmp_path):
    """Where no filler is named it is that of the library."""
    stored = np.where(X > 1.5, -999, 100 * X).astype("i2")
    named = {"scale_factor": np.float32(0.5), "add_offset": 2.0, "_FillValue": np.int16(-999)}
    expected = np.where(X > 1.5, np.nan, stored / 2 + 2)
    path = written(tmp_path / "a.nc", stored, **named)
    np.testing.assert_array_equal(load_fields(path, gaps=True), expected)
    unnamed = np.where(X > 1.5, np.float32(9.969209968386869e36), X)
    path = written(tmp_path / "b.nc", unnamed)
    np.testing.assert_array_equal(load_fields(path, gaps=True), np.where(X > 1.5, np.nan, X))


def test_a_name_chooses(tmp_path):
    path = written(tmp_path / "a.nc", X)
    np.testing.assert_array_equal(load_fields(f"{path}:lat_bnds"), np.ones((1, 8, 2)))
    with pytest.raises(InputError, match="no array 'snow': choose from rain"):
        load_fields(f"{path}:snow")


def test_a_truncated_file_is_refused(tmp_path):
    for limit in (None, "time"):
        path = written(tmp_path / "a.nc", X, limit=limit)
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(ArrayFileError, match="damaged or truncated"):
            load_fields(path)


@pytest.mark.parametrize("suffix", [".nc4", ".he5", ".h5nc", ".cdf", ".nc"])
def test_names_of_archives_are_read_by_content(tmp_path, suffix):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / f"a{suffix}", "w") as tree:
        tree["rain"] = X
    np.testing.assert_array_equal(load_fields(tmp_path / f"a{suffix}"), X)
    np.testing.assert_array_equal(load_fields(written(tmp_path / f"b{suffix}", X)), X)


def test_a_file_whose_numbers_are_still_held_is_let_go_without_a_word(tmp_path, monkeypatch):
    """As where an error holds them, which ends a look at a file before it is closed."""
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    file = NetCDF3(written(tmp_path / "a.nc", X))
    numbers = file.opened.variables["rain"].data
    with file:
        pass
    left_open = NetCDF3(tmp_path / "a.nc")
    held = left_open.opened.variables["rain"].data
    del left_open
    gc.collect()
    for array in (numbers, held):
        assert np.array_equal(array, X)
    assert unraisable == []
