"""Derivatives by torch.func are the same where inference mode is on, and so are laws."""

import pytest
import torch
from torch.func import grad, jvp, vjp, vmap

from models.test_joint_energy import mixture
from scorelet.core.derivatives import differentiating
from scorelet.core.random import generator
from scorelet.models import EnergyDenoiser, FunctionEnergy, GaussianMixtureDenoiser, sure
from scorelet.models.closed_form import NoisyDensity
from scorelet.sampling.reverse import flow_log_density

W = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
ONES = torch.ones(3, dtype=torch.float64)


def _cube(x):
    return W * x**3


@pytest.mark.parametrize(
    "derivative",
    [
        lambda x: grad(lambda u: _cube(u).sum())(x),
        lambda x: jvp(_cube, (x,), (ONES,))[1],
        lambda x: vjp(_cube, x)[1](ONES)[0],
        lambda x: vmap(lambda v: jvp(_cube, (x,), (v,))[1])(ONES.diag()).diag(),
    ],
    ids=["grad", "jvp", "vjp", "vmap of jvp"],
)
def test_derivatives_exist_in_inference_mode(derivative):
    with torch.inference_mode():
        inside = ONES.clone()
        with differentiating():
            found = derivative(inside), derivative(ONES)
    for one in found:
        assert torch.equal(one, 3 * W)
        assert not one.is_inference()


def _laws():
    means = torch.randn(2, 1, 4, 4, generator=generator(0), dtype=torch.float64)
    quartic = FunctionEnergy(lambda x: (x**4).sum((1, 2, 3)))
    halves = torch.tensor([0.5, 0.5], dtype=torch.float64)
    gaussians = GaussianMixtureDenoiser(halves, means, halves)
    learned = EnergyDenoiser(lambda y, s: (y**4).sum((1, 2, 3)) * s)
    return quartic, gaussians, learned


def _answers(y, v):
    quartic, gaussians, learned = _laws()
    density, rng = NoisyDensity(gaussians, 0.5), generator(1)
    joint = mixture()
    return {
        "force": quartic.force(y),
        "Hessian": quartic.hessian_vec(y, v),
        "Hessian of noise": density.hessian_vec(y, v),
        "denoised": learned(y, 0.5),
        "SURE": sure(gaussians, y, 0.5, exact=True),
        "SURE by probes": sure(gaussians, y, 0.5, rng=rng),
        "log-density": flow_log_density(gaussians, y, 0.5, largest=2.0, steps=4).value,
        "of all classes": joint.denoise_all(y, 0.5),
        "of the joint law": joint.denoise(y, 0.5),
    }


def test_laws_answer_in_inference_mode_as_outside():
    y, v = torch.randn(2, 2, 1, 4, 4, generator=generator(2), dtype=torch.float64)
    outside = _answers(y, v)
    with torch.inference_mode():
        inside = _answers(y.clone(), v.clone())
    for name, value in outside.items():
        torch.testing.assert_close(inside[name], value.detach(), rtol=1e-12, atol=1e-12, msg=name)
