"""Orthogonal wavelets: against PyWavelets, and the identities that define them."""

import math
import multiprocessing
import warnings
from inspect import unwrap

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from laws.transform_laws import assert_adjoint, assert_energy, assert_reconstructs, pyramid_error
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.wavelets import (
    OrthogonalWavelet,
    PacketPlan,
    Pyramid,
    WaveletPacket,
    orthogonal_filters,
    wavelet_names,
)
from scorelet.wavelets.filters import check_wavelet_name, polish
from scorelet.wavelets.orthogonal.banded import BandedFilters, analyze_levels, synthesize_levels
from scorelet.wavelets.orthogonal.transform import check_signal
from wavelet_samples import short_ones_fast

ALL = ["haar", *(f"db{k}" for k in range(1, 11)), *(f"sym{k}" for k in range(2, 11))]
NAMES = short_ones_fast(ALL)
SIZES = [2**k for k in range(1, 10)]
DOUBLE = torch.zeros((), dtype=torch.float64)
# float64: twenty products a level and nine levels leave 1e-14; 1e-12 is what is promised.
EXACT = 1e-12


def white(*shape: int, seed: int = 0) -> torch.Tensor:
    return randn(shape, rng=generator(seed), like=DOUBLE)


def oracle(name: str) -> pywt.Wavelet:
    """PyWavelets with the polished taps: its own miss orthonormality by up to 5e-12 (sym3)."""
    filters = orthogonal_filters(name)
    low, high = list(filters.low), list(filters.high)
    wavelet = pywt.Wavelet(name, filter_bank=[low[::-1], high[::-1], low, high])
    wavelet.orthogonal = True
    return wavelet


def reference(x: torch.Tensor, name: str, levels: int) -> Pyramid:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the level is "too high" where filters go round
        found = pywt.wavedec2(x.numpy(), oracle(name), mode="periodization", level=levels)
    return Pyramid.from_pywavelets(found)


