"""The fused block is the plain block: same values, same slopes, and out of the way elsewhere."""

import pytest
import torch

from scorelet.networks import fused, shuffle_unet
from scorelet.networks.kernel_dtype import differentiated_in_images
from scorelet.networks.shuffle_unet import ResidualBlock

needs_onednn = pytest.mark.skipif(
    fused.fused_dtype(torch.zeros(1), training=True) is None, reason="torch without oneDNN"
)
needs_bfloat16 = pytest.mark.skipif(
    torch.bfloat16 not in fused._dtypes(), reason="processor without bfloat16"
)
RELATIVE = {torch.float32: 2e-6, torch.bfloat16: 2e-2}
"""Of the norms; sums of up to 2000 products in another order, or of bfloat16's three digits."""


def block(width=32):
    generator = torch.Generator().manual_seed(0)
    made = ResidualBlock(width)
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=generator) / p[0].numel() ** 0.5)
    return made


def picture(width=32, *, batch=3, sides=(11, 14)):
    return torch.randn(batch, width, *sides, generator=torch.Generator().manual_seed(1))


def slopes(module, x, *, autocast=False):
    x = x.clone().requires_grad_()
    module.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        y = module(x)
    weight = torch.linspace(-1, 1, y.numel()).view_as(y)
    (y * weight).sum().backward()
    assert x.grad is not None
    return [y.detach(), x.grad, *(p.grad for p in module.parameters())]


def plainly(monkeypatch, action):
    with monkeypatch.context() as patch:
        patch.setattr(shuffle_unet, "fused_dtype", lambda x, training: None)
        return action()


def assert_near(got, expected, tolerance):
    for a, b in zip(got, expected, strict=True):
        assert (a.float() - b.float()).norm() <= tolerance * b.float().norm()


@needs_onednn
@pytest.mark.parametrize("sides", [(11, 14), (1, 1), (1, 9)])
@pytest.mark.parametrize("batch", [1, 3])
def test_slopes_in_training_are_those_of_the_plain_block(monkeypatch, batch, sides):
    module, x = block().train(), picture(batch=batch, sides=sides)
    expected = plainly(monkeypatch, lambda: slopes(module, x))
    assert_near(slopes(module, x), expected, RELATIVE[torch.float32])


@needs_onednn
@needs_bfloat16
def test_slopes_under_autocast_are_about_as_exact_as_the_plain_ones(monkeypatch):
    module, x = block().train(), picture()
    exact = plainly(monkeypatch, lambda: slopes(module, x))
    usual = plainly(monkeypatch, lambda: slopes(module, x, autocast=True))
    got = slopes(module, x, autocast=True)
    assert got[0].dtype == torch.bfloat16
    for a, b, c in zip(got, usual, exact, strict=True):
        assert (a - c).norm() <= 2 * (b - c).norm() + 1e-6 * c.norm()


