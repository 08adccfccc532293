"""Modules that cannot be copied are met with what to do, which helps."""

import threading

import pytest
import torch
from torch import nn

import scorelet as sl
from linear_classifiers import Linear, pictures
from scorelet.core.copying import copied
from scorelet.core.errors import InputError
from scorelet.models import Classifier
from scorelet.tasks.ready_classifier import ready_classifier


class Remembering(Linear):
    """It keeps its last logits."""

    def forward(self, x):
        self.last = super().forward(x)
        return self.last


def old_norm(norm):
    return nn.Sequential(nn.Flatten(), norm(nn.Linear(64, 4)))


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize(
    "make",
    [
        Remembering,
        lambda: old_norm(nn.utils.weight_norm),
        lambda: old_norm(nn.utils.spectral_norm),
    ],
)
def test_what_keeps_a_graph_is_copied_after_a_call_without_one(make):
    module, x = make(), pictures(4)
    module(x)
    with pytest.raises(InputError, match=r"call it once under torch\.no_grad before"):
        copied(module)
    with torch.no_grad():
        expected = module.eval()(x)
    assert torch.equal(copied(module)(x), expected)


def test_what_cannot_be_copied_at_all_is_named():
    module = nn.Identity()
    module.lock = threading.Lock()
    with pytest.raises(InputError, match=r"Identity holds something .*lock.*without it"):
        copied(module)


def test_verbs_say_it():
    module, x = Remembering(2), pictures(4)
    module(x)
    with pytest.raises(InputError, match="cannot be copied"):
        sl.robust((x, torch.zeros(4).long()), model=module, eps=(0.1,))
    with pytest.raises(InputError, match="cannot be copied"):
        ready_classifier(Classifier(module, ("a", "b")))
