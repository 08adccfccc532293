"""Jacobian bases: closed forms, dense algebra, and what cannot be differentiated."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

import scorelet as sl
from once_differentiable import ReluOnce
from scorelet.analysis.jacobian import JacobianProducts, ReturnsNoiseWarning, jacobian_basis
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import Denoiser, GaussianDenoiser, ResidualDenoiser, sure
from scorelet.networks import BFCNN, shuffle_unet
from scorelet.networks.collapse_block import Block, CollapseBlock
from scorelet.networks.fused import fused_block

METHODS = ("full", "iterative")
SIDE = 6


def matrix(*, symmetric: bool = False) -> torch.Tensor:
    drawn = torch.randn(SIDE**2, SIDE**2, generator=generator(3), dtype=torch.float64)
    return drawn + drawn.mT if symmetric else drawn


def image(side: int = SIDE) -> torch.Tensor:
    return torch.rand(1, side, side, generator=generator(1), dtype=torch.float64)


def linear(a: torch.Tensor):
    return lambda y: (a @ y.flatten()).reshape(y.shape)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_gaussian_prior_has_the_wiener_filter(method):
    """J = C (C + σ² I)⁻¹: its eigenvalues, trace, and the error σ² tr J."""
    half = matrix()
    covariance, sigma = half @ half.mT / SIDE**2, 0.7
    f = GaussianDenoiser(torch.zeros(1, SIDE, SIDE, dtype=torch.float64), covariance)
    y = image()
    found = jacobian_basis(f, y, 5, sigma, method=method, tolerance=1e-10)
    exact = torch.linalg.eigvalsh(f.jacobian(sigma)).flip(0)
    torch.testing.assert_close(found.values, exact[:5], rtol=1e-8, atol=1e-10)
    assert found.residuals.max() < 1e-8
    assert found.asymmetry < 1e-10
    assert found.homogeneity < 1e-10  # the mean is zero
    gap = abs(found.effective_dim - float(exact.sum()))
    assert gap <= 4 * found.effective_dim_error + 1e-9
    if method == "full":
        assert found.sure == pytest.approx(float(sure(f, y[None], sigma, exact=True)), rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_symmetric_part_of_any_matrix(method):
    a = matrix()
    found = jacobian_basis(linear(a), image(), 4, 0.1, method=method, tolerance=1e-11)
    values, vectors = torch.linalg.eigh((a + a.mT) / 2)
    torch.testing.assert_close(found.values, values.flip(0)[:4], rtol=1e-8, atol=1e-8)
    overlap = found.vectors.flatten(1) @ vectors.flip(1)[:, :4]
    torch.testing.assert_close(overlap.abs(), torch.eye(4, dtype=a.dtype), rtol=0, atol=1e-6)
    exact = float((a - a.mT).norm() / a.norm())
    assert found.asymmetry == pytest.approx(exact, rel=1e-9 if method == "full" else 0.2)


@pytest.mark.parametrize("method", METHODS)
def test_singular_vectors(method):
    a = matrix()
    found = jacobian_basis(
        linear(a), image(), 4, 0.1, kind="singular", method=method, tolerance=1e-12
    )
    u, s, v = torch.linalg.svd(a)
    torch.testing.assert_close(found.values, s[:4], rtol=1e-8, atol=1e-8)
    for name, exact in (("vectors", v[:4]), ("left", u.mT[:4])):
        overlap = getattr(found, name).flatten(1) @ exact.mT
        torch.testing.assert_close(overlap.abs(), torch.eye(4, dtype=a.dtype), rtol=0, atol=1e-6)
    assert found.residuals.max() < 1e-5


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kind", ["symmetric", "singular"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [3, 5])
def test_copies_of_equal_eigenvalues_are_all_found(width, dtype, kind, seed):
    """A circular blur has the values of its Fourier transform, most of them four or eight times."""

    def blur(y):
        pad = nn.functional.pad(y, (width // 2,) * 4, mode="circular")
        return nn.functional.avg_pool2d(pad, width, 1)

    y = torch.zeros(1, 1, 24, 24, dtype=torch.float64)
    y[..., 0, 0] = 1
    exact = torch.fft.fft2(blur(y)).real.flatten()
    exact = (exact.abs() if kind == "singular" else exact).sort(descending=True).values[:16]
    options = {"kind": kind, "method": "iterative", "seed": seed, "probes": 2}
    found = jacobian_basis(blur, y.to(dtype), 16, 0.1, **options)
    torch.testing.assert_close(found.values.double(), exact, rtol=1e-5, atol=0)  # errors: 1e-3^2
    vectors = found.vectors.flatten(1)
    torch.testing.assert_close(vectors @ vectors.mT, torch.eye(16, dtype=dtype), rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("rank", "k"), [(20, 24), (60, 16), (3, 1)])
def test_projections_have_as_many_eigenvalues_of_one_as_dimensions(rank, k, dtype):
    y = torch.rand(1, 12, 12, generator=generator(1), dtype=dtype)
    q = torch.linalg.qr(torch.randn(144, rank, generator=generator(2), dtype=dtype)).Q
    found = jacobian_basis(linear(q @ q.mT), y, k, 0.1, method="iterative", probes=2)
    exact = torch.tensor([1.0] * min(k, rank) + [0.0] * (k - rank), dtype=dtype)
    torch.testing.assert_close(found.values, exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_maps_of_few_factors_are_decomposed_from_any_start(seed):
    """Of 0, 1/2 and 1 so often, searches for 70 vectors break down from a third of all starts."""
    factors = torch.cat([torch.full((n,), v) for n, v in ((47, 0.0), (41, 0.5), (62, 1.0))])
    q = torch.linalg.qr(torch.randn(150, 150, generator=generator(0), dtype=torch.float64)).Q
    J = ((q * factors) @ q.mT).float()
    y = torch.ones(150)
    basis = jacobian_basis(
        linear(J), y, 70, 0.1, method="iterative", kind="singular", tolerance=0.01, seed=seed
    )
    torch.testing.assert_close(basis.values, factors.msort().flip(0)[:70], atol=2e-3, rtol=0)


@pytest.mark.parametrize("kind", ["symmetric", "singular"])
@pytest.mark.parametrize("scale", [1e-20, 1e-10, 1e20])
def test_the_tolerance_is_one_of_factors_of_any_size(scale, kind):
    """ARPACK's own has an absolute floor, and JᵀJ of large and small factors is beyond float32."""
    factors = torch.linspace(0, 1, 64, dtype=torch.float64)
    q = torch.linalg.qr(torch.randn(64, 64, generator=generator(0), dtype=torch.float64)).Q
    J = (scale * (q * factors) @ q.mT).float()
    found = jacobian_basis(linear(J), torch.ones(64), 8, 0.1, kind=kind, method="iterative")
    assert bool((found.residuals <= 2e-3 * found.values).all())  # as much again for rounding
    torch.testing.assert_close(
        found.values.double() / scale, factors.flip(0)[:8], atol=0, rtol=1e-4
    )


