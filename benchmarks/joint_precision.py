"""How exact a joint law is in float32 and under autocast to bfloat16, beside float64.

The built-in network, pictures of the test set, all noisy; autocast as in training.
`gradient`: of the loss in the parameters, by group: the relative error and the cosine; `batch` is
what another draw of as many pictures changes (in float32, the standard error of the mean).
`identities`: D, its error as a share of the noise; C3, ∇ log p(c | y) beside (D_c - D_u) / σ²; C4,
how far the Hessian of log p is from symmetric; C5, finite differences of log p beside the score.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from measure import Row
from torch import Tensor
from turns import autocast

from scorelet.core.random import Noise
from scorelet.data import locate
from scorelet.data.labelled import load_labelled
from scorelet.models import NetworkJointEnergy, UniformNoise
from scorelet.training.joint import JointObjective
from scorelet.zoo import load

NAME, LEVELS, WEIGHT = "cifar10-joint", (0.02, 0.1, 0.5), 12.0
PRECISIONS = ("float32", "bfloat16")
GROUPS = {
    "trunk": ("stem", "stages"),
    "energy": ("products", "strengths"),
    "labels": ("classify", "sides"),
    "levels": ("gain", "level"),
}
"""Of the parameters, by what their names contain; a later group takes from an earlier one."""
DIRECTIONS = 4


def precision(*, quick: bool) -> dict[str, Any]:
    """Return tables of both."""
    torch.set_num_threads(1)
    joint, count = load(NAME).train(), 4 if quick else 32
    assert isinstance(joint, NetworkJointEnergy)
    images = load_labelled(locate("cifar10"), part="test")
    x, label = images.images(0, count), torch.from_numpy(images.y[:count])
    levels = LEVELS[:1] if quick else LEVELS
    return {
        "gradient": [row for sigma in levels for row in gradients(joint, x, label, sigma)],
        "identities": [row for s in levels for row in identities(joint, x[:4], label[:4], s)],
    }


def gradients(joint: NetworkJointEnergy, x: Tensor, label: Tensor, sigma: float) -> list[Row]:
    """Return a row for each group of parameters."""
    exact = gradient(joint.double(), x.double(), label, sigma)
    joint = joint.float()
    found = {name: gradient(joint, x, label, sigma, name) for name in PRECISIONS}
    half = len(x) // 2
    one, two = (gradient(joint, x, label, sigma, rows=r) for r in (slice(half), slice(half, None)))
    rows = []
    for group in (*GROUPS, "all"):
        own = [name for name in exact if group in ("all", _group(name))]
        base, first, second = (_flat(g, own) for g in (exact, one, two))
        row: Row = {"sigma": sigma, "parameters": group}
        for name in PRECISIONS:
            other = _flat(found[name], own)
            row[f"{name}_error"] = _rounded((other - base).norm() / base.norm())
        other = _flat(found["bfloat16"], own)
        row["bfloat16_cosine"] = round(float(base @ other / base.norm() / other.norm()), 5)
        row["batch"] = _rounded((first - second).norm() / 2 / base.norm())
        rows.append(row)
    return rows


def gradient(
    joint: NetworkJointEnergy,
    x: Tensor,
    label: Tensor,
    sigma: float,
    precision: str = "float32",
    rows: slice = slice(None),
) -> dict[str, Tensor]:
    """Return the gradient of the joint loss of noisy pictures in each parameter."""
    objective = JointObjective(UniformNoise(sigma, sigma), clean=0.0, weight=WEIGHT)
    joint.zero_grad()
    with autocast(precision):
        batch = {"x": x[rows], "label": label[rows]}
        loss = objective(joint, batch, Noise(0, range(len(x))[rows]))
    loss.value.backward()
    parameters = joint.named_parameters()
    return {name: p.grad.clone().double() for name, p in parameters if p.grad is not None}


def identities(joint: NetworkJointEnergy, x: Tensor, label: Tensor, sigma: float) -> list[Row]:
    """Return a row for each identity."""
    y = x + sigma * Noise(0, range(len(x))).normal(x)
    exact = deepcopy(joint).double().denoise(y.double(), sigma).detach()
    rows: dict[str, Row] = {}
    for name in ("float64", *PRECISIONS):
        wide = torch.float64 if name == "float64" else torch.float32
        law, noisy = deepcopy(joint).to(wide), y.to(wide)
        with autocast(name):
            for what, error in identity_errors(law, noisy, label, sigma).items():
                rows.setdefault(what, {"sigma": sigma, "identity": what})[name] = error
            denoised = (law.denoise(noisy, sigma).detach() - exact).square().mean().sqrt() / sigma
        rows.setdefault("D", {"sigma": sigma, "identity": "D"})[name] = _rounded(denoised)
    return list(rows.values())


def identity_errors(
    law: NetworkJointEnergy, y: Tensor, label: Tensor, sigma: float
) -> dict[str, float]:
    """Return the relative errors of C3, C4 and C5."""
    own, score = law.denoise(y, sigma, label).detach(), law.score(y, sigma).detach()
    difference = (own - law.denoise(y, sigma).detach()) / sigma**2
    attack = law.posterior_gradient(y, sigma, label).detach()
    along = score / score.flatten(1).norm(dim=1)[:, None, None, None]
    step = sigma / 10
    higher, lower = (law.log_density(y + t * step * along, sigma).detach() for t in (1, -1))
    slope = (score * along).sum((1, 2, 3))
    return {
        "C3": _rounded((difference - attack).norm() / attack.norm()),
        "C4": asymmetry(lambda image: law.score(image, sigma), y[:1]),
        "C5": _rounded(((higher - lower) / (2 * step) - slope).norm() / slope.norm()),
    }


def asymmetry(score: Callable[[Tensor], Tensor], y: Tensor) -> float:
    """Return |A - A'| / |A| of the Hessian between products with it of some directions."""
    rng = torch.Generator().manual_seed(0)
    shape = (DIRECTIONS, *y.shape)
    vectors = torch.randn(shape, generator=rng, dtype=torch.float64).to(y.dtype)
    image = y.detach().requires_grad_()
    products = [torch.autograd.grad((score(image) * v).sum(), image)[0] for v in vectors]
    matrix = torch.stack(products).flatten(1).double() @ vectors.flatten(1).double().T
    return _rounded((matrix - matrix.T).norm() / matrix.norm())


def _group(name: str) -> str:
    return [group for group, words in GROUPS.items() if any(w in name for w in words)][-1]


def _flat(gradients: dict[str, Tensor], names: list[str]) -> Tensor:
    return torch.cat([gradients[name].flatten() for name in names])


def _rounded(value: Tensor) -> float:
    return float(f"{float(value):.2g}")
