"""What JSON holds is said where results are described."""

import re

import pytest
import torch
from torch import nn

import scorelet as sl
from samples import Pointwise
from scorelet.models import FiniteSetDenoiser


def network(seed):
    torch.manual_seed(seed)
    layers = nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.Flatten(), nn.Linear(512, 2)
    return nn.Sequential(*layers)


def audited():
    sets = torch.rand(3, 12, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    models = [FiniteSetDenoiser(x) for x in sets[:2]]
    return sl.audit(sets[2], models=models, train=list(sets[:2]), samples=2)


def keys(document):
    """Return the keys of a document, and those of the first record of each list in it."""
    for name, value in document.items():
        yield name
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from keys(value[0])


PICTURES = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(1))
RESULTS = {
    "audit": audited,
    "basis": lambda: sl.basis(PICTURES[0], model=Pointwise(lambda y: y / 2), k=2, noise=0.1),
    "spectrum": lambda: sl.weights.spectrum(network(0)),
    "compare": lambda: sl.weights.compare(network(0), network(1), data=PICTURES, draws=2),
    "resample": lambda: sl.weights.resample(network(0), data=PICTURES),
}


@pytest.mark.parametrize("verb", RESULTS)
def test_every_key_of_a_document_is_described(verb):
    result = RESULTS[verb]()
    described = set(re.findall(r"\w+", type(result).__doc__))
    assert [name for name in keys(result.document) if name not in described] == []
