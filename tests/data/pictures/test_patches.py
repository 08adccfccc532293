"""Training patches: functions of (seed, index), with the noise that is promised."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from scorelet.core.errors import InputError
from scorelet.data import luma, to_unit
from scorelet.data.pictures.drawn import draw_page
from scorelet.data.pictures.patches import NoisyPatches, PictureCrops, half
from scorelet.models import MixedNoise, UniformNoise

LEVELS = (0.1, 0.3)
NOISE = UniformNoise(*LEVELS)


def pictures(count=3, side=20, channels=3, dtype=np.uint8):
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (count, side, side + 3, channels), dtype=np.uint8)
    return [picture.astype(dtype) for picture in samples]


def patches(source=None, **changes):
    options = {"patch": 8, "noise": NOISE, "length": 40, "seed": 3, "gray": 0.0} | changes
    return NoisyPatches([(1.0, PictureCrops(source or pictures()))], **options)


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in ("clean", "noisy", "sigma"))


def test_a_patch_does_not_depend_on_what_was_asked_for_before():
    data = patches(gray=0.5)
    forward = [data[k] for k in range(40)]
    for k in np.random.default_rng(1).permutation(40):
        assert same(data[int(k)], forward[k])
    assert all(same(patches(gray=0.5, length=10**6)[k], forward[k]) for k in (0, 39))


# forking is how Linux starts workers; Python 3.12 warns of it in any process with threads
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # one core
def test_a_patch_does_not_depend_on_the_number_of_workers():
    data = patches(gray=0.5)
    for workers in (0, 1, 2):
        batches = list(DataLoader(data, batch_size=10, num_workers=workers))
        loaded = {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}
        for k in range(40):
            assert same({name: values[k] for name, values in loaded.items()}, data[k])


def test_seed_and_index_both_matter():
    assert not torch.equal(patches()[0]["noisy"], patches(seed=4)[0]["noisy"])
    values = torch.stack([item["sigma"] for item in patches()])
    assert len(set(values.tolist())) == 40


def test_there_are_as_many_as_promised():
    assert len(list(patches())) == len(patches()) == 40
    for index in (-1, 40):
        with pytest.raises(IndexError, match=f"no patch {index} of 40"):
            patches()[index]


@pytest.mark.slow
def test_the_noise_has_the_law_that_is_promised():
    """Each bound is four standard errors of the estimate."""
    count, size = 2000, 3 * 8 * 8
    data = patches(length=count)
    items = [data[k] for k in range(count)]
    sigma = torch.stack([item["sigma"] for item in items]).double()
    low, high = LEVELS
    spread = high - low
    assert low <= float(sigma.min()) < float(sigma.max()) <= high
    assert abs(sigma.mean() - (low + high) / 2) < 4 * spread / (12 * count) ** 0.5
    # the fourth central moment of a uniform law of width w is w⁴/80, its variance w²/12
    error = spread**2 * ((1 / 80 - 1 / 144) / count) ** 0.5
    assert abs(sigma.var(correction=0) - spread**2 / 12) < 4 * error
    residual = torch.stack([(item["noisy"] - item["clean"]).double() for item in items])
    z = residual / sigma[:, None, None, None]
    n = count * size
    assert abs(z.mean()) < 4 / n**0.5
    assert abs(z.square().mean() - 1) < 4 * (2 / n) ** 0.5
    assert abs((z**4).mean() - 3) < 4 * (96 / n) ** 0.5  # Var z⁴ = 105 - 9
    clean = torch.stack([item["clean"] for item in items]).double()
    assert abs((z * (clean - clean.mean())).mean()) < 4 * clean.std() / n**0.5
    assert abs((z[:, 0] * z[:, 1]).mean()) < 4 / (n / 3) ** 0.5  # and between channels
    energy = z.square().mean((1, 2, 3)) - 1
    covariance = (energy * (sigma - sigma.mean())).mean()
    assert abs(covariance) < 4 * (2 / size) ** 0.5 * spread / (12 * count) ** 0.5


def test_noise_is_never_clipped_and_one_level_is_a_law_too():
    item = patches(noise=UniformNoise(2.0, 2.0))[0]
    assert float(item["sigma"]) == 2
    assert float(item["noisy"].min()) < 0
    assert float(item["noisy"].max()) > 1


def test_without_noise_a_patch_is_a_piece_of_a_picture():
    (picture,) = pictures(1)
    pieces = set()
    unit = to_unit(picture)
    for top in range(13):
        for left in range(16):
            piece = unit[top : top + 8, left : left + 8]
            for turned in (piece, piece[:, ::-1]):
                pieces |= {np.rot90(turned, k).tobytes() for k in range(4)}
    data = patches([picture], noise=UniformNoise(0.0, 0.0))
    for item in data:
        assert torch.equal(item["noisy"], item["clean"])
        assert item["clean"].permute(1, 2, 0).contiguous().numpy().tobytes() in pieces


@pytest.mark.slow
def test_the_share_of_gray_patches_has_equal_channels_and_equal_noise():
    count, share = 1000, 0.3
    data = patches(gray=share, length=count)
    gray = 0
    for item in data:
        equal = [
            torch.equal(item[name][0], item[name][k]) for name in ("clean", "noisy") for k in (1, 2)
        ]
        assert all(equal) or not any(equal)
        gray += all(equal)
    assert abs(gray / count - share) < 4 * (share * (1 - share) / count) ** 0.5  # 4 s.e.


def test_a_gray_patch_is_the_luma_of_the_colour_patch_of_that_index():
    colour, gray = (
        patches(noise=UniformNoise(0.0, 0.0)),
        patches(noise=UniformNoise(0.0, 0.0), gray=1.0),
    )
    for k in range(10):
        pixels = (colour[k]["clean"] * 255).round().byte().permute(1, 2, 0).numpy()
        expected = torch.from_numpy(to_unit(luma(pixels))).permute(2, 0, 1).expand(3, -1, -1)
        assert torch.equal(gray[k]["clean"], expected)


def test_the_gray_share_means_nothing_for_gray_pictures():
    source = pictures(channels=1)
    assert all(same(a, b) for a, b in zip(patches(source, gray=1.0), patches(source), strict=True))


@pytest.mark.slow
def test_luma_is_pillows_in_every_colour():
    green, blue = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    for red in range(256):
        pixels = np.stack([np.full_like(green, red), green, blue], axis=2).astype(np.uint8)
        expected = np.array(Image.fromarray(pixels).convert("L"))
        assert np.array_equal(luma(pixels)[..., 0], expected)


@pytest.mark.parametrize("dtype", [np.uint16, np.float16, np.float32, np.float64])
def test_patches_are_float32_whatever_the_pictures_are(dtype):
    for item in (patches(pictures(dtype=dtype), gray=share)[0] for share in (0.0, 1.0)):
        assert {tensor.dtype for tensor in item.values()} == {torch.float32}


@pytest.mark.parametrize("shape", [(5, 8), (8, 5), (3, 5), (1, 1)])
def test_smaller_pictures_are_mirrored_at_their_last_row_and_column(shape):
    picture = np.random.default_rng(2).integers(0, 256, (*shape, 1), dtype=np.uint8)
    rows, columns = (
        [j % (2 * n) if j % (2 * n) < n else 2 * n - 1 - j % (2 * n) for j in range(8)]
        for n in shape
    )
    whole = picture[rows][:, columns]
    turned = {np.rot90(side, k).tobytes() for side in (whole, whole[:, ::-1]) for k in range(4)}
    for item in patches([picture], noise=UniformNoise(0.0, 0.0), length=10):
        pixels = (item["clean"] * 255).round().byte().permute(1, 2, 0)
        assert pixels.contiguous().numpy().tobytes() in turned


@pytest.mark.slow
def test_all_eight_orientations_pictures_and_corners_are_equally_frequent():
    """Counts of n equally probable events: the chi-square statistic stays below its 1e-4 quantile.

    Quantiles of the chi-square law for n - 1 = 1, 2, 3, 7 degrees of freedom.
    """
    quantile = {2: 15.1, 3: 18.4, 4: 21.1, 8: 29.9}
    count = 1600
    source = [
        np.arange(9 * 10).reshape(9, 10, 1).astype(np.uint8) + np.uint8(90 * k) for k in range(2)
    ]
    names = {}
    for k, picture in enumerate(source):
        for top in range(2):
            for left in range(3):
                piece = picture[top : top + 8, left : left + 8]
                for mirrored, side in enumerate((piece, piece[:, ::-1])):
                    for turns in range(4):
                        key = np.rot90(side, turns).tobytes()
                        names[key] = (k, top, left, (mirrored, turns))
    found = []
    for item in patches(source, noise=UniformNoise(0.0, 0.0), length=count):
        pixels = (item["clean"] * 255).round().byte().permute(1, 2, 0)
        found.append(names[pixels.contiguous().numpy().tobytes()])
    for what, kinds in zip(range(4), (2, 2, 3, 8), strict=True):
        counts = Counter(name[what] for name in found)
        assert len(counts) == kinds
        expected = count / kinds
        statistic = sum((n - expected) ** 2 / expected for n in counts.values())
        assert statistic < quantile[kinds]


def test_no_pictures_are_one_sentence():
    with pytest.raises(InputError, match=r"^There are no pictures to cut patches from\.$"):
        PictureCrops([])
    with pytest.raises(InputError, match=r"^There are no pictures to cut patches from\.$"):
        NoisyPatches([], patch=8, noise=NOISE, length=1, seed=0)


PHOTO = [
    # kind of source, sigma in 8-bit units, mean of the patch, and a pixel without and with noise
    (0, 69.15233, 0.500725, 0.882353, 0.363770),
    (1, 20.40264, 0.494838, 0.541176, 0.469868),
    (2, 42.82499, 0.585902, 0.964706, 1.224660),
    (1, 43.87644, 0.366093, 0.288945, 0.372891),
    (0, 6.85307, 0.496538, 0.133333, 0.137194),
    (0, 46.32819, 0.506888, 0.031373, 0.588149),
    (0, 0.00000, 0.512286, 0.984314, 0.984314),
    (0, 6.03096, 0.473233, 0.996078, 1.029802),
    (1, 0.54159, 0.515165, 0.529412, 0.529212),
    (0, 70.74657, 0.508686, 0.643137, 0.382764),
    (1, 0.00000, 0.507521, 0.568627, 0.568627),
    (2, 1.74602, 0.366131, 0.262745, 0.265340),
]
"""Printed by the program with which the built-in model `photo` was trained."""


def photo_patches():
    """Sources and levels as those of the shipped configuration, on made-up pictures."""
    rng = np.random.default_rng(0)
    source = [rng.integers(0, 256, (40, 43 + k, 3), dtype=np.uint8) for k in range(3)]
    sources = [
        (0.56, PictureCrops(source)),
        (0.23, PictureCrops([half(picture) for picture in source], mixed=0.25)),
        (0.21, draw_page),
    ]
    levels = (UniformNoise(0.0, 0.0), UniformNoise(0.0, 10 / 255), UniformNoise(0.0, 75 / 255))
    noise = MixedNoise((0.06, 0.19, 0.75), levels)
    return NoisyPatches(sources, patch=16, noise=noise, length=100, seed=6, gray=0.45)


@pytest.mark.parametrize("index", range(len(PHOTO)))
def test_the_patches_that_the_built_in_model_saw_are_drawn_again(index):
    """A step of a generator more or less would change everything.

    Letters of a page may be drawn a little differently by another version of the library.
    """
    kind, sigma, mean, pixel, noisy = PHOTO[index]
    item = photo_patches()[index]
    assert float(item["sigma"]) * 255 == pytest.approx(sigma, abs=2e-5)
    drawn = kind == 2
    assert float(item["clean"].double().mean()) == pytest.approx(mean, abs=0.02 if drawn else 2e-6)
    difference = float(item["noisy"][1, 2, 3] - item["clean"][1, 2, 3])
    assert difference == pytest.approx(noisy - pixel, abs=3e-6)
    if not drawn:
        assert float(item["clean"][1, 2, 3]) == pytest.approx(pixel, abs=1e-6)


def flat(level):
    return lambda _rng, side: np.full((side, side, 1), level, dtype=np.uint8)


@pytest.mark.slow
def test_sources_are_drawn_from_by_their_shares():
    count, shares = 1000, (1.0, 3.0, 6.0)
    sources = [(share, flat(k)) for k, share in enumerate(shares)]
    data = NoisyPatches(sources, patch=8, noise=UniformNoise(0.0, 0.0), length=count, seed=0)
    counts = Counter(round(float(item["clean"][0, 0, 0]) * 255) for item in data)
    for k, share in enumerate(shares):
        p = share / 10
        assert abs(counts[k] / count - p) < 4 * (p * (1 - p) / count) ** 0.5  # 4 s.e.


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_half_is_the_mean_of_each_square_rounded_to_the_dtype(dtype):
    picture = (np.random.default_rng(1).uniform(0, 200, (7, 9, 3))).astype(dtype)
    small = half(picture)
    assert small.shape == (3, 4, 3)
    assert small.dtype == dtype
    for i, j in np.ndindex(3, 4):
        mean = picture[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].astype(np.float64).mean((0, 1))
        expected = mean if dtype == np.float32 else mean.round()
        np.testing.assert_allclose(small[i, j], expected, rtol=1e-6)


def test_a_mixed_crop_is_an_affine_map_of_its_colours():
    """Three channels and a constant explain all three new ones where nothing is clipped."""
    rng = np.random.default_rng(2)
    smooth = (0.5 + 0.01 * rng.standard_normal((12, 12, 3))).astype(np.float32)
    plain_crops, mixed_crops = PictureCrops([smooth]), PictureCrops([smooth], mixed=1.0)
    for k in range(8):
        plain, crop = (crops(np.random.default_rng(k), 12) for crops in (plain_crops, mixed_crops))
        inputs = np.c_[plain.reshape(-1, 3), np.ones(144)]
        fit, *_ = np.linalg.lstsq(inputs, crop.reshape(-1, 3), rcond=None)
        np.testing.assert_allclose(inputs @ fit, crop.reshape(-1, 3), atol=1e-5)
        assert not np.allclose(crop, plain, atol=0.005)
        assert 0 < crop.min() < crop.max() < 1  # so it was not clipped