@pytest.mark.parametrize("scale", [1e25, 1e-25])
def test_a_level_is_found_in_any_unit(scale):
    """σ is one of the unit of y, and SURE of its square, though squares are beyond float32."""
    y = torch.rand(1, 16, 16, generator=generator(0))
    found, expected = (jacobian_basis(lambda y: 0.5 * (y + y.mean()), s * y, 3) for s in (scale, 1))
    for name, power in (("sigma", 1), ("sigma_error", 1), ("sure", 2), ("sure_error", 2)):
        value = getattr(found, name) / scale**power
        assert value == pytest.approx(getattr(expected, name), rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_copies_of_zero_above_large_negative_eigenvalues_are_found(dtype):
    """The score of a Gaussian on a subspace: 0 as often as that has dimensions, beside -100."""
    y = torch.rand(1, 12, 12, generator=generator(1), dtype=dtype)
    q = torch.linalg.qr(torch.randn(144, 60, generator=generator(2), dtype=dtype)).Q
    score = linear((q @ q.mT - torch.eye(144, dtype=dtype)) / 0.01)
    found = jacobian_basis(score, y, 16, 0.1, method="iterative", probes=2)
    torch.testing.assert_close(found.values, torch.zeros(16, dtype=dtype), rtol=0, atol=1e-3)
    assert found.products < 1200  # some 400: nobody goes on with zeros to a share of themselves


def test_singular_values_of_zero_have_no_vector_on_the_other_side():
    a = matrix()[:, :3] @ matrix()[3:6]
    found = jacobian_basis(linear(a), image(), 5, 0.1, kind="singular", method="iterative")
    assert found.residuals.max() < 1e-2 * found.values[0]
    sizes = found.left.flatten(1).norm(dim=1)
    torch.testing.assert_close(sizes, torch.tensor([1.0, 1, 1, 0, 0]).double())


def test_whole_basis_rebuilds_a_symmetric_map():
    """f(y) = Σ λ_k <y, e_k> e_k."""
    a, y = matrix(symmetric=True), image()
    found = jacobian_basis(linear(a), y, None, 0.1)
    rebuilt = (found.values * found.coefficients(y)) @ found.vectors.flatten(1)
    torch.testing.assert_close(rebuilt, a @ y.flatten(), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_probes_cover_the_trace_and_shrink_with_the_span():
    """Over 40 seeds the error bar is the scatter of the estimates, and their mean is tr J."""
    a = matrix()
    f, y = linear(a), image()
    runs = [
        jacobian_basis(f, y, 6, 0.1, method="iterative", tolerance=1e-6, seed=s) for s in range(40)
    ]
    values = torch.tensor([run.effective_dim for run in runs])
    bars = torch.tensor([run.effective_dim_error for run in runs])
    assert float((values.mean() - a.trace()).abs()) < 3.5 * float(values.std()) / 40**0.5
    assert 0.7 < float(bars.mean() / values.std()) < 1.4


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("strength", [0.05, 1.0])
def test_the_error_of_sure_is_its_scatter_about_the_true_error(method, strength):
    """Of a linear denoiser, not symmetric, that loses little or much of the image: 100 draws.

    Their scatter is known to 7 %. σ² √(2 d) is 1.9 times the first and a sixth of the second.
    """
    x, sigma = strength * image(), 0.1
    f = linear(0.4 * torch.eye(SIDE**2, dtype=torch.float64) + 0.3 * matrix() / SIDE)
    misses, bars = [], []
    for seed in range(100):
        y = x + sigma * randn((1, SIDE, SIDE), rng=generator(seed), like=x)
        found = jacobian_basis(f, y, 4, sigma, method=method, tolerance=1e-6, seed=seed)
        misses.append(found.sure - float((f(y) - x).square().sum()))
        bars.append(found.sure_error)
    scatter = float(torch.tensor(misses).square().mean().sqrt())
    assert float(torch.tensor(bars).mean()) == pytest.approx(scatter, rel=0.2)


def test_sure_has_an_error_where_sigma_is_too_large():
    found = jacobian_basis(lambda y: 0 * y, image() / 100, 2, 1.0)
    assert found.sure < 0
    assert found.sure_error == pytest.approx((2 * SIDE**2) ** 0.5)


def test_products_are_those_of_the_matrix():
    net = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(3, 1, 1))
    products = JacobianProducts(net.double(), image()[None])
    exact = torch.autograd.functional.jacobian(net, image()[None]).reshape(SIDE**2, SIDE**2)
    torch.testing.assert_close(products.matrix(), exact)
    v = torch.randn(3, 1, 1, SIDE, SIDE, dtype=torch.float64, generator=generator(4))
    torch.testing.assert_close(products.forward(v).flatten(1), v.flatten(1) @ exact.mT)
    torch.testing.assert_close(products.transposed(v).flatten(1), v.flatten(1) @ exact)


class Attention(nn.Module):
    """Positions are tokens; torch's fused attention has no second derivative."""

    def forward(self, y):
        tokens = y.flatten(2).mT
        mixed = nn.functional.scaled_dot_product_attention(tokens, 2 * tokens, torch.sin(tokens))
        return mixed.mT.reshape(y.shape)


@pytest.mark.parametrize("net", [Attention(), nn.Hardsigmoid(), nn.Hardswish()])
def test_parts_that_torch_does_not_differentiate_twice_have_products_too(net):
    y = 4 * image()[None] - 2
    exact = torch.autograd.functional.jacobian(net, y).reshape(SIDE**2, SIDE**2)
    products = JacobianProducts(net, y)
    v = torch.randn(3, 1, 1, SIDE, SIDE, dtype=torch.float64, generator=generator(4))
    torch.testing.assert_close(products.forward(v).flatten(1), v.flatten(1) @ exact.mT)
    torch.testing.assert_close(products.transposed(v).flatten(1), v.flatten(1) @ exact)
    assert products.count == 6


class Mixing(nn.Module):
    """Standardises by the moments of the batch: of copies these are those of one image."""

    def forward(self, y):
        return torch.tanh(y) * (y - y.mean()) / y.std(correction=0)


class Centring(nn.Module):
    """Takes the mean of the whole batch away: of copies it is that of one image."""

    def forward(self, y):
        return y - y.mean()


@pytest.mark.parametrize(
    "net", [nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU()), Mixing(), Centring()]
)
def test_rows_from_copies_are_those_of_the_matrix_where_images_are_mapped_by_themselves(net):
    y = image()[None]
    products = JacobianProducts(net.double(), y, batched=True)
    exact = torch.autograd.functional.jacobian(net, y).reshape(SIDE**2, SIDE**2)
    torch.testing.assert_close(products.matrix(), exact)
    assert products.count == SIDE**2
    assert (products._copies() is None) == isinstance(net, Mixing | Centring)


