"""Two ways to one gradient, against its formula."""

import pytest
import torch
from torch.func import jacfwd

from laws.denoiser_laws import assert_close
from scorelet.models import image_gradient as module
from scorelet.models.image_gradient import image_gradient
from scorelet.models.joint_mixture import MixtureJointEnergy

ROW = torch.linspace(-1, 1, 5, dtype=torch.float64)


@pytest.fixture(params=["autograd", "func"])
def way(request, monkeypatch):
    if request.param == "func":
        monkeypatch.setattr(module, "_only_functions", lambda: True)
    else:
        monkeypatch.setattr(module, "grad", None)


def cubes(w):
    """Σ (w y)³, whose gradient is 3 w³ y²; and w y."""
    return lambda y: (((w * y) ** 3).sum(), w * y)


@pytest.mark.usefixtures("way")
def test_the_gradient_and_its_derivatives():
    y = ROW.clone().requires_grad_()
    w = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    slope, other = image_gradient(cubes(w), y, [w])
    assert_close(slope.detach(), 24 * ROW**2, 1e-14)
    assert_close(other.detach(), 2 * ROW, 1e-14)
    by_w, by_y = torch.autograd.grad(slope.sum() + other.sum(), (w, y))
    assert_close(by_w, (36 * ROW**2).sum() + ROW.sum(), 1e-13)
    assert_close(by_y, 48 * ROW + 2, 1e-13)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("wanted", [(True, False), (False, True), (False, False)])
def test_it_has_derivatives_where_they_are_wanted(wanted):
    y, w = ROW.clone(), torch.tensor(2.0, dtype=torch.float64)
    for tensor, flag in zip((y, w), wanted, strict=True):
        tensor.requires_grad_(flag)
    slope, other = image_gradient(cubes(w), y, [w])
    assert slope.requires_grad == other.requires_grad == any(wanted)
    with torch.no_grad():
        bare, _ = image_gradient(cubes(w), y, [w])
    assert not bare.requires_grad
    assert_close(bare, 24 * ROW**2, 1e-14)
    assert y.grad is w.grad is None


def test_where_autograd_cannot_go_functions_do():
    w = torch.tensor(2.0, dtype=torch.float64)
    with torch.inference_mode():
        assert_close(image_gradient(cubes(w), ROW.clone(), [w])[0], 24 * ROW**2, 1e-14)
    jacobian = jacfwd(lambda y: image_gradient(cubes(w), y, [w])[0])(ROW)
    assert_close(jacobian, torch.diag(48 * ROW), 1e-13)


def test_tensors_of_inference_mode_are_taken_outside_of_it():
    """What torch.func takes, autograd refuses: it cannot ask for gradients there."""
    w = torch.tensor(2.0, dtype=torch.float64)
    with torch.inference_mode():
        y, v = ROW.clone(), w.clone()
    for image, factor in ((y, w), (ROW, v)):
        with torch.no_grad():
            assert_close(image_gradient(cubes(factor), image, [factor])[0], 24 * ROW**2, 1e-14)


@pytest.mark.usefixtures("way")
def test_what_does_not_depend_on_the_images_has_no_gradient():
    w = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    for value in (w * 3, w.detach()):
        slope, _ = image_gradient(lambda y, value=value: (value, y), ROW, [w])
        assert torch.equal(slope.detach(), torch.zeros_like(ROW))


def test_scores_of_a_frozen_law_are_differentiated_in_the_noise_level():
    """∂/∂σ of the score, by differences: nothing but σ has gradients."""
    means = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(2, 1, 2, 2)
    covariances = torch.eye(4, dtype=torch.float64) * torch.tensor([[[0.5]], [[2.0]]])
    weights = torch.tensor([0.4, 0.6], dtype=torch.float64)
    law = MixtureJointEnergy(weights, means, covariances, torch.arange(2))
    y = means.flip(0) / 2

    def total(sigma):
        return law.score(y, sigma).square().sum()

    sigma = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(total(sigma), sigma)
    step = 1e-5
    about = (total(sigma.detach() + step) - total(sigma.detach() - step)) / (2 * step)
    assert_close(slope, about, 1e-6)
