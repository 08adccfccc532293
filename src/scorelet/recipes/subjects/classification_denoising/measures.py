"""What is measured of the trained networks, picture by picture, as JSON that keeps it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scorelet.analysis.classification import calibration_error
from scorelet.analysis.jacobian.eigenvectors import Decomposition
from scorelet.analysis.jacobian.products import JacobianProducts
from scorelet.analysis.jacobian.trace import traces
from scorelet.analysis.joint_levels import joint_errors
from scorelet.analysis.robustness import (
    TRANSFER,
    AttackSetup,
    attack,
    clean_logits,
    known_norm,
    low_frequency_share,
)
from scorelet.analysis.robustness.explanation import AtLevel
from scorelet.core.random import Noise, generator
from scorelet.core.typing import Image
from scorelet.data.labelled import LabelledImages
from scorelet.models import (
    Classifier,
    Denoiser,
    GaussianDenoiser,
    JointEnergy,
    NetworkJointEnergy,
)
from scorelet.recipes.hits import packed
from scorelet.recipes.subjects.classification_denoising.settings import (
    LARGEST,
    LEAST,
    Attacks,
    Settings,
)

FIELDS = ("right", "nll", "marginal", "conditional", "apart")
WEAK, STRONG = 0.02, 0.25
"""Noise levels at which attacks are looked at."""
DENSITY_LEVEL = 0.1
"""Level of the density of images with growing noise."""
_PIECE, _PROBES = 100, 8


def noisy(images: LabelledImages, sigma: float) -> list[tuple[Tensor, Image, Image]]:
    """Return (labels, clean, noisy) pieces; the noise is a function of a picture's number."""
    pieces = []
    for start in range(0, len(images), _PIECE):
        x = images.images(start, start + _PIECE)
        y = x + sigma * Noise(0, range(start, start + len(x))).normal(x)
        pieces.append((torch.from_numpy(images.y[start : start + len(x)]), x, y))
    return pieces


def labelling(
    model: NetworkJointEnergy | Classifier, images: LabelledImages, sigmas: Sequence[float]
) -> dict[str, Any]:
    """Return hits, mean -log p and calibration error by level, from clean pictures on.

    Args:
        model: gives the labels; a classifier is told no level.
        images: with their labels.
        sigmas: levels, which it is told; 0: clean.
    """
    hits, nll, error = [], [], []
    for sigma in sigmas:
        with torch.no_grad():
            told = (sigma or None,) if isinstance(model, JointEnergy) else ()
            parts = [(c, model(y, *told)) for c, _, y in noisy(images, sigma)]
        labels, logits = (torch.cat(found) for found in zip(*parts, strict=True))
        hits.append(packed((logits.argmax(1) == labels).double()))
        nll.append(float(nn.functional.cross_entropy(logits, labels)))
        error.append(calibration_error(logits, labels))
    return {"hits": hits, "nll": nll, "calibration": error}


def denoising(
    joint: JointEnergy, images: LabelledImages, sigmas: Sequence[float]
) -> dict[str, list[list[float]]]:
    """Return what `joint_errors` does, by name a list for each level with a number a picture."""
    found: dict[str, list[list[float]]] = {name: [] for name in FIELDS}
    for sigma in sigmas:
        with torch.no_grad():
            parts = [joint_errors(joint, x, y, sigma, c) for c, x, y in noisy(images, sigma)]
        for name in FIELDS:
            found[name].append(torch.cat([getattr(part, name) for part in parts]).tolist())
    return found


def direct(
    denoiser: Denoiser, images: LabelledImages, sigmas: Sequence[float]
) -> list[list[float]]:
    """Return the mean squared error of each picture, a list for each level."""
    errors = []
    for sigma in sigmas:
        with torch.no_grad():
            parts = [
                (denoiser(y, sigma) - x).square().mean((1, 2, 3))
                for _, x, y in noisy(images, sigma)
            ]
        errors.append(torch.cat(parts).tolist())
    return errors


def linear(
    train: LabelledImages, images: LabelledImages, sigmas: Sequence[float]
) -> list[list[float]]:
    """Return what `direct` does, of the best affine function of all pixels and colours."""
    x = train.images(0, len(train))
    mean = x.mean(0)
    centred = (x - mean).flatten(1)
    best = GaussianDenoiser(mean, centred.T @ centred / len(centred))
    return direct(best, images, sigmas)


def grid(settings: Settings) -> list[float]:
    """Return the levels at which what the label is worth is added up."""
    return np.geomspace(LEAST, LARGEST, settings.levels).tolist()


def robust(
    joint: NetworkJointEnergy,
    images: LabelledImages,
    attacks: Attacks,
    seed: int,
    *,
    level: float | None = None,
) -> Any:  # noqa: ANN401 - JSON
    """Return hits under PGD, by norm one entry for each radius; and of the clean pictures.

    A picture that breaks at a radius is broken at all larger ones, whose balls contain it.
    `level` is the noise level that the network is told; None: that at which it labels.
    """
    network = AtLevel(joint, joint.clean_level if level is None else level).eval()
    x, labels = images.images(0, len(images)), torch.from_numpy(images.y)
    right = clean_logits(network, x, labels).argmax(1) == labels
    found: dict[str, Any] = {"clean": packed(right.double())}
    for norm, radii in attacks.radii.items():
        setup = _on_entropy(norm, attacks.steps, attacks, seed)
        left, found[norm] = right.clone(), []
        for eps in radii:
            open_ = left.nonzero()[:, 0]
            if len(open_):
                left[open_] = ~attack(network, x[open_], labels[open_], eps=eps, setup=setup).broken
            found[norm].append(packed(left.double()))
    return found