def test_a_probe_costs_one_product_on_each_side():
    """Trace and asymmetry come from the same ones; J v of the vectors found is known."""
    a, y = linear(matrix(symmetric=True)), image()
    costs = [
        jacobian_basis(a, y, 4, 0.1, method="iterative", probes=probes).products
        for probes in (2, 3, 12)
    ]
    assert [cost - costs[0] for cost in costs] == [0, 2, 20]


@pytest.mark.parametrize("kind", ["symmetric", "singular"])
def test_the_trace_is_exact_where_the_span_holds_the_range(kind):
    half = matrix()[:, :3]
    a = half @ half.mT
    found = jacobian_basis(
        linear(a), image(), 3, 0.1, kind=kind, method="iterative", tolerance=1e-10, probes=2
    )
    assert found.effective_dim == pytest.approx(float(a.trace()), rel=1e-8)
    assert found.effective_dim_error < 1e-6


@pytest.mark.slow
def test_photo_is_free_of_biases_and_keeps_few_dimensions_of_what_is_smooth():
    """The built-in denoiser at a smooth picture: f(y) = J y."""
    t = torch.linspace(0, 3, 16)
    clean = 0.5 + 0.3 * torch.sin(t)[:, None] * torch.cos(t)[None]
    y = clean[None] + 0.1 * torch.randn(1, 16, 16, generator=generator(0))
    found = jacobian_basis(sl.load("photo"), y, 4, 0.1, method="iterative", tolerance=0.02)
    assert found.homogeneity < 1e-4
    assert found.values[0] > 0.9
    assert found.effective_dim < 16**2 / 3  # of the identity: 16²


