"""Axes of HDF5 and netCDF-4 files: what they are called says which of them are space."""

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.data.fields import source
from scorelet.data.fields.array_files import read_array
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.labels import read_remarks
from scorelet.data.fields.masked import as_mask

h5py = pytest.importorskip("h5py")

SIDES = {"time": 5, "lat": 8, "lon": 9}
X = np.random.default_rng(0).standard_normal((5, 8, 9)).astype("f4")


def written(path, array, names, limits=None, **attributes):
    """A data set with a dimension scale for each name that is not empty."""
    with h5py.File(path, "w") as tree:
        data = tree.create_dataset("rain", data=array, maxshape=limits, chunks=limits and True)
        for k, name in enumerate(names):
            if name:
                tree[name] = np.arange(array.shape[k])
                tree[name].make_scale(name)
                tree[name].attrs.update(attributes.get(name, {}))
                data.dims[k].attach_scale(tree[name])
    return path


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("place", [1, 2])
def test_samples_come_first_wherever_they_are_stored(tmp_path, monkeypatch, place, large):
    names = ["lat", "lon"]
    names.insert(place, "time")
    path = written(tmp_path / "a.nc", np.moveaxis(X, 0, place), names)
    monkeypatch.setattr(source, "LARGE", 0 if large else 1 << 28)
    found = source.open_fields(path)
    assert isinstance(found, source.FieldsOnDisk) == large
    assert found.shape == X.shape
    for rows in (range(1, 4), [0, 2, 4]):
        np.testing.assert_array_equal(found.read(rows), X[list(rows)])
    words = f"rain is stored as ({', '.join(names)}) and read as (time, lat, lon): fields are "
    assert read_remarks(path) == [f"{words}(lat, lon)."]


def test_rows_and_columns_stay_as_they_are_stored(tmp_path):
    """Masks and arrays that users compare have that order, too."""
    turned = X.transpose(0, 2, 1)
    path = written(tmp_path / "a.nc", turned, ["time", "lon", "lat"])
    np.testing.assert_array_equal(load_fields(path), turned)
    assert read_remarks(path) == []
    path = written(tmp_path / "b.nc", X.transpose(2, 1, 0), ["lon", "lat", "time"])
    np.testing.assert_array_equal(load_fields(path), turned)


@pytest.mark.parametrize(
    "names",
    [
        ("south_north", "west_east", "Time"),
        ("y", "x", "ocean_time"),
        ("", "", "sample"),
        ("rlat", "rlon", ""),
        ("lat", "lon", "lev"),
        ("a", "b", "c"),
    ],
)
def test_names_of_several_conventions(tmp_path, names):
    """What stands beside two axes of space is none of them; CF says it in attributes, too."""
    attributes = {
        "a": {"units": "degrees_north"},
        "b": {"standard_name": np.bytes_("projection_x_coordinate")},
        "c": {"units": "days since 2000-01-01"},
    }
    path = written(tmp_path / "a.h5", np.moveaxis(X, 0, -1), names, **attributes)
    np.testing.assert_array_equal(load_fields(path), X)


def test_labels_of_dimensions_are_names(tmp_path):
    path = written(tmp_path / "a.h5", np.moveaxis(X, 0, -1), [])
    with h5py.File(path, "r+") as tree:
        tree["rain"].dims[2].label = "realization"
    np.testing.assert_array_equal(load_fields(path), X)
    assert "(axis 1, axis 2, realization) and read as (realization, axis 1, axis 2)" in str(
        read_remarks(path)
    )


def test_an_axis_without_limit_is_that_of_samples(tmp_path):
    path = written(tmp_path / "a.h5", np.moveaxis(X, 0, -1), [], (8, 9, None))
    np.testing.assert_array_equal(load_fields(path), X)


