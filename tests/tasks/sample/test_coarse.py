"""Coarse pictures that samples continue: kept as they are, however they are given."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.data import Picture, write_picture
from small_cascades import blind, gaussian


@pytest.mark.parametrize("factor", [2, 4])
def test_block_means_of_samples_are_the_coarse_picture(factor):
    """At every factor of the cascade, for networks that nothing was learnt by."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(size=(6, 10)).astype(np.float32)
    size = (6 * factor, 10 * factor)
    found = sl.sample(blind(), n=3, coarse=coarse, size=size, steps=3).images
    means = found[:, 0].reshape(3, 6, factor, 10, factor).mean((2, 4))
    assert np.abs(means - coarse).max() < 1e-5
    assert np.abs(found[0] - found[1]).max() > 1e-3  # the rest is drawn


def test_arrays_in_files_are_continued_as_those_in_memory(tmp_path):
    coarse = np.random.default_rng(0).uniform(size=(4, 6)).astype(np.float32)
    np.save(tmp_path / "c.npy", coarse)
    np.savez(tmp_path / "c.npz", low=coarse, other=coarse + 3)
    expected = sl.sample(blind(), n=1, coarse=coarse, steps=2).images
    for path in (tmp_path / "c.npy", f"{tmp_path / 'c.npz'}:low", torch.tensor(coarse)[None, None]):
        assert np.array_equal(sl.sample(blind(), n=1, coarse=path, steps=2).images, expected)


def test_a_sample_is_continued_as_it_is_written(tmp_path):
    """And so is one of three or four pixels a side, whose channels could be taken for rows."""
    small = sl.sample(blind(size=(8, 16)), n=1, steps=2)
    for shown in (small.images, small.images[0], small.images[..., :4]):
        np.save(tmp_path / "x.npy", shown)
        height, width = shown.shape[-2:]
        plain = shown.reshape(height, width)
        found = sl.sample(blind(), n=1, coarse=tmp_path / "x.npy", size=(16, 2 * width), steps=2)
        same = sl.sample(blind(), n=1, coarse=plain, size=(16, 2 * width), steps=2)
        assert np.array_equal(found.images, same.images)
    colours = np.random.default_rng(0).random((3, 4, 4))
    last, first = (
        sl.sample(blind(), n=1, coarse=c, steps=2).images
        for c in (np.moveaxis(colours, 0, 2), colours)
    )
    assert np.array_equal(last, first)


def test_numbers_of_a_field_are_what_they_are():
    """Whole ones, too, which are levels of gray for a model of pictures."""
    model, field = gaussian(), np.arange(16).reshape(4, 4)
    expected = sl.sample(model, n=1, coarse=field.astype(np.float32), steps=2).images
    for whole in (field, field.astype(np.uint8), torch.tensor(field), field.tolist()):
        assert np.array_equal(sl.sample(model, n=1, coarse=whole, steps=2).images, expected)
    model.record["range"] = [0, 1]
    gray = (
        sl.sample(model, n=1, coarse=coarse, steps=2).images
        for coarse in (field.astype(np.uint8), (field / 255).astype(np.float32))
    )
    assert np.allclose(*gray, atol=1e-6)


def test_coarse_pictures_go_on_by_the_largest_factor_and_colour_becomes_gray(tmp_path):
    gray = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    write_picture(tmp_path / "small.png", Picture(np.repeat(gray[..., None], 3, 2), None))
    path = tmp_path / "small.png"
    from_file = sl.sample(blind(), n=1, coarse=path, steps=2)
    from_tensor = sl.sample(blind(), n=1, coarse=torch.from_numpy(gray), steps=2)
    assert from_file.images.shape == (1, 1, 16, 24)
    assert not any("gray" in text for text in from_file.document["warnings"])
    colours = np.repeat(gray[..., None], 3, 2) + np.array([0, 0, 9], np.uint8)
    said = sl.sample(blind(), n=1, coarse=colours, steps=2).document["warnings"]
    assert [text for text in said if "gray" in text] == [
        "the coarse picture has colours, and the model draws gray pictures: it was made gray"
    ]
    assert np.abs(from_file.images - from_tensor.images).max() < 1e-6
    clear = np.full((4, 6), 255, np.uint8)
    for least, expected in ((255, False), (0, True)):
        clear[0, 0] = least
        write_picture(tmp_path / "clear.png", Picture(gray[..., None], clear))
        document = sl.sample(blind(), n=1, coarse=tmp_path / "clear.png", steps=2).document
        assert any("transparent parts" in text for text in document["warnings"]) == expected
    assert from_file.document["coarse"] == str(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="is what it would be made from"):
        from_file.save(path, overwrite=True)
    assert path.read_bytes() == before


def test_a_coarse_picture_that_cannot_be_continued_is_told_what_can():
    """Details of 2x2 pixels of `faces` are local, those of 4x4 are about the whole face."""
    with pytest.raises(InputError, match=r"is 40x40,.*80x80: give one of 20x20; yours.*80x80"):
        sl.sample(coarse=np.full((40, 40), 0.5), n=1, size=(160, 160))
    assert sl.sample(coarse=np.full((20, 20), 0.5), n=1, steps=1).images.shape[-2:] == (80, 80)
    found = sl.sample(coarse=np.full((32, 40), 0.5), n=1, size=(64, 80), steps=1)
    assert found.images.shape[-2:] == (64, 80)
    assert not found.document["warnings"]


def test_a_whole_picture_that_is_continued_as_a_part_is_warned_of():
    """Of 20x20 `faces` makes 80x80; the finest details alone make of it a part of a face."""
    said = {
        size: sl.sample(coarse=np.full((20, 20), 0.5), n=1, size=size, steps=1).document["warnings"]
        for size in (None, (80, 80), (40, 40))
    }
    assert said[None] == said[80, 80] == []
    (text,) = said[40, 40]
    assert "whole one of 80x80 made 4 times smaller, and to 40x40" in text
    assert "--size 80x80" in text


@pytest.mark.parametrize("size", [(40, 40), (32, 24)])
def test_a_coarse_picture_is_continued_as_far_as_it_can_be(size):
    """By two over the finest details of `faces`: to whole faces, or to any size, as these are."""
    found = sl.sample(coarse=np.full(size, 0.5), n=1, steps=1)
    assert found.images.shape[-2:] == (2 * size[0], 2 * size[1])
    (said,) = found.document["warnings"]
    assert f"continued to {2 * size[0]}x{2 * size[1]}" in said
    assert "only 20x20 pixels" in said


@pytest.mark.parametrize(
    ("coarse", "warned"),
    [(np.eye(4, 6) / 16, True), (np.eye(4, 6), False), (np.full((4, 6), 0.5), False)],
)
def test_coarse_pictures_without_contrast_are_warned_of(coarse, warned):
    """Twelve of sixteen bits fill a sixteenth of the range."""
    said = sl.sample(blind(), n=1, coarse=coarse, steps=2).document["warnings"]
    assert (
        any("and details are drawn as those of pictures that fill" in text for text in said)
        == warned
    )


def test_complex_coarse_pictures_are_refused():
    with pytest.raises(InputError, match="complex"):
        sl.sample(blind(), n=1, coarse=torch.rand(4, 6) + 5j)