@pytest.mark.parametrize("name", [n for n in wavelet_names() if n != "shannon"])
def test_taps_are_orthonormal_and_those_of_pywavelets(name):
    filters = orthogonal_filters(name)
    n = len(filters.low)
    for first, second, same in ((0, 0, 1), (1, 1, 1), (0, 1, 0)):
        a, b = (np.pad((filters.low, filters.high)[k], n) for k in (first, second))
        products = [a @ np.roll(b, 2 * k) for k in range(-n // 2 + 1, n // 2)]
        expected = same * (np.arange(-n // 2 + 1, n // 2) == 0)
        assert np.abs(products - expected).max() < 1e-15
    assert np.abs(filters.low - pywt.Wavelet(name).rec_lo).max() < 1e-11
    assert np.abs(filters.high - pywt.Wavelet(name).rec_hi).max() < 1e-11


@pytest.mark.parametrize("moments", range(1, 11))
def test_daubechies_taps_are_the_minimum_phase_factor_of_their_product_filter(moments):
    """|h(w)|^2 = 2 cos(w/2)^(2q) P(sin^2(w/2)), P(y) = sum_k C(q - 1 + k, k) y^k; q moments.

    Each root y of P gives the roots z of z + 1/z = 2 - 4y; those inside the circle are kept.
    """
    coefficients = [math.comb(moments - 1 + k, k) for k in range(moments)]
    taps = np.ones(1, complex)
    for y in np.roots(coefficients[::-1]):
        half = 1 - 2 * y
        z = half + np.sqrt(half**2 - 1 + 0j)
        taps = np.convolve(taps, [1, -z if abs(z) < 1 else -1 / z])
    for _ in range(moments):
        taps = np.convolve(taps, [1, 1])
    expected = (taps * 2**0.5 / taps.sum()).real
    # nine roots to about 1e-15 each
    assert np.abs(expected - orthogonal_filters(f"db{moments}").low).max() < 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_every_band_equals_pywavelets(name):
    for size in SIZES:
        shape = (1, size, size) if size > 64 else (2, 3, size, size)
        x = white(*shape)
        for levels in {1, size.bit_length() - 1}:
            got = OrthogonalWavelet(name, levels).analyze(x)
            assert pyramid_error(got, reference(x, name, levels)) < EXACT


@pytest.mark.slow
@pytest.mark.parametrize("align", ["pywavelets", "centred"])
@pytest.mark.parametrize("name", short_ones_fast([*ALL, "coif3", "shannon"]))
def test_transform_is_orthogonal_for_every_size(name, align):
    for size in SIZES:
        wavelet = OrthogonalWavelet(name, size.bit_length() - 1, align=align)
        x, y = white(1, size, size), white(1, size, size, seed=1)
        assert_reconstructs(wavelet, x, EXACT)
        assert_energy(wavelet, x, EXACT)
        assert_adjoint(wavelet, x, wavelet.analyze(y), EXACT)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    levels=st.integers(1, 3),
    name=st.sampled_from(["haar", "db2", "db4", "db10"]),
    align=st.sampled_from(["pywavelets", "centred"]),
)
def test_kernels_and_torch_path_agree_for_any_shape(height, width, levels, name, align):
    x = white(2, height << levels, width << levels)
    wavelet = OrthogonalWavelet(name, levels, align=align)
    axis = wavelet._cascade.axis
    low, *details = analyze_levels(x, axis, levels, 2)
    got = wavelet.analyze(x)
    assert pyramid_error(got, Pyramid(low, tuple(details[::-1]))) < EXACT
    back = synthesize_levels(low, details, axis, 2)
    assert (back - wavelet.synthesize(got)).abs().max() < EXACT


@pytest.mark.parametrize("name", NAMES)
def test_signals_equal_pywavelets(name):
    for size in SIZES:
        x, levels = white(2, 3, size), size.bit_length() - 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pywt.wavedec(x.numpy(), oracle(name), mode="periodization", level=levels)
        wavelet = OrthogonalWavelet(name, levels, ndim=1)
        pyramid = wavelet.analyze(x)
        assert pyramid_error(pyramid, Pyramid.from_pywavelets(expected)) < EXACT
        assert_energy(wavelet, x, EXACT)
        assert (wavelet.synthesize(pyramid) - x).abs().max() < EXACT
        again = pywt.waverec(pyramid.to_pywavelets(), oracle(name), mode="periodization")
        assert np.abs(again - x.numpy()).max() < EXACT


def test_pyramids_go_to_pywavelets_and_back():
    x = white(2, 1, 16, 24)
    pyramid = OrthogonalWavelet("db2", 2).analyze(x)
    listed = pyramid.to_pywavelets()
    again = pywt.waverec2(listed, oracle("db2"), mode="periodization")
    assert np.abs(again - x.numpy()).max() < EXACT
    assert pyramid_error(Pyramid.from_pywavelets(listed), pyramid) == 0
    half = pyramid.map(lambda band: band.bfloat16())  # numpy has no such numbers
    assert half.to_pywavelets()[0].tolist() == half.low.tolist()


@pytest.mark.parametrize(
    "other",
    [
        lambda band: band.astype(">f8"),
        lambda band: band[::-1].copy()[::-1],
        lambda band: np.asfortranarray(band),
    ],
    ids=["big-endian", "negative strides", "columns first"],
)
def test_arrays_of_pywavelets_lie_in_memory_as_they_like(other):
    x = white(16, 24)
    listed = pywt.wavedec2(x.numpy(), "db2", mode="periodization", level=2)
    moved = [other(listed[0]), *(tuple(map(other, triple)) for triple in listed[1:])]
    found, expected = (Pyramid.from_pywavelets(bands) for bands in (moved, listed))
    assert pyramid_error(found, expected) == 0
    signal = [other(listed[0][0]), other(listed[1][0][0])]
    assert Pyramid.from_pywavelets(signal).details[0].tolist() == listed[1][0][0].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_float32_reconstructs_to_1e_6_for_every_size(name):
    for size in SIZES:
        x = white(1, size, size).float()
        assert_reconstructs(OrthogonalWavelet(name, size.bit_length() - 1), x, 1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_other_dtypes_reconstruct_to_their_rounding(dtype):
    x = white(3, 1, 64, 64).to(dtype)
    wavelet = OrthogonalWavelet("db4", 4)
    pyramid = wavelet.analyze(x)
    assert pyramid.low.dtype == pyramid.details[0].dtype == dtype
    assert (wavelet.synthesize(pyramid) - x).abs().max() < 16 * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_has_the_shannon_wavelet(dtype):
    x = white(3, 1, 64, 64).to(dtype).requires_grad_()
    wavelet = OrthogonalWavelet("shannon", 4)
    pyramid, exact = wavelet.analyze(x), wavelet.analyze(x.detach().double())
    assert pyramid.low.dtype == pyramid.details[0].dtype == dtype
    assert (pyramid.low - exact.low).abs().max() < 16 * torch.finfo(dtype).eps
    again = wavelet.synthesize(pyramid)
    assert (again - x).abs().max() < 16 * torch.finfo(dtype).eps
    (gradient,) = torch.autograd.grad(again.sum(), x)
    assert (gradient - 1).abs().max() < 16 * torch.finfo(dtype).eps


@pytest.mark.parametrize("moments", [1, 2, 4, 7])
def test_polynomials_of_low_degree_have_no_details_away_from_the_wrap(moments):
    places = torch.arange(128, dtype=torch.float64) / 128
    x = (places[:, None] + 2 * places) ** (moments - 1)
    _, (details,) = OrthogonalWavelet(f"db{moments}", 1).analyze(x)
    inside = slice(moments, 64 - moments)
    assert details[..., inside, inside].abs().max() < 1e-10  # taps are tabulated to 1e-12


def test_detail_operator_has_the_diagonal_of_the_specification():
    """W7: the diagonal of G^T G is 2-periodic and sums to 3 L^2 / 4."""
    side = 16
    wavelet = OrthogonalWavelet("db3", 1)
    units = torch.eye(side**2, dtype=torch.float64).reshape(-1, side, side)
    diagonal = wavelet.analyze(units).details[0].square().sum((-3, -2, -1)).reshape(side, side)
    assert (diagonal - diagonal.roll((2, 2), (0, 1))).abs().max() < EXACT
    assert abs(float(diagonal.sum()) - 3 * side**2 / 4) < 1e-10


def test_mean_doubles_with_each_level():
    x = white(16, 16)
    low = OrthogonalWavelet("sym5", 3).analyze(x).low
    assert abs(float(low.mean() - 8 * x.mean())) < 1e-10


@pytest.mark.parametrize("name", ["db4", "sym5", "coif2"])
def test_centred_filters_are_within_one_pixel_of_the_pair(name):
    filters = orthogonal_filters(name, "centred")
    places = np.arange(len(filters.low)) + filters.start
    assert abs(places @ filters.low**2 - 0.5) <= 0.5
    assert abs(places @ filters.high**2 - 0.5) <= 1


def test_a_vertical_edge_is_in_band_v():
    x = torch.zeros(32, 32, dtype=torch.float64)
    x[:, 15:] = 1
    h, v, d = OrthogonalWavelet("haar", 1).analyze(x).details[0]
    assert max(h.abs().max(), d.abs().max()) < EXACT
    assert v.abs().max() > 0.9


def test_negative_views_have_their_sign():
    """Their memory holds the other one, as that of the imaginary part of a conjugate."""
    wavelet, x = OrthogonalWavelet("db2", 2), white(8, 8)
    low, details = wavelet.analyze(-x)
    torch.testing.assert_close(wavelet.analyze(torch._neg_view(x)).low, low)
    bands = Pyramid(low, tuple(torch._neg_view(-band) for band in details))
    torch.testing.assert_close(wavelet.synthesize(bands), -x)


def test_strided_and_expanded_input_gives_the_same_as_a_copy():
    wavelet = OrthogonalWavelet("db2", 2)
    wide = white(3, 16, 40)
    for x in (wide[:, ::2, 3:19], wide[0, 0, :16].expand(8, 16), wide[..., :16].mT):
        view, copy = wavelet.analyze(x), wavelet.analyze(x.clone())
        assert pyramid_error(view, copy) == 0
        strided = view.map(lambda t: t.mT.contiguous().mT)
        assert (wavelet.synthesize(strided) - x).abs().max() < EXACT


def test_result_of_a_picture_does_not_depend_on_its_batch_or_on_threads():
    """Large enough for several threads; bit by bit."""
    x = white(64, 32, 32).float()
    wavelet, before = OrthogonalWavelet("db3", 3), torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        many = wavelet.analyze(x)
        back = wavelet.synthesize(many)
        torch.set_num_threads(1)
        assert pyramid_error(wavelet.analyze(x), many) == 0
        assert torch.equal(wavelet.synthesize(many), back)
        alone = wavelet.analyze(x[7])
        assert pyramid_error(alone, many.map(lambda t: t[7])) == 0
    finally:
        torch.set_num_threads(before)


def energy_in_child(x: np.ndarray, connection) -> None:
    torch.set_num_threads(2)
    connection.send(float(OrthogonalWavelet("db2", 2).analyze(torch.from_numpy(x)).energy()))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_threads_work_in_a_forked_process():
    """Enough numbers for our threads, too few for torch's, which hang in forked processes."""
    x = white(24, 32, 32)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    OrthogonalWavelet("db2", 2).analyze(x)  # the parent's threads exist now
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=energy_in_child, args=(x.numpy(), theirs))
    child.start()
    torch.set_num_threads(before)
    try:
        assert ours.poll(60), "the child hangs"
        assert abs(ours.recv() - float(x.square().sum())) < 1e-8
    finally:
        child.kill()
        child.join()


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (
            torch.zeros(1, 1, 6, 8),
            r"6 x 8 cannot be halved 2 times: use at most 1 level, or pad to 8",
        ),
        (torch.zeros(5, 8), r"5 x 8 cannot be halved 2 times: pad to 8 x 8"),
        (
            torch.zeros(8, 8, 3),
            r"8 x 3 .*: if the last .* by x\.movedim\(-1, -3\); otherwise pad to",
        ),
        (torch.zeros(0, 1, 8, 8), r"shape \(0, 1, 8, 8\).*not empty"),
        (torch.zeros(8), r"shape \(8,\): expected \(\.\.\., height, width\)"),
        (torch.zeros(8, 8, dtype=torch.int32), r"int32 .* expected a real floating-point"),
        (torch.zeros(8, 8, dtype=torch.complex64), r"complex64 .* expected a real floating-point"),
        (torch.full((8, 8), float("nan")), "NaN or infinite.*nan_to_num"),
        (torch.eye(8) / 0, "NaN or infinite"),
    ],
)
def test_input_that_cannot_be_analyzed_is_refused(x, text):
    with pytest.raises(InputError, match=text):
        OrthogonalWavelet("db2", 2).analyze(x)


def test_a_finite_picture_whose_coefficients_are_not_is_not_called_infinite():
    """One level doubles a constant, and 4e38 is no float32."""
    x = torch.full((8, 8), 2e38)
    with pytest.raises(InputError, match=r"up to 2\.0e\+38: its .* larger than float32 can hold"):
        OrthogonalWavelet("haar").analyze(x)
    assert OrthogonalWavelet("haar").analyze(x.double()).low[0, 0] == 2 * float(x[0, 0])


def test_polishing_moves_coefficients_by_what_the_documentation_says():
    """One level of pixels in [-1, 1] beside PyWavelets' own taps: rounding but for symlets."""
    x, moved = white(64, 64), {}
    x /= x.abs().max()
    for name in wavelet_names():
        if name == "shannon":
            continue
        expected = pywt.dwt2(x.numpy(), name, mode="periodization")
        low, details = analyze_levels(x, BandedFilters(orthogonal_filters(name)), 1, 2)
        pairs = zip((low, *details.unbind(-3)), (expected[0], *expected[1]), strict=True)
        moved[name] = max(float(np.abs(a.numpy() - b).max()) for a, b in pairs)
    assert {k for k, v in moved.items() if v > 1e-13} <= {f"sym{k}" for k in range(2, 21)}
    assert 1e-12 < max(moved.values()) < 4e-11


Z = torch.zeros


@pytest.mark.parametrize(
    ("pyramid", "text"),
    [
        (Z(8, 8), r"no pyramid: expected \(low, details\), a tensor and a tuple"),
        (None, "no pyramid"),
        ((np.zeros((4, 4)), (Z(3, 4, 4),)), "no pyramid"),
        ((Z(4), (Z(3, 4, 4),)), r"band has shape \(4,\): expected \(\.\.\., height, width\)"),
        ((Z(0, 4, 4), (Z(0, 3, 4, 4),)), r"shape \(0, 4, 4\).*not empty"),
        ((Z(4, 4).long(), (Z(3, 4, 4).long(),)), r"int64.*as x\.float\(\) is"),
        ((Z(4, 4), (Z(3, 4, 4) + 0j,)), r"complex64.*as \.real and \.imag are"),
        ((Z(4, 4).double(), (Z(3, 4, 4),)), r"float64 .* float32 .*: expected one dtype"),
    ],
)
@pytest.mark.parametrize(
    "transform", [OrthogonalWavelet("haar"), WaveletPacket("haar", PacketPlan.uniform(1))], ids=str
)
def test_coefficients_that_are_no_pyramid_are_refused(transform, pyramid, text):
    with pytest.raises(InputError, match=text):
        unwrap(type(transform).synthesize)(transform, pyramid)


def test_an_array_is_refused():
    with pytest.raises(InputError, match=r"x is ndarray: .* tensor, as torch\.from_numpy\(x\)"):
        unwrap(check_signal)(np.zeros((8, 8)), 2)  # past the check of annotations in tests


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("db44", "There is no wavelet 'db44': did you mean db"),
        ("DB4", "There is no wavelet 'DB4': did you mean db4"),
        ("bior2.2", "not orthogonal"),
        ("morl", "not orthogonal"),
        ("dmey", "not orthogonal"),
    ],
)
def test_wavelets_that_are_not_orthogonal_are_refused(name, text):
    with pytest.raises(InputError, match=text):
        OrthogonalWavelet(name)


