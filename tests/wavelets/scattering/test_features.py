"""Scattering features keep scikit-learn's contract, and are the coefficients under their names."""

import re

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from scorelet.core.errors import InputError, ResultWarning
from scorelet.wavelets.scattering.features import ScatteringFeatures
from scorelet.wavelets.scattering.transform import Scattering2d


@parametrize_with_checks([ScatteringFeatures()])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore:Rows of")  # which have no shape there
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("shape", [(12, 8), (3, 12, 8)])
def test_columns_are_coefficients_under_their_names(shape):
    rows = np.random.default_rng(0).random((5, int(np.prod(shape))), dtype=np.float32)
    features = ScatteringFeatures(J=2, L=3, image_shape=shape)
    table = features.fit_transform(rows)
    transform = Scattering2d(2, 3)
    y = transform(torch.from_numpy(rows).reshape(5, -1, 12, 8))
    names = features.get_feature_names_out().tolist()
    assert len(set(names)) == table.shape[1]
    number = transform.paths.index((2, (0, 1), (2, 1)))
    column = names.index(f"c{y.shape[1] - 1}_S2_j0t2_j1t1_y2_x1")
    np.testing.assert_allclose(table[:, column], y[:, -1, number, 2, 1], rtol=1e-5)
    pooled = clone(features).set_params(pooling="mean").fit(rows)
    np.testing.assert_allclose(pooled.transform(rows), y.mean((-2, -1)).flatten(1), rtol=1e-4)
    assert pooled.get_feature_names_out()[-1] == f"c{y.shape[1] - 1}_S2_j0t2_j1t2"


@pytest.mark.slow
def test_textures_of_one_spectrum_direction_are_told_apart():
    """Stripes of random phase, across or along: linear in the pixels they have equal means."""
    rng = np.random.default_rng(0)
    phase, label = rng.uniform(0, 2 * np.pi, 400), np.arange(400) % 2
    wave = np.cos(np.arange(16) * 1.2 + phase[:, None])
    x = np.where(label[:, None, None], wave[:, None, :], wave[:, :, None]) + np.zeros((1, 16, 16))
    x = x.reshape(400, -1)
    model = make_pipeline(ScatteringFeatures(J=2, image_shape=(16, 16)), RidgeClassifier())
    assert model.fit(x[:300], label[:300]).score(x[300:], label[300:]) == 1.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"image_shape": (5, 5)}, r"A row has 24 values, but image_shape is \(5, 5\)"),
        ({"image_shape": (4.0, 6.0)}, r"image_shape is \(4.0, 6.0\): give \(height, width\)"),
        ({"image_shape": "4x6"}, "image_shape is '4x6'"),
        ({"image_shape": 24}, "image_shape is 24"),
        ({"J": 1.5, "image_shape": (4, 6)}, "J is 1.5 and L is 8: J must be at least 0"),
        ({"pooling": "max"}, "pooling is 'max'"),
        ({"J": -1, "image_shape": (4, 6)}, "J is -1"),
        ({"J": 9, "image_shape": (4, 6)}, r"J is 9, but .* 4x6 .* 2\^J = 512; take J at most 2"),
    ],
)
def test_bad_options_get_a_sentence(options, sentence):
    with pytest.raises(InputError, match=sentence):
        ScatteringFeatures(**options).fit(np.zeros((2, 24)))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (np.full((2, 24), np.nan), "contains NaN"),
        (np.zeros((2, 24)) + 1j, "Complex data not supported"),
        (np.zeros((0, 24)), r"0 sample\(s\)"),
        (np.zeros((2, 1, 4, 6)), "dim 4"),
    ],
)
def test_bad_rows_get_the_sentences_of_scikit_learn(rows, sentence):
    with pytest.raises(ValueError, match=sentence):
        ScatteringFeatures(J=1, image_shape=(4, 6)).fit(rows)


def test_integers_are_numbers():
    rows = np.arange(48).reshape(2, 24)
    table = ScatteringFeatures(J=2, L=2, image_shape=(4, 6)).fit_transform(rows)
    expected = Scattering2d(2, 2)(torch.arange(48.0, dtype=torch.float64).reshape(2, 4, 6))
    np.testing.assert_allclose(table, expected.flatten(1))


def test_rows_without_a_shape_are_blurred_with_a_warning():
    """A picture of one row has no octave: all there is, is the mean around each pixel."""
    rows = np.random.default_rng(0).random((2, 24))
    with pytest.warns(
        ResultWarning, match=r"of 1x24 pixels, on which J is 0, not 2: give their im"
    ):
        table = ScatteringFeatures().fit_transform(rows)
    np.testing.assert_array_equal(
        table, Scattering2d(0)(torch.from_numpy(rows)[:, None]).flatten(1)
    )
    ScatteringFeatures(J=0).fit(rows)  # who asks for it is not warned


def test_colours_in_front_are_as_the_sentence_says():
    """What is advised for pictures with their colours last gives those pictures."""
    pictures = torch.rand(2, 3, 12, 8, generator=torch.Generator().manual_seed(0))
    x = pictures.movedim(1, -1).reshape(2, -1).numpy()
    with pytest.raises(InputError, match="if the last axis is of colours") as refused:
        ScatteringFeatures(J=2, image_shape=(12, 8, 3)).fit(x)
    advised = re.search(
        r"in front, (.*), and give image_shape=\((.*)\); otherwise", str(refused.value)
    )
    rows = x.reshape(-1, 12, 8, 3).transpose(0, 3, 1, 2).reshape(len(x), -1)
    assert advised[1] == "x.reshape(-1, 12, 8, 3).transpose(0, 3, 1, 2).reshape(len(x), -1)"
    assert advised[2] == "3, 12, 8"
    np.testing.assert_array_equal(rows, pictures.flatten(1))
