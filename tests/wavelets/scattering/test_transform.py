"""The scattering transform: Kymatio's numbers, the kernels' and the reference's agreement, laws."""

import os
import subprocess
import sys
from inspect import unwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from samples import environment
from scorelet.core.errors import InputError
from scorelet.wavelets.morlet.bank import morlet_bank
from scorelet.wavelets.morlet.checks import check_pictures
from scorelet.wavelets.morlet.grid import crop_spectrum
from scorelet.wavelets.scattering.transform import Scattering2d, _check_options

sys.path.insert(0, str(Path(__file__).parent / "reference"))
from make_kymatio import CASES, picture

REFERENCE = Path(__file__).parent / "reference" / "kymatio.npz"
ENGINES = ("auto", "torch")


def noise(*shape, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(dtype)


def distance(actual, expected):
    return float(((actual - expected).norm() / expected.norm()).detach())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_kymatios(name, engine):
    """To 5e-6 of each path's largest value: two float32 computations of a sum of thousands."""
    batch, height, width, scales, angles, order = CASES[name]
    transform = Scattering2d(scales, angles, order=order, engine=engine)
    with np.load(REFERENCE) as arrays:
        expected, paths = torch.from_numpy(arrays[name]), arrays[f"{name}_paths"]
    actual = transform(torch.from_numpy(picture(batch, height, width)))
    assert actual.shape == expected.shape
    scale = expected.abs().amax((0, 2, 3), keepdim=True)
    assert float(((actual - expected).abs() / scale).max()) < 5e-6
    for path, row in zip(transform.paths, paths, strict=True):
        steps = [n for pair in zip(path.scales, path.angles, strict=True) for n in pair]
        assert [path.order, *steps] == [n for n in row.tolist() if n >= 0]


@pytest.mark.slow
@pytest.mark.parametrize("boundary", ["reflect", "periodic"])
@pytest.mark.parametrize(
    ("shape", "scales", "angles", "order"),
    [
        ((5, 32, 32), 3, 8, 2),
        ((3, 24, 40), 2, 5, 2),
        ((17, 8, 8), 3, 1, 2),
        ((2, 32, 16), 1, 16, 1),
    ],
)
def test_the_kernels_agree_with_the_reference(shape, scales, angles, order, boundary):
    """Values and gradients; filter values below 1e-6 count as zero in the kernels."""
    options = {"order": order, "boundary": boundary}
    x = noise(*shape).requires_grad_()
    results = [Scattering2d(scales, angles, engine=e, **options)(x) for e in ENGINES]
    assert distance(*results) < 1e-6
    weights = torch.randn(results[0].shape, generator=torch.Generator().manual_seed(1))
    gradients = [torch.autograd.grad((y * weights).sum(), x)[0] for y in results]
    assert distance(*gradients) < 5e-6


def test_the_kernels_take_lengths_of_odd_factors():
    """44 = 4·11 and 28 = 4·7 rows and columns after padding, which no special pass covers."""
    x, shape = noise(3, 36, 20), (44, 28)
    transforms = [Scattering2d(2, 3, engine=engine) for engine in ENGINES]
    assert distance(*(transform(x) for transform in transforms)) < 1e-6
    assert transforms[0]._bank((36, 20))[0].padded == shape


def by_definition(x, path, bank, *, subsampled=True):
    """S of one path on a torus, 2^J = 8, by convolutions; also without subsampling in between."""
    u, scale = x.numpy(), 0
    for j, turn in zip(path.scales, path.angles, strict=True):
        step = 2 ** (j - scale) if subsampled else 1
        response = crop_spectrum(bank.bands[j][turn], scale)
        u = np.abs(np.fft.ifft2(np.fft.fft2(u) * response)[::step, ::step])
        scale = j if subsampled else 0
    step = 2 ** (3 - scale)
    return np.fft.ifft2(np.fft.fft2(u) * crop_spectrum(bank.low, scale)).real[::step, ::step]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_coefficients_are_those_of_the_definition(order):
    """To float64 rounding; without subsampling they would be others, by a percent or two."""
    x = noise(32, 32, dtype=torch.float64)
    transform, bank = (
        Scattering2d(3, 4, order=order, boundary="periodic"),
        morlet_bank((32, 32), 3, 4),
    )
    found = transform(x).numpy()
    exact, full = (
        np.stack([by_definition(x, path, bank, subsampled=flag) for path in transform.paths])
        for flag in (True, False)
    )
    assert np.abs(found - exact).max() < 1e-14
    orders = np.array([path.order for path in transform.paths])
    for number in range(1, order + 1):
        a, b = found[orders == number], full[orders == number]
        assert 2e-3 < np.linalg.norm(a - b) / np.linalg.norm(b) < 3e-2


def test_maps_average_to_coefficients():
    """On a torus the mean over space of U, of S and of the definition agree."""
    x = noise(2, 3, 16, 24, dtype=torch.float64)
    options = {"order": 3, "boundary": "periodic"}
    maps = Scattering2d(3, 2, average=False, **options)(x)
    coefficients = Scattering2d(3, 2, **options)(x)
    low = Scattering2d(3, 2, **options)._bank((16, 24))[1].low[0, 0]
    for number, u in enumerate(maps):
        assert u.shape[:2] == (2, 3)
        mean = coefficients[:, :, number].mean((-2, -1))
        # sampling φ every 8 pixels aliases 2 % of a small map's other frequencies
        torch.testing.assert_close(u.mean((-2, -1)) * low, mean, rtol=2e-2, atol=1e-4)
    torch.testing.assert_close(maps[0], x)


def test_maps_lie_on_the_picture():
    """A picture of one bright pixel: the maps of every scale have their maximum there."""
    x = torch.zeros(24, 32)
    x[8, 16] = 1
    transform = Scattering2d(3, 4, average=False)
    for path, u in zip(transform.paths[1:13], transform(x)[1:13], strict=True):
        step = 2 ** path.scales[-1]
        row, column = divmod(int(u.argmax()), u.shape[1])
        assert (row * step, column * step) == (8, 16), path


@pytest.mark.parametrize("engine", ENGINES)
def test_a_translation_by_the_step_translates(engine):
    x = noise(32, 32)
    transform = Scattering2d(2, 4, boundary="periodic", engine=engine)
    moved = transform(x.roll((8, 4), (0, 1)))
    assert distance(moved, transform(x).roll((2, 1), (1, 2))) < 1e-6


@pytest.mark.parametrize("order", [1, 2, 3])
def test_distances_do_not_grow(order):
    """‖S x - S y‖ 2^J ≤ ‖x - y‖: the filters of each layer have an energy of at most one."""
    transform = Scattering2d(3, 8, order=order, boundary="periodic")
    x, y = torch.randn(2, 3, 48, 64, generator=torch.Generator().manual_seed(0)).double()
    assert (transform(x) - transform(y)).norm() * 2**3 <= 1.01 * (x - y).norm()


@pytest.mark.parametrize("engine", ENGINES)
def test_scale_and_sign(engine):
    """S(a x) = |a| S(x) but for order 0, which is linear."""
    transform, x = Scattering2d(2, 4, engine=engine), noise(1, 32, 32) - 0.3
    a, b = transform(x), transform(-2 * x)
    torch.testing.assert_close(b[:, 1:], 2 * a[:, 1:])
    torch.testing.assert_close(b[:, 0], -2 * a[:, 0])


def test_leading_dimensions_are_free():
    transform = Scattering2d(2, 4)
    x = noise(2, 3, 4, 16, 20)
    y = transform(x)
    assert y.shape == (2, 3, 4, 25, 4, 5)
    assert distance(transform(x[1, 2, 3]), y[1, 2, 3]) < 1e-6
    assert distance(transform(x.mT.contiguous().mT), y) < 1e-6


@pytest.mark.parametrize(("scales", "angles", "count"), [(3, 8, 217), (4, 8, 417), (2, 8, 81)])
def test_the_number_of_paths(scales, angles, count):
    transform = Scattering2d(scales, angles)
    assert len(transform.paths) == len(set(transform.paths)) == count
    assert transform.paths[0] == (0, (), ())
    assert transform.paths[-1].name == f"S2_j{scales - 2}t7_j{scales - 1}t7"


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.bfloat16, 1e-2), (torch.float16, 1e-3)]
)
def test_dtypes_come_back(dtype, tolerance):
    transform, x = Scattering2d(2, 4), noise(3, 20, 20, dtype=dtype)
    y = transform(x)
    assert y.dtype == dtype
    assert distance(y.float(), transform(x.float())) < tolerance


