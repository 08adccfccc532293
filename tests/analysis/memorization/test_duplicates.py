"""Copies: planted ones are found, in blocks as at once, and halves have none in common."""

import numpy as np
import pytest
import torch

from scorelet.analysis.memorization import find_copies, shared, thumbnails
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.data.fields.ensembles import ensemble


def pictures(count, side=24, seed=0):
    x = ensemble("power_law", eta=2.0).sample(count, side, seed)
    return 0.5 + 0.15 * x


def planted(count=2000):
    """Random pictures, and their copies: brighter, noisy, inverted, with a frame of one pixel."""
    x = pictures(count)
    rng = generator(1)
    x[500] = 0.3 + 0.5 * x[20]
    x[1900] = x[21] + 0.02 * torch.randn(x[21].shape, generator=rng)
    x[30] = 1 - x[1200]
    x[1201] = x[31]
    x[1201, :, 0] = 0.5
    x[7] = 0.2
    x[1999] = 0.9
    return x


def dense(x, threshold=0.95):
    rows = thumbnails(x).double()
    alike = ((rows @ rows.mT).abs() > threshold).tril(-1)
    repeated = alike.any(1).nonzero()[:, 0]
    return repeated, alike.int().argmax(1)[repeated]


@pytest.mark.slow
def test_blocks_decide_as_the_whole_matrix_does():
    x = planted()
    expected, original = dense(x)
    assert {(500, 20), (1900, 21), (1200, 30), (1201, 31), (1999, 7)} <= set(
        zip(expected.tolist(), original.tolist(), strict=True)
    )
    for block in (97, 512, 5000):
        found = find_copies(thumbnails(x), block=block)
        assert torch.equal(found.repeated, expected)
        assert torch.equal(found.original, original)
        assert len(found.kept) + len(found.repeated) == len(x)
        kept = thumbnails(x)[found.kept]
        assert ((kept @ kept.mT).abs().fill_diagonal_(0) <= 0.95).all()


def test_thumbnails_are_directions_of_block_means():
    x = pictures(3, side=40)
    rows = thumbnails(x)
    means = x.reshape(3, 20, 2, 20, 2).mean((2, 4)).flatten(1)
    means = means - means.mean(1, keepdim=True)
    assert rows.shape == (3, 401)
    torch.testing.assert_close(rows[:, :400], means / means.norm(dim=1, keepdim=True))
    assert rows[:, 400].tolist() == [0, 0, 0]
    assert thumbnails(torch.full((1, 3, 9, 30), 0.4))[0].nonzero().tolist() == [[3 * 9 * 20]]


def test_copies_across_two_sets():
    a, b = pictures(30), pictures(40, seed=1)
    b[[3, 39]] = a[[7, 9]] * 0.5
    b[17] = a[7]
    for block in (4, 1000):
        found = shared(thumbnails(a), thumbnails(b), block=block)
        assert found.tolist() == [[7, 3], [9, 39]]
    with pytest.raises(InputError, match="one size"):
        shared(thumbnails(a), thumbnails(pictures(4, side=16)))
    with pytest.raises(InputError, match="threshold"):
        find_copies(thumbnails(a), threshold=0.0)


def test_an_empty_set_has_no_copies():
    found = find_copies(thumbnails(pictures(3)[:0]))
    assert (len(found.repeated), len(found.kept)) == (0, 0)
    assert found.repeated.numpy().dtype == np.int64