class Detached(nn.Module):
    def forward(self, y):
        return y.detach() * 2


class Wider(nn.Module):
    def forward(self, y):
        return torch.cat([y, y])


class Drawing(Denoiser):
    """A denoiser that adds noise of its own."""

    def _denoise(self, y, sigma, cond, label):
        return y + sigma[:, None, None, None] * torch.randn_like(y)


class Sized(nn.Module):
    """In the manner of transformers that know one size of image."""

    def forward(self, y):
        assert y.shape[-1] == 224, f"input height {y.shape[-1]} doesn't match 224"
        return y


class WarmStart(nn.Module):
    """Starts from its last answer."""

    last = 0.0

    def forward(self, y):
        self.last = (y + self.last) / 2
        return self.last


class DropPath(nn.Module):
    """In the manner of timm: a branch is left out by chance, in training."""

    def forward(self, y):
        return y * (torch.rand(()) > 0.1) if self.training else y


class Norm(nn.Module):
    """One's own batch norm: torch's function, or by hand."""

    def __init__(self, *, by_hand):
        super().__init__()
        self.by_hand = by_hand
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("var", torch.ones(1))

    def forward(self, y):
        if not self.by_hand:
            return nn.functional.batch_norm(y, self.mean, self.var, training=self.training)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * y.detach().mean()
            return y - y.mean()
        return y - self.mean