@pytest.mark.parametrize(
    ("names", "limits"),
    [
        ([], None),
        ([], (None, None, None)),
        (["x", "y", "lat"], None),
        (["u", "v", "w"], None),
        (["time", "member", "x"], None),
        (["sample", "line", "feature"], None),
    ],
)
def test_axes_that_are_not_clear_stay(tmp_path, names, limits):
    path = written(tmp_path / "a.h5", X, names, limits)
    np.testing.assert_array_equal(load_fields(path), X)
    assert read_remarks(path) == []


@pytest.mark.parametrize(
    "names",
    [
        ("band", "line", "sample"),
        ("bands", "rows", "samples"),
        ("blue_bands", "number_of_scans", "ccd_pixels"),
        ("wavelength", "number_of_lines", "pixels_per_line"),
        ("line", "y", "x"),
        ("number", "row", "column"),
        ("sample", "lat", "level"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_lines_and_pixels_of_scanners_are_space(tmp_path, names, place):
    """Of scan lines samples are pixels; numbers of something are no samples."""
    order = list(np.insert([1, 2], place, 0))
    stored = [names[k] for k in order]
    path = written(tmp_path / "a.nc", X.transpose(order), stored)
    np.testing.assert_array_equal(load_fields(path), X)


@pytest.mark.parametrize(
    "names", [("y", "x", "channel"), ("lat", "lon", "rgb"), ("downtrack", "crosstrack", "colour")]
)
def test_a_channel_beside_two_axes_of_space_is_that_of_samples(tmp_path, names):
    path = written(tmp_path / "a.nc", np.moveaxis(X, 0, -1), names)
    np.testing.assert_array_equal(load_fields(path), X)
    assert "read as (" in read_remarks(path)[0]
    path = written(tmp_path / "b.nc", X, ["time", "lat", "channel"])
    np.testing.assert_array_equal(load_fields(path), X)


def test_more_axes_than_one_of_samples(tmp_path, monkeypatch):
    """Only one of length 1 is left out, as of arrays without names."""
    names = ["member", "lat", "lon", "time"]
    stored = np.moveaxis(X, 0, -1)
    np.testing.assert_array_equal(load_fields(written(tmp_path / "a.nc", stored[None], names)), X)
    path = written(tmp_path / "b.nc", np.stack([stored, stored]), names)
    stored = (
        r"\. rain is stored as \(member, lat, lon, time\) and read as \(member, time, lat, lon\)"
    )
    words = rf"shape \(2, 5, 8, 9\): expected \(n, h, w\).*{stored}"
    for read in (load_fields, source.open_fields):
        with pytest.raises(InputError, match=words):
            read(path)
        monkeypatch.setattr(source, "LARGE", 0)


def test_pictures_keep_their_colours_last(tmp_path):
    path = written(tmp_path / "a.h5", X[:, :, :, None], ["sample", "row", "column", "channel"])
    assert read_array(path, None).shape == (5, 8, 9, 1)


def test_masks_have_the_order_of_fields(tmp_path):
    path = written(tmp_path / "a.nc", (np.moveaxis(X, 0, -1) > 1) * 1, ["lat", "lon", "time"])
    assert torch.equal(as_mask(path), torch.from_numpy(X > 1))


@pytest.mark.slow
@pytest.mark.parametrize("dims", [("lat", "lon", "time"), ("time", "lat", "lon")])
def test_files_of_xarray(tmp_path, dims):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    stored = X.transpose([tuple(SIDES).index(name) for name in dims])
    xarray.Dataset({"rain": (dims, stored)}).to_netcdf(tmp_path / "t.nc", engine="h5netcdf")
    np.testing.assert_array_equal(load_fields(tmp_path / "t.nc"), X)
    data = xarray.DataArray(stored, dims=dims, coords={n: np.arange(s) for n, s in SIDES.items()})
    data.to_dataset(name="rain").to_netcdf(
        tmp_path / "u.nc", engine="h5netcdf", unlimited_dims=["time"]
    )
    np.testing.assert_array_equal(load_fields(tmp_path / "u.nc"), X)
