"""Pictures that stay in their files: the same samples, read when shown, broken ones passed."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from classifiers import colour_classifier
from samples import write_png
from scorelet.core.errors import InputError
from scorelet.data import from_unit, read_picture
from scorelet.data.labelled import LabelledSamples, load_labelled, picture_files
from scorelet.data.labelled.picture_files import PictureFiles
from scorelet.tasks.classify_input import prepared

BROKEN = b"\x89PNG\r\n\x1a\nx"


@pytest.fixture
def folder(tmp_path):
    """Two classes of six pictures of several sizes."""
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        for i in range(6):
            pixels = rng.integers(0, 256, (9 + i, 12, 3), dtype=np.uint8)
            write_png(tmp_path / name / f"{i}.png", pixels)
    return tmp_path


def fit(pixels):
    """The upper left corner."""
    return pixels[:8, :8]


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(picture_files, "available_memory", lambda: 0)


@pytest.fixture
def reads(monkeypatch):
    """Paths of pictures, as they are read."""
    seen, read = [], picture_files.read_picture
    monkeypatch.setattr(picture_files, "read_picture", lambda p: seen.append(p) or read(p))
    return seen


def broken(folder, *names):
    for name in names:
        (folder / name).write_bytes(BROKEN)


def test_a_set_that_memory_cannot_hold_is_the_same_set(folder, monkeypatch):
    inside = load_labelled(folder, fit=fit)
    monkeypatch.setattr(picture_files, "available_memory", lambda: 2 * inside.x.nbytes - 1)
    outside = load_labelled(folder, fit=fit)
    assert isinstance(inside.x, np.ndarray)
    assert isinstance(outside.x, PictureFiles)
    assert outside.x.shape == inside.x.shape
    for a, b in ((outside, inside), (outside.hold_out(5)[1], inside.hold_out(5)[1])):
        assert np.array_equal(np.asarray(a.x), b.x)
        assert np.array_equal(a.y, b.y)
        assert torch.equal(a.images(2, 5), b.images(2, 5))


def test_what_is_transparent_is_learnt_from_as_it_is_classified(tmp_path):
    """Transparent black is white, in files and in memory, whole or in parts."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[2:6, 2:6] = 200, 0, 0, 255
    pixels[0, 0] = 200, 0, 0, 51  # a fifth
    for name in ("cut", "other"):
        write_png(tmp_path / name / "0.png", pixels)
    seen = load_labelled(tmp_path).x[0]
    assert seen[0, 0].tolist() == [244, 204, 204]
    assert seen[7, 7].tolist() == [255, 255, 255]
    assert seen[3, 3].tolist() == [200, 0, 0]
    outside = load_labelled(tmp_path, originals=True).x
    assert np.array_equal(outside.original(0), seen)
    used, _ = prepared(read_picture(tmp_path / "cut/0.png"), colour_classifier())
    assert np.array_equal(from_unit(used[0].permute(1, 2, 0).numpy(), "uint8"), seen)


@pytest.mark.slow
def test_samples_are_the_same_and_processes_do_not_matter(folder, monkeypatch):
    words = {"length": 30, "seed": 3, "padding": 2, "flip": True}
    inside = LabelledSamples(load_labelled(folder, fit=fit), **words)
    monkeypatch.setattr(picture_files, "available_memory", lambda: 0)
    outside = LabelledSamples(load_labelled(folder, fit=fit), **words)
    for workers in (0, 1):
        loader = DataLoader(outside, batch_size=None, num_workers=workers)
        for k, sample in enumerate(loader):
            assert torch.equal(sample["x"], inside[k]["x"])
            assert sample["label"] == inside[k]["label"]


def test_only_what_is_shown_is_read(folder, no_room, reads):
    """One picture tells the size; the set itself reads nothing."""
    samples = LabelledSamples(load_labelled(folder, fit=fit).first(8), length=100, seed=0)
    assert len(reads) == 1
    shown = [samples.images.x.path(samples.place(k)) for k in (90, 3, 4)]
    for k in (90, 3, 4):
        samples[k]
    assert reads[1:] == shown


