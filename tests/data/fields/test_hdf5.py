"""HDF5 files as simulations and archives write them: links, parts, what is beside the fields."""

import numpy as np
import pytest

from scorelet.core.errors import InputError
from scorelet.data.fields import array_files
from scorelet.data.fields.arrays import load_fields
from scorelet.data.fields.labels import Label, read_label

h5py = pytest.importorskip("h5py")

X = np.random.default_rng(0).standard_normal((3, 8, 9)).astype("f4")


@pytest.fixture
def linked(tmp_path):
    """A data set, all ways to name it, and links to nothing."""
    with h5py.File(tmp_path / "run7.h5", "w") as tree:
        tree["maps"], tree["back"] = X + 7, h5py.ExternalLink("a.h5", "/")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as tree:
        tree["run1/maps"] = X
        tree["again"], tree["latest"] = tree["run1/maps"], h5py.SoftLink("/run1/maps")
        tree["last"], tree["run1/up"] = h5py.SoftLink("run1"), h5py.SoftLink("/")
        tree["other"] = h5py.ExternalLink("run7.h5", "/maps")
        tree["whole"] = h5py.ExternalLink("run7.h5", "/")
        tree["gone"], tree["away"] = h5py.SoftLink("/run2"), h5py.ExternalLink("run8.h5", "/maps")
        tree["one"], tree["two"] = h5py.SoftLink("/two"), h5py.SoftLink("/one")
    return path


@pytest.mark.parametrize("name", ["latest", "last/maps", "run1/up/run1/maps", "whole/back/latest"])
def test_links_lead_to_their_arrays(linked, name):
    np.testing.assert_array_equal(load_fields(f"{linked}:{name}"), X)
    assert read_label(f"{linked}:{name}") == Label(name.rpartition("/")[2])


@pytest.mark.parametrize("name", ["other", "whole/maps"])
def test_links_to_other_files_lead_there(linked, monkeypatch, name):
    """What may be claimed goes by the file that holds the array."""
    np.testing.assert_array_equal(load_fields(f"{linked}:{name}"), X + 7)
    monkeypatch.setattr(array_files, "FREE_BYTES", 0)
    monkeypatch.setattr(array_files, "MAX_RATIO", X.nbytes / (linked.stat().st_size - 1))
    assert load_fields(f"{linked}:run1/maps").shape == X.shape
    with pytest.raises(array_files.ArrayFileError, match=r"run7\.h5 claims"):
        load_fields(f"{linked}:{name}")


def test_an_array_of_several_names_is_one(linked):
    """Circles of links end."""
    with pytest.raises(InputError, match=r"holds 2 arrays: again, other; choose one"):
        load_fields(linked)
    with h5py.File(linked, "r+") as tree:
        del tree["other"], tree["whole"]
    np.testing.assert_array_equal(load_fields(linked), X)


def test_an_array_that_only_a_link_names_is_found(tmp_path, linked):
    with h5py.File(tmp_path / "b.h5", "w") as tree:
        tree["run"] = h5py.ExternalLink("a.h5", "/run1/maps")
    np.testing.assert_array_equal(load_fields(tmp_path / "b.h5"), X)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("gone", "/run2"),
        ("gone/maps", "/run2"),
        ("away", r"/maps of run8\.h5"),
        ("one", "/two"),
    ],
)
def test_links_to_nothing_are_said(linked, name, target):
    link = name.partition("/")[0]
    words = rf"a\.h5:{link} is a link to {target}, where nothing can be opened: expected an array"
    with pytest.raises(InputError, match=words):
        load_fields(f"{linked}:{name}")
    with h5py.File(linked, "r+") as tree:
        for other in set(tree) - {link}:
            del tree[other]
    with pytest.raises(InputError, match=words if link != "one" else "where nothing can be"):
        load_fields(linked)


@pytest.mark.parametrize("group", ["", "model/"])
def test_coordinates_and_bounds_are_no_fields(tmp_path, group):
    """Files of climate models have bounds of every axis; they are read where they are named."""
    path, sides = tmp_path / "a.nc", np.ones((8, 2))
    with h5py.File(path, "w") as tree:
        tree[f"{group}tas"], tree[f"{group}lat"] = X, np.arange(8)
        tree[f"{group}lat_bnds"], tree[f"{group}nav_lon"] = sides, X[0]
        tree[f"{group}lat"].attrs["bounds"] = np.bytes_("lat_bnds")
        tree[f"{group}tas"].attrs["coordinates"] = "time nav_lon"
    np.testing.assert_array_equal(load_fields(path), X)
    np.testing.assert_array_equal(load_fields(f"{path}:{group}lat_bnds"), sides[None])


@pytest.fixture
def virtual(tmp_path):
    """Fields of three files, joined by a fourth one that holds none."""
    layout = h5py.VirtualLayout((3, 8, 9), "f4")
    for k, field in enumerate(X):
        with h5py.File(tmp_path / f"part{k}.h5", "w") as tree:
            tree["x"] = field
        layout[k] = h5py.VirtualSource(f"part{k}.h5", "x", (8, 9))
    with h5py.File(tmp_path / "all.h5", "w") as tree:
        tree.create_virtual_dataset("maps", layout)
    return tmp_path / "all.h5"


def test_virtual_arrays_are_as_large_as_their_parts(virtual, monkeypatch):
    np.testing.assert_array_equal(load_fields(virtual), X)
    sizes = [path.stat().st_size for path in virtual.parent.iterdir()]
    monkeypatch.setattr(array_files, "FREE_BYTES", 0)
    monkeypatch.setattr(array_files, "MAX_RATIO", X.nbytes / sum(sizes))
    np.testing.assert_array_equal(load_fields(virtual), X)


def test_a_part_that_is_not_there_is_not_read_as_zeros(virtual):
    (virtual.parent / "part1.h5").unlink()
    words = r"all\.h5:maps joins arrays of 3 other files, of which part1\.h5 is not there: bring"
    with pytest.raises(InputError, match=words):
        load_fields(virtual)