@dataclass
class Answer:
    """In the manner of diffusers."""

    sample: torch.Tensor


def within(net):
    """A function of images with a batch axis that calls a network."""
    return lambda y: net(y.reshape(1, 1, SIDE, SIDE)).reshape(y.shape)


def written_over(y):
    """In place where exp needs what it gave; relu(inplace=True) is harmless."""
    h = torch.exp(y)
    square = h * h
    h.mul_(2)
    return square


@pytest.mark.parametrize(
    ("f", "options", "words"),
    [
        (written_over, {}, "inplace operation.*writes over a value"),
        (lambda y: (8 * y).round() / 8, {}, "leave out rounding"),
        (torch.sign, {"method": "iterative"}, "leave out rounding, signs"),
        (lambda y: torch.from_numpy(y.numpy()), {}, "fails on a tensor.*numpy"),
        (torch.inference_mode()(lambda y: 2 * y), {}, "no_grad"),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, 3)),
            {},
            "a logit; with ReLU.* is 0",
        ),
        (Sized(), {}, "fails on a tensor.*doesn't match 224"),
        (nn.Sequential(nn.Conv2d(1, 1, 1), nn.Dropout2d()), {}, "1 is in training mode"),
        (nn.Sequential(nn.Conv2d(1, 1, 1), DropPath()), {}, "1 is in training mode"),
        (nn.InstanceNorm2d(1, track_running_stats=True), {}, "in training mode"),
        (lambda y: y + torch.randn_like(y), {}, "another result each time"),
        (WarmStart(), {}, r"another result each time.*no memory.*\(a warm start\)"),
        (Drawing(), {"sigma": 0.1}, "another result each time"),
        (lambda y: {"out": y}, {}, r"returns a dict: .*\['out'\]; functions get y as it is"),
        (lambda y: (y,), {}, r"returns a tuple: .*net\(y\)\[0\].*give y\[None\]"),
        (lambda y: Answer(y), {}, r"returns a Answer: .*net\(y\)\.sample"),
        (lambda y: nn.BatchNorm2d(1).eval()(y), {}, r"functions get y as it is: .*give y\[None\]"),
        (lambda y: nn.Conv2d(1, 1, 1)(y[0]), {}, r"give y\[None\], \(1, channel, height, width"),
        (Detached(), {}, "detach"),
        (Wider(), {}, "expected the shape"),
        (nn.BatchNorm2d(1), {}, "eval"),
        (ResidualDenoiser(BFCNN(width=2, depth=3)), {}, "layers.3 is in training mode"),
        (within(nn.BatchNorm2d(1)), {}, "calls a BatchNorm2d in training"),
        (BFCNN(width=2, depth=3).forward, {}, "calls a BiasFreeBatchNorm in tr"),
        (Norm(by_hand=False), {}, "changes its mean each time.*eval"),
        (within(Norm(by_hand=True)), {}, "changes its mean each time.*eval"),
        (lambda y: y - ReluOnce.apply(y - 0.5) / 2, {"method": "iterative"}, "only once"),
        (
            lambda y: (y - y[:, :1, :1]).square().sqrt(),
            {},
            "derivative of f at y is not finite",
        ),
        (lambda y: y * (1 + 1j), {}, "real floats"),
        (lambda y, sigma: sigma * y, {}, r"function of y alone.*y\[None\]"),
        (nn.Conv2d(1, 1, 1).double(), {}, r"so must weights \(net\.float\(\)\)"),
        (nn.Conv2d(3, 3, 1), {}, "fails on a tensor.*channels instead[.]$"),
        (nn.Conv1d(1, 1, 1), {}, r"modules get images \(n, c, h, w\): .*lambda y: net\(y\)"),
        (torch.exp, {"k": 0}, "between 1 and"),
        (torch.exp, {"k": 36, "method": "iterative"}, "at most 34"),
        (torch.exp, {"sigma": -1.0}, "positive number"),
        (torch.exp, {"seed": -1}, "seed is -1"),
        (lambda y: y / 0, {}, "NaN or infinite"),
    ],
)
def test_what_cannot_be_used_is_said(f, options, words):
    with pytest.raises(InputError, match=words):
        jacobian_basis(f, image().float(), **{"k": 2, **options})


