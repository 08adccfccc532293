"""Laws of joint energies: what holds for any parameters, trained or not."""

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, hessian

from laws.denoiser_laws import assert_close
from scorelet.models import JointEnergy


def assert_classes_average_to_all(joint: JointEnergy, y: Tensor, sigma: float, tol: float) -> None:
    """D_u = sum_c p(c | y) D_c, and each D_c is that of its label."""
    classes = joint.denoise_all(y, sigma)
    mean = torch.einsum("bc,bc...->b...", joint.posterior(y, sigma), classes)
    assert_close(mean, joint.denoise(y, sigma), tol)
    for label in range(joint.labels):
        assert_close(classes[:, label], joint.denoise(y, sigma, label), tol)


def assert_class_logits_have_the_posterior(
    joint: JointEnergy, y: Tensor, sigma: float, tol: float
) -> None:
    """They are those of the joint law, but for one number of each image."""
    assert_close(joint.class_logits(y, sigma).softmax(1), joint.logits(y, sigma).softmax(1), tol)
    assert torch.equal(joint(y, sigma), joint.class_logits(y, sigma))


def assert_attack_is_a_difference_of_denoisers(
    joint: JointEnergy, y: Tensor, sigma: float, tol: float
) -> None:
    """grad log p(c | y) = (D_c - D_u) / sigma^2."""
    attack = grad(lambda image: joint.posterior(image, sigma)[:, 1].log().sum())(y)
    difference = joint.denoise(y, sigma, 1) - joint.denoise(y, sigma)
    assert_close(difference / sigma**2, attack, tol)
    assert_close(joint.posterior_gradient(y, sigma, 1), attack, tol)


def assert_jacobian_is_symmetric(joint: JointEnergy, y: Tensor, sigma: float, tol: float) -> None:
    """The Hessian of log p, which a denoiser that is no gradient has not."""
    curvature = hessian(lambda image: joint.log_density(image[None], sigma)[0])(y[0])
    size = y[0].numel()
    matrix = curvature.reshape(size, size)
    assert_close(matrix.mT, matrix, tol)


def assert_score_integrates_to_the_density(
    joint: JointEnergy, y: Tensor, sigma: float, tol: float
) -> None:
    """log p(b) - log p(a) is the integral of the score along the line, by Gauss-Legendre."""
    a, b = y[:1], y[1:2]
    nodes, weights = (torch.from_numpy(n) / 2 for n in np.polynomial.legendre.leggauss(200))
    nodes = nodes + 0.5
    points = a + nodes[:, None, None, None] * (b - a)
    slopes = (joint.score(points, sigma) * (b - a)).sum((1, 2, 3))
    difference = joint.log_density(b, sigma) - joint.log_density(a, sigma)
    assert_close((slopes * weights).sum()[None], difference, tol)
