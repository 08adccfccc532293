"""Labelled sets from npz files and folders of classes, whole or with something broken in them."""

import os

import numpy as np
import pytest

from samples import write_png
from scorelet.core.errors import ArrayFileError, InputError
from scorelet.data.labelled import load_labelled


def arrays(count=4, side=5, channels=3):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, side, side, channels), dtype=np.uint8)
    return x, np.arange(count) % 2


def write_npz(path, **changes):
    x, y = arrays()
    np.savez(path, **{"x_train": x, "y_train": y, "x_test": x[:2], "y_test": y[:2]} | changes)
    return path


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int32])
def test_an_npz_file_gives_what_it_holds(tmp_path, dtype):
    x, y = arrays()
    path = write_npz(
        tmp_path / "set.npz", y_train=y.astype(dtype), classes=np.array(["cat", "dog"])
    )
    train, test = load_labelled(path), load_labelled(path, part="test")
    assert np.array_equal(train.x, x)
    assert np.array_equal(train.y, y)
    assert train.y.dtype == np.int64
    assert train.classes == test.classes == ("cat", "dog")
    assert len(test) == 2


def test_names_of_classes_are_numbers_without_better_ones_and_gray_pictures_get_a_channel(tmp_path):
    x, _ = arrays()
    found = load_labelled(write_npz(tmp_path / "set.npz", x_train=x[..., 0]))
    assert found.classes == ("0", "1")
    assert np.array_equal(found.x, x[..., :1])


def test_channels_are_last_or_first(tmp_path):
    x, _ = arrays()
    found = load_labelled(write_npz(tmp_path / "set.npz", x_train=np.moveaxis(x, 3, 1)))
    assert np.array_equal(found.x, x)
    path = write_npz(tmp_path / "odd.npz", x_train=np.zeros((4, 3, 8, 3), np.uint8))
    with pytest.raises(
        InputError, match=r"odd\.npz, part train: The array has the shape \(4, 3, 8"
    ):
        load_labelled(path)


def test_a_set_is_found_by_its_name(tmp_path, monkeypatch):
    write_npz(tmp_path / "tiny.npz")
    monkeypatch.setenv("SCORELET_DATA", str(tmp_path))
    assert len(load_labelled("tiny")) == 4


NPZ = {
    "float labels": ({"y_train": np.zeros(4)}, "part train: The labels are float64"),
    "out of range": (
        {"y_train": np.array([0, 1, 2, 1]), "classes": np.array(["a", "b"])},
        "part train: A label is 2, and there are 2 classes",
    ),
    "labels from 1 on": (
        {"y_train": np.array([1, 2, 3, 1])},
        "part train: Labels are 1 to 3, so class 0 has no picture: number the classes from 0 on",
    ),
    "labels that are no numbers of classes": (
        {"y_train": np.array([0, 1, 10**7, 1])},
        "part train: A label is 10000000, and there are 4 pictures: number the classes from 0 on",
    ),
    "one class": (
        {"y_train": np.zeros(4, int)},
        "part train: The classes are 0: expected at least",
    ),
    "too few labels": ({"y_train": np.array([0, 1])}, "(2,) for 4 pictures"),
}


@pytest.mark.parametrize("fault", NPZ)
def test_arrays_that_do_not_fit_are_one_sentence_with_the_file(tmp_path, fault):
    changes, message = NPZ[fault]
    path = write_npz(tmp_path / "set.npz", **changes)
    with pytest.raises(InputError) as caught:
        load_labelled(path)
    assert str(caught.value).startswith(f"{path}, ")
    assert message in str(caught.value)