@pytest.mark.parametrize("kind", ["symmetric", "singular"])
@pytest.mark.parametrize("method", METHODS)
def test_a_derivative_of_zero_has_factors_of_zero(kind, method):
    found = jacobian_basis(lambda y: 0 * y, image(), 4, 0.1, kind=kind, method=method)
    assert found.values.tolist() == found.residuals.tolist() == [0, 0, 0, 0]
    vectors = found.vectors.flatten(1)
    torch.testing.assert_close(vectors @ vectors.mT, torch.eye(4).double())
    assert (found.effective_dim, found.effective_dim_error, found.asymmetry) == (0, 0, 0)


@pytest.mark.parametrize("method", METHODS)
def test_inference_mode_around_it_changes_nothing(method):
    with torch.inference_mode():
        found = jacobian_basis(torch.sin, image(), 3, method=method)
        weight = torch.ones(1, SIDE, SIDE)
        for f in (lambda y: weight * y, nn.Conv2d(1, 1, 1)):
            with pytest.raises(InputError, match="f holds tensors that were made in inference"):
                jacobian_basis(f, image().float(), 3, method=method)
    outside = jacobian_basis(torch.sin, image(), 3, method=method)
    torch.testing.assert_close(found.values, outside.values)


def test_maps_that_are_gradients_are_taken():
    """y - ∇U(y), with a gradient in torch's graph, U = Σ yᵢ⁴ / 4."""

    def f(y):
        return y - torch.autograd.grad(y.pow(4).sum() / 4, y, create_graph=True)[0]

    y = image()
    values = jacobian_basis(f, y, 3, 0.1).values
    expected = (1 - 3 * y.square()).flatten().sort(descending=True).values[:3]
    torch.testing.assert_close(values, expected)


def test_arrays_are_taken():
    found = jacobian_basis(lambda y: 2 * y, np.ones((4, 4)), 3, 0.1)
    assert found.values.tolist() == pytest.approx([2, 2, 2])
    assert found.vectors.shape == (3, 4, 4)


