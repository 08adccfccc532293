"""Joint laws of images and classes, against mixtures that are known and for any parameters."""

import math

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from laws import joint_laws
from laws.denoiser_laws import assert_batch_independent, assert_close
from models.test_correlated_pixels import covariance_of
from scorelet.core.errors import InputError
from scorelet.core.random import generator, randn
from scorelet.models import (
    CorrelatedPixels,
    Denoiser,
    GaussianDenoiser,
    JointEnergy,
    MixtureJointEnergy,
    NetworkJointEnergy,
)
from scorelet.networks.grad_res_net import GradResNet
from scorelet.networks.noise_gain import NoiseGain

DOUBLE = torch.zeros((), dtype=torch.float64)
EXACT = 1e-11
SIGMAS = (0.1, 0.7, 3.0)


def white(*shape, seed=0):
    return randn(shape, rng=generator(seed), like=DOUBLE)


def mixture(classes=3, side=4):
    size = side * side
    roots = white(classes, size, size, seed=1) / side
    weights = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    means = white(classes, 1, side, side, seed=2)
    return MixtureJointEnergy(weights, means, roots @ roots.mT, torch.arange(classes))


def pixel_law(channels=1, size=(4, 4)):
    """Variances that fall with the frequency, and colours that are mixed."""
    rows, columns = (torch.arange(n, dtype=torch.float64) for n in size)
    fall = 1 / (1 + rows[:, None] ** 2 + columns**2)
    variances = torch.arange(1, channels + 1).double()[:, None, None] * fall / 10
    colours = torch.linalg.qr(white(channels, channels, seed=8))[0]
    return CorrelatedPixels(colours, variances)


def random_network(head="reference", energy="product", **options):
    torch.manual_seed(0)
    network = GradResNet(1, 3, width=0.125, energy=energy, **options)
    with torch.no_grad():  # as after training, when the network has an opinion
        network.strengths.fill_(2.0)
        for product in network.products:
            product.conv.weight.normal_(std=0.05)
    pixels = pixel_law() if head == "correlated" else None
    joint = NetworkJointEnergy(network, "abc", head=head, mean=(0.5,), variance=0.06, pixels=pixels)
    return joint.double()


NETWORKS = {
    "reference": random_network,
    "correlated": lambda: random_network("correlated"),
    "quadratic": lambda: random_network("quadratic"),
    "logits": lambda: random_network("logits"),
    "maps": lambda: random_network(energy="maps"),
    "features": lambda: random_network(energy="features"),
    "norms": lambda: random_network(norm_placement="convolution"),
    "blind": lambda: random_network(noise_conditioning=False, multi_stage_features=False),
}
JOINTS = {"mixture": mixture, **NETWORKS}
SLOW = pytest.mark.slow