def test_a_file_without_the_arrays_or_without_sense_is_one_sentence(tmp_path):
    np.savez(tmp_path / "other.npz", fields=np.zeros(3))
    with pytest.raises(ArrayFileError, match=r"has no array x_train: it holds fields; name them"):
        load_labelled(tmp_path / "other.npz")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ArrayFileError, match=r"bad.npz cannot be read as an npz file: "):
        load_labelled(tmp_path / "bad.npz")
    np.savez(tmp_path / "pickle.npz", x_train=np.array([{}], object), y_train=np.zeros(1, int))
    with pytest.raises(ArrayFileError, match="cannot be read as an npz file"):
        load_labelled(tmp_path / "pickle.npz")
    (tmp_path / "set.csv").write_text("a,b")
    with pytest.raises(
        InputError, match=r"is no set of labelled pictures: give an \.npz file, or a folder"
    ):
        load_labelled(tmp_path / "set.csv")


def test_few_pictures_may_be_of_many_classes(tmp_path):
    found = load_labelled(write_npz(tmp_path / "set.npz", y_train=np.array([0, 999, 5, 1])))
    assert found.classes == tuple(str(k) for k in range(1000))


@pytest.mark.slow
def test_any_damaged_byte_is_one_sentence_or_does_not_matter(tmp_path):
    x, y = arrays(6)
    whole, damaged = tmp_path / "whole.npz", tmp_path / "damaged.npz"
    np.savez_compressed(whole, x_train=x, y_train=y)
    content = whole.read_bytes()
    said = []
    for place in range(0, len(content), 3):
        for flip in (0x01, 0xFF):
            damaged.write_bytes(
                content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :]
            )
            try:
                load_labelled(damaged)
            except (ArrayFileError, InputError) as error:
                said.append(str(error))
    assert len(said) > len(content) / 3
    assert all("damaged.npz" in text and "\n" not in text for text in said)


def test_names_of_classes_may_be_bytes(tmp_path):
    """As sets from other programs hold them."""
    x, y = np.zeros((2, 4, 4, 3), np.uint8), np.arange(2)
    names = np.array([b"cat", "hundé".encode()])
    np.savez(tmp_path / "set.npz", x_train=x, y_train=y, classes=names)
    assert load_labelled(tmp_path / "set.npz").classes == ("cat", "hundé")


def write_folders(root, *, count=3, side=5, channels=3, classes=("cat", "dog")):
    written = {}
    for k, name in enumerate(classes):
        pictures, _ = arrays(count, side, channels)
        for i, pixels in enumerate(pictures + np.uint8(k)):
            write_png(root / name / f"{i}.png", pixels)
            written[name, i] = pixels
    return written


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    written = write_folders(tmp_path, classes=("dog", "cat"))
    (tmp_path / ".cache").mkdir()
    found = load_labelled(tmp_path)
    assert found.classes == ("cat", "dog")
    assert found.y.tolist() == [0, 1, 0, 1, 0, 1]  # mixed
    for k, name in enumerate(found.classes):
        expected = {written[name, i].tobytes() for i in range(3)}
        assert {pixels.tobytes() for pixels in found.x[found.y == k]} == expected
    assert found.notes == ()
    again = load_labelled(tmp_path)
    assert np.array_equal(again.x, found.x)


def test_the_first_and_the_last_pictures_of_folders_are_of_all_classes(tmp_path):
    for name, count in (("cat", 12), ("dog", 6), ("emu", 3)):
        write_folders(tmp_path, classes=(name,), count=count)
    found = load_labelled(tmp_path)
    kept, held = found.hold_out(7)
    assert np.bincount(held.y).tolist() == [4, 2, 1]
    assert np.bincount(kept.y).tolist() == [8, 4, 2]
    assert np.bincount(found.first(14).y).tolist() == [8, 4, 2]


def test_a_file_that_is_sorted_by_class_is_mixed_and_another_keeps_its_order(tmp_path):
    x, _ = arrays(8)
    for name, y in (("sorted", [0] * 4 + [1] * 4), ("mixed", [0, 1, 1, 0, 0, 0, 1, 1])):
        write_npz(tmp_path / f"{name}.npz", x_train=x, y_train=np.array(y))
    _, held = load_labelled(tmp_path / "sorted.npz").hold_out(4)
    assert sorted(held.y) == [0, 0, 1, 1]
    for pixels, label in zip(held.x, held.y, strict=True):
        (place,) = (k for k in range(8) if np.array_equal(x[k], pixels))
        assert label == place // 4  # pictures and labels move together
    assert np.array_equal(load_labelled(tmp_path / "mixed.npz").x, x)


