"""Noise that models of noise leave in is said, and nothing of photographs with white noise."""

import numpy as np
import pytest

import scorelet as sl
from noise_samples import NAMES, clean, counts, white

pytestmark = pytest.mark.usefixtures("float32")

KINDS = ("the noise is uneven", "isolated outliers", "rows differ", "columns differ")


def part(name, size=160):
    x = clean(name)
    top, left = (x.shape[0] - size) // 2, (x.shape[1] - size) // 2
    return x[top : top + size, left : left + size]


def kinds(y):
    return [kind for kind in KINDS if any(w.startswith(kind) for w in sl.denoise(y).warnings)]


def bytes_of(y):
    return np.uint8(np.rint(y.clip(0, 255)))


def with_fault(kind, x):
    rng = np.random.default_rng(0)
    if kind == "isolated outliers":
        chance = rng.random(x.shape[:2])
        return np.where(chance[..., None] < 0.02, 0, np.where(chance[..., None] > 0.98, 255, x))
    if kind == "the noise is uneven":
        return x + np.linspace(2, 40, x.shape[1])[:, None] * rng.standard_normal(x.shape)
    offsets = 10 * rng.standard_normal(x.shape[0])
    return x + (offsets[:, None, None] if kind == "rows differ" else offsets[:, None])


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_said(kind, floats):
    """Floats have a unit of their own."""
    plain = 100 + 40 * np.sin(np.mgrid[:160, :160].sum(0) / 20)[..., None] * np.ones(3)
    y = bytes_of(with_fault(kind, white(plain, 3)))
    assert kinds(10 * y.astype(np.float32) - 300 if floats else y) == [kind]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_fault_of_a_photograph_is_said(kind):
    assert kinds(bytes_of(with_fault(kind, part("chelsea")))) == [kind]


@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma", [0, 10, 25])
def test_nothing_is_said_of_photographs_with_white_noise(name, sigma, floats):
    y = white(part(name), sigma)
    assert kinds(y.astype(np.float32) if floats else y) == []


@pytest.mark.parametrize("peak", [4, 40])
def test_nothing_is_said_of_counts_of_photons(peak):
    assert kinds(counts(part("camera")[..., 0], peak).astype(np.uint8)) == []


@pytest.mark.parametrize("sigma", [0, 10])
def test_nothing_is_said_of_lines_and_checkerboards(sigma):
    i, j = np.mgrid[:160, :160]
    for drawn in (np.where((i % 17 == 0) | (j % 23 == 0), 30, 240), (i + j) % 2 * 255):
        assert kinds(white(drawn, sigma)) == []


@pytest.mark.parametrize("shape", [(1, 300), (3, 300), (300, 1, 3)])
def test_a_line_is_said_to_be_too_narrow(shape):
    y = bytes_of(128 + 20 * np.random.default_rng(0).standard_normal(shape))
    assert sl.denoise(y).warnings[0].startswith("too narrow: the picture is ")
    assert not sl.denoise(np.full(shape, 128, np.uint8)).warnings


def test_four_rows_are_enough():
    y = bytes_of(128 + 20 * np.random.default_rng(0).standard_normal((4, 300)))
    assert not sl.denoise(y).warnings
