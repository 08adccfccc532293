"""How strong grain is: what the model of cameras takes out of quiet places, and a JPEG's steps."""

import numpy as np
import pytest
import torch

import noise_samples as samples
from scorelet.analysis.local_noise import local_noise
from scorelet.models.denoiser import Denoiser
from scorelet.tasks.denoise.noise import grain_level as module
from scorelet.tasks.denoise.noise.grain_level import BLOCK, LEVEL, POWER, USUAL
from scorelet.tasks.denoise.noise.quiet import MOST, glance
from scorelet.tasks.denoise.settings import DenoiseSettings
from scorelet.tasks.denoise.shown.view import look

FAINT = 1 / 255
"""Of grain in cells of 4x4 pixels, as strong as cameras leave it."""


class Takes(Denoiser):
    """Takes out what it was made with."""

    blind = True

    def __init__(self, noise):
        super().__init__()
        self.noise, self.seen = noise, []

    def _denoise(self, y, sigma, cond, label):
        self.seen.append(tuple(y.shape[2:]))
        rows, columns = y.shape[2:]
        return y - torch.from_numpy(self.noise[:rows, :columns]).permute(2, 0, 1)[None].to(y)


def view_of(pixels):
    return look(pixels, local_noise(pixels), mask=None, scaled=False)


def flat(size=256):
    return np.full((size, size, 3), 0.5, np.float32)


def with_more(taken):
    """A flat picture with twice the noise that is taken out of its central window."""
    y = flat()
    y[64:, 64:] += 2 * taken[:192, :192]
    return y