def test_folders_may_lie_in_folders_train_and_test(tmp_path):
    write_folders(tmp_path / "train", count=3)
    write_folders(tmp_path / "test", count=2)
    assert len(load_labelled(tmp_path)) == 6
    assert len(load_labelled(tmp_path, part="test")) == 4


def test_gray_pictures_among_coloured_ones_are_repeated(tmp_path):
    gray = write_folders(tmp_path, channels=1)
    found = load_labelled(tmp_path)
    assert found.channels == 3
    assert np.array_equal(found.x[0], np.repeat(gray["cat", 0], 3, axis=2))
    assert load_labelled(tmp_path, channels=1).channels == 1


def test_broken_pictures_are_named_counted_and_left_out(tmp_path):
    write_folders(tmp_path)
    for name in ("broken.png", "empty.png"):
        (tmp_path / "cat" / name).write_bytes(b"" if name == "empty.png" else b"\x89PNG\r\n\x1a\nx")
    (tmp_path / "dog" / "notes.txt").write_text("hello")
    found = load_labelled(tmp_path)
    assert len(found) == 6
    assert found.notes[0].startswith(
        f"2 of 8 pictures were left out (cat/broken.png, cat/empty.png): {tmp_path}/cat/broken.png "
    )
    foreign = f"in {tmp_path}, 1 file is of no kind that is read: 1 .txt (notes.txt)"
    assert found.notes[1].startswith(foreign)
    assert all(note.endswith(".") and "\n" not in note for note in found.notes)


def test_pictures_beside_the_folders_of_classes_are_counted_and_left_out(tmp_path):
    write_folders(tmp_path)
    for k in range(2):
        write_png(tmp_path / f"{k}.png", np.zeros((5, 5, 3), np.uint8))
    (tmp_path / "classes.txt").write_text("cat, dog")
    found = load_labelled(tmp_path)
    assert len(found) == 6
    assert found.notes == (
        f"in {tmp_path}, 2 pictures beside the folders of classes are left out (0.png, 1.png).",
    )


def test_pictures_of_several_sizes_need_one_that_all_are_brought_to(tmp_path):
    write_folders(tmp_path, side=5)
    write_png(tmp_path / "dog" / "large.png", np.zeros((7, 6, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"large.png is 7x6 and .*0.png 5x5: give a size"):
        load_labelled(tmp_path)
    found = load_labelled(tmp_path, fit=lambda pixels: pixels[:4, :3])
    assert found.size == (4, 3)


def test_folders_without_classes_or_pictures_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"holds no folders; expected a folder for each of two"):
        load_labelled(tmp_path)
    write_folders(tmp_path, classes=("cat",))
    with pytest.raises(InputError, match=r"holds one folder, cat; expected a folder for each of"):
        load_labelled(tmp_path)
    (tmp_path / "dog").mkdir()
    with pytest.raises(
        InputError, match=r"^The class dog has no picture that can be read \(0 tried"
    ):
        load_labelled(tmp_path)
    (tmp_path / "dog" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nx")
    with pytest.raises(
        InputError, match=r"^The class dog has no picture that can be read \(1 tried"
    ):
        load_labelled(tmp_path)


@pytest.mark.parametrize(
    ("name", "part", "got"),
    [("train", "train", "holds no folders"), ("train", "test", "is no folder")],
)
def test_a_class_that_has_the_name_of_a_part_is_one_sentence(tmp_path, name, part, got):
    write_folders(tmp_path, classes=("bus", name))
    with pytest.raises(InputError) as caught:
        load_labelled(tmp_path, part=part)
    assert str(caught.value) == (
        f"{tmp_path} has a folder {name}, the name of a part of a set, and {tmp_path / part} "
        f"{got}: name the parts train and test, each with a folder for every class, and no class "
        "so."
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(ArrayFileError, match="is a device or pipe; expected an npz file: save it"):
        load_labelled(tmp_path / "a.npz")
