"""Packets: orthogonality, the order of frequencies, and the plans."""

import math
from inspect import unwrap

import pytest
import pywt
import torch

from laws.transform_laws import assert_adjoint, assert_energy, assert_reconstructs, pyramid_error
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.wavelets import OrthogonalWavelet, PacketPlan, Pyramid, Shell, WaveletPacket
from scorelet.wavelets.orthogonal.packet_plan import check_count
from wavelet_samples import short_ones_fast

DOUBLE = torch.zeros((), dtype=torch.float64)
EXACT = 1e-12  # float64, three levels of at most twenty products
PLANS = [
    *(PacketPlan.uniform(depth) for depth in (1, 2, 3)),
    *(PacketPlan.details(depth) for depth in (2, 3)),
    PacketPlan.wavelet(3),
    PacketPlan.octaves(2, subdivisions=2),
    PacketPlan.octaves(1, subdivisions=4),
    PacketPlan(2, (Shell(2, 1), Shell(3, 4), Shell(3, 5), Shell(2, 3))),
]


def white(*shape: int, seed: int = 0) -> torch.Tensor:
    return randn(shape, rng=generator(seed), like=DOUBLE)


NAMES = short_ones_fast(
    ["haar", *(f"db{k}" for k in range(1, 11)), *(f"sym{k}" for k in range(2, 11)), "shannon"]
)

SINGLE = "haar", "db4", "db10", "sym8", "shannon"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_uniform_plans_are_orthogonal_for_every_size(name):
    """W1: depth 1 to 3, sides from the least, 2^depth, to 256; some in single precision, too."""
    for depth in (1, 2, 3):
        packet = WaveletPacket(name, PacketPlan.uniform(depth))
        for size in (2**k for k in range(depth, 9)):
            x = white(1, size, size)
            assert_reconstructs(packet, x, EXACT)
            assert_energy(packet, x, EXACT)
            if name in SINGLE:
                assert_reconstructs(packet, x.float(), 1e-6)


@pytest.mark.parametrize("plan", PLANS, ids=str)
@pytest.mark.parametrize("name", ["haar", "db4", "sym10", "shannon"])
def test_every_plan_is_orthogonal(name, plan):
    packet, x = WaveletPacket(name, plan), white(2, 1, 16, 24)
    assert_reconstructs(packet, x, EXACT)
    assert_energy(packet, x, EXACT)
    assert_adjoint(packet, x, packet.analyze(white(2, 1, 16, 24, seed=1)), EXACT)
    pyramid = packet.analyze(x)
    assert pyramid_error(packet.from_square(packet.to_square(pyramid)), pyramid) == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_reconstructs_to_its_rounding(dtype):
    x = white(2, 1, 16, 16).to(dtype)
    packet = WaveletPacket("shannon", PacketPlan.uniform(2))
    pyramid = packet.analyze(x)
    assert pyramid.low.dtype == dtype
    assert (packet.synthesize(pyramid) - x).abs().max() < 16 * torch.finfo(dtype).eps


def test_the_plain_plan_is_the_wavelet_transform():
    x = white(3, 32, 16)
    packet = WaveletPacket("db3", PacketPlan.wavelet(3))
    expected = OrthogonalWavelet("db3", 3).analyze(x)
    assert pyramid_error(packet.analyze(x), expected) < EXACT


def test_sub_bands_are_those_of_pywavelets_in_order_of_frequency():
    x = white(32, 32)
    pyramid = WaveletPacket("db2", PacketPlan.uniform(2)).analyze(x)
    tree = pywt.WaveletPacket2D(x.numpy(), "db2", mode="periodization", maxlevel=2)
    rows = tree.get_level(2, order="freq")
    for shell, bands in zip(PacketPlan.uniform(2).shells, pyramid.details, strict=True):
        for (_, y, column), band in zip(shell.places, bands, strict=True):
            expected = torch.from_numpy(rows[y][column].data)
            assert (band - expected).abs().max() < 1e-11  # taps that are not polished