def cells(size, level, side=4):
    """Noise that is the same in all channels and in cells of side x side pixels."""
    coarse = np.random.default_rng(0).standard_normal((size // side, size // side, 1))
    return (level * coarse.repeat(side, 0).repeat(side, 1)).repeat(3, 2).astype(np.float32)


def level_of(fine):
    """The level of noise whose pixels have such a deviation in quiet places."""
    return LEVEL * (fine / USUAL) ** POWER


def grain_level(view, camera, step, *, bounded=True, **known):
    return module.grain_level(glance(view, camera, bounded=bounded), step, **known)


@pytest.mark.parametrize("side", [1, 2, 4])
def test_the_level_is_that_of_a_pixel(side):
    """Cells of deviation s, of any size, have pixels of deviation s."""
    found = grain_level(view_of(flat()), Takes(cells(256, 1.5 / 255, side)), None)
    assert found == pytest.approx(level_of(1.5 / 255), rel=0.12)  # a low quantile of blocks


def test_the_faintest_counts_as_none():
    levels = [255 * grain_level(view_of(flat()), Takes(cells(256, s / 255)), None) for s in (
        0.01, 0.05, 0.15, 0.4)]  # fmt: skip
    assert levels[0] == levels[1] == 0
    assert 1 <= levels[2] < levels[3]


def test_places_where_much_is_taken_out_do_not_count():
    """Half of the blocks are texture."""
    noise = cells(256, FAINT)
    even = grain_level(view_of(flat()), Takes(noise), None)
    noise[:, 64:] *= 20
    assert grain_level(view_of(flat()), Takes(noise), None) < 1.5 * even


def test_a_jpeg_is_worth_a_level_by_its_step():
    still = Takes(np.zeros((256, 256, 3), np.float32))
    assert grain_level(view_of(flat()), still, None) == 0
    assert grain_level(view_of(flat()), still, 24 / 255) == pytest.approx(8.3 / 255)
    assert grain_level(view_of(flat()), still, 6.5 / 255) == 0
    grain = Takes(cells(256, FAINT))
    assert grain_level(view_of(flat()), grain, 24 / 255) > 14 / 255  # the larger one


def test_little_is_mended_of_what_a_jpeg_lost():
    """Best for clean pictures of quality 90, 75, 50, 30, 20, 10, of such steps: within 20 %."""
    still = Takes(np.zeros((256, 256, 3), np.float32))
    for step, best in ((11, 6), (28, 9), (56, 15), (94, 17), (141, 20), (255, 35)):
        assert grain_level(view_of(flat()), still, step / 255) == pytest.approx(best / 255, rel=0.2)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_black_and_white_say_nothing(end):
    """A blown sky in the middle: what is there does not move, and the rest tells the level."""
    noise = cells(256, FAINT)
    even = grain_level(view_of(flat()), Takes(noise), None)
    y = flat()
    y[:, 96:160] = end
    noise[:, 32:96] = 0  # of the window, which starts at 64
    assert grain_level(view_of(y), Takes(noise), None) == pytest.approx(even, rel=0.2)
    assert grain_level(view_of(y), Takes(noise), None, bounded=False) == 0


def test_gaps_say_nothing():
    noise = cells(256, FAINT)
    even = grain_level(view_of(flat()), Takes(noise), None)
    mask = np.ones((256, 256), bool)
    mask[:, 96:160] = False
    noise[:, 32:96] = 0
    view = look(flat(), local_noise(flat(), mask), mask=mask, scaled=False)
    assert grain_level(view, Takes(noise), None) == pytest.approx(even, rel=0.2)


@pytest.mark.parametrize("side", [1, 20, 31, 33, 100])
def test_a_picture_that_is_white_all_over_has_no_grain(side):
    still = Takes(np.zeros((256, 256, 3), np.float32))
    assert grain_level(view_of(np.ones((side, side, 3), np.float32)), still, None) == 0


def test_where_the_middle_is_white_another_place_is_looked_at():
    y = np.full((512, 768, 3), 0.5, np.float32)
    y[:, 192:] = 1.0

    class Sees(Takes):
        def _denoise(self, y, sigma, cond, label):
            self.mean = float(y.mean())
            return super()._denoise(y, sigma, cond, label)

    model = Sees(np.zeros((512, 512, 3), np.float32))
    grain_level(view_of(y), model, None)
    assert model.mean < 0.9


def test_grain_that_may_be_texture_is_bounded_by_the_jpeg():
    """With p = 0.8 q; where grain is for sure, and where p is far less, it counts in full."""
    fine, slow = cells(256, FAINT, side=1), cells(256, 0.197 * FAINT)
    full = 255 * level_of(float(np.hypot(1, 0.197)) * FAINT)
    steps = [s / 255 for s in (10, 30, 54)]

    def levels(taken, *, sure):
        view = view_of(with_more(taken))
        found = (grain_level(view, Takes(taken), s, sure=sure) for s in steps)
        return [255 * level for level in found]

    assert levels(fine + slow, sure=False) == [
        4,
        pytest.approx(12.5),
        pytest.approx(full, rel=0.1),
    ]
    assert levels(fine + slow, sure=True) == [pytest.approx(full, rel=0.1)] * 3
    coarse = 255 * level_of(FAINT)
    fainter = cells(256, FAINT / 5, side=1)  # cells alone are cut off as points
    assert levels(cells(256, FAINT) + fainter, sure=False) == [pytest.approx(coarse, rel=0.15)] * 3


@pytest.mark.parametrize("share", [0.75, 0.92])
@pytest.mark.parametrize("grows", [0.0, 0.05, 0.8])
def test_grain_does_not_follow_the_details_of_a_picture(share, grows):
    """The same deviation everywhere, or one that grows like a power of that of details."""
    slow = ((1 - share**2) / (16 * share**2 - 1)) ** 0.5  # of cells: then p = share q
    strength = np.geomspace(0.01, 0.04, 256, dtype=np.float32)[:, None, None]
    details = strength * np.random.default_rng(5).standard_normal((256, 256, 1))
    taken = cells(256, FAINT, side=1) + cells(256, slow * FAINT)
    taken *= (strength / strength[128]) ** grows
    y = (flat() + details + taken).astype(np.float32)
    found = grain_level(view_of(y), Takes(taken[64:, 64:]), 10 / 255, sure=False)
    if grows > 0.1:
        assert found == pytest.approx(4 / 255)  # that of the JPEG
    elif share > 0.9:
        assert found == pytest.approx(5 * np.sqrt(1 + slow**2) * FAINT, rel=0.05)  # fine noise
    else:
        assert found > 14 / 255


@pytest.mark.parametrize("sure", [False, True])
def test_what_is_as_fine_as_white_noise_is_no_grain_of_a_jpeg(sure):
    """Texture, and what a JPEG lost: means over 4x4 pixels have a quarter of the deviation."""
    fine = Takes(cells(256, 3 / 255, side=1))
    assert grain_level(view_of(flat()), fine, 24 / 255, sure=sure) == pytest.approx(8.3 / 255)
    assert grain_level(view_of(flat()), fine, None, sure=sure) > 30 / 255  # no JPEG


def strong_noise(share):
    """With p = share q, and q between 4 and 8."""
    slow = ((1 - share**2) / (16 * share**2 - 1)) ** 0.5 if share < 1 else 0.0
    return (6 * cells(256, FAINT, side=1) + 6 * cells(256, slow * FAINT)).astype(np.float32)


def test_what_hardly_a_clean_jpeg_has_is_grain():
    strong = strong_noise(0.8)
    found = grain_level(view_of(with_more(strong)), Takes(strong), 24 / 255, sure=False)
    assert found == pytest.approx(level_of(6 / 255), rel=0.1)


@pytest.mark.parametrize("sure", [False, True])
def test_white_noise_in_a_jpeg_is_not_taken_for_the_strongest_grain(sure):
    """4.5 times what the JPEG is worth; 64 was told, and up to 5 dB of the picture went."""
    strong = strong_noise(1)
    for step, stored in ((9, 3.0), (11, 5.0)):
        found = grain_level(view_of(with_more(strong)), Takes(strong), step / 255, sure=sure)
        assert found == pytest.approx(4.5 * stored / 255)


def test_white_noise_in_a_jpeg_of_fine_steps_is_told_to_the_model():
    """`grain` takes it out at any level but 0."""
    noise = cells(256, 3 / 255, side=1)
    told = [
        grain_level(view_of(with_more(noise)), Takes(noise), 6 / 255, sure=False, noisy=noisy)
        for noisy in (False, True)
    ]
    assert told == [0, 2 / 255]


def test_what_makes_a_jpeg_rougher_or_is_far_too_strong_is_no_grain():
    """Full colours that are smooth: what is taken out was not there."""
    for strong in (cells(256, 6 / 255, side=1), cells(256, 3 / 255)):
        levels = [
            grain_level(view_of(flat()), Takes(strong), 24 / 255, sure=sure)
            for sure in (False, True)
        ]
        assert levels[0] == pytest.approx(8.3 / 255)  # that of the JPEG
        assert levels[1] > 30 / 255


def test_white_noise_that_was_found_is_never_too_strong():
    """It is known to be noise: a stronger one is not left where a weaker one is taken out."""
    strong = cells(256, 12 / 255, side=1)
    told = [
        255 * grain_level(view_of(flat()), Takes(strong), 11 / 255, sure=False, noisy=noisy)
        for noisy in (False, True)
    ]
    assert told == [pytest.approx(5), pytest.approx(22.5)]


def test_noise_that_the_blind_model_knows_is_its_own():
    assert grain_level(view_of(flat()), Takes(cells(256, 1.5 / 255)), None) > 0
    assert grain_level(view_of(flat()), Takes(cells(256, 3 / 255)), None) == float("inf")


def test_a_window_is_looked_at():
    still = Takes(np.zeros((MOST, MOST, 3), np.float32))
    grain_level(view_of(np.full((2000, 1500, 1), 0.5, np.float32)), still_gray(), None)
    for size in ((40, 30), (256, 256), (2000, 100)):
        grain_level(view_of(np.full((*size, 3), 0.5, np.float32)), still, None)
    assert still.seen == [(40, 30), (128, 128), (223, 100)]
    assert BLOCK <= 40


def still_gray():
    return Takes(np.zeros((MOST, MOST, 1), np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("gain", [1, 1.5, 2])
def test_grain_of_cameras_is_told_by_its_strength(gain):
    """Grain of the same picture made stronger: the level follows, within a factor of 1.5."""
    x = samples.clean("chelsea").astype(np.float32) / 255
    y = samples.shot(samples.clean("chelsea")).astype(np.float32) / 255
    camera = DenoiseSettings().camera().denoiser
    shots = (x + k * (y - x) for k in (0.3, 0.3 * gain))
    one, more = (grain_level(view_of(shot), camera, None) for shot in shots)
    assert gain / 1.5 < more / one < gain * 1.5


def test_no_level_is_beyond_what_the_model_learnt():
    strong = Takes(cells(256, 7.6 / 255, side=1))
    assert grain_level(view_of(flat()), strong, None) == pytest.approx(64 / 255)


def blocks_of(plane, side):
    """Means over blocks."""
    rows, columns = plane.shape
    return plane.reshape(rows // side, side, columns // side, side).mean((1, 3))


def unevenness(taken, clean):
    """Deviation of the logarithm of a block's power from a parabola of its brightness."""
    power, bright = (blocks_of(x, 32).ravel() for x in (taken**2, clean))
    log = np.log(power)
    return np.std(log - np.polyval(np.polyfit(bright, log, 2), bright))


def law(taken, clean, step, *, sure):
    """The law of the module's docstring, its numbers written anew, and the way it went."""
    p = np.quantile(blocks_of(taken**2, 32), 0.2) ** 0.5
    q = 4 * np.quantile(blocks_of(blocks_of(taken, 4) ** 2, 8), 0.2) ** 0.5
    if q > 8:
        return np.inf, "camera"
    found = full = 20 * (p / 1.2) ** 0.7 * np.clip((q - 0.2) / 0.8, 0, 1)
    way, stored = "grain", 0.0
    if step is not None:
        stored = max(0.0, min(step - 6, 3.5 + 0.2 * step, 9 + 0.1 * step))
        steps = np.diff(clean, axis=0, append=clean[-1:]) ** 2
        steps += np.diff(clean, axis=1, append=clean[:, -1:]) ** 2
        e = np.polyfit(*(np.log(blocks_of(x, 8).ravel()) for x in (steps, taken**2)), 1)[0]
        if q <= 4 and p >= 0.9 * q:
            fine = q > 0.8 and (
                e < -0.1 or (e < 0.1 and not sure and unevenness(taken, clean) < 0.3)
            )
            way, found = ("fine", 5 * p) if fine else ("texture", 0.0)
        elif p >= 0.9 * q:
            way, found = "white", min(full, 4.5 * stored)
        elif q <= 4 and p >= 0.66 * q and not sure and e >= 0.6 * (0.95 - p / q):
            way, found = "doubtful", min(full, (step - 5) / 2)
        else:
            way = "strong" if q > 4 else "sure" if p >= 0.66 * q else "grain of a JPEG"
    level = min(max(found, stored), 64)
    return (level if level >= 1 else 0.0), way


def test_the_level_is_that_of_the_law():
    """Noise of several kinds, of which a part is coarse and a part grows with the details."""
    rng = np.random.default_rng(0)
    ways = set()
    for case in range(24):
        strength = np.exp(rng.normal(1, 0.8, (4, 4))).repeat(32, 0).repeat(32, 1)
        clean = 128 + strength * rng.standard_normal((128, 128))
        coarse, fine = (rng.standard_normal((128 // n, 128 // n)) for n in (4, 1))
        taken = np.kron(coarse, np.ones((4, 4))) * rng.choice([0.1, 0.2, 1.0]) + fine
        taken *= np.exp(rng.normal(0.5, 0.8))
        taken *= (strength / strength.mean()) ** (0.04, 0.1, 0.5)[case % 3]
        y = np.pad((clean + taken).clip(2, 253), 64, mode="wrap")[..., None].repeat(3, 2) / 255
        view = view_of(y.astype(np.float32))
        shown = Takes((taken[..., None].repeat(3, 2) / 255).astype(np.float32))
        step, sure = (None, 8, 11, 20, 40, 80)[case % 6], case % 4 == 0
        seen = 255 * view.pixels[64:192, 64:192, 0] - taken
        expected, way = law(taken, seen, step, sure=sure)
        found = grain_level(view, shown, step and step / 255, sure=sure)
        assert 255 * found == pytest.approx(expected, rel=2e-3, abs=1e-6), (case, way)
        ways.add(way)
    jpeg = {"grain of a JPEG", "texture", "fine", "doubtful", "sure", "strong", "white"}
    assert ways == {"camera", "grain"} | jpeg