@pytest.mark.slow
def test_random_parts_are_those_of_the_pictures_as_they_are(tmp_path):
    """Squares of two pixels: gone from the picture of a quarter of its sides, but to be seen in
    parts of it that are hardly larger than that.
    """
    board = ((np.indices((32, 32)) // 2).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    for name in ("cat", "dog"):
        write_png(tmp_path / name / "0.png", board)

    def means(pixels):
        return pixels.reshape(8, 4, 8, 4, 3).mean((1, 3)).astype(np.uint8)

    images = load_labelled(tmp_path, fit=means, originals=True)
    assert np.ptp(images.x[0]) == 0
    samples = LabelledSamples(images, length=50, seed=0, area=1 / 16)
    spread = np.array([float(samples[k]["x"].std()) for k in range(50)])
    assert {samples[k]["x"].shape for k in range(50)} == {(3, 8, 8)}
    assert spread.max() > 0.3
    assert torch.equal(samples[7]["x"], samples[7]["x"])


def test_the_next_picture_takes_the_place_of_a_broken_one(folder, no_room):
    images = load_labelled(folder, fit=fit)
    samples, order = LabelledSamples(images, length=24, seed=0), list(range(12))
    bad = samples.place(5)
    images.x.path(bad).write_bytes(BROKEN)
    after = (bad + 1) % 12
    with pytest.warns(UserWarning, match=f"{images.x.path(bad)} .*next picture takes its place"):
        sample = samples[5]
    assert torch.equal(sample["x"], images.images(after, after + 1)[0])
    assert sample["label"] == images.y[after]
    again = order.index(next(k for k in range(12) if samples.place(12 + k) == bad))
    assert torch.equal(samples[12 + again]["x"], sample["x"])  # said once, passed always


def test_what_is_measured_is_read_before_and_broken_pictures_are_counted(folder, no_room):
    broken(folder, "cat/1.png", "dog/4.png", "dog/5.png")
    images = load_labelled(folder, fit=fit)
    assert len(images) == 12
    found = images.readable()
    assert isinstance(found.x, PictureFiles)
    assert np.bincount(found.y).tolist() == [5, 4]
    assert found.notes[0].startswith("3 of 12 pictures were left out (")
    expected = load_labelled(folder, fit=fit).readable()
    assert np.array_equal(np.asarray(found.x), np.asarray(expected.x))


def test_what_cannot_go_on_is_one_sentence(folder, no_room):
    images = load_labelled(folder)
    with pytest.raises(InputError, match=r"is \d+x12 and .*cat/0.png 9x12: give a size"):
        images.readable()
    broken(folder, *(f"dog/{i}.png" for i in range(6)))
    with pytest.raises(InputError, match=r"^The class dog has no picture .* \(6 tried\)"):
        load_labelled(folder, fit=fit).readable()
    broken(folder, *(f"cat/{i}.png" for i in range(6)))
    said = pytest.warns(UserWarning, match="The next picture")
    with said, pytest.raises(InputError, match="12 pictures one after the other"):
        LabelledSamples(images, length=1, seed=0)[0]
    with pytest.raises(InputError, match=r"^The class cat has no picture .* \(6 tried\)"):
        load_labelled(folder, fit=fit)


@pytest.mark.parametrize("count", range(1, 9))
def test_the_same_pictures_are_held_out_whether_all_were_read_or_none(folder, monkeypatch, count):
    """Broken ones, wherever they stand, neither count nor move the others."""
    broken(folder, "cat/1.png", "dog/4.png", "dog/5.png")
    memory = load_labelled(folder, fit=fit)
    assert isinstance(memory.x, np.ndarray)
    originals = load_labelled(folder, fit=fit, originals=True)
    monkeypatch.setattr(picture_files, "available_memory", lambda: 0)
    expected, kept = memory.hold_out(count)[1], memory.hold_out(count)[0]
    for whole in (originals, load_labelled(folder, fit=fit)):
        rest, last = whole.hold_out(count)
        assert np.array_equal(np.asarray(last.x), expected.x)
        assert np.array_equal(last.y, expected.y)
        good = [k for k in range(len(rest)) if rest.x.path(k).read_bytes() != BROKEN]
        assert np.array_equal([rest.x[k] for k in good], kept.x)
        said = sum(note.split()[0] != "in" for note in last.notes)
        assert said == (len(rest) + count < 12)


@pytest.mark.parametrize(("count", "total"), [(10, 9), (11, 9), (12, 12)])
def test_no_more_can_be_held_out_than_can_be_read(folder, no_room, count, total):
    broken(folder, "cat/1.png", "dog/4.png", "dog/5.png")
    words = f"^{count} of {total} pictures cannot be held out: choose 1 to {total - 1}"
    with pytest.raises(InputError, match=words):
        load_labelled(folder, fit=fit).hold_out(count)