def test_options_and_pyramids_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="levels=0"):
        OrthogonalWavelet("haar", 0)
    for levels in (2.5, "3", True):
        with pytest.raises(InputError, match=r"levels=.*use a whole number of levels"):
            unwrap(OrthogonalWavelet.__init__)(object(), "haar", levels)
    with pytest.raises(InputError, match="wavelet is Wavelet: expected its name, as 'db4'"):
        unwrap(check_wavelet_name)(pywt.Wavelet("db4"))
    with pytest.raises(InputError, match="alignment 'left'"):
        OrthogonalWavelet("haar", align="left")
    wavelet = OrthogonalWavelet("haar", 2)
    low, (coarse, fine) = wavelet.analyze(torch.zeros(8, 8))
    with pytest.raises(InputError, match="details of 1 levels: this transform has 2"):
        wavelet.synthesize(Pyramid(low, (coarse,)))
    with pytest.raises(InputError, match=r"Details 1 .* must have shape \(3, 4, 4\)"):
        wavelet.synthesize(Pyramid(low, (coarse, fine[:2])))
    uneven = (low, low, low[1:])
    for listed in ([low, (coarse, fine)], [], None, ["a", "b"], [low, uneven]):
        with pytest.raises(InputError, match=r"expected \[cA"):
            unwrap(Pyramid.from_pywavelets.__func__)(Pyramid, listed)
    with pytest.raises(InputError, match="miss orthonormality"):
        polish(np.array([0.5, 0.8, 0.2, -0.1]))


@pytest.mark.parametrize("align", ["pywavelets", "centred"])
def test_taps_that_all_transforms_share_are_not_written_to(align):
    filters = orthogonal_filters("db3", align)
    for taps in (filters.low, filters.high):
        with pytest.raises(ValueError, match="read-only"):
            taps[0] = 0.0
