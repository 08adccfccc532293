"""`sample` in Python: the model stays as it is, and what cannot be drawn is refused."""

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import StationaryGaussianDenoiser
from small_cascades import blind, gaussian, spectrum


def unsized():
    """A cascade that says nothing of the size of its pictures."""
    model = blind()
    del model.record["size"]
    return model


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": "nothing"}, "Unknown model 'nothing'"),
        ({"model": "cifar10-scattering"}, "is a .*, and sample takes a denoiser"),
        ({"model": "photo"}, "does not say how large.*--size"),
        ({"model": "photo", "coarse": np.zeros((4, 6))}, "knows no coarser ones.*superres"),
        ({"model": blind().details[0], "size": (8, 8)}, "beside a coarser picture.*cascade"),
        ({"model": "grain", "size": (8, 8)}, "noise that neighbours share"),
        ({"model": "camera", "size": (8, 8)}, "noise that neighbours share"),
        ({"model": StationaryGaussianDenoiser(spectrum(), mean=7.0)}, "lie around 7"),
        ({"model": StationaryGaussianDenoiser(spectrum()), "size": (8, 8)}, "leave size out"),
        ({"model": blind(), "label": "dog"}, "knows no classes"),
        ({"model": "photo", "size": (8, 8), "label": "dog"}, "class|label"),
        ({"model": "phi4"}, "energies.*scorelet field sample"),
        ({"model": unsized()}, "give size"),
        ({"model": gaussian(), "size": (18, 16)}, r"divisible by 4, as the .* them 2 times\.$"),
        ({"model": gaussian(1), "size": (15, 16)}, r"divisible by 2, as the .* them once\.$"),
        ({"model": gaussian(), "size": (32, 32)}, "the model knows pictures of 16x16"),
        ({"model": unsized(), "size": (1 << 22, 1 << 22)}, "need .* GB or more"),
        ({"model": blind(), "size": (32, 32)}, "whole picture.*coarse"),
        ({"size": (96, 96)}, r"20x20 coefficients is about the whole picture\. Leave size out\.$"),
        ({"model": blind(), "steps": 0}, "steps is 0"),
        ({"model": blind(), "steps": (3, 0, 3)}, r"steps is \(3, 0, 3\): a sampler takes 1 to"),
        ({"model": blind(), "steps": "3,2,1"}, "steps is '3,2,1': expected a whole number"),
        ({"model": blind(), "churn": 1.5}, "churn of 1.5"),
        ({"model": blind(), "batch": 0}, "batch is 0"),
        ({"model": blind(), "n": 0}, "n is 0"),
        ({"model": blind(), "seed": -1}, "seed is -1"),
        ({"model": blind(), "first": -1}, "first is -1"),
        ({"model": blind(), "first": (1 << 32) - 3, "n": 4}, r"first is .* below 2\^32"),
        ({"model": blind(), "sampler": "best"}, "Unknown sampler 'best'"),
        ({"model": blind(), "coarse": np.full((4, 6), 1.5)}, "goes from 1.5 to 1.5"),
        ({"model": blind(), "coarse": np.zeros((2, 4, 6, 1))}, "2 coarse pictures"),
        ({"model": blind(), "coarse": np.zeros((2, 1, 4, 6))}, "2 coarse pictures"),
        ({"model": blind(), "coarse": np.zeros((1, 4, 3))}, "first or last: give"),
        ({"model": gaussian(), "coarse": np.full((4, 4), 1e39)}, "from 1e\\+39 .* up to 1e\\+37"),
        ({"model": blind(), "coarse": np.zeros((4, 6)), "size": (12, 18)}, "enlarges by 2, 4"),
        ({"model": blind(), "coarse": np.full((4, 6), np.nan)}, "without data"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(options, reason):
    with pytest.raises(InputError, match=reason):
        sl.sample(**options)


def test_a_model_that_is_given_stays_as_it_is():
    model = blind().train()
    sl.sample(model, n=1, steps=1)
    assert model.training
    assert all(part.training for part in model.details)


def test_a_model_of_half_precision_draws_in_single_precision_as_its_file_does():
    model = blind()
    found = sl.sample(model, n=2, steps=3).images
    assert np.abs(sl.sample(model.half(), n=2, steps=3).images - found).max() < 5e-3
    assert next(model.parameters()).dtype == torch.float16
