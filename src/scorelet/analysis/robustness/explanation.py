"""What an attack on a joint law of images and classes does: it follows a difference of denoisers.

Symbols: y image that counts as noisy with standard deviation σ, c its label, D_c and D_u denoisers
of that class and of all together. The adversarial gradient is

    ∇_y log p(c | y) = (D_c(y) - D_u(y)) / σ²,

which an attack on c descends: it moves towards what the denoiser that knows no class would make of
the image, away from what the one that knows c would. The mean of D_k over p(k | y) is D_u, so for
two classes that is towards the other one.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.attacks import attack, clean_logits
from scorelet.analysis.robustness.masking import without_gradient
from scorelet.analysis.robustness.setup import AttackSetup
from scorelet.core.errors import InputError
from scorelet.core.typing import Image, Labels, Logits, PerSample
from scorelet.models import JointEnergy

SLOW = 0.25
"""Share of the spatial frequencies, up to the Nyquist frequency, that counts as low."""


class AtLevel(nn.Module):
    """Logits of a joint law at one noise level: what is attacked."""

    def __init__(self, joint: JointEnergy, sigma: float) -> None:
        super().__init__()
        self.joint, self.sigma = joint, sigma
        self.training = joint.training

    def forward(self, y: Image) -> Logits:
        """Return ℓ up to a number of each image, (batch, classes)."""
        return self.joint.class_logits(y, self.sigma)


@dataclass(frozen=True)
class AttackExplanation:
    """An attack, and the denoisings that explain it; all (batch, channel, height, width).

    Attributes:
        clean, attacked: images.
        sigma: standard deviation that they counted as having.
        labels: numbers of the classes, (batch,).
        taken, found: what they are taken for before and after, (batch,).
        rival: the most probable of the other classes after the attack, (batch,).
        before, after: p(label | y) of both, (batch,).
        surest: probabilities of `taken` and of `found`, (batch, 2).
        gradient: ∇ log p(label | y) at the clean image.
        difference: D_label - D_u at the clean image.
        marginal, conditional, other: D_u, D_label and D_rival at the attacked image.
    """

    clean: Image
    attacked: Image
    sigma: float
    labels: Labels
    taken: Labels
    found: Labels
    rival: Labels
    before: PerSample
    after: PerSample
    surest: Tensor
    gradient: Image
    difference: Image
    marginal: Image
    conditional: Image
    other: Image

    @property
    def alignment(self) -> PerSample:
        """Cosine between the attack and D_u - D_label; 0 where one of them is 0."""
        return (_directions(self.attacked - self.clean) * _directions(-self.gradient)).sum(1)

    @property
    def slow_share(self) -> PerSample:
        """Share of the energy of D_label - D_u at low frequencies, see `low_frequency_share`."""
        return low_frequency_share(self.difference)


def explain(
    joint: JointEnergy,
    x: Image,
    labels: Labels,
    *,
    sigma: int | float,
    eps: int | float,
    name: str = "pgd",
    setup: AttackSetup | None = None,
) -> AttackExplanation:
    """Attack images at a noise level, and denoise what comes out.

    Args:
        joint: law of images and classes.
        x: (batch, channel, height, width) in [0, 1].
        labels: (batch,), whole numbers.
        sigma: standard deviation that the images count as having; the least that the model knows
            is taken in the place of a smaller one.
        eps: radius of the ball, in the unit of x.
        name, setup: of the attack, see `attack`; it follows the adversarial gradient, that is a
            temperature of 1.

    Raises:
        InputError: images, labels, a level or a radius that cannot be used; logits that cannot be
            differentiated in the images.
        MissingExtraError: the library of the attack is not installed.
    """
    level = max(float(sigma), joint.least)
    if not 0 < level < float("inf"):
        raise InputError(f"sigma is {sigma}: it must be a positive number.")
    network, setup = AtLevel(joint, level), replace(setup or AttackSetup(), temperature=1)
    clean_logits(network, x, labels)  # refuses what is no picture or label
    without_gradient(network, x, labels)
    attacked = attack(network, x, labels, eps=eps, name=name, setup=setup).pictures
    labels = labels.long()
    with torch.no_grad():
        posteriors = [joint.posterior(y, level) for y in (x, attacked)]
        taken, found = (p.argmax(1) for p in posteriors)
        rival = posteriors[1].scatter(1, labels[:, None], -1).argmax(1)
        before, after = (p.gather(1, labels[:, None])[:, 0] for p in posteriors)
        gradient = joint.posterior_gradient(x, level, labels)
        return AttackExplanation(
            clean=x,
            attacked=attacked,
            sigma=level,
            labels=labels,
            taken=taken,
            found=found,
            rival=rival,
            before=before,
            after=after,
            surest=torch.stack([p.amax(1) for p in posteriors], 1),
            gradient=gradient,
            difference=level**2 * gradient,  # D_label - D_u by itself rounds where they are near
            marginal=joint.denoise(attacked, level),
            conditional=joint.denoise(attacked, level, labels),
            other=joint.denoise(attacked, level, rival),
        )


def _directions(x: Image) -> Tensor:
    """Return the images, however small, as vectors of length 1, (batch, pixels); zeros stay."""
    flat = x.flatten(1)
    largest = flat.abs().amax(1, keepdim=True)
    return nn.functional.normalize(flat / largest.where(largest > 0, 1), dim=1)


def low_frequency_share(x: Image) -> PerSample:
    """Return the share of the energy at frequencies up to `SLOW` of Nyquist's, along both axes.

    White noise has `SLOW` squared, about: frequencies are those of the picture, which are few.
    """
    power = torch.fft.fft2(x.double(), norm="ortho").abs().square().sum(1)
    low = [torch.fft.fftfreq(n, device=x.device).abs() <= SLOW / 2 for n in x.shape[-2:]]
    inside = low[0][:, None] & low[1][None]
    return _quotient((power * inside).sum((1, 2)), power.sum((1, 2))).to(x.dtype)


def _quotient(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / whole, 0)
