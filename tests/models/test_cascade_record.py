"""What a cascade says of its factors: levels in the unit of each, and records that say nothing."""

import math

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import CheckpointError, InputError
from scorelet.models.cascade_record import learnt_levels, recorded_numbers, recorded_pairs
from scorelet.models.gaussian_details import gaussian_cascade
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.scaled import ScaledDenoiser, Scales
from scorelet.networks import BFCNN
from scorelet.sampling.reverse import flow_log_density
from scorelet.tasks.restore.remarks import remarks
from scorelet.tasks.sample.cascades import plans_of
from small_cascades import mean_cascade

LEVELS = [[0.01, 4.0], [0.01, 0.3], [0.01, 0.2]]


def cascade(sigma=LEVELS):
    low = ScaledDenoiser(BFCNN(1, width=4, depth=2), Scales(), channels=1)
    network = BFCNN(4, width=4, depth=2, outputs=3)
    details = [ScaledDenoiser(network, Scales(), channels=3, cond_channels=1) for _ in range(2)]
    levels = {} if sigma is None else {"sigma": sigma}
    return mean_cascade(low, details, size=(16, 16), **levels)


def plain():
    return gaussian_cascade(torch.ones(8, 8, dtype=torch.float64), "haar", 2)


@pytest.mark.parametrize(
    ("sigma", "most"),
    [
        (LEVELS, 0.4),
        ([[0.01, 4.0], [0.01, 0.05], [0.01, 0.2]], 0.2),
        ([[0.01, 0.02], [0.01, 0.3], [0.01, 0.2]], 0.08),
        (None, math.inf),
    ],
)
def test_a_cascade_knows_the_level_that_all_factors_know(sigma, most):
    """Of noise s in pixels they see s/4, s/4 and s/2."""
    assert MultiscaleDenoiser(cascade(sigma)).most == pytest.approx(most)


@pytest.mark.parametrize("sigma", [LEVELS, None])
def test_factors_of_a_file_know_their_levels(tmp_path, sigma):
    """Of the record; of files that have none there all levels are known."""
    sl.save(cascade(sigma), tmp_path / "m.safetensors")
    model = sl.load(tmp_path / "m.safetensors")
    expected = [math.inf] * 3 if sigma is None else [largest for _, largest in sigma]
    assert [factor.most for factor in model.factors] == expected


def test_densities_beyond_what_a_factor_learnt_are_refused():
    denoiser = MultiscaleDenoiser(cascade())
    factor, y = denoiser.model.details[1], torch.rand(1, 3, 4, 4)
    options = {"cond": torch.rand(1, 1, 4, 4), "steps": 1}
    with pytest.raises(InputError, match=r"up to 0.3, and the denoiser has learnt those up to 0.2"):
        flow_log_density(factor, y, 0.1, largest=0.3, **options)
    assert flow_log_density(factor, y, 0.1, largest=0.2, **options).value.isfinite()
    with pytest.raises(InputError, match=r"up to 0.5, and the denoiser has learnt those up to 0.4"):
        flow_log_density(denoiser, torch.rand(1, 1, 16, 16), 0.1, largest=0.5, steps=1)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "beyond"), [(0.39, False), (0.41, True)])
def test_stronger_noise_is_spoken_of(sigma, beyond):
    page = np.full((16, 16), 0.5, np.float32)
    said = sl.denoise(page, model=MultiscaleDenoiser(cascade()), sigma=sigma).warnings
    assert any("stronger than any that the model learnt" in text for text in said) == beyond
    said = remarks(MultiscaleDenoiser(cascade()), sigma, (16, 16))  # of restore
    assert any("stronger than any that the model learnt" in text for text in said) == beyond


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sigma", 0.3, "names 0.3 as sigma: expected a list"),
        ("sigma", [[0.1, 1.0]], "names sigma of 1 scale, and has 3"),
        ("sigma", [0.1, 1.0, 2.0], "as sigma: expected two numbers for each scale"),
        ("sigma", [[0.1, 1.0, 2.0]] * 3, "as sigma: expected two numbers for each scale"),
        ("sigma", [[0.1, "1"]] * 3, "as sigma: expected two numbers for each scale"),
        ("sigma", [[1.0, 0.1]] * 3, "expected 0 < least < largest"),
        ("sigma", [[0.1, math.inf]] * 3, "expected 0 < least < largest"),
        ("churn", [0.5, 0.5, 0.5], "as churn: expected two numbers for each scale"),
        ("churn", {"low": 0.5}, "as churn: expected a list"),
        ("restraint", ["a", 0, 0], "as restraint: expected a number for each scale"),
        ("restraint", [math.nan, 0, 0], "as restraint: expected a number for each scale"),
        ("spread", [[0.1], 0, 0], "as spread: expected a number for each scale"),
        ("spread", "abc", "names 'abc' as spread: expected a list"),
        ("spread", [-0.1, 0, 0], "spreads are .*zero or positive"),
        ("channels", "gray", "has 'gray' channels: expected a whole number"),
    ],
)
def test_records_that_say_something_else_are_refused(name, value, words):
    model = plain()
    model.record[name] = value
    with pytest.raises(InputError, match=words):
        sl.sample(model, n=1, steps=1, size=(8, 8))


def test_records_have_numbers_and_pairs_coarse_to_fine():
    model = plain()
    assert (learnt_levels(model), recorded_numbers(model, "spread")) == ([], [])
    model.record |= {"sigma": LEVELS, "spread": [0, 0.5, 1], "churn": [[1, 2.0]] * 3}
    assert learnt_levels(model) == [tuple(pair) for pair in LEVELS]
    assert recorded_numbers(model, "spread") == [0, 0.5, 1]
    assert recorded_pairs(model, "churn") == [(1.0, 2.0)] * 3
    plans = plans_of(model, steps=2, sampler="heun")
    assert [(plan.schedule.least, plan.schedule.end) for plan in plans] == learnt_levels(model)


def test_a_file_whose_levels_are_none_is_refused(tmp_path):
    model = cascade()
    model.record["sigma"] = [[1.0, 0.1]] * 3
    sl.save(model, tmp_path / "m.safetensors")
    with pytest.raises(CheckpointError, match="expected 0 < least < largest"):
        sl.load(tmp_path / "m.safetensors")
