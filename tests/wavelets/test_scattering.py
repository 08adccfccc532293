"""Scattering: Kymatio's numbers, and what the transform must obey by itself."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.wavelets.scattering import Scattering2d

REFERENCE = Path(__file__).parent / "reference"


def reference():
    spec = importlib.util.spec_from_file_location("make_kymatio", REFERENCE / "make_kymatio.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KYMATIO = reference()
ARRAYS = np.load(REFERENCE / "kymatio.npz")


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", KYMATIO.CASES)
def test_coefficients_and_paths_are_those_of_kymatio(name):
    *shape, scales, angles, order = KYMATIO.CASES[name]
    scattering = Scattering2d(scales, angles, order=order)
    found = scattering(torch.from_numpy(KYMATIO.picture(*shape)))
    rows = [tuple(int(n) for n in row) for row in ARRAYS[f"{name}_paths"]]
    ours = {}
    for position, path in enumerate(scattering.paths):
        steps = [n for pair in zip(path.scales, path.angles, strict=True) for n in pair]
        ours[path.order, *steps, *[-1] * (4 - len(steps))] = position
    assert set(ours) == set(rows)
    got = found[:, [ours[row] for row in rows]].numpy()
    expected = ARRAYS[name]
    for order_ in {row[0] for row in rows}:
        chosen = [row[0] == order_ for row in rows]
        error = np.linalg.norm(got[:, chosen] - expected[:, chosen])
        assert error <= 1e-5 * np.linalg.norm(expected[:, chosen])  # float32, other FFTs


@pytest.mark.parametrize("order", [1, 2, 3])
def test_it_never_expands_distances(order):
    """‖S x - S y‖ 2^J ≤ ‖x - y‖: each stage's filters have an energy of at most one."""
    scattering = Scattering2d(3, 8, order=order, boundary="periodic")
    for seed in range(3):
        x, y = noise(1, 48, 64, seed=seed), noise(1, 48, 64, seed=seed + 10)
        distance = (scattering(x) - scattering(y)).norm() * 2**3
        assert distance <= 1.01 * (x - y).norm()


def test_a_periodic_shift_by_the_sampling_shifts_the_coefficients():
    scattering = Scattering2d(2, 4, boundary="periodic")
    x = noise(2, 32, 48)
    shifted = scattering(x.roll((8, -4), (-2, -1)))
    torch.testing.assert_close(shifted, scattering(x).roll((2, -1), (-2, -1)), rtol=1e-10, atol=0)


def test_scale_and_sign():
    """S(a x) = |a| S(x) but for order 0, which is linear."""
    scattering, x = Scattering2d(2, 4), noise(1, 32, 32) - 0.3
    a, b = scattering(x), scattering(-2 * x)
    torch.testing.assert_close(b[:, 1:], 2 * a[:, 1:])
    torch.testing.assert_close(b[:, 0], -2 * a[:, 0])


def test_leading_dimensions_are_free_and_pictures_independent():
    scattering, x = Scattering2d(2, 4), noise(2, 3, 5, 20, 28)
    whole = scattering(x)
    assert whole.shape == (2, 3, 5, len(scattering.paths), 5, 7)
    torch.testing.assert_close(whole[1, 2, 3], scattering(x[1, 2, 3]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
def test_averaging_the_maps_gives_the_coefficients_mean(boundary):
    """φ_J has gain one: the mean of S[p] is that of its map U[p], but for sampling and borders."""
    options = {"order": 2, "boundary": boundary}
    x = noise(1, 32, 32)
    scattering = Scattering2d(2, 4, **options)
    maps = Scattering2d(2, 4, average=False, **options)(x)
    means = torch.stack([u.mean() for u in maps])
    found = scattering(x)[0].mean((-2, -1))
    tolerance = 0.01 if boundary == "periodic" else 0.05
    torch.testing.assert_close(found, means, rtol=tolerance, atol=0)


def test_gradients_are_exact():
    scattering = Scattering2d(1, 2, order=2)
    assert torch.autograd.gradcheck(scattering, noise(1, 8, 10).requires_grad_())


@pytest.mark.parametrize(("shape", "scales"), [((3, 2, 32, 32), 3), ((1, 41, 26), 2)])
def test_kernels_give_what_torch_gives_and_its_gradients(shape, scales):
    x = noise(*shape).float()
    found = []
    for engine in ("auto", "torch"):
        scattering = Scattering2d(scales, 6, engine=engine)
        y = x.clone().requires_grad_()
        value = scattering(y)
        weight = torch.linspace(-1, 1, value.numel()).view_as(value)
        (value * weight).sum().backward()
        found.append((value.detach(), y.grad))
    for ours, torchs in zip(*found, strict=True):
        assert (ours - torchs).norm() <= 2e-6 * torchs.norm()


def test_torch_func_sees_through_it():
    scattering, x, direction = Scattering2d(2, 4), noise(1, 16, 16), noise(1, 16, 16, seed=1)
    _, tangent = torch.func.jvp(scattering, (x,), (direction,))
    step = 1e-6
    difference = (scattering(x + step * direction) - scattering(x - step * direction)) / (2 * step)
    torch.testing.assert_close(tangent, difference, rtol=1e-5, atol=1e-8)
    batch = noise(3, 1, 16, 16)
    torch.testing.assert_close(torch.func.vmap(scattering)(batch), scattering(batch))


def test_half_precision_costs_its_rounding():
    scattering, x = Scattering2d(2, 4), noise(1, 32, 32)
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.bfloat16, 1e-2)):
        found = scattering(x.to(dtype))
        assert found.dtype == dtype
        assert (found.double() - scattering(x)).norm() <= tolerance * scattering(x).norm()


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(1, 8, 8, dtype=torch.uint8), "expected a tensor of floats"),
        (torch.zeros(1, 8, 8, dtype=torch.complex64), "expected a tensor of floats"),
        (torch.zeros(0, 8, 8), "at least one picture"),
        (torch.zeros(8), r"expected \(..., height, width\)"),
        (torch.full((1, 8, 8), torch.nan), "64 of 64 values are NaN or infinite"),
        (torch.zeros(1, 2, 8), "J"),
    ],
)
def test_bad_input_is_one_sentence(x, words):
    with pytest.raises(InputError, match=words) as caught:
        Scattering2d(2, 4)(x)
    assert "\n" not in str(caught.value)
