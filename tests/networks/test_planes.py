"""Kernels of images with channels last stay in their memory: guards as in `kernels/test_guards`."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from guarded_memory import Guards
from scorelet.networks import planes
from scorelet.networks.channel_product import COMPLEX, REAL
from scorelet.networks.morlet_conv import MorletConv2d
from scorelet.networks.operators import Order, _Design
from scorelet.networks.planes import MODULUS, NONE, PHASES, coefficients
from scorelet.wavelets.kernels import pixel_norm, scaled_rows
from scorelet.wavelets.kernels.collapse import scratch_bytes

DRAWS = [(0, 20), (1, 1000)]
"""Seeds, and how many shapes are drawn of each."""


@pytest.fixture
def guards(monkeypatch):
    """Every tensor that `coefficients` makes, and its scratch, has guards."""
    found = Guards()

    def new_empty(x, *shape, dtype=None):
        return found.tensor(shape, dtype or x.dtype)

    monkeypatch.setattr(torch.Tensor, "new_empty", new_empty)
    monkeypatch.setattr(planes, "_scratch", lambda sizes: aligned(found, scratch_bytes(sizes)))
    return found


def aligned(guards, size):
    """Bytes with guards, 64 of them more than are used, as in `planes`."""
    room = guards.empty(size + 64, np.uint8)
    return room[-room.ctypes.data % 64 :]


def random_layer(rng):
    """Wavelets of every kind, and what is wanted of them; sides from 1 to 12."""
    angles, dtype, channels = [
        (4, torch.float32, 4 * int(rng.integers(1, 9))),  # both widths of vectors
        (8, torch.bfloat16, 16),
    ][rng.integers(2)]
    kind = str(rng.choice(["octave", "half", "second half"]))
    layer = MorletConv2d(angles, kind=kind, boundary=str(rng.choice(["reflect", "periodic"])))
    amplitude, skip = int(rng.choice([NONE, MODULUS, PHASES])), bool(rng.integers(2))
    sides = rng.integers(layer.stride, 13, 2)
    shape = int(rng.integers(1, 3)), int(rng.integers(1, 4)), *map(int, sides), channels
    filters = layer.filters(shape[2:4], amplitude=amplitude, skip=skip or amplitude == NONE)
    return filters, shape, dtype


def normal(guards, rng, shape, dtype=torch.float32):
    x = guards.tensor(shape, dtype)
    return x.copy_(torch.from_numpy(rng.standard_normal(shape)))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), DRAWS)
def test_coefficients_and_their_gradients_stay_in_their_memory(guards, seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        filters, shape, dtype = random_layer(rng)
        filters = replace(filters, taps=guards.array(filters.taps))
        x = normal(guards, rng, shape, dtype).requires_grad_()
        results = coefficients(x, filters)
        slopes = [normal(guards, rng, r.shape, r.dtype) for r in results]
        (gradient,) = torch.autograd.grad(results, x, slopes)
        assert all(r.isfinite().all() for r in (*results, gradient))
        guards.check()


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), DRAWS)
def test_norms_of_pixels_stay_in_their_memory(seed, count):
    """Against the formula, to the rounding of what is stored: 2^-8 of numbers below 1."""
    rng, guards = np.random.default_rng(seed), Guards()
    for _ in range(count):
        parts, pixels, channels = (int(rng.integers(1, n)) for n in (3, 20, 12))
        channels, dtype = 4 * channels, [torch.float32, torch.bfloat16][rng.integers(2)]
        shape = parts, pixels, channels
        y, gu = (normal(guards, rng, shape, dtype) for _ in range(2))
        bias = normal(guards, rng, (parts, channels))
        u, gy, scales = (
            guards.tensor(s, d) for s, d in [(shape, dtype)] * 2 + [((pixels,), bias.dtype)]
        )
        sums = guards.array(np.zeros((parts, channels), np.float32))
        where = planes.storage(y), parts, (0, pixels, pixels), channels
        flat = [planes.flat(t) for t in (y, bias, u, scales, gu, gy)]
        pixel_norm.forward(flat[0], bias.numpy(), flat[2], flat[3], *where)
        pixel_norm.backward(flat[4], flat[2], flat[3], flat[5], sums, *where)
        v = y.float() + bias[:, None]
        expected = v / v.square().sum((0, 2), keepdim=True).add(1e-6).sqrt()
        assert (u.float() - expected).abs().max() < 2**-8
        assert gy.isfinite().all()
        np.testing.assert_allclose(sums, gy.float().sum(1), atol=0.1)
        guards.check()


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), DRAWS)
def test_scaled_matrices_stay_in_their_memory(seed, count):
    rng, guards = np.random.default_rng(seed), Guards()
    for _ in range(count):
        channels, features, skip = int(rng.integers(1, 20)), 5, bool(rng.integers(2))
        layout = [REAL, COMPLEX][rng.integers(2)][int(rng.integers(1, 3))]
        parts = 2 if any(b and b[0] > 1 for row in layout for b in row) else 1
        order = Order(channels, features, int(rng.choice([1, 4])), skip)
        second = order.fan * (features if skip else features - 1)
        first = features if skip else 1
        dtype = [torch.float32, torch.bfloat16][rng.integers(2)]
        outputs, inputs = int(rng.integers(1, 9)), channels * (first + second)
        design = _Design(layout, order, dtype)
        width = order.filled * (first + second)
        weight = normal(guards, rng, (outputs, inputs, parts))
        scales, centres = normal(guards, rng, (width,)), normal(guards, rng, (2, width))
        shape = design.shape(weight, scales)
        columns = (shape.linear, shape.width - shape.linear) * parts
        matrices = [guards.tensor((outputs, n), dtype) for n in columns]
        words = design.blocks(), shape, planes.storage(matrices[0]), (0, outputs), design.lanes()
        given = planes.flat(weight), planes.flat(scales), centres.numpy()
        bias = guards.array(np.zeros((len(layout), outputs), np.float32))
        places = np.array([m.data_ptr() for m in matrices])
        room = guards.array(np.zeros((parts, width), np.float32))
        scaled_rows.forward(*given, places, bias, room, *words)
        assert all(m.isfinite().all() for m in matrices)
        assert np.isfinite(bias).all()
        sums = (
            guards.empty(weight.numel(), np.float32),
            *(guards.array(np.zeros(n, np.float32)) for n in (width, (2, width))),
        )
        room = guards.array(np.zeros((2 * parts, width), np.float32))
        scaled_rows.backward(*given, places, bias, sums, room, *words)
        assert all(np.isfinite(s).all() for s in sums)
        guards.check()