def strongest(
    joint: NetworkJointEnergy, images: LabelledImages, attacks: Attacks, seed: int
) -> dict[str, str]:
    """Return hits under APGD on the cross-entropy, by norm, at the radius that claims are about."""
    setups = {norm: _on_entropy(norm, attacks.apgd, attacks, seed) for norm in attacks.decisive}
    return _withstood(joint, images, attacks, setups, name="apgd")


def without_gradient(
    joint: NetworkJointEnergy, images: LabelledImages, attacks: Attacks, seed: int
) -> dict[str, str]:
    """Return hits under Square, which asks for logits only; as `strongest`."""
    setups = {
        norm: AttackSetup(known_norm(norm), queries=attacks.queries, seed=seed)
        for norm in attacks.decisive
    }
    return _withstood(joint, images, attacks, setups, name="square")


def transferred(
    joint: NetworkJointEnergy,
    source: NetworkJointEnergy,
    images: LabelledImages,
    attacks: Attacks,
    seed: int,
) -> dict[str, str]:
    """Return hits on pictures that PGD has made for another network; as `strongest`."""
    setups = {norm: _on_entropy(norm, attacks.steps, attacks, seed) for norm in attacks.decisive}
    other = AtLevel(source, source.clean_level).eval()
    return _withstood(joint, images, attacks, setups, name=TRANSFER, source=other)


def _withstood(
    joint: NetworkJointEnergy,
    images: LabelledImages,
    attacks: Attacks,
    setups: Mapping[str, AttackSetup],
    **how: Any,  # noqa: ANN401 - of `attack`
) -> dict[str, str]:
    """Return hits by norm at the radius that claims are about."""
    network = AtLevel(joint, joint.clean_level).eval()
    x, labels = images.images(0, len(images)), torch.from_numpy(images.y)
    right = clean_logits(network, x, labels).argmax(1) == labels
    found = {}
    for norm, eps in attacks.decisive.items():
        broken = attack(network, x, labels, eps=eps, setup=setups[norm], **how).broken
        found[norm] = packed((right & ~broken).double())
    return found


def _on_entropy(norm: str, steps: int, attacks: Attacks, seed: int) -> AttackSetup:
    """Return attacks that follow the gradient of the cross-entropy, by steps of one length."""
    kind, step = known_norm(norm), 2.5 / steps
    return AttackSetup(kind, steps, attacks.restarts, step, seed=seed, temperature=1)


def slow_shares(joint: JointEnergy, images: LabelledImages) -> dict[str, list[float]]:
    """Return the share of D_c - D_u at low frequencies, by level a number for each picture."""
    found = {}
    for name, sigma in (("weak", WEAK), ("strong", STRONG)):
        shares = []
        for labels, _, y in noisy(images, sigma):
            with torch.no_grad():
                push = joint.posterior_gradient(y, sigma, labels)  # (D_c - D_u)/σ², not rounded
            shares.append(low_frequency_share(push))
        found[name] = torch.cat(shares).tolist()
    return found


def identities(joint: JointEnergy, images: LabelledImages, sigma: float) -> dict[str, float]:
    """Return relative errors of two identities: D_u = Σ p(c|y) D_c, and that of an attack.

    In double precision: where classes hardly differ, float32 has few digits of their differences.
    """
    labels, _, y = noisy(images.first(8), sigma)[0]
    joint, y = deepcopy(joint).double(), y.double()
    with torch.no_grad():
        each, all_ = joint.denoise_all(y, sigma), joint.denoise(y, sigma)
        mean = torch.einsum("bc,bc...->b...", joint.posterior(y, sigma), each)
        own = each[torch.arange(len(y)), labels]
        push = sigma**2 * joint.posterior_gradient(y, sigma, labels)
    return {
        "mixture": float((mean - all_).norm() / (all_ - y).norm()),
        "attack": float((own - all_ - push).norm() / push.norm()),
    }


def asymmetry(denoiser: Denoiser, images: LabelledImages, sigma: float) -> float:
    """Return |J - Jᵀ| / |J| of a denoiser's Jacobian at the first picture."""
    _, _, y = noisy(images.first(1), sigma)[0]
    products = JacobianProducts(lambda image: denoiser(image, sigma), y)
    none = y.new_zeros(0, *y.shape)
    nothing = Decomposition(none.flatten(1), none, None, none.flatten(1), moved=none)
    return float(traces(products, nothing, _PROBES, generator(0)).asymmetry)


def densities(joint: JointEnergy, images: LabelledImages, sigmas: Sequence[float]) -> list[float]:
    """Return mean log-densities per number, up to a constant, of pictures with more and more noise.

    All at the level `DENSITY_LEVEL` of the model: only there they can be compared.
    """
    level, found = DENSITY_LEVEL, []
    for sigma in sigmas:
        with torch.no_grad():
            parts = [joint.log_density(y, level) / y[0].numel() for _, _, y in noisy(images, sigma)]
        found.append(float(torch.cat(parts).mean()))
    return [value - found[0] for value in found]