def test_noise_level_is_found_where_none_is_given():
    """A map that takes all of the noise of a flat picture away."""
    y = 0.5 + 0.1 * torch.randn(1, 64, 64, generator=generator(0), dtype=torch.float64)
    found = jacobian_basis(lambda y: 0 * y + y.mean(), y, 1, method="iterative")
    assert found.sigma == pytest.approx(0.1, rel=0.1)
    assert found.sure == pytest.approx(0.01, abs=0.02 * 0.01 * 64**2)  # one dimension: σ²


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sigma", [0.1, None])
def test_maps_that_return_the_noise_are_told_from_denoisers(method, sigma, recwarn):
    """A blur of a smooth picture, and what it takes away."""
    t = torch.linspace(0, 3, 24, dtype=torch.float64)
    clean = 0.5 + 0.2 * torch.sin(t)[:, None] * torch.cos(t)[None]
    y = clean[None] + 0.1 * torch.randn(1, 24, 24, generator=generator(0), dtype=torch.float64)

    def blur(y):
        pad = nn.functional.pad(y, (2, 2, 2, 2), mode="replicate")
        return nn.functional.avg_pool2d(pad, 5, 1)

    for f in (blur, lambda y: 0.7 * y, lambda y: 0.1 * y, torch.clone):
        jacobian_basis(f, y, 2, sigma, method=method)
    for share in (0.6, 0.7, 0.9, 1.0):
        for level in (sigma, 0.01, 0.5, 1.0):
            jacobian_basis(lambda y, share=share: share * (y - 0.5), y, 2, level, method=method)
    assert not recwarn
    with pytest.warns(ReturnsNoiseWarning, match="seems to return the noise: .*lambda y: y - f"):
        jacobian_basis(lambda y: y - blur(y), y, 2, sigma, method=method)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0.2, 0.52, 0.85])
def test_maps_that_return_little_noise_are_told_from_denoisers(kept, recwarn):
    """In weak noise, of an image whose high frequencies are 0, all of y but these.

    Its error is that share of σ² d; no multiple of y has less than nearly all of it.
    """
    frequency = torch.fft.fftfreq(20).double().square()
    radius = frequency[:, None] + frequency
    mask = radius <= radius.flatten().quantile(kept)

    def low(y):
        return torch.fft.ifft2(torch.fft.fft2(y) * mask).real

    clean, noise = torch.randn(2, 1, 20, 20, generator=generator(0), dtype=torch.float64)
    y = low(clean) + 0.02 * noise
    for f in (low, torch.clone, lambda y: 0 * y, lambda y: 0.1 * y, lambda y: 0.3 * y):
        jacobian_basis(f, y, 2, 0.02)
    assert not recwarn
    jacobian_basis(lambda y: y - low(y), y, 2, 0.02)
    assert [w.category for w in recwarn] == [ReturnsNoiseWarning] * (kept < 0.6)


