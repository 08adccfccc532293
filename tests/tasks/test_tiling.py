"""Tiles: they cover the picture, and their result is the whole picture's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples import Identity, noisy, small_network
from scorelet.core.errors import InputError
from scorelet.models import Locality, ResidualDenoiser
from scorelet.tasks import tiling
from scorelet.tasks.inference import denoise_array
from scorelet.tasks.tiling import auto_side, plan

EQUAL = 1e-5  # the promise; pictures and results here are of order 1, float32 rounds at 1e-7
NETWORKS = {kind: small_network(kind) for kind in ("bf-cnn", "unet", "shuffle-unet")}
COLOUR = small_network("shuffle-unet", channels=3)

few = settings(derandomize=True, deadline=None, max_examples=25)
sides = st.integers(1, 60)
heights_and_widths = st.one_of(
    st.tuples(sides, sides), st.tuples(st.just(1), sides), st.tuples(sides, st.just(1))
)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=200)
@given(heights_and_widths, st.integers(1, 70), st.integers(0, 30), st.sampled_from([1, 2, 4, 8]))
def test_a_plan_covers_every_pixel_once_with_its_surroundings(size, side, radius, multiple):
    height, width = size
    count = np.zeros(size, int)
    here = np.stack(np.mgrid[:height, :width], axis=-1)
    for tile in plan(height, width, side=side, radius=radius, multiple=multiple):
        count[tile.target_rows, tile.target_columns] += 1
        read = here[tile.rows, tile.columns]
        target = here[tile.target_rows, tile.target_columns]
        np.testing.assert_array_equal(read[tile.keep_rows, tile.keep_columns], target)
        assert (read[0, 0] % multiple == 0).all()
        assert (read[0, 0] <= np.maximum(target[0, 0] - radius, 0)).all()
        assert (read[-1, -1] >= np.minimum(target[-1, -1] + radius, (height - 1, width - 1))).all()
    assert (count == 1).all()


def test_without_a_side_there_is_one_tile():
    (tile,) = plan(300, 7, side=None, radius=3, multiple=8)
    assert (tile.rows, tile.columns) == (slice(0, 300), slice(0, 7))


def test_a_side_below_one_is_refused():
    with pytest.raises(InputError, match="0 pixels"):
        plan(5, 5, side=0, radius=1, multiple=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", NETWORKS)
@few
@given(heights_and_widths, st.integers(1, 40), st.integers(0, 999))
def test_tiled_equals_untiled(kind, size, side, seed):
    denoiser = ResidualDenoiser(NETWORKS[kind])
    pixels = noisy(*size, 1, seed=seed, dtype="float32")
    whole = denoise_array(denoiser, pixels, tile=None)
    tiled = denoise_array(denoiser, pixels, tile=side)
    assert np.abs(tiled - whole).max() <= EQUAL
    assert np.abs(whole - pixels).max() > 100 * EQUAL  # the network does something


@pytest.mark.slow
@few
@given(heights_and_widths, st.integers(1, 40), st.sampled_from([1, 3]))
def test_tiled_equals_untiled_for_gray_and_colour_in_one_network(size, side, channels):
    pixels = noisy(*size, channels, dtype="float32")
    whole = denoise_array(ResidualDenoiser(COLOUR), pixels, tile=None)
    assert np.abs(denoise_array(ResidualDenoiser(COLOUR), pixels, tile=side) - whole).max() <= EQUAL


@pytest.mark.parametrize("kind", NETWORKS)
def test_without_the_margin_seams_would_show(kind, monkeypatch):
    """The other tests would notice a margin that is missing."""
    pixels = noisy(48, 48, 1, dtype="float32")
    network = small_network(kind)
    whole = denoise_array(ResidualDenoiser(network), pixels, tile=None)
    monkeypatch.setattr(network, "receptive_radius", 0)
    tiled = denoise_array(ResidualDenoiser(network), pixels, tile=16)
    assert np.abs(tiled - whole).max() > 100 * EQUAL


def test_automatic_tiles_equal_the_whole_picture(monkeypatch):
    denoiser = ResidualDenoiser(NETWORKS["shuffle-unet"])
    pixels = noisy(70, 90, 1, dtype="float32")
    whole = denoise_array(denoiser, pixels, tile=None)
    monkeypatch.setattr(tiling, "AUTO_SIDE", 32)
    assert auto_side(70, 90) == 30  # three tiles along the longer side
    assert np.abs(denoise_array(denoiser, pixels) - whole).max() <= EQUAL


@pytest.mark.slow
@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (3000, 700), (10_000, 10_000), (1, 10**8), (10**6, 100), (3, 9999)],
)
def test_automatic_tiles_bound_what_the_network_sees(height, width):
    radius, multiple = 82, 8
    budget = tiling.AUTO_SIDE + 2 * (radius + multiple)
    tiles = plan(height, width, side=auto_side(height, width), radius=radius, multiple=multiple)
    seen = [
        [-(-(s.stop - s.start) // multiple) * multiple for s in (t.rows, t.columns)] for t in tiles
    ]
    assert max(rows * columns for rows, columns in seen) <= budget**2
    # tiles are no smaller than they must be: reading margins again costs a third at most
    assert (
        sum(rows * columns for rows, columns in seen) <= 1.34 * (height + 8) * (width + 8) + 64**2
    )


@pytest.mark.slow
def test_a_hundred_megapixels_pass_in_small_parts():
    class Watched(Identity):
        locality, largest = Locality(82, 8), 0

        def _denoise(self, y, sigma, cond, label):
            self.largest = max(self.largest, y.numel())
            return y

    pixels = np.zeros((10_000, 10_000, 1), np.uint8)
    pixels[::999, ::997] = 7
    denoiser = Watched()
    np.testing.assert_array_equal(denoise_array(denoiser, pixels), pixels)
    assert denoiser.largest < pixels.size / 16