@needs_onednn
@pytest.mark.parametrize(
    "dtype", [torch.float32, pytest.param(torch.bfloat16, marks=needs_bfloat16)]
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_inference_is_the_plain_block(monkeypatch, dtype, layout):
    module = block().eval().to(dtype)
    x = picture().to(dtype).to(memory_format=layout)
    with torch.inference_mode():
        expected = plainly(monkeypatch, lambda: module(x))
        assert_near([module(x)], [expected], RELATIVE[dtype])


@needs_onednn
def test_it_changes_neither_its_input_nor_its_weights():
    module, x = block().train(), picture().to(memory_format=torch.channels_last)
    before = [x.clone(), *(p.detach().clone() for p in module.parameters())]
    slopes(module, x)
    with torch.no_grad():
        module.eval()(x)
    for a, b in zip([x, *module.parameters()], before, strict=True):
        assert torch.equal(a, b)


@needs_onednn
def test_whoever_may_want_more_than_a_slope_gets_the_plain_block():
    x = picture()
    assert fused.fused_dtype(x, training=True) == torch.float32
    assert fused.fused_dtype(x, training=False) is None  # gradients of an evaluated network
    assert fused.fused_dtype(x.double(), training=True) is None
    seen = []

    def probe(t):
        with torch.no_grad():
            seen.append(fused.fused_dtype(t, training=False))
        return t

    torch.func.jvp(probe, (x,), (x,))
    torch.func.vmap(probe)(x)
    with torch.autograd.forward_ad.dual_level():
        probe(x)
    assert seen == [None] * 3
    probe(x)
    assert seen[-1] == torch.float32


@needs_onednn
def test_a_hook_on_a_convolution_is_called(monkeypatch):
    module, x, seen = block().eval(), picture(), []
    module.expand.register_forward_hook(lambda _m, _i, output: seen.append(output))
    with torch.no_grad():
        y = module(x)
    assert len(seen) == 1
    assert torch.equal(y, x + module.reduce(torch.nn.functional.leaky_relu(seen[0], fused.SLOPE)))


@needs_onednn
def test_a_hook_on_every_module_keeps_what_it_saw():
    """As profilers have it: blocks hide no part from it, and write over no input."""
    network = shuffle_unet.ShuffleUNet(1, widths=(8, 16), encoder=(2, 2), decoder=(2,)).eval()
    seen = []

    def hook(module, _inputs, output):
        seen.append((module, output, output.clone()))

    handle = torch.nn.modules.module.register_module_forward_hook(hook)
    try:
        with torch.no_grad():
            network(picture(1, sides=(16, 24)))
    finally:
        handle.remove()
    assert {*network.modules()} >= {module for module, *_ in seen}
    assert len({module for module, *_ in seen} & {*network.encoders.modules()}) > 4
    assert all(torch.equal(output, kept) for _, output, kept in seen)


@needs_onednn
def test_a_hook_before_the_slopes_of_a_convolution_is_called():
    module, seen = block().train(), []
    module.expand.register_full_backward_pre_hook(lambda _m, slope: seen.append(slope))
    slopes(module, picture())
    assert len(seen) == 1


@torch.no_grad()
def test_a_block_is_compiled_as_a_whole_without_a_warning():
    module, x = block().eval(), picture()
    found = torch.compile(module, backend="eager", fullgraph=True)(x)
    assert_near(found, module(x), RELATIVE[torch.float32])


@needs_onednn
def test_no_picture_gives_none():
    module = block().eval()
    with torch.no_grad():
        assert module(picture(batch=0)).shape == (0, 32, 11, 14)


@needs_onednn
@pytest.mark.parametrize(
    "dtype", [torch.float32, pytest.param(torch.bfloat16, marks=needs_bfloat16)]
)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("places", [1, 40, 10**6])
@pytest.mark.parametrize("sides", [(11, 14), (1, 9), (9, 1)])
def test_pieces_make_the_block_and_overwrite_only_where_they_may(
    monkeypatch, sides, places, layout, dtype
):
    """Many pieces or one, in a new place or in that of x: the numbers are the same."""
    module = block().eval().to(dtype)
    x = picture(sides=sides).to(dtype).contiguous(memory_format=layout)
    monkeypatch.setattr(fused, "_STRIP", places * x.shape[1])
    kept = x.clone()
    with torch.no_grad():
        plain = plainly(monkeypatch, lambda: module(x))
        y = module(x)
        assert torch.equal(x, kept)
        assert_near([y], [plain], RELATIVE[dtype])
        z = module(x, overwrite=True)
    assert torch.equal(z, y)
    assert z.data_ptr() == x.data_ptr() or layout == torch.contiguous_format


@needs_bfloat16
def test_a_network_leaves_its_input_alone_and_hooks_keep_what_they_saw():
    network = shuffle_unet.ShuffleUNet(1, widths=(8, 16), encoder=(2, 2), decoder=(2,)).eval()
    network = network.to(torch.bfloat16)
    y = picture(1, sides=(16, 24)).to(torch.bfloat16)
    kept, seen = y.clone(), []
    with torch.no_grad():
        alone = network(y)
        handle = network.head.register_forward_hook(lambda _m, _i, output: seen.append(output))
        watched = network(y)
        handle.remove()
        first = network.head(torch.nn.functional.pixel_unshuffle(y, 2))
    assert torch.equal(y, kept)
    assert torch.equal(seen[0], first)
    assert_near([watched], [alone], RELATIVE[torch.bfloat16])


def test_jacobians_of_an_evaluated_block_are_those_of_finite_differences():
    module, x = block(4).eval().double(), picture(4, batch=1, sides=(3, 4)).double()
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(2)).double()
    _, tangent = torch.func.jvp(module, (x,), (direction,))
    step = 1e-6
    difference = (module(x + step * direction) - module(x - step * direction)) / (2 * step)
    torch.testing.assert_close(tangent, difference, rtol=1e-6, atol=1e-7)
    assert torch.autograd.gradcheck(module, x.requires_grad_())


@needs_onednn
@pytest.mark.parametrize("batch", [1, 2])
def test_products_in_images_are_those_of_the_plain_block(monkeypatch, batch):
    """Jᵀ v, J v and, differentiated once more, Jᵀ v."""
    module, x = block().eval(), picture(batch=batch)
    generator = torch.Generator().manual_seed(2)
    v, w = (torch.randn(x.shape, generator=generator) for _ in range(2))

    def products():
        point = x.clone().requires_grad_()
        with differentiated_in_images():
            y = module(point)
        direction = v.clone().requires_grad_()
        (pulled,) = torch.autograd.grad(y, point, direction, create_graph=True)
        weight = w.clone().requires_grad_()
        (pushed,) = torch.autograd.grad(pulled, direction, weight, create_graph=True)
        (again,) = torch.autograd.grad(pushed, weight, v)
        return y, pulled, pushed, again

    fast, plain = products(), plainly(monkeypatch, products)
    assert "BlockOfImages" in type(fast[0].grad_fn).__name__
    assert_near(fast, plain, RELATIVE[torch.float32])
    assert_near([fast[3]], [fast[1]], RELATIVE[torch.float32])
    inner = (fast[1] * w).sum(), (fast[2] * v).sum()  # <Jᵀ v, w> = <v, J w>
    torch.testing.assert_close(*inner, rtol=1e-5, atol=1e-4)


@needs_onednn
def test_an_evaluated_block_has_slopes_of_its_weights_elsewhere():
    module, x = block().eval(), picture()
    with differentiated_in_images():
        pass
    assert all(slope is not None for slope in slopes(module, x)[2:])