def test_gradients_by_finite_differences():
    transform = Scattering2d(2, 2)
    x = noise(8, 9, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(transform, x, fast_mode=True)
    assert torch.autograd.gradgradcheck(transform, x, fast_mode=True)


def test_the_kernels_can_be_differentiated_twice():
    x, results = noise(3, 16, 16).requires_grad_(), []
    for engine in ENGINES:
        y = Scattering2d(2, 4, engine=engine)(x)
        (slope,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        results.append(torch.autograd.grad(slope.square().sum(), x)[0])
    assert distance(*results) < 1e-5


@pytest.mark.parametrize("engine", ENGINES)
def test_a_black_picture_has_no_gradient_and_no_nan(engine):
    x = torch.zeros(2, 16, 16, requires_grad=True)
    y = Scattering2d(2, 4, engine=engine)(x)
    (gradient,) = torch.autograd.grad(y[:, 1:].sum(), x)
    assert not y.any()
    assert not gradient.any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("factor", [2.0**-120, 1e-30, 1e-20, 1e20, 1e30, 1e37])
def test_dark_and_bright_pictures_scatter_like_others(engine, factor):
    """S(a x) = a S(x), and the same gradient; moduli square numbers that float32 cannot square."""
    x, transform = noise(2, 16, 16), Scattering2d(2, 4, engine=engine)
    weights = torch.randn(2, 25, 4, 4, generator=torch.Generator().manual_seed(1))
    results = []
    for leaf in (x.clone().requires_grad_(), (factor * x).requires_grad_()):
        y = transform(leaf)
        results += [y, *torch.autograd.grad((y * weights).sum(), leaf)]
    assert distance(results[2] / factor, results[0]) < 1e-6
    assert distance(results[3], results[1]) < 1e-5
    maps = (Scattering2d(1, 2, average=False)(a * x)[-1] / a for a in (1, factor))
    assert distance(*maps) < 1e-6


def test_a_picture_does_not_depend_on_what_it_is_with():
    """A star of 1e30 in one picture of a batch; zeros and other pictures keep their digits."""
    x, transform = noise(3, 16, 16), Scattering2d(2, 4)
    bright = torch.cat([1e30 * x[:1], x[1:], torch.zeros(1, 16, 16)])
    assert torch.equal(transform(bright)[1:3], transform(x)[1:])
    assert not transform(bright)[3].any()


def test_shapes_and_dtypes_in_any_order():
    """More grids than are kept, and the first one again."""
    transform = Scattering2d(2, 2)
    first = transform(noise(32, 32, dtype=torch.float64))
    for side in (36, 40, 44, 48):
        transform(noise(side, side))
    again = transform(noise(32, 32, dtype=torch.float64))
    assert torch.equal(first, again)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("again", [False, True])
def test_batches_of_gradients_are_those_one_by_one(engine, again):
    """`vectorize` and `is_grads_batched` hand many gradients to one backward."""
    x, transform = noise(1, 8, 8), Scattering2d(2, 2, engine=engine)
    jacobian = torch.autograd.functional.jacobian
    found = jacobian(transform, x, vectorize=True, create_graph=again)
    assert distance(found, jacobian(transform, x)) < 1e-6
    assert found.requires_grad == again


@pytest.mark.slow
def test_batches_of_second_derivatives():
    x, transform = noise(1, 8, 8), Scattering2d(2, 2)
    hessian = torch.autograd.functional.hessian
    many, each = (
        hessian(lambda x: transform(x).square().sum(), x, vectorize=v) for v in (True, False)
    )
    assert distance(many, each) < 1e-5


def test_torch_func_and_forward_mode():
    transform, x = Scattering2d(2, 3), noise(4, 12, 12)
    v = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))

    def loss(x):
        return transform(x).square().sum()

    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(leaf), leaf)
    assert distance(torch.func.grad(loss)(x), expected) < 1e-5
    assert distance(torch.func.vmap(transform)(x), transform(x)) < 1e-6
    slope = torch.func.jvp(loss, (x,), (v,))[1]
    assert float(slope) == pytest.approx(float((expected * v).sum()), rel=1e-4)


