"""restore: what was measured stays, what is restored is nearer to the truth, and bad words."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import scorelet as sl
from samples import Pointwise, noisy, waves, write_png
from scorelet.core.errors import InputError
from scorelet.data import Picture
from scorelet.data.pictures.in_memory import in_memory
from scorelet.models import Denoiser, GaussianMixtureDenoiser, ResidualDenoiser
from scorelet.models.measurements import LowFrequencies, RandomSensing
from scorelet.sampling import DivergenceError
from scorelet.tasks.restore import QUALITIES, RestoreSettings
from scorelet.tasks.restore.files import restore_files
from scorelet.tasks.restore.tiled import TiledDenoiser
from scorelet.tasks.restore.ways.base import SCHEDULE
from scorelet.tasks.restore.ways.inpaint import FILLING, filling


@pytest.fixture(autouse=True)
def _exact(float32):
    """Convolutions in float32, on every machine."""


def blocks(x, factor):
    height, width = (side // factor for side in x.shape[:2])
    return x.reshape(height, factor, width, factor, -1).mean((1, 3)).squeeze()


def truth(side=32):
    return np.ascontiguousarray(waves(side, side, 1)[..., 0], np.float32)


def error(x, y):
    return float(np.sqrt(np.mean((np.squeeze(x) - y) ** 2)))


def test_missing_pixels_of_noisy_pictures_begin_as_other_tasks():
    assert filling() == filling(0.07) == FILLING
    assert filling(0.08) == SCHEDULE


LOWER = [filling(0.0, error) for error in (1e-4, 0.013, 0.03, 0.0451, 0.07, 0.3)]


@pytest.mark.parametrize("schedule", [SCHEDULE, FILLING, *LOWER])
def test_numbers_of_network_calls(schedule):
    assert QUALITIES["fast"] * len(schedule.sigmas()) == 39
    assert QUALITIES["full"] * len(schedule.sigmas()) == 8 * 39


def test_noise_begins_near_the_error_of_the_first_guess():
    starts = [schedule.start for schedule in LOWER]
    assert starts == pytest.approx([0.02, 0.026, 0.06, 0.0902, 0.14, 0.15])
    assert all(x.start / x.end == pytest.approx(FILLING.start / FILLING.end) for x in LOWER)


@pytest.mark.slow
def test_a_slope_is_filled_as_by_a_surface():
    rows, columns = np.mgrid[:32, :32]
    x = ((columns + 2 * rows) / 128).astype(np.float32)
    known = np.random.default_rng(0).random(x.shape) < 0.3
    out = sl.restore(np.where(known, x, 0), task="inpaint", mask=known, quality="fast")
    assert error(out.image, x) < 0.003  # of samples alone 0.0057; most of it at the borders


@pytest.mark.slow
def test_means_of_blocks_are_those_of_the_picture():
    x = truth()
    small = blocks(x, 2)
    out = sl.restore(small, task="superres", quality="fast", samples=2)
    assert out.image.shape == (32, 32)
    for sample in out.samples:
        inside = np.isfinite(sample)
        assert inside.all()
        whole = blocks(inside.astype(float), 2) == 1
        assert np.abs(blocks(sample, 2) - small)[whole].max() < 1e-5
    nearest = small.repeat(2, 0).repeat(2, 1)
    assert error(out.image, x) < 0.7 * error(nearest, x)
    deviation = out.samples.astype(np.float64).std(0, ddof=1)
    assert np.abs(out.deviation - deviation).max() < 1e-6  # rounding of numbers up to 1


@pytest.mark.slow
def test_missing_pixels_are_filled_and_others_stay():
    x = truth()
    known = np.random.default_rng(0).random(x.shape) < 0.5
    out = sl.restore(np.where(known, x, 0), task="inpaint", mask=known, quality="fast")
    assert np.abs(out.image - x)[known].max() < 1e-6
    assert error(out.image[~known], x[~known]) < 0.06
    gaps = np.where(known, x, np.nan)  # what is NaN is missing, too
    again = sl.restore(gaps, task="inpaint", quality="fast")
    np.testing.assert_allclose(again.image, out.image, atol=1e-5)


@pytest.mark.slow
def test_a_blur_is_undone():
    from scipy.ndimage import gaussian_filter

    x = np.full((32, 32), 0.2, np.float32)
    x[10:22, 8:25] = 0.8
    soft = gaussian_filter(x, 1.5, mode="reflect").astype(np.float32)
    noisy = soft + np.random.default_rng(0).normal(0, 1 / 255, x.shape).astype(np.float32)
    out = sl.restore(noisy, task="deblur", blur=1.5, sigma=1 / 255, quality="fast")
    assert error(out.image, x) < 0.6 * error(noisy, x)


@pytest.mark.slow
def test_samples_are_functions_of_seed_and_number():
    small = blocks(truth(), 2)
    first, again = (
        sl.restore(small, task="superres", quality="fast", samples=n, seed=4) for n in (1, 2)
    )
    assert np.array_equal(first.samples[0], again.samples[0])
    assert not np.array_equal(again.samples[0], again.samples[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "measurement"),
    [
        ({"task": "sensing", "ratio": 0.4, "projections": 3}, RandomSensing((32, 32), 0.4, seed=3)),
        ({"task": "spectral", "share": 0.5}, LowFrequencies((32, 32), 0.5)),
    ],
)
def test_what_is_measured_stays_and_the_rest_comes_nearer(words, measurement):
    x = truth()
    out = sl.restore(x, quality="fast", **words)
    image, whole = (torch.from_numpy(np.asarray(a))[None, None] for a in (out.image, x))
    kept = measurement.measure(image) - measurement.measure(whole)
    assert kept.abs().max() < 1e-5
    alone = measurement.project(whole - 0.5) + 0.5
    assert error(out.image, x) < 0.6 * error(alone.numpy(), x)
    assert out.samples.shape == (0, 32, 32)


@pytest.mark.slow
def test_depth_opacity_and_channels_come_through():
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 8, 4)).astype(np.uint16)
    out = sl.restore(pixels, task="superres", factor=3, quality="fast")
    assert out.image.shape == (18, 24, 4)
    assert out.image.dtype == np.uint16
    assert np.array_equal(out.image[1::3, 1::3, 3], pixels[..., 3])  # the middles


def test_an_opacity_is_enlarged_without_stairs():
    """Of a slanted edge the steps from pixel to pixel are those of the edge, not of blocks."""
    alpha = np.clip(64 * np.add.outer(np.arange(8), np.arange(8)) - 300, 0, 255).astype(np.uint8)
    picture = Picture(np.zeros((8, 8, 3), np.uint8), alpha=alpha)
    settings = RestoreSettings(task="superres", factor=4)
    found = settings.prepare(picture).alpha
    assert found.shape == (32, 32)
    assert found.dtype == np.uint8
    assert (found.min(), found.max()) == (0, 255)
    assert max(np.abs(np.diff(found.astype(int), axis=axis)).max() for axis in (0, 1)) <= 17
    whole = replace(picture, alpha=np.full_like(alpha, 255))
    assert (settings.prepare(whole).alpha == 255).all()


@pytest.mark.slow
def test_tiles_give_the_answer_of_the_whole():
    model = ResidualDenoiser(sl.load("photo").network).eval()
    y = torch.rand(2, 1, 96, 80, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = model(y)
        tiled = TiledDenoiser(model, 40)(y)
    torch.testing.assert_close(tiled, whole, rtol=0, atol=1e-5)


class Told(Denoiser):
    blind, needs_cond = True, True

    def _denoise(self, y, sigma, cond, label):
        return (y + cond) / 2


def test_a_denoiser_may_be_given_itself():
    """With an exact Gaussian prior the mean of a block is spread as the prior says: evenly."""
    prior = GaussianMixtureDenoiser(
        torch.ones(1, dtype=torch.float64),
        torch.full((1, 1, 8, 8), 0.5, dtype=torch.float64),
        torch.full((1,), 1e-4, dtype=torch.float64),
    )
    y = np.full((4, 4, 1), 0.6, np.float32)
    out = sl.restore(y, task="superres", model=prior, quality="fast")
    np.testing.assert_allclose(out.image.reshape(4, 2, 4, 2).mean((1, 3)), 0.6, atol=1e-4)
    with pytest.raises(InputError, match=r"^restore tells a denoiser no condition, .* --cond\.$"):
        sl.restore(y, task="superres", model=Told(), quality="fast")
    said = r"^model is of the type Linear: expected .* Denoiser\. .*\.ResidualDenoiser\.$"
    with pytest.raises(InputError, match=said):
        sl.restore(y, task="superres", model=torch.nn.Linear(1, 1))


NOISY_TASKS = {
    "superres": {"factor": 2},
    "inpaint": {"mask": np.arange(256).reshape(16, 16) % 3 > 0},
    "deblur": {"blur": 0.8, "edges": "mirrored"},
    "sensing": {"ratio": 0.7},
    "spectral": {"share": 0.7},
}


@pytest.mark.parametrize("task", NOISY_TASKS)
def test_the_level_of_the_noise_is_heard(task):
    """Of a prior that knows the truth well, noisy measurements are believed less and less."""
    x = truth(16)
    whole = x.repeat(2, 0).repeat(2, 1) if task == "superres" else x
    prior = GaussianMixtureDenoiser(
        torch.ones(1, dtype=torch.float64),
        torch.from_numpy(whole.astype(np.float64))[None, None],
        torch.full((1,), 1e-3, dtype=torch.float64),
    )
    level = 25 / 255
    noisy = x + np.random.default_rng(0).normal(0, level, x.shape).astype(np.float32)
    words = NOISY_TASKS[task] | {"task": task}
    settings = RestoreSettings(**words, sigma=level)
    seen = settings.prepare(in_memory(noisy).pictures[0]).observation
    assert seen.measurement.noise == pytest.approx(level)
    off, least = [], 0.5 / 255 if task == "deblur" else 0.0
    for sigma in (least, level):
        out = sl.restore(noisy, model=prior, quality="fast", sigma=sigma, **words)
        off.append(error(out.image, whole))
    assert off[1] < 0.7 * off[0]


def test_a_prior_that_diverges_is_said():
    for gain, dtype in (
        (3.0, np.float32),
        (3.0, np.uint8),
        (1.05, np.float32),
        (1.1, np.uint8),
        (-1.2, np.uint8),
    ):
        model = Pointwise(lambda y, gain=gain: gain * y)
        with pytest.raises(DivergenceError, match="sampler diverged"):
            sl.restore(np.ones((8, 8), dtype), task="superres", model=model, quality="fast")


def test_masks_in_python_mean_what_they_mean_in_files(tmp_path):
    x = (255 * truth(16)).astype(np.uint8)
    hole = np.zeros((16, 16), bool)
    hole[4:12, 4:12] = True
    white = np.where(hole, 3, 255).astype(np.uint8)  # as JPEG gives black
    write_png(tmp_path / "mask.png", white[..., None])
    np.save(tmp_path / "mask.npy", np.where(hole, 0, 3))
    masks = [
        *(~hole, white, white[..., None], white.astype(np.uint16) * 257, white / 255),
        *((~hole).astype(np.uint8), (~hole).astype(int), torch.from_numpy(~hole)),
        *(np.where(hole, 0, 255), np.where(hole, 0, 7).astype(np.uint8), hole.astype(np.int32) - 1),
        *(torch.from_numpy(~hole).bfloat16(), np.repeat(white[..., None], 3, 2)),
        *(Image.fromarray(white), Image.fromarray(white).convert("RGB")),
        *(tmp_path / "mask.png", tmp_path / "mask.npy"),
    ]
    erased = np.dstack([np.full((16, 16, 3), (9, 8, 7), np.uint8), white])
    unequal = np.dstack([white, white, white, np.where(x > 99, 255, 0).astype(np.uint8)])
    for k, mask in enumerate((erased, unequal)):
        write_png(tmp_path / f"{k}.png", mask)
        masks += [mask, tmp_path / f"{k}.png"]
    found = [
        sl.restore(x, task="inpaint", mask=mask, quality="fast", model=near_gray()).image
        for mask in masks
    ]
    assert np.array_equal(found[0][~hole], x[~hole])
    assert not np.array_equal(found[0][hole], x[hole])
    for other in found[1:]:
        assert np.array_equal(other, found[0])


def near_gray():
    return GaussianMixtureDenoiser(
        torch.ones(1, dtype=torch.float64),
        torch.full((1, 1, 16, 16), 0.5, dtype=torch.float64),
        torch.full((1,), 1e-2, dtype=torch.float64),
    )


@pytest.mark.parametrize(
    "mask",
    [
        np.where(np.eye(8) > 0, np.nan, 1.0),
        np.where(np.eye(8) > 0, -1, 1),
        np.where(np.eye(8) > 0, 255, 0) + np.tri(8, dtype=int),
        np.full((8, 8), "True"),
        np.ma.masked_array(np.ones((8, 8)), np.eye(8)),
    ],
)
def test_masks_that_say_nothing_are_refused(mask):
    with pytest.raises(InputError, match=r"The mask .*(true and false|expected numbers)"):
        sl.restore(np.full((8, 8), 0.5, np.float32), task="inpaint", mask=mask)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_known_floats_are_those_of_the_picture(dtype):
    x = np.random.default_rng(0).random((16, 16)).astype(dtype)
    known = np.arange(256).reshape(16, 16) % 3 > 0
    out = sl.restore(x, task="inpaint", mask=known, samples=2, model=near_gray())
    assert np.array_equal(out.image[known], x[known])
    assert not out.deviation[known].any()
    assert out.deviation[~known].all()


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        (noisy(16, 12, 1)[..., 0], (16, 12)),
        (noisy(16, 12, 1), (16, 12, 1)),
        (noisy(16, 12, 3), (16, 12, 3)),
        (torch.rand(16, 12), (16, 12)),
        (torch.rand(3, 16, 12), (3, 16, 12)),
        (Image.fromarray(noisy(16, 12, 1)[..., 0]), (16, 12)),
    ],
)
def test_samples_and_deviation_have_the_shape_of_the_image(source, shape):
    known = np.arange(192).reshape(16, 12) % 3 > 0
    out = sl.restore(source, task="inpaint", mask=known, samples=2, model=toward_gray())
    assert np.shape(out.image) == out.deviation.shape == shape
    assert out.samples.shape == (2, *shape)
    assert 0 < float(out.deviation.max()) < 1
    alone = sl.restore(source, task="inpaint", mask=known, quality="fast", model=toward_gray())
    assert alone.samples.shape == (0, *shape)


def test_samples_and_deviation_of_a_file_have_the_shape_of_the_image(tmp_path):
    path = write_png(tmp_path / "a.png", noisy(16, 12, 1))
    known = np.arange(192).reshape(16, 12) % 3 > 0
    out = sl.restore(path, task="inpaint", mask=known, samples=2, model=toward_gray())
    assert out.image.shape == out.deviation.shape == out.samples[0].shape == (16, 12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "improve"}, "no task"),
        ({"task": "superres", "factor": 1}, "2 to 16"),
        ({"task": "superres", "blur": 2.0}, "belongs to deblur"),
        ({"task": "deblur", "blur": 1.0, "kernel": np.ones((1, 1))}, "give blur or kernel"),
        ({"task": "deblur"}, "too few edges to tell its blur by"),
        ({"task": "deblur", "blur": 0.5, "edges": "black"}, "unknown or mirrored"),
        ({"task": "deblur", "blur": "soft"}, "blur is 'soft': .* motion:LENGTH:ANGLE"),
        (
            {"task": "deblur", "blur": "motion:5:30", "edges": "mirrored"},
            "that is symmetric .*: leave edges out",
        ),
        ({"task": "superres", "edges": "mirrored"}, "belongs to deblur"),
        ({"task": "inpaint"}, "All pixels are known"),
        ({"task": "inpaint", "mask": np.ones((3, 3), bool)}, "of one size"),
        ({"task": "inpaint", "mask": np.ones((8, 8, 1, 1), bool)}, r"shape \(8, 8, 1, 1\), .* 8x8"),
        ({"task": "inpaint", "mask": np.ones(64, bool)}, r"shape \(64,\), the picture 8x8 pixels"),
        ({"task": "inpaint", "mask": np.zeros((8, 8), bool)}, "no known pixel"),
        ({"task": "deblur", "blur": 30.0}, "larger than the picture"),
        ({"task": "superres", "sigma": -1.0}, "0 or more"),
        ({"task": "superres", "samples": 0}, "1 to 1000"),
        (
            {"task": "sensing", "ratio": 0.0},
            r"needs ratio \(--ratio\).*above 0 and up to 1; it is 0.0",
        ),
        ({"task": "sensing", "ratio": 0.5, "projections": -1}, "0 or more"),
        ({"task": "sensing", "ratio": 0.5, "share": 0.5}, "belongs to spectral"),
        ({"task": "superres", "quality": "best"}, "fast or full"),
    ],
)
def test_what_cannot_be_restored(options, words):
    with pytest.raises(InputError, match=words):
        sl.restore(np.full((8, 8), 0.5, np.float32), **options)


def test_floats_of_another_unit_are_refused():
    with pytest.raises(InputError, match="0, 1"):
        sl.restore(np.full((8, 8), 128.0, np.float32), task="superres")


@pytest.mark.parametrize(
    ("sigma", "said"),
    [
        (25.0, "the picture cannot have so much noise: sigma is 6375.0, and samples span 255.0"),
        (100 / 255, "the noise is stronger than any that the model learnt: sigma is 100.0"),
        (25 / 255, None),
    ],
)
def test_a_level_that_the_picture_or_the_model_cannot_have_is_said(sigma, said):
    small = blocks(truth(16), 2)
    found = sl.restore(small, task="superres", sigma=sigma, quality="fast").warnings
    assert len(found) == (said is not None)
    assert all(text.startswith(said) for text in found)


def test_a_value_that_is_taken_for_no_data_is_said():
    holes = truth(16)
    holes[4:8, 4:12] = -9999
    (said,) = sl.restore(holes, task="inpaint", quality="fast").warnings
    assert said.startswith("the picture has ")
    assert "32 of 256 hold exactly -9999, far from all others" in said


def test_a_batch_is_refused():
    with pytest.raises(InputError, match="batch"):
        sl.restore(np.zeros((2, 8, 8, 1), np.float32), task="superres")


def test_gaps_want_the_task_that_fills_them():
    picture = np.full((8, 8, 1), np.nan, np.float32)
    picture[2:] = 0.5
    from scorelet.data import Picture

    page = Picture(picture, mask=~np.isnan(picture[..., 0]))
    with pytest.raises(InputError, match="inpaint"):
        RestoreSettings("superres").prepare(page)


@pytest.mark.parametrize(
    ("name", "lossy"), [("x.jpg", True), ("x.png", False), ("x.webp", False), ("lossy.webp", True)]
)
def test_a_result_that_is_compressed_with_loss_says_so(tmp_path, name, lossy):
    """Known pixels of a JPEG file are not what they were, and a sentence says how they would be."""
    pixels = (255 * waves(16, 16, 1)[..., 0]).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / name, **({"quality": 60} if lossy else {"lossless": 1}))
    mask = np.ones((16, 16), bool)
    mask[4:7, 4:7] = False
    model = Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))
    settings = RestoreSettings("inpaint", mask=mask, model=model, quality="fast")
    target = tmp_path / f"out{(tmp_path / name).suffix}"
    (outcome,) = restore_files([tmp_path / name], target, settings=settings)
    said = [text for text in outcome.report["warnings"] if "compressed with loss" in text]
    assert bool(said) is lossy
    known = [np.asarray(Image.open(path).convert("L"))[mask] for path in (tmp_path / name, target)]
    copied = name == "lossy.webp"  # hardly a sample changed
    assert np.array_equal(*known) is (copied or not lossy)


def test_a_picture_that_is_sharper_than_its_blur_is_not_blamed_on_the_model():
    noise = np.random.default_rng(0).random((16, 16)).astype(np.float32)
    model = Pointwise(lambda y: y)
    with pytest.raises(DivergenceError, match="more detail than such a blur leaves"):
        sl.restore(noise, task="deblur", blur=1.0, sigma=1.0, quality="fast", model=model)


def cut_out(colour):
    """Waves with a transparent square, under which a colour is hidden."""
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[..., :3] = (255 * truth(16)).astype(np.uint8)[..., None]
    pixels[4:12, 8:] = (*colour, 0)
    return pixels


def toward_gray():
    return Pointwise(lambda y: 0.5 + 0.9 * (y - 0.5))


@pytest.mark.parametrize(
    "words",
    [
        {"task": "inpaint", "mask": np.arange(256).reshape(16, 16) % 5 > 0},
        pytest.param({"task": "deblur", "blur": 1.0, "sigma": 0.1}, marks=pytest.mark.slow),
        {"task": "sensing", "ratio": 0.5},
        {"task": "spectral", "share": 0.5},
        {"task": "superres"},
    ],
    ids=("inpaint", "deblur", "sensing", "spectral", "superres"),
)
def test_hidden_colours_say_nothing_and_stay(words):
    x = [cut_out(colour) for colour in ((255, 0, 255), (0, 0, 0))]
    outs = [sl.restore(a, quality="fast", samples=2, model=toward_gray(), **words) for a in x]
    factor = outs[0].image.shape[0] // 16
    hidden = x[0].repeat(factor, 0).repeat(factor, 1)[..., 3] == 0
    if "mask" in words:
        hidden &= words["mask"]
    shows = outs[0].image[..., 3] > 0  # of an enlarged opacity the edge of what is hidden, too
    assert np.array_equal(*(out.image[shows] for out in outs))
    assert shows[~hidden].all()
    if factor == 1:
        assert np.array_equal(outs[0].image[..., 3], np.where(hidden, 0, 255))
        assert np.array_equal(outs[0].image[hidden], x[0][hidden])
        assert not outs[0].deviation[hidden].any()


def test_a_picture_that_is_hidden_as_a_whole_is_all_that_there_is():
    x = np.full((8, 8, 4), 100, np.uint8)
    x[..., 3] = 0
    out = sl.restore(x, task="superres", quality="fast", model=toward_gray())
    assert abs(blocks(out.image[..., :3].astype(float), 2) - 100).max() < 1
    with pytest.raises(InputError, match="no known pixel"):
        sl.restore(x, task="inpaint", quality="fast", model=toward_gray())


def test_a_mask_that_is_a_picture_is_said(tmp_path):
    x = np.full((16, 16), 200, np.uint8)
    mask = np.full((16, 16, 3), 255, np.uint8)
    mask[4:8, 4:8] = 0
    photograph, painted = mask.copy(), mask.copy()
    photograph[:, :8] = np.arange(40, 120, 10)[:, None]
    painted[4:8, 4:8] = (255, 0, 0)
    write_png(tmp_path / "painted.png", painted)
    told = [
        sl.restore(x, task="inpaint", mask=one, quality="fast", model=near_gray()).warnings
        for one in (
            *(mask, mask[..., 0] > 0, mask // 2 + 100),
            *(photograph, painted, tmp_path / "painted.png"),
        )
    ]
    assert told[:3] == [(), (), ()]
    assert "the mask has grays or colours: 50% of it is darker" in told[3][0]
    assert told[4] == told[5]
    assert "paint the holes black and all else white" in told[4][0]
    for none in (np.array(True), np.ones((16, 16, 0), bool)):
        with pytest.raises(InputError):
            sl.restore(x, task="inpaint", mask=none, quality="fast", model=near_gray())


def test_more_pixels_than_a_picture_may_have_are_refused_before_the_work(monkeypatch):
    with pytest.raises(InputError, match=r"4000x3000 .* 400,000,000 .* factor 5 or less\.$"):
        RestoreSettings("superres", factor=16).check_size(3000, 4000)
    RestoreSettings("superres", factor=5).check_size(3000, 4000)
    monkeypatch.setenv("SCORELET_MAX_PIXELS", "100")
    for task in ({"task": "superres"}, {"task": "deblur", "blur": 1.0}):
        with pytest.raises(InputError, match="100 that a picture may have, cut it into parts"):
            sl.restore(np.zeros((8, 13), np.uint8), **task)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_between_black_and_white_stay_there(dtype):
    """With the means of blocks and the pixels that they keep; what lies beyond is no range."""
    lines = np.zeros((12, 12), dtype)
    lines[::3] = 1
    lines[:, 5:7] = 1
    known = np.arange(144).reshape(12, 12) % 3 > 0
    ways = {"superres": {"factor": 4}, "inpaint": {"mask": known}, "deblur": {"blur": 0.5}}
    for task, words in ways.items():
        words |= {"task": task, "quality": "fast", "model": toward_gray()}
        image = sl.restore(lines, **words).image
        assert (image.min(), image.max()) == (0, 1)
        beyond = sl.restore(np.where(lines > 0, 1.1, lines).astype(dtype), **words).image
        assert beyond.max() > 1.05
        if task == "superres":
            np.testing.assert_allclose(blocks(image, 4), lines, atol=1e-5)
        if task == "inpaint":
            assert np.array_equal(image[known], lines[known])


def test_units_are_named():
    with pytest.raises(InputError, match=r"astype\('uint8'\) if they go from 0 to 255"):
        sl.restore(np.full((8, 8), 128), task="superres")
    with pytest.raises(InputError, match="dividing them by 255"):
        sl.restore(np.full((8, 8), 128.0, np.float32), task="superres")
    model = Pointwise(lambda y: 1.05 * y)
    with pytest.raises(DivergenceError, match=r"floats of another unit to \[0, 1\]"):
        sl.restore(np.full((8, 8), 1.2, np.float32), task="superres", model=model, quality="fast")


def test_settings_are_given_by_name_but_for_the_task():
    """Nineteen values in a row, of which many are numbers or None, could change places unseen."""
    assert RestoreSettings("superres", factor=4).enlarges == 4
    with pytest.raises(TypeError, match="positional"):
        RestoreSettings("superres", 4)
