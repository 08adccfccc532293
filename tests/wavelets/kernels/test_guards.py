"""Kernels name memory by addresses: guards of NaN around every buffer stay, and none is read."""

import numpy as np
import pytest
import torch

from guarded_memory import Guards
from scorelet.wavelets.filters import orthogonal_filters
from scorelet.wavelets.kernels import orthogonal_calls
from scorelet.wavelets.kernels.orthogonal_calls import run_job
from scorelet.wavelets.kernels.scattering import forward
from scorelet.wavelets.kernels.scattering_adjoint import backward
from scorelet.wavelets.morlet.bank import morlet_bank
from scorelet.wavelets.morlet.grid import grid
from scorelet.wavelets.orthogonal.banded import BandedFilters, analyze_levels
from scorelet.wavelets.paths import scattering_paths
from scorelet.wavelets.scattering import fast_path
from scorelet.wavelets.scattering.fast_path import CompiledScattering

DRAWS = [(0, 20), (1, 1000), (2, 1000)]
"""Seeds, and how many shapes are drawn of each."""


@pytest.fixture
def guards(monkeypatch):
    found = Guards()
    monkeypatch.setattr(orthogonal_calls, "_memory", lambda n, like: found.tensor((n,), like.dtype))
    monkeypatch.setattr(fast_path, "_memory", lambda size: found.empty(size, np.uint8))
    monkeypatch.setattr(orthogonal_calls, "SMALL", 64)  # several threads for the smallest
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield found
    torch.set_num_threads(before)


def random_wavelet(rng):
    """Sides from 2 to 96, all levels that they have, few pictures, signals now and then."""
    kinds = ("db3", torch.float32), ("db4", torch.float32), ("db3", torch.float64)
    ndim, levels = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    sides = tuple(int(n) << levels for n in rng.integers(1, 1 + (96 >> levels), ndim))
    align, batch = str(rng.choice(["pywavelets", "centred"])), int(rng.integers(1, 6))
    return *kinds[rng.integers(3)], align, batch, sides, levels


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), DRAWS)
def test_wavelets_stay_in_their_memory(guards, seed, count):
    """Values against the torch path: float32 sums of a dozen products a level."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        name, dtype, align, batch, sides, levels = random_wavelet(rng)
        filters, ndim = orthogonal_filters(name, align), len(sides)
        x = guards.tensor((batch, *sides), dtype)
        x.copy_(torch.from_numpy(rng.standard_normal(x.shape)))
        expected = analyze_levels(x, BandedFilters(filters), levels, ndim)
        bands = [guards.tensor(band.shape, x.dtype) for band in expected]
        shape = (1, *sides)[-2:]
        run_job("analyze", filters, [x, *bands], shape, ndim=ndim)
        for band, wanted in zip(bands, expected, strict=True):
            assert (band - wanted).abs().max() < 1e-4
        back = guards.tensor(x.shape, x.dtype)
        run_job("synthesize", filters, [back, *bands], shape, ndim=ndim)
        assert (back - x).abs().max() < 1e-4
        guards.check()


def random_scattering(rng):
    scales, angles = int(rng.integers(1, 4)), int(rng.integers(1, 10))
    boundary = str(rng.choice(["reflect", "periodic"]))
    sides = rng.integers(1 << scales, 25, 2)
    if boundary == "periodic":
        sides = (sides >> scales) << scales
    place = grid((int(sides[0]), int(sides[1])), scales, boundary)
    return place, angles, int(rng.integers(1, 3)), int(rng.integers(1, 8))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), DRAWS)
def test_scattering_stays_in_its_memory(guards, seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        place, angles, order, images = random_scattering(rng)
        kernels = CompiledScattering(place, morlet_bank(place.padded, place.scales, angles), order)
        height, width = place.padded
        spectra = guards.empty(images * height * (width // 2 + 1) * 2, np.float32)
        spectra[:] = rng.standard_normal(len(spectra))
        paths, size = len(scattering_paths(place.scales, angles, order)), np.prod(place.output)
        out = guards.empty(int(images * paths * size), np.float32)
        kernels._run(forward, (spectra, out), gradient=False)
        coefficients = out.reshape(images, paths, -1)
        assert np.isnan(coefficients[:, 0]).all()  # order 0 is written by others
        assert np.isfinite(coefficients[:, 1:]).all()
        given, gradient = (guards.empty(n, np.float32) for n in (len(out), len(spectra)))
        given[:] = 1
        kernels._run(backward, (spectra, given, gradient), gradient=True)
        assert np.isfinite(gradient).all()
        guards.check()


@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_are_all_pictures_once(guards, threads):
    """From one picture to more than four for each thread."""
    torch.set_num_threads(threads)
    filters = orthogonal_filters("db2")
    for count in range(1, 20):
        x = torch.arange(count * 64, dtype=torch.float32).reshape(count, 8, 8).cos()
        expected = analyze_levels(x, BandedFilters(filters), 1, 2)
        bands = [guards.tensor(band.shape, x.dtype) for band in expected]
        run_job("analyze", filters, [x, *bands], (8, 8), ndim=2)
        for band, wanted in zip(bands, expected, strict=True):
            assert (band - wanted).abs().max() < 1e-6
        guards.check()