@pytest.mark.slow
def test_torch_compile():
    """In a process of its own, because what checks annotations in tests cannot be traced."""
    program = """
import torch
from scorelet.wavelets.scattering.transform import Scattering2d
transform, x = Scattering2d(2, 3), torch.rand(4, 12, 12)
found = torch.compile(transform, backend="aot_eager")(x)
print(float((found - transform(x)).norm() / transform(x).norm()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert float(done.stdout) < 1e-6


def test_filters_of_inference_serve_gradients():
    for engine in ENGINES:
        transform, x = Scattering2d(1, 2, engine=engine), noise(8, 8)
        with torch.inference_mode():
            transform(x)
        x.requires_grad_()
        transform(x).sum().backward()
        assert x.grad is not None


@pytest.mark.parametrize(
    ("options", "x", "sentence"),
    [
        ({"J": 5}, torch.zeros(16, 40), "J is 5, but the picture has 16x40.*J at most 4"),
        ({"J": 2}, torch.zeros(32, 32, 3), r"32x3 .* by x.movedim\(-1, -3\); otherwise take J"),
        ({"J": -1}, torch.zeros(16, 16), "J is -1"),
        ({"J": 2, "L": 0}, torch.zeros(16, 16), "L is 0: J must be at least 0 and L at least 1"),
        ({"J": 1, "order": 4}, torch.zeros(16, 16), "order is 4: it must be 1, 2 or 3"),
        ({"J": 1, "boundary": "zero"}, torch.zeros(8, 8), "boundary is 'zero'"),
        ({"J": 2, "boundary": "periodic"}, torch.zeros(18, 16), "18x16.*multiples of 2.J = 4"),
        ({"J": 1}, torch.zeros(8, 8, dtype=torch.uint8), r"is torch.uint8.*x.float\(\) / 255"),
        ({"J": 1}, torch.zeros(8, 8) + 0j, "is torch.complex64.*x.real and x.imag"),
        ({"J": 1}, torch.zeros(0, 8, 8), r"shape \(0, 8, 8\).*at least one picture"),
        ({"J": 1}, torch.zeros(8), r"shape \(8,\): expected \(..., height, width\)"),
        ({"J": 1}, torch.full((8, 8), torch.nan), "64 of 64 values are NaN or infinite"),
    ],
)
def test_bad_input_gets_a_sentence(options, x, sentence):
    with pytest.raises(InputError, match=sentence):
        Scattering2d(**options)(x)


def test_an_array_is_answered_with_how_it_becomes_a_tensor():
    with pytest.raises(InputError, match=r"is ndarray: .*of an array of floats torch.from_numpy"):
        unwrap(check_pictures)(np.zeros((8, 8)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((1.5, 8, 2, "reflect", "auto"), "J is 1.5 and L is 8: .* both whole numbers"),
        (("2", 8, 2, "reflect", "auto"), "J is '2'"),
        ((2, 2.5, 2, "reflect", "auto"), "L is 2.5"),
        ((2, 8, 2.0, "reflect", "auto"), "order is 2.0: it must be 1, 2 or 3"),
        ((2, 8, 2, "reflect", "fast"), "engine is 'fast': it must be 'auto' or 'torch'"),
    ],
)
def test_options_of_another_type_get_a_sentence(options, sentence):
    with pytest.raises(InputError, match=sentence):
        unwrap(_check_options)(*options)


@pytest.mark.parametrize("options", [(10**6, 8, 2), (3, 10**6, 2), (10**18, 1, 3)])
def test_more_paths_than_can_be_listed_are_refused(options):
    J, L, order = options
    with pytest.raises(InputError, match=f"J is {J} and L is {L}: .* 1,000,000 scattering paths"):
        Scattering2d(J, L, order=order)


TABLE = {
    # transform: parameter: relative change of the pixels, of S at J = 2, of S at J = 3 and of S at
    # J = 3 averaged over space, of the specification
    "translate": {
        1: (0.373, 0.162, 0.107, 0.046),
        2: (0.582, 0.307, 0.202, 0.083),
        4: (0.766, 0.516, 0.364, 0.144),
    },
    "dilate": {
        2: (0.102, 0.058, 0.045, 0.031),
        5: (0.233, 0.119, 0.092, 0.064),
        10: (0.421, 0.210, 0.160, 0.112),
    },
    "warp": {
        0.5: (0.271, 0.125, 0.090, 0.046),
        1: (0.457, 0.234, 0.164, 0.083),
        2: (0.658, 0.403, 0.291, 0.157),
    },
}


@pytest.fixture(scope="module")
def photographs():
    """1000 test pictures of CIFAR-10, standardised by channel."""
    path = Path(os.environ.get("SCORELET_DATA", "")) / "cifar10.npz"
    if not path.is_file():
        pytest.skip("needs cifar10.npz under $SCORELET_DATA")
    with np.load(path) as arrays:
        x = torch.from_numpy(arrays["x_test"][:1000]).float()
    x = x if x.shape[1] == 3 else x.permute(0, 3, 1, 2)
    return (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True)


def translated(x, pixels):
    padded = torch.nn.functional.pad(x, (pixels, 0, 0, 0), mode="replicate")
    return padded[..., : x.shape[-1]]


def dilated(x, percent):
    return resampled(x, places(x.shape[-1]).expand(len(x), -1, -1, -1) / (1 + percent / 100))


def warped(x, pixels):
    """Move each place by a smooth random field of 4 x 4 values, `pixels` rms along each axis."""
    moves = torch.randn(len(x), 2, 4, 4, generator=torch.Generator().manual_seed(1))
    moves = torch.nn.functional.interpolate(moves, x.shape[-1], mode="bicubic", align_corners=True)
    moves *= pixels / moves.square().mean((1, 2, 3), keepdim=True).sqrt()
    return resampled(x, places(x.shape[-1]) + moves.permute(0, 2, 3, 1) * 2 / (x.shape[-1] - 1))


def places(side):
    axis = torch.linspace(-1, 1, side)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)


def resampled(x, grid):
    sample = torch.nn.functional.grid_sample
    return sample(x, grid, "bicubic", "reflection", align_corners=True)


def columns(x):
    fine, coarse = Scattering2d(2)(x), Scattering2d(3)(x)
    return x.flatten(1), fine.flatten(1), coarse.flatten(1), coarse.mean((-1, -2)).flatten(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "move"), [("translate", translated), ("dilate", dilated), ("warp", warped)]
)
def test_stability_of_photographs(photographs, kind, move):
    """‖S(Tx) - S(x)‖ / ‖S(x)‖, within 15 % of a table made of 90 other pictures."""
    before = columns(photographs)
    for parameter, expected in TABLE[kind].items():
        after = columns(move(photographs, parameter))
        changes = [
            float(((a - b).norm(dim=1) / b.norm(dim=1)).mean())
            for a, b in zip(after, before, strict=True)
        ]
        assert changes == pytest.approx(expected, rel=0.15), parameter


@pytest.mark.slow
def test_energy_by_order(photographs):
    """Shares of orders 0, 1, 2 and the output's energy against the input's, as specified."""
    for scales, shares, whole in (
        (3, (0.706, 0.270, 0.024), 0.91),
        (2, (0.842, 0.151, 0.007), 0.92),
    ):
        transform = Scattering2d(scales)
        power = transform(photographs).square().sum((0, 1, 3, 4))
        orders = torch.tensor([path.order for path in transform.paths])
        found = [float(power[orders == order].sum() / power.sum()) for order in range(3)]
        assert found == pytest.approx(shares, abs=0.02)
        ratio = power.sum() * 4**scales / photographs.square().sum()
        assert float(ratio) == pytest.approx(whole, abs=0.03)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace:DeprecationWarning")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_trace_is_refused_in_a_sentence(engine):
    transform = Scattering2d(2, 4, engine=engine)
    with pytest.raises(InputError, match=r"trace cannot .*: use torch.export or torch.compile\.$"):
        torch.jit.trace(transform, noise(1, 1, 16, 16))


class Forgets(dict):
    """What is kept is dropped by another thread at once."""

    def __setitem__(self, key, value):
        pass


@pytest.mark.parametrize("engine", ["auto", "torch"])
def test_filters_that_another_thread_drops_are_used(engine):
    x = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))
    transform = Scattering2d(2, 2, engine=engine)
    expected = transform(x)
    transform._kernels = transform._filters = transform._banks = Forgets()
    assert torch.equal(transform(x), expected)
