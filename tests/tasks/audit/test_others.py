"""Networks and functions of others are taken as they are."""

import pytest
import torch

import scorelet as sl
from samples import Answering
from scorelet.core.errors import InputError
from scorelet.tasks.audit import AuditSettings, audit_models
from smooth_pictures import finite


class TakesLevel(torch.nn.Module):
    def forward(self, y, sigma):
        return y


def test_networks_of_others_are_taken_as_they_are(arrays):
    a, b, new = arrays
    ours = [finite(a), finite(b)]
    theirs = [Answering(lambda y, f=f: f(y, 0.3)) for f in ours]
    settings = AuditSettings(samples=0, held_out=8, sigmas=(0.3,))
    expected, found = (
        audit_models(new, models, settings, train=[a, b]).document for models in (ours, theirs)
    )
    assert found["rows"] == expected["rows"]
    assert found["models"] == ["Answering", "Answering"]
    with pytest.raises(InputError, match="given twice"):
        sl.audit(new, models=[theirs[0], theirs[0]], samples=0)
    for net, words in (
        (Answering(lambda y: (y, None)), "returns a tuple"),
        (torch.nn.AvgPool2d(2), "must have the shape"),
        (
            TakesLevel(),
            "fails on noisy images alone.*; give a Denoiser of your own that calls it[.]$",
        ),
        (torch.nn.Conv2d(3, 3, 1), r"shape \(20, 1, 12, 12\).*; give channels=3[.]$"),
        (
            torch.nn.Conv2d(1, 1, 1).double(),
            r"float32 of shape.*; bring its weights to float32[.]$",
        ),
        (3, r"^models\[0\] is 3: expected .* a Module or a function[.]$"),
        (lambda y: (y, None), "^<lambda> returns a tuple"),
        (Answering(lambda y: y / 0), "The first denoiser answers with NaN or infinite numbers"),
    ):
        with pytest.raises(InputError, match=words):
            sl.audit(new, models=[net, ours[0]], samples=0)


@pytest.mark.slow
def test_functions_are_taken_as_they_are(arrays):
    a, b, new = arrays
    ours = [finite(a), finite(b)]
    settings = AuditSettings(samples=0, held_out=8, sigmas=(0.3,))
    functions = [lambda y, f=f: f(y, 0.3) for f in ours]
    functions[0].__name__ = "first"
    expected, found = (
        audit_models(new, models, settings, train=[a, b]).document for models in (ours, functions)
    )
    assert found["rows"] == expected["rows"]
    assert found["models"] == ["first", "<lambda>"]
    with pytest.raises(InputError, match="first is given twice"):
        sl.audit(new, models=[functions[0]] * 2)
    drops = torch.nn.Dropout(0.1)  # in training mode
    with pytest.raises(InputError, match=r"a Dropout in training mode.*call .eval\(\)"):
        sl.audit(new, models=[lambda y: drops(y), ours[0]], samples=0)


def test_networks_that_write_over_their_input_are_one_function_with_those_that_do_not(arrays):
    """Both see the same noisy pictures, and the first must not change those of the second."""
    first, second = (Answering(lambda y: y.sub_(0.5).mul_(0.8).add_(0.5)) for _ in range(2))
    out_of_place = Answering(lambda y: (y - 0.5) * 0.8 + 0.5)
    for pair in ([first, second], [first, out_of_place]):
        (row,) = sl.audit(arrays[2], models=pair, samples=4).document["rows"]
        assert all(level["value"] == 0 for level in row["variance"])


def test_networks_keep_their_mode(arrays):
    first, second = (Answering(lambda y: 0.9 * y) for _ in range(2))
    first.train()
    second.eval()
    sl.audit(arrays[2], models=[first, second], samples=0)
    assert (first.training, second.training) == (True, False)
