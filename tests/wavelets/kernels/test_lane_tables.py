"""Tables against the dense filters and averages that they stand for."""

import numpy as np
import pytest

from scorelet.wavelets.kernels.lane_tables import TOLERANCE, supported, tables
from scorelet.wavelets.kernels.vectors import LANE_COUNT
from scorelet.wavelets.morlet.bank import morlet_bank
from scorelet.wavelets.morlet.grid import crop_spectrum, grid
from scorelet.wavelets.paths import scattering_paths

CASES = [((12, 20), 2, 3, "reflect"), ((16, 16), 3, 2, "periodic"), ((24, 8), 2, 16, "reflect")]


@pytest.fixture(params=CASES, ids=str)
def case(request):
    shape, scales, angles, boundary = request.param
    place = grid(shape, scales, boundary)
    bank = morlet_bank(place.padded, scales, angles)
    return place, bank, tables(place, bank, order=2)


def spectrum_of(shape):
    return np.fft.fft2(np.random.default_rng(0).standard_normal(shape))


def by_runs(runs, first, shape, spectrum, lane=None):
    """Apply runs to a half spectrum, kept column by column."""
    half = spectrum[:, : spectrum.shape[1] // 2 + 1].T.ravel()
    result = np.zeros((shape[1], shape[0]), complex)
    for column in range(shape[1]):
        for run in range(runs.start[first + column], runs.start[first + column + 1]):
            source, step, row, count, at = runs.terms[run]
            values = runs.value if lane is None else runs.value.reshape(-1, LANE_COUNT)[:, lane]
            for t in range(count):
                z = half[source + step * t]
                result[column, row + t] += values[at + t] * (z if step == 1 else np.conj(z))
    return result.T


def folded(product, step):
    height, width = product.shape[0] // step, product.shape[1] // step
    return product.reshape(step, height, step, width).sum((0, 2))


def close(found, expected):
    """Values below the tolerance are left out, a few for each frequency; float32 keeps 6e-8."""
    return np.abs(found - expected).max() < 20 * TOLERANCE * np.abs(expected).max()


def test_first_filters_and_subsampling(case):
    place, bank, read = case
    spectrum, size = spectrum_of(place.padded), np.prod(place.padded)
    angles = len(bank.bands[0])
    for j, bands in enumerate(bank.bands):
        for angle, image in ((0, 0), (angles - 1, LANE_COUNT // angles - 1)):
            expected = folded(spectrum * bands[angle], 2**j) / size
            lane = image * angles + angle
            found = by_runs(read.first, read.first_starts[j], expected.shape, spectrum, lane)
            assert close(found, expected)


def test_second_filters_and_subsampling(case):
    """Their values are half as large, because spectra of two rows come out twice as large."""
    place, bank, read = case
    spectrum = spectrum_of(place.at(0))
    for j, angle in ((1, 0), (1, len(bank.bands[0]) - 1)):
        band = crop_spectrum(bank.bands[j][angle], 0)
        expected = folded(spectrum * band, 2**j) / spectrum.size / 2
        start = read.second_starts[0, j, angle]
        assert close(by_runs(read.second, start, expected.shape, spectrum), expected)


def dense(sums, first, rows, columns):
    matrix = np.zeros((rows, columns))
    for row in range(rows):
        for e in range(sums.start[first + row], sums.start[first + row + 1]):
            matrix[row, sums.index[e]] += sums.value[e]
    return matrix


def test_averages_and_their_transposes(case):
    place, _, read = case
    for level in range(place.scales):
        along_rows, along_columns = place.averages(level)
        for sums, starts, expected in (
            (read.columns, read.column_starts, along_columns),
            (read.columns_back, read.columns_back_starts, along_columns.T),
            (read.rows, read.row_starts, along_rows.T),
        ):
            assert close(dense(sums, starts[level], *expected.shape), expected)


def test_places_are_those_of_the_paths(case):
    place, bank, read = case
    angles = len(bank.bands[0])
    for number, path in enumerate(scattering_paths(place.scales, angles, 2)):
        if path.order:
            table = read.place1 if path.order == 1 else read.place2
            assert table[(*path.scales, *path.angles)] == number


@pytest.mark.parametrize(
    ("shape", "scales", "angles", "order", "expected"),
    [
        ((16, 16), 2, 8, 2, True),
        ((16, 16), 2, 17, 2, False),
        ((16, 16), 2, 8, 3, False),
        ((16, 16), 0, 8, 2, False),
        ((140, 16), 2, 8, 2, False),  # 148 = 4 * 37
    ],
)
def test_what_the_kernels_can_do(shape, scales, angles, order, expected):
    assert supported(grid(shape, scales, "reflect"), angles, order) == expected