def test_parts_that_are_differentiated_once_have_a_full_basis():
    y = image()
    found = jacobian_basis(lambda y: y - ReluOnce.apply(y - 0.5) / 2, y, 3, 0.1, method="full")
    assert found.effective_dim == pytest.approx(36 - float((y > 0.5).sum()) / 2)
    assert found.values.tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_decomposed_in_single(dtype, method):
    net = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    y = image().to(dtype)
    exact = jacobian_basis(net, y.float(), 3, 0.1, method=method)
    found = jacobian_basis(net.to(dtype), y, 3, 0.1, method=method)
    assert found.values.dtype == torch.float32
    torch.testing.assert_close(found.values, exact.values, rtol=0.02, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_maps_with_autocast_inside_have_a_basis(method):
    """They answer in half precision to a y in single."""
    net = nn.Conv2d(1, 1, 3, padding=1, bias=False)

    def cast(y):
        with torch.autocast("cpu", torch.bfloat16):
            return net(y)

    y = image(12).float()
    exact = jacobian_basis(net, y, 2, 0.1, method=method)
    for sigma in (0.1, None):
        found = jacobian_basis(cast, y[None], 2, sigma, method=method)
        torch.testing.assert_close(found.values, exact.values, rtol=0.02, atol=0)


def test_arrays_of_other_kinds():
    """Byte orders, long doubles, read-only ones and views are taken; what is no image is said."""
    y = np.random.default_rng(0).random((6, 6))
    expected = jacobian_basis(torch.sin, y, 3, 0.1).values
    locked = y.copy()
    locked.setflags(write=False)
    for array in (y.astype(">f8"), y.astype(np.longdouble), locked, y[::-1, ::-1]):
        torch.testing.assert_close(jacobian_basis(torch.sin, array, 3, 0.1).values, expected)
    found = jacobian_basis(torch.sin, torch.from_numpy(y).requires_grad_(), 3)
    torch.testing.assert_close(found.values, expected)
    for other, words in (
        (np.ma.masked_less(y, 0.5), "masked"),
        (y.astype(np.uint8), "divided by 255"),
        (y * 1j, "complex128"),
        (torch.from_numpy(y).to_sparse(), "sparse"),
        (y[:1, :1], "at least two numbers"),
    ):
        with pytest.raises(InputError, match=words):
            jacobian_basis(torch.sin, other, 3, 0.1)


def test_a_matrix_beyond_the_memory_is_refused():
    with pytest.raises(InputError, match=r"1,440,000 numbers would take .* GB are free: give a k"):
        jacobian_basis(torch.sin, torch.zeros(1200, 1200), None)


def test_products_of_our_networks_go_through_fused_kernels_unless_a_part_is_watched(monkeypatch):
    """Their second derivative in torch's modules takes five times as long, at 64 x 64 pixels."""
    called = []

    def counted(*args, **options):
        called.append(1)
        return fused_block(*args, **options)

    monkeypatch.setattr(shuffle_unet, "fused_block", counted)
    options = {"widths": (8, 12), "encoder": (2, 1), "decoder": (1,), "expansion": (2, 2)}
    network = shuffle_unet.ShuffleUNet(1, **options).eval()
    y = randn((1, 1, 16, 16), rng=generator(0), like=torch.zeros(()))
    products = JacobianProducts(network, y)
    assert len(called) == 4
    v = randn((1, 1, 1, 16, 16), rng=generator(1), like=y)
    network.encoders[0][0].spatial.register_forward_hook(lambda *_: None)
    plain = JacobianProducts(network, y)
    assert len(called) == 7  # the other blocks
    assert torch.allclose(products.forward(v), plain.forward(v), atol=1e-5)
    handle = register_module_forward_pre_hook(lambda *_: None)
    JacobianProducts(network, y)
    handle.remove()
    assert len(called) == 7


def test_moments_of_a_layer_of_learned_scattering_are_seen_though_kernels_know_the_block():
    """In training its channels are normalised by the batch, and what it keeps moves."""
    block = CollapseBlock(4, 4, Block(field="real")).train()
    y = randn((1, 4, 8, 8), rng=generator(0), like=torch.zeros(()))
    for method in METHODS:
        with pytest.raises(InputError, match="ChannelMatrix is in training mode and changes"):
            jacobian_basis(lambda y: y * block(y).square().mean(), y, 4, method=method)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_torch_has_compiled_is_what_it_was(method):
    """Networks, parts of them and functions; compiled graphs have no second derivative."""
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.SiLU(), nn.Conv2d(4, 1, 3, padding=1))
    y = image().float()
    wanted = jacobian_basis(plain.eval(), y, k=2, sigma=0.1, method=method)
    part = nn.Sequential(torch.compile(plain[0], backend="aot_eager"), *plain[1:]).eval()
    for f in (torch.compile(plain, backend="aot_eager"), part):
        f(y[None])  # compiled now, if it is
        found = jacobian_basis(f, y, k=2, sigma=0.1, method=method)
        assert torch.equal(found.values, wanted.values)
    function = torch.compile(lambda v: plain(v[None])[0], backend="aot_eager")
    found = jacobian_basis(function, y, k=2, sigma=0.1, method=method)
    assert torch.allclose(found.values, wanted.values, atol=1e-5)
