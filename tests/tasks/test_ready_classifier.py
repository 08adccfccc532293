"""Classifiers made for inference: the same function, folded, in the dtype that was asked for."""

import copy

import pytest
import torch

from samples import colour_classifier, write_colours
from scorelet.core import device
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import Classifier, NetworkJointEnergy
from scorelet.networks import LearnedScattering, ScatteringHead
from scorelet.networks.grad_res_net import GradResNet
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.ready_classifier import ready_classifier

NAMES = [str(k) for k in range(10)]


@pytest.fixture(scope="module")
def network():
    """With running moments that are not those of the start, so that folding has something to do."""
    made = LearnedScattering(size=16, sizes=(8, 8), block={"angles": 4})
    made.train()
    made(torch.rand(8, 3, 16, 16, generator=generator(0)))
    return made.eval()


@pytest.fixture
def x():
    return torch.rand(4, 3, 16, 16, generator=generator(1))


def test_a_folded_classifier_is_the_same_function(network, x):
    model = Classifier(network, NAMES, size=(16, 16))
    ready = ready_classifier(model, device="cpu", dtype="float32")
    assert ready.dtype_name == "float32"
    assert isinstance(ready.classifier.network.norm, torch.nn.Identity)
    assert not isinstance(network.norm, torch.nn.Identity)  # the model is left as it is
    with torch.no_grad():
        assert torch.allclose(ready.logits(x), model(x), atol=1e-4)


def test_bfloat16_is_near_and_said(network, x):
    model = Classifier(network, NAMES)
    ready = ready_classifier(model, device="cpu", dtype="bfloat16")
    assert ready.dtype_name == "bfloat16"
    found = ready.logits(x)
    assert found.dtype == torch.float32
    with torch.no_grad():
        expected = model(x)
    # three digits in every product of two blocks
    assert 0 < float((found - expected).norm() / expected.norm()) < 0.05


def test_joint_laws_label_in_the_dtype_of_their_weights(x):
    """Images in half precision are refused by them."""
    model = NetworkJointEnergy(GradResNet(3, 2, width=0.125), ("a", "b")).classifier()
    plain, halved = (
        ready_classifier(model, device="cpu", dtype=name) for name in ("float32", "bfloat16")
    )
    assert plain.dtype_name == halved.dtype_name == "float32"
    assert torch.equal(plain.logits(x), halved.logits(x))


@pytest.mark.parametrize("native", [True, False])
def test_auto_follows_the_processor_where_a_network_can_be_folded(network, monkeypatch, native):
    monkeypatch.delenv("SCORELET_DTYPE", raising=False)
    monkeypatch.setattr(device, "_bfloat16_is_faster", lambda: native)
    folds = ready_classifier(Classifier(network, NAMES), device="cpu")
    assert folds.dtype_name == ("bfloat16" if native else "float32")
    head = ScatteringHead(classes=10, size=(16, 16))
    assert ready_classifier(Classifier(head, NAMES), device="cpu").dtype_name == "float32"
    double = Classifier(copy.deepcopy(network).double(), NAMES)
    assert ready_classifier(double, device="cpu").dtype_name == "float64"
    assert ready_classifier(double, device="cpu", dtype="float32").dtype_name == "float32"


def test_batches_of_several_sizes(network, x):
    ready = ready_classifier(
        Classifier(network, NAMES, size=(16, 16)), device="cpu", dtype="float32"
    )
    wide = torch.rand(1, 3, 16, 20, generator=generator(2))
    expected = torch.cat([ready.logits(x), ready.logits(wide)])
    assert torch.allclose(ready.logits_of_each([x, wide]), expected, atol=1e-5)


def test_double_precision_stays(network, x):
    model = Classifier(copy.deepcopy(network).double(), NAMES)
    found = ready_classifier(model, device="cpu").logits(x)
    assert found.dtype == torch.float64
    with torch.no_grad():
        assert torch.allclose(found, model(x.double()), atol=1e-9)


def test_the_environment_decides_where_nothing_is_said(network, monkeypatch):
    monkeypatch.setenv("SCORELET_DTYPE", "bfloat16")
    model = Classifier(network, NAMES)
    assert ready_classifier(model, device="cpu").dtype_name == "bfloat16"
    assert ready_classifier(model, device="cpu", dtype="float32").dtype_name == "float32"
    with pytest.raises(InputError, match="dtype='half': use float32"):
        ready_classifier(model, device="cpu", dtype="half")


def test_evaluate_says_in_which_dtype(tmp_path):
    data = write_colours(tmp_path / "data.npz", side=6)
    model = colour_classifier(size=(6, 6), gain=2.0)
    for dtype in ("float32", "bfloat16"):
        found = evaluate(data, model=model, device="cpu", dtype=dtype)
        assert (found["dtype"], found["confusion"]) == (dtype, [[2, 0, 0], [1, 1, 0], [0, 0, 2]])


class Turning(torch.nn.Module):
    """Logits of red and green through a phase and back."""

    def __init__(self, dtype):
        super().__init__()
        self.phases = torch.nn.Parameter(torch.tensor([1j, -1j], dtype=dtype))

    def forward(self, x):
        return (x.mean((2, 3))[:, :2] * self.phases * self.phases.conj()).real


@pytest.mark.parametrize(
    ("dtype", "kind"), [(torch.float32, torch.complex64), (torch.float64, torch.complex128)]
)
def test_complex_weights_stay_complex(x, dtype, kind):
    model = Classifier(Turning(kind), "ab")
    logits = ready_classifier(model, device="cpu").logits(x)
    assert logits.dtype == dtype
    assert torch.allclose(logits, x.mean((2, 3))[:, :2].to(dtype))
