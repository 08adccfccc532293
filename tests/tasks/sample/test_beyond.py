"""Samples that are no pictures in [0, 1]."""

import torch

import scorelet as sl
from scorelet.models import (
    FiniteSetDenoiser,
)


def test_values_far_outside_of_pictures_are_said_with_their_share(monkeypatch):
    """Of one picture: it is drawn as it is, whatever the batch."""
    image = torch.full((1, 1, 4, 5), 0.5).double()
    image[..., 0] = -3.0
    image[..., 1] = 1.04
    model = FiniteSetDenoiser(image)
    monkeypatch.setattr("scorelet.tasks.sample.work.BATCH_PIXELS", 1)
    monkeypatch.setattr("scorelet.tasks.sample.work.size_of", lambda *_: (4, 5))
    (said,) = sl.sample(model, n=2, steps=4).document["warnings"]
    assert said.startswith(
        "20 % of the values lie more than 0.05 outside of [0, 1] (from -3 to 1.04)"
    )
    few = torch.full((1, 1, 1, 20), 0.5).double()
    few[..., 0] = 1.5
    monkeypatch.setattr("scorelet.tasks.sample.work.size_of", lambda *_: (1, 20))
    assert sl.sample(FiniteSetDenoiser(few), n=2, steps=4).document["warnings"] == []