@pytest.mark.parametrize("name", ["mixture", *(pytest.param(n, marks=SLOW) for n in NETWORKS)])
@pytest.mark.parametrize("sigma", SIGMAS[:2])
def test_laws(name, sigma):
    joint, y = JOINTS[name](), white(2, 1, 4, 4, seed=3)
    joint_laws.assert_classes_average_to_all(joint, y, sigma, EXACT)
    joint_laws.assert_class_logits_have_the_posterior(joint, y, sigma, EXACT)
    joint_laws.assert_attack_is_a_difference_of_denoisers(joint, y, sigma, 1e-10)
    joint_laws.assert_jacobian_is_symmetric(joint, y, sigma, EXACT)
    assert_batch_independent(lambda image: joint.logits(image, sigma), y, EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixture", "reference", "correlated"])
def test_the_score_integrates_to_the_density(name):
    joint, y = JOINTS[name](), white(2, 1, 4, 4, seed=3)
    joint_laws.assert_score_integrates_to_the_density(joint, y, 0.7, 1e-6)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_denoisers_of_a_mixture_are_wiener_filters(sigma):
    joint, y = mixture(), white(3, 1, 4, 4, seed=4)
    for label in range(3):
        mean = joint.means[label].flatten()
        cov = joint.axes[label] * joint.variances[label] @ joint.axes[label].mT
        gain = cov @ torch.linalg.inv(cov + sigma**2 * torch.eye(16).double())
        exact = mean + (y.flatten(1) - mean) @ gain.mT
        assert_close(joint.denoise(y, sigma, label).flatten(1), exact, EXACT)
        law = torch.distributions.MultivariateNormal(mean, cov + sigma**2 * torch.eye(16).double())
        density = law.log_prob(y.flatten(1)) + joint.weights[label].log()
        assert_close(joint.log_density(y, sigma, label), density, EXACT)


def test_several_components_of_a_class_add_up():
    one = mixture()
    joint = MixtureJointEnergy(
        one.weights,
        one.means,
        one.axes * one.variances[:, None] @ one.axes.mT,
        torch.tensor([0, 1, 0]),
    )
    y = white(2, 1, 4, 4, seed=5)
    three = one.logits(y, 0.4)
    assert_close(joint.logits(y, 0.4)[:, 0], three[:, [0, 2]].logsumexp(1), EXACT)
    assert_close(joint.denoise(y, 0.4), one.denoise(y, 0.4), EXACT)


@pytest.mark.slow
def test_knowing_the_label_is_worth_what_the_denoisers_differ():
    """The law of total variance, within three standard errors of 20,000 images."""
    joint, sigma = mixture(), 0.8
    x, label = joint.sample(20_000, rng=generator(6))
    assert_close(label.bincount() / 20_000, joint.weights.float(), 0.03)
    y = x + sigma * white(*x.shape, seed=7)
    all_, own = joint.denoise(y, sigma), joint.denoise(y, sigma, label)
    gain = ((x - all_).square() - (x - own).square()).flatten(1).sum(1)
    apart = (joint.denoise_all(y, sigma) - all_[:, None]).square().flatten(2).sum(2)
    expected = (joint.posterior(y, sigma) * apart).sum(1)
    difference = gain - expected
    assert float(expected.mean()) > 0.05
    assert abs(float(difference.mean())) < 3 * float(difference.std()) / math.sqrt(20_000)


@pytest.mark.slow
def test_constants_of_logits():
    """One for all classes changes nothing; one for each leaves every D_c."""
    network, y = random_network(), white(2, 1, 8, 8)
    inner = network.network.heads
    network.network.forward = lambda u, s: network.network.heads(u, s)[1]

    def moved(by):
        network.network.heads = lambda u, s: (inner(u, s)[0], inner(u, s)[1] + by)
        result = network.posterior(y, 0.3), network.denoise(y, 0.3), network.denoise_all(y, 0.3)
        network.network.heads = inner
        return result

    before, same, other = (moved(torch.tensor(b)) for b in ([0.0] * 3, [7.0] * 3, [1.0, -1, 2]))
    for old, new in zip(before, same, strict=True):
        assert_close(new, old, EXACT)
    assert_close(other[2], before[2], EXACT)
    assert float((other[0] - before[0]).detach().abs().max()) > 0.1


@pytest.mark.slow
def test_limits_of_the_noise_level():
    """Without noise the image comes back; a silent network is the Wiener filter of one pixel."""
    joint, y = random_network(), white(2, 1, 8, 8)
    assert torch.equal(joint.denoise(y, 0.0), y)
    assert_close(joint.denoise(y, 1e-4), y, 1e-3)
    fresh = NetworkJointEnergy(
        GradResNet(1, 3, width=0.125), "abc", mean=(0.5,), variance=0.06
    ).double()
    y = 0.5 + 0.25 * y
    for sigma in (0.05, 0.3, 1.0):
        wiener = 0.5 + 0.06 / (0.06 + sigma**2) * (y - 0.5)
        assert_close(fresh.denoise(y, sigma), wiener, 1e-2)
    pixels = pixel_law(2, (8, 8))
    fresh = NetworkJointEnergy(
        GradResNet(2, 3, width=0.125), "abc", head="correlated", mean=(0.5, 0.4), pixels=pixels
    ).double()
    mean = torch.tensor([0.5, 0.4]).double()[:, None, None].expand(2, 8, 8)
    exact = GaussianDenoiser(mean, covariance_of(pixels))
    y = mean + 0.3 * white(2, 2, 8, 8)
    for sigma in (0.05, 0.3, 1.0):
        assert_close(fresh.denoise(y, sigma), exact(y, sigma), 1e-2)
    known = mixture()
    mean = torch.einsum("k,k...->...", known.weights, known.means)
    assert_close(known.denoise(white(2, 1, 4, 4), 1e4), mean.expand(2, 1, 4, 4), 1e-3)


def test_clean_pictures_are_labelled_at_a_level_of_their_own():
    torch.manual_seed(0)
    network, y = GradResNet(1, 3, width=0.125), white(2, 1, 8, 8).float()
    plain = NetworkJointEnergy(network, "abc")
    joint = NetworkJointEnergy(network, "abc", label_level=0.2)
    assert torch.equal(joint(y), joint.class_logits(y, 0.2))
    assert torch.equal(joint.classifier()(y), joint.class_logits(y, 0.2))
    assert torch.equal(joint(y, 0.1), plain(y, 0.1))  # a level that is given is taken
    assert torch.equal(joint.class_logits(y), joint(y))
    assert torch.equal(joint.posterior(y), joint.posterior(y, 0.2))
    assert torch.equal(joint(y, 0.0), joint(y, joint.least))
    assert not torch.equal(joint(y, 0.0), joint(y))
    assert torch.equal(plain(y), plain.class_logits(y, plain.least))
    plain.label_level = 0.2
    assert torch.equal(plain.classifier()(y), joint(y))
    plain.label_level = None
    assert plain.label_level == plain.least
    for level in (0.001, -1.0, math.nan, math.inf, True):
        with pytest.raises(InputError, match="label_level is"):
            plain.label_level = level
    for level in (0.001, math.nan, math.inf):
        with pytest.raises(InputError, match="label_level is"):
            NetworkJointEnergy(network, "abc", label_level=level)


def test_denoisings_are_mapped_over_images_with_channels_last():
    torch.manual_seed(0)
    joint = NetworkJointEnergy(GradResNet(3, 3, width=0.125), "abc")
    y = white(3, 2, 8, 8, 3, seed=4).float().movedim(-1, 2)
    mapped = torch.func.vmap(lambda images: joint.denoise(images, 0.2))(y)
    assert_close(mapped, torch.stack([joint.denoise(images, 0.2) for images in y]), 1e-5)


def test_autocast_changes_nothing_but_a_training():
    """In bfloat16 a log-density of a hundred would be rounded by more than classes differ."""
    joint, y = random_network().float(), white(2, 1, 8, 8, seed=4).float()

    def found():
        return (
            joint.logits(y, 0.2),
            joint.posterior(y, 0.2),
            joint.denoise_all(y, 0.2),
            *joint.logits_and_score(y, 0.2),
            *joint.log_posterior_and_gradient(y, 0.2, 1),
        )

    trained = found()
    exact = joint.eval() and found()
    with torch.autocast("cpu", torch.bfloat16):
        again = found()
        rounded = joint.train() and found()
    for a, b, c, d in zip(trained, exact, again, rounded, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(b, c)
        assert not torch.equal(c, d)


def test_the_gradient_of_a_sure_label_is_as_exact_as_any():
    """Where p(c | y) is 1 in float32, a difference of two scores is nothing but rounding."""
    joint, y = random_network(), white(4, 1, 8, 8, seed=9)
    with torch.no_grad():
        joint.network.classify.weight.mul_(2e3)
        logits = joint.class_logits(y, 0.3)
        label = logits.argmax(1)
        others = logits.scatter(1, label[:, None], -math.inf).logsumexp(1)
        assert 18 < float((logits.amax(1) - others).max()) < 100
        exact = joint.posterior_gradient(y, 0.3, label)
        found = joint.float().posterior_gradient(y.float(), 0.3, label).double()
    for a, b in zip(found, exact, strict=True):
        assert float((a - b).norm() / b.norm()) < 1e-3


def test_beyond_the_largest_level_the_network_is_told_that_one():
    torch.manual_seed(0)
    network, y = random_network().float().network, white(2, 1, 4, 4).float()
    for gain in (part for part in network.modules() if isinstance(part, NoiseGain)):
        for weights in gain.parameters():  # 0 before training: levels say nothing
            nn.init.normal_(weights, std=0.3)
    joint = NetworkJointEnergy(network, "abc", least=0.1, most=0.5)
    any_ = NetworkJointEnergy(network, "abc", least=0.1)
    for sigma in (0.01, 0.1, 0.3, 0.5):
        assert torch.equal(joint.logits(y, sigma), any_.logits(y, sigma))
    assert not torch.equal(joint.logits(y, 2.0), any_.logits(y, 2.0))
    spread = math.sqrt(0.06 + 2.0**2)
    energy, classes = network.heads((y - 0.5) / spread, torch.full((2,), 0.5))
    reference = (y - 0.5).square().sum((1, 2, 3)) / (2 * spread**2)
    logits = classes - (reference + math.sqrt(0.06) / 2.0 * energy)[:, None]
    assert_close(joint.logits(y, 2.0), logits, 1e-5)
    assert_close(joint.class_logits(y, 2.0), classes, 1e-5)
    assert joint.denoiser().most == 0.5
    with pytest.raises(InputError, match=r"label_level is 2\.0: .*0\.1 to 0\.5"):
        joint.label_level = 2.0
    for options in ({"label_level": 0.6}, {"most": 0.05}):
        with pytest.raises(InputError, match=r"label_level is 0\.6|most 0\.05"):
            NetworkJointEnergy(network, "abc", **{"least": 0.1, "most": 0.5} | options)


def test_a_law_of_labels_alone_has_no_density():
    joint, y = random_network(), white(2, 1, 4, 4)
    joint.denoises = False
    for call in (
        joint.denoiser,
        lambda: joint.denoise(y, 0.3),
        lambda: joint.denoise_all(y, 0.3),
        lambda: joint.score(y, 0.3),
        lambda: joint.log_density(y, 0.3),
    ):
        with pytest.raises(InputError, match="has no density"):
            call()
    gradient = joint.posterior_gradient(y, 0.3, 1)
    joint.denoises = True
    difference = joint.denoise(y, 0.3, 1) - joint.denoise(y, 0.3)
    assert_close(gradient, difference / 0.3**2, EXACT)


def test_a_law_that_has_learnt_no_labels_has_a_density():
    joint, y = random_network(), white(2, 1, 4, 4)
    density, image = joint.log_density(y, 0.3), joint.denoise(y, 0.3)
    joint.classifies = False
    for call in (
        lambda: joint(y),
        joint.classifier,
        lambda: joint.posterior(y, 0.3),
        lambda: joint.posterior_gradient(y, 0.3, 1),
        lambda: joint.denoise(y, 0.3, 1),
        lambda: joint.denoise_all(y, 0.3),
        lambda: joint.log_density(y, 0.3, 1),
    ):
        with pytest.raises(InputError, match="learnt to denoise, and no labels"):
            call()
    assert_close(joint.log_density(y, 0.3), density, EXACT)
    assert_close(joint.denoiser()(y, 0.3), image, EXACT)
    with pytest.raises(InputError, match="knows no classes"):
        joint.denoiser()(y, 0.3, label=1)
    with pytest.raises(InputError, match="has learnt nothing"):
        NetworkJointEnergy(joint.network, joint.classes, denoises=False, classifies=False)


@pytest.mark.slow
def test_derivatives_of_a_small_network():
    joint, y = random_network(), white(1, 1, 4, 4).requires_grad_()
    assert gradcheck(lambda image: joint.log_density(image, 0.3), y)
    assert gradgradcheck(lambda image: joint.log_density(image, 0.3), y, fast_mode=True)


@pytest.mark.slow
def test_without_gradients_and_as_a_denoiser():
    joint, y = random_network(), white(2, 1, 8, 8)
    denoiser = joint.denoiser()
    assert isinstance(denoiser, Denoiser)
    with torch.no_grad():
        assert_close(denoiser(y, 0.2), joint.denoise(y, 0.2), EXACT)
        assert_close(denoiser(y, 0.2, label=2), joint.denoise(y, 0.2, 2), EXACT)
    third = joint.classes[2]
    assert denoiser.classes == joint.classes
    assert_close(joint.denoise(y, 0.2, third), joint.denoise(y, 0.2, 2), EXACT)
    assert_close(denoiser(y, 0.2, label=third), joint.denoise(y, 0.2, 2), EXACT)
    with pytest.raises(InputError, match="no class 'cow'"):
        joint.denoise(y, 0.2, "cow")
    assert_close(joint.classifier().posterior(y), joint.posterior(y, 0.0), EXACT)
    logits, score = joint.logits_and_score(y, 0.2, 1)
    assert_close(logits, joint.logits(y, 0.2), EXACT)
    assert_close(y + 0.04 * score, joint.denoise(y, 0.2, 1), EXACT)


@pytest.mark.parametrize("name", JOINTS)
def test_nothing_comes_of_nothing(name):
    joint, y = JOINTS[name](), white(2, 1, 4, 4)[:0]
    for logits in (joint(y, 0.3), joint.logits(y, 0.3), joint.posterior(y, 0.3)):
        assert logits.shape == (0, 3)
    assert joint.log_density(y, 0.3).shape == (0,)
    assert joint.denoise_all(y, 0.3).shape == (0, 3, 1, 4, 4)
    gradient = joint.posterior_gradient(y, 0.3, 1)
    for found in (joint.denoise(y, 0.3), joint.denoiser()(y, 0.3, label=1), gradient):
        assert (found.shape, found.dtype) == (y.shape, y.dtype)


class OfOtherColumns(JointEnergy):
    """Says that it knows three classes, and has logits of four."""

    labels = 3

    def _logits(self, y, sigma):
        return y.flatten(1).sum(1)[:, None] * torch.arange(4.0).to(y)


def test_logits_of_other_classes_than_a_law_has_are_refused():
    joint, y = OfOtherColumns(), white(2, 1, 4, 4)
    for call in (
        joint.logits,
        joint.posterior,
        joint.log_density,
        joint.denoise,
        joint.denoise_all,
    ):
        with pytest.raises(InputError, match=r"logits have shape \(2, 4\): expected \(2, 3\)"):
            call(y, 0.3)
    with pytest.raises(InputError, match=r"expected \(2, 3\)"):
        joint.posterior_gradient(y, 0.3, 1)


def test_images_of_inference_mode_are_denoised():
    joint, y = random_network(), white(2, 1, 4, 4)
    with torch.inference_mode():
        same = y.clone()
    assert_close(joint.denoise(same, 0.3).detach(), joint.denoise(y, 0.3).detach(), EXACT)


def test_what_is_refused():
    joint, y = random_network(), white(2, 1, 8, 8)
    with pytest.raises(InputError, match="classes 0 to 2"):
        joint.denoise(y, 0.1, 3)
    means, covariances = torch.rand(2, 1, 2, 4), torch.eye(8).expand(2, -1, -1)
    law = MixtureJointEnergy(torch.tensor([0.5, 0.5]), means, covariances, torch.tensor([0, 1]))
    with pytest.raises(InputError, match="images are 3x4: this mixture is one of 2x4 pixels"):
        law.logits(torch.rand(2, 1, 3, 4), 0.1)
    with pytest.raises(InputError, match="has 3 channels: this model takes 1"):
        joint.logits(white(2, 3, 8, 8))
    with pytest.raises(InputError, match="has 1 channel: this model takes 3"):
        NetworkJointEnergy(GradResNet(3, 3, width=0.125), "abc").logits(y)
    with pytest.raises(InputError, match="sigma must be finite"):
        joint.logits(y, -1.0)
    with pytest.raises(InputError, match=r"\(2, 1, 8, 0\), without a pixel"):
        joint.logits(y[..., :0], 0.1)
    for wrong in ((255 * y).to(torch.uint8), y[0]):
        with pytest.raises(InputError, match="expected floats"):
            joint.denoise(wrong, 0.1)
    for half in (torch.float16, torch.bfloat16):
        with pytest.raises(InputError, match="less than half precision keeps"):
            joint.to(half).denoise(y.to(half), 0.1)
    with pytest.raises(InputError, match="has no energy and logits"):
        NetworkJointEnergy(nn.Linear(1, 1), "ab")
    with pytest.raises(InputError, match="name as many"):
        NetworkJointEnergy(GradResNet(1, 3, width=0.125), "ab")
    with pytest.raises(InputError, match="head is"):
        NetworkJointEnergy(GradResNet(1, 3, width=0.125), "abc", head="other")
    with pytest.raises(InputError, match="'correlated', and pixels are not given"):
        NetworkJointEnergy(GradResNet(1, 3, width=0.125), "abc", head="correlated")
    with pytest.raises(InputError, match="'reference', and pixels are given"):
        NetworkJointEnergy(GradResNet(1, 3, width=0.125), "abc", pixels=pixel_law())
    with pytest.raises(InputError, match="has 1 channel, and the network takes 3"):
        NetworkJointEnergy(
            GradResNet(3, 3, width=0.125), "abc", head="correlated", pixels=pixel_law()
        )
    with pytest.raises(InputError, match="Labels must be"):
        MixtureJointEnergy(
            torch.ones(1).double(),
            white(1, 1, 2, 2),
            torch.eye(4).double()[None],
            torch.tensor([0]),
        )


def gaussians(covariances):
    """Two classes of one channel of 2 x 2 pixels."""
    means, weights = white(2, 1, 2, 2, seed=2).to(covariances), torch.tensor([0.5, 0.5])
    return MixtureJointEnergy(weights.to(covariances), means, covariances, torch.arange(2))


def test_covariances_of_a_mixture_are_checked_as_those_of_one_gaussian():
    identities = torch.eye(4).double().repeat(2, 1, 1)
    with pytest.raises(InputError, match="not symmetric"):
        gaussians(identities + torch.ones(4, 4).double().triu(1))
    with pytest.raises(InputError, match=r"negative eigenvalue, -0\.5"):
        gaussians(identities * torch.tensor([1.0, -0.5]).double()[:, None, None])
    with pytest.raises(InputError, match="Weights must be > 0 with sum 1"):
        MixtureJointEnergy(torch.ones(2), torch.zeros(2, 1, 2, 2), identities, torch.arange(2))
    few = white(2, 3, 4, seed=3).float()
    few = few - few.mean(1, keepdim=True)
    estimated = few.mT @ few - 3e-7 * torch.eye(4)  # what rounding leaves of a lower rank
    assert float(torch.linalg.eigvalsh(estimated).min()) < -1e-7
    assert gaussians(estimated).variances.min() == 0


def test_a_singular_mixture_has_no_density_without_noise():
    flat = torch.diag_embed(torch.tensor([[1.0, 1, 1, 0], [2.0, 1, 1, 1]]).double())
    joint, y = gaussians(flat), white(2, 1, 2, 2, seed=4)
    calls = (joint.logits, joint.posterior, joint.log_density, joint.denoiser())
    for call in calls:
        with pytest.raises(InputError, match=r"sigma must be finite and positive, got 0\.0"):
            call(y, 0.0)
        assert call(y, 0.1).isfinite().all()
    full = gaussians(flat + torch.eye(4).double())
    assert full.posterior(y).isfinite().all()
    assert torch.equal(full.denoise(y, 0.0), y)


def test_denoisings_are_mapped_over_labels():
    joint, y, labels = mixture(), white(3, 1, 4, 4, seed=5), torch.tensor([2, 0, 1])
    for mapped in (
        torch.func.vmap(lambda image, label: joint.denoise(image[None], 0.3, label)[0]),
        torch.func.vmap(lambda image, label: joint.denoiser()(image[None], 0.3, label=label)[0]),
    ):
        assert_close(mapped(y, labels), joint.denoise(y, 0.3, labels), EXACT)
    gradients = torch.func.vmap(lambda u, c: joint.posterior_gradient(u[None], 0.3, c)[0])
    assert_close(gradients(y, labels), joint.posterior_gradient(y, 0.3, labels), EXACT)
