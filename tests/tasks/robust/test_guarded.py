"""Networks of others under attack: those that cast pictures themselves, and those that fail."""

import numpy as np
import pytest
import torch
from torch import nn

import scorelet as sl
from linear_classifiers import Linear, margins, pictures
from scorelet.core.errors import InputError
from scorelet.models import Classifier
from scorelet.tasks.robust.guarded import guarded, in_single

EPS = (0.005, 0.012)


class Casting(Linear):
    """Brings what it is shown to a dtype, which that of its weights must be."""

    def __init__(self, dtype):
        super().__init__(2)
        self.dtype = dtype
        self.to(dtype)

    def forward(self, x):
        return (x - 0.5).flatten(1).to(self.dtype) @ self.weight.T


@pytest.fixture
def data():
    """Pictures that no radius leaves in doubt, whatever the rounding."""
    network = Linear(2).bfloat16().float()
    x = pictures(80)
    labels = network(x).argmax(1)
    radii = margins(network, x, labels, "linf")
    clear = torch.stack([(radii / eps - 1).abs() > 0.2 for eps in EPS]).all(0)
    x, labels, radii = x[clear], labels[clear], radii[clear]
    return x, labels, [float((radii > eps).double().mean()) for eps in EPS]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("named", [False, True])
def test_a_network_that_casts_pictures_itself_has_the_closed_form(data, tmp_path, dtype, named):
    x, labels, left = data
    model = Casting(dtype).eval()
    with torch.no_grad():
        model.weight.copy_(Linear(2).weight.bfloat16())
    found = sl.robust(
        (x, labels),
        model=Classifier(model, "ab") if named else model,
        eps=EPS,
        attack=["pgd", "apgd", "square"],
        queries=5,
        steps=10,
        calibration=True,
        smoothing=0.05,
        draws=20,
    )
    found.save(tmp_path / "report.html")
    rows = [row for row in found.document["rows"] if row["attack"] in ("pgd", "apgd")]
    assert [row["accuracy"] for row in rows] == pytest.approx(left * 2)
    assert 0.2 < left[1] < left[0] < 0.9
    assert model.weight.dtype == dtype


def test_weights_in_half_precision_are_brought_to_float32_where_the_network_leaves_pictures_alone():
    x = pictures(1)
    plain, casting = guarded(Linear(2).double()), guarded(Casting(torch.bfloat16))
    assert in_single(plain, x).network.weight.dtype == torch.float32
    assert in_single(casting, x) is casting
    assert plain.network.weight.dtype == torch.float64


class OneByOne(Linear):
    def forward(self, x):
        if len(x) > 1:
            raise KeyError("one at a time")
        return super().forward(x)


class Overwriting(Linear):
    """Writes over what its own gradient needs."""

    def forward(self, x):
        root = (x - 0.5).flatten(1).exp()
        logits = root @ self.weight.T
        return logits.exp().log_() + 0 * root.sqrt_().mul_(2).sum()


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(
    ("network", "text"),
    [
        (OneByOne(2), r"fails on pictures of shape \(8, 1, 8, 8\): 'one at a time'; give one"),
        (Overwriting(2), "cannot be differentiated.*use the attack square"),
    ],
)
def test_what_fails_in_a_network_is_said_as_such(network, text, named):
    model = Classifier(network, "ab") if named else network
    with pytest.raises(InputError, match=text):
        sl.robust((pictures(8), torch.arange(8) % 2), model=model, eps=EPS)


def test_layers_without_weights_and_logits_without_classes_are_sentences():
    x, labels = torch.rand(3, 1, 4, 4), torch.zeros(3, dtype=torch.long)
    lazy = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    with pytest.raises(InputError, match=r"Sequential has layers without weights yet, .* model\(x"):
        sl.robust((x, labels), model=lazy)
    nothing = nn.Sequential(nn.Flatten(), Columns(0))
    with pytest.raises(InputError, match=r"float32 of shape \(3, 0\) of 3 .* \(batch, classes\)"):
        sl.robust((x, labels), model=nothing)


class Columns(nn.Module):
    """The first columns."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def forward(self, x):
        return x[:, : self.count]


def test_one_radius_needs_no_list():
    model, x = Linear(2), pictures(10)
    labels = model(x).argmax(1)
    given = (0.01, (0.01,), np.array([0.01]), np.float64(0.01))
    first, *others = (
        sl.robust((x, labels), model=model, eps=eps, steps=2).document for eps in given
    )
    assert all(other == first for other in others)