@pytest.mark.parametrize(
    ("name", "depth", "share"),
    [("db10", 2, 0.95), ("db4", 2, 0.85), ("db10", 3, 0.80), ("db4", 3, 0.69)],
)
def test_a_cosine_stays_in_the_sub_band_of_its_frequency(name, depth, share):
    """W4, along either axis; a wrong Gray code leaves less than a tenth."""
    side, count = 128, 2**depth
    packet = WaveletPacket(name, PacketPlan.uniform(depth))
    places = torch.arange(side, dtype=torch.float64)
    for band in range(count):
        frequency = (band + 0.5) * math.pi / count
        x = torch.cos(frequency * places)[:, None].expand(side, side)
        for picture, axis in ((x, 0), (x.mT, 1)):
            square = packet.to_square(packet.analyze(picture)).square()
            inside = square.unflatten(axis, (count, -1)).select(axis, band).sum()
            assert inside > share * square.sum()


def test_half_octaves_are_the_regions_of_the_specification():
    plan = PacketPlan.octaves(1, subdivisions=2)
    low, (inner, outer) = WaveletPacket("db4", plan).analyze(white(64, 64))
    assert (low.shape, inner.shape, outer.shape) == ((32, 32), (5, 16, 16), (7, 16, 16))
    lines = plan.describe(64).splitlines()
    assert [line.split()[-2:] for line in lines[1:]] == [
        ["[48,", "64)"],
        ["[32,", "48)"],
        ["[0,", "32)"],
    ]
    quarter = PacketPlan.octaves(1, subdivisions=4)
    assert [2 * shell.index + 1 for shell in quarter.shells] == [9, 11, 13, 15]
    assert "[3 L/4, L)" in PacketPlan.uniform(2).describe()


def test_the_coarse_square_is_the_picture_of_the_next_octave():
    x = white(32, 32)
    two = WaveletPacket("db2", PacketPlan.octaves(2, subdivisions=2)).analyze(x)
    one = WaveletPacket("db2", PacketPlan.octaves(1, subdivisions=2))
    first = one.analyze(x)
    second = one.analyze(first.low)
    chained = Pyramid(second.low, (*second.details, *first.details))
    assert pyramid_error(two, chained) < EXACT


def test_truncation_keeps_only_coarse_coefficients():
    packet = WaveletPacket("db4", PacketPlan.octaves(1, subdivisions=2))
    pyramid = packet.analyze(white(32, 32))
    smooth = packet.analyze(packet.synthesize(pyramid.truncated(1)))
    assert (smooth.details[0] - pyramid.details[0]).abs().max() < EXACT
    assert smooth.details[1].abs().max() < EXACT


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: PacketPlan(1, (Shell(2, 3),)), "begins at 0.75 of the band width.*end at 0.5"),
        (lambda: PacketPlan(1, (Shell(2, 2),)), "shells end at 0.75"),
        (lambda: PacketPlan.octaves(1, subdivisions=3), "subdivisions=3: use a power of two"),
        (lambda: PacketPlan.uniform(0), "depth=0"),
        (lambda: unwrap(check_count)("depth", 1.5), "depth=1.5: use a whole number"),
        (lambda: PacketPlan.uniform(2).describe(15), "15 cannot be halved 2 times"),
        (lambda: PacketPlan.uniform(2).describe(0), "side=0"),
        (lambda: unwrap(WaveletPacket.__init__)(object(), "haar", 2), "plan is 2: expected a Pack"),
        (lambda: WaveletPacket("nope", PacketPlan.uniform(2)), "no wavelet 'nope'"),
    ],
)
def test_plans_with_gaps_are_refused(make, text):
    with pytest.raises(InputError, match=text):
        make()


def test_pictures_and_coefficients_that_do_not_fit_are_refused():
    packet = WaveletPacket("haar", PacketPlan.uniform(3))
    with pytest.raises(InputError, match="12 x 12 cannot be halved 3 times"):
        packet.analyze(torch.zeros(12, 12))
    with pytest.raises(InputError, match="NaN"):
        packet.analyze(torch.full((8, 8), float("nan")))
    for x, text in (
        (torch.zeros(8, 8, dtype=torch.uint8), "uint8"),
        (torch.zeros(8, 8) + 0j, "complex64"),
        (torch.zeros(0, 8, 8), "not empty"),
        (torch.zeros(4, 4), "4 x 4 cannot be halved 3 times: use at most 2 levels"),
    ):
        with pytest.raises(InputError, match=text):
            packet.analyze(x)
    low, details = packet.analyze(torch.zeros(8, 8))
    with pytest.raises(InputError, match="this plan needs"):
        packet.synthesize(Pyramid(low, details[1:]))
    with pytest.raises(InputError, match="this plan needs"):
        packet.to_square(Pyramid(low, details[1:]))
